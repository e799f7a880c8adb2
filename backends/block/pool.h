/* SPDX-License-Identifier: MIT */
/*
 * Where the data of requests in flight lies. The first part is registered with
 * io_uring once, so that the kernel need not look up and pin pages for each
 * request (on a PV kernel that costs far more than copying a page). It is all
 * that most disks ever use: memory is taken from the front. The rest is for
 * many large requests at once, and is given back when they are over. The copy
 * between it and the guest's page also means that a guest cannot change data
 * that is on its way to the medium.
 */
#ifndef BACKENDS_BLOCK_POOL_H
#define BACKENDS_BLOCK_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <base/page.h>

#define POOL_PINNED_PAGES 256 /* 1 MiB, for as long as the disk is open */
#define POOL_PAGES        1024
#define POOL_PINNED_BYTES ((size_t)POOL_PINNED_PAGES * PAGE_SIZE)
#define POOL_BYTES        ((size_t)POOL_PAGES * PAGE_SIZE)

struct block_pool {
    uint8_t *base;
    bool grown; /* beyond what is pinned */
    bool used[POOL_PAGES];
};

/* Takes the memory, which stays until the process ends. 0 or -errno. */
int block_pool_init(struct block_pool *p);
/* Contiguous memory for len bytes, or NULL if there is none just now. It is
 * rounded up to whole pages and not cleared. */
void *block_pool_get(struct block_pool *p, size_t len);
/* With the length that it was taken with; NULL is ignored. */
void block_pool_put(struct block_pool *p, void *addr, size_t len);
/* Gives memory that is not pinned back, if none of it is in use. */
void block_pool_shrink(struct block_pool *p);

#endif
