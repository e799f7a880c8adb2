/* SPDX-License-Identifier: MIT */
/*
 * The account of an interface with rate=; see credit.h.
 */
#include "credit.h"

static void refill(struct event_timer *t)
{
    struct net_credit *c = container_of(t, struct net_credit, refill);

    c->left += c->limit;
    if (c->left >= (int64_t)c->limit)
        c->left = c->limit;
    else
        event_timer_set(c->loop, t, c->interval_ms);
    if (c->left > 0)
        c->refilled(c);
}

void net_credit_limit(struct net_credit *c, uint64_t bytes, uint64_t usec)
{
    c->refill.fire = refill;
    c->interval_ms = usec < 1000 ? 1 : usec / 1000;
    if (bytes > INT64_MAX / 2) /* the sum of two stays a number */
        bytes = INT64_MAX / 2;
    if (c->limit != bytes)
        c->left = bytes;
    c->limit = bytes;
}

void net_credit_spend(struct net_credit *c, uint32_t bytes)
{
    if (!c->limit)
        return;
    c->left -= bytes;
    if (!c->refill.armed)
        event_timer_set(c->loop, &c->refill, c->interval_ms);
}
