/* SPDX-License-Identifier: MIT */
/* See outstanding.h. */
#include "outstanding.h"

#include <daemon/clock.h>

#include "connection.h"
#include "domain.h"

/* After so many times deafness does not last longer. A reader that means to
 * hold a guest back, by reading at last and then no more, costs it one timeout
 * in 16. */
#define MOST_TIMES 5

/* Timeouts after which it is forgotten that a reader was found deaf. */
#define MEMORY 32

long outstanding_timeout = 20000;

static struct domain *acting;
/* Which of all, and the first one of the request that is served. */
static uint64_t change, first_change;

void outstanding_begin(struct domain *d)
{
    acting = d && d->id.domid ? d : NULL;
    first_change = change + 1;
}

void outstanding_end(void)
{
    acting = NULL;
}

void outstanding_change(void)
{
    change++;
}

static bool has_passed(uint64_t since, uint64_t timeouts)
{
    return now_ms() - since >= timeouts * (uint64_t)outstanding_timeout;
}

/* One that has read everything was only slow, the first time. */
static void end_deafness(struct connection *c)
{
    struct deafness *deaf = &c->deaf;

    if (deaf->is && !c->events &&
        has_passed(deaf->found_ms, (1u << (deaf->times - 1)) - 1))
        deaf->is = false;
}

/* Of a change that a guest makes; the first event of a new watch is of none. */
static bool is_waited_for(struct connection *reader)
{
    end_deafness(reader);
    return acting && change >= first_change && !reader->deaf.is;
}

bool outstanding_is_paid(struct connection *reader)
{
    return is_waited_for(reader) && reader->domain != acting &&
           quota[QUOTA_OUTSTANDING];
}

static bool is_counted(const struct connection *reader)
{
    return reader->counted >= first_change &&
           change < reader->counted + OUTSTANDING_CHANGES;
}

struct cause outstanding_add(struct connection *reader)
{
    struct outstanding *o;

    if (!is_waited_for(reader) || is_counted(reader))
        return (struct cause){.epoch = 0};
    reader->counted = change;
    o = &acting->outstanding;
    if (o->requests++ == 0)
        o->since = now_ms();
    return (struct cause){acting->id, o->epoch};
}

static bool is_of(const struct cause *c, const struct domain *d)
{
    return identity_equal(d->id, c->id) && d->outstanding.epoch == c->epoch;
}

void outstanding_drop(const struct cause *c)
{
    struct domain *d = c->id.domid ? domain_known(c->id.domid) : NULL;

    if (d && is_of(c, d))
        d->outstanding.requests--;
}

/* Who has left something unread all the time that this one has caused. That it
 * read something else is no merit: it could be one event now and then. */
static bool is_deaf_for(const struct connection *c, const struct domain *d)
{
    const struct message *m = c->out;

    while (m && !(m->kind != MESSAGE_ANSWER && is_of(&m->cause, d)))
        m = m->next;
    return m && has_passed(m->since_ms, 1);
}

static void find_deaf(const struct domain *d)
{
    for (struct connection *c = connections; c; c = c->next) {
        struct deafness *deaf = &c->deaf;

        if (deaf->is || !is_deaf_for(c, d))
            continue;
        if (has_passed(deaf->found_ms, MEMORY))
            deaf->times = 0;
        if (deaf->times < MOST_TIMES)
            deaf->times++;
        deaf->is = true;
        deaf->found_ms = now_ms();
    }
}

bool outstanding_full(struct domain *d)
{
    long limit = quota[QUOTA_OUTSTANDING];

    if (!limit || d->outstanding.requests < limit)
        return false;
    if (outstanding_timeout && has_passed(d->outstanding.since, 1)) {
        find_deaf(d);
        d->outstanding =
            (struct outstanding){.epoch = d->outstanding.epoch + 1};
        return false;
    }
    return true;
}
