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
#define BLOCK_MAX_PAGES 2048

struct block_page {
    uint32_t ref;
    void *addr; /* NULL: free */
};

/* All zero and grants set: empty. The first in the table that is free ends the
 * search, so nothing is ever removed from its middle. */
struct block_pages {
    struct grants *grants;
    unsigned int used;
    struct block_page table[BLOCK_MAX_PAGES * 2]; /* open addressing */
};

/* The page behind ref, mapped if it was not; NULL: copy instead. */
void *block_page_get(struct block_pages *p, uint32_t ref);
/* The table is empty afterwards and may be used again. No I/O may be in flight.
 */
void block_pages_unmap_all(struct block_pages *p);

#endif
