/* SPDX-License-Identifier: MIT */
/*
 * The hypercall table's contract. One row per number: name, handler, argument
 * count, flags. Bounds, privilege and -ENOSYS are decided at the table.
 */
#ifndef HV_HYPERCALL_H
#define HV_HYPERCALL_H

#include <hv/types.h>
#include <hv/guest_access.h>

typedef long (*hypercall_fn_t)(unsigned long a0, unsigned long a1,
                               unsigned long a2, unsigned long a3,
                               unsigned long a4, unsigned long a5);

#define NR_HYPERCALLS 64
#define HC_PRIVILEGED (1u << 0) /* -EPERM for anyone but dom0 */

struct hypercall_row {
    const char *name;
    hypercall_fn_t fn;
    uint8_t args, flags;
};
extern const struct hypercall_row hypercall_table[NR_HYPERCALLS];

/* One call, args as the guest gave them; the result for rax. */
long do_hypercall(unsigned int nr, const unsigned long args[6]);
/* The same for a row with HC_PRIVILEGED, after entry.S looked it up. */
long do_privileged_call(unsigned long a0, unsigned long a1, unsigned long a2,
                        unsigned long a3, unsigned long a4, unsigned long a5,
                        hypercall_fn_t fn);

/* True when a long operation should stop: softirq or event work is waiting. */
bool hypercall_preempt_check(void);
/*
 * Make the current hypercall restart with these arguments after the pending
 * work is done. Returns the value the handler must return. Inside a multicall
 * the entry is changed instead of the registers.
 */
long hypercall_create_continuation(unsigned int nr, unsigned int nargs, ...);

/* Handlers: do_<name>, arguments as in the public headers. */
#define HYPERCALL(name)                                                        \
    long do_##name(unsigned long a0, unsigned long a1, unsigned long a2,       \
                   unsigned long a3, unsigned long a4, unsigned long a5)
HYPERCALL(set_trap_table);
HYPERCALL(mmu_update);
HYPERCALL(set_gdt);
HYPERCALL(stack_switch);
HYPERCALL(set_callbacks);
HYPERCALL(fpu_taskswitch);
HYPERCALL(sched_op_compat);
HYPERCALL(platform_op);
HYPERCALL(set_debugreg);
HYPERCALL(get_debugreg);
HYPERCALL(update_descriptor);
HYPERCALL(memory_op);
HYPERCALL(multicall);
HYPERCALL(update_va_mapping);
HYPERCALL(set_timer_op);
HYPERCALL(xen_version);
HYPERCALL(console_io);
HYPERCALL(grant_table_op);
HYPERCALL(vm_assist);
HYPERCALL(update_va_mapping_otherdomain);
HYPERCALL(iret);
HYPERCALL(vcpu_op);
HYPERCALL(set_segment_base);
HYPERCALL(mmuext_op);
HYPERCALL(xsm_op);
HYPERCALL(nmi_op);
HYPERCALL(sched_op);
HYPERCALL(callback_op);
HYPERCALL(event_channel_op);
HYPERCALL(physdev_op);
HYPERCALL(sysctl);
HYPERCALL(domctl);
HYPERCALL(mca);

#endif
