/* SPDX-License-Identifier: MIT */
/* See outstanding.h. */
#include "outstanding.h"

#include <daemon/clock.h>

#include "domain.h"

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

struct cause outstanding_add(void)
{
    struct outstanding *o;

    if (!acting)
        return (struct cause){.epoch = 0};
    o = &acting->outstanding;
    if (o->events++ == 0)
        o->since = now_ms();
    return (struct cause){acting->id, o->epoch};
}

void outstanding_drop(const struct cause *c)
{
    struct domain *d = c->id.domid ? domain_known(c->id.domid) : NULL;

    if (d && identity_equal(d->id, c->id) && d->outstanding.epoch == c->epoch)
        d->outstanding.events--;
}

bool outstanding_full(struct domain *d)
{
    long limit = quota[QUOTA_OUTSTANDING];

    if (!limit || d->outstanding.events < limit)
        return false;
    if (outstanding_timeout &&
        now_ms() - d->outstanding.since >= (uint64_t)outstanding_timeout) {
        d->outstanding =
            (struct outstanding){.epoch = d->outstanding.epoch + 1};
        return false;
    }
    return true;
}
