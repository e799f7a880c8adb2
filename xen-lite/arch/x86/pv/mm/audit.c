/* SPDX-License-Identifier: MIT */
/*
 * The auditor: counts every reference in the machine again, from the tables
 * themselves, and compares with the frame records. Debug builds run it by key;
 * every test wants 0 errors.
 *
 * Known to it: entries of validated and partial tables, pins, partial marks,
 * roots, descriptor pages, registered vcpu_info pages, the allocation. Other
 * holders (grants, event channel pages) take general and writable counts,
 * so for those two it demands "at least"; types of tables and of descriptor
 * pages must match exactly.
 */
#ifdef HV_DEBUG
#include "mm.h"
#include <hv/page_alloc.h>
#include <asm/paging.h>
#include <xen/xen.h>

struct tally {
    uint32_t general, type;
};
static struct tally *tally;
static unsigned long errors;
static bool talk;

#define MAX_LINES 20

static void __printf(2, 3) complain(unsigned long mfn, const char *fmt, ...)
{
    const struct page_info *pg = frame_table + mfn;
    char text[80];
    va_list ap;

    if (++errors > MAX_LINES || !talk)
        return;
    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    printk(XENLOG_ERR "audit: mfn %lx type %08x count %08x owner %u: %s\n", mfn,
           pg->type, pg->count, pg->owner, text);
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
    if (mfn_valid(v->vcpu_info_mfn))
        count_ref(who, v->vcpu_info_mfn, true);
}

/* --- comparison ----------------------------------------------------------- */

static void check_frame(unsigned long mfn)
{
    const struct page_info *pg = frame_table + mfn;
    uint32_t type = pg->type & PGT_type_mask, n = pg->type & PGT_count_mask;
    uint32_t general = pg->count & PGC_count_mask;

    if (is_free(pg) || pg->owner == DOMID_IO)
        return;
    if (general < tally[mfn].general)
        complain(mfn, "general count, %u references", tally[mfn].general);
    if (general == 0)
        complain(mfn, "owned without a count");
    if (pg->count & PGC_xenheap)
        return; /* a fixed type count of its own when it is lent */
    if (n < tally[mfn].type)
        complain(mfn, "type count, %u references", tally[mfn].type);
    if ((table_level(pg->type) || type == PGT_descriptor) &&
        n != tally[mfn].type)
        complain(mfn, "exact type, %u references", tally[mfn].type);
    if (n > general)
        complain(mfn, "more types than references");
    if (n == 0 && type != PGT_none)
        complain(mfn, "type without uses");
    if ((pg->type & PGT_pinned) && !(table_level(pg->type) && n))
        complain(mfn, "pinned, but no table");
    if ((pg->type & PGT_partial) && n != 1)
        complain(mfn, "partial with count %u", n);
    if (table_level(pg->type) && !(pg->type & (PGT_validated | PGT_partial)))
        complain(mfn, "table neither valid nor partial");
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
    uint64_t owned = 0;

    check_undo_list(d);

    for (unsigned long mfn = 0; mfn < max_page; mfn++)
        owned += frame_table[mfn].owner == d->id &&
                 !(frame_table[mfn].count & PGC_xenheap);
    if (owned != d->owned_frames) {
        errors++;
        printk(XENLOG_ERR "audit: d%u owns %lu frames, says %lu\n", d->id,
               owned, d->owned_frames);
    }
    if (d->tot_pages > d->owned_frames) {
        errors++;
        printk(XENLOG_ERR "audit: d%u counts %lu pages, owns %lu\n", d->id,
               d->tot_pages, owned);
    }
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

unsigned long audit_frames(bool verbose)
{
    unsigned int order = 0;
    struct domain *d;
    struct vcpu *v;

    while ((PAGE_SIZE << order) < max_page * sizeof(*tally))
        order++;
    tally = alloc_xenheap_pages(order, 0);
    if (!tally) {
        printk(XENLOG_WARNING "audit: no memory\n");
        return 0;
    }
    errors = 0;
    talk = verbose;
    set_paused(true);
    for (unsigned long mfn = 0; mfn < max_page; mfn++)
        count_frame(mfn);
    for_each_domain (d)
        for_each_vcpu (d, v)
            count_vcpu(v);
    for (unsigned long mfn = 0; mfn < max_page; mfn++)
        check_frame(mfn);
    for_each_domain (d)
        check_domain(d);
    set_paused(false);
    free_xenheap_pages(tally, order);
    printk(XENLOG_INFO "audit: %lu frames, %lu errors\n", max_page, errors);
    return errors;
}
#endif
