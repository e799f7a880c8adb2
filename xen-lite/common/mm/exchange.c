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
 *
 * A chunk may be 16 MiB, so it can be interrupted at each frame. What has been
 * done is kept with the vcpu, for it is nobody's meanwhile; the vcpu that comes
 * with the same request goes on, and one that comes with another, or dies,
 * first brings the chunk to one of its ends.
 */
#include <hv/domain.h>
#include <hv/hypercall.h>
#include <hv/memory.h>
#include <hv/mm.h>
#include <hv/page_alloc.h>
#include <xen/memory.h>

/* What is done for each frame or extent of a chunk, in this order. */
enum phase {
    ALLOC_OUT,
    STEAL_IN,
    FREE_IN,
    GIVE_OUT,
    PUBLISH,
    DONE,
    RETURN_IN, /* and, when one refused, in this */
    FREE_OUT,
};

struct exchange {
    uint64_t arg;                 /* where the request stands */
    struct xen_memory_exchange x; /* as it stands there */
    struct domain *d;             /* referenced */
    unsigned int memflags;
    unsigned int in_chunk, out_chunk; /* log2 of extents per chunk */
    unsigned long pages;              /* per chunk */
    struct page_info **in, **out;     /* [pages], [extents out per chunk] */
    enum phase phase;                 /* of the chunk at x.nr_exchanged */
    unsigned long pos, end;           /* items of the phase: done, in all */
    long rc;                          /* what becomes of the chunk */
};

static unsigned long chunk_of(const struct exchange *e)
{
    return e->x.nr_exchanged >> e->in_chunk;
}

static bool read_in_frames(struct exchange *e)
{
    unsigned int order = e->x.in.extent_order;

    for (unsigned long i = 0; i < 1UL << e->in_chunk; i++) {
        xen_pfn_t mfn;

        if (copy_from_guest_offset(&mfn, e->x.in.extent_start,
                                   (chunk_of(e) << e->in_chunk) + i, 1))
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

/* --- a chunk, item by item ------------------------------------------------ */

static long alloc_out(struct exchange *e, unsigned long n)
{
    e->out[n] = alloc_domheap_pages(NULL, e->x.out.extent_order,
                                    e->memflags | MEMF_preempt);
    if (e->out[n])
        return 0;
    return hypercall_preempt_check() ? -ERESTART : -ENOMEM;
}

static long steal_in(struct exchange *e, unsigned long i)
{
    return steal_page(e->d, e->in[i]) ? -EINVAL : 0;
}

static long free_in(struct exchange *e, unsigned long i)
{
    free_unowned_pages(e->in[i], 0);
    return 0;
}

static long give_out(struct exchange *e, unsigned long n)
{
    give(e, e->out[n], e->x.out.extent_order);
    return 0;
}

/* The guest's list and the machine-to-phys table get the new frames. */
static long publish(struct exchange *e, unsigned long n)
{
    unsigned long ext = (chunk_of(e) << e->out_chunk) + n;
    xen_pfn_t mfn = mfn_x(page_to_mfn(e->out[n])), pfn;

    if (copy_from_guest_offset(&pfn, e->x.out.extent_start, ext, 1))
        return -EFAULT;
    for (unsigned long j = 0; j < 1UL << e->x.out.extent_order; j++)
        set_owned_gpfn(_mfn(mfn + j), pfn + j, e->d);
    return copy_to_guest_offset(e->x.out.extent_start, ext, &mfn, 1) ? -EFAULT
                                                                     : 0;
}

static long return_in(struct exchange *e, unsigned long i)
{
    give(e, e->in[i], 0);
    return 0;
}

static long free_out(struct exchange *e, unsigned long n)
{
    free_unowned_pages(e->out[n], e->x.out.extent_order);
    return 0;
}

static const struct {
    long (*item)(struct exchange *e, unsigned long n);
    bool frames; /* the items are frames taken, not extents given */
    enum phase next;
} phases[] = {
    [ALLOC_OUT] = {alloc_out, false, STEAL_IN},
    [STEAL_IN] = {steal_in, true, FREE_IN},
    [FREE_IN] = {free_in, true, GIVE_OUT},
    [GIVE_OUT] = {give_out, false, PUBLISH},
    [PUBLISH] = {publish, false, DONE},
    [RETURN_IN] = {return_in, true, FREE_OUT},
    [FREE_OUT] = {free_out, false, DONE},
};

static void enter(struct exchange *e, enum phase phase)
{
    e->phase = phase;
    e->pos = 0;
    e->end = 0;
    if (phase != DONE)
        e->end = phases[phase].frames ? e->pages : 1UL << e->out_chunk;
}

/* The item at pos failed: what its phase has done so far is taken back. What
 * cannot be told to the guest is done nevertheless. */
static void fail(struct exchange *e, long rc)
{
    unsigned long done = e->pos;

    e->rc = rc;
    if (e->phase == PUBLISH) {
        e->pos++;
        return;
    }
    enter(e, e->phase == STEAL_IN ? RETURN_IN : FREE_OUT);
    e->end = done;
}

/* To the end of the chunk: 0 or -ERESTART. */
static long run_phases(struct exchange *e)
{
    for (bool first = true; e->phase != DONE; first = false) {
        long rc;

        if (!first && hypercall_preempt_check())
            return -ERESTART;
        while (e->pos == e->end && e->phase != DONE)
            enter(e, phases[e->phase].next);
        if (e->phase == DONE)
            break;
        rc = phases[e->phase].item(e, e->pos);
        if (rc == -ERESTART)
            return rc;
        if (rc)
            fail(e, rc);
        else
            e->pos++;
    }
    return 0;
}

/* 0, or -EFAULT: there is no such chunk. */
static long begin_chunk(struct exchange *e)
{
    if (!read_in_frames(e))
        return -EFAULT;
    e->rc = 0;
    enter(e, ALLOC_OUT);
    if (fits_already(e)) {
        e->out[0] = e->in[0];
        enter(e, PUBLISH);
    }
    return 0;
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

/* A chunk is under way if its phase is not DONE. */
static long run(struct exchange *e)
{
    for (bool first = true;
         e->phase != DONE || e->x.nr_exchanged < e->x.in.nr_extents;
         first = false) {
        long rc = 0;

        if (!first && hypercall_preempt_check())
            return -ERESTART;
        if (e->phase == DONE)
            rc = begin_chunk(e);
        if (!rc)
            rc = run_phases(e);
        if (rc || e->rc)
            return rc ? rc : e->rc;
        e->x.nr_exchanged += 1UL << e->in_chunk;
    }
    return 0;
}

static void forget(struct exchange *e)
{
    if (e->d)
        put_domain(e->d);
    xfree(e->in);
    xfree(e->out);
    xfree(e);
}

int exchange_finish(struct vcpu *v)
{
    struct exchange *e = v->exchange;

    if (!e)
        return 0;
    if (e->phase == ALLOC_OUT || e->phase == STEAL_IN)
        fail(e, -EINVAL);
    else if (e->phase == PUBLISH) /* not the guest's list any more */
        enter(e, DONE);
    if (run_phases(e))
        return -ERESTART;
    v->exchange = NULL;
    forget(e);
    return 0;
}

#ifdef HV_DEBUG
/* Of the frames that e has in hand. */
static unsigned long counted(const struct exchange *e)
{
    switch (e->phase) {
    case STEAL_IN:
        return e->pos;
    case FREE_IN:
        return e->pages;
    case GIVE_OUT:
        return e->pages - (e->pos << e->x.out.extent_order);
    case RETURN_IN:
        return e->end - e->pos;
    default:
        return 0;
    }
}

unsigned long exchange_counted(const struct domain *d)
{
    unsigned long n = 0;
    struct domain *other;
    struct vcpu *v;

    for_each_domain (other)
        for_each_vcpu (other, v)
            if (v->exchange && v->exchange->d == d)
                n += counted(v->exchange);
    return n;
}
#endif

static long begin(struct exchange *e)
{
    long rc = check(e);

    if (!rc)
        rc = subop_domain(e->x.in.domid, &e->d);
    if (rc)
        return rc;
    e->x.nr_exchanged = chunk_of(e) << e->in_chunk;
    e->phase = DONE;
    e->in = xzalloc_array(struct page_info *, e->pages);
    e->out = xzalloc_array(struct page_info *, 1UL << e->out_chunk);
    return e->in && e->out ? 0 : -ENOMEM;
}

/* How many were exchanged is told after errors and between pieces, too. */
long memory_exchange(struct domain *unused, void *op)
{
    uint64_t arg = *(uint64_t *)op;
    struct vcpu *v = current;
    struct exchange *e = v->exchange;
    struct xen_memory_exchange x;
    long rc = 0;

    if (copy_object_from_guest(&x, arg))
        return -EFAULT;
    if (!e || e->arg != arg || memcmp(&e->x, &x, sizeof(x))) {
        if (exchange_finish(v))
            return -ERESTART;
        e = xzalloc(struct exchange);
        if (!e)
            return -ENOMEM;
        e->arg = arg;
        e->x = x;
        rc = begin(e);
        if (rc) {
            forget(e);
            return rc;
        }
    }
    v->exchange = NULL;
    rc = run(e);
    if (copy_field_to_guest(arg, &e->x, nr_exchanged) && rc != -ERESTART)
        rc = -EFAULT;
    if (rc == -ERESTART)
        v->exchange = e;
    else
        forget(e);
    return rc;
}
