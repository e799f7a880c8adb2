/* SPDX-License-Identifier: MIT */
/*
 * The network backend's data path between a frontend and a tap device that are
 * both played here. Frames of all sizes, some segmented, some over more pieces
 * than allowed, some from pages that are not granted; a guest that gives
 * receive buffers late, few at a time, or not at all. Checked: good frames
 * arrive once, whole and in order; every slot is answered; the guest is woken,
 * and wakes us, by the ring's own rules alone; a guest that stalls loses frames
 * but holds nothing up. A backend that is killed, at any instruction that
 * leaves a trace, has a successor: frames may be lost or come twice, but none
 * is damaged, and still every slot is answered once.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <cmocka.h>

#include "../../backends/net/queue.h"
#include "each_store.h"
#include "fake_xen.h"
#include "net_flow.h"

#define TX_REF     FAKE_FIRST_REF
#define RX_REF     (FAKE_FIRST_REF + 1)
#define TX_DATA    (FAKE_FIRST_REF + 2)   /* one page per transmit slot */
#define RX_DATA    (FAKE_FIRST_REF + 258) /* and per receive slot */
#define MAX_FRAMES 512
#define FLOW_PORT  1000

struct frame {
    unsigned int len;
    uint16_t gso_size;
    uint8_t data[65536];
};

/* Frames on their way, in order: sent by one side, awaited by the other. */
struct fifo {
    struct frame *frame; /* MAX_FRAMES */
    unsigned int head, tail;
};

static struct event_loop loop;
static struct grants grants = {.domid = 1};
static struct net_queue q;
static struct net_credit credit = {.loop = &loop};
static struct grant_arena arena;
static struct fifo to_host, to_guest, in_tap;
static uint32_t *tx_ring, *rx_ring;
static uint32_t tx_prod, tx_cons, rx_prod, rx_cons;
static unsigned int written, joined, delivered, errors, null_answers;
static unsigned int expected_errors, expected_nulls;
static bool tx_owed[65536]; /* by id */
static struct net_record record;
static struct net_wishes wishes = {.multicast = &record.multicast,
                                   .hash = &record.hash};
static unsigned int max_frame = 65536;
static bool lossy; /* a backend has been killed */
static bool rx_notify = true, shared_port;
static bool sends_meanwhile; /* the guest, while the backend looks */
static bool lies; /* its record, so nothing that it does can be right */

static struct frame *push(struct fifo *f)
{
    assert_true(f->head - f->tail < MAX_FRAMES);
    return &f->frame[f->head++ % MAX_FRAMES];
}

static struct frame *pop(struct fifo *f)
{
    return f->head == f->tail ? NULL : &f->frame[f->tail++ % MAX_FRAMES];
}

/* The next frame, or after a death any that was sent. */
static void arrived(struct fifo *f, const uint8_t *data, unsigned int len,
                    uint16_t gso_size)
{
    struct frame *expect = lossy ? f->frame : pop(f);

    if (lies)
        return;
    for (int i = 0; lossy && i < MAX_FRAMES; i++, expect++)
        if (expect->len == len && expect->gso_size == gso_size &&
            !memcmp(expect->data, data, len))
            return;
    assert_false(lossy);
    assert_non_null(expect);
    assert_int_equal(expect->len, len);
    assert_int_equal(expect->gso_size, gso_size);
    assert_memory_equal(expect->data, data, len);
}

/* Ethernet, IPv4 and TCP headers, then anything. */
static void make_frame(struct frame *f, unsigned int len, uint16_t gso_size)
{
    static const uint8_t header[54] = {
        2, 0, 0, 0, 0,  1, 2, 0, 0,  0, 0,    2,  8,  0, 0x45, 0, 0, 0,
        0, 0, 0, 0, 64, 6, 0, 0, 10, 0, 0,    1,  10, 0, 0,    2, 1, 2,
        3, 4, 0, 0, 0,  0, 0, 0, 0,  0, 0x50, 16, 0,  0, 0,    0, 0, 0};
    static uint32_t x;

    f->len = len;
    f->gso_size = gso_size;
    for (unsigned int i = 0; i < len; i++) {
        x = x * 1664525 + 1013904223;
        f->data[i] = x >> 24;
    }
    memcpy(f->data, header, len < sizeof(header) ? len : sizeof(header));
}

/* --- the tap device --- */

ssize_t tap_read(int fd, struct virtio_net_hdr *h, void *frame, size_t size)
{
    struct frame *f = pop(&in_tap), *expect;

    if (!f)
        return -EAGAIN;
    assert_true(f->len <= size);
    memset(h, 0, sizeof(*h));
    if (f->gso_size) {
        h->flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
        h->gso_type = VIRTIO_NET_HDR_GSO_TCPV4;
        h->gso_size = f->gso_size;
    }
    memcpy(frame, f->data, f->len);
    if (!q.stalled && f->len >= NET_MIN_FRAME) {
        expect = push(&to_guest);
        memcpy(expect, f, offsetof(struct frame, data) + f->len);
    }
    return f->len;
}

static bool of_the_flow(const uint8_t *frame, unsigned int len)
{
    return len > 36 && (frame[34] << 8 | frame[35]) == FLOW_PORT;
}

/* Joined ones are cut up into what was sent. */
static void large_arrived(const struct virtio_net_hdr *h, uint8_t *data,
                          unsigned int len)
{
    static uint8_t frame[2000];
    unsigned int n;

    if (of_the_flow(data, len)) {
        for (unsigned int i = 0; (n = flow_cut(h, data, len, i, frame)); i++)
            arrived(&to_host, frame, n, 0);
        joined++;
        return;
    }
    assert_int_equal(h->hdr_len, 54);
    memset(data + 50, 0, 2); /* the sum of the pseudo header */
    arrived(&to_host, data, len, h->gso_size);
}

static unsigned int send_small(unsigned int n);

void tap_batch_write(struct tap_batch *b, int fd, struct tap_frame *frame,
                     unsigned int n)
{
    static uint8_t data[65536];

    if (sends_meanwhile)
        send_small(1);

    for (struct tap_frame *f = frame; f < frame + n; f++) {
        unsigned int at = 0;

        for (unsigned int i = 1; i <= f->nr; i++) {
            assert_true(f->iov[i].iov_len &&
                        at + f->iov[i].iov_len <= sizeof(data));
            memcpy(data + at, f->iov[i].iov_base, f->iov[i].iov_len);
            at += f->iov[i].iov_len;
        }
        memset(&f->iov[0], 0xff, sizeof(f->iov[0])); /* for the header */
        written++;
        if (f->header.gso_type)
            large_arrived(&f->header, data, at);
        else
            arrived(&to_host, data, at, 0);
    }
}

/* --- the frontend, transmit --- */

static void take_tx_answers(void);

static netif_tx_request_t *tx_slot(uint32_t i)
{
    return (void *)((uint8_t *)tx_ring + 64 +
                    (i % NET_RING_SIZE) * sizeof(union net_tx_slot));
}

/* A request that is no frame but asks for this address. */
static void ask_for(uint8_t type, const uint8_t *address)
{
    netif_extra_info_t e = {.type = type};

    *tx_slot(tx_prod) =
        (netif_tx_request_t){.id = tx_prod, .flags = NETTXF_extra_info};
    tx_owed[tx_slot(tx_prod++)->id] = true;
    memcpy(e.u.mcast.addr, address, sizeof(e.u.mcast.addr));
    memcpy(tx_slot(tx_prod++), &e, sizeof(e));
    expected_nulls++;
    tx_ring[0] = tx_prod;
    q.tx_port.event(&q.tx_port);
    take_tx_answers();
}

static unsigned int put_extra(uint16_t gso_size)
{
    netif_extra_info_t *e = (void *)tx_slot(tx_prod++);

    memset(e, 0, sizeof(*e));
    e->type = XEN_NETIF_EXTRA_TYPE_GSO;
    e->u.gso.type = XEN_NETIF_GSO_TYPE_TCPV4;
    e->u.gso.size = gso_size;
    return 1;
}

/* The frame over 'pieces' slots of random lengths, which fit into pages. */
static void put_pieces(const struct frame *f, unsigned int pieces, bool bad)
{
    unsigned int at = 0, spoilt = rand() % pieces, first = tx_prod;

    for (unsigned int i = 0; i < pieces; i++) {
        unsigned int left = f->len - at, rest = pieces - 1 - i, len, offset;
        netif_tx_request_t *r = tx_slot(tx_prod);
        uint8_t *page = fake_page(TX_DATA + tx_prod % NET_RING_SIZE);

        len = left > 4096 * rest ? left - 4096 * rest : 0;
        if (rest && left > len)
            len += rand() % (left - len + 1);
        if (!rest)
            len = left;
        if (len > 4096)
            len = 4096;
        offset = len < 4096 ? rand() % (4096 - len + 1) : 0;
        memcpy(page + offset, f->data + at, len);
        *r = (netif_tx_request_t){.gref =
                                      bad && i == spoilt && len
                                          ? FAKE_BAD_REF
                                          : TX_DATA + tx_prod % NET_RING_SIZE,
                                  .offset = offset,
                                  .id = tx_prod,
                                  .size = i ? len : f->len};
        tx_owed[r->id] = true;
        if (rest)
            r->flags = NETTXF_more_data;
        if (i == 0)
            r->flags |= NETTXF_csum_blank;
        at += len;
        tx_prod++;
        if (i == 0 && f->gso_size) {
            tx_slot(first)->flags |= NETTXF_extra_info;
            expected_nulls += put_extra(f->gso_size);
        }
    }
    assert_int_equal(at, f->len);
}

/* A stream in pieces of one size, now and then less. */
static void next_of_the_flow(struct frame *f)
{
    static struct flow flow = {.ttl = 64, .port = FLOW_PORT, .options = 12};
    unsigned int data = rand() % 6 ? 1400 : 1 + rand() % 1400;

    f->len = flow_segment(&flow, f->data, data, rand() % 8 ? 0x10 : 0x18);
    f->gso_size = 0;
}

static void send_frame(void)
{
    static struct frame f;
    bool gso = rand() % 3 == 0, bad = rand() % 15 == 0;
    unsigned int len =
        gso && max_frame > 2000 ? 2000 + rand() % 62000 : 54 + rand() % 1460;
    unsigned int min = (len + 4095) / 4096, pieces = min + rand() % 4;
    uint32_t first = tx_prod;

    if (rand() % 20 == 0)
        pieces = 19; /* one more than a packet may have */
    if (tx_prod + pieces + 1 - tx_cons > NET_RING_SIZE)
        return;
    if (!gso && rand() % 2)
        next_of_the_flow(&f);
    else
        make_frame(&f, len, gso ? 1448 : 0);
    if (pieces > NET_MAX_PIECES)
        bad = false;
    put_pieces(&f, pieces, bad);
    /* A spoilt piece may have turned out empty: look for it. */
    bad = false;
    for (uint32_t i = first; i != tx_prod; i++)
        bad |= tx_slot(i)->gref == FAKE_BAD_REF;
    if (bad || pieces > NET_MAX_PIECES)
        expected_errors += pieces;
    else
        memcpy(push(&to_host), &f, offsetof(struct frame, data) + f.len);
}

static void take_tx_answers(void)
{
    for (; tx_cons != tx_ring[2]; tx_cons++) {
        netif_tx_response_t *r = (void *)tx_slot(tx_cons);

        if (r->status == NETIF_RSP_NULL) {
            null_answers++;
            continue;
        }
        assert_true(tx_owed[r->id]);
        tx_owed[r->id] = false;
        if (r->status == NETIF_RSP_ERROR)
            errors++;
        else
            assert_int_equal(r->status, NETIF_RSP_OKAY);
    }
}

/* --- the frontend, receive --- */

static void *rx_slot(uint32_t i)
{
    return (uint8_t *)rx_ring + 64 +
           (i % NET_RING_SIZE) * sizeof(union net_rx_slot);
}

/* True if the ring says that the backend wants to know. */
static bool give_buffers(unsigned int n)
{
    uint32_t old = rx_prod;

    while (n-- && rx_prod - rx_cons < NET_RING_SIZE) {
        netif_rx_request_t r = {.id = rx_prod % NET_RING_SIZE,
                                .gref = RX_DATA + rx_prod % NET_RING_SIZE};

        memcpy(rx_slot(rx_prod++), &r, sizeof(r));
    }
    rx_ring[0] = rx_prod;
    return rx_prod - rx_ring[1] < rx_prod - old;
}

static void take_frame(void)
{
    static uint8_t data[NET_MAX_FRAME];
    netif_rx_response_t r;
    unsigned int at = 0;
    uint16_t gso_size = 0;

    do {
        memcpy(&r, rx_slot(rx_cons), sizeof(r));
        assert_int_equal(r.id, rx_cons % NET_RING_SIZE);
        assert_true(r.status > 0 && at + r.status <= sizeof(data));
        memcpy(data + at, fake_page(RX_DATA + rx_cons % NET_RING_SIZE),
               r.status);
        at += r.status;
        rx_cons++;
        if (r.flags & NETRXF_extra_info) {
            netif_extra_info_t e;

            memcpy(&e, rx_slot(rx_cons++), sizeof(e));
            assert_int_equal(e.type, XEN_NETIF_EXTRA_TYPE_GSO);
            gso_size = e.u.gso.size;
        }
    } while (r.flags & NETRXF_more_data);
    arrived(&to_guest, data, at, gso_size);
    delivered++;
}

static void take_rx_answers(void)
{
    while (rx_cons != rx_ring[2])
        take_frame();
}

static void arrive(void)
{
    bool gso = rand() % 3 == 0;

    if (in_tap.head - in_tap.tail > 60 || to_guest.head - to_guest.tail > 200)
        return;
    gso = gso && max_frame > 2000;
    make_frame(push(&in_tap), gso ? 2000 + rand() % 63000 : 4 + rand() % 1510,
               gso ? 1448 : 0);
}

/* --- the event loop, by hand --- */

static void run_work(struct event_work *w)
{
    if (!w->queued)
        return;
    event_work_cancel(&loop, w);
    w->run(w);
}

static void backend_turn(void)
{
    run_work(&q.tx_work);
    run_work(&q.rx_work);
    if (!q.tap_paused && in_tap.head != in_tap.tail)
        q.tap.ready(&q.tap, 0);
}

static void take_answers(void)
{
    take_tx_answers();
    take_rx_answers();
}

static void turn(void)
{
    backend_turn();
    take_answers();
}

static void on_broken(struct net_queue *queue, const char *why)
{
    if (!lies)
        fail_msg("%s", why);
}

static int deaf;

static void on_deaf(struct net_queue *queue, bool is_deaf)
{
    deaf += is_deaf ? 1 : -1;
}

static unsigned int lost;

static void on_lost(struct net_queue *queue)
{
    lost++;
}

static int start_backend(bool resume)
{
    const struct net_queue_refs refs = {TX_REF, RX_REF, 5, shared_port ? 0 : 6};

    memset(&q, 0, sizeof(q));
    q.loop = &loop;
    q.grants = &grants;
    q.broken = on_broken;
    q.lost = on_lost;
    q.deaf = on_deaf;
    q.features = (struct net_features){true, true, true, true, true, rx_notify};
    q.wishes = &wishes;
    q.tap_fd = eventfd(0, 0);
    q.tap_batch = NULL; /* played */
    q.credit = &credit;
    q.arena = &arena;
    q.all = &q;
    q.nr_all = 1;
    q.record = &record.queue[0];
    q.counts = &record.head.counts;
    return net_queue_connect(&q, NULL, &refs, resume);
}

static int connect_queue(void **state)
{
    memset(tx_ring, 0, 4096);
    memset(rx_ring, 0, 4096);
    tx_ring[1] = tx_ring[3] = rx_ring[1] = rx_ring[3] = 1;
    tx_prod = tx_cons = rx_prod = rx_cons = 0;
    written = joined = delivered = errors = null_answers = 0;
    expected_errors = expected_nulls = 0;
    record.head.counts = (struct record_counts){0};
    to_host.head = to_host.tail = to_guest.head = to_guest.tail = 0;
    in_tap.head = in_tap.tail = 0;
    memset(tx_owed, 0, sizeof(tx_owed));
    return start_backend(false);
}

static int disconnect_queue(void **state)
{
    net_queue_disconnect(&q);
    close(q.tap_fd);
    return fake_mapped;
}

static void
a_guests_frames_reach_the_host_and_each_slot_is_answered(void **state)
{
    for (int i = 0; i < 4000; i++) {
        uint32_t old = tx_prod;

        for (int k = rand() % 6; k; k--)
            send_frame();
        tx_ring[0] = tx_prod;
        if (tx_prod - tx_ring[1] < tx_prod - old)
            q.tx_port.event(&q.tx_port);
        turn();
    }
    while (q.tx_work.queued)
        turn();
    assert_int_equal(tx_cons, tx_prod);
    assert_int_equal(to_host.head, to_host.tail);
    assert_int_equal(errors, expected_errors);
    assert_int_equal(null_answers, expected_nulls);
    assert_int_equal(record.head.counts.from_guest.operations, to_host.head);
    assert_true(written > 5000 && joined > 300 && errors > 100);
}

static void the_hosts_frames_reach_the_guest_whole_and_in_order(void **state)
{
    for (int i = 0; i < 10000; i++) {
        for (int k = rand() % 4; k; k--)
            arrive();
        if (give_buffers(rand() % 3 ? rand() % 12 : rand() % 100))
            q.rx_port.event(&q.rx_port);
        turn();
    }
    for (int i = 0; in_tap.head != in_tap.tail || q.held; i++) {
        assert_true(i < 1000);
        if (give_buffers(40))
            q.rx_port.event(&q.rx_port);
        turn();
    }
    assert_int_equal(to_guest.head, to_guest.tail);
    assert_int_equal(record.head.counts.to_guest.operations, delivered);
    assert_true(delivered > 3000);
}

static unsigned int turns;

static int count_turns(struct event_loop *l)
{
    turns++;
    return -1;
}

static void end_of_time(struct event_timer *t)
{
    event_loop_stop(&loop, 0);
}

static void memory_without_grants_serves_as_well(void **state)
{
    struct grant_arena granted = arena;

    arena = (struct grant_arena){0};
    assert_int_equal(
        grant_arena_take(&arena, grants.handle, FAKE_SELF, NET_ARENA_PAGES), 0);
    a_guests_frames_reach_the_host_and_each_slot_is_answered(NULL);
    the_hosts_frames_reach_the_guest_whole_and_in_order(NULL);
    grant_arena_give_back(&arena);
    arena = granted;
}

static void send_some(void)
{
    do
        send_frame();
    while (tx_prod == tx_cons);
    tx_ring[0] = tx_prod;
    q.tx_port.event(&q.tx_port);
    turn();
}

/* Its descriptor says so for ever, whatever is asked of it. */
static void a_device_that_somebody_removes_is_told_once(void **state)
{
    struct event_timer end = {.fire = end_of_time};
    int ends[2];

    disconnect_queue(NULL);
    connect_queue(NULL);
    assert_int_equal(pipe(ends), 0);
    close(ends[0]);
    event_source_remove(&loop, &q.tap);
    q.tap.fd = ends[1];
    assert_int_equal(event_source_add(&loop, &q.tap, EPOLLIN), 0);
    lost = turns = 0;
    loop.between = count_turns;
    event_timer_set(&loop, &end, 50);
    event_loop_run(&loop);
    loop.between = NULL;
    close(ends[1]);
    assert_int_equal(lost, 1);
    assert_in_range(turns, 1, 10);
}

/* One slot short of what the next frame needs, for ever. */
static void frames_for_a_guest_that_stalls_are_dropped(void **state)
{
    make_frame(push(&in_tap), 20000, 1448);
    give_buffers(5);
    turn();
    assert_true(q.held && q.tap_paused && q.stall.armed);
    /* Memory is shared with the other direction, not the frame's. */
    send_some();
    for (int i = 0; i < 40; i++)
        make_frame(push(&in_tap), 1000, 0);
    q.stall.fire(&q.stall);
    assert_int_equal(in_tap.head, in_tap.tail); /* thrown away */
    assert_true(q.held && q.stalled);
    /* The guest comes back: what was held is old by now. */
    if (give_buffers(20))
        q.rx_port.event(&q.rx_port);
    turn();
    assert_int_equal(delivered, 0);
    to_guest.tail = to_guest.head;
    assert_true(!q.held && !q.stalled && !q.tap_paused && !q.stall.armed);
    make_frame(push(&in_tap), 1000, 0);
    turn();
    assert_int_equal(delivered, 1);
}

static void a_guest_that_stays_stalled_loses_its_carrier(void **state)
{
    for (int round = 0; round < 2; round++) {
        make_frame(push(&in_tap), 20000, 1448);
        turn();
        for (int s = NET_STALL_MS / 1000; s < NET_CARRIER_MS / 1000; s++) {
            q.stall.fire(&q.stall);
            assert_int_equal(deaf, 0);
        }
        q.stall.fire(&q.stall);
        q.stall.fire(&q.stall);
        assert_int_equal(deaf, 1);
        give_buffers(4); /* not enough */
        q.rx_port.event(&q.rx_port);
        assert_int_equal(deaf, 1);
        give_buffers(4);
        q.rx_port.event(&q.rx_port);
        assert_int_equal(deaf, 0);
        to_guest.tail = to_guest.head;
        make_frame(push(&in_tap), 1000, 0);
        turn();
        assert_int_equal(delivered, 1 + round);
        rx_cons = rx_prod = 0;
        disconnect_queue(NULL);
        connect_queue(NULL);
        delivered = 1;
    }
}

/* As mini-os: it gives buffers and sends no event. */
static void a_guest_that_says_nothing_is_looked_at_again(void **state)
{
    disconnect_queue(NULL);
    rx_notify = false;
    connect_queue(NULL);
    for (unsigned int i = 1; i <= 3; i++) {
        make_frame(push(&in_tap), 20000, 1448);
        give_buffers(3);
        turn();
        assert_true(q.held && q.stall.armed);
        q.stall.fire(&q.stall); /* not yet: nothing is lost */
        assert_true(q.held && q.stall.armed && !q.stalled);
        give_buffers(3);
        turn();
        assert_true(q.held);
        q.stall.fire(&q.stall);
        take_answers();
        assert_int_equal(delivered, i);
        assert_false(q.held || q.stall.armed || q.tap_paused);
    }
    rx_notify = true;
}

/* A frame to this address; true: the guest got it. */
static bool is_given(const uint8_t *address)
{
    struct frame *f = push(&in_tap);
    unsigned int before = delivered;

    make_frame(f, 100, 0);
    memcpy(f->data, address, 6);
    give_buffers(2);
    turn();
    to_guest.tail = to_guest.head; /* those that were not wanted */
    return delivered > before;
}

static void a_guest_gets_the_multicast_frames_that_it_asked_for(void **state)
{
    static const uint8_t group[] = {1, 0, 0x5e, 0, 0, 1},
                         own[] = {2, 0, 0, 0, 0, 1},
                         all[] = {255, 255, 255, 255, 255, 255};
    uint8_t other[] = {0x33, 0x33, 0, 0, 0, 0};

    assert_true(is_given(group));
    wishes.filter = true;
    assert_false(is_given(group));
    assert_true(is_given(own) && is_given(all));
    ask_for(XEN_NETIF_EXTRA_TYPE_MCAST_ADD, group);
    ask_for(XEN_NETIF_EXTRA_TYPE_MCAST_ADD, group);
    assert_true(is_given(group) && !is_given(other));
    net_queue_disconnect(&q); /* killed */
    close(q.tap_fd);
    start_backend(true);
    assert_true(is_given(group));
    ask_for(XEN_NETIF_EXTRA_TYPE_MCAST_DEL, group);
    ask_for(XEN_NETIF_EXTRA_TYPE_MCAST_DEL, other);
    assert_false(is_given(group));
    for (; other[5] < NET_MULTICAST_MAX; other[5]++)
        ask_for(XEN_NETIF_EXTRA_TYPE_MCAST_ADD, other);
    assert_int_equal(errors, 0);
    ask_for(XEN_NETIF_EXTRA_TYPE_MCAST_ADD, other); /* one too many */
    assert_int_equal(errors, 1);
    assert_false(is_given(other));
    other[5]--;
    assert_true(is_given(other));
    assert_int_equal(null_answers, expected_nulls);
    assert_int_equal(written, 0);
    assert_int_equal(record.head.counts.from_guest.operations, 0);
    record.multicast.count = UINT32_MAX; /* by a guest that took it over */
    assert_false(is_given(other));
    record.multicast.count = 0;
    wishes.filter = false;
}

static void refilled(struct net_credit *c)
{
    event_work_queue(&loop, &q.tx_work);
}

static void interval(void)
{
    assert_true(credit.refill.armed);
    event_timer_cancel(&loop, &credit.refill);
    credit.refill.fire(&credit.refill);
    turn();
}

/* Debts are paid, also those from before a reconnection. */
static void a_rate_is_kept_also_across_a_reconnection(void **state)
{
    credit.refilled = refilled;
    net_credit_limit(&credit, 3000, 50000);
    for (int i = 0; i < 3; i++) {
        send_some();
        assert_int_equal(tx_cons, tx_prod);
        credit.left = -4000;
        send_some();
        assert_int_not_equal(tx_cons, tx_prod);
        if (i) {
            disconnect_queue(NULL);
            connect_queue(NULL);
            net_credit_limit(&credit, 3000, 50000);
            send_some();
            assert_int_not_equal(tx_cons, tx_prod);
        }
        interval();
        assert_int_equal(credit.left, -1000);
        assert_int_not_equal(tx_cons, tx_prod);
        interval();
        assert_int_equal(tx_cons, tx_prod);
        while (credit.refill.armed)
            interval();
        assert_int_equal(credit.left, 3000);
    }
}

static unsigned int send_small(unsigned int n)
{
    static struct frame f;
    unsigned int bytes = 0;

    while (n--) {
        make_frame(&f, 1000, 0);
        put_pieces(&f, 1, false);
        memcpy(push(&to_host), &f, offsetof(struct frame, data) + f.len);
        bytes += f.len;
    }
    tx_ring[0] = tx_prod;
    return bytes;
}

/* A burst is not a debt of minutes, and who waits for credit still receives,
 * also by the port that both directions share. */
static void a_rate_counts_each_packet(void **state)
{
    unsigned int intervals = 0;

    disconnect_queue(NULL);
    shared_port = true;
    credit = (struct net_credit){.loop = &loop, .refilled = refilled};
    net_credit_limit(&credit, 2500, 50000);
    connect_queue(NULL);
    send_small(100);
    q.tx_port.event(&q.tx_port);
    turn();
    assert_int_equal(tx_cons, 3);
    assert_in_range(credit.left, (uint64_t)-1000, (uint64_t)-1);
    make_frame(push(&in_tap), 20000, 1448);
    turn();
    assert_true(q.held && !q.tx_masked);
    give_buffers(10);
    q.tx_port.event(&q.tx_port);
    turn();
    assert_int_equal(delivered, 1);
    for (; tx_cons != tx_prod; intervals++)
        interval();
    assert_in_range(intervals, 37, 40); /* 97500 bytes by 2500 */
    shared_port = false;
    credit = (struct net_credit){.loop = &loop};
}

/* A guest that sends without a pause, by the one port that it has, gets what
 * waits for it as soon as it gives buffers: the port stays masked meanwhile. */
static void a_guest_that_sends_without_a_pause_receives(void **state)
{
    disconnect_queue(NULL);
    shared_port = true;
    connect_queue(NULL);
    make_frame(push(&in_tap), 20000, 1448);
    turn();
    assert_true(q.held);
    sends_meanwhile = true;
    send_small(1);
    q.tx_port.event(&q.tx_port);
    for (int i = 0; i < 10; i++) {
        assert_true(q.tx_work.queued && q.tx_masked);
        if (i == 5)
            give_buffers(10); /* with an event that waits behind the mask */
        turn();
    }
    sends_meanwhile = false;
    turn();
    assert_int_equal(delivered, 1);
    shared_port = false;
}

/* --- deaths --- */

static struct watched watched[] = {{&record, sizeof(record)},
                                   {NULL, 0}, /* the rings, from setup() on */
                                   {NULL, 0},
                                   {NULL, 0}};

static void traffic(void)
{
    for (int k = rand() % 6; k; k--)
        send_frame();
    tx_ring[0] = tx_prod;
    for (int k = rand() % 4; k; k--)
        arrive();
    give_buffers(rand() % 20);
    event_work_queue(&loop, &q.tx_work);
    event_work_queue(&loop, &q.rx_work);
}

/* Whatever the killed process had done with them. */
static void all_slots_are_answered_once(void)
{
    take_answers();
    while (q.tx_work.queued)
        turn();
    for (unsigned int i = 0; i < ARRAY_SIZE(tx_owed); i++)
        assert_false(tx_owed[i]);
    assert_int_equal(tx_cons, tx_prod);
    assert_int_equal(null_answers, expected_nulls);
}

static void successor(void)
{
    event_loop_init(&loop);
    lossy = true;
    assert_int_equal(start_backend(true), 0);
    all_slots_are_answered_once();
    for (int i = 0; i < 5; i++) {
        traffic();
        turn();
    }
    all_slots_are_answered_once();
    while (in_tap.head != in_tap.tail || q.held) {
        give_buffers(40);
        event_work_queue(&loop, &q.rx_work);
        turn();
    }
}

static void a_killed_backend_owes_nobody_an_answer(void **state)
{
    unsigned int deaths = 0;

    net_credit_limit(&credit, 0, 0);
    max_frame = 1514;
    for (int i = 0; i < 6; i++) {
        traffic();
        deaths += after_each_store(watched, 1, backend_turn, successor);
        take_answers();
    }
    max_frame = 65536;
    assert_in_range(deaths, 50, 4000);
}

/* Of a process that its guest has taken over. */
static void no_record_is_too_strange(void **state)
{
    unsigned int served = 0, refused = 0;

    lies = true;
    for (int i = 0; i < 10000; i++) {
        disconnect_queue(NULL);
        connect_queue(NULL);
        for (int k = rand() % 10; k; k--)
            send_frame();
        tx_ring[0] = tx_prod;
        give_buffers(rand() % 300);
        disconnect_queue(NULL);
        record.queue[0].tx.count = rand() % (rand() % 2 ? 8 : 400);
        record.queue[0].tx.index = rand() % 4 ? 0 : rand() % 16 - 8;
        record.queue[0].rx.count = rand() % (rand() % 2 ? 8 : 400);
        record.queue[0].rx.index = rand() % 4 ? 0 : rand() % 4 - 2;
        if (rand() % 4 == 0)
            record.queue[0].tx.count = record.queue[0].rx.index = -rand();
        if (start_backend(true)) {
            refused++;
            start_backend(false);
            continue;
        }
        served++;
        backend_turn();
    }
    lies = false;
    assert_true(refused > 1000 && served > 1000);
}

static int setup(void **state)
{
    srand(9);
    fake_guest_create();
    tx_ring = (uint32_t *)fake_page(TX_REF);
    rx_ring = (uint32_t *)fake_page(RX_REF);
    watched[1] = (struct watched){tx_ring, 4096};
    watched[2] = (struct watched){rx_ring, 4096};
    to_host.frame = calloc(MAX_FRAMES, sizeof(struct frame));
    to_guest.frame = calloc(MAX_FRAMES, sizeof(struct frame));
    in_tap.frame = calloc(MAX_FRAMES, sizeof(struct frame));
    log_setup("test", LOG_LVL_ERROR);
    event_loop_init(&loop);
    arena.handle = xengntshr_open(NULL, 0);
    if (grants_open(&grants, 1) ||
        grant_arena_take(&arena, grants.handle, FAKE_SELF, NET_ARENA_PAGES))
        return -1;
    return arena.ref ? 0 : -1;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            a_guests_frames_reach_the_host_and_each_slot_is_answered,
            connect_queue, disconnect_queue),
        cmocka_unit_test_setup_teardown(
            the_hosts_frames_reach_the_guest_whole_and_in_order, connect_queue,
            disconnect_queue),
        cmocka_unit_test_setup_teardown(memory_without_grants_serves_as_well,
                                        connect_queue, disconnect_queue),
        cmocka_unit_test_setup_teardown(
            a_device_that_somebody_removes_is_told_once, connect_queue,
            disconnect_queue),
        cmocka_unit_test_setup_teardown(
            frames_for_a_guest_that_stalls_are_dropped, connect_queue,
            disconnect_queue),
        cmocka_unit_test_setup_teardown(
            a_guest_that_stays_stalled_loses_its_carrier, connect_queue,
            disconnect_queue),
        cmocka_unit_test_setup_teardown(
            a_guest_that_says_nothing_is_looked_at_again, connect_queue,
            disconnect_queue),
        cmocka_unit_test_setup_teardown(
            a_guest_gets_the_multicast_frames_that_it_asked_for, connect_queue,
            disconnect_queue),
        cmocka_unit_test_setup_teardown(
            a_rate_is_kept_also_across_a_reconnection, connect_queue,
            disconnect_queue),
        cmocka_unit_test_setup_teardown(a_rate_counts_each_packet,
                                        connect_queue, disconnect_queue),
        cmocka_unit_test_setup_teardown(
            a_guest_that_sends_without_a_pause_receives, connect_queue,
            disconnect_queue),
        cmocka_unit_test_setup_teardown(a_killed_backend_owes_nobody_an_answer,
                                        connect_queue, disconnect_queue),
        cmocka_unit_test_setup_teardown(no_record_is_too_strange, connect_queue,
                                        disconnect_queue),
    };

    step_prepare(argv);
    return cmocka_run_group_tests_name("net queue", tests, setup, NULL);
}
