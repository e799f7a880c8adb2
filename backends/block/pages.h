/* SPDX-License-Identifier: MIT */
/*
 * Persistent grants: a frontend that negotiated feature-persistent uses the
 * same pages again and again, so each is mapped once and data is copied without
 * a hypercall. The table is bounded; a guest that offers more pages than fit is
 * served by copying, as one without the feature is.
 */
#ifndef BACKENDS_BLOCK_PAGES_H
#define BACKENDS_BLOCK_PAGES_H

#include "../common/grant_map.h"

/* Pages that stay mapped at most, until all are unmapped. */
#define BLOCK_MAX_PAGES  2048
#define BLOCK_PAGE_TABLE (BLOCK_MAX_PAGES * 2)

struct block_page {
    uint32_t ref;
    void *addr; /* NULL: free */
};

/* All zero and grants set: empty. The first in the table that is free ends the
 * search, so nothing is ever removed from its middle. */
struct block_pages {
    struct grants *grants;
    unsigned int used;
    struct block_page table[BLOCK_PAGE_TABLE]; /* open addressing */
};

/* Where ref is in the table, or is to be. */
static inline struct block_page *block_page_find(struct block_pages *p,
                                                 uint32_t ref)
{
    unsigned int i = (ref * 2654435761u) % BLOCK_PAGE_TABLE;

    while (p->table[i].addr && p->table[i].ref != ref)
        i = (i + 1) % BLOCK_PAGE_TABLE;
    return &p->table[i];
}

/* Maps ref's page, which is not, and puts it there. NULL: it cannot. */
void *block_page_map(struct block_pages *p, struct block_page *at,
                     uint32_t ref);

/* The page behind ref, mapped if it was not; NULL: copy instead. */
static inline void *block_page_get(struct block_pages *p, uint32_t ref)
{
    struct block_page *at = block_page_find(p, ref);

    return at->addr ? at->addr : block_page_map(p, at, ref);
}

/* The table is empty afterwards and may be used again. No I/O may be in flight.
 */
void block_pages_unmap_all(struct block_pages *p);

#endif
