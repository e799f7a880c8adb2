/* SPDX-License-Identifier: MIT */
/*
 * The store's connection of a daemon, and the watches on it, served by the
 * event loop. A lost store ends the loop with code 1: the service manager
 * starts the daemon again when there is a store.
 */
#ifndef BACKENDS_COMMON_STORE_WATCH_H
#define BACKENDS_COMMON_STORE_WATCH_H

#include <xenstore.h>

#include <daemon/event_loop.h>

struct store_watch {
    struct event_source source;
    struct event_loop *loop;
    struct xs_handle *xs;
    /* Each event; path and token go with the return. May be NULL. */
    void (*event)(struct store_watch *w, const char *path, const char *token);
    /* No further event is waiting. May be NULL. */
    void (*settled)(struct store_watch *w);
};

/* Connects. The caller has set event and settled, and adds watches to xs
 * afterwards. 0 or -errno; the reason has been logged. */
int store_watch_open(struct store_watch *w, struct event_loop *loop);

#endif
