/* SPDX-License-Identifier: MIT */
/*
 * Memory of domains: memory_op, always through xlc_memory_op() for its 64-bit
 * results, and pinning of page tables.
 */
#include "private.h"

/* Add or remove extents; the array goes in, and back when Xen writes it. */
static long reservation_op(xlc_handle *h, unsigned int cmd, uint32_t domid,
                           unsigned int order, unsigned int flags,
                           unsigned long nr, xen_pfn_t *extents)
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
    rc = xlc_memory_op(h, cmd, &reservation, sizeof(reservation));
    if (rc > 0 && cmd == XENMEM_populate_physmap)
        bounce_out(&b, (size_t)rc * sizeof(*extents));
    bounce_free(h, &b);
    return rc;
}

long xlc_memory_populate(xlc_handle *h, uint32_t domid, unsigned int order,
                         unsigned int flags, unsigned long nr,
                         xen_pfn_t *extents)
{
    return reservation_op(h, XENMEM_populate_physmap, domid, order, flags, nr,
                          extents);
}

long xlc_memory_decrease(xlc_handle *h, uint32_t domid, unsigned int order,
                         unsigned long nr, const xen_pfn_t *extents)
{
    return reservation_op(h, XENMEM_decrease_reservation, domid, order, 0, nr,
                          (xen_pfn_t *)extents);
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

long xlc_memory_maximum_ram_page(xlc_handle *h)
{
    return xlc_memory_op(h, XENMEM_maximum_ram_page, NULL, 0);
}

long xlc_memory_maximum_gpfn(xlc_handle *h, uint32_t domid)
{
    struct xen_memory_domain domain = {.domid = (domid_t)domid};

    return xlc_memory_op(h, XENMEM_maximum_gpfn, &domain, sizeof(domain));
}

int xlc_availheap(xlc_handle *h, uint32_t min_bits, uint32_t max_bits,
                  int32_t node, uint64_t *bytes)
{
    struct xen_sysctl op = sysctl_of(XEN_SYSCTL_availheap);

    op.u.availheap.min_bitwidth = min_bits;
    op.u.availheap.max_bitwidth = max_bits;
    op.u.availheap.node = node;
    if (xlc_sysctl(h, &op))
        return -1;
    *bytes = op.u.availheap.avail_bytes;
    return 0;
}

int xlc_domain_get_vnuma(xlc_handle *h, uint32_t domid, unsigned int *nr_nodes,
                         unsigned int *nr_ranges, unsigned int *nr_vcpus)
{
    struct xen_vnuma_topology_info info = {.domid = (domid_t)domid};

    if (xlc_memory_op(h, XENMEM_get_vnumainfo, &info, sizeof(info)) < 0)
        return -1;
    *nr_nodes = info.nr_vnodes;
    *nr_ranges = info.nr_vmemranges;
    *nr_vcpus = info.nr_vcpus;
    return 0;
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
