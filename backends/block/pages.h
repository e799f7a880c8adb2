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

#define BLOCK_MAX_PAGES 2048

struct block_page {
    uint32_t ref;
    void *addr; /* NULL: free */
};

struct block_pages {
    struct grants *grants;
    unsigned int used;
    struct block_page table[BLOCK_MAX_PAGES * 2]; /* open addressing */
};

/* The page behind ref, mapped if it was not; NULL: copy instead. */
void *block_page_get(struct block_pages *p, uint32_t ref);
void block_pages_unmap_all(struct block_pages *p);

#endif
