/* SPDX-License-Identifier: MIT */
/*
 * A store that goes and comes back, under the client that survives it and a
 * backend that uses it. The store is the real daemon's core in a thread;
 * between it and the client is a relay that cuts the connection at the request
 * that a test chooses, and can be away, or be mute.
 */
#include "store_test.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <daemon/clock.h>
#include <daemon/log.h>
#include <xenstore.h>

#include "../../backends/common/handover.h"
#include "../../backends/common/xenbus.h"
#include "../../tools/libxenstore/reconnect.h"
#include "../../tools/xenstored/socket.h"
#include "../../tools/xenstored/turns.h"

#define PATH  "backend/vbd/3/51712"
#define BACK  "/local/domain/0/" PATH
#define ERROR "/local/domain/0/error/" PATH "/error"
#define GUEST "/local/domain/3"
#define FRONT GUEST "/device/vbd/51712"

void log_prefix(const char *fmt, ...)
{
}

int log_reason(int rc, const char *fmt, ...)
{
    return rc;
}

const char *log_take_reason(int rc)
{
    return "";
}

/* --- the store ------------------------------------------------------------ */

static char store_path[64], relay_path[64];
static pthread_t store_thread;
static struct event_loop store_loop;
static struct xs_handle *direct; /* the test's own, not relayed */

static void stop_ready(struct event_source *s, uint32_t events)
{
    event_loop_stop(&store_loop, 0);
}

static struct event_source stop_source = {.ready = stop_ready};

static void *run_store(void *arg)
{
    event_loop_run(&store_loop);
    return NULL;
}

static void start_store(void)
{
    fake_start();
    assert_int_equal(turns_init(&store_loop), 0);
    assert_int_equal(socket_listen(&store_loop, store_path), 0);
    stop_source.fd = eventfd(0, EFD_CLOEXEC);
    event_source_add(&store_loop, &stop_source, EPOLLIN);
    pthread_create(&store_thread, NULL, run_store, NULL);
    setenv("XENSTORED_PATH", store_path, 1);
    direct = xs_open(0);
    assert_non_null(direct);
    setenv("XENSTORED_PATH", relay_path, 1);
}

static void stop_store(void)
{
    xs_close(direct);
    eventfd_write(stop_source.fd, 1);
    pthread_join(store_thread, NULL);
    close(stop_source.fd);
    fake_stop();
    socket_unlink();
    event_loop_destroy(&store_loop);
}

static void put(const char *path, const char *value)
{
    assert_true(xs_write(direct, XBT_NULL, path, value, strlen(value)));
}

static bool node_is(const char *path, const char *value)
{
    char *v = xs_read(direct, XBT_NULL, path, NULL);
    bool same = v && !strcmp(v, value);

    free(v);
    return same;
}

/* --- the relay ------------------------------------------------------------ */

static int listener, relay_end;
static pthread_t relay_thread;
static atomic_int cut_at;     /* the connection ends with this request; 0: no */
static atomic_bool cut_after; /* when the store has done it, unanswered */
static atomic_bool mute, away; /* accepts and says nothing; accepts nobody */
static atomic_int requests;

static int connect_to(const char *path)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    strcpy(a.sun_path, path);
    if (connect(fd, (struct sockaddr *)&a, sizeof(a))) {
        close(fd);
        return -1;
    }
    return fd;
}

/* A whole message from one to the other; false: one has gone. */
static bool pass_message(int from, int to)
{
    struct {
        struct xsd_sockmsg header;
        char body[XENSTORE_PAYLOAD_MAX];
    } m;

    if (recv(from, &m.header, sizeof(m.header), MSG_WAITALL) !=
        sizeof(m.header))
        return false;
    if (m.header.len &&
        recv(from, m.body, m.header.len, MSG_WAITALL) != m.header.len)
        return false;
    return send(to, &m, sizeof(m.header) + m.header.len, MSG_NOSIGNAL) > 0;
}

static bool relay_some(int client, int store)
{
    struct pollfd p[2] = {{client, POLLIN, 0}, {store, POLLIN, 0}};

    if (poll(p, 2, 10) < 0 || away)
        return false;
    if (p[1].revents && !pass_message(store, client))
        return false;
    if (!p[0].revents || mute)
        return true;
    if (++requests == cut_at) {
        if (cut_after)
            pass_message(client, store);
        usleep(cut_after ? 2000 : 0);
        return false;
    }
    return pass_message(client, store);
}

static void *run_relay(void *arg)
{
    struct pollfd p[2] = {{listener, POLLIN, 0}, {relay_end, POLLIN, 0}};

    while (poll(p, 2, -1) > 0 && !p[1].revents) {
        int client = accept(listener, NULL, NULL);
        int store = away ? -1 : connect_to(store_path);

        while (store >= 0 && relay_some(client, store))
            ;
        close(client);
        if (store >= 0)
            close(store);
    }
    return NULL;
}

static void start_relay(void)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};

    cut_at = requests = 0;
    mute = away = false;
    strcpy(a.sun_path, relay_path);
    unlink(relay_path);
    listener = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_return_code(bind(listener, (struct sockaddr *)&a, sizeof(a)), errno);
    listen(listener, 5);
    relay_end = eventfd(0, EFD_CLOEXEC);
    pthread_create(&relay_thread, NULL, run_relay, NULL);
}

static void stop_relay(void)
{
    away = true;
    eventfd_write(relay_end, 1);
    pthread_join(relay_thread, NULL);
    close(relay_end);
    close(listener);
    unlink(relay_path);
}

/* --- turning the client's loop -------------------------------------------- */

static struct event_loop loop;
static unsigned int ticks;

static void on_tick(struct event_timer *t)
{
    ticks++;
    event_loop_stop(&loop, 77);
}

static struct event_timer tick = {.fire = on_tick};

static struct store_client *hurry; /* it connects again without waiting */

/* False: the loop has ended for another reason than the test. */
static bool turn(void)
{
    if (hurry && hurry->retry.armed && hurry->first.fd < 0)
        hurry->retry.fire(&hurry->retry);
    event_timer_set(&loop, &tick, 2);
    return event_loop_run(&loop) == 77;
}

#define wait_until(condition)                                                  \
    do {                                                                       \
        uint64_t end = now_ms() + 10000;                                       \
        while (!(condition)) {                                                 \
            assert_true(turn());                                               \
            if (now_ms() > end)                                                \
                fail_msg("not in time: %s", #condition);                       \
        }                                                                      \
    } while (0)

static int start(void **state)
{
    sprintf(store_path, "/tmp/store_client.%d", (int)getpid());
    sprintf(relay_path, "/tmp/store_client.%d.relay", (int)getpid());
    event_loop_init(&loop);
    start_store();
    start_relay();
    return 0;
}

static int stop(void **state)
{
    event_timer_cancel(&loop, &tick);
    stop_relay();
    stop_store();
    event_loop_destroy(&loop);
    return 0;
}

/* --- the client alone ----------------------------------------------------- */

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
    ticks = 0;
    wait_until(ticks == 100); /* while time goes on */
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
    ticks = 0;
    wait_until(ticks == 20);
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
    ticks = 0;
    wait_until(ticks == 200);
    assert_in_range(now_ms() - begin, 0, 5000);
    assert_int_equal(connects, 0);
    mute = false;
    wait_until(connects == 1);
    store_client_close(&client);
}

/* --- a descriptor from the supervisor ------------------------------------- */

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

/* --- a backend ------------------------------------------------------------ */

static struct xenbus_device device;
static int mapped, resumed;
static uint64_t ring_ref;

static void announce(struct xenbus_device *d, struct device_nodes *n)
{
    device_node_add(n, "feature", "1");
}

static bool ready(struct xenbus_device *d)
{
    char *script = xenbus_read(d, "script");

    free(script);
    return !script;
}

static int map(struct xenbus_device *d, struct device_nodes *n, bool resume)
{
    int rc = xenbus_frontend_uint(d, "ring-ref", 0, UINT32_MAX, &ring_ref);

    device_node_add(n, "sectors", resume ? "9" : "8");
    if (store_lost(&d->store))
        return -ENOTCONN;
    mapped += !rc;
    resumed += resume && !rc;
    return rc;
}

static void unmap(struct xenbus_device *d)
{
    mapped--;
}

static const struct xenbus_ops ops = {
    .kind = "vbd",
    .announce = announce,
    .ready = ready,
    .connect = map,
    .disconnect = unmap,
};

static void make_nodes(void)
{
    put(GUEST "/name", "guest");
    put(FRONT "/ring-ref", "8");
    put(FRONT "/state", "1");
    put(BACK "/frontend", FRONT);
    put(BACK "/online", "1");
    put(BACK "/state", "1");
}

static void open_device(void)
{
    memset(&device, 0, sizeof(device));
    mapped = resumed = 0;
    ring_ref = 0;
    assert_int_equal(
        record_open(&device.record, -1, "test  1", sizeof(struct record_head)),
        0);
    assert_int_equal(xenbus_open(&device, &loop, PATH, &ops), 0);
}

static void close_device(void)
{
    xenbus_close(&device);
    record_close(&device.record);
}

/* Its process is killed: all that is left is the record. */
static void replace_process(void)
{
    struct record record = device.record;

    event_timer_cancel(&loop, &device.pace);
    event_timer_cancel(&loop, &device.busy);
    event_timer_cancel(&loop, &device.later);
    store_client_close(&device.store);
    free(device.path);
    free(device.frontend);
    memset(&device, 0, sizeof(device));
    device.record = record;
    mapped = 0;
    assert_int_equal(xenbus_open(&device, &loop, PATH, &ops), 0);
}

static int start_device(void **state)
{
    start(state);
    make_nodes();
    open_device();
    wait_until(node_is(BACK "/state", "2"));
    put(FRONT "/state", "3");
    wait_until(node_is(BACK "/state", "4"));
    return 0;
}

static int stop_device(void **state)
{
    close_device();
    return stop(state);
}

static void lose_store(void)
{
    away = true;
    wait_until(store_lost(&device.store));
    away = false;
}

/* From the first request on, each in turn is the last of its connection. */
static void life_with_a_cut(int at, bool after)
{
    make_nodes();
    requests = 0;
    cut_after = after;
    cut_at = at;
    open_device();
    hurry = &device.store;
    wait_until(node_is(BACK "/state", "2"));
    assert_true(node_is(BACK "/feature", "1"));
    put(FRONT "/state", "3");
    wait_until(node_is(BACK "/state", "4"));
    assert_true(node_is(BACK "/sectors", "8"));
    wait_until(!store_lost(&device.store));
    assert_int_equal(mapped, 1);
    assert_int_equal(ring_ref, 8);
    put(FRONT "/state", "5");
    wait_until(node_is(BACK "/state", "5"));
    assert_int_equal(mapped, 0);
    hurry = NULL;
    close_device();
    xs_rm(direct, XBT_NULL, BACK);
}

static void killed_with_a_cut(int at, bool after)
{
    make_nodes();
    open_device();
    wait_until(node_is(BACK "/state", "2"));
    put(FRONT "/state", "3");
    wait_until(node_is(BACK "/state", "4"));
    put(ERROR, "28 no room");
    requests = 0;
    cut_after = after;
    cut_at = at;
    hurry = &device.store;
    replace_process();
    wait_until(mapped == 1 && !store_lost(&device.store));
    wait_until(!node_is(ERROR, "28 no room"));
    hurry = NULL;
    assert_true(node_is(BACK "/state", "4"));
    assert_true(node_is(BACK "/sectors", "8")); /* as announced */
    assert_int_equal(resumed, 1);
    assert_int_equal(ring_ref, 8);
    put(FRONT "/state", "5");
    wait_until(node_is(BACK "/state", "5"));
    assert_int_equal(mapped, 0);
    assert_false(record_connected(&device.record));
    close_device();
    xs_rm(direct, XBT_NULL, BACK);
}

static void successor_is_cut_at_each_request(void **state)
{
    int all;

    killed_with_a_cut(0, false);
    all = requests;
    assert_in_range(all, 12, 100);
    for (int at = 1; at <= all; at++) {
        killed_with_a_cut(at, false);
        killed_with_a_cut(at, true);
    }
}

/* The frontend left while there was no process, or the record is lost. */
static void successor_finds_nobody_to_serve(void **state)
{
    put(FRONT "/state", "5");
    replace_process();
    wait_until(node_is(BACK "/state", "5"));
    assert_int_equal(mapped, 0);
    assert_false(record_connected(&device.record));
    put(FRONT "/state", "1");
    wait_until(node_is(BACK "/state", "2"));
    put(FRONT "/state", "3");
    wait_until(node_is(BACK "/state", "4"));
    assert_int_equal(mapped, 1);
    record_set_connected(&device.record, false);
    replace_process();
    wait_until(node_is(BACK "/state", "6"));
    assert_int_equal(mapped, 0);
}

static void cut_at_each_request(void **state)
{
    int all;

    life_with_a_cut(0, false);
    all = requests;
    assert_in_range(all, 20, 200);
    for (int at = 1; at <= all; at++) {
        life_with_a_cut(at, false);
        life_with_a_cut(at, true);
    }
    assert_false(xs_read(direct, XBT_NULL, ERROR, NULL));
}

static void ring_stays_mapped(void **state)
{
    lose_store();
    assert_int_equal(mapped, 1);
    wait_until(!store_lost(&device.store));
    assert_int_equal(mapped, 1);
    assert_true(node_is(BACK "/state", "4"));
}

static void frontend_has_closed_meanwhile(void **state)
{
    lose_store();
    put(FRONT "/state", "5");
    wait_until(node_is(BACK "/state", "5"));
    assert_int_equal(mapped, 0);
}

/* The ring broke while there was nobody to tell. */
static void failure_is_told_later(void **state)
{
    lose_store();
    xenbus_fatal(&device, EPROTO, "ring");
    assert_int_equal(mapped, 0);
    assert_true(node_is(BACK "/state", "4"));
    wait_until(node_is(BACK "/state", "6"));
    assert_true(node_is(ERROR, "71 ring"));
}

static void device_was_removed_meanwhile(void **state)
{
    lose_store();
    xs_rm(direct, XBT_NULL, BACK);
    xs_rm(direct, XBT_NULL, FRONT);
    while (turn())
        ;
    assert_int_equal(loop.exit_code, 0);
    assert_int_equal(mapped, 0);
}

static void device_was_made_anew_meanwhile(void **state)
{
    lose_store();
    xs_rm(direct, XBT_NULL, BACK);
    make_nodes();
    while (turn())
        ;
    assert_int_equal(loop.exit_code, 0);
    assert_true(node_is(BACK "/state", "1"));
}

static void new_store_takes_nothing_away(void **state)
{
    away = true;
    wait_until(store_lost(&device.store));
    stop_store();
    start_store();
    away = false;
    wait_until(!store_lost(&device.store));
    ticks = 0;
    wait_until(ticks == 50);
    assert_int_equal(mapped, 1);
    assert_null(xs_read(direct, XBT_NULL, BACK "/state", NULL));
    assert_int_equal(errno, ENOENT);
    /* The nodes come back, and then go: that is a removal. */
    make_nodes();
    put(FRONT "/state", "4");
    put(BACK "/state", "4");
    ticks = 0;
    wait_until(ticks == 50);
    assert_int_equal(mapped, 1);
    xs_rm(direct, XBT_NULL, BACK);
    while (turn())
        ;
    assert_int_equal(mapped, 0);
}

int main(void)
{
#define WITH_DEVICE(test)                                                      \
    cmocka_unit_test_setup_teardown(test, start_device, stop_device)
#define WITH_STORE(test) cmocka_unit_test_setup_teardown(test, start, stop)
    const struct CMUnitTest tests[] = {
        WITH_STORE(watches_come_back),
        WITH_STORE(waits_longer_and_longer),
        WITH_STORE(mute_store_stops_nothing),
        WITH_STORE(descriptor_is_handed_over),
        WITH_STORE(questions_of_one_wait_are_one),
        WITH_STORE(client_can_be_hurried),
        WITH_STORE(cut_at_each_request),
        WITH_STORE(successor_is_cut_at_each_request),
        WITH_DEVICE(successor_finds_nobody_to_serve),
        WITH_DEVICE(ring_stays_mapped),
        WITH_DEVICE(frontend_has_closed_meanwhile),
        WITH_DEVICE(failure_is_told_later),
        WITH_DEVICE(device_was_removed_meanwhile),
        WITH_DEVICE(device_was_made_anew_meanwhile),
        WITH_DEVICE(new_store_takes_nothing_away),
    };

    return cmocka_run_group_tests_name("store client", tests, NULL, NULL);
}
