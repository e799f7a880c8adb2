/* SPDX-License-Identifier: MIT */
/*
 * The hypercall table: one row per number that has a handler. What is left out
 * on purpose (HVM, 32-bit, kexec, tmem, ...) has none and answers -ENOSYS, as
 * Xen does when it is configured out.
 *
 * entry.S calls rows without flags directly; HC_PRIVILEGED ones and the
 * entries of a multicall come through the functions below.
 */
#include <hv/lib.h>
#include <hv/domain.h>
#include <hv/hypercall.h>

static HYPERCALL(ni_hypercall);
static long do_ni_hypercall(unsigned long a0, unsigned long a1,
                            unsigned long a2, unsigned long a3,
                            unsigned long a4, unsigned long a5)
{
    return -ENOSYS;
}

#define ROW(nm, nargs) [__HYPERVISOR_##nm] = {#nm, do_##nm, nargs, 0}
#define PRIV_ROW(nm, nargs)                                                    \
    [__HYPERVISOR_##nm] = {#nm, do_##nm, nargs, HC_PRIVILEGED}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverride-init"
#ifdef __clang__
#pragma GCC diagnostic ignored "-Winitializer-overrides"
#endif
const struct hypercall_row hypercall_table[NR_HYPERCALLS] = {
    [0 ... NR_HYPERCALLS - 1] = {NULL, do_ni_hypercall, 0, 0},

    ROW(set_trap_table, 1),
    ROW(mmu_update, 4),
    ROW(set_gdt, 2),
    ROW(stack_switch, 2),
    ROW(set_callbacks, 3),
    ROW(fpu_taskswitch, 1),
    ROW(sched_op_compat, 2),
    PRIV_ROW(platform_op, 1),
    ROW(set_debugreg, 2),
    ROW(get_debugreg, 1),
    ROW(update_descriptor, 2),
    ROW(memory_op, 2),
    ROW(multicall, 2),
    ROW(update_va_mapping, 3),
    ROW(set_timer_op, 1),
    ROW(xen_version, 2),
    ROW(console_io, 3),
    ROW(grant_table_op, 3),
    ROW(vm_assist, 2),
    ROW(update_va_mapping_otherdomain, 4),
    ROW(iret, 0),
    ROW(vcpu_op, 3),
    ROW(set_segment_base, 2),
    ROW(mmuext_op, 4),
    ROW(nmi_op, 2),
    ROW(sched_op, 2),
    ROW(callback_op, 2),
    ROW(event_channel_op, 2),
    ROW(physdev_op, 2),
    PRIV_ROW(sysctl, 1),
    PRIV_ROW(domctl, 1),
    [__HYPERVISOR_arch_0] = {"mca", do_mca, 1, HC_PRIVILEGED},
};
#pragma GCC diagnostic pop

/* The rights check comes before anything the handler might lock. */
long do_privileged_call(unsigned long a0, unsigned long a1, unsigned long a2,
                        unsigned long a3, unsigned long a4, unsigned long a5,
                        hypercall_fn_t fn)
{
    if (!current->domain->is_privileged)
        return -EPERM;
    return fn(a0, a1, a2, a3, a4, a5);
}

long do_hypercall(unsigned int nr, const unsigned long args[6])
{
    const struct hypercall_row *row;

    if (nr >= NR_HYPERCALLS)
        return -ENOSYS;
    row = &hypercall_table[nr];
    if (row->flags & HC_PRIVILEGED)
        return do_privileged_call(args[0], args[1], args[2], args[3], args[4],
                                  args[5], row->fn);
    return row->fn(args[0], args[1], args[2], args[3], args[4], args[5]);
}
