/* SPDX-License-Identifier: MIT */
/*
 * NMIs of guests. One is pending or none is; what looks for it is the way back
 * to the guest, and iret if another one blocks it.
 */
#include <hv/domain.h>
#include <hv/lib.h>
#include <hv/softirq.h>
#include <asm/pv.h>

bool arch_nmi_needs_delivery(const struct vcpu *v)
{
    return READ_ONCE(v->arch.nmi_pending) &&
           !(READ_ONCE(v->arch.flags) & TF_NMI_BLOCKED);
}

long arch_send_guest_nmi(struct vcpu *v)
{
    bool waits;

    if (!v->arch.trap_ctxt[X86_TRAP_NMI].address)
        return 0; /* the guest has no handler */
    waits = atomic_xchg(&v->arch.nmi_pending, true);
    vcpu_unblock(v); /* also one that sleeps in the handler of the one before */
    /* Out of a hypercall, only a softirq leads by where NMIs are looked for.
     * One that does not run comes by there when it does, and sees the mark:
     * loading its descriptor tables serializes. Until then its last CPU is
     * another's. */
    if (!waits && READ_ONCE(v->is_running))
        cpu_raise_softirq(READ_ONCE(v->processor), SCHEDULE_SOFTIRQ);
    return 0;
}

void pv_deliver_nmi(struct cpu_regs *regs)
{
    struct vcpu *v = current;

    v->arch.nmi_pending = false;
    if (!v->arch.trap_ctxt[X86_TRAP_NMI].address)
        return;
    v->arch.flags |= TF_NMI_BLOCKED;
    pv_update_fast_paths(v); /* the iret that unblocks takes the slow one */
    pv_inject_trap(v, X86_TRAP_NMI, 0);
}
