/* SPDX-License-Identifier: MIT */
/*
 * XENMEM_exchange: trade frames for others, the same number, in other sizes or
 * at lower addresses. dom0 uses it for DMA buffers that must be contiguous.
 *
 * Work goes by chunks: the smallest set of extents that is whole on both
 * sides. A chunk is exchanged entirely or not at all: the new frames are
 * allocated first, then the old ones are taken away one by one (a frame that
 * is still mapped refuses), and put back if one refuses. A chunk whose frames
 * fit already is left alone.
 */
#include <hv/domain.h>
#include <hv/hypercall.h>
#include <hv/memory.h>
#include <hv/mm.h>
#include <hv/page_alloc.h>
#include <xen/memory.h>

struct exchange {
    struct xen_memory_exchange x;
    struct domain *d;
    unsigned int memflags;
    unsigned int in_chunk, out_chunk; /* log2 of extents per chunk */
    unsigned long pages;              /* per chunk */
    struct page_info **in, **out;     /* [pages], [extents out per chunk] */
};

static bool read_in_frames(struct exchange *e, unsigned long chunk)
{
    unsigned int order = e->x.in.extent_order;

    for (unsigned long i = 0; i < 1UL << e->in_chunk; i++) {
        xen_pfn_t mfn;

        if (copy_from_guest_offset(&mfn, e->x.in.extent_start,
                                   (chunk << e->in_chunk) + i, 1))
            return false;
        for (unsigned long j = 0; j < 1UL << order; j++, mfn++) {
            if (!mfn_valid(_mfn(mfn)))
                return false;
            e->in[(i << order) + j] = mfn_to_page(_mfn(mfn));
        }
    }
    return true;
}

/* In one run, aligned, low enough and the domain's. */
static bool fits_already(const struct exchange *e)
{
    unsigned int bits = MEMF_address_bits(e->memflags);
    unsigned long first = mfn_x(page_to_mfn(e->in[0]));

    if (e->out_chunk || (first & (e->pages - 1)) ||
        (bits && (first + e->pages - 1) >> (bits - PAGE_SHIFT)))
        return false;
    for (unsigned long i = 0; i < e->pages; i++) {
        if (e->in[i] != e->in[0] + i || !get_page(e->in[i], e->d))
            return false;
        put_page(e->in[i]);
    }
    return true;
}

/* Back to the domain, or free if it is dying meanwhile. */
static void give(struct exchange *e, struct page_info *pg, unsigned int order)
{
    if (assign_pages(e->d, pg, order, MEMF_no_refcount))
        free_unowned_pages(pg, order);
}

/* 0/-ENOMEM; on failure nothing is held. */
static long alloc_out(struct exchange *e)
{
    unsigned int order = e->x.out.extent_order;
    unsigned long n;

    for (n = 0; n < 1UL << e->out_chunk; n++) {
        e->out[n] = alloc_domheap_pages(NULL, order, e->memflags);
        if (!e->out[n])
            break;
    }
    if (n == 1UL << e->out_chunk)
        return 0;
    while (n--)
        free_unowned_pages(e->out[n], order);
    return -ENOMEM;
}

static void free_out(struct exchange *e)
{
    for (unsigned long n = 0; n < 1UL << e->out_chunk; n++)
        free_unowned_pages(e->out[n], e->x.out.extent_order);
}

/* All of them or none. */
static long steal_in(struct exchange *e)
{
    for (unsigned long i = 0; i < e->pages; i++) {
        if (!steal_page(e->d, e->in[i]))
            continue;
        while (i--)
            give(e, e->in[i], 0);
        return -EINVAL;
    }
    return 0;
}

/* The guest's list and the machine-to-phys table get the new frames. */
static long publish(struct exchange *e, unsigned long chunk)
{
    unsigned int order = e->x.out.extent_order;
    long rc = 0;

    for (unsigned long n = 0; n < 1UL << e->out_chunk; n++) {
        unsigned long ext = (chunk << e->out_chunk) + n;
        xen_pfn_t mfn = mfn_x(page_to_mfn(e->out[n])), pfn;

        if (copy_from_guest_offset(&pfn, e->x.out.extent_start, ext, 1)) {
            rc = -EFAULT;
            continue;
        }
        for (unsigned long j = 0; j < 1UL << order; j++)
            set_owned_gpfn(_mfn(mfn + j), pfn + j, e->d);
        if (copy_to_guest_offset(e->x.out.extent_start, ext, &mfn, 1))
            rc = -EFAULT;
    }
    return rc;
}

static long exchange_chunk(struct exchange *e, unsigned long chunk)
{
    long rc;

    if (!read_in_frames(e, chunk))
        return -EFAULT;
    if (fits_already(e)) {
        e->out[0] = e->in[0];
        return publish(e, chunk);
    }
    rc = alloc_out(e);
    if (rc)
        return rc;
    rc = steal_in(e);
    if (rc) {
        free_out(e);
        return rc;
    }
    for (unsigned long i = 0; i < e->pages; i++)
        free_unowned_pages(e->in[i], 0);
    for (unsigned long n = 0; n < 1UL << e->out_chunk; n++)
        give(e, e->out[n], e->x.out.extent_order);
    return publish(e, chunk);
}

/* --- the request ---------------------------------------------------------- */

static long check(struct exchange *e)
{
    const struct xen_memory_reservation *in = &e->x.in, *out = &e->x.out;
    unsigned int max = memory_max_order(current->domain);

    if (in->extent_order > max || out->extent_order > max)
        return -EPERM;
    if (e->x.nr_exchanged > in->nr_extents || in->domid != out->domid ||
        in->nr_extents > ~0UL >> (in->extent_order + 4) ||
        out->nr_extents > ~0UL >> (out->extent_order + 4) ||
        in->nr_extents << in->extent_order != out->nr_extents
                                                  << out->extent_order)
        return -EINVAL;
    if (!memory_flags(out->mem_flags, &e->memflags))
        return -ENOMEM;
    if (in->extent_order <= out->extent_order)
        e->in_chunk = out->extent_order - in->extent_order;
    else
        e->out_chunk = in->extent_order - out->extent_order;
    e->pages = 1UL << MAX(in->extent_order, out->extent_order);
    /* Contiguous frames for devices: what the reserve is for. */
    if (current->domain->is_privileged)
        e->memflags |= MEMF_low_reserve;
    return 0;
}

static long run(struct exchange *e)
{
    unsigned long first = e->x.nr_exchanged >> e->in_chunk, i;
    unsigned long last = e->x.in.nr_extents >> e->in_chunk;
    long rc = 0;

    for (i = first; i < last && !rc; i++) {
        if (i > first && hypercall_preempt_check())
            rc = -ERESTART;
        else
            rc = exchange_chunk(e, i);
        if (rc)
            break;
    }
    e->x.nr_exchanged = i << e->in_chunk;
    return rc;
}

/* How many were exchanged is told after errors and between pieces, too. */
long memory_exchange(struct domain *unused, void *op)
{
    uint64_t arg = *(uint64_t *)op;
    struct exchange e = {0};
    long rc;

    if (copy_object_from_guest(&e.x, arg))
        return -EFAULT;
    rc = check(&e);
    if (rc)
        return rc;
    rc = subop_domain(e.x.in.domid, &e.d);
    if (rc)
        return rc;
    e.in = xzalloc_array(struct page_info *, e.pages);
    e.out = xzalloc_array(struct page_info *, 1UL << e.out_chunk);
    rc = e.in && e.out ? run(&e) : -ENOMEM;
    xfree(e.in);
    xfree(e.out);
    put_domain(e.d);
    return copy_field_to_guest(arg, &e.x, nr_exchanged) ? -EFAULT : rc;
}
