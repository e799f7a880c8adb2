/* SPDX-License-Identifier: MIT */
/*
 * What dom0 reads of a vcpu that it has stopped, and puts into it: the vcpu
 * goes on as it was, or as it was told; and the share of a CPU that dom0 leaves
 * it. run: ramdisk=1 smp=2 cpu=max
 */
#include <pv/domu.h>
#include <pv/host.h>

#define XMM3 (160 + 3 * 16) /* in an FXSAVE image */
#define SEEN 0x1111222233334444UL
#define PUT  0x5555666677778888UL

/* --- in the domU ---------------------------------------------------------- */

/* With that in xmm3 and rbx, until rbx is another; then what xmm3 is. */
static long wait_with(uint64_t value, uint64_t unused)
{
    uint64_t now = value, result;

    asm volatile("movq %2, %%xmm3\n"
                 "1:\tpause\n\t"
                 "cmp %2, %0\n\t"
                 "je 1b\n\t"
                 "movq %%xmm3, %1"
                 : "+&b"(now), "=r"(result)
                 : "r"(value));
    return result;
}

static long spin(uint64_t ns, uint64_t unused)
{
    for (uint64_t end = system_time() + ns; system_time() < end;)
        asm volatile("pause");
    return 0;
}

/* --- in dom0 -------------------------------------------------------------- */

static struct domu *u;
static struct xen_domctl d;
static struct vcpu_guest_context c;

static long context(uint32_t cmd)
{
    memset(&d, 0, sizeof(d));
    set_xen_guest_handle(d.u.vcpucontext.ctxt, &c);
    return domu_control(u->id, cmd, &d);
}

static void check_context(void)
{
    uint64_t xmm3;
    long result = 0;

    domu_ask(u, wait_with, SEEN, 0);
    nap(100000000);
    domu_control(u->id, XEN_DOMCTL_pausedomain, &d);
    is(context(XEN_DOMCTL_getvcpucontext), 0, "a vcpu's context can be read");
    is(c.user_regs.rbx, SEEN, "it has the registers that the vcpu has");
    memcpy(&xmm3, c.fpu_ctxt.x + XMM3, 8);
    is(xmm3, SEEN, "it has the vector registers, too");
    is(c.ctrlreg[3], u->p2m[u->pt_pfn] * PAGE_SIZE, "it has the root");
    ok(c.flags & VGCF_in_kernel, "it tells that the vcpu is in kernel mode");
    ok(c.flags & VGCF_online, "it tells that the vcpu is up");
    is(c.trap_ctxt[14].cs & ~3, FLAT_KERNEL_CS & ~3,
       "it has the table of traps");
    domu_control(u->id, XEN_DOMCTL_unpausedomain, &d);
    nap(10000000);
    ok(!domu_answered(u, &result), "a vcpu whose context was read goes on");
    domu_control(u->id, XEN_DOMCTL_pausedomain, &d);
    context(XEN_DOMCTL_getvcpucontext);
    c.user_regs.rbx = 0;
    xmm3 = PUT;
    memcpy(c.fpu_ctxt.x + XMM3, &xmm3, 8);
    is(context(XEN_DOMCTL_setvcpucontext), 0, "a context can be put back");
    domu_control(u->id, XEN_DOMCTL_unpausedomain, &d);
    for (unsigned int i = 0; i < 100 && !domu_answered(u, &result); i++)
        nap(10000000);
    is(result, PUT, "the vcpu goes on with what was put in");
}

static void check_extended(void)
{
    static uint8_t image[PAGE_SIZE];
    struct xen_domctl_vcpuextstate *e = &d.u.vcpuextstate;
    uint64_t size, mask;

    memset(&d, 0, sizeof(d));
    is(domu_control(u->id, XEN_DOMCTL_getvcpuextstate, &d), 0,
       "the size of the extended state can be had");
    size = e->size;
    mask = e->xfeature_mask;
    if (!size) {
        skip("this CPU has none", "the extended state can be moved");
        return;
    }
    ok(size < sizeof(image), "it is less than a page");
    e->buffer.p = (void *)image;
    is(domu_control(u->id, XEN_DOMCTL_getvcpuextstate, &d), 0,
       "the extended state can be read");
    memset(&d, 0, sizeof(d));
    e->size = size;
    e->xfeature_mask = mask;
    e->buffer.p = (void *)image;
    is(domu_control(u->id, XEN_DOMCTL_setvcpuextstate, &d), 0,
       "the extended state can be put back");
}

static long set_cap(unsigned int cap)
{
    memset(&d, 0, sizeof(d));
    d.u.scheduler_op.sched_id = XEN_SCHEDULER_CREDIT2;
    d.u.scheduler_op.cmd = XEN_DOMCTL_SCHEDOP_putinfo;
    d.u.scheduler_op.u.credit2.cap = cap;
    return domu_control(u->id, XEN_DOMCTL_scheduler_op, &d);
}

static uint64_t cpu_time(void)
{
    domu_control(u->id, XEN_DOMCTL_getdomaininfo, &d);
    return d.u.getdomaininfo.cpu_time;
}

/* Per cent of the time that the domU runs while it would run always. */
static uint64_t share(void)
{
    uint64_t since = system_time(), before = cpu_time();
    long result;

    domu_ask(u, spin, 1000000000, 0);
    while (!domu_answered(u, &result))
        nap(20000000);
    return (cpu_time() - before) * 100 / (system_time() - since);
}

static void check_cap(void)
{
    uint64_t percent;

    is(set_cap(101), -EINVAL, "one vcpu has no cap above 100 per cent");
    is(set_cap(20), 0, "a domain can have a cap");
    percent = share();
    ok(percent <= 30, "with a cap of 20 per cent it has %lu", percent);
    is(set_cap(0), 0, "the cap can be taken away");
    percent = share();
    ok(percent >= 60, "without a cap it has %lu per cent", percent);
}

int main(void)
{
    u = domu_start(1);
    check_context();
    check_extended();
    check_cap();
    domu_destroy(u);
    return 0;
}
