/* SPDX-License-Identifier: MIT */
/*
 * Ways into a guest's memory: mapping the pages of a ring for as long as the
 * device is connected, and copying data in batches (one system call and one
 * hypercall for many pieces). Every piece of a batch has its own status, and
 * the callers look at each.
 */
#ifndef BACKENDS_COMMON_GRANT_MAP_H
#define BACKENDS_COMMON_GRANT_MAP_H

#include <stdbool.h>
#include <stdint.h>
#include <base/page.h>
#include <xengnttab.h>

#include "grant_arena.h"

/* One guest, and the way to it. */
struct grants {
    xengnttab_handle *handle; /* NULL: closed */
    uint32_t domid;           /* who grants */
};

/* As root. 0; -errno with a reason (log_reason()). Closing twice is harmless;
 * what is still mapped stays so until the process ends. */
int grants_open(struct grants *g, uint32_t domid);
void grants_close(struct grants *g);

/* Maps n pages read-write and consecutive; NULL with errno set. All or none.
 * The guest can change what is in them at any time. */
void *grants_map(struct grants *g, const uint32_t *refs, unsigned int n);
/* With the n of the mapping; NULL is ignored. */
void grants_unmap(struct grants *g, void *addr, unsigned int n);

/* Pieces that are waiting to be copied: 'used' of 'size'. */
struct grant_copy_batch {
    const struct grant_arena *arena; /* where most are, here; or NULL */
    unsigned int used, size;
    xengnttab_grant_copy_segment_t *seg;
};

/* Room for so many pieces, once: a run takes no memory. 0 or -ENOMEM. */
int grant_batch_init(struct grant_copy_batch *b, unsigned int size,
                     const struct grant_arena *arena);
void grant_batch_destroy(struct grant_copy_batch *b);

/*
 * Add one piece. offset + len must lie within the granted page, which the
 * caller has checked; on this side a piece in the arena must lie within a page
 * as well. Returns the piece's index, or -ENOSPC. The memory on this side must
 * stay until grant_batch_run().
 */
int grant_batch_from_guest(struct grant_copy_batch *b, uint32_t domid,
                           uint32_t ref, unsigned int offset, void *to,
                           unsigned int len);
int grant_batch_to_guest(struct grant_copy_batch *b, uint32_t domid,
                         uint32_t ref, unsigned int offset, const void *from,
                         unsigned int len);

/*
 * Does all pieces. Afterwards grant_batch_ok() tells of each; a failed call
 * marks all of them failed. The caller empties the batch with used = 0.
 */
void grant_batch_run(struct grants *g, struct grant_copy_batch *b);

/* Of the last run. What a failed piece was to bring in has any content. */
static inline bool grant_batch_ok(const struct grant_copy_batch *b,
                                  unsigned int i)
{
    return b->seg[i].status == 0;
}

#endif
