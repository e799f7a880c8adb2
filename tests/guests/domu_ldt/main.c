/* SPDX-License-Identifier: MIT */
/*
 * A domU that dies with a local descriptor table in use: the table's pages are
 * given back, so nothing is left of the domain. run: ramdisk=1
 */
#include <pv/domu.h>

#define DATA 0x00cff3000000ffffUL /* of ring 3 */

/* --- in the domU ---------------------------------------------------------- */

static long use_an_ldt(uint64_t unused, uint64_t unused_too)
{
    uint64_t *ldt = alloc_page();

    ldt[1] = DATA;
    if (make_readonly(ldt) || mmuext(MMUEXT_SET_LDT, (uint64_t)ldt, 2))
        return -1;
    asm volatile("mov %w0, %%fs" ::"r"(1 << 3 | 7));
    return make_writable(ldt) < 0;
}

/* --- in dom0 -------------------------------------------------------------- */

static bool is_gone(domid_t id)
{
    uint64_t limit = system_time() + 1000000000;
    static struct xen_domctl d;

    do {
        /* It tells of the next one if there is none with that id. */
        if (domu_control(id, XEN_DOMCTL_getdomaininfo, &d) ||
            d.u.getdomaininfo.domain != id)
            return true;
    } while (system_time() < limit);
    return false;
}

int main(void)
{
    struct domu *plain = domu_start(1), *u = domu_start(1);
    domid_t plain_id = plain->id, id = u->id;

    is(domu_call(plain, use_an_ldt, 0, 0), 1, "a domU uses an LDT");
    is(domu_call(u, use_an_ldt, 0, 0), 1, "another one does, too");
    domu_destroy(plain);
    ok(is_gone(plain_id), "nothing is left of the first one when it has died");
    domu_destroy(u);
    ok(is_gone(id), "nothing is left of the second one");
    return 0;
}
