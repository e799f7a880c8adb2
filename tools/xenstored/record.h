/* SPDX-License-Identifier: MIT */
/*
 * The records of the journal: their names, and how each is packed. restore.c
 * reads what record.c writes.
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

/* A change of their order or contents takes a new number in journal.c. */
enum record {
    RECORD_CREATE = 1,
    RECORD_VALUE,
    RECORD_PERMS,
    RECORD_REMOVE,
    RECORD_DOMAIN,
    RECORD_DOMAIN_GONE,
    RECORD_RING,
    RECORD_RING_GONE,
    RECORD_WATCH,
    RECORD_UNWATCH,
    RECORD_QUOTA,
    RECORD_CONNECTION,
    RECORD_COUNTERS,
};

/* The node at @path, of which the first @existing characters are there. */
void pack_create(struct pack *p, const char *path, size_t existing,
                 const void *data, size_t len, const struct perms *perms);
void pack_value(struct pack *p, const char *path, const void *data, size_t len);
void pack_node_value(struct pack *p, const char *path, const struct node *n);
void pack_node_perms(struct pack *p, const char *path,
                     const struct perms *perms);
void pack_remove(struct pack *p, const char *path);

void pack_domain(struct pack *p, const struct domain *d);
void pack_ring(struct pack *p, const struct domain *d);
void pack_watch(struct pack *p, const struct watch *w);
/* What has changed since the last time, or all. */
void pack_connection(struct pack *p, const struct domain *d, bool all);

void pack_quota(struct pack *p, unsigned int q, long value);
/* Numbers that never repeat. */
void pack_counters(struct pack *p);

/* The connection of @d that is kept: NULL if it has ended, though it may not
 * have been taken away yet. */
struct connection *record_connection_of(const struct domain *d);

#endif
