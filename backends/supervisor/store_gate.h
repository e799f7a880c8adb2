/* SPDX-License-Identifier: MIT */
/*
 * The connection of one backend process to the store, which goes through this
 * daemon: a guest that has taken its backend over would have the rights of
 * domain 0 in the store otherwise. The gate lets pass, message by message,
 *
 *   reading and watching   the device's directory, the guest's own directory,
 *                          the device's error node, this domain's number
 *   writing                of the device's directory the nodes that a backend
 *                          announces itself by, but none of those by which the
 *                          toolstack tells it and its successor what to open;
 *                          the error node; the MTU in a network frontend's
 *   transactions           one at a time
 *
 * All else is answered EACCES and not passed on. Nor are large values, more
 * than eight watches, or many requests in one transaction: the store sets no
 * bounds to domain 0. A process gets an answer before its next request is
 * looked at, and may make 400 requests at once, later 200 in a second. One that
 * takes no answers for two seconds or has a transaction for five loses the
 * connection.
 *
 * The connection ends with this daemon, and the process asks the next one. What
 * is not answered for a second, because this daemon or the store has been
 * stopped, ends it as well: the process has a guest to serve.
 */
#ifndef BACKENDS_SUPERVISOR_STORE_GATE_H
#define BACKENDS_SUPERVISOR_STORE_GATE_H

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

struct store_gate {
    /* The owner's to set; all others zero. */
    struct event_loop *loop;
    const char *device; /* backend/KIND/DOMID/DEVID; must stay */
    bool over;          /* the device is: its directory takes nothing more */

    struct event_source process, store; /* not added: closed */
    struct event_timer tick;
    struct gate_message request, answer;
    bool passing; /* the request in hand, for it has been judged */
    bool waiting; /* one has passed and is not answered: */
    uint32_t asked;
    unsigned int requests; /* that may come now */
    unsigned int watches;
    uint32_t transaction; /* its number; 0: none */
    unsigned int in_transaction;
    unsigned int age, stalled; /* of it, of an answer; in ticks */
    struct log_bucket bucket;
};

/* Connects to the store, in the place of the connection there was. The
 * descriptor for the process, the caller's to send and to close; or -errno. */
int store_gate_open(struct store_gate *g);
/* Harmless if it is closed. */
void store_gate_close(struct store_gate *g);

#endif
