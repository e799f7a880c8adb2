/* SPDX-License-Identifier: MIT */
/*
 * Guest to host: all waiting slots are copied and parsed into packets, the
 * data of all packets comes over by one grant copy, and all packets go to the
 * tap device together, TCP segments that follow each other as one.
 *
 * Each piece has a page of the arena to itself: a copy into two pages would
 * cost twice as much. Only the headers of a packet are made contiguous if they
 * are not.
 */
#include "queue.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

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
    return q->arena->base + (size_t)piece * PAGE_SIZE;
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

/* The packet's pieces; their number, or -EFAULT if one could not be copied.
 * *piece: the packet's first in the batch, then the next packet's. */
static int gather(struct net_queue *q, const struct net_packet *p,
                  unsigned int *piece, struct iovec *iov)
{
    bool ok = true;
    int n = 0;

    for (unsigned int i = 0; i < p->nr_pieces; i++)
        if (p->piece[i].len) {
            ok = grant_batch_ok(&q->tx_batch, *piece) && ok;
            iov[n++] = (struct iovec){page_of(q, (*piece)++), p->piece[i].len};
        }
    return ok ? n : -EFAULT;
}

/* Without its first bytes; the number of pieces that are left. */
static unsigned int cut_front(struct iovec *iov, unsigned int n, uint32_t bytes)
{
    unsigned int gone = 0;

    for (; gone < n && bytes >= iov[gone].iov_len; gone++)
        bytes -= iov[gone].iov_len;
    memmove(iov, iov + gone, (n - gone) * sizeof(*iov));
    if (gone < n) {
        iov[0].iov_base = (uint8_t *)iov[0].iov_base + bytes;
        iov[0].iov_len -= bytes;
    }
    return n - gone;
}

/* Makes the first bytes of the packet contiguous; the number of pieces. */
static int join_head(struct iovec *iov, int n, uint8_t *head, uint32_t size)
{
    uint32_t want = size < FRAME_HEAD ? size : FRAME_HEAD, have = 0;

    for (int i = 0; have < want; i++) {
        uint32_t take = iov[i].iov_len;

        if (take > want - have)
            take = want - have;
        memcpy(head + have, iov[i].iov_base, take);
        have += take;
    }
    /* One more than there were, and there is room for that. */
    n = cut_front(iov, n, want);
    memmove(iov + 1, iov, n * sizeof(*iov));
    iov[0] = (struct iovec){head, want};
    return n + 1;
}

/* Where the headers are, which in a packet of several pieces may lie in more
 * than the first. The number of pieces, or -EINVAL. */
static int find_headers(struct net_queue *q, struct iovec *iov, int n,
                        uint32_t size, struct frame_layout *at)
{
    if (frame_parse(iov[0].iov_base, iov[0].iov_len, at))
        return n;
    n = join_head(iov, n, q->tx_head + q->tx_heads++ * FRAME_HEAD, size);
    return frame_parse(iov[0].iov_base, iov[0].iov_len, at) ? n : -EINVAL;
}

static struct tap_frame *last_frame(struct net_queue *q)
{
    return &q->tx_frame[q->tx_frames - 1];
}

static void end_joining(struct net_queue *q)
{
    if (q->tx_joined.several)
        join_end(&q->tx_joined, &last_frame(q)->header);
    q->tx_joined.several = q->tx_joined.open = false;
}

/* @iov is where the pieces of the last frame end, and one further. */
static struct tap_frame *add_frame(struct net_queue *q, struct iovec *iov,
                                   unsigned int n)
{
    end_joining(q);
    q->tx_frames++;
    *last_frame(q) = (struct tap_frame){.iov = iov - 1, .nr = n};
    q->tx_iovs += n + 1;
    return last_frame(q);
}

static void add_plain(struct net_queue *q, struct iovec *iov, unsigned int n,
                      const struct frame_layout *at, uint32_t size)
{
    if (q->tx_joined.open &&
        join_next(&q->tx_joined, iov[0].iov_base, at, size)) {
        n = cut_front(iov, n, at->payload);
        memmove(iov - 1, iov, n * sizeof(*iov));
        last_frame(q)->nr += n;
        q->tx_iovs += n;
        return;
    }
    offload_checksum(&add_frame(q, iov, n)->header, at);
    join_begin(&q->tx_joined, iov[0].iov_base, at, size);
}

static bool is_of(const struct frame_layout *at, uint8_t gso_type)
{
    return at->protocol == IPPROTO_TCP &&
           at->ipv6 == (gso_type == XEN_NETIF_GSO_TYPE_TCPV6);
}

/* Puts the packet among the frames of this pass; what to answer. */
static int add_packet(struct net_queue *q, const struct net_packet *p,
                      unsigned int *piece)
{
    struct iovec *iov = &q->tx_iov[q->tx_iovs + 1];
    bool gso = p->gso_type != XEN_NETIF_GSO_TYPE_NONE;
    struct frame_layout at;
    int n = gather(q, p, piece, iov);

    if (n < 0) {
        log_warning("transmit: a granted page cannot be read");
        return NETIF_RSP_ERROR;
    }
    if (!p->csum_blank && !gso) {
        add_frame(q, iov, n);
        return NETIF_RSP_OKAY;
    }
    n = find_headers(q, iov, n, p->size, &at);
    if (n < 0 || (gso && !is_of(&at, p->gso_type))) {
        log_warning("transmit: headers do not match the offload flags");
        return NETIF_RSP_ERROR;
    }
    if (gso)
        offload_segments(&add_frame(q, iov, n)->header, iov[0].iov_base, &at,
                         p->size, p->gso_size);
    else
        add_plain(q, iov, n, &at, p->size);
    return NETIF_RSP_OKAY;
}

/* What to answer. */
static int change_multicast(struct net_queue *q, const struct net_packet *p)
{
    if (p->multicast == XEN_NETIF_EXTRA_TYPE_MCAST_DEL)
        net_multicast_remove(q->wishes->multicast, p->address);
    else if (!net_multicast_add(q->wishes->multicast, p->address))
        return NETIF_RSP_ERROR;
    return NETIF_RSP_OKAY;
}

static int send_packet(struct net_queue *q, const struct net_packet *p,
                       unsigned int *piece)
{
    int status = add_packet(q, p, piece);

    if (status == NETIF_RSP_OKAY)
        record_count(&q->counts->from_guest, p->size);
    return status;
}

static bool is_frame(const struct net_packet *p)
{
    return !p->drop && !p->multicast;
}

static void transmit(struct net_queue *q, unsigned int nr_packets)
{
    unsigned int piece = 0;

    q->tx_batch.used = q->tx_frames = q->tx_iovs = q->tx_heads = 0;
    for (unsigned int i = 0; i < nr_packets; i++)
        if (is_frame(&q->tx_packet[i]))
            add_copies(q, &q->tx_packet[i]);
    grant_batch_run(q->grants, &q->tx_batch);
    for (unsigned int i = 0; i < nr_packets; i++) {
        const struct net_packet *p = &q->tx_packet[i];
        int status = p->multicast ? change_multicast(q, p)
                     : p->drop    ? NETIF_RSP_ERROR
                                  : send_packet(q, p, &piece);

        respond_packet(q, p, status);
    }
    end_joining(q);
    tap_batch_write(q->tap_batch, q->tap_fd, q->tx_frame, q->tx_frames);
}

/* Of so many packets those that there is credit for; *slots: theirs. */
static unsigned int within_credit(struct net_queue *q, unsigned int packets,
                                  unsigned int *slots)
{
    unsigned int i;

    *slots = 0;
    for (i = 0; i < packets && net_credit_ok(q->credit); i++) {
        net_credit_spend(q->credit, q->tx_packet[i].size);
        *slots += q->tx_packet[i].nr_slots;
    }
    return i;
}

static void open_port(struct net_queue *q)
{
    if (!q->tx_masked)
        return;
    q->tx_masked = false;
    port_done(&q->tx_port);
}

void net_tx_serve(struct net_queue *q)
{
    int n = back_ring_pending(&q->tx), packets;
    unsigned int slots;

    if (n > 0 && !net_credit_ok(q->credit)) {
        /* The port stays masked until there is credit again, unless it tells
         * of new buffers, too. */
        if (!q->rx_port.local)
            open_port(q);
        return;
    }
    if (n > 0) {
        port_used(&q->tx_port);
        for (int i = 0; i < n; i++)
            back_ring_take(&q->tx, &q->tx_slot[i], sizeof(q->tx_slot[i]));
        packets = parse_all(q, n);
        if (packets < 0) {
            q->broken(
                q,
                "the guest's transmit requests do not make up whole packets");
            return;
        }
        packets = within_credit(q, packets, &slots);
        back_ring_give_back(&q->tx, n - slots);
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
    if (n > 0)
        event_work_queue(q->loop, &q->tx_work);
    else
        open_port(q);
}
