/* SPDX-License-Identifier: MIT */
/*
 * What a killed network backend leaves to its successor: of each queue, the
 * answers that were on their way into the rings (answers.h), and what the
 * frontend has told by way of them; and what it was told is in force.
 */
#ifndef BACKENDS_NET_RECORD_H
#define BACKENDS_NET_RECORD_H

#include "answers.h"
#include "hash.h"
#include "multicast.h"
#include "tap.h"

#define NET_RECORD_FORMAT "vif   5"

struct net_queue_record {
    struct net_sealed tx, rx;
};

/* Of what the frontend's nodes ask for, see wishes.h. */
struct net_in_force {
    uint32_t filter, headroom;
};

struct net_record {
    struct record_head head;
    struct net_in_force in_force;
    struct net_multicast multicast;
    struct net_hash hash;
    struct net_sealed ctrl;
    struct net_queue_record queue[TAP_MAX_QUEUES];
};

#endif
