/* SPDX-License-Identifier: MIT */
/*
 * A store of a few nodes, served by vcpu 1, that plays tricks, and a backend's
 * states, which follow those of the frontend. vcpu 0 may call all of this as
 * long as no request of its own is under way.
 */
#ifndef FRONTENDS_STORE_H
#define FRONTENDS_STORE_H

#include <pv/pv.h>
#include <xen/io/xs_wire.h>

enum trick {
    HONEST,
    LONG_MESSAGE,  /* the header announces more than may be */
    OTHER_REQUEST, /* the reply's id is another */
    OTHER_TYPE,
    UNASKED,      /* a second reply */
    BROKEN_EVENT, /* a watch event without a token */
    LONG_EVENT,   /* one whose token does not end */
    FAR_INDEX,    /* more sent than the ring holds */
    FAR_CONSUMER, /* more taken than there was, which the next one meets */
    STOPPED,      /* the store says that it has stopped */
    NR_TRICKS
};

/* Starts the store; its ring is for xenbus_open_ring(), events of the port are
 * for vcpu 0. */
struct xenstore_domain_interface *store_start(uint32_t port);
/* Once, with the next reply. */
void store_play(enum trick t);
/* How often the ring was asked to be begun afresh. */
unsigned int store_restarts(void);
/* Those that were started and not ended. */
bool store_has_transactions(void);
void store_offer(uint32_t features); /* XENSTORE_SERVER_FEATURE_* */

/* Sets a node and tells whoever watches it. */
void store_set(const char *path, const char *value);
const char *store_get(const char *path); /* "" if there is none */
/* The backend in dir follows the frontend whose state is this node: it offers,
 * connects, and closes. */
void store_backend(const char *frontend_state, const char *backend_state);
/* The backend's state changes whenever it was read. */
unsigned int store_be_restless(bool on);
/* On vcpu 1, when the frontend says that it is closed. */
void store_when_closed(void (*fn)(void));

#endif
