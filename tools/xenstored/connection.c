/* SPDX-License-Identifier: MIT */
/*
 * Turns, queues and the end of connections. Messages go straight from the
 * caller's memory to the transport if nothing waits before them; memory is
 * taken only for what the other side does not accept at once.
 */
#include "connection.h"

#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include <daemon/clock.h>
#include <daemon/log.h>

#include "hash.h"
#include "protocol.h"
#include "state.h"
#include "trace.h"

#define HEADER sizeof(struct xsd_sockmsg)

struct connection *connections;
static struct connection *pending, **pending_tail = &pending;
static bool anybody_ended;

/* No longer spoken to. */
static bool silent(const struct connection *c)
{
    return c->dead || c->fault;
}

/* --- life ----------------------------------------------------------------- */

struct connection *connection_new(const struct transport *transport,
                                  void *endpoint, struct domain *d)
{
    static unsigned int sockets;
    struct connection *c = calloc(1, sizeof(*c));

    if (!c)
        return NULL;
    c->transport = transport;
    c->endpoint = endpoint;
    c->domain = d;
    if (!d)
        c->transactions.last_id = state_life() << TRANSACTION_LIFE_SHIFT;
    c->who.self = d ? d->id : (struct identity){0, INCARNATION_DOM0};
    c->who.target = c->who.self;
    c->who.privileged = c->who.self.domid == 0;
    snprintf(c->home, sizeof(c->home), "/local/domain/%u",
             (unsigned int)c->who.self.domid);
    if (d)
        snprintf(c->name, sizeof(c->name), "d%u", (unsigned int)d->id.domid);
    else
        snprintf(c->name, sizeof(c->name), "s%u", ++sockets % 1000000);
    c->out_tail = &c->out;
    c->next = connections;
    c->prev = &connections;
    if (connections)
        connections->prev = &c->next;
    connections = c;
    return c;
}

static void touch(struct connection *c)
{
    if (c->domain)
        state_touch(c->domain);
}

/* An event that waits, and is in memory, is one more or one less. */
static void book_event(struct connection *c, const struct message *m, int n)
{
    long cost = n * (long)(sizeof(*m) + m->len);

    c->events += (unsigned int)n;
    c->event_bytes += (size_t)n * m->len;
    if (m->kind == MESSAGE_PAID_EVENT) {
        c->paid_events += (unsigned int)n;
        c->paid_bytes += cost;
    } else if (c->domain) {
        c->domain->account.held += cost;
    }
}

/* @m is the first that waits. */
static void release_message(struct connection *c, struct message *m)
{
    c->out = m->next;
    if (!c->out)
        c->out_tail = &c->out;
    if (c->unsaved == m)
        c->unsaved = m->next;
    else
        c->gone++;
    touch(c);
    outstanding_drop(&m->cause);
    if (m->kind == MESSAGE_ANSWER) {
        c->replies--;
    } else {
        event_index_remove(&c->event_index, m);
        book_event(c, m, -1);
    }
    free(m);
}

void connection_reset(struct connection *c)
{
    watch_remove_all(c);
    transactions_abort(&c->transactions);
    while (c->out)
        release_message(c, c->out);
    c->in_used = 0;
    touch(c);
}

void connection_kill(struct connection *c)
{
    c->dead = true;
    anybody_ended = true;
}

void connection_end(struct connection *c)
{
    connection_kill(c);
    connection_reset(c);
    if (c->transport)
        c->transport->close(c);
    c->transport = NULL;
    if (c->domain) {
        state_ring_gone(c->domain);
        c->domain->connection = NULL;
    }
    c->domain = NULL;
}

void connection_fault(struct connection *c, unsigned int error)
{
    if (c->fault || c->dead)
        return;
    /* A domain can do this again and again: it is news only once. */
    if (!c->domain || !c->domain->fault_told)
        log_warning("%s broke the protocol (error %u): no longer served",
                    c->name, error);
    if (c->domain)
        c->domain->fault_told = true;
    c->fault = error;
    anybody_ended = true;
    touch(c);
    if (!c->domain)
        connection_kill(c);
}

static void unpend_dead(void)
{
    struct connection **p = &pending;
    while (*p) {
        if ((*p)->dead)
            *p = (*p)->next_pending;
        else
            p = &(*p)->next_pending;
    }
    pending_tail = p;
}

/* The clean-up of a fault waits until no turn and no list of watches is in the
 * middle of something. */
static void park(struct connection *c)
{
    connection_reset(c);
    c->transport->park(c, c->fault);
    c->parked = true;
}

void connection_reap(void)
{
    struct connection *c, *next;

    if (!anybody_ended)
        return;
    anybody_ended = false;
    unpend_dead();
    for (c = connections; c; c = next) {
        next = c->next;
        if (!c->dead) {
            if (c->fault && !c->parked)
                park(c);
            continue;
        }
        connection_end(c);
        *c->prev = c->next;
        if (c->next)
            c->next->prev = c->prev;
        free(c);
    }
    anybody_ended = false;
}

/* --- sending -------------------------------------------------------------- */

static void make_pending(struct connection *c)
{
    if (c->pending || c->dead)
        return;
    c->pending = true;
    c->next_pending = NULL;
    *pending_tail = c;
    pending_tail = &c->next_pending;
}

/* A local client may not see anything yet that a restart could undo. What
 * domains see is the matter of their rings. */
static bool too_early(const struct connection *c, uint64_t batch)
{
    return !c->domain && !state_batch_written(batch);
}

/* Queues what is left of a message after its first @sent bytes. */
static struct message *queue(struct connection *c, const struct xsd_sockmsg *h,
                             const void *data, size_t sent)
{
    size_t total = HEADER + h->len;
    struct message *m = malloc(sizeof(*m) + total);

    if (!m)
        return NULL;
    m->next = NULL;
    m->len = (uint32_t)total;
    m->sent = (uint32_t)sent;
    m->kind = MESSAGE_ANSWER;
    m->cause = (struct cause){.epoch = 0};
    m->batch = state_batch();
    m->since_ms = now_ms();
    memcpy(m->data, h, HEADER);
    memcpy(m->data + HEADER, data, h->len);
    *c->out_tail = m;
    c->out_tail = &m->next;
    if (!c->unsaved)
        c->unsaved = m;
    touch(c);
    if (too_early(c, m->batch))
        make_pending(c);
    return m;
}

/* Sends what it can at once; the bytes sent, or -1 if the client has gone. */
static ssize_t send_now(struct connection *c, const struct xsd_sockmsg *h,
                        const void *data)
{
    struct iovec iov[2] = {{(void *)(uintptr_t)h, HEADER},
                           {(void *)(uintptr_t)data, h->len}};
    ssize_t n;

    if (c->out || too_early(c, state_batch()))
        return 0;
    n = c->transport->send(c, iov, h->len ? 2 : 1);
    if (n < 0)
        connection_kill(c);
    return n;
}

void connection_reply(struct connection *c, const struct xsd_sockmsg *h,
                      const void *data)
{
    ssize_t n;

    if (silent(c))
        return;
    n = send_now(c, h, data);
    if (n < 0 || (size_t)n == HEADER + h->len)
        return;
    /* A client that misses an answer has lost step. */
    if (!queue(c, h, data, (size_t)n))
        connection_fault(c, XENSTORE_ERROR_COMM);
    else
        c->replies++;
}

static void become_event(struct connection *c, struct message *m,
                         enum message_kind kind, uint64_t hash)
{
    m->kind = kind;
    m->hash = hash;
    event_index_add(&c->event_index, m);
    book_event(c, m, 1);
}

static void lose_event(struct connection *c)
{
    if (!c->lost_events)
        log_warning("%s does not read its watch events: some are lost",
                    c->name);
    c->lost_events = true;
}

/* Whether one more event may wait for a domain. */
static bool has_room(struct connection *c, enum message_kind kind, size_t len)
{
    struct domain *d = c->domain;
    long cost = (long)(sizeof(struct message) + HEADER + len);

    if (c->who.privileged)
        return true;
    if (kind == MESSAGE_PAID_EVENT)
        return c->paid_bytes + cost <= CONNECTION_PAID_MAX;
    return c->events - c->paid_events < CONNECTION_EVENTS_COUNT &&
           !account_check(&d->account, d->id, cost);
}

/* Whether an event has to be queued. For a domain one that still waits says the
 * same as another one like it would. */
static bool must_wait(struct connection *c, enum message_kind kind,
                      const char *data, size_t len, uint64_t hash)
{
    if (!c->domain)
        return true;
    if (event_index_find(&c->event_index, hash, data, len))
        return false;
    if (has_room(c, kind, len))
        return true;
    lose_event(c);
    return false;
}

/* Queues an event of a client that is slow; @sent bytes of it are gone. */
static void queue_event(struct connection *c, const struct xsd_sockmsg *h,
                        const char *data, size_t sent, uint64_t hash)
{
    enum message_kind kind = c->domain && outstanding_is_paid(c)
                                 ? MESSAGE_PAID_EVENT
                                 : MESSAGE_EVENT;
    struct message *m;

    if (!c->domain && c->event_bytes > CONNECTION_EVENTS_MAX) {
        log_warning("%s does not read its watch events: disconnected", c->name);
        connection_kill(c);
        return;
    }
    if (sent == 0 && !must_wait(c, kind, data, h->len, hash))
        return;
    m = queue(c, h, data, sent);
    if (!m) {
        connection_fault(c, XENSTORE_ERROR_COMM);
        return;
    }
    m->cause = outstanding_add(c);
    become_event(c, m, kind, hash);
}

/* What it waits for, a silent one to start afresh. One that is pending has its
 * next turn anyway. */
static void finish_turn(struct connection *c)
{
    if (c->dead)
        return;
    if (!c->pending)
        c->transport->expect(c, !silent(c) && c->replies == 0,
                             !silent(c) && c->out);
    if (!silent(c))
        c->transport->flush(c);
}

void connection_event(struct connection *c, const char *path, const char *token,
                      uint64_t hash)
{
    char data[XENSTORE_PAYLOAD_MAX];
    struct xsd_sockmsg h = {.type = XS_WATCH_EVENT};
    size_t path_len = strlen(path) + 1, token_len = strlen(token) + 1;
    ssize_t n;

    if (silent(c) || path_len + token_len > sizeof(data))
        return;
    h.len = (uint32_t)(path_len + token_len);
    memcpy(data, path, path_len);
    memcpy(data + path_len, token, token_len);
    if (trace_enabled)
        trace_message("EVENT", c->name, "WATCH_EVENT", 0, data, h.len);
    n = send_now(c, &h, data);
    if (n < 0)
        return;
    if ((size_t)n < HEADER + h.len)
        queue_event(c, &h, data, (size_t)n, hash);
    /* Outside the connection's own turn no other code does this. */
    finish_turn(c);
}

static void send_queue(struct connection *c)
{
    while (c->out && !c->dead) {
        struct message *m = c->out;
        struct iovec iov = {m->data + m->sent, m->len - m->sent};
        ssize_t n;

        if (too_early(c, m->batch)) {
            make_pending(c);
            return;
        }
        n = c->transport->send(c, &iov, 1);
        if (n < 0) {
            connection_kill(c);
            return;
        }
        m->sent += (uint32_t)n;
        if (m->sent < m->len)
            return;
        release_message(c, m);
    }
}

/* --- turns ---------------------------------------------------------------- */

static bool blocked(const struct connection *c)
{
    return silent(c) || c->replies;
}

static bool too_many_events(const struct connection *c)
{
    return c->domain && outstanding_full(c->domain);
}

/* Serves the complete requests in the buffer; true if one is left over. */
static bool serve_buffer(struct connection *c, unsigned int *budget)
{
    size_t at = 0;
    bool more = false;

    while (c->in_used - at >= HEADER) {
        struct xsd_sockmsg h;

        memcpy(&h, c->in + at, HEADER);
        if (h.len > XENSTORE_PAYLOAD_MAX) {
            connection_fault(c, XENSTORE_ERROR_PROTO);
            return false;
        }
        if (c->in_used - at < HEADER + h.len)
            break;
        more = *budget == 0 || blocked(c) || too_many_events(c);
        if (more)
            break;
        --*budget;
        outstanding_begin(c->domain);
        protocol_handle(c, &h, c->in + at + HEADER);
        outstanding_end();
        if (silent(c))
            return false;
        at += HEADER + h.len;
    }
    if (at) {
        touch(c);
        c->in_used -= at;
        memmove(c->in, c->in + at, c->in_used);
    }
    return more;
}

/* @receive: there may be something to receive. */
static void take_turn(struct connection *c, bool receive)
{
    unsigned int budget = CONNECTION_TURN;
    bool more;

    for (;;) {
        ssize_t n;

        more = serve_buffer(c, &budget);
        if (more || blocked(c))
            break;
        if (budget == 0) {
            more = true;
            break;
        }
        if (!receive)
            break;
        n = c->transport->receive(c, c->in + c->in_used,
                                  sizeof(c->in) - c->in_used);
        if (n < 0)
            connection_kill(c);
        if (n <= 0)
            break;
        c->in_used += (size_t)n;
        if (!c->transport->drain) {
            more = serve_buffer(c, &budget);
            break;
        }
    }
    if (more && !blocked(c))
        make_pending(c);
}

/* Looks after each turn whether trees have grown so much that snapshots have to
 * go. @c, whose turn it was, pays for those of others. */
static void bound_snapshots(struct connection *c)
{
    static uint64_t looked_at;
    uint64_t step = (uint64_t)quota[QUOTA_SNAPSHOT_MEMORY] / 8;

    if (tree_allocated - looked_at <= step || !transactions_can_expire())
        return;
    looked_at = tree_allocated;
    for (struct connection *i = connections; i; i = i->next)
        if (transactions_expire(&i->transactions) && i != c)
            domain_hold_back(c->who.self.domid, i->who.self.domid);
}

/* @held: only what is queued is sent. */
static void converse(struct connection *c, bool receive, bool held)
{
    send_queue(c);
    if (!held && !blocked(c)) {
        if (c->domain && domain_waits(c->domain))
            make_pending(c);
        else
            take_turn(c, receive);
    }
    bound_snapshots(c);
}

/* A silent one is served as well: it may start afresh, and pays for that. So
 * does one that reads no answers, but sends events. */
static void serve(struct connection *c, bool receive)
{
    bool held = c->domain && share_spent(c->domain);

    /* What is queued for one that waits is sent for nothing: who pays for what
     * follows, and a look at the clock in each turn, are not its affair. */
    share_begin(held ? NULL : c->domain);
    if (held)
        make_pending(c);
    else if (c->transport->begin)
        c->transport->begin(c);
    if (!silent(c))
        converse(c, receive, held);
    finish_turn(c);
}

void connection_serve(struct connection *c)
{
    if (!c->dead)
        serve(c, true);
}

void connection_again(struct connection *c)
{
    if (!silent(c))
        make_pending(c);
}

bool connection_any_pending(void)
{
    return pending != NULL;
}

void connection_run_pending(void)
{
    struct connection *c = pending, *next;

    pending = NULL;
    pending_tail = &pending;
    for (; c; c = next) {
        next = c->next_pending;
        c->pending = false;
        /* Of what the buffer does not have an event will tell. */
        if (!c->dead)
            serve(c, c->transport->drain);
    }
}

int connection_next_turn(uint64_t now)
{
    int timeout = -1;

    for (struct connection *c = pending; c; c = c->next_pending) {
        int wait = c->domain ? (int)domain_wait(c->domain, now) : 0;

        if (timeout < 0 || wait < timeout)
            timeout = wait;
    }
    return timeout;
}

/* --- after a restart ------------------------------------------------------ */

int connection_restore_gone(struct connection *c, uint32_t n)
{
    for (; n && c->out; n--)
        release_message(c, c->out);
    return n ? EINVAL : 0;
}

/* Of an event's path and token, whatever a journal says that they are. */
static uint64_t hash_of_event(const struct message *m)
{
    const char *data = m->data + HEADER;
    size_t len = m->len - HEADER, path_len = strnlen(data, len);
    const char *token = data + path_len + (path_len < len);

    return hash_pair(hash_add(HASH_START, data, path_len),
                     hash_add(HASH_START, token,
                              strnlen(token, len - (size_t)(token - data))));
}

int connection_restore_message(struct connection *c, unsigned int kind,
                               const void *data, size_t len)
{
    struct xsd_sockmsg h;
    struct message *m;

    if (len < HEADER || kind >= MESSAGE_KINDS)
        return EINVAL;
    memcpy(&h, data, HEADER);
    if (h.len > XENSTORE_PAYLOAD_MAX || len != HEADER + h.len)
        return EINVAL;
    m = queue(c, &h, (const char *)data + HEADER, 0);
    if (!m)
        return ENOMEM;
    if (kind == MESSAGE_ANSWER)
        c->replies++;
    else
        become_event(c, m, kind, hash_of_event(m));
    return 0;
}

void connection_lose_halves(struct connection *c)
{
    c->in_used = 0;
    if (c->out && c->out->sent)
        release_message(c, c->out);
}
