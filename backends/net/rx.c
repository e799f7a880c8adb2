/* SPDX-License-Identifier: MIT */
/*
 * Host to guest: frames are read from the tap device as long as the guest's
 * buffers last, all of them go over by one grant copy, then the responses are
 * written, frame by frame in the order of the requests.
 */
#include "queue.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>

#include "offload.h"

static bool is_gso(const struct net_frame *f)
{
    return f->header.gso_type != VIRTIO_NET_HDR_GSO_NONE;
}

static unsigned int pages_of(const struct net_frame *f)
{
    return (f->len + PAGE_SIZE - 1) / PAGE_SIZE;
}

static unsigned int slots_of(const struct net_frame *f)
{
    return pages_of(f) + (is_gso(f) ? 1 : 0);
}

/* False: this frame cannot be given to this guest. */
static bool fit_to_guest(struct net_queue *q, struct net_frame *f)
{
    struct virtio_net_hdr *h = &f->header;

    if (f->len < NET_MIN_FRAME || (pages_of(f) > 1 && !q->features.sg))
        return false;
    if (q->wishes->filter && net_is_multicast(f->data) &&
        !net_multicast_has(q->wishes->multicast, f->data))
        return false;
    if (is_gso(f) && h->gso_type != VIRTIO_NET_HDR_GSO_TCPV4 &&
        h->gso_type != VIRTIO_NET_HDR_GSO_TCPV6)
        return false; /* not asked for */
    if ((h->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) && !q->features.csum6 &&
        frame_is_ipv6(f->data, f->len)) {
        if (!offload_complete_checksum(h, f->data, f->len))
            return false;
        h->flags = VIRTIO_NET_HDR_F_DATA_VALID;
    }
    return true;
}

/* Requests for the frame, and its data into the copy batch. */
static void place(struct net_queue *q, struct net_frame *f, unsigned int *taken)
{
    unsigned int left = f->len, slots = slots_of(f);

    f->first = *taken;
    for (unsigned int i = 0; i < slots; i++)
        back_ring_take(&q->rx, &q->rx_request[(*taken)++],
                       sizeof(q->rx_request[0]));
    f->piece = q->rx_batch.used;
    for (unsigned int i = 0; left; i++) {
        /* The second slot of a segmented frame holds no data. */
        unsigned int slot = f->first + (i && is_gso(f) ? i + 1 : i);
        unsigned int n = left < PAGE_SIZE ? left : PAGE_SIZE;

        grant_batch_to_guest(&q->rx_batch, q->grants->domid,
                             q->rx_request[slot].gref, 0,
                             f->data + (f->len - left), n);
        left -= n;
    }
}

static void respond_gso(struct net_queue *q, const struct net_frame *f)
{
    netif_extra_info_t e;

    memset(&e, 0, sizeof(e));
    e.type = XEN_NETIF_EXTRA_TYPE_GSO;
    e.u.gso.size = f->header.gso_size;
    e.u.gso.type = f->header.gso_type == VIRTIO_NET_HDR_GSO_TCPV6
                       ? XEN_NETIF_GSO_TYPE_TCPV6
                       : XEN_NETIF_GSO_TYPE_TCPV4;
    net_answer(&q->rx_answers, &e);
}

static void respond(struct net_queue *q, const struct net_frame *f)
{
    unsigned int n = pages_of(f), left = f->len;
    bool whole = true;

    for (unsigned int i = 0; i < n; i++) {
        unsigned int slot = f->first + (i && is_gso(f) ? i + 1 : i);
        unsigned int len = left < PAGE_SIZE ? left : PAGE_SIZE;
        netif_rx_response_t rsp = {.id = q->rx_request[slot].id};

        bool copied = grant_batch_ok(&q->rx_batch, f->piece + i);

        whole = whole && copied;
        rsp.status = copied ? (int)len : NETIF_RSP_ERROR;
        if (i + 1 < n)
            rsp.flags |= NETRXF_more_data;
        if (i == 0) {
            if (f->header.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM)
                rsp.flags |= NETRXF_csum_blank | NETRXF_data_validated;
            else if (f->header.flags & VIRTIO_NET_HDR_F_DATA_VALID)
                rsp.flags |= NETRXF_data_validated;
            if (is_gso(f))
                rsp.flags |= NETRXF_extra_info;
        }
        net_answer(&q->rx_answers, &rsp);
        if (i == 0 && is_gso(f))
            respond_gso(q, f);
        left -= len;
    }
    if (whole)
        record_count(&q->counts->to_guest, f->len);
}

/* Out of the arena, which others use. */
static void hold(struct net_queue *q, const struct net_frame *f)
{
    q->frame[0] = *f;
    memcpy(q->held_data, f->data, f->len);
    q->held = true;
}

/* The guest must give more buffers first: stop listening to the tap device
 * until it says so, but not for ever. */
static void wait_for_buffers(struct net_queue *q, unsigned int slots)
{
    int n;

    if (!q->tap_paused) {
        q->tap_paused = true;
        event_source_change(q->loop, &q->tap, 0);
        if (q->features.rx_notify)
            event_timer_set(q->loop, &q->stall, NET_STALL_MS);
    }
    if (!q->features.rx_notify)
        event_timer_set(q->loop, &q->stall, NET_POLL_MS);
    back_ring_want(&q->rx, slots);
    n = back_ring_pending(&q->rx);
    if (n < 0)
        q->broken(
            q,
            "the guest claims more receive requests than the ring has slots");
    else if (n >= (int)slots)
        event_work_queue(q->loop, &q->rx_work); /* they came just now */
}

static void resume(struct net_queue *q)
{
    if (!q->tap_paused)
        return;
    q->tap_paused = q->stalled = false;
    event_timer_cancel(q->loop, &q->stall);
    event_source_change(q->loop, &q->tap, EPOLLIN);
}

/* The next frame to deliver into frame[n], its data at 'at'. */
static bool next_frame(struct net_queue *q, unsigned int n, uint8_t *at)
{
    struct net_frame *f = &q->frame[n];
    ssize_t r;

    if (q->held) { /* only ever for n == 0 */
        memcpy(at, q->held_data, f->len);
        f->data = at;
        q->held = false;
        return true;
    }
    do {
        r = tap_read(q->tap_fd, &f->header, at, NET_MAX_FRAME);
        if (r < 0)
            return false;
        f->data = at;
        f->len = r;
    } while (!fit_to_guest(q, f));
    return true;
}

/* Fetches frames until there are no more, or no room for the next; how many. */
static unsigned int fetch(struct net_queue *q, unsigned int room,
                          unsigned int *missing)
{
    uint8_t *at = q->arena->base, *end = at + NET_ARENA_PAGES * PAGE_SIZE;
    unsigned int n = 0, taken = 0;

    while (n < NET_RING_SIZE && at + NET_MAX_FRAME <= end &&
           next_frame(q, n, at)) {
        struct net_frame *f = &q->frame[n];

        if (slots_of(f) > room) {
            *missing = slots_of(f);
            break;
        }
        place(q, f, &taken);
        room -= slots_of(f);
        /* Whole pages: a piece that lies in two costs twice as much. */
        at += pages_of(f) * PAGE_SIZE;
        n++;
    }
    return n;
}

/* The number of frames that went to the guest. */
static unsigned int serve(struct net_queue *q)
{
    int room = back_ring_pending(&q->rx);
    unsigned int n, missing = 0;

    if (room < 0) {
        q->broken(
            q,
            "the guest claims more receive requests than the ring has slots");
        return 0;
    }
    if (q->held && slots_of(&q->frame[0]) > (unsigned int)room) {
        wait_for_buffers(q, slots_of(&q->frame[0]));
        return 0;
    }
    resume(q);
    q->rx_batch.used = 0;
    n = fetch(q, room, &missing);
    grant_batch_run(q->grants, &q->rx_batch);
    for (unsigned int i = 0; i < n; i++)
        respond(q, &q->frame[i]);
    if (net_answers_publish(&q->rx_answers))
        net_notify_rx(q);
    if (missing) {
        hold(q, &q->frame[n]);
        wait_for_buffers(q, missing);
    }
    return n;
}

void net_rx_serve(struct net_queue *q)
{
    serve(q);
}

void net_rx_gather(struct net_queue *q)
{
    static const struct timespec moment = {0, GATHER_US * 1000};
    bool wait = gather_wait(&q->gather);

    if (wait)
        nanosleep(&moment, NULL);
    gather_seen(&q->gather, wait, serve(q));
}

/* Throws away what has waited too long, and goes on doing so a share at a time
 * until the guest gives buffers again. */
static void drop_some(struct net_queue *q)
{
    unsigned int budget = NET_RING_SIZE;
    struct virtio_net_hdr h;

    if (!q->stalled)
        log_warning("the guest does not take its frames: dropping");
    q->stalled = true;
    while (budget-- &&
           tap_read(q->tap_fd, &h, q->arena->base, NET_MAX_FRAME) >= 0)
        ;
    event_timer_set(q->loop, &q->stall, 1000);
}

void net_rx_wait_is_over(struct event_timer *t)
{
    struct net_queue *q = container_of(t, struct net_queue, stall);

    if (q->features.rx_notify)
        drop_some(q);
    else
        net_rx_serve(q);
}
