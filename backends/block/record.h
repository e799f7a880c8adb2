/* SPDX-License-Identifier: MIT */
/*
 * What a killed block backend leaves to its successor: every request that it
 * has taken from the ring and that the guest has seen no answer to.
 *
 * No data is kept. The guest keeps the pages of a request granted, and what is
 * in them unchanged, until it is answered; so the successor does it again from
 * the beginning, which is harmless: nobody has been told that it was done. The
 * steps of a request, in this order, each a store:
 *
 *   raw, request, state TAKEN    its copy
 *   req_cons                     it is taken; before, the ring still has it
 *   response, state ANSWERED     its answer goes into that slot of the ring
 *   the ring's rsp_prod          the guest sees the answer
 *   state FREE
 *
 * Not so a flush that failed: the kernel tells of lost data once, and a second
 * flush would succeed. So its failure stands here before anything else becomes
 * of it, and those that were owed beside it may have lost the same data. If the
 * guest has gone meanwhile, the first flush of its next connection fails.
 *
 * Each request that is taken owes one answer, so the jobs whose answer is not
 * below the ring's rsp_prod are as many as req_cons is ahead of it, or the
 * record (or the guest's ring) is a lie.
 */
#ifndef BACKENDS_BLOCK_RECORD_H
#define BACKENDS_BLOCK_RECORD_H

#include "../common/record.h"
#include "request.h"

#define BLOCK_MAX_QUEUES    4  /* rings of a disk */
#define BLOCK_INFLIGHT      64 /* of each: jobs, requests at the medium */
#define BLOCK_RECORD_FORMAT "vbd   6"

/* Compared with what may stand there: not an enum. */
#define BLOCK_RECORD_FREE     0
#define BLOCK_RECORD_TAKEN    1
#define BLOCK_RECORD_ANSWERED 2

struct block_record_job {
    uint32_t state;
    uint32_t request;      /* its index in the ring */
    uint32_t response;     /* likewise, if ANSWERED */
    uint32_t flush_failed; /* so its answer is an error, whoever gives it */
    union block_ring_entry raw;
};

/* Of one ring. */
struct block_queue_record {
    uint32_t req_cons;
    struct block_record_job job[BLOCK_INFLIGHT];
};

struct block_record {
    struct record_head head;
    uint32_t flush_lost; /* no answer has told yet of a flush that failed */
    struct block_queue_record queue[BLOCK_MAX_QUEUES];
};

/* A new connection: nothing is owed, but to tell of a flush that failed. */
void block_record_reset(struct block_record *r);

/* A flush has failed, of a request that may be owed. */
bool block_record_lost_data(const struct block_record *r);

/*
 * The jobs that owe an answer to the guest, by number, in the order in which
 * their requests stood in the ring, into owed[]; all others are free
 * afterwards. The record may contain anything. Returns how many, or -EPROTO.
 * rsp_prod: read from the ring once.
 */
int block_record_owed(struct block_queue_record *r, uint32_t rsp_prod,
                      unsigned int owed[BLOCK_INFLIGHT]);

#endif
