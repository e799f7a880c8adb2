/* SPDX-License-Identifier: MIT */
/*
 * See store_gate.h. Nothing a process sends is stored but its one request, and
 * the gate's own answer waits until the store's has gone, so it never cuts one
 * in two.
 */
#include "store_gate.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <daemon/log.h>

#include "../../tools/libxenstore/reconnect.h"

#define TICK_MS      100
#define REQUESTS     200 /* in a tick */
#define STALLED_MOST 20  /* ticks */
#define WATCHES      64

/* --- what may pass --- */

/* What a backend says of itself in its device's directory; '*': any rest. */
static const char *const announced[] = {
    "state",     "feature-*",           "sectors",
    "info",      "sector-size",         "physical-sector-size",
    "discard-*", "max-ring-page-order", "multi-queue-max-queues",
};

static bool is_announced(const char *key)
{
    for (size_t i = 0; i < ARRAY_SIZE(announced); i++) {
        size_t n = strcspn(announced[i], "*");

        if (!strncmp(key, announced[i], n) && (announced[i][n] || !key[n]) &&
            !strchr(key, '/'))
            return true;
    }
    return false;
}

/* What of path lies below dir: "" for dir itself, NULL if it is elsewhere. */
static const char *below(const char *path, const char *dir)
{
    size_t n = strlen(dir);

    if (strncmp(path, dir, n))
        return NULL;
    return !path[n] ? path + n : path[n] == '/' ? path + n + 1 : NULL;
}

static bool is_error_node(const struct store_gate *g, const char *path)
{
    const char *device = below(path, "error");
    const char *node = device ? below(device, g->device) : NULL;

    return node && !strcmp(node, "error");
}

static bool may_see(const struct store_gate *g, const char *path)
{
    char guest[32];
    unsigned int domid;

    if (below(path, g->device) || is_error_node(g, path) ||
        !strcmp(path, "domid"))
        return true;
    if (sscanf(g->device, "backend/%*[^/]/%u/", &domid) != 1)
        return false;
    snprintf(guest, sizeof(guest), "/local/domain/%u", domid);
    return below(path, guest);
}

static bool may_write(const struct store_gate *g, const char *path)
{
    const char *key = below(path, g->device);

    return (key && is_announced(key)) || is_error_node(g, path);
}

static bool may_pass(const struct store_gate *g)
{
    const struct gate_message *m = &g->request;
    const char *path = m->bytes + sizeof(m->header);
    bool named = memchr(path, 0, m->header.len); /* it has an end */

    switch (m->header.type) {
    case XS_GET_DOMAIN_PATH:
        return true;
    case XS_READ:
        return named && may_see(g, path);
    case XS_WATCH:
        return named && may_see(g, path) && g->watches < WATCHES;
    case XS_UNWATCH:
        return named;
    case XS_WRITE:
        return named && may_write(g, path);
    case XS_RM:
        return named && is_error_node(g, path);
    case XS_TRANSACTION_START:
        return !g->transaction && !g->starts;
    case XS_TRANSACTION_END:
        return g->transaction && m->header.tx_id == g->transaction;
    default:
        return false;
    }
}

/* --- messages --- */

static size_t size_of(const struct gate_message *m)
{
    return m->have < sizeof(m->header) ? sizeof(m->header)
                                       : sizeof(m->header) + m->header.len;
}

/* 0, or -errno if nothing more can come. */
static int fill(struct gate_message *m, int fd)
{
    while (m->have < size_of(m)) {
        ssize_t n = read(fd, m->bytes + m->have, size_of(m) - m->have);

        if (n <= 0)
            return n < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -EPIPE;
        m->have += n;
        if (size_of(m) > sizeof(m->bytes))
            return -EPROTO;
    }
    m->whole = true;
    return 0;
}

/* 0, also if not all could go. The process's end is a socket, the store's may
 * be the kernel's file. */
static int drain(struct gate_message *m, int fd)
{
    while (m->sent < m->have) {
        ssize_t n = write(fd, m->bytes + m->sent, m->have - m->sent);

        if (n <= 0)
            return n < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -EPIPE;
        m->sent += n;
    }
    m->have = m->sent = 0;
    m->whole = false;
    return 0;
}

/* --- the gate --- */

static void count_request(struct store_gate *g)
{
    const struct xsd_sockmsg *h = &g->request.header;

    if (h->type == XS_WATCH)
        g->watches++;
    if (h->type == XS_TRANSACTION_END)
        g->transaction = 0; /* whatever comes of it */
    if (h->type == XS_TRANSACTION_START) {
        g->starts = true;
        g->starting = h->req_id;
    }
}

static void count_answer(struct store_gate *g)
{
    const struct gate_message *m = &g->answer;
    char number[16] = "";

    if (m->header.type == XS_UNWATCH && g->watches)
        g->watches--;
    if (m->header.type == XS_WATCH_EVENT || !g->starts ||
        m->header.req_id != g->starting)
        return;
    g->starts = false;
    if (m->header.type != XS_TRANSACTION_START ||
        m->header.len >= sizeof(number))
        return;
    memcpy(number, m->bytes + sizeof(m->header), m->header.len);
    sscanf(number, "%u", &g->transaction);
}

static void refuse(struct store_gate *g)
{
    static const char why[] = "EACCES";

    g->answer.header = g->request.header;
    g->answer.header.type = XS_ERROR;
    g->answer.header.len = sizeof(why);
    memcpy(g->answer.bytes + sizeof(g->answer.header), why, sizeof(why));
    g->answer.have = sizeof(g->answer.header) + sizeof(why);
    g->answer.whole = true;
    g->request.have = 0;
    g->request.whole = false;
}

/* What may not pass is answered here, when the answer that is coming has
 * gone. */
static int judge(struct store_gate *g)
{
    if (!g->passing && may_pass(g)) {
        g->passing = true;
        count_request(g);
    }
    if (!g->passing && !g->answer.have)
        refuse(g);
    return g->passing ? drain(&g->request, g->store.fd) : 0;
}

static int move_request(struct store_gate *g)
{
    int rc = 0;

    if (!g->request.whole && g->requests < REQUESTS) {
        rc = fill(&g->request, g->process.fd);
        if (!rc && g->request.whole)
            g->requests++;
    }
    if (!rc && g->request.whole)
        rc = judge(g);
    if (!g->request.whole)
        g->passing = false;
    return rc;
}

static int move_answer(struct store_gate *g)
{
    int rc = 0;

    if (!g->answer.whole) {
        rc = fill(&g->answer, g->store.fd);
        if (!rc && g->answer.whole)
            count_answer(g);
    }
    if (!rc && g->answer.whole)
        rc = drain(&g->answer, g->process.fd);
    if (!g->answer.whole)
        g->stalled = 0;
    return rc;
}

/* Each end is listened to while there is room for what it sends. */
static void update_events(struct store_gate *g)
{
    bool full = g->request.whole || g->requests >= REQUESTS;

    event_source_change(g->loop, &g->process,
                        (full ? 0 : EPOLLIN) |
                            (g->answer.whole ? EPOLLOUT : 0));
    event_source_change(g->loop, &g->store,
                        (g->answer.whole ? 0 : EPOLLIN) |
                            (g->passing ? EPOLLOUT : 0));
    if (!g->tick.armed && (g->requests || g->answer.whole))
        event_timer_set(g->loop, &g->tick, TICK_MS);
}

static void move(struct store_gate *g)
{
    int rc = move_answer(g);

    rc = rc ? rc : move_request(g);
    rc = rc ? rc : move_answer(g); /* perhaps one of the gate's own */
    if (rc)
        store_gate_close(g);
    else
        update_events(g);
}

static void on_tick(struct event_timer *t)
{
    struct store_gate *g = container_of(t, struct store_gate, tick);

    g->requests = 0;
    if (g->answer.whole && ++g->stalled > STALLED_MOST) {
        log_warning("%s: its backend takes no answers from the store and loses "
                    "the connection",
                    g->device);
        store_gate_close(g);
        return;
    }
    move(g);
}

static void process_ready(struct event_source *s, uint32_t events)
{
    move(container_of(s, struct store_gate, process));
}

static void store_ready(struct event_source *s, uint32_t events)
{
    move(container_of(s, struct store_gate, store));
}

static void end(struct store_gate *g, struct event_source *s)
{
    if (!s->added)
        return;
    event_source_remove(g->loop, s);
    close(s->fd);
}

void store_gate_close(struct store_gate *g)
{
    event_timer_cancel(g->loop, &g->tick);
    end(g, &g->process);
    end(g, &g->store);
}

static void start(struct store_gate *g, int process, int store)
{
    g->process = (struct event_source){process, .ready = process_ready};
    g->store = (struct event_source){store, .ready = store_ready};
    g->tick.fire = on_tick;
    g->request.have = g->request.sent = g->answer.have = g->answer.sent = 0;
    g->request.whole = g->answer.whole = g->passing = g->starts = false;
    g->requests = g->stalled = g->watches = g->transaction = 0;
}

/* 0 or -errno. */
static int listen_to_both(struct store_gate *g)
{
    int rc = event_source_add(g->loop, &g->process, EPOLLIN);

    if (rc)
        return rc;
    rc = event_source_add(g->loop, &g->store, EPOLLIN);
    if (rc)
        event_source_remove(g->loop, &g->process);
    return rc;
}

static void close_three(int store, const int ends[2])
{
    close(store);
    close(ends[0]);
    close(ends[1]);
}

int store_gate_open(struct store_gate *g)
{
    int ends[2], store, rc;

    store_gate_close(g);
    store = xs_connect();
    if (store < 0)
        return -errno;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends)) {
        rc = -errno;
        close(store);
        return rc;
    }
    fcntl(store, F_SETFL, O_NONBLOCK);
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    start(g, ends[0], store);
    rc = listen_to_both(g);
    if (rc)
        close_three(store, ends);
    return rc ? rc : ends[1];
}
