/* SPDX-License-Identifier: MIT */
/*
 * Hypercalls: the handlers, the table of them, and how a long one is continued.
 */
#ifndef HV_HYPERCALL_H
#define HV_HYPERCALL_H

#include <hv/types.h>
#include <hv/guest_access.h>

/* Entries of the table; numbers from here on are -ENOSYS as well. */
#define NR_HYPERCALLS 64

/*
 * Handlers have different types, and only assembly calls them through the
 * table (entry.S: the system call itself, and hypercall_invoke()), with all six
 * argument registers loaded. A handler reads those that it declares. Therefore
 * every argument is of 32 or 64 bits: of an unsigned int the callee reads the
 * lower half of the register, which is how the ABI truncates it; for narrower
 * ones compilers disagree on who extends them.
 */
typedef void (*hypercall_fn_t)(void);

/* By number. NULL: no such call, -ENOSYS. Constant: no call is ever added or
 * replaced while we run. */
extern const hypercall_fn_t hypercall_table[NR_HYPERCALLS];
/* Calls fn, which must not be NULL, with these arguments; returns its result.
 */
long hypercall_invoke(hypercall_fn_t fn, const unsigned long args[6]);

/*
 * True when a long operation should stop: a softirq of this CPU or an event for
 * the current vcpu is waiting. Cheap enough for every step of a loop. A loop
 * must do at least one step before it asks, or it would never end.
 */
bool hypercall_preempt_check(void);
/*
 * The current hypercall, which is number nr, is called again after the pending
 * work is done, with the arguments that it had except for those that
 * hypercall_set_arg() changed before. The handler must return the result. In
 * a multicall the batch's entry changes instead of the guest's registers.
 *
 * No lock may be held over it, and nothing may be remembered but what the
 * arguments and the objects say: the guest may change them, or never come back.
 */
long hypercall_again(unsigned int nr);
/* Argument n (0 to 5) becomes value for the next call; the others stay. What
 * has been done already is taken out of the request that way. */
void hypercall_set_arg(unsigned int n, uint64_t value);

/*
 * The handlers. Addresses of guest memory are plain numbers, to be given to
 * the copy functions of <hv/guest_access.h>. Each runs for 'current' with
 * interrupts on and no lock held, checks privilege itself, and believes no
 * argument. The result is what the guest gets: 0 or more, a negative errno, or
 * what hypercall_again() returned. What each does, and with which errors, is
 * said in the public header of its family (xen/xen.h for those without one).
 */
long do_set_trap_table(uint64_t traps);
long do_mmu_update(uint64_t reqs, unsigned int count, uint64_t pdone,
                   unsigned int foreign);
long do_set_gdt(uint64_t frame_list, unsigned int entries);
long do_stack_switch(unsigned long ss, unsigned long sp);
long do_set_callbacks(uint64_t event, uint64_t failsafe, uint64_t syscall);
long do_fpu_taskswitch(unsigned int set);
long do_sched_op_compat(unsigned int cmd, unsigned long arg);
long do_platform_op(uint64_t arg);
long do_set_debugreg(unsigned int reg, uint64_t value);
long do_get_debugreg(unsigned int reg);
long do_update_descriptor(uint64_t maddr, uint64_t desc);
long do_memory_op(unsigned long cmd, uint64_t arg);
long do_multicall(uint64_t list, unsigned int count);
long do_update_va_mapping(uint64_t va, uint64_t val, uint64_t flags);
long do_set_timer_op(s_time_t timeout);
long do_xen_version(unsigned int cmd, uint64_t arg);
long do_console_io(unsigned int cmd, unsigned int count, uint64_t buffer);
long do_grant_table_op(unsigned int cmd, uint64_t ops, unsigned int count);
long do_vm_assist(unsigned int cmd, unsigned int type);
long do_update_va_mapping_otherdomain(uint64_t va, uint64_t val, uint64_t flags,
                                      unsigned int domid);
long do_iret(void);
long do_vcpu_op(unsigned int cmd, unsigned int vcpu_id, uint64_t arg);
long do_set_segment_base(unsigned int which, uint64_t base);
long do_mmuext_op(uint64_t ops, unsigned int count, uint64_t pdone,
                  unsigned int foreign);
long do_nmi_op(unsigned int cmd, uint64_t arg);
long do_sched_op(unsigned int cmd, uint64_t arg);
long do_callback_op(unsigned int cmd, uint64_t arg);
long do_event_channel_op(unsigned int cmd, uint64_t arg);
long do_physdev_op(unsigned int cmd, uint64_t arg);
long do_sysctl(uint64_t arg);
long do_domctl(uint64_t arg);
long do_mca(uint64_t arg);

#endif
