/* SPDX-License-Identifier: MIT */
/*
 * The records of the journal: their names, and how each is packed. restore.c
 * reads what record.c writes.
 *
 * A record says what has changed: all of them in their order, from the first
 * on, give the live tree, the domains, and the connections of domains. Local
 * clients connect again by themselves. Of a transaction that is not committed
 * only its number is kept.
 */
#ifndef XENSTORED_RECORD_H
#define XENSTORED_RECORD_H

#include <stdbool.h>
#include <stddef.h>

#include "journal.h"

struct connection;
struct domain;
struct node;
struct perms;
struct watch;

/* A change of their order or contents takes a new number in journal.h. */
enum record {
    RECORD_CREATE = 1, /* one node or a chain of them */
    RECORD_VALUE,      /* of a node that is there, as the next two */
    RECORD_PERMS,
    RECORD_REMOVE,      /* with all that is below it */
    RECORD_DOMAIN,      /* it is known from now on */
    RECORD_DOMAIN_GONE, /* and what it had goes with it */
    RECORD_RING,        /* introduced, or at another place */
    RECORD_RING_GONE,   /* released */
    RECORD_WATCH,       /* of a domain */
    RECORD_UNWATCH,
    RECORD_QUOTA,      /* that was set, one */
    RECORD_CONNECTION, /* how far its messages have come */
    RECORD_COUNTERS,   /* of the whole daemon */
    RECORD_COMPLETE,   /* all before this is a state, all behind it changes */
};

/*
 * Each adds one record to @p, with a byte of enum record in front. What is
 * passed is copied. They cannot fail: a pack without memory is marked, and
 * whoever writes it asks.
 */
/* The node at @path, of which the first @existing characters are there. */
void pack_create(struct pack *p, const char *path, size_t existing,
                 const void *data, size_t len, const struct perms *perms);
void pack_value(struct pack *p, const char *path, const void *data, size_t len);
void pack_node_value(struct pack *p, const char *path, const struct node *n);
void pack_node_perms(struct pack *p, const char *path,
                     const struct perms *perms);
void pack_remove(struct pack *p, const char *path);
/* All that has made the tree @before into @after. */
void pack_tree_change(struct pack *p, const struct node *before,
                      const struct node *after);

void pack_domain(struct pack *p, const struct domain *d);
/* @d has a connection that is kept. */
void pack_ring(struct pack *p, const struct domain *d);
void pack_watch(struct pack *p, const struct watch *w);
/* What has changed since the last time, or all; from then on that is recorded.
 */
void pack_connection(struct pack *p, const struct domain *d, bool all);

void pack_quota(struct pack *p, unsigned int q, long value);
/* Numbers that never repeat. */
void pack_counters(struct pack *p);
void pack_complete(struct pack *p);

/* The connection of @d that is kept: NULL if it has ended, though it may not
 * have been taken away yet. */
struct connection *record_connection_of(const struct domain *d);

#endif
