/* SPDX-License-Identifier: MIT */
/*
 * What a frontend wants of its interface, and may change while it is connected.
 * It reads in the backend's state that a change is in force, so a process that
 * is killed leaves what is in force to its successor: it is part of the record,
 * where a guest that has taken the process over may have left anything.
 */
#ifndef BACKENDS_NET_WISHES_H
#define BACKENDS_NET_WISHES_H

#include <stdbool.h>
#include <stdint.h>

#include "hash.h"
#include "multicast.h"
#include "record.h"

#define NET_MAX_HEADROOM 2048 /* bytes */

struct net_wishes {
    bool filter; /* of multicast frames only those on the list */
    struct net_multicast *multicast; /* in the record */
    uint32_t headroom;     /* bytes in front of each frame, for XDP programs */
    struct net_hash *hash; /* in the record */
    struct net_in_force *in_force; /* likewise */
};

/* resume: those of the process before this one; else there are none yet. */
void net_wishes_begin(struct net_wishes *w, struct net_record *record,
                      bool resume);
/* These are in force from now on. A headroom that is too large is cut: the
 * guest sees with each frame how much there is. */
void net_wishes_set(struct net_wishes *w, bool filter, uint64_t headroom);

#endif
