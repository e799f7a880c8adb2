/* SPDX-License-Identifier: MIT */
/*
 * Memory of domains: memory_op, always through xlc_memory_op() for its 64-bit
 * results, and pinning of page tables.
 */
#include "private.h"

long xlc_memory_populate(xlc_handle *h, uint32_t domid, unsigned int order,
                         unsigned int flags, unsigned long nr,
                         xen_pfn_t *extents)
{
    struct xen_memory_reservation reservation = {
        .nr_extents = nr,
        .extent_order = order,
        .mem_flags = flags,
        .domid = (domid_t)domid,
    };
    struct bounce b;
    long rc;

    if (nr > SIZE_MAX / sizeof(*extents)) {
        errno = EINVAL;
        return -1;
    }
    if (bounce_in(h, &b, extents, nr * sizeof(*extents)))
        return -1;
    set_xen_guest_handle(reservation.extent_start, b.buffer);
    rc = xlc_memory_op(h, XENMEM_populate_physmap, &reservation,
                       sizeof(reservation));
    if (rc > 0)
        bounce_out(&b, (size_t)rc * sizeof(*extents));
    bounce_free(h, &b);
    return rc;
}

int xlc_memory_claim(xlc_handle *h, uint32_t domid, unsigned long pages)
{
    struct xen_memory_reservation reservation = {
        .nr_extents = pages,
        .domid = (domid_t)domid,
    };

    set_xen_guest_handle(reservation.extent_start, NULL);
    return xlc_memory_op(h, XENMEM_claim_pages, &reservation,
                         sizeof(reservation)) < 0
               ? -1
               : 0;
}

int xlc_memory_set_map(xlc_handle *h, uint32_t domid, unsigned int nr,
                       const struct xlc_e820 *map)
{
    struct xen_foreign_memory_map fmap = {
        .domid = (domid_t)domid,
        .map.nr_entries = nr,
    };
    struct bounce b;
    long rc;

    if (bounce_in(h, &b, map, nr * sizeof(*map)))
        return -1;
    set_xen_guest_handle(fmap.map.buffer, b.buffer);
    rc = xlc_memory_op(h, XENMEM_set_memory_map, &fmap, sizeof(fmap));
    bounce_free(h, &b);
    return rc < 0 ? -1 : 0;
}

long xlc_memory_sharing_freed(xlc_handle *h)
{
    return xlc_memory_op(h, XENMEM_get_sharing_freed_pages, NULL, 0);
}

long xlc_memory_sharing_shared(xlc_handle *h)
{
    return xlc_memory_op(h, XENMEM_get_sharing_shared_pages, NULL, 0);
}

int xlc_mmuext_pin(xlc_handle *h, uint32_t domid, unsigned int op,
                   xen_pfn_t mfn)
{
    struct mmuext_op mmuext = {.cmd = op, .arg1.mfn = mfn};
    struct bounce b;
    int rc;

    if (bounce_in(h, &b, &mmuext, sizeof(mmuext)))
        return -1;
    rc = xencall4(h->call, __HYPERVISOR_mmuext_op, (uintptr_t)b.buffer, 1, 0,
                  domid);
    bounce_free(h, &b);
    return rc < 0 ? -1 : 0;
}
