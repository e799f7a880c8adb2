/* SPDX-License-Identifier: MIT */
/*
 * The control ring of an interface (feature-ctrl-ring), by which a guest says
 * how frames are to be hashed and spread over its queues. Requests are done and
 * answered in their order, and an answer is sealed in the record before it goes
 * out (answers.h): a successor does again what was done and not answered, which
 * changes nothing.
 */
#ifndef BACKENDS_NET_CTRL_H
#define BACKENDS_NET_CTRL_H

#include <daemon/event_loop.h>

#include "../common/grant_map.h"
#include "../common/ports.h"
#include "../common/ring.h"
#include "answers.h"
#include "hash.h"

/* The first part is the caller's to set. */
struct net_ctrl {
    struct event_loop *loop;
    struct grants *grants;
    struct net_hash *hash;     /* in the record */
    struct net_sealed *sealed; /* likewise */
    unsigned int nr_queues;
    /* The ring is nonsense: the caller disconnects. */
    void (*broken)(struct net_ctrl *c, const char *why);

    struct back_ring ring;
    struct net_answers answers;
    void *addr; /* NULL: not connected */
    struct port port;
    bool masked; /* its event was taken and the port not opened again */
    struct event_work work;
    struct grant_copy_batch batch;
};

/* The ring and the event channel that the frontend wrote. 0; -errno, and then
 * nothing is left connected. */
int net_ctrl_connect(struct net_ctrl *c, struct ports *ports, uint32_t ref,
                     uint32_t port, bool resume);
/* Harmless if it is not connected. */
void net_ctrl_disconnect(struct net_ctrl *c);

#endif
