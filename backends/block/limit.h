/* SPDX-License-Identifier: MIT */
/*
 * What a guest may ask of its disk in a second: bytes read and written, and
 * requests. A request is taken as long as anything is left of both; what it
 * took beyond is paid off first. What was not used adds up for a tenth of a
 * second.
 */
#ifndef BACKENDS_BLOCK_LIMIT_H
#define BACKENDS_BLOCK_LIMIT_H

#include <daemon/event_loop.h>

#define BLOCK_LIMIT_MOST (1ull << 40) /* of either, a second */

struct block_account {
    uint64_t rate; /* a second; 0: no limit */
    int64_t left;  /* thousandths; below 0: to be paid off */
};

/* loop and refilled are the caller's to set, all others zero. */
struct block_limit {
    struct event_loop *loop;
    void (*refilled)(struct block_limit *l); /* who waits may go on */
    struct event_timer refill; /* armed while an account is not full */
    uint64_t refilled_ms;
    struct block_account bytes, requests;
};

/* 0: no limit. The same again changes nothing. */
void block_limit_set(struct block_limit *l, uint64_t bytes, uint64_t requests);
/* A request that is taken, after block_limit_ok(). */
void block_limit_spend(struct block_limit *l, uint64_t bytes);

static inline bool block_limit_ok(const struct block_limit *l)
{
    return (!l->bytes.rate || l->bytes.left > 0) &&
           (!l->requests.rate || l->requests.left > 0);
}

#endif
