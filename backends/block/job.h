/* SPDX-License-Identifier: MIT */
/*
 * One request, from its copy in the record to its answer in the ring (job.c).
 * The queue (queue.h) says when: what becomes of the answer, and who may go on
 * next, is its to do after each turn.
 */
#ifndef BACKENDS_BLOCK_JOB_H
#define BACKENDS_BLOCK_JOB_H

#include "queue.h"

/* Its request is in the record: does it as far as nothing must be waited for,
 * or refuses it. Without memory it becomes the share's starved one, for which
 * block_job_begin() is called when there may be some. */
void block_job_admit(struct block_queue *q, struct block_job *j);
void block_job_begin(struct block_queue *q, struct block_job *j);

/* Its data has been moved, or could not be. */
void block_job_copied(struct block_queue *q, struct block_job *j, bool ok);
/* The medium has done io, of a job of this queue. */
void block_job_completed(struct block_queue *q, struct storage_io *io);

/* All that wait for room try again. */
void block_jobs_write_again(struct block_queue *q);

/* The guest has gone. */
void block_job_forget(struct block_queue *q, struct block_job *j);

#endif
