/* SPDX-License-Identifier: MIT */
/*
 * Hash table of mapped grants, linear probing, at most half full, nothing is
 * removed before all is.
 */
#include "pages.h"

#include <string.h>

void *block_page_map(struct block_pages *p, struct block_page *at, uint32_t ref)
{
    if (p->used == BLOCK_MAX_PAGES)
        return NULL;
    at->addr = grants_map(p->grants, &ref, 1);
    if (!at->addr)
        return NULL;
    at->ref = ref;
    p->used++;
    return at->addr;
}

void block_pages_unmap_all(struct block_pages *p)
{
    for (unsigned int i = 0; i < BLOCK_PAGE_TABLE; i++)
        if (p->table[i].addr)
            grants_unmap(p->grants, p->table[i].addr, 1);
    memset(p->table, 0, sizeof(p->table));
    p->used = 0;
}
