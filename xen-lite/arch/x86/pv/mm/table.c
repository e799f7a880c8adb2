/* SPDX-License-Identifier: MIT */
/*
 * All entries of one table: taking their references (validation) and giving
 * them back (undo).
 *
 * Most tables are nearly empty. Validation looks at eight entries at a time;
 * it leaves in the frame's record a mask with one bit per 16 slots that may
 * hold present entries, and the undo visits only those. L1 tables are done in
 * one go, 512 entries; above that each present entry may mean as much or a
 * tree, so there is a preemption check after each.
 *
 * An undo that was interrupted goes into a list of the owner's, through the
 * records of the frames, so that it has no bound. The next memory call (of
 * anyone, for that domain) finishes first what is there; a table that is listed
 * is gone on with in no other way.
 */
#include "mm.h"
#include <asm/paging.h>
#include <asm/tlb.h>

static bool eight_absent(const pte_t *t)
{
    return !((t[0] | t[1] | t[2] | t[3] | t[4] | t[5] | t[6] | t[7]) &
             PTE_PRESENT);
}

/* The next eight with a present entry, from an eight's start. */
static unsigned int skip_absent(const pte_t *t, unsigned int i)
{
    const pte_t *p = t + i, *end = t + PT_ENTRIES;

    while (p + 16 <= end && eight_absent(p) && eight_absent(p + 8))
        p += 16;
    while (p < end && eight_absent(p))
        p += 8;
    return p - t;
}

/* Slots i.. to the end of their eight; above L1 one slot. */
static int take_some(pte_t *t, unsigned int *slot, unsigned int level,
                     struct domain *d)
{
    unsigned int i = *slot;
    int rc = 0;

    do {
        pte_t e = t[i];

        if (!(e & PTE_PRESENT))
            continue;
        rc = entry_take(&e, level, d, d);
        if (rc)
            break;
        if (e != t[i])
            WRITE_ONCE(t[i], e);
    } while ((++i & 7) && level == 1);
    *slot = i;
    return rc;
}

int table_take_entries(struct page_info *pg, unsigned int level,
                       struct domain *d)
{
    pte_t *t = page_to_virt(pg);
    unsigned int i = pg->resume & RESUME_SLOT;
    uint32_t mask = i ? pg->entry_mask : 0;
    int rc = 0;

    ASSERT_LOCKED(pg);
    if (pg->resume & RESUME_CHILD) /* an undo's; taken anew like the others */
        put_page(mfn_to_page(pte_mfn(t[i])));
    if (level == 4)
        init_xen_l4_slots(t, d);
    while (!rc && i < PT_ENTRIES) {
        if (!(i & 7) && (i = skip_absent(t, i)) == PT_ENTRIES)
            break;
        if (is_hv_slot(level, i)) {
            i = ROOT_SLOT_LAST + 1;
            continue;
        }
        mask |= 1u << (i / MASK_GROUP);
        rc = take_some(t, &i, level, d);
        if (!rc && level > 1 && hypercall_preempt_check())
            rc = -ERESTART;
    }
    pg->entry_mask = mask;
    pg->resume = i;
    return rc;
}

int table_put_entries(struct page_info *pg, unsigned int level)
{
    pte_t *t = page_to_virt(pg);
    unsigned int end = pg->resume & RESUME_SLOT;
    uint32_t mask = pg->entry_mask;

    ASSERT_LOCKED(pg);
    if (pg->resume & RESUME_CHILD) {
        struct page_info *child = mfn_to_page(pte_mfn(t[end]));

        if (finish_undo(child))
            return -ERESTART;
        put_page(child);
        pg->resume = end;
    }
    for (; mask; mask &= ~(1u << fls64(mask))) {
        unsigned int first = fls64(mask) * MASK_GROUP;
        unsigned int i = MIN(end, first + MASK_GROUP);

        while (i > first) {
            bool child;

            if (!(i & 7) && eight_absent(t + i - 8)) {
                i -= 8;
                continue;
            }
            i--;
            if (!(t[i] & PTE_PRESENT) || is_hv_slot(level, i))
                continue;
            child = entry_put(t[i], level);
            if (child || (level > 1 && hypercall_preempt_check())) {
                pg->resume = i | (child ? RESUME_CHILD : 0);
                pg->entry_mask = mask;
                return -ERESTART;
            }
        }
    }
    pg->resume = 0;
    if (level == 4) /* the entries there were the hypervisor's: the guest must
                       not see them */
        memset(t + ROOT_SLOT_FIRST, 0,
               (ROOT_SLOT_LAST + 1 - ROOT_SLOT_FIRST) * sizeof(*t));
    return 0;
}

void queue_undo(struct page_info *pg)
{
    struct arch_domain *a = &domain_by_owner_id(pg->owner)->arch;

    spin_lock(&a->mm_lock);
    if (mark_listed(pg, a->undo_list)) {
        a->undo_list = mfn_x(page_to_mfn(pg));
        a->nr_pending_undo++;
    }
    spin_unlock(&a->mm_lock);
}

/* A table from the list, or NULL. It stays pending in the caller's hands. */
static struct page_info *next_listed_undo(struct arch_domain *a)
{
    struct page_info *pg = NULL;

    spin_lock(&a->mm_lock);
    if (a->undo_list) {
        pg = mfn_to_page(_mfn(a->undo_list));
        a->undo_list = pg->undo_next;
    }
    spin_unlock(&a->mm_lock);
    return pg;
}

/*
 * The guest's next call relies on what its last one has dropped: a table that
 * another CPU has in hand is as unfinished as one in the list, and is waited
 * for.
 */
int mm_finish_pending(struct domain *d)
{
    struct arch_domain *a = &d->arch;

    while (unlikely(READ_ONCE(a->nr_pending_undo))) {
        struct page_info *pg = next_listed_undo(a);

        if (!pg) {
            flush_while_waiting();
        } else {
            finish_listed_undo(pg);
            spin_lock(&a->mm_lock);
            a->nr_pending_undo--;
            spin_unlock(&a->mm_lock);
        }
        if (hypercall_preempt_check())
            return READ_ONCE(a->nr_pending_undo) ? -ERESTART : 0;
    }
    return 0;
}
