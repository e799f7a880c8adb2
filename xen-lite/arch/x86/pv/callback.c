/* SPDX-License-Identifier: MIT */
/*
 * Where a guest wants to be entered: trap table and callbacks. Addresses are
 * checked here, once: they must be the guest's (canonical, outside the
 * hypervisor's range), because the fast paths load them without another look.
 */
#include <hv/lib.h>
#include <hv/guest_access.h>
#include <hv/hypercall.h>
#include <asm/pv.h>
#include <xen/callback.h>
#include <xen/nmi.h>

static void set_flag(uint8_t *flags, uint8_t flag, bool on)
{
    *flags = on ? *flags | flag : *flags & ~flag;
}

static long set_callback(struct vcpu *v, unsigned int type, uint64_t address,
                         bool mask_events)
{
    struct arch_vcpu *a = &v->arch;

    if (address && !guest_addr_ok(address))
        return -EINVAL;
    switch (type) {
    case CALLBACKTYPE_event:
        a->event_callback = address;
        break;
    case CALLBACKTYPE_failsafe:
        a->failsafe_callback = address;
        set_flag(&a->vgc_flags, VGCF_failsafe_disables_events, mask_events);
        break;
    case CALLBACKTYPE_syscall:
        a->syscall_callback = address;
        set_flag(&a->vgc_flags, VGCF_syscall_disables_events, mask_events);
        pv_update_fast_paths(v);
        break;
    case CALLBACKTYPE_syscall32:
        a->syscall32_callback = address;
        a->syscall32_disables_events = mask_events;
        break;
    case CALLBACKTYPE_sysenter:
        a->sysenter_callback = address;
        a->sysenter_disables_events = mask_events;
        break;
    case CALLBACKTYPE_nmi:
        a->trap_ctxt[X86_TRAP_NMI] = (struct trap_info){
            .vector = X86_TRAP_NMI,
            .flags = 4, /* mask events */
            .cs = FLAT_CS64,
            .address = address,
        };
        break;
    default:
        return -ENOSYS;
    }
    return 0;
}

long do_callback_op(unsigned int cmd, uint64_t arg)
{
    struct callback_register reg;
    struct callback_unregister unreg;

    switch (cmd) {
    case CALLBACKOP_register:
        if (copy_object_from_guest(&reg, arg))
            return -EFAULT;
        return set_callback(current, reg.type, reg.address,
                            reg.flags & CALLBACKF_mask_events);
    case CALLBACKOP_unregister:
        if (copy_object_from_guest(&unreg, arg))
            return -EFAULT;
        /* Without these two a guest cannot run. */
        if (unreg.type == CALLBACKTYPE_event ||
            unreg.type == CALLBACKTYPE_failsafe ||
            unreg.type == CALLBACKTYPE_syscall)
            return -EINVAL;
        return set_callback(current, unreg.type, 0, false);
    default:
        return -ENOSYS;
    }
}

long do_set_callbacks(uint64_t event, uint64_t failsafe, uint64_t syscall)
{
    struct vcpu *v = current;
    long rc = set_callback(v, CALLBACKTYPE_event, event, true);

    if (!rc)
        rc = set_callback(v, CALLBACKTYPE_failsafe, failsafe,
                          v->arch.vgc_flags & VGCF_failsafe_disables_events);
    if (!rc)
        rc = set_callback(v, CALLBACKTYPE_syscall, syscall,
                          v->arch.vgc_flags & VGCF_syscall_disables_events);
    return rc;
}

long do_nmi_op(unsigned int cmd, uint64_t arg)
{
    struct xennmi_callback cb;

    switch (cmd) {
    case XENNMI_register_callback:
        if (copy_object_from_guest(&cb, arg))
            return -EFAULT;
        return set_callback(current, CALLBACKTYPE_nmi, cb.handler_address,
                            true);
    case XENNMI_unregister_callback:
        return set_callback(current, CALLBACKTYPE_nmi, 0, true);
    default:
        return -ENOSYS;
    }
}

/* A null list clears the table; otherwise entries up to one without address. */
long do_set_trap_table(uint64_t traps)
{
    struct trap_info *table = current->arch.trap_ctxt, t;

    if (!traps) {
        memset(table, 0, 256 * sizeof(*table));
        return 0;
    }
    for (unsigned int i = 0;; i++, traps += sizeof(t)) {
        if (i && hypercall_preempt_check()) {
            hypercall_set_arg(0, traps);
            return hypercall_again(__HYPERVISOR_set_trap_table);
        }
        if (copy_object_from_guest(&t, traps))
            return -EFAULT;
        if (!t.address)
            return 0;
        if (!guest_addr_ok(t.address))
            return -EINVAL;
        t.cs |= 3;
        table[t.vector] = t;
    }
}
