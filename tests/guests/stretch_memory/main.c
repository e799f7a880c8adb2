/* SPDX-License-Identifier: MIT */
/*
 * The largest extents that memory_op gives, takes and exchanges, and lists of
 * many: the hypervisor looks often enough at what else waits for the CPU.
 * run: count=1 debug=1 timeout=300
 */
#include <pv/stretch.h>

#define LARGEST        12 /* log2 of frames, for dom0 */
#define MOST_EXCHANGED 11 /* one more is 1.7 million instructions */
#define SINGLES        (1UL << LARGEST)

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

/* --- exchanges ------------------------------------------------------------ */

static xen_pfn_t others[SINGLES];

static long exchange(xen_pfn_t *in, unsigned int in_order, xen_pfn_t *out,
                     unsigned int out_order)
{
    struct xen_memory_exchange x = {
        .in = {.nr_extents = SINGLES >> in_order,
               .extent_order = in_order,
               .domid = DOMID_SELF},
        .out = {.nr_extents = SINGLES >> out_order,
                .extent_order = out_order,
                .domid = DOMID_SELF},
    };

    set_xen_guest_handle(x.in.extent_start, in);
    set_xen_guest_handle(x.out.extent_start, out);
    return HC2(memory_op, XENMEM_exchange, &x);
}

static void number(xen_pfn_t *list, unsigned int order)
{
    for (uint64_t i = 0; i < SINGLES >> order; i++)
        list[i] = start_info->nr_pages + (i << order);
}

/* The last frame of the first extent is in use. */
static void refused(unsigned int order)
{
    uint64_t last = (1UL << order) - 1;
    xen_pfn_t kept = extents[last];

    extents[last] = virt_to_mfn((void *)start_info->pt_base);
    number(others, order);
    stretch_begin();
    ok(exchange(extents, 0, others, order) < 0,
       "a frame in use is not exchanged for extents of order %u", order);
    stretch_ok("a refused exchange");
    extents[last] = kept;
}

static void exchanged(unsigned int order)
{
    reservation(XENMEM_increase_reservation, 0, SINGLES);
    refused(order);
    number(others, order);
    stretch_begin();
    is(exchange(extents, 0, others, order), 0,
       "%lu frames are exchanged for extents of order %u", SINGLES, order);
    stretch_ok("exchange for large extents");
    number(extents, 0);
    stretch_begin();
    is(exchange(others, order, extents, 0), 0,
       "extents of order %u are exchanged for %lu frames", order, SINGLES);
    stretch_ok("exchange of large extents");
    reservation(XENMEM_decrease_reservation, 0, SINGLES);
}

int main(void)
{
    extents_of(0, SINGLES);
    extents_of(9, 8);
    extents_of(LARGEST, 2);
    exchanged(9);
    exchanged(MOST_EXCHANGED);
    return 0;
}
