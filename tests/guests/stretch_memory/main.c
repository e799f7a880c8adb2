/* SPDX-License-Identifier: MIT */
/*
 * The largest extents that memory_op gives and takes, and lists of many: the
 * hypervisor looks often enough at what else waits for the CPU.
 * run: count=1 debug=1 timeout=300
 */
#include <pv/stretch.h>

#define LARGEST 12 /* log2 of frames, for dom0 */
#define SINGLES (1UL << LARGEST)

static xen_pfn_t extents[SINGLES], singles[SINGLES];

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

/* Singles for a run and back. */
static void exchange(unsigned int order)
{
    xen_pfn_t run = start_info->nr_pages;
    struct xen_memory_exchange ex = {
        .in = {.nr_extents = 1UL << order, .domid = DOMID_SELF},
        .out = {.nr_extents = 1, .extent_order = order, .domid = DOMID_SELF}};

    is(reservation(XENMEM_increase_reservation, 0, 1UL << order), 1L << order,
       "single frames are added");
    set_xen_guest_handle(ex.in.extent_start, extents);
    set_xen_guest_handle(ex.out.extent_start, &run);
    stretch_begin();
    is(HC2(memory_op, XENMEM_exchange, &ex), 0,
       "single frames are exchanged for a run of order %u", order);
    stretch_ok("exchange for a run");

    for (uint64_t i = 0; i < 1UL << order; i++)
        singles[i] = start_info->nr_pages + i;
    ex.out = ex.in;
    ex.in.nr_extents = 1;
    ex.in.extent_order = order;
    ex.nr_exchanged = 0;
    set_xen_guest_handle(ex.in.extent_start, &run);
    set_xen_guest_handle(ex.out.extent_start, singles);
    stretch_begin();
    is(HC2(memory_op, XENMEM_exchange, &ex), 0,
       "a run of order %u is exchanged for single frames", order);
    stretch_ok("exchange of a run");
    memcpy(extents, singles, sizeof(extents));
    reservation(XENMEM_decrease_reservation, 0, 1UL << order);
}

int main(void)
{
    extents_of(0, SINGLES);
    extents_of(9, 8);
    exchange(9);
    extents_of(LARGEST, 2);
    exchange(LARGEST);
    return 0;
}
