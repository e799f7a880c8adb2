/* SPDX-License-Identifier: MIT */
/*
 * What passes the gate between a backend process and the store, and that
 * nothing that either end does breaks a message or keeps the daemon busy. The
 * test plays both ends.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

#include <daemon/clock.h>
#include <daemon/log.h>

#include "../../backends/supervisor/device_gate.h"
#include "gate_world.h"

static struct device_gate gate;

static void open_gate(void)
{
    gate_world_open(&gate.gate);
}

static int set_up(void **state)
{
    memset(&gate, 0, sizeof(gate));
    gate.device = "backend/vbd/5/51712";
    device_gate_begin(&gate, &loop);
    open_gate();
    return 0;
}

static int tear_down(void **state)
{
    gate_world_close(&gate.gate);
    return 0;
}

static void only_its_own_directories(void **state)
{
    static const char *const seen[] = {
        "backend/vbd/5/51712",
        "backend/vbd/5/51712/params",
        "error/backend/vbd/5/51712/error",
        "domid",
        "/local/domain/5",
        "/local/domain/5/device/vbd/51712/ring-ref",
    };
    static const char *const hidden[] = {
        "",
        "/",
        "backend",
        "backend/vbd/5",
        "backend/vbd/5/5171",
        "backend/vbd/5/517122",
        "backend/vbd/5/51728/params",
        "backend/vif/5/0/state",
        "error/backend/vbd/5/51712",
        "error/backend/vbd/5/51728/error",
        "/local/domain/0/backend/vbd/5/51712",
        "/local/domain/50/name",
        "/local/domain/6",
        "/local/domain",
        "/vm",
        "@releaseDomain",
    };

    for (size_t i = 0; i < ARRAY_SIZE(seen); i++)
        if (!passes(XS_READ, seen[i]) || !passes(XS_WATCH, seen[i]))
            fail_msg("%s is not seen", seen[i]);
    for (size_t i = 0; i < ARRAY_SIZE(hidden); i++)
        if (passes(XS_READ, hidden[i]) || passes(XS_WATCH, hidden[i]) ||
            passes(XS_WRITE, hidden[i]) || passes(XS_RM, hidden[i]))
            fail_msg("'%s' passes", hidden[i]);
}

/* Of all that is its frontend's. */
static void a_network_backend_tells_of_the_mtu(void **state)
{
    static const char mtu[] = "/local/domain/5/device/vif/0/mtu";

    assert_false(passes(XS_WRITE, mtu)); /* a disk's */
    gate.device = "backend/vif/5/0";
    assert_true(passes(XS_WRITE, mtu));
    assert_false(passes(XS_RM, mtu));
    assert_false(passes(XS_WRITE, "/local/domain/5/device/vif/0/state"));
    assert_false(passes(XS_WRITE, "/local/domain/5/device/vif/1/mtu"));
    assert_false(passes(XS_WRITE, "/local/domain/6/device/vif/0/mtu"));
    assert_true(passes(XS_WRITE, "backend/vif/5/0/feature-ctrl-ring"));
    assert_false(passes(XS_WRITE, "backend/vif/5/0/mtu"));
    gate.device = "backend/vbd/5/51712";
}

static void only_what_a_backend_announces(void **state)
{
    static const char *const own[] = {
        "state",          "sectors",
        "sector-size",    "feature-persistent",
        "discard-secure", "multi-queue-max-queues",
        "feature-sg",     "feature-max-indirect-segments",
    };
    static const char *const toolstacks[] = {
        "",         "params", "physical-device", "mode",
        "frontend", "script", "discard-enable",  "online",
        "state/x",  "stat",   "feature-aaa",     "feature-sg/y",
        "states",   "type",   "hotplug-status",
    };
    char path[96];

    for (size_t i = 0; i < ARRAY_SIZE(own); i++) {
        snprintf(path, sizeof(path), "backend/vbd/5/51712/%s", own[i]);
        assert_true(passes(XS_WRITE, path));
        assert_false(passes(XS_RM, path));
    }
    for (size_t i = 0; i < ARRAY_SIZE(toolstacks); i++) {
        snprintf(path, sizeof(path), "backend/vbd/5/51712/%s", toolstacks[i]);
        if (passes(XS_WRITE, path))
            fail_msg("%s can be written", path);
    }
    assert_true(passes(XS_WRITE, "error/backend/vbd/5/51712/error"));
    assert_true(passes(XS_RM, "error/backend/vbd/5/51712/error"));
    assert_false(passes(XS_WRITE, "/local/domain/5/device/vbd/51712/state"));
}

static bool write_passes(const char *node, size_t n)
{
    char payload[XENSTORE_PAYLOAD_MAX] = "";
    size_t path = strlen(node) + 1;

    memcpy(payload, node, path);
    memset(payload + path, 'v', n);
    ask_with(XS_WRITE, 0, payload, path + n);
    return passed();
}

static void values_are_bounded(void **state)
{
    assert_true(write_passes("backend/vbd/5/51712/state", 64));
    assert_false(write_passes("backend/vbd/5/51712/state", 65));
    assert_true(write_passes("error/backend/vbd/5/51712/error", 256));
    assert_false(write_passes("error/backend/vbd/5/51712/error", 257));
    assert_false(write_passes("/local/domain/5", 4000));
}

static void other_requests_do_not_pass(void **state)
{
    for (uint32_t type = 0; type < XS_TYPE_COUNT + 3; type++)
        switch (type) {
        case XS_READ:
        case XS_WATCH:
        case XS_UNWATCH:
        case XS_WRITE:
        case XS_GET_DOMAIN_PATH:
        case XS_TRANSACTION_START:
            assert_true(passes(type, "backend/vbd/5/51712/state"));
            break;
        default:
            if (passes(type, "backend/vbd/5/51712/state"))
                fail_msg("type %u passes", type);
        }
    ask_with(XS_READ, 0, "backend/vbd/5/51712", 19); /* no end */
    assert_false(passed());
    ask_with(XS_READ, 0, "", 0);
    assert_false(passed());
}

/* What the store says of a request that has just passed. */
static void store_says(uint32_t type, const char *p, size_t len)
{
    struct message m;

    assert_true(take(store, &m));
    make(&m, type, m.header.tx_id, p, len);
    m.header.req_id = --sequence;
    send_all(store, &m, sizeof(m.header) + len);
    settle();
    assert_true(take(process, &m));
    assert_int_equal(m.header.type, type);
}

static void transactions_are_one_at_a_time(void **state)
{
    ask_with(XS_TRANSACTION_END, 7, "T", 2);
    assert_false(passed());
    ask_with(XS_TRANSACTION_START, 0, "", 1);
    store_says(XS_ERROR, "EAGAIN", 7); /* there is none then */
    for (int i = 0; i < 3; i++) {
        ask_with(XS_TRANSACTION_START, 0, "", 1);
        store_says(XS_TRANSACTION_START, "77", 3);
        ask_with(XS_TRANSACTION_END, 77, "X", 2); /* would not end it */
        assert_false(passed());
        ask_with(XS_TRANSACTION_END, 77, "T\0", 3);
        assert_false(passed());
        ask_with(XS_TRANSACTION_END, 77, "TT", 2);
        assert_false(passed());
        ask_with(XS_TRANSACTION_START, 0, "", 1);
        assert_false(passed());
        ask_with(XS_TRANSACTION_END, 76, "T", 2);
        assert_false(passed());
        ask_with(XS_TRANSACTION_END, 77, "T", 2);
        store_says(i ? XS_TRANSACTION_END : XS_ERROR, "OK", 3);
    }
}

static void transactions_are_bounded(void **state)
{
    ask_with(XS_TRANSACTION_START, 0, "", 1);
    store_says(XS_TRANSACTION_START, "5", 2);
    for (int i = 0; i < 128; i++) {
        ask_with(XS_READ, 5, "/local/domain/5/x", 18);
        assert_true(passed());
    }
    ask_with(XS_READ, 5, "/local/domain/5/x", 18);
    assert_false(passed());
    run_for(2000);
    assert_true(passes(XS_READ, "domid"));
    run_for(4000);
    assert_true(hangs_up_on(process));
}

/* Lest the answer to one be taken for that to another. */
static void requests_wait_for_answers(void **state)
{
    struct message m, first;

    ask_with(XS_READ, 0, "domid", 6);
    ask_with(XS_TRANSACTION_START, 0, "", 1);
    assert_true(take(store, &first));
    assert_false(take(store, &m));
    make(&m, XS_READ, 0, "0", 1);
    m.header.req_id = first.header.req_id;
    send_all(store, &m, sizeof(m.header) + 1);
    settle();
    assert_true(take(process, &m));
    assert_true(take(store, &m));
    assert_int_equal(m.header.type, XS_TRANSACTION_START);
}

static void watches_are_bounded(void **state)
{
    for (int i = 0; i < 8; i++)
        assert_true(passes(XS_WATCH, "/local/domain/5"));
    assert_false(passes(XS_WATCH, "/local/domain/5"));
    ask_with(XS_WATCH, 0, "/local/domain/5\0xxxxxxxxxxxxxxxxx", 34);
    assert_false(passed());
    ask_with(XS_UNWATCH, 0, "/local/domain/5\0x", 18);
    store_says(XS_ERROR, "ENOENT", 7); /* it has as many as before */
    assert_false(passes(XS_WATCH, "/local/domain/5"));
    ask_with(XS_UNWATCH, 0, "/local/domain/5\0x", 18);
    store_says(XS_UNWATCH, "OK", 3);
    assert_true(passes(XS_WATCH, "/local/domain/5"));
}

/* Byte by byte both ways, with a refusal while an event is half here. */
static void pieces_are_put_together(void **state)
{
    struct message request, event, m;
    size_t n = make(&request, XS_READ, 0, "backend/vbd/5/51712/mode", 25);
    size_t size;

    for (size_t i = 0; i < n; i++) {
        assert_false(take(store, &m));
        send_all(process, (char *)&request + i, 1);
        settle();
    }
    assert_true(take(store, &m));
    assert_memory_equal(&m, &request, n);
    send_all(store, &m, n);
    settle();
    assert_true(take(process, &m));

    size =
        make(&event, XS_WATCH_EVENT, 0, "backend/vbd/5/51712/state\0mine", 31);
    n = make(&request, XS_RM, 0, "backend/vbd/5/51712", 20);
    send_all(store, &event, size / 2);
    send_all(process, &request, n);
    settle();
    assert_false(take(process, &m));
    send_all(store, (char *)&event + size / 2, size - size / 2);
    settle();
    assert_true(take(process, &m));
    assert_memory_equal(&m, &event, size);
    assert_true(take(process, &m));
    assert_int_equal(m.header.type, XS_ERROR);
    assert_int_equal(m.header.req_id, request.header.req_id);
}

static bool has_ended(int fd)
{
    char byte;

    return recv(fd, &byte, 1, MSG_DONTWAIT) == 0;
}

static void ends_end_together(void **state)
{
    struct message m;

    shutdown(store, SHUT_RDWR);
    settle();
    assert_true(has_ended(process));
    close(process);
    close(store);

    open_gate();
    shutdown(process, SHUT_RDWR);
    settle();
    assert_true(has_ended(store));
    close(process);
    close(store);

    open_gate(); /* longer than a message can be */
    make(&m, XS_READ, 0, "x", 1);
    m.header.len = XENSTORE_PAYLOAD_MAX + 1;
    send_all(process, &m, sizeof(m.header) + 1);
    settle();
    assert_int_equal(recv(process, &m, 1, MSG_DONTWAIT), -1);
    assert_int_equal(errno, ECONNRESET);
    close(process);
    close(store);

    store_end = -1;
    assert_int_equal(store_gate_open(&gate.gate), -ECONNREFUSED);
    open_gate();
}

static void another_connection_ends_the_former(void **state)
{
    int former = process, its_store = store;

    open_gate();
    settle();
    assert_true(has_ended(former));
    assert_true(has_ended(its_store));
    assert_true(passes(XS_READ, "backend/vbd/5/51712"));
    close(former);
    close(its_store);
}

static void flood_is_held_back(void **state)
{
    struct message m, got;
    size_t n = make(&m, XS_READ, 0, "backend/vbd/5/51712", 20);
    unsigned int seen = 0;
    uint64_t end = now_ms() + 1000;

    while (now_ms() < end) {
        while (send(process, &m, n, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)n)
            ;
        run_for(1);
        while (take(store, &got)) {
            seen++;
            send_all(store, &got, n);
            settle();
        }
        while (take(process, &got))
            ;
    }
    assert_in_range(seen, 100, 600); /* 400, and 20 in each 100 ms */
}

/* 0 or -errno. */
static int connect_again(void)
{
    int ends[2];

    close(process);
    close(store);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    store = ends[0];
    store_end = ends[1];
    process = store_gate_open(&gate.gate);
    if (process < 0)
        close(store_end);
    return process < 0 ? process : 0;
}

/* How many requests come to the store that are made at once. */
static unsigned int come_at_once(void)
{
    struct message m, got;
    size_t n = make(&m, XS_READ, 0, "backend/vbd/5/51712", 20);
    unsigned int seen;

    for (seen = 0;; seen++) {
        send_all(process, &m, n);
        run_for(0);
        if (!take(store, &got))
            return seen;
        send_all(store, &got, n);
        run_for(0);
        assert_true(take(process, &got));
    }
}

static void another_connection_brings_no_more_requests(void **state)
{
    uint64_t begin = now_ms(), passed_ms;
    unsigned int seen = come_at_once();

    assert_in_range(seen, 300, UINT32_MAX);
    for (int i = 0; i < 20; i++) {
        run_for(50);
        if (!connect_again())
            seen += 20 + come_at_once(); /* it costs, too */
    }
    passed_ms = now_ms() - begin;
    if (seen > 400 + 20 * (passed_ms / 100 + 1))
        fail_msg("%u requests in %u ms", seen, (unsigned int)passed_ms);
    run_for(500);
    assert_int_equal(connect_again(), 0);
    assert_true(passes(XS_READ, "backend/vbd/5/51712"));
}

/* With no event asked for, hanging up is one all the same. */
static void who_hangs_up_is_not_looked_at_again(void **state)
{
    static const char much[4000];
    struct message m;

    ask_with(XS_READ, 0, "domid", 6); /* and waits */
    assert_true(take(store, &m));
    close(process);
    settle();
    assert_true(has_ended(store));
    close(store);

    open_gate();
    for (int i = 0; i < 500; i++) /* nobody takes them */
        send(store, &m, make(&m, XS_WATCH_EVENT, 0, "a\0b", 4),
             MSG_DONTWAIT | MSG_NOSIGNAL);
    while (send(store, &m, make(&m, XS_WATCH_EVENT, 0, much, 4000),
                MSG_DONTWAIT | MSG_NOSIGNAL) > 0)
        settle();
    shutdown(store, SHUT_RDWR);
    settle();
    assert_true(hangs_up_on(process));
}

static void who_takes_no_answers_is_ended(void **state)
{
    struct message m;
    size_t n =
        make(&m, XS_WATCH_EVENT, 0, "backend/vbd/5/51712/state\0mine", 31);
    uint64_t end = now_ms() + 5000, begin = now_ms();

    while (now_ms() < end &&
           (send(store, &m, n, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0 ||
            errno == EAGAIN))
        run_for(1);
    assert_in_range(now_ms() - begin, 1500, 4500);
    settle();
    assert_true(hangs_up_on(store));
}

#define GATE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

/* The process may look, and say why it cannot end yet. */
static void directory_of_a_device_that_is_over_takes_nothing(void **state)
{
    static const char device[] = "backend/vbd/5/51712/state\0006";

    ask_with(XS_WRITE, 0, device, sizeof(device) - 1);
    assert_true(passed());
    gate.over = true;
    ask_with(XS_WRITE, 0, device, sizeof(device) - 1);
    assert_false(passed());
    ask_with(XS_READ, 0, "backend/vbd/5/51712/state", 26);
    assert_true(passed());
    ask_with(XS_WRITE, 0, "error/backend/vbd/5/51712/error\0slow", 36);
    assert_true(passed());
}

/* Nor what was written before it was over, and is not there yet. */
static void transaction_ends_with_its_device(void **state)
{
    static const char device[] = "backend/vbd/5/51712/state\0006";

    ask_with(XS_TRANSACTION_START, 0, "", 1);
    store_says(XS_TRANSACTION_START, "5", 2);
    ask_with(XS_WRITE, 5, device, sizeof(device) - 1);
    assert_true(passed());
    gate.over = true;
    ask_with(XS_TRANSACTION_END, 5, "T", 2);
    assert_false(passed());
    ask_with(XS_TRANSACTION_END, 5, "F", 2);
    assert_true(passed());
    ask_with(XS_TRANSACTION_START, 0, "", 1);
    assert_true(passed());
}

/* This daemon, or the store, may have been stopped. */
static void process_does_not_wait_for_ever(void **state)
{
    uint64_t begin = now_ms();
    char byte;

    ask_with(XS_READ, 0, "domid", 6);
    assert_int_equal(recv(process, &byte, 1, 0), -1);
    assert_int_equal(errno, EAGAIN);
    assert_in_range(now_ms() - begin, 500, 5000);
    while (send(process, &byte, 1, MSG_NOSIGNAL) == 1)
        ;
    assert_int_equal(errno, EAGAIN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        GATE(only_its_own_directories),
        GATE(a_network_backend_tells_of_the_mtu),
        GATE(only_what_a_backend_announces),
        GATE(values_are_bounded),
        GATE(other_requests_do_not_pass),
        GATE(transactions_are_one_at_a_time),
        GATE(transactions_are_bounded),
        GATE(requests_wait_for_answers),
        GATE(watches_are_bounded),
        GATE(pieces_are_put_together),
        GATE(ends_end_together),
        GATE(another_connection_ends_the_former),
        GATE(flood_is_held_back),
        GATE(another_connection_brings_no_more_requests),
        GATE(who_hangs_up_is_not_looked_at_again),
        GATE(who_takes_no_answers_is_ended),
        GATE(directory_of_a_device_that_is_over_takes_nothing),
        GATE(transaction_ends_with_its_device),
        GATE(process_does_not_wait_for_ever),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    log_setup("store_gate", LOG_LVL_ERROR);
    if (gate_world_begin())
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
