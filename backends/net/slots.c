/* SPDX-License-Identifier: MIT */
/*
 * Parsing of netif transmit slots; see slots.h.
 */
#include "slots.h"

#include <errno.h>
#include <string.h>

#include <base/page.h>

/* Slots of extra information, each telling whether another follows. */
static int parse_extras(struct net_packet *p, const union net_tx_slot *slot,
                        unsigned int n)
{
    const netif_extra_info_t *e;

    do {
        if (p->nr_slots == n)
            return -EPROTO;
        e = &slot[p->nr_slots++].extra;
        p->nr_extra++;
        if (e->type == XEN_NETIF_EXTRA_TYPE_NONE ||
            e->type >= XEN_NETIF_EXTRA_TYPE_MAX)
            return -EPROTO;
        if (e->type == XEN_NETIF_EXTRA_TYPE_GSO) {
            p->gso_type = e->u.gso.type;
            p->gso_size = e->u.gso.size;
        } else if (e->type != XEN_NETIF_EXTRA_TYPE_HASH) {
            p->multicast = e->type;
            memcpy(p->address, e->u.mcast.addr, sizeof(p->address));
        } /* the frame's hash is of no use here */
    } while (e->flags & XEN_NETIF_EXTRA_FLAG_MORE);
    return 0;
}

static int add_piece(struct net_packet *p, const netif_tx_request_t *r)
{
    if (p->nr_pieces == NET_FATAL_PIECES)
        return -EPROTO;
    p->piece[p->nr_pieces++] = (struct net_piece){
        .ref = r->gref, .offset = r->offset, .len = r->size, .id = r->id};
    return 0;
}

/* The pieces are known: sizes must add up, and each lie in its page. */
static int check_pieces(struct net_packet *p)
{
    uint32_t rest = p->size;

    for (unsigned int i = 1; i < p->nr_pieces; i++) {
        if (p->piece[i].len > rest)
            return -EPROTO;
        rest -= p->piece[i].len;
    }
    p->piece[0].len = rest;
    for (unsigned int i = 0; i < p->nr_pieces; i++)
        if ((uint32_t)p->piece[i].offset + p->piece[i].len > PAGE_SIZE)
            return -EPROTO;
    return 0;
}

static bool gso_sane(const struct net_packet *p)
{
    if (p->gso_type == XEN_NETIF_GSO_TYPE_NONE)
        return true;
    return (p->gso_type == XEN_NETIF_GSO_TYPE_TCPV4 ||
            p->gso_type == XEN_NETIF_GSO_TYPE_TCPV6) &&
           p->gso_size;
}

int net_packet_parse(struct net_packet *p, const union net_tx_slot *slot,
                     unsigned int n)
{
    const netif_tx_request_t *r = &slot[0].request;
    int rc;

    memset(p, 0, sizeof(*p));
    p->nr_slots = 1;
    p->size = r->size;
    p->csum_blank = r->flags & NETTXF_csum_blank;
    rc = add_piece(p, r);
    if (!rc && (r->flags & NETTXF_extra_info))
        rc = parse_extras(p, slot, n);
    while (!rc && (r->flags & NETTXF_more_data)) {
        if (p->nr_slots == n)
            return -EPROTO; /* the packet is not all there */
        r = &slot[p->nr_slots++].request;
        rc = add_piece(p, r);
    }
    if (!rc)
        rc = check_pieces(p);
    p->drop = !p->multicast && (p->nr_pieces > NET_MAX_PIECES ||
                                p->size < NET_MIN_FRAME || !gso_sane(p));
    return rc;
}
