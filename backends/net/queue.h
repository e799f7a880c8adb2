/* SPDX-License-Identifier: MIT */
/*
 * One queue of a guest's interface: a transmit ring (guest to host), a receive
 * ring, their event channel or channels, and a descriptor of the tap device.
 *
 * Memory is fixed: one arena each way, and the tap device's own queue in the
 * kernel, which drops when it is full. When the guest gives no buffers for the
 * next frame for STALL_MS, frames are thrown away until it does; what is
 * measured is whether that frame fits, so leaving a slot or two free now and
 * then does not keep them waiting.
 */
#ifndef BACKENDS_NET_QUEUE_H
#define BACKENDS_NET_QUEUE_H

#include <daemon/event_loop.h>
#include <daemon/log.h>

#include "../common/grant_map.h"
#include "../common/ports.h"
#include "../common/ring.h"
#include "credit.h"
#include "slots.h"
#include "tap.h"

#define NET_RING_SIZE 256
#define NET_ARENA     (NET_RING_SIZE * PAGE_SIZE)
#define NET_MAX_FRAME 65536
#define NET_STALL_MS  10000

union net_rx_slot {
    netif_rx_request_t request;
    netif_rx_response_t response;
    netif_extra_info_t extra;
};

/* What the frontend can do. */
struct net_features {
    bool sg, csum, csum6, tso4, tso6;
};

/* A frame read from the tap device, on its way into the guest. */
struct net_frame {
    struct virtio_net_hdr header;
    uint8_t *data;
    unsigned int len;
    unsigned int first; /* of its requests in rx_request[] */
    unsigned int piece; /* first of its pieces in the copy batch */
};

struct net_queue {
    struct event_loop *loop;
    struct grants *grants;
    struct net_features features;
    int tap_fd;
    struct net_credit *credit; /* the interface's */
    void (*broken)(struct net_queue *q, const char *why);
    void *owner;

    struct port tx_port, rx_port; /* rx_port unbound: one for both */
    bool tx_masked;
    uint8_t *arena; /* NET_ARENA for each direction, tx first */

    /* guest to host */
    struct back_ring tx;
    void *tx_addr;
    struct event_work tx_work;
    struct grant_copy_batch tx_batch;
    union net_tx_slot tx_slot[NET_RING_SIZE];
    struct net_packet tx_packet[NET_RING_SIZE];

    /* host to guest */
    struct back_ring rx;
    void *rx_addr;
    struct event_work rx_work;
    struct event_source tap;
    bool tap_paused;
    struct event_timer stall;
    bool stalled;
    bool held; /* frame[0] is read but found no room in the ring */
    struct grant_copy_batch rx_batch;
    netif_rx_request_t rx_request[NET_RING_SIZE];
    struct net_frame frame[NET_RING_SIZE];
};

/* Ring references and remote ports as the frontend wrote them; rx_port 0: the
 * same as tx_port. */
struct net_queue_refs {
    uint32_t tx_ref, rx_ref, tx_port, rx_port;
};

int net_queue_connect(struct net_queue *q, struct ports *ports,
                      const struct net_queue_refs *refs);
void net_queue_disconnect(struct net_queue *q);

/* tx.c, rx.c */
void net_tx_serve(struct net_queue *q);
void net_rx_serve(struct net_queue *q);
void net_rx_stall(struct event_timer *t);

static inline void net_notify_rx(struct net_queue *q)
{
    port_notify(q->rx_port.local ? &q->rx_port : &q->tx_port);
}

#endif
