/* SPDX-License-Identifier: MIT */
/*
 * The hypercall table: one row per number that has a handler. What is left out
 * on purpose (HVM, 32-bit, kexec, tmem, ...) has none and answers -ENOSYS, as
 * Xen does when it is configured out.
 */
#include <hv/hypercall.h>
#include <xen/xen.h>

#define ROW(name) [__HYPERVISOR_##name] = (hypercall_fn_t)do_##name

const hypercall_fn_t hypercall_table[NR_HYPERCALLS] = {
    ROW(set_trap_table),
    ROW(mmu_update),
    ROW(set_gdt),
    ROW(stack_switch),
    ROW(set_callbacks),
    ROW(fpu_taskswitch),
    ROW(sched_op_compat),
    ROW(platform_op),
    ROW(set_debugreg),
    ROW(get_debugreg),
    ROW(update_descriptor),
    ROW(memory_op),
    ROW(multicall),
    ROW(update_va_mapping),
    ROW(set_timer_op),
    ROW(xen_version),
    ROW(console_io),
    ROW(grant_table_op),
    ROW(vm_assist),
    ROW(update_va_mapping_otherdomain),
    ROW(iret),
    ROW(vcpu_op),
    ROW(set_segment_base),
    ROW(mmuext_op),
    ROW(nmi_op),
    ROW(sched_op),
    ROW(callback_op),
    ROW(event_channel_op),
    ROW(physdev_op),
    ROW(sysctl),
    ROW(domctl),
    [__HYPERVISOR_arch_0] = (hypercall_fn_t)do_mca,
};
