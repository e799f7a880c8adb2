/* SPDX-License-Identifier: MIT */
/* See limit.h. */
#include "limit.h"

#include <daemon/clock.h>

#define REFILL_MS 20
#define BURST_MS  100

static int64_t most(const struct block_account *a)
{
    return (int64_t)(a->rate * BURST_MS);
}

/* True: it is full. Longer than a second has passed only if nothing ran. */
static bool fill(struct block_account *a, uint64_t ms)
{
    a->left += (int64_t)(a->rate * (ms < 1000 ? ms : 1000));
    if (a->left < most(a))
        return false;
    a->left = most(a);
    return true;
}

static void on_refill(struct event_timer *t)
{
    struct block_limit *l = container_of(t, struct block_limit, refill);
    uint64_t now = now_ms(), ms = now - l->refilled_ms;
    bool full = fill(&l->bytes, ms);

    l->refilled_ms = now;
    if (!fill(&l->requests, ms) || !full)
        event_timer_set(l->loop, t, REFILL_MS);
    if (block_limit_ok(l))
        l->refilled(l);
}

static bool change(struct block_account *a, uint64_t rate)
{
    if (rate > BLOCK_LIMIT_MOST)
        rate = BLOCK_LIMIT_MOST;
    if (a->rate == rate)
        return false;
    a->rate = rate;
    a->left = most(a);
    return true;
}

void block_limit_set(struct block_limit *l, uint64_t bytes, uint64_t requests)
{
    bool changed = change(&l->bytes, bytes);

    l->refill.fire = on_refill;
    if (change(&l->requests, requests) || changed)
        l->refilled(l);
}

void block_limit_spend(struct block_limit *l, uint64_t bytes)
{
    if (l->bytes.rate)
        l->bytes.left -= (int64_t)bytes * 1000;
    if (l->requests.rate)
        l->requests.left -= 1000;
    if ((!l->bytes.rate && !l->requests.rate) || l->refill.armed)
        return;
    l->refilled_ms = now_ms();
    event_timer_set(l->loop, &l->refill, REFILL_MS);
}
