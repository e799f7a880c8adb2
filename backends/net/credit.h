/* SPDX-License-Identifier: MIT */
/*
 * What a guest may send (rate=): 'limit' bytes per interval over all queues of
 * the interface; unused credit does not add up. A packet is sent as long as
 * anything is left: what the last one took beyond it is paid off by later
 * intervals, whether or not the guest has closed its rings meanwhile.
 */
#ifndef BACKENDS_NET_CREDIT_H
#define BACKENDS_NET_CREDIT_H

#include <daemon/event_loop.h>

/* The first two are the caller's to set, and all others zero. */
struct net_credit {
    struct event_loop *loop;
    void (*refilled)(struct net_credit *c); /* queues that wait may go on */
    struct event_timer refill;              /* armed while left < limit */
    uint64_t limit;                         /* 0: none */
    unsigned int interval_ms;
    int64_t left; /* bytes; below 0: to be paid off */
};

/* 0 bytes: no limit. Less than a millisecond counts as one. Again with the same
 * limit, it changes nothing. */
void net_credit_limit(struct net_credit *c, uint64_t bytes, uint64_t usec);
/* After sending: it is never refused, but net_credit_ok() may be false then. */
void net_credit_spend(struct net_credit *c, uint32_t bytes);

static inline bool net_credit_ok(const struct net_credit *c)
{
    return !c->limit || c->left > 0;
}

#endif
