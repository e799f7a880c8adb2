/* SPDX-License-Identifier: MIT */
/*
 * Network devices: a transmit and a receive ring per queue, as seen by the
 * guest. A packet is a chain of slots linked by *_more_data; slots of extra
 * information stand between the first and the second.
 *
 * Nodes of the backend: feature-sg, feature-gso-tcpv4, feature-gso-tcpv6,
 * feature-no-csum-offload, feature-ipv6-csum-offload, feature-rx-copy,
 * feature-multicast-control, feature-dynamic-multicast-control,
 * feature-split-event-channels, feature-ctrl-ring, feature-xdp-headroom,
 * multi-queue-max-queues. Of the frontend: tx-ring-ref, rx-ring-ref,
 * event-channel or event-channel-tx and -rx, request-rx-copy,
 * request-multicast-control, ctrl-ring-ref and event-channel-ctrl,
 * xdp-headroom, mtu, and the same features; with several queues
 * multi-queue-num-queues and queue-N/.
 *
 * The backend here refuses a frontend without request-rx-copy, and uses
 * gso-tcpv4 and -tcpv6 only together with sg and checksums. For one without
 * feature-rx-notify, which may not tell of new receive requests, it looks
 * again. Nodes are read each time the frontend becomes ready;
 * request-multicast-control and xdp-headroom also whenever they change.
 *
 * The frontend's node mtu (absent: 1500) follows the MTU of the interface, also
 * while connected.
 *
 * feature-xdp-headroom and xdp-headroom are Linux's: so many bytes are left
 * free in front of each packet to the guest, in its first page, at most 2048.
 * While there are any, such a packet has extra information of type 5, in which
 * the first two bytes of the union are their number; no other backend or
 * frontend sees it. A frontend that changes xdp-headroom goes to Reconfiguring
 * and waits for Reconfigured.
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
 * The backend stops the queue for NONE and for types beyond this list, and
 * passes over a hash. On the way to the guest the slots stand where the
 * responses to the second request and those behind it would, whose pages are
 * given back unused.
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

/*
 * The control ring, of one page for all queues, by which a guest says how its
 * packets are to be spread over its queues. A frontend uses it by writing
 * ctrl-ring-ref and event-channel-ctrl before it is connected. The backend
 * answers each request, here in their order.
 *
 * Of each packet to the guest a hash is made of the parts that the most exact
 * type among those that were set has: of bytes in the packet's order, addresses
 * (source, destination), then ports of a TCP packet that is no fragment. It
 * chooses the queue by the mapping, and goes along as extra information of type
 * HASH, where the type is the bit's number. Other packets count as hash zero.
 * Nothing is set at first, and then the backend chooses.
 */
#define _XEN_NETIF_CTRL_HASH_TYPE_IPV4     0
#define XEN_NETIF_CTRL_HASH_TYPE_IPV4      (1 << _XEN_NETIF_CTRL_HASH_TYPE_IPV4)
#define _XEN_NETIF_CTRL_HASH_TYPE_IPV4_TCP 1
#define XEN_NETIF_CTRL_HASH_TYPE_IPV4_TCP                                      \
    (1 << _XEN_NETIF_CTRL_HASH_TYPE_IPV4_TCP)
#define _XEN_NETIF_CTRL_HASH_TYPE_IPV6     2
#define XEN_NETIF_CTRL_HASH_TYPE_IPV6      (1 << _XEN_NETIF_CTRL_HASH_TYPE_IPV6)
#define _XEN_NETIF_CTRL_HASH_TYPE_IPV6_TCP 3
#define XEN_NETIF_CTRL_HASH_TYPE_IPV6_TCP                                      \
    (1 << _XEN_NETIF_CTRL_HASH_TYPE_IPV6_TCP)

#define XEN_NETIF_CTRL_HASH_ALGORITHM_NONE     0
#define XEN_NETIF_CTRL_HASH_ALGORITHM_TOEPLITZ 1

/*
 * type, and its data[0..2]; DATA is what the response brings. "ref" is a grant
 * of a page at whose beginning the bytes are, and is used until the response.
 *
 *   GET_HASH_FLAGS                  DATA: the types there are. NOT_SUPPORTED
 *                                   without an algorithm
 *   SET_HASH_FLAGS types            0: no hash. INVALID_PARAMETER for others
 *                                   than those there are, or no algorithm
 *   SET_HASH_KEY ref, bytes         the rest of the 40 are zero.
 *                                   BUFFER_OVERFLOW: more than 40
 *   GET_HASH_MAPPING_SIZE           DATA: the most entries (128)
 *   SET_HASH_MAPPING_SIZE entries   all of them zero. 0: the queue is the hash
 *                                   modulo the number of queues
 *   SET_HASH_MAPPING ref, n, first  n numbers of queues (uint32_t), from entry
 *                                   'first' on; the hash modulo the size says
 *                                   which entry counts. BUFFER_OVERFLOW: n is
 *                                   above 128; INVALID_PARAMETER: beyond the
 *                                   size, or no queue, and then none is set
 *   SET_HASH_ALGORITHM algorithm    INVALID_PARAMETER: there is no such one
 *
 * All others are NOT_SUPPORTED. A page that cannot be read is
 * INVALID_PARAMETER.
 */
struct xen_netif_ctrl_request {
    uint16_t id; /* echoed, as is the type */
    uint16_t type;
#define XEN_NETIF_CTRL_TYPE_INVALID               0
#define XEN_NETIF_CTRL_TYPE_GET_HASH_FLAGS        1
#define XEN_NETIF_CTRL_TYPE_SET_HASH_FLAGS        2
#define XEN_NETIF_CTRL_TYPE_SET_HASH_KEY          3
#define XEN_NETIF_CTRL_TYPE_GET_HASH_MAPPING_SIZE 4
#define XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING_SIZE 5
#define XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING      6
#define XEN_NETIF_CTRL_TYPE_SET_HASH_ALGORITHM    7
    uint32_t data[3];
};

struct xen_netif_ctrl_response {
    uint16_t id;
    uint16_t type;
    uint32_t status;
#define XEN_NETIF_CTRL_STATUS_SUCCESS           0
#define XEN_NETIF_CTRL_STATUS_NOT_SUPPORTED     1
#define XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER 2
#define XEN_NETIF_CTRL_STATUS_BUFFER_OVERFLOW   3
    uint32_t data;
};

#define NETIF_RSP_DROPPED -2
#define NETIF_RSP_ERROR   -1
#define NETIF_RSP_OKAY    0
#define NETIF_RSP_NULL    1 /* answers a slot of extra information */

DEFINE_RING_TYPES(xen_netif_ctrl, struct xen_netif_ctrl_request,
                  struct xen_netif_ctrl_response);
DEFINE_RING_TYPES(netif_tx, struct netif_tx_request, struct netif_tx_response);
DEFINE_RING_TYPES(netif_rx, struct netif_rx_request, struct netif_rx_response);

#endif
