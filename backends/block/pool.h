/* SPDX-License-Identifier: MIT */
/*
 * Where the data of requests in flight lies: one piece of memory of fixed
 * size, registered with io_uring once, so that the kernel need not look up and
 * pin pages for each request (on a PV kernel that costs far more than copying
 * a page). The copy between it and the guest's page also means that a guest
 * cannot change data that is on its way to the medium.
 */
#ifndef BACKENDS_BLOCK_POOL_H
#define BACKENDS_BLOCK_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <base/page.h>

#define POOL_PAGES 256 /* 1 MiB, pinned for as long as the disk is open */
#define POOL_BYTES ((size_t)POOL_PAGES * PAGE_SIZE)

struct block_pool {
    uint8_t *base;
    unsigned int next; /* where to look first */
    bool used[POOL_PAGES];
};

/* Takes the memory, which stays until the process ends. 0 or -errno. */
int block_pool_init(struct block_pool *p);
/* Contiguous memory for len bytes, or NULL if there is none just now. It is
 * rounded up to whole pages and not cleared. */
void *block_pool_get(struct block_pool *p, size_t len);
/* With the length that it was taken with; NULL is ignored. */
void block_pool_put(struct block_pool *p, void *addr, size_t len);

#endif
