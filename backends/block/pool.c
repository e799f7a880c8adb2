/* SPDX-License-Identifier: MIT */
/*
 * First-fit over single pages: requests are few, and of a few sizes.
 */
#include "pool.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

int block_pool_init(struct block_pool *p)
{
    void *m = mmap(NULL, POOL_BYTES, PROT_READ | PROT_WRITE,
                   MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if (m == MAP_FAILED)
        return -errno;
    memset(p, 0, sizeof(*p));
    p->base = m;
    return 0;
}

static unsigned int pages_of(size_t len)
{
    return (len + PAGE_SIZE - 1) / PAGE_SIZE;
}

/* Pages from the first on that are free, as far as n of them. */
static unsigned int free_from(const struct block_pool *p, unsigned int first,
                              unsigned int n)
{
    unsigned int i = 0;

    while (i < n && !p->used[first + i])
        i++;
    return i;
}

void *block_pool_get(struct block_pool *p, size_t len)
{
    unsigned int n = pages_of(len), first = 0, found;

    while (first + n <= POOL_PAGES) {
        found = free_from(p, first, n);
        if (found == n) {
            memset(&p->used[first], true, n);
            p->grown = p->grown || first + n > POOL_PINNED_PAGES;
            return p->base + (size_t)first * PAGE_SIZE;
        }
        first += found + 1;
    }
    return NULL;
}

void block_pool_put(struct block_pool *p, void *addr, size_t len)
{
    if (addr)
        memset(&p->used[((uint8_t *)addr - p->base) / PAGE_SIZE], false,
               pages_of(len));
}

void block_pool_shrink(struct block_pool *p)
{
    const unsigned int rest = POOL_PAGES - POOL_PINNED_PAGES;

    if (!p->grown || free_from(p, POOL_PINNED_PAGES, rest) < rest)
        return;
    madvise(p->base + POOL_PINNED_BYTES, POOL_BYTES - POOL_PINNED_BYTES,
            MADV_REMOVE);
    p->grown = false;
}
