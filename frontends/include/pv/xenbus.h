/* SPDX-License-Identifier: MIT */
/*
 * The store, by the ring that the domain has from its builder. A call sends a
 * request and waits for its reply: as long as it takes, for a store daemon that
 * ends is replaced, and its successor answers. Watches are noted meanwhile and
 * reported by events_serve().
 *
 * The store is believed as little as anybody: a message that is too long, a
 * reply to another request or of another type, or impossible indices end the
 * conversation. It is begun afresh if the store offers that (watches are set
 * again, a request is repeated once); if not, or if the new one is no better,
 * one line says so and every call is -EIO from then on.
 *
 * Paths are absolute, or relative to the domain's own directory. A transaction
 * (tx) may be NULL: none. Errors are negative: the store's own by Xen's numbers
 * (-ENOENT, -EACCES, ...), -E2BIG what does not fit, -EIO no store.
 *
 * One vcpu, no locks. Watches' functions may call everything here.
 */
#ifndef PV_XENBUS_H
#define PV_XENBUS_H

#include <pv/event_loop.h>

struct xenstore_domain_interface;

/* Connects to the domain's own store; harmless if that was done. 0, -ENODEV
 * the domain has none, or -EIO. */
long xenbus_open(void);
/* To this ring and port instead, which the caller has set up. */
long xenbus_open_ring(struct xenstore_domain_interface *ring, uint32_t port);

/* False: the store was given up, as one that lies and cannot begin afresh. What
 * a request has not found then says nothing. */
bool xenbus_answers(void);

/* --- requests ------------------------------------------------------------- */
/* Fields are the library's. */
struct xenbus_tx {
    uint32_t id, conversation;
};

/* The value and a NUL into value[size]; its length. */
long xenbus_read(const struct xenbus_tx *tx, const char *path, char *value,
                 size_t size);
/* The value is a string; nodes above it are made. */
long xenbus_write(const struct xenbus_tx *tx, const char *path,
                  const char *value);
/* The children's names into names[size], each with its NUL; bytes. */
long xenbus_directory(const struct xenbus_tx *tx, const char *path, char *names,
                      size_t size);
long xenbus_rm(const struct xenbus_tx *tx, const char *path);

/* The node dir/name, as a decimal number and nothing else; otherwise, if there
 * is none or it does not fit into 64 bits. */
uint64_t xenbus_number(const char *dir, const char *name, uint64_t otherwise);
/* Writes dir/name. Up to 127 bytes. */
long xenbus_printf(const struct xenbus_tx *tx, const char *dir,
                   const char *name, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Runs fn(tx, arg) in a transaction and commits it if fn returns 0; again, as
 * often as others came in between. The first error, of fn or of the store. */
typedef long (*xenbus_tx_fn)(const struct xenbus_tx *tx, void *arg);
long xenbus_transaction(xenbus_tx_fn fn, void *arg);

/* --- watches -------------------------------------------------------------- */
/* The caller's, until xenbus_unwatch(). changed() runs in events_serve(), once
 * for all changes at or below the path since the last time, and once at first.
 * The path must stay there. */
struct xenbus_watch {
    const char *path;
    void (*changed)(struct xenbus_watch *w);
    /* Before the guest is suspended, which may be cancelled, and to be done by
     * that system time; and after a restore, before the watch is set again:
     * changed() follows. NULL: nothing is to be done. */
    void (*suspending)(struct xenbus_watch *w, uint64_t end);
    void (*resumed)(struct xenbus_watch *w);
    /* The library's. */
    struct xenbus_watch *next;
    uint32_t token, turn;
    bool fired;
};
long xenbus_watch(struct xenbus_watch *w);
void xenbus_unwatch(struct xenbus_watch *w);

#endif
