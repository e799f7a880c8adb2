/* SPDX-License-Identifier: MIT */
/*
 * Data segment registers, their bases, and the kernel stack: what a guest
 * kernel changes at each of its context switches.
 *
 * The bases of GS are kept by role, kernel and user, and both live in the CPU
 * while the vcpu runs: the mode's own in GS, the other one behind swapgs, which
 * every change of mode executes. They are read back only when the vcpu leaves
 * the CPU, since loading a selector in guest code changes a base, too.
 */
#include <hv/lib.h>
#include <hv/hypercall.h>
#include <asm/pv.h>

long do_stack_switch(unsigned long ss, unsigned long sp)
{
    struct vcpu *v = current;

    pv_set_kernel_stack(v, ss, sp);
    return 0;
}

/* User GS as if loaded in user mode; the caller's own base stays. (Only a
 * context switch looks at the bases, and none happens in a hypercall.) */
static long set_user_gs_selector(uint16_t sel)
{
    swapgs();
    load_selector(gs, sel ? sel | 3 : 0);
    swapgs();
    return 0;
}

long do_set_segment_base(unsigned int which, uint64_t base)
{
    if (which == SEGBASE_GS_USER_SEL)
        return set_user_gs_selector(base);
    if (!is_canonical(base))
        return -EINVAL;
    switch (which) {
    case SEGBASE_FS:
        wrmsr(MSR_FS_BASE, base);
        return 0;
    case SEGBASE_GS_USER: /* the caller runs in kernel mode */
        wrmsr(MSR_SHADOW_GS_BASE, base);
        return 0;
    case SEGBASE_GS_KERNEL:
        wrmsr(MSR_GS_BASE, base);
        return 0;
    default:
        return -EINVAL;
    }
}

long do_fpu_taskswitch(unsigned int set)
{
    struct vcpu *v = current;

    if (set) {
        v->arch.ctrlreg_cr0 |= CR0_TS;
        WRITE_CR(0, READ_CR(0) | CR0_TS);
    } else {
        v->arch.ctrlreg_cr0 &= ~CR0_TS;
        asm volatile("clts");
    }
    return 0;
}

void save_segments(struct vcpu *v)
{
    struct arch_vcpu *a = &v->arch;
    uint64_t own = rdmsr(MSR_GS_BASE), other = rdmsr(MSR_SHADOW_GS_BASE);
    bool kernel = guest_kernel_mode(v);

    a->ds = read_selector(ds);
    a->es = read_selector(es);
    a->fs = read_selector(fs);
    a->gs = read_selector(gs);
    a->fs_base = rdmsr(MSR_FS_BASE);
    a->gs_base_kernel = kernel ? own : other;
    a->gs_base_user = kernel ? other : own;
}

/* The guest's tables may have changed: selectors that no longer load become
 * null. Bases last, since loading a selector sets one. */
void load_segments(struct vcpu *v)
{
    const struct arch_vcpu *a = &v->arch;
    bool kernel = guest_kernel_mode(v);

    load_selector(ds, a->ds);
    load_selector(es, a->es);
    load_selector(fs, a->fs);
    load_selector(gs, a->gs);
    wrmsr(MSR_FS_BASE, a->fs_base);
    wrmsr(MSR_GS_BASE, kernel ? a->gs_base_kernel : a->gs_base_user);
    wrmsr(MSR_SHADOW_GS_BASE, kernel ? a->gs_base_user : a->gs_base_kernel);
}
