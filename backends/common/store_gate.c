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
#include <sys/time.h>
#include <unistd.h>

#include <daemon/clock.h>
#include <daemon/log.h>

#include "../../tools/libxenstore/reconnect.h"

#define ANSWER_MS    1000
#define TICK_MS      100
#define STALLED_MOST 20 /* ticks */
#define TOKEN_MOST   16
#define PAYLOAD_MOST 640
/* Of a transaction: requests, and ticks. */
#define IN_ONE   128
#define AGE_MOST 50

/* --- what may pass --- */

/* token: what follows the path, so many bytes. */
static bool is_token(const char *token, size_t n)
{
    return n && n <= TOKEN_MOST && !token[n - 1];
}

static bool may_name(const struct store_gate *g, uint32_t type,
                     const char *path, size_t len)
{
    const char *end = memchr(path, 0, len), *rest = end + 1;
    size_t n;

    if (!end)
        return false;
    n = len - (rest - path);
    switch (type) {
    case XS_WATCH:
        return g->watches < g->rules->watches && is_token(rest, n) &&
               g->rules->may(g, type, path, rest, n);
    case XS_UNWATCH:
        return true;
    default:
        return g->rules->may(g, type, path, rest, n);
    }
}

/* What was written before may not be there yet. */
static bool may_end(const struct store_gate *g, const char *how)
{
    return !strcmp(how, "F") || (!strcmp(how, "T") && g->rules->may_commit(g));
}

static bool may_pass(const struct store_gate *g)
{
    const struct xsd_sockmsg *h = &g->request.header;
    const char *payload = g->request.bytes + sizeof(*h);

    if (h->len > PAYLOAD_MOST)
        return false;
    switch (h->type) {
    case XS_GET_DOMAIN_PATH:
        return true;
    case XS_TRANSACTION_START:
        return g->rules->may_commit && !g->transaction;
    case XS_TRANSACTION_END: /* what the store would not take does not end it */
        return g->transaction && h->tx_id == g->transaction && h->len == 2 &&
               may_end(g, payload);
    default:
        return (!h->tx_id || g->in_transaction < IN_ONE) &&
               may_name(g, h->type, payload, h->len);
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

static void begin_transaction(struct store_gate *g)
{
    char number[16] = "";

    if (g->answer.header.len >= sizeof(number))
        return;
    memcpy(number, g->answer.bytes + sizeof(g->answer.header),
           g->answer.header.len);
    sscanf(number, "%u", &g->transaction);
    g->in_transaction = g->age = 0;
}

/* What has come of the request that waits. A transaction is over with its end,
 * whatever the store says to that. */
static void count_answer(struct store_gate *g)
{
    uint32_t type = g->answer.header.type;

    if (type == XS_WATCH_EVENT)
        return;
    g->waiting = false;
    if (g->asked == XS_TRANSACTION_END)
        g->transaction = 0;
    if (type != g->asked)
        return; /* an error */
    if (type == XS_WATCH)
        g->watches++;
    else if (type == XS_UNWATCH && g->watches)
        g->watches--;
    else if (type == XS_TRANSACTION_START)
        begin_transaction(g);
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
        g->passing = g->waiting = true;
        g->asked = g->request.header.type;
        g->in_transaction += g->request.header.tx_id != 0;
    }
    if (!g->passing && !g->answer.have)
        refuse(g);
    return g->passing ? drain(&g->request, g->store.fd) : 0;
}

static bool may_ask(const struct store_gate *g)
{
    return !g->waiting && !g->request.whole && g->requests;
}

static int move_request(struct store_gate *g)
{
    int rc = 0;

    if (may_ask(g)) {
        rc = fill(&g->request, g->process.fd);
        if (!rc && g->request.whole)
            g->requests--;
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
    event_source_change(g->loop, &g->process,
                        (may_ask(g) ? EPOLLIN : 0) |
                            (g->answer.whole ? EPOLLOUT : 0));
    event_source_change(g->loop, &g->store,
                        (g->answer.whole ? 0 : EPOLLIN) |
                            (g->passing ? EPOLLOUT : 0));
    if (!g->tick.armed &&
        (g->requests < g->rules->burst || g->answer.whole || g->transaction))
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

static void give_up(struct store_gate *g, const char *why)
{
    log_guest(&g->bucket, "%s: its process %s and loses the connection to it",
              g->name, why);
    store_gate_close(g);
}

/* The first time all that may come at once. */
static void refill(struct store_gate *g)
{
    uint64_t now = now_ms(), ticks = (now - g->refilled_ms) / TICK_MS;
    uint64_t has = g->requests + ticks * g->rules->per_tick;
    uint64_t most = g->rules->burst;

    if (!g->refilled_ms || has > most)
        has = most;
    g->requests = (unsigned int)has;
    g->refilled_ms = g->refilled_ms ? g->refilled_ms + ticks * TICK_MS : now;
}

static void on_tick(struct event_timer *t)
{
    struct store_gate *g = container_of(t, struct store_gate, tick);

    refill(g);
    if (g->answer.whole && ++g->stalled > STALLED_MOST)
        give_up(g, "takes no answers from the store");
    else if (g->transaction && ++g->age > AGE_MOST)
        give_up(g, "does not end what it does in the store");
    else
        move(g);
}

/* What hangs up says so again and again, so it is not left waiting. */
static void process_ready(struct event_source *s, uint32_t events)
{
    struct store_gate *g = container_of(s, struct store_gate, process);

    if (events & (EPOLLHUP | EPOLLERR))
        store_gate_close(g); /* nobody would take an answer */
    else
        move(g);
}

static void store_ready(struct event_source *s, uint32_t events)
{
    struct store_gate *g = container_of(s, struct store_gate, store);

    if ((events & (EPOLLHUP | EPOLLERR)) && g->answer.whole)
        store_gate_close(g);
    else
        move(g);
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
    g->request.whole = g->answer.whole = g->passing = g->waiting = false;
    g->stalled = g->watches = g->transaction = 0;
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

/* The process would wait for a daemon or a store that has been stopped, and its
 * guest with it. It loses the connection then, and asks for another. */
static int limit_patience(int process_end)
{
    const struct timeval t = {ANSWER_MS / 1000, ANSWER_MS % 1000 * 1000};

    return setsockopt(process_end, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t)) ||
                   setsockopt(process_end, SOL_SOCKET, SO_SNDTIMEO, &t,
                              sizeof(t))
               ? -errno
               : 0;
}

static void close_three(int store, const int ends[2])
{
    close(store);
    close(ends[0]);
    close(ends[1]);
}

/* A connection costs the store some work, too. */
static bool may_connect(struct store_gate *g)
{
    refill(g);
    if (g->requests < g->rules->per_tick)
        return false;
    g->requests -= g->rules->per_tick;
    return true;
}

int store_gate_open(struct store_gate *g)
{
    int ends[2], store, rc;

    store_gate_close(g);
    if (!may_connect(g))
        return -EAGAIN;
    errno = ENOENT; /* if it has no reason of its own */
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
    rc = limit_patience(ends[1]);
    rc = rc ? rc : listen_to_both(g);
    if (rc)
        close_three(store, ends);
    return rc ? rc : ends[1];
}
