/* SPDX-License-Identifier: MIT */
/*
 * Network devices: a transmit and a receive ring per queue, as seen by the
 * guest. A packet is a chain of slots linked by *_more_data; slots of extra
 * information stand between the first and the second.
 *
 * Nodes of the backend: feature-sg, feature-gso-tcpv4, feature-gso-tcpv6,
 * feature-no-csum-offload, feature-ipv6-csum-offload, feature-rx-copy,
 * feature-multicast-control, feature-dynamic-multicast-control,
 * feature-split-event-channels, multi-queue-max-queues. Of the frontend:
 * tx-ring-ref, rx-ring-ref, event-channel or event-channel-tx and -rx,
 * request-rx-copy, request-multicast-control and the same features; with
 * several queues multi-queue-num-queues and queue-N/.
 *
 * The backend here refuses a frontend without request-rx-copy, and uses
 * gso-tcpv4 and -tcpv6 only together with sg and checksums. For one without
 * feature-rx-notify, which may not tell of new receive requests, it looks
 * again. Nodes are read each time the frontend becomes ready;
 * request-multicast-control also whenever it changes.
 */
#ifndef __XEN_PUBLIC_IO_NETIF_H__
#define __XEN_PUBLIC_IO_NETIF_H__

#include "ring.h"
#include "../grant_table.h"

/*
 * Slots of one packet that every backend must accept. A packet with more of
 * them, or longer than MAX_TX_SIZE bytes, is refused as a whole.
 */
#define XEN_NETIF_NR_SLOTS_MIN 18
#define XEN_NETIF_MAX_TX_SIZE  0xFFFF

/*
 * Guest to backend. A slot is part of a page that the backend may read. A
 * packet of several slots is answered slot by slot; slots of extra information
 * get NETIF_RSP_NULL. A backend that finds a chain that makes no sense stops
 * the queue: it cannot know where the next packet begins. So a frontend must
 * show all slots of a packet by one step of the producer index. A packet that
 * is merely bad (shorter than an Ethernet header, say) is answered by
 * NETIF_RSP_ERROR and costs nothing else.
 */
#define _NETTXF_csum_blank     (0) /* checksum still to be filled in */
#define NETTXF_csum_blank      (1U << _NETTXF_csum_blank)
#define _NETTXF_data_validated (1)
#define NETTXF_data_validated  (1U << _NETTXF_data_validated)
#define _NETTXF_more_data      (2) /* the packet goes on in the next slot */
#define NETTXF_more_data       (1U << _NETTXF_more_data)
#define _NETTXF_extra_info     (3) /* the next slot is netif_extra_info */
#define NETTXF_extra_info      (1U << _NETTXF_extra_info)
/*
 * The first slot's size minus those of the others is what the first slot holds.
 */
struct netif_tx_request {
    grant_ref_t gref;
    uint16_t offset; /* in the page */
    uint16_t flags;  /* NETTXF_* */
    uint16_t id;     /* echoed */
    uint16_t size;   /* first slot: of the whole packet; else of this slot */
};
typedef struct netif_tx_request netif_tx_request_t;

/*
 * The page may be used again. NETIF_RSP_OKAY says that the backend has taken
 * the packet, not that anybody received it.
 */
struct netif_tx_response {
    uint16_t id;
    int16_t status; /* NETIF_RSP_* */
};
typedef struct netif_tx_response netif_tx_response_t;

/*
 * Backend to guest. The request offers an empty page that the backend may write
 * or copy to; the response says what is in it. Responses stand at the same
 * index as the requests they consume. A frontend that lets the backend run out
 * of pages delays packets, and loses them after some seconds.
 */
struct netif_rx_request {
    uint16_t id;
    uint16_t pad;
    grant_ref_t gref;
};
typedef struct netif_rx_request netif_rx_request_t;

#define _NETRXF_data_validated (0) /* checksum is known to be good */
#define NETRXF_data_validated  (1U << _NETRXF_data_validated)
#define _NETRXF_csum_blank     (1) /* was never filled in */
#define NETRXF_csum_blank      (1U << _NETRXF_csum_blank)
#define _NETRXF_more_data      (2)
#define NETRXF_more_data       (1U << _NETRXF_more_data)
#define _NETRXF_extra_info     (3)
#define NETRXF_extra_info      (1U << _NETRXF_extra_info)
#define _NETRXF_gso_prefix     (4)
#define NETRXF_gso_prefix      (1U << _NETRXF_gso_prefix)
/*
 * The first response of a packet that uses several has NETRXF_more_data, and so
 * on up to the last but one.
 */
struct netif_rx_response {
    uint16_t id;
    uint16_t offset;
    uint16_t flags; /* NETRXF_* */
    int16_t status; /* bytes in this page, or NETIF_RSP_* below 0 */
};
typedef struct netif_rx_response netif_rx_response_t;

/*
 * Extra information, both ways: a slot that takes the place of a request or a
 * response. Nobody may send a type that was not negotiated by a feature node.
 * The backend passes over such a slot, but stops the queue for NONE and for
 * types beyond this list. On the way to the guest the slot stands where the
 * response to the second request would, whose page is given back unused.
 */
#define XEN_NETIF_EXTRA_TYPE_NONE      (0)
#define XEN_NETIF_EXTRA_TYPE_GSO       (1)
#define XEN_NETIF_EXTRA_TYPE_MCAST_ADD (2)
#define XEN_NETIF_EXTRA_TYPE_MCAST_DEL (3)
#define XEN_NETIF_EXTRA_TYPE_HASH      (4)
#define XEN_NETIF_EXTRA_TYPE_MAX       (5)
#define _XEN_NETIF_EXTRA_FLAG_MORE     (0) /* another one follows */
#define XEN_NETIF_EXTRA_FLAG_MORE      (1U << _XEN_NETIF_EXTRA_FLAG_MORE)
#define XEN_NETIF_GSO_TYPE_NONE        (0)
#define XEN_NETIF_GSO_TYPE_TCPV4       (1)
#define XEN_NETIF_GSO_TYPE_TCPV6       (2)
/*
 * gso: a packet larger than the MTU that the receiver, or the device that sends
 * it on, cuts into segments. hash: of the packet's flow.
 * mcast: from a guest, with a request that is no packet, whatever else it says:
 * the address joins its list or leaves it. While request-multicast-control is 1
 * the guest gets multicast packets for these addresses alone; the list begins
 * empty with each connection, and has room for 64 (NETIF_RSP_ERROR: none left).
 */
struct netif_extra_info {
    uint8_t type;  /* XEN_NETIF_EXTRA_TYPE_* */
    uint8_t flags; /* XEN_NETIF_EXTRA_FLAG_* */
    union {
        struct {
            uint16_t size; /* payload of each segment to be cut */
            uint8_t type;  /* XEN_NETIF_GSO_TYPE_* */
            uint8_t pad;
            uint16_t features;
        } gso;
        struct {
            uint8_t addr[6];
        } mcast;
        struct {
            uint8_t type;
            uint8_t algorithm;
            uint8_t value[4];
        } hash;
        uint16_t pad[3];
    } u;
};
typedef struct netif_extra_info netif_extra_info_t;

#define NETIF_RSP_DROPPED -2
#define NETIF_RSP_ERROR   -1
#define NETIF_RSP_OKAY    0
#define NETIF_RSP_NULL    1 /* answers a slot of extra information */

DEFINE_RING_TYPES(netif_tx, struct netif_tx_request, struct netif_tx_response);
DEFINE_RING_TYPES(netif_rx, struct netif_rx_request, struct netif_rx_response);

#endif
