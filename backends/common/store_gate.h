/* SPDX-License-Identifier: MIT */
/*
 * The connection of an unprivileged process to the store, which goes through
 * its supervisor or parent: a guest that has taken the process over would have
 * the rights of domain 0 in the store otherwise. What may pass, message by
 * message, is told by rules; all else is answered EACCES and not passed on.
 *
 * Nor are large values, more watches than the rules say, more than one
 * transaction at a time or many requests in one: the store sets no bounds to
 * domain 0. A process gets an answer before its next request is looked at, and
 * may make so many requests at once, later so many in a tenth of a second,
 * whatever connections it makes: each counts as the requests of a tenth of a
 * second. One that takes no answers for two seconds or has a transaction for
 * five loses the connection.
 *
 * The connection ends with this daemon, and the process asks the next one. What
 * is not answered for a second, because this daemon or the store has been
 * stopped, ends it as well: the process has guests to serve.
 */
#ifndef BACKENDS_COMMON_STORE_GATE_H
#define BACKENDS_COMMON_STORE_GATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <xen/io/xs_wire.h>

#include <daemon/event_loop.h>
#include <daemon/log.h>

/* A message on its way from one end to the other. */
struct gate_message {
    union {
        struct xsd_sockmsg header;
        char bytes[sizeof(struct xsd_sockmsg) + XENSTORE_PAYLOAD_MAX];
    };
    size_t have, sent;
    bool whole;
};

struct store_gate;
struct store_gate_rules {
    /* May this request of that path pass? rest: the n bytes behind the path, a
     * value or what else the request has. XS_WATCH, too, but not XS_UNWATCH. */
    bool (*may)(const struct store_gate *g, uint32_t type, const char *path,
                const char *rest, size_t n);
    /* May a transaction take effect? NULL: there are none. */
    bool (*may_commit)(const struct store_gate *g);
    unsigned int watches;
    unsigned int burst, per_tick; /* requests at once, and later */
};

struct store_gate {
    /* The owner's to set; all others zero. */
    struct event_loop *loop;
    const struct store_gate_rules *rules;
    const char *name; /* whose process it is, for the log; must stay */

    struct event_source process, store; /* not added: closed */
    struct event_timer tick;
    struct gate_message request, answer;
    bool passing; /* the request in hand, for it has been judged */
    bool waiting; /* one has passed and is not answered: */
    uint32_t asked;
    unsigned int requests; /* that may come now */
    uint64_t refilled_ms;  /* these, see daemon/clock.h */
    unsigned int watches;
    uint32_t transaction; /* its number; 0: none */
    unsigned int in_transaction;
    unsigned int age, stalled; /* of it, of an answer; in ticks */
    struct log_bucket bucket;
};

/* Connects to the store, in the place of the connection there was. The
 * descriptor for the process, the caller's to send and to close; or -errno.
 * -EAGAIN: after too many requests, later. */
int store_gate_open(struct store_gate *g);
/* Harmless if it is closed. */
void store_gate_close(struct store_gate *g);

#endif
