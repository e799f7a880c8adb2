/* SPDX-License-Identifier: MIT */
/*
 * The auditor: counts every reference in the machine again, from what holds it,
 * and compares with the frame records. Debug builds run it by key and, with
 * audit-deaths, when a domain has died; every test wants 0 errors.
 *
 * Known to it: entries of validated and partial tables, pins, partial marks,
 * roots, descriptor pages, vcpu_info pages, pages of event channels and of
 * interrupts, grants, frames that we lend, the allocation. What else takes
 * references gives them back before a vcpu can leave the hypervisor, and while
 * the auditor works none is inside but its own. So all counts must match
 * exactly. So must the heap's lists, sums of frames and claims, pins and
 * handles of grants, and the lists of undos; and no stamp may be of the future.
 */
#ifdef HV_DEBUG
#include "mm.h"
#include <hv/event_channel.h>
#include <hv/grant_table.h>
#include <hv/page_alloc.h>
#include <hv/softirq.h>
#include <asm/paging.h>
#include <asm/tlb.h>
#include <xen/xen.h>

struct tally {
    uint32_t general, type;
    bool listed; /* among the heap's free ones */
};
static struct tally *tally;
static unsigned long errors;
static bool talk;

#define MAX_LINES 20

static void vcomplain(const char *about, const char *fmt, va_list ap)
{
    char text[80];

    if (++errors > MAX_LINES || !talk)
        return;
    vsnprintf(text, sizeof(text), fmt, ap);
    printk(XENLOG_ERR "audit: %s: %s\n", about, text);
}

static void __printf(2, 3) complain(unsigned long mfn, const char *fmt, ...)
{
    const struct page_info *pg = frame_table + mfn;
    char about[80];
    va_list ap;

    snprintf(about, sizeof(about), "mfn %lx type %08x count %08x owner %u", mfn,
             pg->type, pg->count, pg->owner);
    va_start(ap, fmt);
    vcomplain(about, fmt, ap);
    va_end(ap);
}

static void __printf(2, 3)
    complain_of(const struct domain *d, const char *fmt, ...)
{
    char about[16];
    va_list ap;

    snprintf(about, sizeof(about), d ? "d%u" : "heap", d ? d->id : 0);
    va_start(ap, fmt);
    vcomplain(about, fmt, ap);
    va_end(ap);
}

static bool is_free(const struct page_info *pg)
{
    return pg->owner == DOMID_INVALID;
}

/* --- what is referred to -------------------------------------------------- */

static void count_ref(unsigned long from, mfn_t mfn, bool typed)
{
    if (!mfn_valid(mfn)) {
        complain(from, "refers to frame %lx", mfn_x(mfn));
        return;
    }
    if (is_free(mfn_to_page(mfn)))
        complain(mfn_x(mfn), "free, but %lx refers to it", from);
    tally[mfn_x(mfn)].general++;
    tally[mfn_x(mfn)].type += typed;
}

static void count_held(mfn_t mfn, uint32_t general, uint32_t types)
{
    if (!mfn_valid(mfn) || is_free(mfn_to_page(mfn))) {
        complain_of(NULL, "frame %lx is held and not owned", mfn_x(mfn));
        return;
    }
    tally[mfn_x(mfn)].general += general;
    tally[mfn_x(mfn)].type += types;
}

static void check_stamp(unsigned long mfn)
{
    if (stamp_is_ahead(frame_table[mfn].tlb_stamp))
        complain(mfn, "stamp %x is of the future", frame_table[mfn].tlb_stamp);
}

/* The stamp of a free chunk is that of its first frame. */
static void count_chunk(unsigned long mfn, unsigned int order)
{
    check_stamp(mfn);
    for (unsigned long i = mfn; i < mfn + (1ul << order); i++) {
        if (tally[i].listed)
            complain(i, "twice in the free lists");
        tally[i].listed = true;
    }
}

static void count_l1_entry(unsigned long from, pte_t e)
{
    mfn_t mfn = pte_mfn(e);
    const struct page_info *pg = mfn_to_page(mfn);

    if (!mfn_valid(mfn) || pg->owner == DOMID_IO)
        return;
    count_ref(from, mfn, e & PTE_RW);
    if ((e & PTE_RW) && (pg->type & PGT_type_mask) != PGT_writable)
        complain(mfn_x(mfn), "mapped writable by table %lx", from);
}

static void count_upper_entry(unsigned long from, pte_t e, unsigned int level)
{
    const struct page_info *pg = mfn_to_page(pte_mfn(e));

    count_ref(from, pte_mfn(e), true);
    if (mfn_valid(pte_mfn(e)) && (pg->type & (PGT_type_mask | PGT_validated)) !=
                                     (table_type(level - 1) | PGT_validated))
        complain(mfn_x(pte_mfn(e)), "in table %lx of level %u", from, level);
    if (mfn_valid(pte_mfn(e)) && pg->owner != frame_table[from].owner)
        complain(mfn_x(pte_mfn(e)), "in another domain's table %lx", from);
}

static void count_table(unsigned long mfn, unsigned int level)
{
    const struct page_info *pg = frame_table + mfn;
    const pte_t *t = mfn_to_virt(_mfn(mfn));
    bool partial = pg->type & PGT_partial;
    unsigned int end = partial ? pg->resume & RESUME_SLOT : PT_ENTRIES;
    uint32_t mask = partial && (pg->type & PGT_listed) ? ~0u : pg->entry_mask;

    if (partial && (pg->resume & RESUME_CHILD))
        count_ref(mfn, pte_mfn(t[end]), false);
    for (unsigned int i = 0; i < end; i++) {
        pte_t e = t[i];

        if (is_hv_slot(level, i)) {
            if (i != PERDOMAIN_SLOT && e != idle_root[i])
                complain(mfn, "slot %u is not the template's", i);
            continue;
        }
        if (!(e & PTE_PRESENT))
            continue;
        if (entry_adjust(e, level) != e || !entry_flags_ok(e, level))
            complain(mfn, "slot %u has %lx", i, e);
        if (!(mask & (1u << (i / MASK_GROUP))))
            complain(mfn, "slot %u is not in the mask", i);
        if (level == 1)
            count_l1_entry(mfn, e);
        else
            count_upper_entry(mfn, e, level);
    }
}

static void count_frame(unsigned long mfn)
{
    const struct page_info *pg = frame_table + mfn;
    unsigned int level = table_level(pg->type);

    if (is_free(pg) || pg->owner == DOMID_IO)
        return;
    if (pg->count & PGC_allocated)
        tally[mfn].general++;
    if (pg->type & PGT_partial) {
        tally[mfn].general++;
        tally[mfn].type++;
    }
    if (pg->type & PGT_pinned) {
        tally[mfn].general++;
        tally[mfn].type++;
    }
    if (pg->type & PGT_locked)
        complain(mfn, "locked");
    if (level && (pg->type & (PGT_validated | PGT_partial)))
        count_table(mfn, level);
}

static void count_vcpu(const struct vcpu *v)
{
    const struct arch_vcpu *a = &v->arch;
    unsigned long who = mfn_x(a->guest_root);

    if (mfn_valid(a->guest_root))
        count_ref(who, a->guest_root, true);
    if (mfn_valid(a->guest_root_user))
        count_ref(who, a->guest_root_user, true);
    for (unsigned int i = 0; i < DIV_ROUND_UP(a->gdt_ents, 512); i++)
        count_ref(who, a->gdt_frames[i], true);
    for (unsigned int i = 0; i < 16; i++)
        if (a->ldt_mapped & (1u << i))
            count_ref(who, pte_mfn(*perdomain_l1e((struct vcpu *)v, 16 + i)),
                      true);
    if (!mfn_eq(v->vcpu_info_mfn, INVALID_MFN))
        count_held(v->vcpu_info_mfn, 1, 1);
}

static void count_domain(const struct domain *d)
{
    const struct vcpu *v;

    for_each_vcpu (d, v)
        count_vcpu(v);
    if (d->arch.pirq_eoi_map)
        count_held(d->arch.pirq_eoi_mfn, 1, 1);
    evtchn_held_frames(d, count_held);
    gnttab_held_frames(d, count_held);
}

/* --- comparison ----------------------------------------------------------- */

/* A frame of ours that somebody has, or had, on loan has a type count of its
 * own, so that its type stays; one that nobody had has no use for types. */
static void check_own_frame(unsigned long mfn)
{
    const struct page_info *pg = frame_table + mfn;
    bool lent = pg->owner != DOMID_IDLE || !(pg->count & PGC_allocated);

    if (lent && (pg->type & PGT_count_mask) != tally[mfn].type + 1)
        complain(mfn, "lent, type count, %u references", tally[mfn].type);
}

static void check_type(unsigned long mfn)
{
    const struct page_info *pg = frame_table + mfn;
    uint32_t type = pg->type & PGT_type_mask, n = pg->type & PGT_count_mask;
    bool table = table_level(pg->type);

    if (n != tally[mfn].type)
        complain(mfn, "type count, %u references", tally[mfn].type);
    if (n == 0 && type != PGT_none)
        complain(mfn, "type without uses");
    if ((pg->type & PGT_pinned) && !(table && n))
        complain(mfn, "pinned, but no table");
    if ((pg->type & PGT_partial) && n != 1)
        complain(mfn, "partial with count %u", n);
    if (table && !(pg->type & (PGT_validated | PGT_partial)))
        complain(mfn, "table neither valid nor partial");
    if (n == 0)
        check_stamp(mfn);
}

static void check_frame(unsigned long mfn)
{
    const struct page_info *pg = frame_table + mfn;
    uint32_t general = pg->count & PGC_count_mask;

    if (pg->owner == DOMID_IO)
        return;
    if (is_free(pg)) {
        if (!tally[mfn].listed)
            complain(mfn, "free, but in no list");
        return;
    }
    if (tally[mfn].listed)
        complain(mfn, "in a free list, but owned");
    if (general != tally[mfn].general)
        complain(mfn, "general count, %u references", tally[mfn].general);
    if (pg->count & PGC_xenheap)
        check_own_frame(mfn);
    else
        check_type(mfn);
}

/* What a domain's next call must finish first. */
static void check_undo_list(const struct domain *d)
{
    uint32_t n = 0, mfn = d->arch.undo_list;
    const struct page_info *pg;

    for (; mfn && n <= d->arch.nr_pending_undo; mfn = pg->undo_next, n++) {
        pg = frame_table + mfn;
        if (!(pg->type & PGT_partial) || !(pg->type & PGT_listed) ||
            pg->owner != d->id)
            complain(mfn, "listed, but no undo of d%u", d->id);
    }
    if (n != d->arch.nr_pending_undo)
        complain(mfn, "%u undos in the list of d%u", n, d->id);
}

static void check_domain(const struct domain *d)
{
    uint64_t owned = 0, odd = gnttab_odd_entries(d);

    check_undo_list(d);
    for (unsigned long mfn = 0; mfn < max_page; mfn++)
        owned += frame_table[mfn].owner == d->id &&
                 !(frame_table[mfn].count & PGC_xenheap);
    if (owned != d->owned_frames)
        complain_of(d, "owns %lu frames, says %lu", owned, d->owned_frames);
    if (d->tot_pages > d->owned_frames)
        complain_of(d, "counts %lu pages, owns %lu", d->tot_pages, owned);
    if (odd)
        complain_of(d, "%lu grants with other pins than handles", odd);
}

static void check_heap(void)
{
    unsigned long wrong = heap_walk(count_chunk);
    uint64_t claims = 0;
    const struct domain *d;

    if (wrong)
        complain_of(NULL, "%lu links, places or sums are wrong", wrong);
    for_each_domain (d)
        claims += d->outstanding_claim;
    if (claims != outstanding_claims())
        complain_of(NULL, "domains claim %lu pages, not %lu", claims,
                    outstanding_claims());
}

static void set_paused(bool paused)
{
    struct domain *d;
    struct vcpu *v;

    for_each_domain (d)
        for_each_vcpu (d, v) {
            if (v == current)
                continue;
            if (paused)
                vcpu_pause(v);
            else
                vcpu_unpause(v);
        }
}

static void audit(void)
{
    struct domain *d;

    for (unsigned long mfn = 0; mfn < max_page; mfn++)
        count_frame(mfn);
    for_each_domain (d)
        count_domain(d);
    check_heap();
    for (unsigned long mfn = 0; mfn < max_page; mfn++)
        check_frame(mfn);
    for_each_domain (d)
        check_domain(d);
}

unsigned long audit_frames(bool verbose)
{
    static uint32_t under_way;
    unsigned int order = 0;

    /* Two would wait for each other's vcpu to leave its CPU. */
    if (atomic_xchg(&under_way, 1)) {
        printk(XENLOG_WARNING "audit: another one is under way\n");
        return 0;
    }
    while ((PAGE_SIZE << order) < max_page * sizeof(*tally))
        order++;
    tally = alloc_xenheap_pages(order, 0);
    errors = 0;
    talk = verbose;
    if (!tally) {
        printk(XENLOG_WARNING "audit: no memory\n");
    } else {
        set_paused(true);
        rcu_hold(true);
        audit();
        rcu_hold(false);
        set_paused(false);
        free_xenheap_pages(tally, order);
        printk(XENLOG_INFO "audit: %lu frames, %lu errors\n", max_page, errors);
    }
    atomic_store(&under_way, 0);
    return errors;
}
#endif
