/* SPDX-License-Identifier: MIT */
/*
 * Guest to host: all waiting slots are copied and parsed into packets, the
 * data of all packets comes over by one grant copy, each packet contiguous in
 * the arena, and goes to the tap device by one write each.
 */
#include "queue.h"

#include <errno.h>
#include <string.h>

#include "offload.h"

static void respond(struct net_queue *q, uint16_t id, int status)
{
    netif_tx_response_t rsp = {.id = id, .status = status};

    back_ring_respond(&q->tx, &rsp, sizeof(rsp));
}

static void respond_packet(struct net_queue *q, const struct net_packet *p,
                           int status)
{
    for (unsigned i = 0; i < p->nr_pieces; i++)
        respond(q, p->piece[i].id, status);
    for (unsigned i = 0; i < p->nr_extra; i++)
        respond(q, 0, NETIF_RSP_NULL);
}

/* Slots into packets; the number of packets, or -EPROTO. */
static int parse_all(struct net_queue *q, unsigned nr_slots)
{
    unsigned done = 0;
    int n = 0, rc;

    while (done < nr_slots) {
        rc = net_packet_parse(&q->tx_packet[n], &q->tx_slot[done],
                              nr_slots - done);
        if (rc)
            return rc;
        done += q->tx_packet[n++].nr_slots;
    }
    return n;
}

static void add_copies(struct net_queue *q, const struct net_packet *p,
                       uint8_t *at)
{
    for (unsigned i = 0; i < p->nr_pieces; i++) {
        const struct net_piece *s = &p->piece[i];

        if (!s->len)
            continue;
        grant_batch_from_guest(&q->tx_batch, q->grants->domid, s->ref,
                               s->offset, at, s->len);
        at += s->len;
    }
}

/* Status of the packet whose pieces start at *piece in the batch. */
static int send(struct net_queue *q, const struct net_packet *p, uint8_t *data,
                unsigned *piece)
{
    struct virtio_net_hdr h;
    bool ok = true;

    for (unsigned i = 0; i < p->nr_pieces; i++)
        if (p->piece[i].len)
            ok = grant_batch_ok(&q->tx_batch, (*piece)++) && ok;
    if (!ok) {
        log_guest(&q->log, "transmit: a granted page cannot be read");
        return NETIF_RSP_ERROR;
    }
    if (!offload_to_host(&h, data, p->size, p->csum_blank, p->gso_type,
                         p->gso_size)) {
        log_guest(&q->log, "transmit: headers do not match the offload flags");
        return NETIF_RSP_ERROR;
    }
    /* A full or absent host side loses frames, as networks do. */
    tap_write(q->tap_fd, &h, data, p->size);
    return NETIF_RSP_OKAY;
}

static void transmit(struct net_queue *q, unsigned nr_packets)
{
    uint8_t *at = q->arena;
    unsigned piece = 0;

    q->tx_batch.used = 0;
    for (unsigned i = 0; i < nr_packets; i++)
        if (!q->tx_packet[i].drop) {
            add_copies(q, &q->tx_packet[i], at);
            at += q->tx_packet[i].size;
        }
    grant_batch_run(q->grants, &q->tx_batch);

    at = q->arena;
    for (unsigned i = 0; i < nr_packets; i++) {
        const struct net_packet *p = &q->tx_packet[i];

        if (p->drop) {
            respond_packet(q, p, NETIF_RSP_ERROR);
            continue;
        }
        respond_packet(q, p, send(q, p, at, &piece));
        at += p->size;
    }
}

void net_tx_serve(struct net_queue *q)
{
    int n = back_ring_pending(&q->tx), packets;

    if (n > 0) {
        for (int i = 0; i < n; i++)
            back_ring_take(&q->tx, &q->tx_slot[i], sizeof(q->tx_slot[i]));
        packets = parse_all(q, n);
        if (packets < 0) {
            q->broken(q, "impossible transmit slots");
            return;
        }
        transmit(q, packets);
        if (back_ring_push(&q->tx))
            port_notify(&q->tx_port);
        n = back_ring_pending(&q->tx);
    }
    if (n == 0)
        n = back_ring_final_check(&q->tx);
    if (n < 0) {
        q->broken(q, "impossible transmit ring indices");
        return;
    }
    if (n > 0) {
        event_work_queue(q->loop, &q->tx_work);
    } else if (q->tx_masked) {
        q->tx_masked = false;
        port_done(&q->tx_port);
    }
}
