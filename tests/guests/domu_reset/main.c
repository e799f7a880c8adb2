/* SPDX-License-Identifier: MIT */
/*
 * dom0 takes a vcpu's context away, again and again, while another vcpu of the
 * domain starts it and brings it up as fast as it can: it runs with a context
 * or not at all. run: smp=2 ramdisk=1 timeout=60
 */
#include <pv/domu.h>

#define TIMES 300

/* --- in the domU ---------------------------------------------------------- */

static void comes(void)
{
    for (;;) {
        domu_words(NULL)[1]++;
        HC3(vcpu_op, VCPUOP_down, 1, 0);
    }
}

/* Until the first word is set. The third counts how often it was initialised.
 */
static long raise(uint64_t unused, uint64_t unused_too)
{
    static struct vcpu_guest_context c;

    c.flags = VGCF_in_kernel;
    c.user_regs.rip = (unsigned long)comes;
    c.user_regs.rsp = (unsigned long)alloc_page() + PAGE_SIZE - 8;
    c.user_regs.cs = FLAT_KERNEL_CS;
    c.user_regs.ss = c.kernel_ss = FLAT_KERNEL_SS;
    c.kernel_sp = c.user_regs.rsp;
    c.ctrlreg[3] = virt_to_mfn((void *)start_info->pt_base) * PAGE_SIZE;
    while (!domu_words(NULL)[0])
        if (HC3(vcpu_op, VCPUOP_up, 1, 0) == -EINVAL)
            domu_words(NULL)[2] += !HC3(vcpu_op, VCPUOP_initialise, 1, &c);
    return 0;
}

/* --- in dom0 -------------------------------------------------------------- */

/* Preemption makes some of the calls continue, which the caller does not see.
 */
static long reset(const struct domu *u)
{
    static struct xen_domctl d;

    memset(&d, 0, sizeof(d));
    d.u.vcpucontext.vcpu = 1;
    return domu_control(u->id, XEN_DOMCTL_setvcpucontext, &d);
}

int main(void)
{
    struct domu *u = domu_start(2);
    uint64_t end = system_time() + 20000000000UL;
    volatile uint64_t *words = domu_words(u);
    long rc = 0;

    is(bind_vcpu(0, 0, 0) | bind_vcpu(u->id, 0, 1), 0,
       "dom0 and who raises the vcpu have a CPU each");
    domu_ask(u, raise, 0, 0);
    while (!rc && words[2] < TIMES && system_time() < end)
        rc = reset(u);
    is(rc, 0, "a vcpu's context can be taken away at any time");
    ok(words[2] >= TIMES, "meanwhile it was initialised %lu times", words[2]);
    while (!words[1] && system_time() < end)
        HC2(sched_op, SCHEDOP_yield, 0);
    ok(words[1] > 0, "and runs when it is left alone");
    words[0] = 1;
    domu_destroy(u);
    return 0;
}
