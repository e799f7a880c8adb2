/* SPDX-License-Identifier: MIT */
/* Grant tables: life, size, and how they are shown. */
#include <hv/console.h>
#include "grant_table.h"

/* 0/-errno; what was added stays. */
static int grow(struct domain *d, uint32_t frames)
{
    struct grant_table *gt = d->grant_table;

    ASSERT_HELD(&gt->lock);
    while (gt->nr_frames < frames) {
        grant_entry_t *page = alloc_xenheap_page();
        struct active_grant *act =
            xzalloc_array(struct active_grant, ENTRIES_PER_FRAME);

        if (!page || !act) {
            if (page)
                free_xenheap_page(page);
            xfree(act);
            return -ENOMEM;
        }
        share_xen_page_with_guest(virt_to_page(page), d, false);
        gt->active[gt->nr_frames] = act;
        gt->shared[gt->nr_frames] = page;
        smp_wmb(); /* entries before the count that admits them */
        WRITE_ONCE(gt->nr_frames, gt->nr_frames + 1);
    }
    return 0;
}

int grant_table_init(struct domain *d, uint32_t max_frames,
                     uint32_t max_maptrack_frames)
{
    struct grant_table *gt = xzalloc(struct grant_table);
    int rc;

    if (!gt)
        return -ENOMEM;
    d->grant_table = gt;
    spin_lock_init(&gt->lock, LOCK_GNTTAB);
    spin_lock_init(&gt->maptrack_lock, LOCK_MAPTRACK);
    gt->max_frames = max_frames;
    gt->max_maptrack_frames = max_maptrack_frames;
    gt->free_handle = NO_HANDLE;
    gt->shared = xzalloc_array(grant_entry_t *, MAX(max_frames, 1u));
    gt->active = xzalloc_array(struct active_grant *, MAX(max_frames, 1u));
    gt->maptrack =
        xzalloc_array(struct maptrack *, MAX(max_maptrack_frames, 1u));
    if (!gt->shared || !gt->active || !gt->maptrack)
        return -ENOMEM;
    spin_lock(&gt->lock);
    rc = grow(d, MIN(max_frames, 1u));
    spin_unlock(&gt->lock);
    return rc;
}

bool grant_table_destroy(struct domain *d, unsigned int *left)
{
    struct grant_table *gt = d->grant_table;

    if (!gt)
        return true;
    for (; gt->nr_frames && *left; --*left) {
        free_xenheap_page(gt->shared[--gt->nr_frames]);
        xfree(gt->active[gt->nr_frames]);
    }
    for (; gt->nr_maptrack_frames && *left; --*left)
        free_xenheap_page(gt->maptrack[--gt->nr_maptrack_frames]);
    if (gt->nr_frames || gt->nr_maptrack_frames)
        return false;
    d->grant_table = NULL;
    xfree(gt->shared);
    xfree(gt->active);
    xfree(gt->maptrack);
    xfree(gt);
    return true;
}

int gnttab_get_shared_frame(struct domain *d, unsigned long idx, mfn_t *mfn)
{
    struct grant_table *gt = d->grant_table;
    int rc = -EINVAL;

    spin_lock(&gt->lock);
    if (idx < gt->max_frames && !d->is_dying)
        rc = grow(d, idx + 1);
    if (!rc)
        *mfn = virt_to_mfn(gt->shared[idx]);
    spin_unlock(&gt->lock);
    return rc;
}

/* The lock is held for one entry at a time, so that printing delays no other
 * CPU. */
void gnttab_dump(struct domain *d)
{
    struct grant_table *gt = d->grant_table;
    struct active_grant act;

    printk("Grants of d%d: %u of %u frames, %u maptrack frames\n", d->id,
           gt->nr_frames, gt->max_frames, gt->nr_maptrack_frames);
    for (uint32_t ref = 0; dump_goes_on(); ref++) {
        spin_lock(&gt->lock);
        if (ref >= nr_grant_entries(gt)) {
            spin_unlock(&gt->lock);
            return;
        }
        act = *active_entry(gt, ref);
        spin_unlock(&gt->lock);
        if (pinned(&act))
            printk("  ref %u: mfn %lx to d%d, pins %u %u %u %u\n", ref, act.mfn,
                   act.grantee, act.pins[0], act.pins[1], act.pins[2],
                   act.pins[3]);
    }
}
