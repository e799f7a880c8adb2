/* SPDX-License-Identifier: MIT */
/*
 * A daemon's connection to the store, served by the event loop, which survives
 * the store. When the connection ends it is made again, after 100 ms, 200 ms
 * and so on up to 5 s, for ever; the watches are set again, each reports once
 * as a new watch does, and so everything that hangs on a watch is read again.
 *
 * Meanwhile nothing waits: each request fails at once, and descriptors and
 * timers are served as ever. What a daemon has read from a connection that has
 * ended meanwhile may be a failure that looks like an absent node, so it looks
 * at store_lost() before it acts, and acts when it has read the same again.
 *
 * A new connection may be to a new store, which does not have the nodes of the
 * old one. A node that is absent there has not been removed by anybody: only
 * what goes while a connection lasts is a removal.
 */
#ifndef BACKENDS_COMMON_STORE_CLIENT_H
#define BACKENDS_COMMON_STORE_CLIENT_H

#include <stdbool.h>
#include <xenstore.h>

#include <daemon/event_loop.h>

struct store_client {
    /* --- from the owner, before store_client_open() --- */
    /* Each event; path and token go with the return. May be NULL. */
    void (*event)(struct store_client *c, const char *path, const char *token);
    /* No further event is waiting. May be NULL. */
    void (*settled)(struct store_client *c);
    /* There is a connection, the first or a new one, and the watches are set.
     * Before their events. May be NULL. */
    void (*connected)(struct store_client *c);
    /* The connection has ended. May be NULL. */
    void (*lost)(struct store_client *c);
    /* Asks for a descriptor, for a process that may not connect itself;
     * store_client_take() gets it. NULL: the process connects itself. */
    void (*ask)(struct store_client *c);

    /* --- for the owner to use; the same handle all the time --- */
    struct xs_handle *xs;

    /* --- internal --- */
    struct event_loop *loop;
    struct event_source source; /* events of xs */
    struct event_source first;  /* a connection that has not answered yet */
    struct event_timer retry;
    unsigned int wait_ms;
    bool live, told;
    struct store_watch *watches;
};

/*
 * Opens, and connects if the store can be reached now, later otherwise. 0 or
 * -errno: a descriptor or memory is missing.
 */
int store_client_open(struct store_client *c, struct event_loop *loop);
void store_client_close(struct store_client *c);

/* A watch for as long as the client lives, across connections. 0 or -errno:
 * no memory, or refused by the store. */
int store_client_watch(struct store_client *c, const char *path,
                       const char *token);
void store_client_unwatch(struct store_client *c, const char *path,
                          const char *token);

/* Rest: events wait, and so does the news that the connection has ended, until
 * they are wanted again. Requests are served. */
void store_client_rest(struct store_client *c, bool rest);

/* True: what was read lately is worth nothing, connected will follow. */
bool store_lost(const struct store_client *c);

/* If there is no connection: something has changed, and the next attempt is
 * made now. Harmless before store_client_open(). */
void store_client_hurry(struct store_client *c);

/* The answer to ask: fd is connected to the store and the client's from now on;
 * -1: not this time. */
void store_client_take(struct store_client *c, int fd);

#endif
