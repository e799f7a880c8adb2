/* SPDX-License-Identifier: MIT */
/* See limit.h. */
#include "limit.h"

#include <daemon/clock.h>

#define REFILL_MS 20
#define MOST_MS   1000
#define BURST_MS  100

static int64_t most(const struct block_account *a)
{
    return (int64_t)(a->rate * BURST_MS);
}

/* True: it is full. More time has passed only if nothing ran. */
static bool fill(struct block_account *a, uint64_t ms)
{
    a->left += (int64_t)(a->rate * (ms < 2 * MOST_MS ? ms : 2 * MOST_MS));
    if (a->left < most(a))
        return false;
    a->left = most(a);
    return true;
}

static uint64_t debt_ms(const struct block_account *a)
{
    return a->rate && a->left < 0 ? (uint64_t)-a->left / a->rate : 0;
}

/* A guest that has gone, or is idle, should not wake this process for long. */
static void refill_later(struct block_limit *l)
{
    uint64_t ms = debt_ms(&l->bytes), other = debt_ms(&l->requests);

    ms = other > ms ? other : ms;
    ms = ms > MOST_MS ? MOST_MS : ms;
    event_timer_set(l->loop, &l->refill, ms < REFILL_MS ? REFILL_MS : ms);
}

static void on_refill(struct event_timer *t)
{
    struct block_limit *l = container_of(t, struct block_limit, refill);
    uint64_t now = now_ms(), ms = now - l->refilled_ms;
    bool full = fill(&l->bytes, ms);

    l->refilled_ms = now;
    if (!fill(&l->requests, ms) || !full)
        refill_later(l);
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
    refill_later(l);
}
