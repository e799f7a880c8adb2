/* SPDX-License-Identifier: MIT */
/*
 * A client: a local process on the socket, or a domain on its ring. What the
 * two have in common is here: assembling requests, queueing answers, limits.
 *
 * A client can cost the daemon only so much. Requests are read into a buffer of
 * one message; no request is served while an answer waits for room; undelivered
 * events count against the domain's memory limit and are dropped beyond it (a
 * local process is disconnected at CONNECTION_EVENTS_MAX). Serving is cut into
 * turns, so a client that floods delays the others by one turn only.
 *
 * A guest must not fill another's queue. It pays for the events that it causes
 * for a reader that is not deaf (outstanding.h): it is held up until they have
 * been read, and they take nothing of the reader's limits. Until it is held up
 * it may have changed QUOTA_OUTSTANDING times OUTSTANDING_CHANGES nodes, and
 * QUOTA_TRANSACTION_NODES more by one commit. For each watch that sees them all
 * these are 250 kB with paths as devices have, 3.5 MB with the longest. Of such
 * events CONNECTION_PAID_MAX bytes wait for a domain at most: a reader that has
 * many watches and does not mean to read comes that far, and guests with long
 * paths that have conspired. So what waits for guests takes no more memory than
 * that and QUOTA_MEMORY, times their number.
 */
#ifndef XENSTORED_CONNECTION_H
#define XENSTORED_CONNECTION_H

#include <errno.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <xen/io/xs_wire.h>

#include "domain.h"
#include "event_index.h"
#include "transaction.h"
#include "watch.h"

/* Requests served in one turn. */
#define CONNECTION_TURN 16
/* Undelivered events of a privileged client, in bytes. */
#define CONNECTION_EVENTS_MAX (16 << 20)
/* Undelivered events of a domain that nobody else pays for. */
#define CONNECTION_EVENTS_COUNT 1024
/* Those that others pay for, in bytes. */
#define CONNECTION_PAID_MAX (8 << 20)

struct connection;

/* How bytes travel. Counts may be short; 0 is "not now". */
struct transport {
    /* Before a turn: the client may want to start afresh. May be NULL. */
    void (*begin)(struct connection *c);
    ssize_t (*receive)(struct connection *c, void *buf, size_t len);
    ssize_t (*send)(struct connection *c, const struct iovec *iov, int n);
    /* Ask for a wake-up when receiving or sending becomes possible. */
    void (*expect)(struct connection *c, bool receive, bool send);
    /* The end of a turn: tell the other side what has been done. */
    void (*flush)(struct connection *c);
    /* The client broke the protocol: stop listening to it. */
    void (*park)(struct connection *c, unsigned int error);
    void (*close)(struct connection *c);
    /* receive() is called until it has nothing: no event would cause another
     * call. */
    bool drain;
};

/* The journal knows them by their numbers. */
enum message_kind {
    MESSAGE_ANSWER,
    MESSAGE_EVENT,
    MESSAGE_PAID_EVENT, /* by the guest that has caused it */
    MESSAGE_KINDS
};

/* A message, or the rest of one, that waits for room. */
struct message {
    struct message *next;
    struct message *next_in_bucket; /* of an event, see event_index.h */
    uint64_t hash;                  /* the same */
    uint32_t len, sent;
    uint64_t batch; /* a local client's: see state_batch_written() */
    uint64_t since_ms;
    struct cause cause;
    enum message_kind kind;
    char data[];
};

struct connection {
    struct connection *next, **prev;
    struct connection *next_pending;
    const struct transport *transport;
    void *endpoint; /* the transport's own */
    struct actor who;
    struct domain *domain; /* NULL: a local process */
    char home[24], name[16];
    struct watches watches;
    struct transactions transactions;
    struct message *out, **out_tail;
    unsigned int replies, events; /* waiting in out */
    size_t event_bytes;
    unsigned int paid_events; /* of a domain, by others: part of @events */
    long paid_bytes;          /* and not on its account */
    struct event_index event_index;
    /* For the journal: the first of @out that is not in it, and how many that
     * are have been sent meanwhile. */
    struct message *unsaved;
    uint32_t gone;
    unsigned int fault;         /* XENSTORE_ERROR_* it was parked for */
    bool pending, parked, dead; /* waits for a turn; not served; to be reaped */
    bool lost_events;           /* said so already */
    struct deafness deaf;
    uint64_t counted; /* the last change that was, see outstanding.c */
    size_t in_used;
    char in[sizeof(struct xsd_sockmsg) + XENSTORE_PAYLOAD_MAX];
};

/* NULL without memory. A connection of a domain names it. */
struct connection *connection_new(const struct transport *transport,
                                  void *endpoint, struct domain *d);
/* Marks it as gone, from any state; connection_reap() does the rest. */
void connection_kill(struct connection *c);
/* Ends it at once, its domain having died. Not while watches fire. */
void connection_end(struct connection *c);
/* Stops serving a domain that broke the protocol (XENSTORE_ERROR_*), or
 * disconnects a local process that did. */
void connection_fault(struct connection *c, unsigned int error);
/* Watches, transactions, queued messages and half a request go away: the other
 * side starts afresh. */
void connection_reset(struct connection *c);

/* The transport may receive or send again: take a turn. */
void connection_serve(struct connection *c);
/* The same, but not at once. */
void connection_again(struct connection *c);
/* Give turns to those with work left. */
void connection_run_pending(void);
bool connection_any_pending(void);
/* The milliseconds until the next one is due, 0 for now, -1 for never. */
int connection_next_turn(uint64_t now);
/* Cleans up after kills and faults. Never called inside a turn. */
void connection_reap(void);

void connection_reply(struct connection *c, const struct xsd_sockmsg *hdr,
                      const void *data);
/* @hash: hash_pair() of the two. */
void connection_event(struct connection *c, const char *path, const char *token,
                      uint64_t hash);

/* From the journal: the first @n waiting messages have gone, one more of a
 * message_kind waits. 0, ENOMEM or EINVAL. */
int connection_restore_gone(struct connection *c, uint32_t n);
int connection_restore_message(struct connection *c, unsigned int kind,
                               const void *data, size_t len);
/* Part of a request, and a message of which part was sent, are given up. */
void connection_lose_halves(struct connection *c);

/* All connections, for control commands. */
extern struct connection *connections;

#endif
