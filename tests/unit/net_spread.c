/* SPDX-License-Identifier: MIT */
/*
 * Frames from the host to a guest with two queues that wants them hashed, with
 * room in front for its XDP programs, or both: which queue gets them, where in
 * the pages the data is, which extra information comes along, in Linux's order.
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
#include "fake_xen.h"
#include "net_flow.h"

#define QUEUES 2

static struct event_loop loop;
static struct grants grants = {.domid = 1};
static struct net_record record;
static struct net_wishes wishes;
static struct net_credit credit = {.loop = &loop};
static struct grant_arena arena;
static struct net_queue queue[QUEUES];
static struct {
    uint32_t *ring, prod, cons;
} rx[QUEUES];

static struct {
    struct virtio_net_hdr header;
    unsigned int len, left; /* so many of it */
    uint8_t data[65536];
} sent;

static struct {
    unsigned int len, slots, nr_extras;
    netif_extra_info_t extra[4];
    uint8_t data[65536];
} got;

ssize_t tap_read(int fd, struct virtio_net_hdr *h, void *frame, size_t size)
{
    if (!sent.left)
        return -EAGAIN;
    sent.left--;
    *h = sent.header;
    memcpy(frame, sent.data, sent.len);
    return sent.len;
}

void tap_batch_write(struct tap_batch *b, int fd, struct tap_frame *frame,
                     unsigned int n)
{
    fail();
}

static uint32_t rx_ref(unsigned int i)
{
    return FAKE_FIRST_REF + 2 * i + 1;
}

static uint32_t data_ref(unsigned int i, uint32_t slot)
{
    return FAKE_FIRST_REF + 100 + i * NET_RING_SIZE + slot % NET_RING_SIZE;
}

static void *slot(unsigned int i, uint32_t n)
{
    return (uint8_t *)rx[i].ring + 64 + n % NET_RING_SIZE * 8;
}

static void give(unsigned int i, unsigned int n)
{
    while (n--) {
        netif_rx_request_t r = {.id = rx[i].prod,
                                .gref = data_ref(i, rx[i].prod)};

        memcpy(slot(i, rx[i].prod++), &r, sizeof(r));
    }
    rx[i].ring[0] = rx[i].prod;
}

static void take_extras(unsigned int i)
{
    netif_extra_info_t e;

    do {
        memcpy(&e, slot(i, rx[i].cons++), sizeof(e));
        assert_true(got.nr_extras < 4);
        got.extra[got.nr_extras++] = e;
        got.slots++;
    } while (e.flags & XEN_NETIF_EXTRA_FLAG_MORE);
}

/* The next frame from this queue into got. */
static void take(unsigned int i)
{
    netif_rx_response_t r;

    memset(&got, 0, offsetof(typeof(got), data));
    do {
        assert_int_not_equal(rx[i].cons, rx[i].ring[2]);
        memcpy(&r, slot(i, rx[i].cons), sizeof(r));
        assert_int_equal(r.id, (uint16_t)rx[i].cons);
        assert_true(r.status > 0 && r.offset + r.status <= 4096);
        assert_int_equal(r.offset, got.len ? 0 : wishes.headroom);
        memcpy(got.data + got.len,
               fake_page(data_ref(i, rx[i].cons++)) + r.offset, r.status);
        got.len += r.status;
        got.slots++;
        if (r.flags & NETRXF_extra_info)
            take_extras(i);
    } while (r.flags & NETRXF_more_data);
    assert_int_equal(got.len, sent.len);
    assert_memory_equal(got.data, sent.data, got.len);
}

static bool waits(unsigned int i)
{
    return rx[i].cons != rx[i].ring[2];
}

/* A segment of a flow; gso: so much data in each of its own. */
static void host_sends(uint16_t port, unsigned int data, uint16_t gso)
{
    struct flow f = {.ttl = 64, .port = port};

    memset(&sent.header, 0, sizeof(sent.header));
    sent.len = flow_segment(&f, sent.data, data, 0x10);
    sent.left = 1;
    if (gso) {
        sent.header.gso_type = VIRTIO_NET_HDR_GSO_TCPV4;
        sent.header.gso_size = gso;
    }
    queue[0].tap.ready(&queue[0].tap, EPOLLIN);
    assert_int_equal(sent.left, 0);
}

static void connect_queue(unsigned int i)
{
    const struct net_queue_refs refs = {FAKE_FIRST_REF + 2 * i, rx_ref(i), 5,
                                        6};
    struct net_queue *q = &queue[i];

    memset(q, 0, sizeof(*q));
    q->loop = &loop;
    q->grants = &grants;
    q->features = (struct net_features){true, true, true, true, true, true};
    q->wishes = &wishes;
    q->tap_fd = eventfd(0, 0);
    q->credit = &credit;
    q->arena = &arena;
    q->record = &record.queue[i];
    q->counts = &record.head.counts;
    q->all = queue;
    q->nr_all = QUEUES;
    memset(fake_page(refs.tx_ref), 0, 4096);
    rx[i].ring = (uint32_t *)fake_page(refs.rx_ref);
    memset(rx[i].ring, 0, 4096);
    rx[i].prod = rx[i].cons = 0;
    assert_int_equal(net_queue_connect(q, NULL, &refs, false), 0);
}

static int connect_all(void **state)
{
    memset(&record, 0, sizeof(record));
    wishes = (struct net_wishes){.multicast = &record.multicast,
                                 .hash = &record.hash};
    for (unsigned int i = 0; i < QUEUES; i++)
        connect_queue(i);
    return 0;
}

static int disconnect_all(void **state)
{
    for (unsigned int i = 0; i < QUEUES; i++) {
        net_queue_disconnect(&queue[i]);
        close(queue[i].tap_fd);
    }
    return fake_mapped;
}

static void want_hash(void)
{
    record.hash =
        (struct net_hash){.algorithm = 1, .flags = NET_HASH_TYPES, .size = 64};
    for (unsigned int i = 0; i < NET_HASH_KEY; i++)
        record.hash.key[i] = 7 * i + 3;
    for (unsigned int i = 0; i < 64; i++)
        record.hash.mapping[i] = i % 3 == 0;
}

static void a_frame_goes_to_the_queue_of_its_hash(void **state)
{
    unsigned int count[QUEUES] = {0};

    want_hash();
    for (unsigned int port = 0; port < 100; port++) {
        struct net_hash_value v;
        unsigned int i;
        uint32_t value;

        for (i = 0; i < QUEUES; i++)
            if (rx[i].prod - rx[i].cons < 100)
                give(i, 4);
        host_sends(port, 1000, 0);
        v = net_hash_of(&record.hash, sent.data, sent.len);
        i = record.hash.mapping[v.value % 64];
        count[i]++;
        assert_false(waits(!i));
        take(i);
        assert_int_equal(got.nr_extras, 1);
        assert_int_equal(got.extra[0].type, XEN_NETIF_EXTRA_TYPE_HASH);
        assert_int_equal(got.extra[0].u.hash.type,
                         _XEN_NETIF_CTRL_HASH_TYPE_IPV4_TCP);
        memcpy(&value, got.extra[0].u.hash.value, 4);
        assert_int_equal(value, v.value);
    }
    assert_true(count[0] > 20 && count[1] > 10);
    assert_int_equal(record.head.counts.to_guest.operations, 100);
}

static void a_full_queue_holds_up_no_other(void **state)
{
    unsigned int lost = 0;

    want_hash();
    give(0, 200); /* and the other gets none */
    for (unsigned int port = 0; port < 50; port++) {
        host_sends(port, 100, 0);
        if (waits(0))
            take(0);
        else
            lost++;
        assert_false(waits(1) || queue[0].held || queue[1].held);
    }
    assert_in_range(lost, 5, 45);
    record.hash.algorithm = 0; /* and now the host chooses */
    for (unsigned int port = 0; port < 20; port++) {
        host_sends(port, 100, 0);
        take(0);
        assert_int_equal(got.nr_extras, 0);
    }
}

static void there_is_room_in_front_of_a_frame(void **state)
{
    static const unsigned int sizes[] = {1,    1000, 3700, 3785, 3786,
                                         3787, 4042, 9000, 65481};

    wishes.headroom = 256;
    for (unsigned int i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
        give(0, 20);
        host_sends(1, sizes[i], 0);
        take(0);
        assert_int_equal(got.nr_extras, 1);
        assert_int_equal(got.extra[0].type, 5);
        assert_int_equal(got.extra[0].u.pad[0], 256);
        assert_int_equal(got.slots, 1 + (256 + sent.len + 4095) / 4096);
        rx[0].cons = rx[0].prod = 0; /* from the beginning */
        disconnect_all(NULL);
        connect_all(NULL);
        wishes.headroom = 256;
    }
}

static void all_that_can_come_along_stands_in_its_order(void **state)
{
    want_hash();
    record.hash.size = 0;
    wishes.headroom = NET_MAX_HEADROOM;
    for (unsigned int port = 0; port < 8; port++) {
        give(0, 21);
        give(1, 21);
        host_sends(port, 65481, 1448);
        take(waits(1));
        assert_int_equal(got.nr_extras, 3);
        assert_int_equal(got.extra[0].type, XEN_NETIF_EXTRA_TYPE_GSO);
        assert_int_equal(got.extra[0].u.gso.size, 1448);
        assert_int_equal(got.extra[0].u.gso.type, XEN_NETIF_GSO_TYPE_TCPV4);
        assert_int_equal(got.extra[1].type, XEN_NETIF_EXTRA_TYPE_HASH);
        assert_int_equal(got.extra[2].type, 5);
        assert_int_equal(got.extra[2].u.pad[0], NET_MAX_HEADROOM);
        assert_int_equal(got.slots, 20);
    }
}

static void give_to_what_waits(unsigned int n)
{
    give(0, n);
    queue[0].rx_port.event(&queue[0].rx_port);
}

/* What waits for room is given as the guest wants it when there is room. */
static void a_wish_may_change_while_a_frame_waits(void **state)
{
    wishes.headroom = 256;
    give(0, 2);
    host_sends(1, 9000, 0);
    assert_true(queue[0].held);
    wishes.headroom = 0;
    give_to_what_waits(1); /* no slot for what is no longer said */
    take(0);
    assert_int_equal(got.nr_extras, 0);
    assert_int_equal(got.slots, 3);

    give(0, 1);
    host_sends(1, 4000, 0);
    assert_false(queue[0].held);
    take(0);
    host_sends(1, 4000, 0);
    assert_true(queue[0].held);
    wishes.headroom = 256;
    give_to_what_waits(2); /* it takes three now */
    assert_true(queue[0].held && !waits(0));
    give_to_what_waits(1);
    take(0);
    assert_int_equal(got.nr_extras, 1);
    assert_int_equal(got.slots, 3);
}

/* A hash, by which it belongs to another queue, which has room or not. */
static void a_frame_that_waits_may_change_its_queue(void **state)
{
    for (unsigned int room = 0; room < 2; room++) {
        record.hash.algorithm = 0;
        host_sends(1, 1000, 0);
        assert_true(queue[0].held);
        want_hash();
        for (unsigned int i = 0; i < 64; i++)
            record.hash.mapping[i] = 1;
        give(1, 2 * room);
        give_to_what_waits(0);
        assert_false(queue[0].held);
        assert_int_equal(waits(1), room);
    }
    take(1);
    assert_int_equal(got.nr_extras, 1);
}

static int setup(void **state)
{
    fake_guest_create();
    log_setup("test", LOG_LVL_ERROR);
    arena.handle = xengntshr_open(NULL, 0);
    return event_loop_init(&loop) || grants_open(&grants, 1) ||
           grant_arena_take(&arena, grants.handle, FAKE_SELF, NET_ARENA_PAGES);
}

#define QUEUE_TEST(name)                                                       \
    cmocka_unit_test_setup_teardown(name, connect_all, disconnect_all)

int main(void)
{
    const struct CMUnitTest tests[] = {
        QUEUE_TEST(a_frame_goes_to_the_queue_of_its_hash),
        QUEUE_TEST(a_full_queue_holds_up_no_other),
        QUEUE_TEST(there_is_room_in_front_of_a_frame),
        QUEUE_TEST(all_that_can_come_along_stands_in_its_order),
        QUEUE_TEST(a_wish_may_change_while_a_frame_waits),
        QUEUE_TEST(a_frame_that_waits_may_change_its_queue),
    };

    return cmocka_run_group_tests_name("net spread", tests, setup, NULL);
}
