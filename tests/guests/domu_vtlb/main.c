/* SPDX-License-Identifier: MIT */
/*
 * A domU whose writes are logged runs on tables of the hypervisor's, which it
 * flushes like its own: what is not the guest's in them stays. Genuine Xen in
 * QEMU logs none. run: ramdisk=1
 */
#include <pv/domu.h>

/* --- in the domU ---------------------------------------------------------- */

static long flush(uint64_t va, uint64_t cmd)
{
    return mmuext(cmd, va, 0);
}

static long write_and_read(uint64_t value, uint64_t unused)
{
    static uint64_t *page;

    if (!page)
        page = alloc_page();
    *page = value;
    return *(volatile uint64_t *)page;
}

/* --- in dom0 -------------------------------------------------------------- */

static long log_op(const struct domu *u, uint32_t op)
{
    static struct xen_domctl d;

    d.u.shadow_op = (struct xen_domctl_shadow_op){.op = op};
    return domu_control(u->id, XEN_DOMCTL_shadow_op, &d);
}

/* Of the machine-to-phys table, of the vcpu's descriptors, of the image, of all
 * memory; and of nothing. */
static const uint64_t addresses[] = {
    0xffff800000000000UL, 0xffff820000000000UL, 0xffff82000000e000UL,
    0xffff82d040000000UL, 0xffff830000001000UL, 0x4000000000000000UL};

int main(void)
{
    struct domu *u = domu_start(1);
    long rc = log_op(u, XEN_DOMCTL_SHADOW_OP_ENABLE_LOGDIRTY);

    if (rc == -EOPNOTSUPP) {
        skip("no domain is logged here", "writes of a domU are logged");
        return 0;
    }
    is(rc, 0, "writes of a domU are logged");
    is(domu_call(u, write_and_read, 7, 0), 7, "it reads what it wrote");
    for (unsigned int i = 0; i < sizeof(addresses) / sizeof(*addresses); i++) {
        is(domu_call(u, flush, addresses[i], MMUEXT_INVLPG_LOCAL), 0,
           "it may flush address %lx", addresses[i]);
        is(domu_call(u, write_and_read, i, 0), i,
           "and goes on behind a flush of %lx", addresses[i]);
        is(domu_call(u, flush, addresses[i], MMUEXT_INVLPG_ALL), 0,
           "it may flush address %lx everywhere", addresses[i]);
    }
    is(log_op(u, XEN_DOMCTL_SHADOW_OP_OFF), 0, "the log is ended");
    is(domu_call(u, write_and_read, 8, 0), 8, "the domU goes on without it");
    domu_destroy(u);
    return 0;
}
