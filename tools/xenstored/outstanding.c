/* SPDX-License-Identifier: MIT */
/* See outstanding.h. */
#include "outstanding.h"

#include <daemon/clock.h>

#include "connection.h"
#include "domain.h"

/* Timeouts for which nobody waits for a reader that was found deaf. One that
 * means to hold a guest back by reading at last, and then no more, costs it one
 * of so many. */
#define DEAF 16

long outstanding_timeout = 20000;

static struct domain *acting;

void outstanding_begin(struct domain *d)
{
    acting = d && d->id.domid ? d : NULL;
}

void outstanding_end(void)
{
    acting = NULL;
}

struct cause outstanding_add(const struct connection *reader)
{
    struct outstanding *o;

    if (!acting || now_ms() < reader->deaf_until_ms)
        return (struct cause){.epoch = 0};
    o = &acting->outstanding;
    if (o->events++ == 0)
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
        d->outstanding.events--;
}

/* Who has left something unread all the time that this one has caused. That it
 * read something else is no merit: it could be one event now and then. */
static void find_deaf(const struct domain *d, uint64_t now)
{
    for (struct connection *c = connections; c; c = c->next) {
        const struct message *m = c->out;

        while (m && !(m->event && is_of(&m->cause, d)))
            m = m->next;
        if (m && now - m->since_ms >= (uint64_t)outstanding_timeout)
            c->deaf_until_ms = now + DEAF * (uint64_t)outstanding_timeout;
    }
}

bool outstanding_full(struct domain *d)
{
    long limit = quota[QUOTA_OUTSTANDING];

    if (!limit || d->outstanding.events < limit)
        return false;
    if (outstanding_timeout &&
        now_ms() - d->outstanding.since >= (uint64_t)outstanding_timeout) {
        find_deaf(d, now_ms());
        d->outstanding =
            (struct outstanding){.epoch = d->outstanding.epoch + 1};
        return false;
    }
    return true;
}
