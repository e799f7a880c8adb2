/* SPDX-License-Identifier: MIT */
/*
 * Network interfaces: whole Ethernet frames, copied in and out, so that no
 * buffer of the caller's is ever shared. Frames of several pages, checksums
 * that nobody has filled in, and TCP segments that nobody has cut (GSO, to the
 * guest) are taken from the backend and, but for the last, given to it.
 *
 * A backend is believed nothing: each response is copied once and must fit to
 * what stands at its place in the ring; if not, the device is given up. Buffers
 * are the library's own: those that a backend does not let go when the device
 * is closed or given up are never used again.
 *
 * One vcpu, no locks, so that several queues are for the backend's sake, which
 * may serve each by a processor of its own. All is done in the calls below and
 * in events_serve(). What is under way when the device has to be connected anew
 * is lost, as on any network.
 */
#ifndef PV_NETFRONT_H
#define PV_NETFRONT_H

#include <pv/grant_table.h>
#include <pv/xenbus_device.h>
#include <xen/io/netif.h>

#define NET_FRAME_MAX  65535 /* bytes */
#define NET_FRAME_MIN  14
#define NET_RING       __CONST_RING_SIZE(netif_tx, PAGE_SIZE)
#define NET_TX_BUFFERS 64 /* pages */
#define NET_RX_BUFFERS 64
#define NET_QUEUES_MAX 4

struct net_offload {
    bool csum_blank;   /* the checksum is that of the pseudo-header alone */
    bool csum_valid;   /* the backend says that it is right */
    uint8_t gso_type;  /* XEN_NETIF_GSO_TYPE_* */
    uint16_t gso_size; /* bytes of data of each segment to be cut */
};

struct net_buffer {
    struct shared_pages page; /* of one page */
    bool in_ring;
};

struct net_queue {
    uint64_t sent, received; /* frames */
    /* netfront's. */
    struct netfront *net;
    uint32_t tx_port, rx_port; /* the same if not split */
    struct shared_pages tx_page, rx_page;
    struct netif_tx_front_ring tx;
    struct netif_rx_front_ring rx;
    struct net_buffer tx_buffer[NET_TX_BUFFERS], rx_buffer[NET_RX_BUFFERS];
    uint8_t rx_at[NET_RING]; /* the buffer that is offered at a place */
};

struct netfront {
    struct xenbus_device dev;
    /* The program's, set before netfront_open(); 0: one. A queue takes 130
     * pages. There are at most NET_QUEUES_MAX, and what the backend takes. */
    unsigned int wanted_queues;
    unsigned int nr_queues; /* since the device was connected */
    uint8_t mac[6];
    uint64_t lost; /* frames for the guest that were damaged, or too long */
    /* netfront's. */
    bool sg, split;
    unsigned int turn; /* the queue that is looked at next */
    struct net_queue queue[NET_QUEUES_MAX];
};

/* Connects device/vif/ID and waits up to 30 s for that. 0; -ENOENT there is
 * none, -EIO, -ETIMEDOUT; -EBUSY it failed, and so does netfront_close(). The
 * structure is zeroed but for wanted_queues, or was closed. */
long netfront_open(struct netfront *n, unsigned int id);
/* 0; or -EBUSY the backend holds buffers or rings, which are its own until it
 * unmaps them and are lost to the guest: who opens such a device again and
 * again runs out of memory. */
long netfront_close(struct netfront *n);

/*
 * Sends a frame of len bytes; o may be NULL (only csum_blank counts). The frame
 * is the caller's again at once. Frames of one flow (the same addresses, and
 * the same ports of TCP or UDP) go by one queue. 0; -EAGAIN the queue has no
 * buffer free, or the device is being connected: serve events and try again;
 * -EINVAL its length; -EMSGSIZE the backend takes frames of one page only; -EIO
 * given up.
 */
long netfront_send(struct netfront *n, const void *frame, size_t len,
                   const struct net_offload *o);
/* The same by the queue of that number, modulo nr_queues. */
long netfront_send_by(struct netfront *n, unsigned int queue, const void *frame,
                      size_t len, const struct net_offload *o);
/*
 * The next frame that has come, into frame[size], and what is known of it into
 * *o; queues take turns. Its length; 0 there is none: events_serve() waits for
 * the next one; -EIO given up. A frame that does not fit is lost and counted.
 */
long netfront_receive(struct netfront *n, void *frame, size_t size,
                      struct net_offload *o);

/*
 * Turns an ARP request or an ICMP echo request for that address (network order)
 * into its answer, in its place. The answer's length, 0: it is neither.
 */
size_t net_answer(uint8_t *frame, size_t len, const uint8_t mac[6],
                  const uint8_t ip[4]);

#endif
