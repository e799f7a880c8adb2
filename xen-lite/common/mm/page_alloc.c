/* SPDX-License-Identifier: MIT */
/*
 * Machine frames: a buddy allocator with one zone per address width.
 *
 * Zone z holds the frames whose number has z significant bits, so "below
 * 1 << n bytes" means "zones up to n - 12" exactly and no list is ever walked
 * for an address limit. Allocation starts in the highest zone allowed, so low
 * memory lasts. A free chunk is described by the record of its first frame;
 * the others say only that they are free and whether they must be scrubbed.
 *
 * A freed frame may still be in some CPU's TLB. Its flush stamp stays in the
 * record; its next allocation flushes first (the CPUs that have not flushed
 * since) and scrubs afterwards. So no data and no write crosses owners.
 */
#include <hv/domain.h>
#include <hv/hypercall.h>
#include <hv/mm.h>
#include <hv/page_alloc.h>
#include <hv/smp.h>
#include <hv/spinlock.h>
#include <asm/tlb.h>

#define NR_ZONES     33
#define NIL          (~0u >> 1)
#define FREE_HEAD    1u /* first frame of a chunk of free_order */
#define FREE_DIRTY   2u /* content of some owner */
#define FREE_UNCLEAN 4u /* head: frames of the chunk may be dirty */
#define SCRUB_STRIDE 16 /* frames between two looks at other work */
#define LOCK_STRIDE  16 /* frames for which the lock is taken once */

uint64_t total_pages;

static spinlock_t heap_lock = SPIN_LOCK_INIT(LOCK_HEAP);
static uint32_t free_list[NR_ZONES][MAX_ORDER + 1];
static uint32_t nonempty[NR_ZONES]; /* bit per order */
static uint64_t zone_free[NR_ZONES];
static uint64_t free_pages, claimed_pages;
static uint64_t low_reserve; /* pages kept below 4 GiB */
static bool heap_ready;

#define LOW_ZONES (32 - PAGE_SHIFT) /* zones 0..LOW_ZONES are below 4 GiB */

static unsigned int zone_of(uint64_t mfn)
{
    return mfn ? fls64(mfn) + 1 : 0;
}

static uint32_t next_free(const struct page_info *pg)
{
    return free_link_mfn(pg->free_next);
}

static void list_push(uint32_t mfn, unsigned int order)
{
    unsigned int z = zone_of(mfn);
    struct page_info *pg = frame_table + mfn;
    uint32_t head = free_list[z][order];

    pg->free_prev = NIL;
    pg->free_next = free_link(head);
    pg->free_order = order;
    pg->free_flags |= FREE_HEAD;
    if (head != NIL)
        frame_table[head].free_prev = mfn;
    free_list[z][order] = mfn;
    nonempty[z] |= 1u << order;
}

static void list_remove(uint32_t mfn)
{
    unsigned int z = zone_of(mfn);
    struct page_info *pg = frame_table + mfn;
    unsigned int order = pg->free_order;
    uint32_t next = next_free(pg);

    if (pg->free_prev == NIL)
        free_list[z][order] = next;
    else
        frame_table[pg->free_prev].free_next = pg->free_next;
    if (next != NIL)
        frame_table[next].free_prev = pg->free_prev;
    if (free_list[z][order] == NIL)
        nonempty[z] &= ~(1u << order);
    pg->free_flags &= ~FREE_HEAD;
}

static bool is_free_chunk(uint64_t mfn, unsigned int order)
{
    const struct page_info *pg = frame_table + mfn;

    return mfn < max_page && pg->free_owner == DOMID_INVALID &&
           (pg->free_flags & FREE_HEAD) && pg->free_order == order;
}

/* mfn..: records say free; join with the buddies. */
static void chunk_free(uint64_t mfn, unsigned int order)
{
    ASSERT_HELD(&heap_lock);
    zone_free[zone_of(mfn)] += 1ul << order;
    free_pages += 1ul << order;
    for (; order < MAX_ORDER; order++) {
        uint64_t buddy = mfn ^ (1ul << order);
        struct page_info *a, *b;

        if (zone_of(buddy) != zone_of(mfn) || !is_free_chunk(buddy, order))
            break;
        list_remove(buddy);
        a = frame_table + MIN(mfn, buddy);
        b = frame_table + MAX(mfn, buddy);
        a->tlb_stamp = stamp_later(a->tlb_stamp, b->tlb_stamp, tlb_clock_now());
        a->free_flags |= b->free_flags & FREE_UNCLEAN;
        mfn = MIN(mfn, buddy);
    }
    list_push(mfn, order);
}

/* What the head says of the chunk is inherited by halves made by a split. */
static uint64_t chunk_take(unsigned int zone_max, unsigned int order)
{
    ASSERT_HELD(&heap_lock);
    for (unsigned int z = zone_max + 1; z-- > 0;) {
        uint32_t fit = nonempty[z] & ~((1u << order) - 1);
        struct page_info *pg;
        uint32_t mfn, stamp;
        uint8_t flags;

        if (!fit)
            continue;
        unsigned int o = ffs64(fit);
        mfn = free_list[z][o];
        pg = frame_table + mfn;
        stamp = pg->tlb_stamp;
        flags = pg->free_flags & FREE_UNCLEAN;
        list_remove(mfn);
        while (o > order) {
            struct page_info *half;

            o--;
            /* Keep the lower half free: big chunks stay big at the bottom. */
            list_push(mfn, o);
            mfn += 1u << o;
            half = frame_table + mfn;
            half->tlb_stamp = stamp;
            half->free_flags |= flags;
        }
        zone_free[z] -= 1ul << order;
        free_pages -= 1ul << order;
        return mfn;
    }
    return INVALID_MFN_RAW;
}

static uint64_t low_free_pages(void)
{
    uint64_t n = 0;

    for (unsigned int z = 0; z <= LOW_ZONES; z++)
        n += zone_free[z];
    return n;
}

/* Free pages that MEMF_low_reserve alone gives out. */
static uint64_t reserved_pages(void)
{
    ASSERT_HELD(&heap_lock);
    return MIN(low_reserve, low_free_pages());
}

/* Claims of others and the low reserve stand before this one. */
static uint64_t take_allowed(const struct domain *d, unsigned int order,
                             unsigned int memflags)
{
    unsigned int bits = MEMF_address_bits(memflags);
    unsigned int zmax = NR_ZONES - 1;
    uint64_t need = 1ul << order, own = d ? d->outstanding_claim : 0, high;

    ASSERT_HELD(&heap_lock);
    if (bits && bits <= PAGE_SHIFT)
        return INVALID_MFN_RAW;
    if (bits)
        zmax = MIN(zmax, bits - PAGE_SHIFT);
    if (free_pages < need || free_pages - need < claimed_pages - own)
        return INVALID_MFN_RAW;
    if (!(memflags & MEMF_low_reserve) &&
        low_free_pages() < low_reserve + need) {
        /* Only what lies above 4 GiB. */
        if (zmax <= LOW_ZONES)
            return INVALID_MFN_RAW;
        high = chunk_take(zmax, order);
        if (high != INVALID_MFN_RAW && zone_of(high) <= LOW_ZONES) {
            chunk_free(high, order);
            return INVALID_MFN_RAW;
        }
        return high;
    }
    return chunk_take(zmax, order);
}

/*
 * The frames that say that they are dirty; they stay clean whatever becomes of
 * them now. scrubbed: NULL, or how many were scrubbed in this call; then false
 * means that it should be interrupted.
 */
static bool chunk_scrub(uint64_t mfn, unsigned int order,
                        unsigned long *scrubbed)
{
    struct page_info *pg = frame_table + mfn;

    for (unsigned long i = (1ul << order); i-- > 0;) {
        if (!(pg[i].free_flags & FREE_DIRTY))
            continue;
        memset(mfn_to_virt(_mfn(mfn + i)), 0, PAGE_SIZE);
        pg[i].free_flags &= ~FREE_DIRTY;
        if (scrubbed && ++*scrubbed % SCRUB_STRIDE == 0 &&
            hypercall_preempt_check())
            return false;
    }
    pg->free_flags &= ~FREE_UNCLEAN;
    return true;
}

/* Off the lists: make the chunk fit for a new owner. Stale translations go
 * first, on every CPU: no record says which. False: as chunk_scrub(). */
static bool chunk_prepare(uint64_t mfn, unsigned int order,
                          unsigned int memflags, unsigned long *scrubbed)
{
    struct page_info *pg = frame_table + mfn;
    uint32_t stamp = pg->tlb_stamp;
    uint64_t cpus;

    assert_no_irq_locks();
    if (heap_ready && (cpus = tlb_filter(cpu_online_map.bits, stamp)))
        flush_mask(cpus, 0, FLUSH_TLB_GLOBAL);
    if ((pg->free_flags & FREE_UNCLEAN) && !(memflags & MEMF_no_scrub) &&
        !chunk_scrub(mfn, order, scrubbed))
        return false;
    for (unsigned long i = 0; i < 1ul << order; i++) {
        pg[i].type = PGT_none;
        pg[i].tlb_stamp = stamp;
    }
    return true;
}

static void chunk_own(uint64_t mfn, unsigned int order, uint16_t owner,
                      uint32_t count)
{
    const struct page_info rec = {.count = count, .owner = owner};

    for (unsigned long i = 0; i < 1ul << order; i++)
        atomic_store(&frame_table[mfn + i].count_owner, rec.count_owner);
}

/* The last one first: it is the first one to be taken again. */
void put_back_pages(struct page_info **pg, unsigned long nr, unsigned int order)
{
    while (nr) {
        spin_lock(&heap_lock);
        do
            chunk_free(mfn_x(page_to_mfn(pg[--nr])), order);
        while (nr % LOCK_STRIDE);
        spin_unlock(&heap_lock);
    }
}

/* Off the lists and prepared; its records are free ones still. Errors as
 * take_pages(). */
static int take_chunk(const struct domain *d, struct page_info **pg,
                      unsigned int order, unsigned int memflags,
                      unsigned long *scrubbed)
{
    uint64_t mfn;

    if (order > MAX_ORDER)
        return -ENOMEM;
    spin_lock(&heap_lock);
    mfn = take_allowed(d, order, memflags);
    spin_unlock(&heap_lock);
    if (mfn == INVALID_MFN_RAW)
        return -ENOMEM;
    *pg = frame_table + mfn;
    if (chunk_prepare(mfn, order, memflags, scrubbed))
        return 0;
    put_back_pages(pg, 1, order);
    return -ERESTART;
}

int take_pages(const struct domain *d, struct page_info **pg, unsigned long nr,
               unsigned int order, unsigned int memflags)
{
    unsigned long n = 0, scrubbed = 0;
    int rc = 0;

    while (n < nr && !(rc = take_chunk(d, &pg[n], order, memflags, &scrubbed)))
        n++;
    if (rc)
        put_back_pages(pg, n, order);
    return rc;
}

/* Records become free ones; chunk_free() then makes them findable. */
static void make_free(struct page_info *pg, unsigned int order)
{
    uint32_t now = tlb_clock_now();
    struct page_info rec = {.free_prev = NIL,
                            .free_owner = DOMID_INVALID,
                            .free_flags = FREE_DIRTY | FREE_UNCLEAN};

    for (unsigned long i = 0; i < 1ul << order; i++) {
        if (pg[i].count & PGC_noncoherent)
            flush_cache_frame(page_to_mfn(pg + i));
        pg[i].tlb_stamp = now;
        pg[i].free_next = free_link(NIL);
        atomic_store(&pg[i].count_owner, rec.count_owner);
    }
}

void free_unowned_pages(struct page_info *pg, unsigned int order)
{
    make_free(pg, order);
    put_back_pages(&pg, 1, order);
}

/* --- the hypervisor's own frames ------------------------------------------ */

void *alloc_xenheap_pages(unsigned int order, unsigned int memflags)
{
    struct page_info *pg;

    if (take_chunk(NULL, &pg, order, memflags, NULL))
        return NULL;
    chunk_own(mfn_x(page_to_mfn(pg)), order, DOMID_IDLE,
              PGC_allocated | PGC_xenheap | 1);
    return page_to_virt(pg);
}

/* A lent frame leaves its borrower at once (ids are used again) and is freed
 * when the last mapping of it goes. */
static void end_loan(struct page_info *pg)
{
    struct page_info old, new;

    old.count_owner = READ_ONCE(pg->count_owner);
    do {
        new = old;
        new.owner = DOMID_IDLE;
        new.count &= ~PGC_allocated;
    } while (!atomic_cas(&pg->count_owner, &old.count_owner, new.count_owner));
    if (old.count & PGC_allocated)
        put_page(pg);
}

void free_xenheap_pages(void *p, unsigned int order)
{
    struct page_info *pg;

    if (!p)
        return;
    pg = virt_to_page(p);
    if (pg->owner == DOMID_IDLE)
        free_unowned_pages(pg, order);
    else
        for (unsigned long i = 0; i < 1ul << order; i++)
            end_loan(pg + i);
}

/* --- frames of domains ---------------------------------------------------- */

/*
 * d's first frame holds a reference on d, its last one drops it: the id stays
 * taken while anything in the machine still belongs to it.
 */
static bool frames_add(struct domain *d, uint64_t nr)
{
    ASSERT_HELD(&heap_lock);
    if (d->owned_frames == 0 && !get_domain(d))
        return false;
    d->owned_frames += nr;
    return true;
}

static void frames_leave(struct domain *d, uint64_t nr, bool counted)
{
    bool last;

    spin_lock(&heap_lock);
    if (counted)
        d->tot_pages -= nr;
    d->owned_frames -= nr;
    last = d->owned_frames == 0;
    spin_unlock(&heap_lock);
    if (last)
        put_domain(d);
}

static void note_range(struct domain *d, uint64_t mfn, uint64_t nr)
{
    if (!d->mfn_hi || mfn < d->mfn_lo)
        d->mfn_lo = mfn;
    if (mfn + nr > d->mfn_hi)
        d->mfn_hi = mfn + nr;
}

int assign_pages(struct domain *d, struct page_info *pg, unsigned int order,
                 unsigned int memflags)
{
    uint64_t nr = 1ul << order, mfn = mfn_x(page_to_mfn(pg)), used;
    bool counted = !(memflags & MEMF_no_refcount);
    int rc = -E2BIG;

    spin_lock(&heap_lock);
    if (d->is_dying) {
        if (!counted) /* the frame that it would have replaced is gone */
            d->tot_pages -= nr;
        rc = -EINVAL;
        goto out;
    }
    if (counted &&
        (d->tot_pages > d->max_pages || d->max_pages - d->tot_pages < nr))
        goto out;
    if (!frames_add(d, nr))
        goto out;
    if (counted) {
        d->tot_pages += nr;
        used = MIN(d->outstanding_claim, nr);
        d->outstanding_claim -= used;
        claimed_pages -= used;
    }
    note_range(d, mfn, nr);
    chunk_own(mfn, order, d->id, PGC_allocated | 1);
    rc = 0;
out:
    spin_unlock(&heap_lock);
    return rc;
}

struct page_info *alloc_domheap_pages(struct domain *d, unsigned int order,
                                      unsigned int memflags)
{
    struct page_info *pg;

    if (take_chunk(d, &pg, order, memflags, NULL))
        return NULL;
    if (!assign_pages(d, pg, order, memflags))
        return pg;
    put_back_pages(&pg, 1, order);
    return NULL;
}

/* The last reference is gone: no CPU can find the frame any more. */
void free_domheap_page(struct page_info *pg)
{
    bool owned = pg->owner < DOMID_FIRST_RESERVED;
    struct domain *d = owned ? domain_by_owner_id(pg->owner) : NULL;

    set_gpfn_from_mfn(page_to_mfn(pg), INVALID_M2P_ENTRY);
    free_unowned_pages(pg, 0);
    if (d)
        frames_leave(d, 1, true);
}

/* Only its allocation may hold the frame: no mapping, no walker, no type. */
static bool change_owner(struct page_info *pg, domid_t from, domid_t to)
{
    struct page_info old = {.count = PGC_allocated | 1, .owner = from}, new;

    old.count |= READ_ONCE(pg->count) & PGC_noncoherent;
    new = old;
    new.owner = to;
    return atomic_cas(&pg->count_owner, &old.count_owner, new.count_owner);
}

/* To d, which counts them all the time; or free, if it is dying meanwhile. */
static void return_pages(struct domain *d, struct page_info **pg,
                         unsigned long nr)
{
    bool is_dying = false;

    while (nr && !is_dying) {
        spin_lock(&heap_lock);
        is_dying = d->is_dying;
        if (!is_dying)
            do
                BUG_ON(!change_owner(pg[--nr], DOMID_IDLE, d->id));
            while (nr % LOCK_STRIDE);
        spin_unlock(&heap_lock);
    }
    if (nr) {
        free_stolen_pages(pg, nr);
        frames_leave(d, nr, true);
    }
}

int steal_pages(struct domain *d, struct page_info **pg, unsigned long nr)
{
    unsigned long n = 0;

    while (n < nr && change_owner(pg[n], d->id, DOMID_IDLE))
        n++;
    if (n == nr)
        frames_leave(d, nr, false);
    else
        return_pages(d, pg, n);
    return n == nr ? 0 : -EBUSY;
}

void free_stolen_pages(struct page_info **pg, unsigned long nr)
{
    for (unsigned long i = 0; i < nr; i++)
        make_free(pg[i], 0);
    put_back_pages(pg, nr, 0);
}

/* --- figures and claims --------------------------------------------------- */

uint64_t total_free_pages(void)
{
    return READ_ONCE(free_pages);
}

uint64_t available_pages(void)
{
    uint64_t n;

    spin_lock(&heap_lock);
    n = free_pages - reserved_pages();
    spin_unlock(&heap_lock);
    return n;
}

uint64_t outstanding_claims(void)
{
    return READ_ONCE(claimed_pages);
}

/* pages: what the domain shall have in the end; 0 gives the claim up. */
int domain_set_outstanding_pages(struct domain *d, uint64_t pages)
{
    uint64_t claim;
    int rc = 0;

    spin_lock(&heap_lock);
    claim = pages - d->tot_pages;
    if (pages == 0) {
        claimed_pages -= d->outstanding_claim;
        d->outstanding_claim = 0;
    } else if (d->outstanding_claim || pages <= d->tot_pages ||
               pages > d->max_pages) {
        rc = -EINVAL;
    } else if (claimed_pages + claim + reserved_pages() > free_pages) {
        /* For a moment frames are taken and still claimed: no differences. */
        rc = -ENOMEM;
    } else {
        d->outstanding_claim = claim;
        claimed_pages += claim;
    }
    spin_unlock(&heap_lock);
    return rc;
}

void heap_dump(char key)
{
    for (unsigned int z = 0; z < NR_ZONES; z++)
        if (zone_free[z])
            printk("  zone %u: %lu frames\n", z, zone_free[z]);
}

#ifdef HV_DEBUG
/* The frames of one list. A ring of links ends where a link back is wrong. */
static uint64_t walk_list(unsigned int zone, unsigned int order,
                          void (*found)(unsigned long mfn, unsigned int order),
                          unsigned long *wrong)
{
    uint64_t nr = 0;
    uint32_t prev = NIL;

    for (uint32_t mfn = free_list[zone][order]; mfn != NIL;
         prev = mfn, mfn = next_free(frame_table + mfn)) {
        if (!is_free_chunk(mfn, order) || zone_of(mfn) != zone ||
            mfn % (1u << order) || frame_table[mfn].free_prev != prev) {
            ++*wrong;
            break;
        }
        found(mfn, order);
        nr += 1ul << order;
    }
    return nr;
}

unsigned long heap_walk(void (*found)(unsigned long mfn, unsigned int order))
{
    unsigned long wrong = 0;
    uint64_t all = 0;

    spin_lock(&heap_lock);
    for (unsigned int z = 0; z < NR_ZONES; z++) {
        uint64_t nr = 0;

        for (unsigned int o = 0; o <= MAX_ORDER; o++) {
            nr += walk_list(z, o, found, &wrong);
            wrong += (nonempty[z] >> o & 1) != (free_list[z][o] != NIL);
        }
        wrong += nr != zone_free[z];
        all += nr;
    }
    wrong += all != free_pages;
    spin_unlock(&heap_lock);
    return wrong;
}
#endif

/* --- boot ----------------------------------------------------------------- */

void page_alloc_init(void)
{
    for (unsigned int z = 0; z < NR_ZONES; z++)
        for (unsigned int o = 0; o <= MAX_ORDER; o++)
            free_list[z][o] = NIL;
}

/* RAM that was not the heap's before: no domain may read what it held. */
void init_heap_pages(paddr_t s, paddr_t e)
{
    uint64_t mfn = PFN_UP(s), end = PFN_DOWN(e);

    while (mfn < end) {
        unsigned int order = mfn ? MIN(MAX_ORDER, ffs64(mfn)) : MAX_ORDER;

        while (mfn + (1ul << order) > end ||
               zone_of(mfn) != zone_of(mfn + (1ul << order) - 1))
            order--;
        free_unowned_pages(frame_table + mfn, order);
        mfn += 1ul << order;
    }
}

/* All RAM is in: choose the reserve and start flushing before reuse. */
void heap_init_done(void)
{
    low_reserve = MIN(MB(32ul) >> PAGE_SHIFT, low_free_pages() / 128);
    heap_ready = true;
}
