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

/* Linux's, beyond what Xen's headers list; u.pad[0] is the headroom. */
#define EXTRA_TYPE_XDP 5

static bool is_gso(const struct net_frame *f)
{
    return f->header.gso_type != VIRTIO_NET_HDR_GSO_NONE;
}

static unsigned int pages_of(const struct net_frame *f)
{
    return (f->headroom + f->len + PAGE_SIZE - 1) / PAGE_SIZE;
}

static unsigned int slots_of(const struct net_frame *f)
{
    return pages_of(f) + f->nr_extras;
}

/* That holds one of its pages. */
static unsigned int slot_of(const struct net_frame *f, unsigned int page)
{
    return f->first + (page ? page + f->nr_extras : 0);
}

/* Of so many that are left. */
static unsigned int bytes_in(const struct net_frame *f, unsigned int page,
                             unsigned int left)
{
    unsigned int room = page ? PAGE_SIZE : PAGE_SIZE - f->headroom;

    return left < room ? left : room;
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

static netif_extra_info_t *add_extra(struct net_frame *f, uint8_t type)
{
    netif_extra_info_t *e = &f->extra[f->nr_extras++];

    memset(e, 0, sizeof(*e));
    e->type = type;
    if (f->nr_extras > 1)
        e[-1].flags = XEN_NETIF_EXTRA_FLAG_MORE;
    return e;
}

static void add_hash(struct net_frame *f, const struct net_hash_value *v)
{
    netif_extra_info_t *e = add_extra(f, XEN_NETIF_EXTRA_TYPE_HASH);

    e->u.hash.type = v->type;
    e->u.hash.algorithm = XEN_NETIF_CTRL_HASH_ALGORITHM_TOEPLITZ;
    for (int i = 0; i < 4; i++)
        e->u.hash.value[i] = v->value >> 8 * i;
}

/* What goes to the guest beside the data, and by which queue. */
static void address(struct net_queue *q, struct net_frame *f)
{
    const struct net_hash *hash = q->wishes->hash;
    struct net_hash_value v = net_hash_of(hash, f->data, f->len);

    f->to =
        net_hash_is_on(hash) ? &q->all[net_hash_queue(hash, &v, q->nr_all)] : q;
    f->nr_extras = 0;
    if (is_gso(f)) {
        netif_extra_info_t *e = add_extra(f, XEN_NETIF_EXTRA_TYPE_GSO);

        e->u.gso.size = f->header.gso_size;
        e->u.gso.type = f->header.gso_type == VIRTIO_NET_HDR_GSO_TCPV6
                            ? XEN_NETIF_GSO_TYPE_TCPV6
                            : XEN_NETIF_GSO_TYPE_TCPV4;
    }
    if (v.there)
        add_hash(f, &v);
    if (f->headroom)
        add_extra(f, EXTRA_TYPE_XDP)->u.pad[0] = f->headroom;
}

/* Requests for the frame, and its data into the copy batch. */
static void place(struct net_frame *f)
{
    struct net_queue *q = f->to;
    unsigned int left = f->len, taken = q->rx_taken;

    f->first = taken;
    for (unsigned int i = slots_of(f); i--; taken++)
        back_ring_take(&q->rx, &q->rx_request[taken], sizeof(q->rx_request[0]));
    q->rx_taken = taken;
    f->piece = q->rx_batch.used;
    for (unsigned int i = 0; left; i++) {
        unsigned int n = bytes_in(f, i, left);

        grant_batch_to_guest(&q->rx_batch, q->grants->domid,
                             q->rx_request[slot_of(f, i)].gref,
                             i ? 0 : f->headroom, f->data + (f->len - left), n);
        left -= n;
    }
}

static uint16_t first_flags(const struct net_frame *f)
{
    uint16_t flags = f->nr_extras ? NETRXF_extra_info : 0;

    if (f->header.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM)
        flags |= NETRXF_csum_blank | NETRXF_data_validated;
    else if (f->header.flags & VIRTIO_NET_HDR_F_DATA_VALID)
        flags |= NETRXF_data_validated;
    return flags;
}

static void respond(const struct net_frame *f)
{
    struct net_queue *q = f->to;
    unsigned int n = pages_of(f), left = f->len;
    bool whole = true;

    for (unsigned int i = 0; i < n; i++) {
        unsigned int len = bytes_in(f, i, left);
        bool copied = grant_batch_ok(&q->rx_batch, f->piece + i);
        netif_rx_response_t rsp = {.id = q->rx_request[slot_of(f, i)].id,
                                   .offset = i ? 0 : f->headroom,
                                   .flags = i ? 0 : first_flags(f)};

        whole = whole && copied;
        rsp.status = copied ? (int)len : NETIF_RSP_ERROR;
        if (i + 1 < n)
            rsp.flags |= NETRXF_more_data;
        net_answer(&q->rx_answers, &rsp);
        for (unsigned int e = 0; !i && e < f->nr_extras; e++)
            net_answer(&q->rx_answers, &f->extra[e]);
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
    if (q->stalled) { /* what waited is old */
        log_info("the guest takes frames again");
        q->held = false;
    }
    if (q->is_deaf)
        q->deaf(q, q->is_deaf = false);
    q->tap_paused = q->stalled = false;
    event_timer_cancel(q->loop, &q->stall);
    event_source_change(q->loop, &q->tap, EPOLLIN);
}

enum next { NONE, UNFIT, FRAME };

/* The next frame to deliver into frame[n], its pages at 'at'. */
static enum next next_frame(struct net_queue *q, unsigned int n, uint8_t *at)
{
    struct net_frame *f = &q->frame[n];
    ssize_t r;

    if (q->held) { /* only ever for n == 0 */
        f->data = at + f->headroom;
        memcpy(f->data, q->held_data, f->len);
        q->held = false;
        return FRAME;
    }
    f->headroom = q->wishes->headroom;
    f->data = at + f->headroom;
    r = tap_read(q->tap_fd, &f->header, f->data, NET_MAX_FRAME);
    if (r < 0)
        return NONE;
    f->len = r;
    if (!fit_to_guest(q, f))
        return UNFIT;
    address(q, f);
    return FRAME;
}

/* Fetches frames until there are no more, or no room for the next; how many. A
 * frame that belongs to another queue is lost if there is no room in that one,
 * as in network cards: this one does not wait for it. */
static unsigned int fetch(struct net_queue *q, unsigned int *missing)
{
    uint8_t *at = q->arena->base, *end = at + NET_ARENA_PAGES * PAGE_SIZE;
    unsigned int n = 0;
    enum next next;

    for (unsigned int looks = 0; looks < NET_RING_SIZE; looks++) {
        struct net_frame *f = &q->frame[n];

        next = at + NET_MAX_HEADROOM + NET_MAX_FRAME <= end
                   ? next_frame(q, n, at)
                   : NONE;
        if (next == NONE)
            break;
        if (next == UNFIT)
            continue;
        if ((int)slots_of(f) > back_ring_pending(&f->to->rx)) {
            if (f->to != q)
                continue;
            *missing = slots_of(f);
            break;
        }
        place(f);
        /* Whole pages: a piece that lies in two costs twice as much. */
        at += pages_of(f) * PAGE_SIZE;
        n++;
    }
    return n;
}

/* The data, then the answers. */
static void deliver(struct net_queue *q, unsigned int n)
{
    for (unsigned int i = 0; i < q->nr_all; i++)
        if (q->all[i].rx_batch.used)
            grant_batch_run(q->grants, &q->all[i].rx_batch);
    for (unsigned int i = 0; i < n; i++)
        respond(&q->frame[i]);
    for (unsigned int i = 0; i < q->nr_all; i++) {
        struct net_queue *to = &q->all[i];

        to->rx_batch.used = to->rx_taken = 0;
        if (net_answers_publish(&to->rx_answers))
            net_notify_rx(to);
    }
}

/* What waits is given as the guest wants it now. */
static void judge_again(struct net_queue *q)
{
    struct net_frame *f = &q->frame[0];

    f->headroom = q->wishes->headroom;
    f->data = q->held_data;
    q->held = fit_to_guest(q, f);
    if (q->held)
        address(q, f);
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
    if (q->held)
        judge_again(q);
    if (q->held && q->frame[0].to == q &&
        slots_of(&q->frame[0]) > (unsigned int)room) {
        wait_for_buffers(q, slots_of(&q->frame[0]));
        return 0;
    }
    resume(q);
    n = fetch(q, &missing);
    deliver(q, n);
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

    if (!q->stalled) {
        log_warning("the guest does not take its frames: dropping");
        q->silent_ms = NET_STALL_MS;
    } else if (!q->is_deaf) {
        q->silent_ms += NET_DROP_MS;
    }
    q->stalled = true;
    if (!q->is_deaf && q->silent_ms >= NET_CARRIER_MS)
        q->deaf(q, q->is_deaf = true);
    while (budget-- &&
           tap_read(q->tap_fd, &h, q->arena->base, NET_MAX_FRAME) >= 0)
        ;
    event_timer_set(q->loop, &q->stall, NET_DROP_MS);
}

void net_rx_wait_is_over(struct event_timer *t)
{
    struct net_queue *q = container_of(t, struct net_queue, stall);

    if (q->features.rx_notify)
        drop_some(q);
    else
        net_rx_serve(q);
}
