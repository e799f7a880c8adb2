/* SPDX-License-Identifier: MIT */
/*
 * Where a guest wants to be entered: trap table and callbacks. Addresses are
 * checked here, once: they must be the guest's (canonical, outside the
 * hypervisor's range), because the fast paths load them without another look.
 */
#include <hv/lib.h>
#include <hv/guest_access.h>
#include <hv/hypercall.h>
#include <hv/subop.h>
#include <asm/pv.h>
#include <xen/callback.h>
#include <xen/nmi.h>

static void set_flag(uint8_t *flags, uint8_t flag, bool on)
{
    *flags = on ? *flags | flag : *flags & ~flag;
}

/* --- one setter for each type --------------------------------------------- */

static void set_event(struct vcpu *v, uint64_t address, bool mask_events)
{
    v->arch.event_callback = address;
}

static void set_failsafe(struct vcpu *v, uint64_t address, bool mask_events)
{
    v->arch.failsafe_callback = address;
    set_flag(&v->arch.vgc_flags, VGCF_failsafe_disables_events, mask_events);
}

static void set_syscall(struct vcpu *v, uint64_t address, bool mask_events)
{
    v->arch.syscall_callback = address;
    set_flag(&v->arch.vgc_flags, VGCF_syscall_disables_events, mask_events);
    pv_update_fast_paths(v);
}

static void set_syscall32(struct vcpu *v, uint64_t address, bool mask_events)
{
    v->arch.syscall32_callback = address;
    v->arch.syscall32_disables_events = mask_events;
}

static void set_sysenter(struct vcpu *v, uint64_t address, bool mask_events)
{
    v->arch.sysenter_callback = address;
    v->arch.sysenter_disables_events = mask_events;
}

/* An NMI always masks events. */
static void set_nmi(struct vcpu *v, uint64_t address, bool mask_events)
{
    v->arch.trap_ctxt[X86_TRAP_NMI] = (struct trap_info){
        .vector = X86_TRAP_NMI,
        .flags = 4, /* mask events */
        .cs = FLAT_CS64,
        .address = address,
    };
}

static const struct {
    void (*set)(struct vcpu *v, uint64_t address, bool mask_events);
    bool stays; /* without it a guest cannot run */
} types[] = {
    [CALLBACKTYPE_event] = {.set = set_event, .stays = true},
    [CALLBACKTYPE_failsafe] = {.set = set_failsafe, .stays = true},
    [CALLBACKTYPE_syscall] = {.set = set_syscall, .stays = true},
    [CALLBACKTYPE_syscall32] = {.set = set_syscall32},
    [CALLBACKTYPE_sysenter] = {.set = set_sysenter},
    [CALLBACKTYPE_nmi] = {.set = set_nmi},
};

static long set_callback(struct vcpu *v, unsigned int type, uint64_t address,
                         bool mask_events)
{
    if (address && !guest_addr_ok(address))
        return -EINVAL;
    if (type >= ARRAY_SIZE(types) || !types[type].set)
        return -ENOSYS;
    types[type].set(v, address, mask_events);
    return 0;
}

/* --- callback_op ---------------------------------------------------------- */

static long register_callback(struct domain *d, void *arg)
{
    const struct callback_register *r = arg;

    return set_callback(current, r->type, r->address,
                        r->flags & CALLBACKF_mask_events);
}

static long unregister_callback(struct domain *d, void *arg)
{
    const struct callback_unregister *u = arg;

    if (u->type < ARRAY_SIZE(types) && types[u->type].stays)
        return -EINVAL;
    return set_callback(current, u->type, 0, false);
}

static const struct subop callback_table[] = {
    [CALLBACKOP_register] = {.fn = register_callback,
                             SUBOP_IN(struct callback_register)},
    [CALLBACKOP_unregister] = {.fn = unregister_callback,
                               SUBOP_IN(struct callback_unregister)},
};

static const struct subop_family callback_ops = {
    .call = __HYPERVISOR_callback_op,
    .rows = {{callback_table, ARRAY_SIZE(callback_table)}},
    .otherwise = {.rc = -ENOSYS},
};

long do_callback_op(unsigned int cmd, uint64_t arg)
{
    return subop_call(&callback_ops, cmd, arg);
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

/* --- nmi_op --------------------------------------------------------------- */

static long register_nmi(struct domain *d, void *arg)
{
    const struct xennmi_callback *cb = arg;

    return set_callback(current, CALLBACKTYPE_nmi, cb->handler_address, true);
}

static long unregister_nmi(struct domain *d, void *arg)
{
    return set_callback(current, CALLBACKTYPE_nmi, 0, true);
}

static const struct subop nmi_table[] = {
    [XENNMI_register_callback] = {.fn = register_nmi,
                                  SUBOP_IN(struct xennmi_callback)},
    [XENNMI_unregister_callback] = {.fn = unregister_nmi},
};

static const struct subop_family nmi_ops = {
    .call = __HYPERVISOR_nmi_op,
    .rows = {{nmi_table, ARRAY_SIZE(nmi_table)}},
    .otherwise = {.rc = -ENOSYS},
};

long do_nmi_op(unsigned int cmd, uint64_t arg)
{
    return subop_call(&nmi_ops, cmd, arg);
}

/* --- trap table ----------------------------------------------------------- */

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
