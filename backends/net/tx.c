/* SPDX-License-Identifier: MIT */
/*
 * Guest to host: all waiting slots are copied and parsed into packets, the
 * data of all packets comes over by one grant copy, and each packet goes to the
 * tap device by one write.
 *
 * Each piece has a page of the arena to itself: a copy into two pages would
 * cost twice as much. Only the start of a packet, where headers are, is made
 * contiguous if it is not.
 */
#include "queue.h"

#include <errno.h>
#include <string.h>

#include "offload.h"

static void respond(struct net_queue *q, uint16_t id, int status)
{
    netif_tx_response_t rsp = {.id = id, .status = status};

    net_answer(&q->tx_answers, &rsp);
}

static void respond_packet(struct net_queue *q, const struct net_packet *p,
                           int status)
{
    for (unsigned int i = 0; i < p->nr_pieces; i++)
        respond(q, p->piece[i].id, status);
    for (unsigned int i = 0; i < p->nr_extra; i++)
        respond(q, 0, NETIF_RSP_NULL);
}

/* Slots into packets; the number of packets, or -EPROTO. */
static int parse_all(struct net_queue *q, unsigned int nr_slots)
{
    unsigned int done = 0;
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

static uint8_t *page_of(struct net_queue *q, unsigned int piece)
{
    return q->arena + (size_t)piece * PAGE_SIZE;
}

/* Empty pieces take part in nothing but the answer. */
static void add_copies(struct net_queue *q, const struct net_packet *p)
{
    for (unsigned int i = 0; i < p->nr_pieces; i++) {
        const struct net_piece *s = &p->piece[i];

        if (s->len)
            grant_batch_from_guest(&q->tx_batch, q->grants->domid, s->ref,
                                   s->offset, page_of(q, q->tx_batch.used),
                                   s->len);
    }
}

/* The packet's pieces from iov[1] on; their number, or -EFAULT if one could not
 * be copied. *piece: the packet's first in the batch, then the next packet's.
 */
static int gather(struct net_queue *q, const struct net_packet *p,
                  unsigned int *piece, struct iovec *iov)
{
    bool ok = true;
    int n = 0;

    for (unsigned int i = 0; i < p->nr_pieces; i++)
        if (p->piece[i].len) {
            ok = grant_batch_ok(&q->tx_batch, *piece) && ok;
            iov[++n] = (struct iovec){page_of(q, (*piece)++), p->piece[i].len};
        }
    return ok ? n : -EFAULT;
}

/* Makes the first bytes of the packet contiguous, in 'head' if need be. */
static int join_head(struct iovec *iov, int n, uint8_t *head, uint32_t size)
{
    uint32_t want = size < FRAME_HEAD ? size : FRAME_HEAD, have = 0, take;
    struct iovec out[NET_FATAL_PIECES + 2];
    int k = 1, m = 1;

    if (iov[1].iov_len >= want)
        return n;
    out[m++] = (struct iovec){head, want};
    for (; have < want; have += take) {
        take = want - have;
        if (take > iov[k].iov_len)
            take = iov[k].iov_len;
        memcpy(head + have, iov[k].iov_base, take);
        iov[k].iov_base = (uint8_t *)iov[k].iov_base + take;
        iov[k].iov_len -= take;
        if (!iov[k].iov_len)
            k++;
    }
    while (k <= n)
        out[m++] = iov[k++];
    memcpy(&iov[1], &out[1], (m - 1) * sizeof(*iov));
    return m - 1;
}

static int send(struct net_queue *q, const struct net_packet *p,
                unsigned int *piece)
{
    struct iovec iov[NET_FATAL_PIECES + 2];
    uint8_t head[FRAME_HEAD];
    struct virtio_net_hdr h;
    int n = gather(q, p, piece, iov);

    if (n < 0) {
        log_warning("transmit: a granted page cannot be read");
        return NETIF_RSP_ERROR;
    }
    if (p->csum_blank || p->gso_type != XEN_NETIF_GSO_TYPE_NONE)
        n = join_head(iov, n, head, p->size);
    if (!offload_to_host(&h, iov[1].iov_base, iov[1].iov_len, p->size,
                         p->csum_blank, p->gso_type, p->gso_size)) {
        log_warning("transmit: headers do not match the offload flags");
        return NETIF_RSP_ERROR;
    }
    /* A full or absent host side loses frames, as networks do. */
    tap_write(q->tap_fd, &h, iov, n);
    return NETIF_RSP_OKAY;
}

static void transmit(struct net_queue *q, unsigned int nr_packets)
{
    unsigned int piece = 0;

    q->tx_batch.used = 0;
    for (unsigned int i = 0; i < nr_packets; i++)
        if (!q->tx_packet[i].drop)
            add_copies(q, &q->tx_packet[i]);
    grant_batch_run(q->grants, &q->tx_batch);
    for (unsigned int i = 0; i < nr_packets; i++) {
        const struct net_packet *p = &q->tx_packet[i];

        net_credit_spend(q->credit, p->size);
        respond_packet(q, p, p->drop ? NETIF_RSP_ERROR : send(q, p, &piece));
    }
}

void net_tx_serve(struct net_queue *q)
{
    int n = back_ring_pending(&q->tx), packets;

    /* The port stays masked until there is credit again. */
    if (n > 0 && !net_credit_ok(q->credit))
        return;
    if (n > 0) {
        for (int i = 0; i < n; i++)
            back_ring_take(&q->tx, &q->tx_slot[i], sizeof(q->tx_slot[i]));
        packets = parse_all(q, n);
        if (packets < 0) {
            q->broken(
                q,
                "the guest's transmit requests do not make up whole packets");
            return;
        }
        transmit(q, packets);
        if (net_answers_publish(&q->tx_answers))
            port_notify(&q->tx_port);
        n = back_ring_pending(&q->tx);
    }
    if (n == 0)
        n = back_ring_final_check(&q->tx);
    if (n < 0) {
        q->broken(
            q,
            "the guest claims more transmit requests than the ring has slots");
        return;
    }
    if (n > 0) {
        event_work_queue(q->loop, &q->tx_work);
    } else if (q->tx_masked) {
        q->tx_masked = false;
        port_done(&q->tx_port);
    }
}
