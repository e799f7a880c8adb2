/* SPDX-License-Identifier: MIT */
/* See relay_world.h. */
#include "relay_world.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <daemon/log.h>

#include "../../tools/xenstored/socket.h"
#include "../../tools/xenstored/turns.h"

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

/* --- the store --- */

static char store_path[64];
static pthread_t store_thread;
static struct event_loop store_loop;
struct xs_handle *direct;

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

void start_store(void)
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

void stop_store(void)
{
    xs_close(direct);
    eventfd_write(stop_source.fd, 1);
    pthread_join(store_thread, NULL);
    close(stop_source.fd);
    fake_stop();
    unlink(store_path);
    event_loop_destroy(&store_loop);
}

void put(const char *path, const char *value)
{
    assert_true(xs_write(direct, XBT_NULL, path, value, strlen(value)));
}

bool node_is(const char *path, const char *value)
{
    char *v = xs_read(direct, XBT_NULL, path, NULL);
    bool same = v && !strcmp(v, value);

    free(v);
    return same;
}

/* --- the relay --- */

char relay_path[64];
static int listener, relay_end;
static pthread_t relay_thread;
static atomic_int cut_at;
static atomic_bool cut_after;
atomic_bool mute, away;
atomic_int requests;

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

void cut(int at, bool after)
{
    requests = 0;
    cut_after = after;
    cut_at = at;
}

void start_relay(void)
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

void stop_relay(void)
{
    away = true;
    eventfd_write(relay_end, 1);
    pthread_join(relay_thread, NULL);
    close(relay_end);
    close(listener);
    unlink(relay_path);
}

/* --- turning the client's loop --- */

struct event_loop loop;
struct store_client *hurry;
static unsigned int ticks;

static void on_tick(struct event_timer *t)
{
    ticks++;
    event_loop_stop(&loop, 77);
}

static struct event_timer tick = {.fire = on_tick};

bool turn(void)
{
    if (hurry && hurry->retry.armed && hurry->first.fd < 0)
        hurry->retry.fire(&hurry->retry);
    event_timer_set(&loop, &tick, 2);
    return event_loop_run(&loop) == 77;
}

void let_pass(unsigned int turns)
{
    ticks = 0;
    wait_until(ticks == turns);
}

void loop_ends(void)
{
    while (turn())
        ;
    assert_int_equal(loop.exit_code, 0);
}

int relay_world_begin(void **state)
{
    sprintf(store_path, "/tmp/store_client.%d", (int)getpid());
    sprintf(relay_path, "/tmp/store_client.%d.relay", (int)getpid());
    event_loop_init(&loop);
    start_store();
    start_relay();
    return 0;
}

int relay_world_end(void **state)
{
    event_timer_cancel(&loop, &tick);
    stop_relay();
    stop_store();
    event_loop_destroy(&loop);
    return 0;
}
