/* SPDX-License-Identifier: MIT */
/*
 * XENMEM_exchange: trade frames for others, the same number, in other sizes or
 * at lower addresses. dom0 uses it for DMA buffers that must be contiguous.
 *
 * Work goes by chunks: the smallest set of extents that is whole on both
 * sides. A chunk is exchanged entirely or not at all: the new frames are
 * allocated first, then the old ones are taken away (a frame that is still
 * mapped refuses), and put back if one refuses. A chunk whose frames fit
 * already is left alone.
 *
 * An interrupted allocation leaves nothing but frames that are free and clean
 * by then, so the call begins its chunk anew and gets further. Until the old
 * frames are away the new ones are nobody's, and go back clean, too. What
 * follows is a few instructions for each frame, and is not interrupted.
 */
#include <hv/domain.h>
#include <hv/hypercall.h>
#include <hv/memory.h>
#include <hv/mm.h>
#include <hv/page_alloc.h>
#include <xen/memory.h>

#define BATCH           64  /* extents that are copied at once */
#define MOST_ALLOCATION 512 /* pieces of a chunk that are allocated singly */

struct exchange {
    struct xen_memory_exchange x;
    struct domain *d;
    unsigned int memflags;
    unsigned int in_chunk, out_chunk; /* log2 of extents per chunk */
    unsigned long pages;              /* per chunk */
    struct page_info **in, **out;     /* [pages], [pieces] */
    unsigned int piece_order; /* of what was allocated: extents out, or more */
};

/* --- lists ---------------------------------------------------------------- */

static bool read_extent(struct page_info **to, xen_pfn_t mfn,
                        unsigned int order)
{
    for (unsigned long j = 0; j < 1UL << order; j++, mfn++) {
        if (!mfn_valid(_mfn(mfn)))
            return false;
        to[j] = mfn_to_page(_mfn(mfn));
    }
    return true;
}

static bool read_in_frames(struct exchange *e, unsigned long chunk)
{
    unsigned long first = chunk << e->in_chunk, nr = 1UL << e->in_chunk, n;
    unsigned int order = e->x.in.extent_order;
    xen_pfn_t list[BATCH];

    for (unsigned long i = 0; i < nr; i += n) {
        n = MIN(nr - i, (unsigned long)BATCH);
        if (copy_from_guest_offset(list, e->x.in.extent_start, first + i, n))
            return false;
        for (unsigned long k = 0; k < n; k++)
            if (!read_extent(e->in + ((i + k) << order), list[k], order))
                return false;
    }
    return true;
}

/* The machine-to-phys table gets the frames of an extent. */
static xen_pfn_t publish_extent(const struct exchange *e, unsigned long n,
                                xen_pfn_t pfn)
{
    unsigned long at = n << e->x.out.extent_order;
    const struct page_info *piece = e->out[at >> e->piece_order];
    xen_pfn_t mfn =
        mfn_x(page_to_mfn(piece)) + (at & ((1UL << e->piece_order) - 1));

    for (unsigned long j = 0; j < 1UL << e->x.out.extent_order; j++)
        set_owned_gpfn(_mfn(mfn + j), pfn + j, e->d);
    return mfn;
}

/* The guest's list has pfns, and gets the new frames instead. */
static long publish(const struct exchange *e, unsigned long chunk)
{
    unsigned long first = chunk << e->out_chunk, nr = 1UL << e->out_chunk, n;
    xen_pfn_t list[BATCH];
    long rc = 0;

    for (unsigned long i = 0; i < nr; i += n) {
        n = MIN(nr - i, (unsigned long)BATCH);
        if (copy_from_guest_offset(list, e->x.out.extent_start, first + i, n)) {
            rc = -EFAULT;
            continue;
        }
        for (unsigned long k = 0; k < n; k++)
            list[k] = publish_extent(e, i + k, list[k]);
        if (copy_to_guest_offset(e->x.out.extent_start, first + i, list, n))
            rc = -EFAULT;
    }
    return rc;
}

/* --- frames --------------------------------------------------------------- */

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

static unsigned long pieces(const struct exchange *e)
{
    return e->pages >> e->piece_order;
}

/* 0, -ENOMEM, or -ERESTART. In one run if there is one. */
static long take_out(struct exchange *e)
{
    long rc;

    e->piece_order = e->x.out.extent_order + e->out_chunk;
    rc = take_pages(NULL, e->out, 1, e->piece_order, e->memflags);
    if (rc != -ENOMEM || !e->out_chunk || e->pages > MOST_ALLOCATION)
        return rc;
    e->piece_order = e->x.out.extent_order;
    return take_pages(NULL, e->out, pieces(e), e->piece_order, e->memflags);
}

/* To the domain, or free if it is dying meanwhile. */
static void give_out(struct exchange *e)
{
    for (unsigned long n = 0; n < pieces(e); n++)
        if (assign_pages(e->d, e->out[n], e->piece_order, MEMF_no_refcount))
            put_back_pages(e->out + n, 1, e->piece_order);
}

static long exchange_chunk(struct exchange *e, unsigned long chunk)
{
    long rc;

    if (!read_in_frames(e, chunk))
        return -EFAULT;
    if (fits_already(e)) {
        e->out[0] = e->in[0];
        e->piece_order = e->x.out.extent_order;
        return publish(e, chunk);
    }
    rc = take_out(e);
    if (rc)
        return rc;
    if (steal_pages(e->d, e->in, e->pages)) {
        put_back_pages(e->out, pieces(e), e->piece_order);
        return -EINVAL;
    }
    free_stolen_pages(e->in, e->pages);
    give_out(e);
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
