/* SPDX-License-Identifier: MIT */
/* Grant tables: the handles of a mapper. */
#include "grant_table.h"

uint32_t maptrack_get(struct grant_table *gt)
{
    uint32_t handle;

    spin_lock(&gt->maptrack_lock);
    if (gt->free_handle == NO_HANDLE &&
        gt->nr_maptrack_frames < gt->max_maptrack_frames) {
        struct maptrack *page = alloc_xenheap_page();
        uint32_t base = gt->nr_maptrack_frames * MAPTRACK_PER_FRAME;

        if (page) {
            for (uint32_t i = 0; i < MAPTRACK_PER_FRAME; i++)
                page[i].ref =
                    i + 1 < MAPTRACK_PER_FRAME ? base + i + 1 : NO_HANDLE;
            gt->maptrack[gt->nr_maptrack_frames] = page;
            atomic_store(&gt->nr_maptrack_frames, gt->nr_maptrack_frames + 1);
            gt->free_handle = base;
        }
    }
    handle = gt->free_handle;
    if (handle != NO_HANDLE)
        gt->free_handle = maptrack_entry(gt, handle)->ref;
    spin_unlock(&gt->maptrack_lock);
    return handle;
}

void maptrack_put(struct grant_table *gt, uint32_t handle)
{
    struct maptrack *mt = maptrack_entry(gt, handle);

    spin_lock(&gt->maptrack_lock);
    mt->flags = 0;
    mt->ref = gt->free_handle;
    gt->free_handle = handle;
    spin_unlock(&gt->maptrack_lock);
}
