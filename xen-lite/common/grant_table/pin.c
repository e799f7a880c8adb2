/* SPDX-License-Identifier: MIT */
/* Grant tables: pins, the uses that are made of an entry. */
#include <hv/console.h>
#include "grant_table.h"

#define LOG_STRIDE 512 /* entries that are looked at under the lock */

static bool is_rw(enum pin pin)
{
    return pin == PIN_HOST_RW || pin == PIN_DEV_RW;
}

/* The two fields of an entry that change together. */
union grant_combo {
    struct {
        uint16_t flags;
        domid_t domid;
    };
    uint32_t word;
};

/*
 * Marks the shared entry in use. flags and domid change together by one
 * compare-and-swap, so what was checked is what was marked; the guest may
 * rewrite the entry for ever, so the attempts are few.
 */
static int mark_in_use(struct domain *rd, struct domain *ld, grant_entry_t *sha,
                       bool rw)
{
    union grant_combo *both = (union grant_combo *)sha, old, new;

    old.word = READ_ONCE(both->word);
    for (unsigned int try = 0; try < 5; try++) {
        if ((old.flags & GTF_type_mask) != GTF_permit_access ||
            old.domid != ld->id) {
            gprintk(rd, "bad flags %x or domid %d for grant to d%d", old.flags,
                    old.domid, ld->id);
            return GNTST_general_error;
        }
        if (rw && (old.flags & GTF_readonly))
            return GNTST_general_error;
        new = old;
        new.flags |= GTF_reading | (rw ? GTF_writing : 0);
        if (atomic_cas(&both->word, &old.word, new.word))
            return GNTST_okay;
    }
    gprintk(rd, "grant entry keeps changing");
    return GNTST_general_error;
}

static int take_frame(struct domain *rd, mfn_t mfn, enum pin pin)
{
    struct page_info *pg = get_page_from_mfn(mfn, rd);

    if (!pg)
        return GNTST_bad_page;
    if (is_rw(pin) && get_page_type(pg, PGT_writable)) {
        put_page(pg);
        return GNTST_general_error;
    }
    return GNTST_okay;
}

void grant_put_frame(mfn_t mfn, enum pin pin)
{
    struct page_info *pg = mfn_to_page(mfn);

    if (is_rw(pin)) {
        log_dirty_frame(mfn);
        put_page_type(pg);
    }
    put_page(pg);
}

/* Frames of d that others can write now. */
void gnttab_log_dirty(struct domain *d)
{
    struct grant_table *gt = d->grant_table;
    uint32_t ref = 0, nr;

    /* What is pinned behind its back is unpinned later, which logs it. */
    do {
        spin_lock(&gt->lock);
        nr = nr_grant_entries(gt);
        for (uint32_t end = MIN(ref + LOG_STRIDE, nr); ref < end; ref++)
            if (pinned_rw(active_entry(gt, ref)))
                log_dirty_frame(_mfn(active_entry(gt, ref)->mfn));
        spin_unlock(&gt->lock);
    } while (ref < nr);
}

static void clear_in_use(grant_entry_t *sha, const struct active_grant *act)
{
    uint16_t keep = 0xffff;

    if (!pinned_rw(act))
        keep &= ~GTF_writing;
    if (!pinned(act))
        keep &= ~GTF_reading;
    if (keep != 0xffff)
        atomic_and(&sha->flags, keep);
}

int grant_pin(struct domain *ld, struct domain *rd, uint32_t ref, enum pin pin,
              mfn_t *mfn)
{
    struct grant_table *gt = rd->grant_table;
    struct active_grant *act;
    grant_entry_t *sha;
    int rc;

    ASSERT_HELD(&gt->lock);
    if (rd->is_dying)
        return GNTST_bad_domain;
    if (ref >= nr_grant_entries(gt))
        return GNTST_bad_gntref;
    act = active_entry(gt, ref);
    sha = shared_entry(gt, ref);
    if (pinned(act) && act->grantee != ld->id)
        return GNTST_general_error;
    if (act->pins[pin] == MAX_PINS)
        return GNTST_no_device_space;
    if (!pinned(act) || (is_rw(pin) && !pinned_rw(act))) {
        rc = mark_in_use(rd, ld, sha, is_rw(pin));
        if (rc)
            return rc;
    }
    if (!pinned(act)) {
        act->grantee = ld->id;
        act->mfn = READ_ONCE(sha->frame);
    }
    rc = take_frame(rd, _mfn(act->mfn), pin);
    if (rc) {
        clear_in_use(sha, act);
        return rc;
    }
    act->pins[pin]++;
    *mfn = _mfn(act->mfn);
    return GNTST_okay;
}

void grant_unpin(struct domain *rd, uint32_t ref, enum pin pin)
{
    struct active_grant *act = active_entry(rd->grant_table, ref);

    ASSERT_HELD(&rd->grant_table->lock);
    /* First: the granter may give the frame a new use when it sees the flags
     * clear, and as a page table it must not be writable any more. */
    grant_put_frame(_mfn(act->mfn), pin);
    act->pins[pin]--;
    clear_in_use(shared_entry(rd->grant_table, ref), act);
}

#ifdef HV_DEBUG
void gnttab_held_frames(const struct domain *d, hold_fn *hold)
{
    const struct grant_table *gt = d->grant_table;

    for (uint32_t ref = 0; gt && ref < nr_grant_entries(gt); ref++) {
        const struct active_grant *a = active_entry(gt, ref);
        uint32_t rw = a->pins[PIN_HOST_RW] + a->pins[PIN_DEV_RW];

        if (pinned(a))
            hold(_mfn(a->mfn), rw + a->pins[PIN_HOST_RO] + a->pins[PIN_DEV_RO],
                 rw);
    }
}

/* Adds to the pins of granter's entries, by: 1 or -1, as if each handle that
 * refers to one was made or dropped. */
static void count_handles(const struct domain *granter, int by)
{
    const struct domain *d;

    for_each_domain (d) {
        const struct grant_table *gt = d->grant_table;
        uint32_t nr = gt ? gt->nr_maptrack_frames * MAPTRACK_PER_FRAME : 0;

        for (uint32_t i = 0; i < nr; i++) {
            const struct maptrack *mt = maptrack_entry(gt, i);
            bool ro = mt->flags & GNTMAP_readonly;
            uint16_t *pins;

            if (!mt->flags || mt->domid != granter->id)
                continue;
            pins = active_entry(granter->grant_table, mt->ref)->pins;
            if (mt->flags & GNTMAP_host_map)
                pins[ro ? PIN_HOST_RO : PIN_HOST_RW] += by;
            if (mt->flags & GNTMAP_device_map)
                pins[ro ? PIN_DEV_RO : PIN_DEV_RW] += by;
        }
    }
}

/* Without its handles an entry has no pins. */
unsigned long gnttab_odd_entries(const struct domain *d)
{
    const struct grant_table *gt = d->grant_table;
    unsigned long odd = 0;

    if (!gt)
        return 0;
    count_handles(d, -1);
    for (uint32_t ref = 0; ref < nr_grant_entries(gt); ref++)
        odd += pinned(active_entry(gt, ref));
    count_handles(d, 1);
    return odd;
}
#endif
