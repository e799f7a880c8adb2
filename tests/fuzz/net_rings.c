/* SPDX-License-Identifier: MIT */
/*
 * The network backend's data path with a guest that writes anything into its
 * rings and frames, by a thread of its own while the backend looks, and a host
 * that sends it frames of every kind; beside a guest that is none of that, and
 * whose frames arrive. Each request is answered at most once, by the number
 * that it was made with, and none waits for ever; indices that cannot be end
 * the connection, with a reason; what the host gets is a frame with room for
 * what its header says. By its control ring the guest asks for anything, too,
 * and what it asks for holds for its frames.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <cmocka.h>

#include "../../backends/net/ctrl.h"
#include "../../backends/net/queue.h"
#include "../unit/fake_xen.h"
#include "../unit/net_flow.h"
#include "meddler.h"

#define TX_REF    FAKE_FIRST_REF
#define RX_REF    (FAKE_FIRST_REF + 1)
#define CTRL_REF  (FAKE_FIRST_REF + 2)
#define DATA_REF  (FAKE_FIRST_REF + 3)
#define PAGES     64
#define SLOTS     NET_RING_SIZE
#define LIFE      5000 /* requests of a connection, about */
#define MAX_TURNS 5000
#define TX_SLOT   sizeof(union net_tx_slot)
#define RX_SLOT   sizeof(union net_rx_slot)
#define CTRL_SLOT sizeof(struct xen_netif_ctrl_request)

static const uint64_t seeds[] = {11, 12, 13, 14, 15, 16, 17, 18};

/* What the thread writes into. */
enum mode {
    FRAMES, /* numbers stay */
    SLOTS_ALL,
    INDICES, /* too */
};

/* One of the rings, as the guest sees it. */
struct ring {
    uint32_t *page, prod, cons;
    size_t slot;
};

static struct guest {
    struct net_queue q;
    struct net_record record;
    struct net_wishes wishes;
    struct net_ctrl ctrl;
    struct net_credit credit;
    struct grant_arena arena;
    struct event_loop loop;
    struct grants grants;
    struct ring tx, rx, control;
} liar = {.grants = {.domid = FAKE_OTHER_DOMAIN}},
  honest = {.grants = {.domid = 1}};

static enum mode mode;
static bool absurd; /* are its indices now */
static bool down;   /* the liar's connection has been ended, for this reason: */
static const char *why;
static uint32_t owed[65536]; /* the liar's, how often, by number */
static unsigned int extras_owed, frames_for_liar;
static unsigned long deaf, asked, settings, requests, answers, refused, ends,
    frames, joined;
static uint32_t sent, arrived, for_honest, delivered; /* the other's frames */

/* --- the tap devices ------------------------------------------------------ */

static ssize_t any_frame(struct virtio_net_hdr *h, uint8_t *frame)
{
    size_t len = fuzz_random() % (fuzz_once_in(8) ? NET_MAX_FRAME + 1 : 1600);

    if (!frames_for_liar)
        return -EAGAIN;
    frames_for_liar--;
    fuzz_fill(h, sizeof(*h));
    h->flags &= VIRTIO_NET_HDR_F_NEEDS_CSUM | VIRTIO_NET_HDR_F_DATA_VALID;
    if (!fuzz_once_in(16))
        h->gso_type = fuzz_once_in(2)   ? VIRTIO_NET_HDR_GSO_NONE
                      : fuzz_once_in(2) ? VIRTIO_NET_HDR_GSO_TCPV4
                                        : VIRTIO_NET_HDR_GSO_TCPV6;
    if (fuzz_once_in(2))
        h->csum_start = fuzz_random() % 100;
    memset(frame, (int)len, len);
    if (len > 60) {
        fuzz_fill(frame, 60);
        frame[12] = fuzz_once_in(2) ? 0x86 : 0x08;
        frame[13] = frame[12] == 8 ? 0 : 0xdd;
    }
    return (ssize_t)len;
}

ssize_t tap_read(int fd, struct virtio_net_hdr *h, void *frame, size_t size)
{
    assert_int_equal(size, NET_MAX_FRAME);
    if (fd == liar.q.tap_fd)
        return any_frame(h, frame);
    if (for_honest == delivered)
        return -EAGAIN;
    memset(h, 0, sizeof(*h));
    memset(frame, 7, 200);
    memcpy((uint8_t *)frame + 60, &for_honest, sizeof(for_honest));
    delivered++;
    return 200;
}

/* Of a frame that its guest has cut up, all bytes can be read. */
static unsigned int bytes_of(const struct tap_frame *f)
{
    static uint8_t all[UINT16_MAX];
    unsigned int n = 0;

    for (unsigned int i = 1; i <= f->nr; i++) {
        assert_true(f->iov[i].iov_len && n + f->iov[i].iov_len <= sizeof(all));
        memcpy(all + n, f->iov[i].iov_base, f->iov[i].iov_len);
        n += f->iov[i].iov_len;
    }
    return n;
}

static void is_sound(const struct tap_frame *f)
{
    const struct virtio_net_hdr *h = &f->header;
    unsigned int len = bytes_of(f);

    frames++;
    joined += f->nr > 1 && h->gso_type;
    assert_true(len >= NET_MIN_FRAME);
    if (h->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM)
        assert_true(h->csum_start + h->csum_offset + 2u <= len);
    if (!h->gso_type)
        return;
    assert_true(h->gso_size && h->hdr_len <= len && h->csum_start < h->hdr_len);
    assert_true(h->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM);
}

void tap_batch_write(struct tap_batch *b, int fd, struct tap_frame *frame,
                     unsigned int n)
{
    for (struct tap_frame *f = frame; f < frame + n; f++) {
        if (fd == liar.q.tap_fd) {
            is_sound(f);
            continue;
        }
        assert_int_equal(bytes_of(f), 100);
        assert_memory_equal((uint8_t *)f->iov[1].iov_base + 60, &arrived,
                            sizeof(arrived));
        arrived++;
    }
}

/* --- the guest that lies -------------------------------------------------- */

static void *slot(const struct ring *r, uint32_t i)
{
    return (uint8_t *)r->page + 64 + i % SLOTS * r->slot;
}

static unsigned int room(const struct ring *r)
{
    return SLOTS - (r->prod - r->cons);
}

static uint32_t some_ref(void)
{
    return fuzz_once_in(60) ? fuzz_random() : DATA_REF + fuzz_random() % PAGES;
}

static void make_extra(netif_extra_info_t *e)
{
    memset(e, 0, sizeof(*e));
    extras_owed++;
    if (fuzz_once_in(8)) { /* lists of addresses, a hash */
        fuzz_fill(e, sizeof(*e));
        e->type = XEN_NETIF_EXTRA_TYPE_MCAST_ADD + fuzz_random() % 3;
        e->flags = 0;
        return;
    }
    e->type = fuzz_once_in(300) ? fuzz_random() : XEN_NETIF_EXTRA_TYPE_GSO;
    e->u.gso.type = 1 + fuzz_mostly_below(2);
    e->u.gso.size = fuzz_mostly_below(3000);
}

/* Segments of one stream, now and then something else. */
static unsigned int make_frame(uint8_t *page)
{
    static struct flow flow = {.ttl = 64, .port = 1, .options = 12};
    unsigned int len;

    if (fuzz_once_in(40))
        flow = (struct flow){.ipv6 = fuzz_random() & 1,
                             .vlan = fuzz_random() & 1,
                             .ttl = 64,
                             .port = fuzz_random(),
                             .options = fuzz_random() % 11 * 4};
    len = flow_segment(&flow, page, 1 + fuzz_random() % 300, 0x10);
    if (fuzz_once_in(20))
        page[23] = 17; /* a header of UDP, perhaps not whole */
    while (fuzz_once_in(4))
        page[fuzz_random() % 80] = fuzz_random();
    return len;
}

static void put_request(netif_tx_request_t r)
{
    static uint16_t number;

    r.id = number++;
    owed[r.id]++;
    memcpy(slot(&liar.tx, liar.tx.prod++), &r, sizeof(r));
    requests++;
}

static unsigned int with_extra(netif_tx_request_t *r)
{
    bool extra = fuzz_once_in(5);

    if (extra)
        r->flags |= NETTXF_extra_info;
    return extra;
}

/* A packet of one piece and perhaps a few empty or short ones. */
static void send_packet(void)
{
    uint32_t ref = some_ref();
    uint8_t *page = fake_other_page(ref);
    unsigned int more = fuzz_once_in(4) ? fuzz_random() % 4 : 0;
    netif_tx_request_t r = {.gref = ref};

    r.size = page ? make_frame(page) : 100;
    r.flags = fuzz_mostly_below(2) ? NETTXF_csum_blank : 0;
    if (fuzz_once_in(200) && mode != FRAMES) /* which slot is what */
        r.flags = fuzz_random();
    if (fuzz_once_in(500))
        r.offset = fuzz_random();
    if (fuzz_once_in(10))
        r.size = fuzz_once_in(50) ? fuzz_random() : fuzz_random() % 4096;
    if (more)
        r.flags |= NETTXF_more_data;
    r.size += 16 * more;
    if (with_extra(&r)) {
        put_request(r);
        make_extra(slot(&liar.tx, liar.tx.prod++));
    } else {
        put_request(r);
    }
    while (more--)
        put_request((netif_tx_request_t){.gref = some_ref(),
                                         .offset = fuzz_random() % 4000,
                                         .size = fuzz_random() % 17,
                                         .flags = more ? NETTXF_more_data : 0});
}

static void give_buffers(void)
{
    for (uint32_t n = fuzz_random() % 40; n-- && room(&liar.rx);) {
        netif_rx_request_t r = {.id = liar.rx.prod, .gref = some_ref()};

        memcpy(slot(&liar.rx, liar.rx.prod++), &r, sizeof(r));
        requests++;
    }
    liar.rx.page[0] = liar.rx.prod;
}

/* Of the hash, mostly what there is, for the record as it is now. */
static void ask_some(void)
{
    struct ring *r = &liar.control;

    for (uint32_t n = fuzz_random() % 4; n-- && r->prod - r->cons < 128;) {
        struct xen_netif_ctrl_request q = {
            .id = r->prod,
            .type = fuzz_once_in(20) ? fuzz_random() : 1 + fuzz_random() % 8,
            .data = {fuzz_once_in(2) ? some_ref() : fuzz_random() % 20,
                     fuzz_mostly_below(50), fuzz_mostly_below(130)}};

        if (q.type == XEN_NETIF_CTRL_TYPE_SET_HASH_ALGORITHM)
            q.data[0] = !fuzz_once_in(8);
        memcpy((uint8_t *)r->page + 64 + r->prod++ % 128 * r->slot, &q,
               sizeof(q));
        asked++;
    }
    r->page[0] = r->prod;
}

static void send_some(void)
{
    for (uint32_t n = fuzz_random() % 24; n-- && room(&liar.tx) > 8;)
        send_packet();
    liar.tx.page[0] = liar.tx.prod;
    give_buffers();
    if (fuzz_once_in(8))
        ask_some();
    if (frames_for_liar < 20)
        frames_for_liar += fuzz_random() % 4;
}

static void check_tx_answer(const netif_tx_response_t *r)
{
    if (r->status == NETIF_RSP_NULL) {
        assert_true(extras_owed--);
        return;
    }
    assert_true(r->status == NETIF_RSP_OKAY || r->status == NETIF_RSP_ERROR);
    refused += r->status != NETIF_RSP_OKAY;
    assert_true(owed[r->id]--);
}

static void check_rx_answer(uint32_t i, bool *extra)
{
    const netif_rx_response_t *r = slot(&liar.rx, i);

    const netif_extra_info_t *e = slot(&liar.rx, i);

    if (*extra) {
        assert_in_range(e->type, 1, 5);
        *extra = e->flags & XEN_NETIF_EXTRA_FLAG_MORE;
        return;
    }
    assert_int_equal(r->id, (uint16_t)i);
    assert_true(r->status < 0 || r->offset + r->status <= 4096);
    *extra = r->flags & NETRXF_extra_info;
}

/* Up to where the answers of this ring go. */
static uint32_t published(struct ring *r, const struct back_ring *b)
{
    uint32_t p = mode == INDICES ? b->rsp_prod : r->page[2];

    assert_true(back_ring_unanswered(b) <= SLOTS);
    if (mode == INDICES && p - r->cons > r->prod - r->cons)
        r->prod = p; /* the thread has sent some, too */
    assert_true(p - r->cons <= r->prod - r->cons);
    answers += p - r->cons;
    return p;
}

static void take_control_answers(void)
{
    struct ring *r = &liar.control;
    uint32_t p = mode == INDICES ? liar.ctrl.ring.rsp_prod : r->page[2];

    assert_true(back_ring_unanswered(&liar.ctrl.ring) <= 128);
    if (mode == INDICES && p - r->cons > r->prod - r->cons)
        r->prod = p;
    assert_true(p - r->cons <= r->prod - r->cons);
    for (; mode == FRAMES && r->cons != p; r->cons++) {
        struct xen_netif_ctrl_response a;

        memcpy(&a, (uint8_t *)r->page + 64 + r->cons % 128 * r->slot,
               sizeof(a));
        assert_int_equal(a.id, (uint16_t)r->cons);
        assert_true(a.status <= XEN_NETIF_CTRL_STATUS_BUFFER_OVERFLOW);
        settings += !a.status;
    }
    r->cons = p;
}

static void take_answers(void)
{
    uint32_t tx = published(&liar.tx, &liar.q.tx),
             rx = published(&liar.rx, &liar.q.rx);
    bool extra = false;

    for (; mode == FRAMES && liar.tx.cons != tx; liar.tx.cons++)
        check_tx_answer(slot(&liar.tx, liar.tx.cons));
    for (; mode == FRAMES && liar.rx.cons != rx; liar.rx.cons++)
        check_rx_answer(liar.rx.cons, &extra);
    liar.tx.cons = tx;
    liar.rx.cons = rx;
    take_control_answers();
}

/* --- connecting ----------------------------------------------------------- */

static void on_broken(struct net_queue *q, const char *reason)
{
    assert_ptr_equal(q, &liar.q);
    assert_true(reason && *reason);
    /* Packets that are none, it has made itself. */
    assert_true(absurd || mode != FRAMES || strstr(reason, "whole packets"));
    why = reason;
    down = true;
    ends++;
    net_queue_disconnect(q);
    net_ctrl_disconnect(&liar.ctrl);
    assert_int_equal(fake_other_mapped, 0);
    assert_false(q->stall.armed || q->tx_work.queued || q->rx_work.queued);
}

static void on_ctrl_broken(struct net_ctrl *c, const char *reason)
{
    assert_true(absurd || mode == INDICES);
    on_broken(&liar.q, reason);
}

static void on_deaf(struct net_queue *q, bool is_deaf)
{
    assert_ptr_equal(q, &liar.q);
    deaf += is_deaf;
}

static void refilled(struct net_credit *c)
{
    struct guest *g = container_of(c, struct guest, credit);

    event_work_queue(&g->loop, &g->q.tx_work);
}

static void connect_guest(struct guest *g, bool one_port, bool notifies)
{
    const struct net_queue_refs refs = {TX_REF, RX_REF, 5, one_port ? 0 : 6};
    struct net_queue *q = &g->q;

    q->loop = &g->loop;
    q->grants = &g->grants;
    q->broken = on_broken;
    q->deaf = on_deaf;
    q->features = (struct net_features){true, true, fuzz_once_in(2),
                                        true, true, notifies};
    q->credit = &g->credit;
    g->wishes.multicast = &g->record.multicast;
    g->wishes.hash = &g->record.hash;
    q->wishes = &g->wishes;
    q->arena = &g->arena;
    q->all = q;
    q->nr_all = 1;
    q->record = &g->record.queue[0];
    q->counts = &g->record.head.counts;
    memset(g->tx.page, 0, 4096);
    memset(g->rx.page, 0, 4096);
    g->tx.prod = g->tx.cons = g->rx.prod = g->rx.cons = 0;
    assert_int_equal(net_queue_connect(q, NULL, &refs, false), 0);
}

static void connect_control(void)
{
    struct net_ctrl *c = &liar.ctrl;

    c->loop = &liar.loop;
    c->grants = &liar.grants;
    c->hash = &liar.record.hash;
    c->sealed = &liar.record.ctrl;
    c->nr_queues = 1;
    c->broken = on_ctrl_broken;
    memset(liar.control.page, 0, 4096);
    liar.control.prod = liar.control.cons = 0;
    assert_int_equal(net_ctrl_connect(c, NULL, CTRL_REF, 7, false), 0);
}

static void let_meddle(void)
{
    struct meddled areas[PAGES + 3];
    unsigned int n = 0;

    for (; n < PAGES; n++)
        areas[n] = (struct meddled){fake_other_page(DATA_REF + n), 2048};
    for (int i = 0; mode != FRAMES && i < 3; i++) {
        uint8_t *page = (uint8_t *)(i == 2 ? liar.control.page
                                    : i    ? liar.rx.page
                                           : liar.tx.page);
        unsigned int head = mode == INDICES ? 0 : 64;

        areas[n++] = (struct meddled){page + head, 4096 - head};
    }
    meddle(areas, n);
}

static void connect_again(enum mode next)
{
    meddle(NULL, 0);
    memset(owed, 0, sizeof(owed));
    extras_owed = 0;
    down = false;
    mode = next;
    net_credit_limit(&liar.credit, fuzz_once_in(4) ? 3000 : 0, 1000);
    connect_guest(&liar, fuzz_once_in(2), fuzz_once_in(2));
    connect_control();
    let_meddle();
}

static void run_work(struct event_loop *l, struct event_work *work)
{
    if (!work->queued)
        return;
    event_work_cancel(l, work);
    work->run(work);
}

static void fire(struct event_loop *l, struct event_timer *t)
{
    if (!t->armed)
        return;
    event_timer_cancel(l, t);
    t->fire(t);
}

/* Events and all else that is due, each of which may end the connection. */
static void turn(void)
{
    struct net_queue *q = &liar.q;

    if (!q->tx_masked)
        q->tx_port.event(&q->tx_port);
    if (!down && q->rx_port.local)
        q->rx_port.event(&q->rx_port);
    if (!down)
        run_work(&liar.loop, &q->tx_work);
    if (!down)
        run_work(&liar.loop, &q->rx_work);
    if (!down && !q->tap_paused)
        q->tap.ready(&q->tap, 0);
    if (!down && !liar.ctrl.masked)
        liar.ctrl.port.event(&liar.ctrl.port);
    if (!down)
        run_work(&liar.loop, &liar.ctrl.work);
    if (!down && fuzz_once_in(8))
        fire(&liar.loop, &q->stall);
    if (fuzz_once_in(4))
        fire(&liar.loop, &liar.credit.refill);
    if (fuzz_once_in(100)) {
        liar.wishes.filter = fuzz_once_in(2);
        liar.wishes.headroom =
            fuzz_once_in(2) ? fuzz_random() % (NET_MAX_HEADROOM + 1) : 0;
    }
    if (!down)
        take_answers();
}

/* None waits for ever; the thread goes on meanwhile. */
static void all_is_answered(void)
{
    for (int i = 0; !down && mode != INDICES && liar.tx.prod != liar.tx.cons;
         i++) {
        assert_true(i < MAX_TURNS);
        turn();
    }
}

static void send_honest_frame(void)
{
    struct ring *r = &honest.tx;
    uint32_t ref = DATA_REF + r->prod % SLOTS;
    uint8_t *page = fake_page(ref);
    netif_tx_request_t t = {.gref = ref, .size = 100, .id = r->prod};

    memset(page, 9, 100);
    memcpy(page + 60, &sent, sizeof(sent));
    memcpy(slot(r, r->prod++), &t, sizeof(t));
    sent++;
}

static void the_innocent_goes_on(void)
{
    struct net_queue *q = &honest.q;
    netif_rx_request_t give = {.id = honest.rx.prod,
                               .gref =
                                   DATA_REF + SLOTS + honest.rx.prod % SLOTS};
    uint32_t frame;

    for (int i = 0; i < 3; i++)
        send_honest_frame();
    memcpy(slot(&honest.rx, honest.rx.prod++), &give, sizeof(give));
    honest.tx.page[0] = honest.tx.prod;
    honest.rx.page[0] = honest.rx.prod;
    for_honest++;
    q->tx_port.event(&q->tx_port);
    q->tap.ready(&q->tap, 0);
    assert_int_equal(arrived, sent);
    assert_int_equal(honest.tx.page[2], honest.tx.prod);
    assert_int_equal(honest.rx.page[2], honest.rx.prod);
    memcpy(&frame, fake_page(give.gref) + 60, sizeof(frame));
    assert_int_equal(frame, for_honest);
}

static void absurd_index(void)
{
    bool tx = fuzz_once_in(2);
    uint32_t too_many =
        SLOTS + 1 + (fuzz_once_in(2) ? fuzz_random() % 8 : fuzz_random() / 2);

    if (down)
        connect_again(FRAMES);
    meddle(NULL, 0);
    why = NULL;
    liar.credit.left = 1000;
    absurd = true;
    if (tx) {
        liar.tx.page[0] = liar.q.tx.rsp_prod + too_many;
        liar.q.tx_port.event(&liar.q.tx_port);
    } else {
        liar.rx.page[0] = liar.q.rx.rsp_prod + too_many;
        net_rx_serve(&liar.q);
    }
    assert_true(down && why);
    absurd = false;
}

static void live(enum mode next)
{
    connect_again(next);
    for (unsigned long end = requests + LIFE; requests < end && !down;) {
        send_some();
        turn();
        if (fuzz_once_in(100))
            the_innocent_goes_on();
        if (mode == INDICES && fuzz_once_in(400))
            break;
    }
    all_is_answered();
    if (fuzz_once_in(2)) {
        absurd_index();
    } else if (!down) {
        net_ctrl_disconnect(&liar.ctrl);
        net_queue_disconnect(&liar.q);
        assert_int_equal(fake_other_mapped, 0);
    }
}

static void a_guest_that_lies_harms_nobody_but_itself(void **state)
{
    unsigned long count = fuzz_count(400000) / ARRAY_SIZE(seeds), begun;

    connect_guest(&honest, false, true);
    for (size_t i = 0; i < ARRAY_SIZE(seeds); i++) {
        fuzz_seed(seeds[i]);
        begun = requests;
        while (requests - begun < count)
            live(fuzz_random() % 8 ? FRAMES + fuzz_once_in(4) : INDICES);
    }
    meddle(NULL, 0);
    net_queue_disconnect(&honest.q);
    print_message("# %lu requests, %lu answers, %lu refusals, %lu connections "
                  "ended, %lu frames, %lu of them large; %lu settings, %lu of "
                  "them good; the other guest: %u\n",
                  requests, answers, refused, ends, frames, joined, asked,
                  settings, arrived);
    assert_true(answers > requests / 2 && refused && ends && joined);
    assert_true(arrived > 100 && settings > 100);
}

static int set_up_guest(struct guest *g, uint8_t *page(uint32_t ref))
{
    g->tx = (struct ring){.page = (uint32_t *)page(TX_REF), .slot = TX_SLOT};
    g->rx = (struct ring){.page = (uint32_t *)page(RX_REF), .slot = RX_SLOT};
    g->control =
        (struct ring){.page = (uint32_t *)page(CTRL_REF), .slot = CTRL_SLOT};
    g->credit.loop = &g->loop;
    g->credit.refilled = refilled;
    g->q.tap_fd = eventfd(0, 0);
    if (g == &liar) /* the other's is plain memory */
        g->arena.handle = xengntshr_open(NULL, 0);
    return event_loop_init(&g->loop) ||
           grants_open(&g->grants, g->grants.domid) ||
           grant_arena_take(&g->arena, g->grants.handle, FAKE_SELF,
                            NET_ARENA_PAGES);
}

static int setup(void **state)
{
    log_setup("test", LOG_LVL_ERROR);
    fake_guest_create();
    fake_other_guest_create();
    return set_up_guest(&liar, fake_other_page) ||
           set_up_guest(&honest, fake_page);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_guest_that_lies_harms_nobody_but_itself),
    };

    return cmocka_run_group_tests_name("fuzz net", tests, setup, NULL);
}
