/* SPDX-License-Identifier: MIT */
/*
 * The client of a store that goes and comes back: what it watched it watches
 * again, it waits longer and longer but can be hurried, and it takes a
 * descriptor from its supervisor.
 */
#include "relay_world.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "../../backends/common/handover.h"
#include "../../tools/libxenstore/reconnect.h"

static struct store_client client;
static int events_seen, connects, losses;

static void on_event(struct store_client *c, const char *path,
                     const char *token)
{
    assert_string_equal(token, "token");
    events_seen++;
}

static void on_connected(struct store_client *c)
{
    assert_false(store_lost(c));
    connects++;
}

static void on_lost(struct store_client *c)
{
    assert_true(store_lost(c));
    losses++;
}

static void open_client(void)
{
    client = (struct store_client){
        .event = on_event, .connected = on_connected, .lost = on_lost};
    events_seen = connects = losses = 0;
    assert_int_equal(store_client_open(&client, &loop), 0);
    assert_int_equal(store_client_watch(&client, "/w", "token"), 0);
}

static void watches_come_back(void **state)
{
    open_client();
    assert_true(store_lost(&client));
    wait_until(events_seen == 1);
    assert_int_equal(connects, 1);
    put("/w/1", "");
    wait_until(events_seen == 2);
    away = true;
    wait_until(losses == 1);
    put("/w/2", ""); /* nobody tells */
    let_pass(100);   /* while time goes on */
    assert_null(xs_read(client.xs, XBT_NULL, "/w/2", NULL));
    assert_int_equal(errno, ENOTCONN);
    away = false;
    wait_until(events_seen == 3);
    assert_int_equal(connects, 2);
    free(xs_read(client.xs, XBT_NULL, "/w/2", NULL));
    put("/w/3", "");
    wait_until(events_seen == 4);
    store_client_unwatch(&client, "/w", "token");
    away = true;
    wait_until(losses == 2);
    away = false;
    wait_until(connects == 3);
    put("/w/4", "");
    let_pass(20);
    assert_int_equal(events_seen, 4);
    store_client_close(&client);
}

static void waits_longer_and_longer(void **state)
{
    static const unsigned int ms[] = {200, 400, 800, 1600, 3200, 5000, 5000};

    stop_relay();
    open_client();
    for (size_t i = 0; i < ARRAY_SIZE(ms); i++) {
        assert_int_equal(client.wait_ms, ms[i]);
        assert_true(client.retry.armed);
        client.retry.fire(&client.retry);
    }
    start_relay();
    client.retry.fire(&client.retry);
    wait_until(connects == 1);
    assert_int_equal(client.wait_ms, 100);
    assert_false(client.retry.armed);
    store_client_close(&client);
}

/* A store that has begun to listen and does not answer yet. */
static void mute_store_stops_nothing(void **state)
{
    uint64_t begin = now_ms();

    mute = true;
    open_client();
    let_pass(200);
    assert_in_range(now_ms() - begin, 0, 5000);
    assert_int_equal(connects, 0);
    mute = false;
    wait_until(connects == 1);
    store_client_close(&client);
}

/* It does not wait for its time when it is told that there may be one. */
static void client_can_be_hurried(void **state)
{
    uint64_t begin;

    open_client();
    wait_until(connects == 1);
    stop_relay();
    wait_until(losses == 1);
    begin = now_ms();
    wait_until(now_ms() - begin > 1500); /* it waits for 1.6 s by now */
    start_relay();
    begin = now_ms();
    store_client_hurry(&client);
    store_client_hurry(&client);
    wait_until(connects == 2);
    assert_in_range(now_ms() - begin, 0, 500);
    store_client_hurry(&client);
    store_client_close(&client);
}

/* --- a descriptor from the supervisor --- */

static int end[2];

/* A supervisor's end and a process's. */
static void make_pair(void)
{
    char path[96];
    int listener;

    snprintf(path, sizeof(path), "%s-handover", relay_path);
    listener = handover_listen(path);
    assert_true(listener >= 0);
    end[0] = handover_connect(path);
    end[1] = handover_accept(listener);
    assert_true(end[0] >= 0 && end[1] >= 0);
    close(listener);
    unlink(path);
}

/* As the supervisor does, but without its gate. */
static int serve(void)
{
    int rc = handover_asked(end[0]), fd;

    if (rc <= 0)
        return rc;
    fd = xs_connect();
    rc = handover_answer(end[0], fd < 0 ? -errno : fd);
    if (fd >= 0)
        close(fd);
    return rc;
}

static void ask(struct store_client *c)
{
    assert_int_equal(handover_ask(end[1]), 0);
    assert_int_equal(serve(), 0);
    store_client_take(c, handover_take(end[1]));
}

static void descriptor_is_handed_over(void **state)
{
    make_pair();
    assert_int_equal(handover_take(end[1]), -EAGAIN);
    assert_int_equal(serve(), 0);
    open_client();
    store_client_close(&client);
    client.ask = ask;
    assert_int_equal(store_client_open(&client, &loop), 0);
    wait_until(connects == 1);
    stop_relay();
    wait_until(losses == 1);
    ask(&client);
    assert_true(store_lost(&client));
    start_relay();
    wait_until(connects == 2);
    store_client_close(&client);
    close(end[1]);
    assert_int_equal(serve(), -ENOTCONN);
    close(end[0]);
    make_pair();
    close(end[0]);
    assert_int_equal(handover_take(end[1]), -ENOTCONN);
    assert_int_equal(handover_ask(end[1]), -EPIPE);
    close(end[1]);
}

static void questions_of_one_wait_are_one(void **state)
{
    int fd;

    make_pair();
    for (int n = 0; n < 3; n++)
        assert_int_equal(handover_ask(end[1]), 0);
    assert_int_equal(serve(), 0);
    fd = handover_take(end[1]);
    assert_true(fd >= 0);
    assert_int_equal(serve(), 0);
    assert_int_equal(handover_take(end[1]), -EAGAIN);
    close(fd);
    close(end[0]);
    close(end[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(watches_come_back),         TEST(waits_longer_and_longer),
        TEST(mute_store_stops_nothing),  TEST(client_can_be_hurried),
        TEST(descriptor_is_handed_over), TEST(questions_of_one_wait_are_one),
    };

    return cmocka_run_group_tests_name("store_client", tests, NULL, NULL);
}
