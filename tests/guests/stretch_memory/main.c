/* SPDX-License-Identifier: MIT */
/*
 * The largest extents that memory_op gives and takes, and lists of many: the
 * hypervisor looks often enough at what else waits for the CPU.
 * run: count=1 debug=1 timeout=300
 */
#include <pv/stretch.h>

#define LARGEST 12 /* log2 of frames, for dom0 */
#define SINGLES (1UL << LARGEST)

static xen_pfn_t extents[SINGLES];

static long reservation(unsigned int op, unsigned int order, uint64_t nr)
{
    struct xen_memory_reservation r = {
        .nr_extents = nr, .extent_order = order, .domid = DOMID_SELF};

    set_xen_guest_handle(r.extent_start, extents);
    return HC2(memory_op, op, &r);
}

static void extents_of(unsigned int order, uint64_t nr)
{
    stretch_begin();
    is(reservation(XENMEM_increase_reservation, order, nr), nr,
       "%lu extents of order %u are added", nr, order);
    stretch_ok("increase_reservation");
    stretch_begin();
    is(reservation(XENMEM_decrease_reservation, order, nr), nr,
       "%lu extents of order %u are given back", nr, order);
    stretch_ok("decrease_reservation");
    for (uint64_t i = 0; i < nr; i++)
        extents[i] = start_info->nr_pages + (i << order);
    stretch_begin();
    is(reservation(XENMEM_populate_physmap, order, nr), nr,
       "%lu extents of order %u are populated", nr, order);
    stretch_ok("populate_physmap");
    reservation(XENMEM_decrease_reservation, order, nr);
}

int main(void)
{
    extents_of(0, SINGLES);
    extents_of(9, 8);
    extents_of(LARGEST, 2);
    return 0;
}
