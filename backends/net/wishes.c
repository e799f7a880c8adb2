/* SPDX-License-Identifier: MIT */
/* See wishes.h. */
#include "wishes.h"

void net_wishes_set(struct net_wishes *w, bool filter, uint64_t headroom)
{
    w->filter = filter;
    w->headroom = headroom < NET_MAX_HEADROOM ? headroom : NET_MAX_HEADROOM;
    record_store(&w->in_force->filter, w->filter);
    record_store(&w->in_force->headroom, w->headroom);
}

void net_wishes_begin(struct net_wishes *w, struct net_record *record,
                      bool resume)
{
    *w = (struct net_wishes){.multicast = &record->multicast,
                             .hash = &record->hash,
                             .in_force = &record->in_force};
    if (!resume) {
        record->multicast.count = 0;
        record->hash = (struct net_hash){0};
        record->in_force = (struct net_in_force){0};
    }
    net_wishes_set(w, record->in_force.filter, record->in_force.headroom);
}
