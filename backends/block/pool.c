/* SPDX-License-Identifier: MIT */
/*
 * Next-fit over single pages: requests are few, and of a few sizes.
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

static bool all_free(const struct block_pool *p, unsigned int first,
                     unsigned int n)
{
    for (unsigned int i = first; i < first + n; i++)
        if (p->used[i])
            return false;
    return true;
}

void *block_pool_get(struct block_pool *p, size_t len)
{
    unsigned int n = pages_of(len), first = p->next;

    if (n > POOL_PAGES)
        return NULL;
    for (unsigned int tries = 0; tries < POOL_PAGES; tries++, first++) {
        if (first + n > POOL_PAGES)
            first = 0;
        if (all_free(p, first, n)) {
            memset(&p->used[first], true, n);
            p->next = (first + n) % POOL_PAGES;
            return p->base + (size_t)first * PAGE_SIZE;
        }
    }
    return NULL;
}

void block_pool_put(struct block_pool *p, void *addr, size_t len)
{
    if (addr)
        memset(&p->used[((uint8_t *)addr - p->base) / PAGE_SIZE], false,
               pages_of(len));
}
