/* SPDX-License-Identifier: MIT */
/*
 * Memory for the data of grant copies, which this domain grants to itself: the
 * hypervisor then finds both pages of a copy by their grants, and the kernel
 * need not look up and pin the page on our side, which costs more than to copy
 * it. The pages are gntalloc's, which frees them when the last mapping and the
 * descriptor are gone, so a process that is killed leaves nothing behind. Where
 * the driver gives none, and while the hypervisor refuses such copies, it is
 * plain memory, which serves as well.
 */
#ifndef BACKENDS_COMMON_GRANT_ARENA_H
#define BACKENDS_COMMON_GRANT_ARENA_H

#include <stddef.h>
#include <stdint.h>
#include <base/page.h>
#include <xengnttab.h>

/* Zeroed at first. */
struct grant_arena {
    xengntshr_handle *handle; /* NULL: plain memory alone */
    uint8_t *base;            /* NULL: none is taken */
    unsigned int pages;
    uint32_t *ref; /* of each page; NULL: plain memory */
};

/* As root; again, it does nothing. That there is no driver is logged and no
 * failure. Also lets the driver give more pages than it would. */
void grant_arena_open(struct grant_arena *a);
void grant_arena_close(struct grant_arena *a);

/* Zeroed pages, needing no privilege. self: this domain's number. 0 or -errno.
 * copier: copies a page for a trial. */
int grant_arena_take(struct grant_arena *a, xengnttab_handle *copier,
                     uint32_t self, unsigned int pages);
/* Harmless if none is taken. */
void grant_arena_give_back(struct grant_arena *a);

/* The grant of the page that 'at' lies in, or NULL if it has none. */
static inline const uint32_t *grant_arena_ref(const struct grant_arena *a,
                                              const void *at)
{
    size_t page = (size_t)((const uint8_t *)at - a->base) / PAGE_SIZE;

    return a->ref && page < a->pages ? &a->ref[page] : NULL;
}

#endif
