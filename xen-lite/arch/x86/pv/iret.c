/* SPDX-License-Identifier: MIT */
/*
 * iret, the general case: back to where an interrupt, an exception or a slow
 * system call came from. The frame lies at the guest's stack pointer. entry.S
 * returns to user mode after ordinary system calls without coming here.
 *
 * Whatever the frame says, the guest continues in ring 3 with interrupts on,
 * IOPL 0 and VM clear. Selectors and rip may be bad: the CPU tells, and the
 * guest gets its failsafe callback.
 */
#include <hv/lib.h>
#include <hv/guest_access.h>
#include <hv/hypercall.h>
#include <hv/softirq.h>
#include <asm/guest_tables.h>
#include <asm/pv.h>

static bool enter_user_mode(struct vcpu *v)
{
    if (!v->arch.cr3_user) {
        domain_crash(v->domain, "v%d: iret to user mode without a user root",
                     v->vcpu_id);
        return false;
    }
    if (v->arch.flags & TF_IO_OPEN)
        io_bitmap_close(v);
    toggle_guest_mode(v);
    return true;
}

bool do_iret_slow(struct cpu_regs *regs)
{
    struct vcpu *v = current;
    struct iret_context c;

    local_irq_enable();
    if (copy_object_from_guest(&c, regs->rsp)) {
        domain_crash(v->domain, "v%d: iret frame at %lx is not readable",
                     v->vcpu_id, (unsigned long)regs->rsp);
        return false;
    }
    if ((c.cs & 3) == 3 && !enter_user_mode(v))
        return false;
    if (v->arch.flags & TF_NMI_BLOCKED) {
        v->arch.flags &= ~TF_NMI_BLOCKED;
        pv_update_fast_paths(v);
    }
    if (v->domain->vm_assist & (1UL << VMASST_TYPE_architectural_iopl))
        v->arch.iopl = (c.rflags >> 12) & 3;

    regs->rip = c.rip;
    regs->cs = c.cs | 3;
    regs->rflags =
        ((uint32_t)c.rflags & ~(uint64_t)RFLAGS_NEVER) | X86_EFLAGS_IF | 2;
    regs->rsp = c.rsp;
    regs->ss = c.ss | 3;
    regs->rax = c.rax;
    regs->rcx = c.rcx;
    regs->r11 = c.r11;
    v->vcpu_info->evtchn_upcall_mask = !(c.rflags & X86_EFLAGS_IF);
    return true;
}

/* In a batch: entry.S does a direct call itself. The vcpu must leave by the
 * slow exit, which takes this frame for complete: a softirq leads there. */
long do_iret(void)
{
    struct cpu_regs *regs = guest_cpu_regs();

    if (do_iret_slow(regs)) {
        regs->entry_vector = TRAP_iret;
        raise_softirq(SCHEDULE_SOFTIRQ);
    }
    return regs->rax;
}
