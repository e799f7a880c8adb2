/* SPDX-License-Identifier: MIT */
/* See net_world.h. */
#include "net_world.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "net_flow.h"

#define TX_REF    FAKE_FIRST_REF
#define RX_REF    (FAKE_FIRST_REF + 1)
#define TX_DATA   (FAKE_FIRST_REF + 2)   /* one page per transmit slot */
#define RX_DATA   (FAKE_FIRST_REF + 258) /* and per receive slot */
#define FLOW_PORT 1000

struct event_loop loop;
struct grants grants = {.domid = 1};
struct net_queue q;
struct net_credit credit = {.loop = &loop};
struct grant_arena arena;
struct fifo to_host, to_guest, in_tap;
uint32_t *tx_ring, *rx_ring;
uint32_t tx_prod, tx_cons, rx_prod, rx_cons;
unsigned int written, joined, delivered, errors, null_answers;
unsigned int expected_errors, expected_nulls, lost;
int deaf;
bool tx_owed[65536];
struct net_record record;
struct net_wishes wishes = {.multicast = &record.multicast,
                            .hash = &record.hash};
unsigned int max_frame = 65536;
bool lossy, rx_notify = true, shared_port, sends_meanwhile, lies;

struct frame *push(struct fifo *f)
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

void make_frame(struct frame *f, unsigned int len, uint16_t gso_size)
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

void arrive(unsigned int len, uint16_t gso_size)
{
    make_frame(push(&in_tap), len, gso_size);
}

void arrive_at_random(void)
{
    bool gso = rand() % 3 == 0;

    if (in_tap.head - in_tap.tail > 60 || to_guest.head - to_guest.tail > 200)
        return;
    gso = gso && max_frame > 2000;
    arrive(gso ? 2000 + rand() % 63000 : 4 + rand() % 1510, gso ? 1448 : 0);
}

/* --- the frontend, transmit --- */

static void take_tx_answers(void);

static netif_tx_request_t *tx_slot(uint32_t i)
{
    return (void *)((uint8_t *)tx_ring + 64 +
                    (i % NET_RING_SIZE) * sizeof(union net_tx_slot));
}

void ask_for(uint8_t type, const uint8_t *address)
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

void send_frame(void)
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

void send_some(void)
{
    do
        send_frame();
    while (tx_prod == tx_cons);
    tx_ring[0] = tx_prod;
    q.tx_port.event(&q.tx_port);
    turn();
}

unsigned int send_small(unsigned int n)
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

bool give_buffers(unsigned int n)
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

void offer_buffers(unsigned int n)
{
    if (give_buffers(n))
        q.rx_port.event(&q.rx_port);
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

void take_answers(void)
{
    take_tx_answers();
    take_rx_answers();
}

/* --- the event loop, by hand --- */

static void run_work(struct event_work *w)
{
    if (!w->queued)
        return;
    event_work_cancel(&loop, w);
    w->run(w);
}

void backend_turn(void)
{
    run_work(&q.tx_work);
    run_work(&q.rx_work);
    if (!q.tap_paused && in_tap.head != in_tap.tail)
        q.tap.ready(&q.tap, 0);
}

void turn(void)
{
    backend_turn();
    take_answers();
}

static void on_broken(struct net_queue *queue, const char *why)
{
    if (!lies)
        fail_msg("%s", why);
}

static void on_deaf(struct net_queue *queue, bool is_deaf)
{
    deaf += is_deaf ? 1 : -1;
}

static void on_lost(struct net_queue *queue)
{
    lost++;
}

int start_backend(bool resume)
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

int connect_queue(void **state)
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

int disconnect_queue(void **state)
{
    net_queue_disconnect(&q);
    close(q.tap_fd);
    return fake_mapped;
}

void reconnect_queue(void)
{
    disconnect_queue(NULL);
    connect_queue(NULL);
}

int net_world_begin(void **state)
{
    srand(9);
    fake_guest_create();
    tx_ring = (uint32_t *)fake_page(TX_REF);
    rx_ring = (uint32_t *)fake_page(RX_REF);
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
