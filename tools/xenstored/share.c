/* SPDX-License-Identifier: MIT */
/* See share.h. */
#include "share.h"

#include <time.h>

#include <daemon/clock.h>

#include "domain.h"

static const struct identity nobody = {0, INCARNATION_DOM0};

/* Who pays, and since when. */
static struct identity payer = {0, INCARNATION_DOM0};
static int64_t since_us;
static unsigned int turns;

/* This process's only thread's. */
static int64_t cpu_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* More than all of the only thread's time is no limit. */
static bool limited(void)
{
    return quota[QUOTA_CPU] > 0 && quota[QUOTA_CPU] < 100;
}

/* Per cent of milliseconds, in microseconds. */
static int64_t income(uint64_t ms)
{
    return (int64_t)ms * 10 * quota[QUOTA_CPU];
}

static void fill(struct share *s, uint64_t now)
{
    const int64_t most = (int64_t)SHARE_BURST_MS * 1000;

    s->left_us += income(now - s->filled_ms);
    if (s->left_us > most || !s->filled_ms)
        s->left_us = most;
    s->filled_ms = now;
}

static struct domain *living(struct identity id)
{
    struct domain *d = id.domid ? domain_known(id.domid) : NULL;

    return d && identity_equal(d->id, id) ? d : NULL;
}

void share_charge(int64_t us)
{
    struct domain *d = living(payer);

    if (!d)
        return;
    fill(&d->share, now_ms());
    d->share.left_us -= us;
}

static void look(void)
{
    int64_t now = cpu_us();

    share_charge(now - since_us);
    since_us = now;
    turns = 0;
}

void share_begin(const struct domain *d)
{
    struct identity next = d && limited() ? d->id : nobody;

    if (identity_equal(next, payer) && (!next.domid || ++turns < SHARE_TURNS))
        return;
    look();
    payer = next;
}

bool share_spent(struct domain *d)
{
    struct share *s = &d->share;
    bool was = s->held;

    if (!d->id.domid || !limited() || (!was && s->left_us > 0))
        return false;
    fill(s, now_ms());
    s->held = s->left_us <= 0 || (was && s->left_us < income(SHARE_PAUSE_MS));
    if (s->held && !was)
        quota_refused(&d->account, d->id, QUOTA_CPU);
    return s->held;
}

unsigned int share_wait(const struct domain *d, uint64_t now)
{
    const struct share *s = &d->share;
    int64_t missing, each = income(1);

    if (!s->held || !limited())
        return 0;
    missing = income(SHARE_PAUSE_MS) - s->left_us - income(now - s->filled_ms);
    return missing <= 0 ? 0 : (unsigned int)((missing + each - 1) / each);
}
