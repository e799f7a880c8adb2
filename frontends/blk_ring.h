/* SPDX-License-Identifier: MIT */
/*
 * What blkfront.c asks of the requests of a disk: those that wait, and those in
 * the ring. A backend that does what none may do makes the device fail.
 */
#ifndef PV_BLK_RING_H
#define PV_BLK_RING_H

#include <pv/blkfront.h>

#define BLK_PER_PAGE (PAGE_SIZE / BLK_SECTOR)

/* Pages that so many sectors from there on lie in. */
unsigned int blk_pages_of(const char *data, uint64_t nr_sectors);

/* At the end of the line. */
void blk_wait_in_line(struct blkfront *b, struct blk_request *r);
/* All that wait end: -EBUSY those of which the backend holds pages, others
 * -EIO. */
void blk_fail_all(struct blkfront *b);

/* All slots of b->ring are free. */
void blk_ring_begin(struct blkfront *b);
/* What is in the ring goes to the front of the line. False: the backend holds
 * pages of it. */
bool blk_ring_end(struct blkfront *b);
/* Puts as many of those that wait into the ring as there is room for. */
void blk_ring_push(struct blkfront *b);
/* Listens to b->port; arg is the disk. */
void blk_ring_serve(void *arg);
/*
 * Waits until nothing is in the ring, or for that system time; what waits stays
 * in the line, but for the rest of requests that have begun. For a guest that
 * is about to be suspended.
 */
void blk_ring_drain(struct blkfront *b, uint64_t end);

#endif
