/* SPDX-License-Identifier: MIT */
/*
 * Counts and types of frames.
 *
 * General count: every reason why the frame may not be freed; it lives in one
 * word with the owner, so "owned by d and referenced" is one atomic step.
 *
 * Type word: type, count of uses in that type, and state. The states:
 *
 *  - none: count 0. tlb_stamp tells when the last use ended.
 *  - in use: validated, count >= 1.
 *  - working: a table or descriptor page, locked, not validated, count 1: one
 *    CPU takes or gives back the references of its entries.
 *  - partial: like working, but the CPU left in the middle: entries below
 *    'resume' are counted. The mark itself holds the type count of one and one
 *    general count. The next CPU that needs the frame may finish it, in either
 *    direction.
 *  - listed: partial, and in its owner's list of undos (table.c). It can only
 * be undone, by the CPU that takes it from there; who needs it comes again.
 *
 * Everything into and out of "none" for tables, and out of it for a frame that
 * was a table, goes through the lock bit: the new type is taken, stale TLB
 * entries are flushed, the content is checked, then "validated" is published.
 * The last use ends under the lock bit too, so that the stamp is never older
 * than a translation that a CPU could still have made.
 *
 * Lock bits nest from a table to the table below it, never the other way. The
 * CPU that holds one may wait for TLB flushes, so a CPU that waits for one must
 * serve them.
 */
#include <asm/pv.h>
#include <asm/tlb.h>
#include "mm.h"
#include <hv/page_alloc.h>
#include <hv/smp.h>

/* --- general counts ------------------------------------------------------- */

bool get_page(struct page_info *pg, const struct domain *d)
{
    return get_owned_page(pg, d->id);
}

/* One more general count for a mark of the hypervisor's: there is always room.
 */
static void hold_page(struct page_info *pg)
{
    atomic_inc(&pg->count);
}

void put_page(struct page_info *pg)
{
    uint32_t left = atomic_dec(&pg->count);

    if (unlikely((left & PGC_count_mask) == 0)) {
        BUG_ON(left & PGC_allocated);
        free_domheap_page(pg);
    }
}

struct page_info *get_page_from_mfn(mfn_t mfn, const struct domain *d)
{
    struct page_info *pg;

    if (unlikely(!mfn_valid(mfn)))
        return NULL;
    pg = mfn_to_page(mfn);
    return get_page(pg, d) ? pg : NULL;
}

struct page_info *get_writable_page(mfn_t mfn, const struct domain *d)
{
    struct page_info *pg = get_page_from_mfn(mfn, d);

    if (!pg || !get_page_type(pg, PGT_writable))
        return pg;
    put_page(pg);
    return NULL;
}

bool set_owned_gpfn(mfn_t mfn, uint64_t pfn, const struct domain *d)
{
    struct page_info *pg = get_page_from_mfn(mfn, d);

    if (!pg)
        return false;
    set_gpfn_from_mfn(mfn, pfn);
    put_page(pg);
    return true;
}

/* --- frames that we lend -------------------------------------------------- */

static void lend(struct page_info *pg, uint16_t owner, bool read_only)
{
    const struct page_info rec = {.count = PGC_allocated | PGC_xenheap | 1,
                                  .owner = owner};

    /* This count of one is never dropped, so the type never changes. */
    pg->type = (read_only ? PGT_none : PGT_writable | PGT_validated) | 1;
    atomic_store(&pg->count_owner, rec.count_owner);
}

void share_xen_page_with_guest(struct page_info *pg, struct domain *d,
                               bool read_only)
{
    lend(pg, d->id, read_only);
}

void share_xen_page_with_privileged(struct page_info *pg, bool read_only)
{
    lend(pg, DOMID_XEN, read_only);
}

/* --- transitions ---------------------------------------------------------- */

/* [locked] One write for a whole new state; only PGT_foreign may be set by
 * others meanwhile, and must not get lost. */
static void set_state(struct page_info *pg, uint32_t state)
{
    uint32_t old = READ_ONCE(pg->type);

    ASSERT_LOCKED(pg);
    while (!atomic_cas(&pg->type, &old, state | (old & PGT_foreign)))
        ;
}

/* [locked] The last use is over. */
static void type_ends(struct page_info *pg, uint32_t was)
{
    ASSERT_LOCKED(pg);
    pg->tlb_stamp = tlb_clock_now();
    pg->resume = 0; /* who takes frames away finds all as it was at first */
    if (was)        /* saved in another form from now on */
        log_dirty_frame(page_to_mfn(pg));
    set_state(pg, PGT_none | was);
}

/* [working] Leaves the frame as it is, for another call to finish. */
static void set_partial(struct page_info *pg, uint32_t type, bool had_mark)
{
    if (!had_mark)
        hold_page(pg);
    set_state(pg, type | PGT_partial | 1);
}

/* Stale translations that could write to the frame, or walk through it. */
static void flush_stale(struct page_info *pg, uint32_t state)
{
    const struct domain *d = domain_by_owner_id(pg->owner);
    uint64_t cpus = cpu_online_map.bits;

    if (d && !(state & PGT_foreign))
        cpus &= READ_ONCE(d->arch.dirty_cpumask);
    cpus = tlb_filter(cpus, pg->tlb_stamp);
    if (cpus)
        flush_mask(cpus, 0, FLUSH_TLB_GLOBAL);
}

static int take_descriptors(uint64_t *desc)
{
    for (unsigned int i = 0; i < PAGE_SIZE / sizeof(*desc); i++)
        if (!fixup_guest_descriptor(&desc[i]))
            return -EINVAL;
    return 0;
}

/* [working] Check the content, or go on with it; publish or undo. */
static int validate(struct page_info *pg, uint32_t type, bool had_mark)
{
    struct domain *d = domain_by_owner_id(pg->owner);
    unsigned int level = table_level(type);
    int rc;

    if (!d)
        rc = -EINVAL;
    else if (level)
        rc = table_take_entries(pg, level, d);
    else
        rc = take_descriptors(page_to_virt(pg));
    if (rc == -ERESTART) {
        set_partial(pg, type, had_mark);
        /* After the mark: either the walk over a dying domain's frames finds
         * the mark, or this function finds that the walk is under way. */
        if (unlikely(READ_ONCE(d->is_dying)) && finish_undo(pg))
            queue_undo(pg);
        return rc;
    }
    if (rc && level && table_put_entries(pg, level)) {
        set_partial(pg, type, had_mark);
        queue_undo(pg);
        return rc;
    }
    if (rc) {
        type_ends(pg, PGT_was_table);
    } else {
        uint32_t old = READ_ONCE(pg->type);

        /* Flushed on all CPUs if foreign: that mark has done its duty. */
        while (!atomic_cas(&pg->type, &old, type | PGT_validated | 1))
            ;
        log_dirty_frame(page_to_mfn(pg));
    }
    if (had_mark)
        put_page(pg);
    return rc;
}

/* [working] state: what the word said when the type was "none". */
static int take_new_type(struct page_info *pg, uint32_t type, uint32_t state)
{
    flush_stale(pg, state);
    if (type == PGT_writable) {
        set_state(pg, PGT_writable | PGT_validated | 1);
        return 0;
    }
    if (READ_ONCE(pg->count) & PGC_noncoherent)
        flush_cache_frame(page_to_mfn(pg));
    pg->entry_mask = 0; /* takes the stamp's place */
    pg->resume = 0;
    return validate(pg, type, false);
}

int get_page_type(struct page_info *pg, uint32_t type)
{
    uint32_t x = READ_ONCE(pg->type), kept;

    for (;;) {
        if ((x & PGT_count_mask) == 0 && !(x & PGT_locked)) {
            kept = x & PGT_foreign;
            if (type == PGT_writable && !(x & PGT_was_table)) {
                if (atomic_cas(&pg->type, &x,
                               PGT_writable | PGT_validated | kept | 1))
                    return 0;
            } else if (atomic_cas(&pg->type, &x, type | PGT_locked | kept | 1))
                return take_new_type(pg, type, kept);
            continue;
        }
        if ((x & PGT_count_mask) && (x & PGT_type_mask) != type)
            return -EINVAL;
        if (x & PGT_validated) {
            if (unlikely((x & PGT_count_mask) == PGT_count_mask))
                return -EINVAL;
            if (atomic_cas(&pg->type, &x, x + 1))
                return 0;
        } else if (x & PGT_locked) {
            /* Short, except for another CPU's work on a large table. */
            if (table_level(type) > 1 && hypercall_preempt_check())
                return -ERESTART;
            flush_while_waiting();
            x = READ_ONCE(pg->type);
        } else if (!(x & PGT_partial)) {
            return -EINVAL; /* lent read-only: one count for ever */
        } else if (x & PGT_listed) {
            return -ERESTART; /* the call, made again, finds it undone */
        } else if (atomic_cas(&pg->type, &x, (x & ~PGT_partial) | PGT_locked)) {
            return validate(pg, type, true);
        }
    }
}

int get_page_and_type(struct page_info *pg, struct domain *d, uint32_t type)
{
    int rc;

    if (!get_page(pg, d))
        return -EINVAL;
    rc = get_page_type(pg, type);
    if (rc)
        put_page(pg);
    return rc;
}

/*
 * [working] No vcpu has this root any more, but a CPU that went idle may have
 * kept it loaded since the vcpu left (the vcpu runs elsewhere only after "idle
 * is running" is visible here).
 */
static void leave_root(const struct page_info *pg)
{
    const struct domain *d = domain_by_owner_id(pg->owner);
    cpumask_t may = {READ_ONCE(d->arch.dirty_cpumask) & cpu_online_map.bits};
    uint64_t idle = 0;
    unsigned int cpu;

    for_each_cpu (cpu, may)
        if (idle_vcpu[cpu] && READ_ONCE(idle_vcpu[cpu]->is_running))
            idle |= 1ull << cpu;
    if (idle)
        flush_mask(idle, 0, FLUSH_ROOT);
}

/* [working] The table has no use any more. */
static int undo(struct page_info *pg, uint32_t type, bool had_mark)
{
    unsigned int level = table_level(type);

    if (level == 4)
        leave_root(pg);
    if (level && table_put_entries(pg, level)) {
        set_partial(pg, type, had_mark);
        return -ERESTART;
    }
    type_ends(pg, PGT_was_table);
    if (had_mark)
        put_page(pg);
    return 0;
}

int put_page_type_step(struct page_info *pg)
{
    uint32_t x = READ_ONCE(pg->type), type;

    for (;;) {
        type = x & PGT_type_mask;
        BUG_ON(!(x & PGT_count_mask));
        if ((x & PGT_count_mask) > 1) {
            if (atomic_cas(&pg->type, &x, x - 1))
                return 0;
        } else if (x & PGT_locked) {
            flush_while_waiting(); /* an entry is being written */
            x = READ_ONCE(pg->type);
        } else if (type == PGT_writable) {
            if (atomic_cas(&pg->type, &x,
                           PGT_none | PGT_locked | (x & PGT_foreign))) {
                type_ends(pg, 0);
                return 0;
            }
        } else if (atomic_cas(&pg->type, &x,
                              (x & ~PGT_validated) | PGT_locked)) {
            return undo(pg, type, false); /* from where validation ended */
        }
    }
}

void put_page_type(struct page_info *pg)
{
    if (put_page_type_step(pg))
        queue_undo(pg);
}

/* Partial, and nobody else's to go on with: now it is working, in the caller's
 * hands, and *type what it is. */
static bool take_partial(struct page_info *pg, uint32_t *type)
{
    uint32_t x = READ_ONCE(pg->type);

    do {
        if (!(x & PGT_partial) || (x & (PGT_locked | PGT_listed)))
            return false;
    } while (!atomic_cas(&pg->type, &x, (x & ~PGT_partial) | PGT_locked));
    *type = x & PGT_type_mask;
    return true;
}

int finish_undo(struct page_info *pg)
{
    uint32_t type;

    return take_partial(pg, &type) ? undo(pg, type, true) : 0;
}

bool mark_listed(struct page_info *pg, uint32_t next)
{
    uint32_t type;

    if (!take_partial(pg, &type))
        return false;
    pg->undo_next = next; /* takes the mask's place */
    set_state(pg, type | PGT_partial | PGT_listed | 1);
    return true;
}

void finish_listed_undo(struct page_info *pg)
{
    uint32_t type = READ_ONCE(pg->type) & PGT_type_mask;

    hold_page(pg);
    /* Until here nobody else went on with it. */
    atomic_or(&pg->type, PGT_locked);
    atomic_and(&pg->type, ~(PGT_partial | PGT_listed));
    pg->entry_mask = ~0u; /* any of them */
    if (undo(pg, type, true))
        queue_undo(pg);
    put_page(pg);
}

unsigned int table_lock(struct page_info *pg)
{
    uint32_t x = READ_ONCE(pg->type);

    for (;;) {
        if (!(x & PGT_validated) || !table_level(x))
            return 0;
        if (x & PGT_locked) {
            flush_while_waiting();
            x = READ_ONCE(pg->type);
        } else if (atomic_cas(&pg->type, &x, x | PGT_locked)) {
            return table_level(x);
        }
    }
}
