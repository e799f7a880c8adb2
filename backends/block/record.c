/* SPDX-License-Identifier: MIT */
/* See record.h. */
#include "record.h"

#include <errno.h>
#include <string.h>

static bool lost_data(const struct block_queue_record *r)
{
    unsigned int i = 0;

    while (i < BLOCK_INFLIGHT &&
           (r->job[i].state == BLOCK_RECORD_FREE || !r->job[i].flush_failed))
        i++;
    return i < BLOCK_INFLIGHT;
}

bool block_record_lost_data(const struct block_record *r)
{
    unsigned int i = 0;

    while (i < BLOCK_MAX_QUEUES && !lost_data(&r->queue[i]))
        i++;
    return i < BLOCK_MAX_QUEUES;
}

void block_record_reset(struct block_record *r)
{
    if (block_record_lost_data(r))
        record_store(&r->flush_lost, 1);
    memset(r->queue, 0, sizeof(r->queue));
}

/* Indices wrap: ages, counted back from 'now', can be compared. */
static bool owes(const struct block_record_job *j, uint32_t req_cons,
                 uint32_t rsp_prod)
{
    if (j->state == BLOCK_RECORD_TAKEN)
        return j->request != req_cons; /* else it is in the ring still */
    return j->state == BLOCK_RECORD_ANSWERED &&
           (int32_t)(j->response - rsp_prod) >= 0;
}

static void insert_by_age(struct block_queue_record *r, unsigned int n,
                          unsigned int owed[BLOCK_INFLIGHT], unsigned int job)
{
    uint32_t age = r->req_cons - r->job[job].request;

    while (n && r->req_cons - r->job[owed[n - 1]].request < age) {
        owed[n] = owed[n - 1];
        n--;
    }
    owed[n] = job;
}

int block_record_owed(struct block_queue_record *r, uint32_t rsp_prod,
                      unsigned int owed[BLOCK_INFLIGHT])
{
    unsigned int n = 0;

    for (unsigned int i = 0; i < BLOCK_INFLIGHT; i++) {
        struct block_record_job *j = &r->job[i];

        if (owes(j, r->req_cons, rsp_prod)) {
            j->state = BLOCK_RECORD_TAKEN;
            insert_by_age(r, n++, owed, i);
        } else {
            j->state = BLOCK_RECORD_FREE;
        }
    }
    return n == r->req_cons - rsp_prod ? (int)n : -EPROTO;
}
