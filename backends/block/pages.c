/* SPDX-License-Identifier: MIT */
/*
 * Hash table of mapped grants, linear probing, at most half full, nothing is
 * removed before all is.
 */
#include "pages.h"

#include <string.h>

#define TABLE_SIZE (BLOCK_MAX_PAGES * 2)

void *block_page_get(struct block_pages *p, uint32_t ref)
{
    unsigned int i = (ref * 2654435761u) % TABLE_SIZE;

    while (p->table[i].addr) {
        if (p->table[i].ref == ref)
            return p->table[i].addr;
        i = (i + 1) % TABLE_SIZE;
    }
    if (p->used == BLOCK_MAX_PAGES)
        return NULL;
    p->table[i].addr = grants_map(p->grants, &ref, 1);
    if (!p->table[i].addr)
        return NULL;
    p->table[i].ref = ref;
    p->used++;
    return p->table[i].addr;
}

void block_pages_unmap_all(struct block_pages *p)
{
    for (unsigned int i = 0; i < TABLE_SIZE; i++)
        if (p->table[i].addr)
            grants_unmap(p->grants, p->table[i].addr, 1);
    memset(p->table, 0, sizeof(p->table));
    p->used = 0;
}
