/* SPDX-License-Identifier: MIT */
/*
 * Data between the guest's pages and the pool: from and to mapped pages at
 * once, others by grant copies that are collected, so that one call of the
 * hypervisor does many.
 */
#ifndef BACKENDS_BLOCK_COPIES_H
#define BACKENDS_BLOCK_COPIES_H

#include "queue.h"

/* Moves a request's data. False: some of it waits in the batch, and
 * block_job_copied() is called when it is done. */
bool block_copy(struct block_queue *q, struct block_job *j, bool from_guest);
/* Does the copies collected so far. */
void block_copies_run(struct block_queue *q);

/* Segments of an indirect request, copied out of the guest's pages once. A
 * status for the answer, as block_request_segments() returns it. */
int block_copy_segments(struct block_queue *q, struct block_request *r);

#endif
