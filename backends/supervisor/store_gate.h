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
 *                          the error node
 *   transactions           one at a time
 *
 * All else is answered EACCES and not passed on. A process gets an answer
 * before its next request is looked at, 200 requests in 100 ms and 64 watches;
 * one that takes no answers for two seconds loses the connection, lest the
 * store wait for it.
 *
 * The connection ends with this daemon, and the process asks the next one.
 */
#ifndef BACKENDS_SUPERVISOR_STORE_GATE_H
#define BACKENDS_SUPERVISOR_STORE_GATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <xen/io/xs_wire.h>

#include <daemon/event_loop.h>

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

    struct event_source process, store; /* not added: closed */
    struct event_timer tick;
    struct gate_message request, answer;
    unsigned int requests, stalled; /* in this tick; ticks */
    unsigned int watches;
    /* 0: none. What began one is known by its answer. */
    uint32_t transaction, starting;
    bool starts, passing; /* the request in hand has been judged */
};

/* Connects to the store, in the place of the connection there was. The
 * descriptor for the process, the caller's to send and to close; or -errno. */
int store_gate_open(struct store_gate *g);
/* Harmless if it is closed. */
void store_gate_close(struct store_gate *g);

#endif
