/* SPDX-License-Identifier: MIT */
/*
 * What a guest says by its control ring, and what becomes of its frames' hashes
 * and queues: the published values of the Toeplitz hash; each request with
 * arguments at and beyond its limits, and from pages that are not granted; a
 * backend that is killed between a request and its answer; a record that a
 * guest has written itself.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <daemon/log.h>

#include "../../backends/net/ctrl.h"
#include "each_store.h"
#include "fake_xen.h"

#define RING_REF FAKE_FIRST_REF
#define DATA_REF (FAKE_FIRST_REF + 1)
#define QUEUES   4
#define ALL      NET_HASH_TYPES

static struct event_loop loop;
static struct grants grants = {.domid = 1};
static struct {
    struct net_hash hash;
    struct net_sealed sealed;
} record;
static struct net_ctrl ctrl;
static uint32_t *ring, prod, cons;
static bool absurd;

/* Of the verification suite that came with the algorithm. */
static const uint8_t key[NET_HASH_KEY] = {
    0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67,
    0x25, 0x3d, 0x43, 0xa3, 0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb,
    0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3, 0x80, 0x30,
    0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa};

/* 66.9.149.187:2794 to 161.142.100.80:1766 */
static uint8_t tcp4[] = {
    2,    2,   2,   2,   2,    2,  4,    4,    4,    4,    4, 4, 8,  0,
    0x45, 0,   0,   40,  0,    0,  0x40, 0,    64,   6,    0, 0, 66, 9,
    149,  187, 161, 142, 100,  80, 0x0a, 0xea, 0x06, 0xe6, 0, 0, 0,  0,
    0,    0,   0,   0,   0x50, 16, 0,    0,    0,    0,    0, 0};

/* 3ffe:2501:200:1fff::7:2794 to 3ffe:2501:200:3::1:1766 */
static const uint8_t addresses6[] = {
    0x3f, 0xfe, 0x25, 0x01, 0x02, 0, 0x1f, 0xff, 0, 0, 0, 0, 0, 0, 0, 7,
    0x3f, 0xfe, 0x25, 0x01, 0x02, 0, 0,    3,    0, 0, 0, 0, 0, 0, 0, 1};
static uint8_t tcp6[74];

static void make_tcp6(void)
{
    memset(tcp6, 0, sizeof(tcp6));
    tcp6[12] = 0x86;
    tcp6[13] = 0xdd;
    tcp6[14] = 0x60;
    tcp6[20] = 6;
    memcpy(tcp6 + 22, addresses6, 32);
    memcpy(tcp6 + 54, tcp4 + 34, 20);
}

static void hash_is(uint32_t flags, const uint8_t *frame, uint32_t len,
                    unsigned int type, uint32_t value)
{
    struct net_hash h = {.algorithm = 1, .flags = flags};
    struct net_hash_value v;

    memcpy(h.key, key, sizeof(key));
    v = net_hash_of(&h, frame, len);
    assert_true(v.there);
    assert_int_equal(v.type, type);
    assert_int_equal(v.value, value);
}

static void published_hashes_come_out(void **state)
{
    make_tcp6();
    hash_is(ALL, tcp4, sizeof(tcp4), 1, 0x51ccc178);
    hash_is(ALL & ~2, tcp4, sizeof(tcp4), 0, 0x323e8fc2);
    hash_is(ALL, tcp6, sizeof(tcp6), 3, 0x40207d3d);
    hash_is(ALL & ~8, tcp6, sizeof(tcp6), 2, 0x2cc18cd5);
    tcp4[20] = 0x20; /* a fragment has no ports */
    hash_is(ALL, tcp4, sizeof(tcp4), 0, 0x323e8fc2);
    tcp4[20] = 0x40;
}

static void a_frame_that_has_no_hash_goes_to_the_first_entry(void **state)
{
    struct net_hash h = {.algorithm = 1, .flags = 2, .size = 3};
    struct net_hash_value v;

    memcpy(h.key, key, sizeof(key));
    h.mapping[0] = 2;
    for (uint32_t len = 0; len < 34; len++)
        assert_false(net_hash_of(&h, tcp4, len).there);
    tcp4[23] = 17;
    v = net_hash_of(&h, tcp4, sizeof(tcp4));
    tcp4[23] = 6;
    assert_false(v.there);
    assert_int_equal(net_hash_queue(&h, &v, QUEUES), 2);
    h.flags = 0;
    assert_false(net_hash_is_on(&h));
}

static void no_record_leads_to_a_queue_that_is_not_there(void **state)
{
    struct net_hash h;
    struct net_hash_value v = {.there = true};

    srand(5);
    for (int i = 0; i < 100000; i++) {
        for (size_t k = 0; k < sizeof(h); k++)
            ((uint8_t *)&h)[k] = rand();
        if (i & 1)
            h.size %= 2 * NET_HASH_MAPPING;
        v.value = rand();
        assert_true(net_hash_queue(&h, &v, 1 + i % QUEUES) < 1u + i % QUEUES);
        net_hash_of(&h, tcp4, sizeof(tcp4));
    }
}

/* --- the ring --- */

static void on_broken(struct net_ctrl *c, const char *why)
{
    assert_true(absurd);
    net_ctrl_disconnect(c);
}

static int start(bool resume)
{
    memset(&ctrl, 0, sizeof(ctrl));
    ctrl.loop = &loop;
    ctrl.grants = &grants;
    ctrl.hash = &record.hash;
    ctrl.sealed = &record.sealed;
    ctrl.nr_queues = QUEUES;
    ctrl.broken = on_broken;
    return net_ctrl_connect(&ctrl, NULL, RING_REF, 5, resume);
}

static void *slot(uint32_t i)
{
    return (uint8_t *)ring + 64 + i % 128 * 16;
}

static void put(uint16_t type, uint32_t a, uint32_t b, uint32_t c)
{
    struct xen_netif_ctrl_request r = {prod, type, {a, b, c}};

    memcpy(slot(prod++), &r, sizeof(r));
    ring[0] = prod;
}

static void work(void)
{
    if (ctrl.work.queued) {
        event_work_cancel(&loop, &ctrl.work);
        ctrl.work.run(&ctrl.work);
    }
}

/* The answer to the next request, which has come. */
static struct xen_netif_ctrl_response taken(uint16_t type)
{
    struct xen_netif_ctrl_response r;

    assert_int_equal(ring[2], prod);
    memcpy(&r, slot(cons), sizeof(r));
    assert_int_equal(r.id, (uint16_t)cons++);
    assert_int_equal(r.type, type);
    return r;
}

static uint32_t data; /* of the last answer */

static uint32_t ask(uint16_t type, uint32_t a, uint32_t b, uint32_t c)
{
    struct xen_netif_ctrl_response r;

    put(type, a, b, c);
    ctrl.port.event(&ctrl.port);
    r = taken(type);
    data = r.data;
    return r.status;
}

static int connect_ring(void **state)
{
    memset(ring, 0, 4096);
    memset(&record, 0, sizeof(record));
    prod = cons = 0;
    absurd = false;
    return start(false);
}

static int disconnect_ring(void **state)
{
    net_ctrl_disconnect(&ctrl);
    net_ctrl_disconnect(&ctrl);
    return fake_mapped;
}

#define OK       XEN_NETIF_CTRL_STATUS_SUCCESS
#define INVALID  XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER
#define OVERFLOW XEN_NETIF_CTRL_STATUS_BUFFER_OVERFLOW
#define UNKNOWN  XEN_NETIF_CTRL_STATUS_NOT_SUPPORTED

static void what_a_guest_sets_is_checked(void **state)
{
    assert_int_equal(ask(XEN_NETIF_CTRL_TYPE_GET_HASH_FLAGS, 0, 0, 0), UNKNOWN);
    assert_int_equal(ask(XEN_NETIF_CTRL_TYPE_SET_HASH_FLAGS, 1, 0, 0), INVALID);
    assert_int_equal(ask(XEN_NETIF_CTRL_TYPE_SET_HASH_ALGORITHM, 2, 0, 0),
                     INVALID);
    assert_int_equal(ask(XEN_NETIF_CTRL_TYPE_SET_HASH_ALGORITHM, 1, 0, 0), OK);
    assert_int_equal(ask(XEN_NETIF_CTRL_TYPE_GET_HASH_FLAGS, 0, 0, 0), OK);
    assert_int_equal(data, ALL);
    assert_int_equal(ask(XEN_NETIF_CTRL_TYPE_SET_HASH_FLAGS, 16, 0, 0),
                     INVALID);
    assert_int_equal(ask(XEN_NETIF_CTRL_TYPE_SET_HASH_FLAGS, ALL, 0, 0), OK);
    assert_true(net_hash_is_on(&record.hash));
    assert_int_equal(ask(XEN_NETIF_CTRL_TYPE_INVALID, 0, 0, 0), UNKNOWN);
    assert_int_equal(ask(9, DATA_REF, 1, 0), UNKNOWN); /* mapped for good */
}

static void a_key_is_read_once_from_what_is_granted(void **state)
{
    memcpy(fake_page(DATA_REF), key, sizeof(key));
    assert_int_equal(ask(XEN_NETIF_CTRL_TYPE_SET_HASH_KEY, DATA_REF, 41, 0),
                     OVERFLOW);
    assert_int_equal(ask(XEN_NETIF_CTRL_TYPE_SET_HASH_KEY, DATA_REF, 40, 0),
                     OK);
    assert_memory_equal(record.hash.key, key, sizeof(key));
    assert_int_equal(ask(XEN_NETIF_CTRL_TYPE_SET_HASH_KEY, FAKE_BAD_REF, 40, 0),
                     INVALID);
    assert_memory_equal(record.hash.key, key, sizeof(key));
    assert_int_equal(ask(XEN_NETIF_CTRL_TYPE_SET_HASH_KEY, DATA_REF, 2, 0), OK);
    assert_int_equal(record.hash.key[1], key[1]);
    assert_int_equal(record.hash.key[2], 0);
    assert_int_equal(ask(XEN_NETIF_CTRL_TYPE_SET_HASH_KEY, FAKE_BAD_REF, 0, 0),
                     OK);
    assert_int_equal(record.hash.key[0], 0);
}

static void a_mapping_names_queues_that_are_there(void **state)
{
    uint32_t *queue = (uint32_t *)fake_page(DATA_REF);

    for (int i = 0; i < NET_HASH_MAPPING; i++)
        queue[i] = i % QUEUES;
    assert_int_equal(ask(XEN_NETIF_CTRL_TYPE_GET_HASH_MAPPING_SIZE, 0, 0, 0),
                     OK);
    assert_int_equal(data, NET_HASH_MAPPING);
    assert_int_equal(ask(XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING, DATA_REF, 1, 0),
                     INVALID);
    assert_int_equal(ask(XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING_SIZE, 129, 0, 0),
                     INVALID);
    assert_int_equal(ask(XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING_SIZE, 128, 0, 0),
                     OK);
    assert_int_equal(
        ask(XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING, DATA_REF, 128, 0), OK);
    assert_int_equal(record.hash.mapping[127], 3);
    assert_int_equal(
        ask(XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING, DATA_REF, 2, 127), INVALID);
    assert_int_equal(
        ask(XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING, DATA_REF, 129, 0), OVERFLOW);
    assert_int_equal(
        ask(XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING, DATA_REF, 1, UINT32_MAX),
        INVALID);
    queue[1] = QUEUES;
    assert_int_equal(
        ask(XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING, DATA_REF, 2, 126), INVALID);
    assert_int_equal(record.hash.mapping[126], 2); /* none of them */
    assert_int_equal(ask(XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING, DATA_REF, 1, 3),
                     OK);
    assert_int_equal(record.hash.mapping[3], 0);
    record.hash.size = UINT32_MAX; /* not by us */
    assert_int_equal(
        ask(XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING, DATA_REF, 2, 127), INVALID);
}

static void absurd_indices_end_the_connection(void **state)
{
    absurd = true;
    ring[0] = 129;
    ctrl.port.event(&ctrl.port);
    assert_null(ctrl.addr);
    assert_int_equal(start(false), -EPROTO);
}

/* --- deaths --- */

static struct watched watched[] = {
    {&record, sizeof(record)}, {NULL, 0}, {NULL, 0}};

static void many_requests(void)
{
    put(XEN_NETIF_CTRL_TYPE_SET_HASH_ALGORITHM, 1, 0, 0);
    put(XEN_NETIF_CTRL_TYPE_SET_HASH_FLAGS, ALL, 0, 0);
    put(XEN_NETIF_CTRL_TYPE_SET_HASH_KEY, DATA_REF, 4, 0);
    put(XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING_SIZE, 8, 0, 0);
    put(XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING, DATA_REF, 1, 7);
    put(XEN_NETIF_CTRL_TYPE_GET_HASH_FLAGS, 0, 0, 0);
}

static void serve_once(void)
{
    ctrl.port.event(&ctrl.port);
}

static void successor(void)
{
    static const uint16_t types[] = {7, 2, 3, 5, 6, 1};

    event_loop_init(&loop);
    assert_int_equal(start(true), 0);
    work();
    for (int i = 0; i < 6; i++)
        assert_int_equal(taken(types[i]).status, OK);
    assert_true(net_hash_is_on(&record.hash));
    assert_int_equal(record.hash.size, 8);
    assert_int_equal(record.hash.mapping[7], 1);
    assert_int_equal(record.hash.key[0], 1);
}

static void a_killed_backend_owes_no_answer(void **state)
{
    unsigned int deaths;

    *(uint32_t *)fake_page(DATA_REF) = 1;
    many_requests();
    deaths = after_each_store(watched, 1, serve_once, successor);
    assert_in_range(deaths, 10, 1000);
}

static int setup(void **state)
{
    fake_guest_create();
    ring = (uint32_t *)fake_page(RING_REF);
    watched[1] = (struct watched){ring, 4096};
    log_setup("test", LOG_LVL_ERROR);
    return event_loop_init(&loop) || grants_open(&grants, 1);
}

#define RING_TEST(name)                                                        \
    cmocka_unit_test_setup_teardown(name, connect_ring, disconnect_ring)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_hashes_come_out),
        cmocka_unit_test(a_frame_that_has_no_hash_goes_to_the_first_entry),
        cmocka_unit_test(no_record_leads_to_a_queue_that_is_not_there),
        RING_TEST(what_a_guest_sets_is_checked),
        RING_TEST(a_key_is_read_once_from_what_is_granted),
        RING_TEST(a_mapping_names_queues_that_are_there),
        RING_TEST(absurd_indices_end_the_connection),
        RING_TEST(a_killed_backend_owes_no_answer),
    };

    step_prepare(argv);
    return cmocka_run_group_tests_name("net hash", tests, setup, NULL);
}
