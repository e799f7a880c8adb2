/* SPDX-License-Identifier: MIT */
/*
 * For tests of the store daemon: a hypervisor made of two arrays, and clients
 * whose transport is a pair of buffers.
 */
#ifndef STORE_TEST_H
#define STORE_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../tools/xenstored/connection.h"
#include "../../tools/xenstored/domain.h"
#include "../../tools/xenstored/protocol.h"
#include "../../tools/xenstored/ring.h"
#include "../../tools/xenstored/store.h"

/* --- the hypervisor ------------------------------------------------------- */

#define FAKE_DOMAINS 64

struct fake_domain {
    bool exists, shutdown, dying;
    bool no_grant; /* its page cannot be mapped */
    bool no_port;  /* nor its port be bound */
    bool no_info;  /* nor the hypervisor be asked for it */
    uint8_t handle;
    int mapped, bound, notified;
    bool masked; /* its port: set by tests, by which events come */
    _Alignas(4096) struct xenstore_domain_interface page;
};
extern struct fake_domain fake_domain[FAKE_DOMAINS];
/* How often the hypervisor has been asked for a domain. */
extern int fake_lookups;

/* Domain @id comes to life (with an empty ring page), or dies. */
void fake_create(unsigned int id);
void fake_destroy(unsigned int id);
/* The local port that domain @id's ring is bound to. */
int fake_port(unsigned int id);

/* The store as after start-up, without any domain but 0. */
void fake_start(void);
/* All connections, domains and nodes go; leaks show. */
void fake_stop(void);

/* What the daemon does between events. */
void fake_turns(void);

/* As if trees had taken more memory than snapshots may keep. */
void fake_swamp(void);

/* Called when the daemon is about to notify a port, or to map a page, if not
 * NULL. */
extern void (*fake_notify)(int port);
extern void (*fake_map)(uint16_t domid);

/* Warnings and errors logged since fake_start(); they are not printed. */
extern int fake_log_lines;

/* --- clients -------------------------------------------------------------- */

struct client {
    struct connection *c;
    char in[65536], out[1 << 20];
    size_t in_len, in_pos, out_len, out_pos;
    size_t room; /* what the daemon may still send */
    bool closed, parked;
};

/* A local process (@d NULL) or a domain on a made-up transport. */
struct client *client_new(struct domain *d);
void client_free(struct client *cl);

/* Sends a request (NUL bytes as in @data) and lets the daemon work. */
void client_send(struct client *cl, uint32_t type, uint32_t tx,
                 const void *data, size_t len);
/* The next message for the client: false if there is none. */
bool client_next(struct client *cl, struct xsd_sockmsg *h, char *data);
/* A request and its answer; events in between are dropped and counted. Returns
 * 0 or the error's number; the payload goes to @answer if that is not NULL. */
int client_ask(struct client *cl, uint32_t type, uint32_t tx, const void *data,
               size_t len, char *answer, size_t *answer_len);
/* The usual requests with C strings. */
int client_write(struct client *cl, uint32_t tx, const char *path,
                 const char *value);
int client_one(struct client *cl, uint32_t type, uint32_t tx, const char *arg);
int client_two(struct client *cl, uint32_t type, uint32_t tx, const char *a,
               const char *b);
uint32_t client_begin(struct client *cl);
int client_end(struct client *cl, uint32_t tx);
/* The value at @path, or NULL; valid until the next call. */
const char *client_read(struct client *cl, uint32_t tx, const char *path);
/* The next event as "path token", or NULL; valid until the next call. */
const char *client_event(struct client *cl);

/* Do the accounts equal the tree's contents? */
void assert_accounts(void);

#define assert_value(client, tx, path, value)                                  \
    do {                                                                       \
        const char *is = client_read(client, tx, path);                        \
        assert_non_null(is);                                                   \
        assert_string_equal(is, value);                                        \
    } while (0)

#endif
