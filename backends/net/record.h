/* SPDX-License-Identifier: MIT */
/*
 * What a killed network backend leaves to its successor: of each queue, the
 * answers that were on their way into the rings (answers.h).
 */
#ifndef BACKENDS_NET_RECORD_H
#define BACKENDS_NET_RECORD_H

#include "answers.h"
#include "tap.h"

#define NET_RECORD_FORMAT "vif   2"

struct net_queue_record {
    struct net_sealed tx, rx;
};

struct net_record {
    struct record_head head;
    struct net_queue_record queue[TAP_MAX_QUEUES];
};

#endif
