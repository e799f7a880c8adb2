/* SPDX-License-Identifier: MIT */
/*
 * From ring slots to packets, guest to host. Pure: works on slots that have
 * been copied out of the ring.
 *
 * A packet is one request with the total size, then, if flagged, slots of
 * extra information, then further requests with the size of their own piece as
 * long as more_data says so. What the first request's page holds is the total
 * less all the others.
 */
#ifndef BACKENDS_NET_SLOTS_H
#define BACKENDS_NET_SLOTS_H

#include <stdbool.h>
#include <stdint.h>
#include <xen/xen.h>
#include <xen/grant_table.h>
#include <xen/io/netif.h>

/* What frontends may use for one packet; a few more are dropped politely,
 * because old frontends make them, yet more is an attack. */
#define NET_MAX_PIECES   XEN_NETIF_NR_SLOTS_MIN
#define NET_FATAL_PIECES 20
#define NET_MIN_FRAME    14 /* an Ethernet header */

/* One slot of the transmit ring; its layout is ABI (xen/io/netif.h). Which of
 * the requests it is only the slots before it tell. */
union net_tx_slot {
    netif_tx_request_t request;
    netif_extra_info_t extra;
    netif_tx_response_t response;
};

/* A part of a packet, inside one granted page; it may be empty. Its request is
 * answered by its id. */
struct net_piece {
    grant_ref_t ref;
    uint16_t offset, len;
    uint16_t id;
};

/* The pieces in their order are the frame. If it is to be dropped only the
 * numbers and ids count. */
struct net_packet {
    unsigned int nr_slots, nr_extra, nr_pieces;
    struct net_piece piece[NET_FATAL_PIECES];
    uint32_t size; /* bytes of all pieces */
    bool csum_blank;
    uint8_t gso_type;  /* XEN_NETIF_GSO_TYPE_* */
    uint16_t gso_size; /* bytes of data in each segment */
    /* XEN_NETIF_EXTRA_TYPE_MCAST_ADD or _DEL of this address, and nothing else:
     * there is nothing to send. 0: a frame. */
    uint8_t multicast;
    uint8_t address[6];
    bool drop; /* answer with an error, send nothing */
};

/*
 * Takes one packet from the first of n slots (n > 0). -EPROTO: no sane
 * frontend does this; the device is to be closed.
 */
int net_packet_parse(struct net_packet *p, const union net_tx_slot *slot,
                     unsigned int n);

#endif
