/* SPDX-License-Identifier: MIT */
/*
 * One queue of a guest's interface: a transmit ring (guest to host), a receive
 * ring, their event channel or channels, and a descriptor of the tap device.
 *
 * Memory is fixed: one arena, which holds the data of a pass while it lasts and
 * so serves both directions and all queues; one frame for which the guest has
 * no room; and the tap device's own queue in the kernel, which drops when it is
 * full. When the guest gives no buffers for the next frame for STALL_MS, frames
 * are thrown away until it does, that one too, and after CARRIER_MS the
 * interface loses its carrier, so that none are sent; what is measured is
 * whether that frame fits, so leaving a slot or two free now and then does not
 * keep them waiting. A guest that does not tell of new buffers is
 * looked at again every POLL_MS, and waited for.
 *
 * One thread, that of the event loop, does everything. Slots are copied before
 * they are looked at (slots.h); a slot that was taken is answered, unless the
 * ring itself is nonsense, also if the process is killed meanwhile (answers.h).
 */
#ifndef BACKENDS_NET_QUEUE_H
#define BACKENDS_NET_QUEUE_H

#include <daemon/event_loop.h>
#include <daemon/log.h>

#include "../common/grant_map.h"
#include "../common/ports.h"
#include "../common/ring.h"
#include "answers.h"
#include "credit.h"
#include "gather.h"
#include "join.h"
#include "record.h"
#include "slots.h"
#include "tap.h"
#include "tap_batch.h"
#include "wishes.h"

/* Pages for the data of a pass: of each slot of a ring one. */
#define NET_ARENA_PAGES NET_RING_SIZE
/* Bytes of a frame; ms. */
#define NET_MAX_FRAME 65536
/* Slots of extra information of a frame: segments, its hash, the headroom. */
#define NET_RX_EXTRAS  3
#define NET_STALL_MS   10000
#define NET_DROP_MS    1000 /* from one look to the next, while stalled */
#define NET_CARRIER_MS 60000
#define NET_POLL_MS    30
/* Of each frame the header, its pieces, and perhaps its headers' copy. */
#define NET_MAX_IOVS (3 * NET_RING_SIZE + 1)

/* One slot of the receive ring: a buffer that the guest gives, or its answer.
 */
union net_rx_slot {
    netif_rx_request_t request;
    netif_rx_response_t response;
    netif_extra_info_t extra;
};

/* What the frontend can do: fragments, missing checksums, large TCP segments,
 * and an event for new buffers. */
struct net_features {
    bool sg, csum, csum6, tso4, tso6, rx_notify;
};

/* A frame read from the tap device, on its way into the guest by a queue. */
struct net_frame {
    struct virtio_net_hdr header;
    uint8_t *data;
    unsigned int len, headroom;
    unsigned int nr_extras; /* in the slots behind the first one */
    netif_extra_info_t extra[NET_RX_EXTRAS];
    struct net_queue *to;
    unsigned int first; /* of its requests in to's rx_request[] */
    unsigned int piece; /* first of its pieces in to's copy batch */
};

/* The first part is the caller's to set, the rest is the queue's. */
struct net_queue {
    struct event_loop *loop;
    struct grants *grants;
    struct net_features features;
    const struct net_wishes *wishes; /* the interface's */
    int tap_fd;
    struct tap_batch *tap_batch; /* the interface's */
    struct net_credit *credit;   /* the interface's */
    struct grant_arena *arena;   /* the interface's: NET_ARENA_PAGES */
    struct net_queue *all;       /* the interface's, so many: */
    unsigned int nr_all;
    struct net_queue_record *record;
    struct record_counts *counts; /* the interface's */
    /* The ring is nonsense, for this reason: the caller disconnects. */
    void (*broken)(struct net_queue *q, const char *why);
    /* The guest has taken no frames for so long that none should be sent to it;
     * or it takes them again. Never while it is disconnected. */
    void (*deaf)(struct net_queue *q, bool deaf);
    bool is_deaf; /* the queue's */
    /* Somebody has removed the tap device, so this process cannot go on. */
    void (*lost)(struct net_queue *q);
    void *owner; /* for the caller, not used here */

    struct port tx_port, rx_port; /* rx_port unbound: one for both */
    bool tx_masked; /* its event was taken and the port not opened again */

    /* guest to host */
    struct back_ring tx;
    struct net_answers tx_answers;
    void *tx_addr;
    struct event_work tx_work;        /* another pass */
    struct grant_copy_batch tx_batch; /* of one pass, as what follows */
    union net_tx_slot tx_slot[NET_RING_SIZE];
    struct net_packet tx_packet[NET_RING_SIZE];
    uint8_t *tx_head;        /* FRAME_HEAD bytes for each packet, own */
    struct joined tx_joined; /* the last frame, if others may follow */
    unsigned int tx_frames, tx_iovs, tx_heads; /* in use */
    struct tap_frame tx_frame[NET_RING_SIZE];
    struct iovec tx_iov[NET_MAX_IOVS];

    /* host to guest */
    struct back_ring rx;
    struct net_answers rx_answers;
    void *rx_addr;
    struct event_work rx_work; /* likewise */
    struct event_source tap;
    struct gather gather;
    bool tap_paused;          /* not read: the guest has no room */
    struct event_timer stall; /* runs from then on; or is the next look */
    bool stalled;             /* it has run out: frames are thrown away */
    unsigned int silent_ms;   /* for so long */
    bool held;          /* frame[0] is read but found no room in the ring */
    uint8_t *held_data; /* its data, in NET_MAX_FRAME bytes */
    struct grant_copy_batch rx_batch; /* of one pass, empty between them */
    unsigned int rx_taken;            /* likewise, of rx_request[] */
    netif_rx_request_t rx_request[NET_RING_SIZE];
    struct net_frame frame[NET_RING_SIZE];
};

/* Ring references and remote ports as the frontend wrote them; rx_port 0: the
 * same as tx_port. */
struct net_queue_refs {
    uint32_t tx_ref, rx_ref, tx_port, rx_port;
};

/* Maps both rings and begins to serve them; resume: they are in use, and the
 * record says how far they are. 0; -errno, and then nothing is left connected.
 */
int net_queue_connect(struct net_queue *q, struct ports *ports,
                      const struct net_queue_refs *refs, bool resume);
/* Nothing stays mapped, and the memory is given back. */
void net_queue_disconnect(struct net_queue *q);

/*
 * One pass, for queue.c: what the guest has sent goes to the tap device (tx.c),
 * what the tap device has goes to the guest (rx.c). If there is more, they ask
 * the loop for another pass.
 */
void net_tx_serve(struct net_queue *q);
void net_rx_serve(struct net_queue *q);
/* The tap device has something; more may be let come first. */
void net_rx_gather(struct net_queue *q);
/* The guest has had no room for NET_STALL_MS, or for NET_POLL_MS. */
void net_rx_wait_is_over(struct event_timer *t);

/* Tells the guest of received frames, by the port that it listens to. */
static inline void net_notify_rx(struct net_queue *q)
{
    port_notify(q->rx_port.local ? &q->rx_port : &q->tx_port);
}

#endif
