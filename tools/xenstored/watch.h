/* SPDX-License-Identifier: MIT */
/*
 * Watches: the clients that are told about changes of a path. Looked up by the
 * hash of the watched path, once per component of the changed path, so the cost
 * of a write does not depend on how many watches there are elsewhere.
 *
 * An event reaches its watcher only if the watcher may read the node, before or
 * after the change, or list the node's siblings: names of nodes are as secret
 * as their contents.
 */
#ifndef XENSTORED_WATCH_H
#define XENSTORED_WATCH_H

#include <stddef.h>
#include <stdint.h>

#include "store.h"

struct connection;

struct watch {
    struct watch *next_in_bucket, *next; /* next: of the same connection */
    struct connection *c;
    uint64_t hash, token_hash;
    uint16_t relative; /* characters to cut off reported paths */
    char *token;       /* behind the path, in the same memory */
    char path[];
};

/* A connection's watches. */
struct watches {
    struct watch *first;
    unsigned int count;
};

/* @path is absolute or special, @relative what path_resolve() put in front.
 * The first event is queued by watch_fire_first(). An event that does not
 * fit into a message with its token is not sent. Errors: EEXIST, E2BIG (too
 * many), ENOMEM. */
int watch_add(struct connection *c, const char *path, size_t relative,
              const char *token, struct watch **out);
void watch_fire_first(struct watch *w);
/* Turns the list round: the newest watch is the first or the last. */
void watches_reverse(struct watches *set);
/* As it was, whatever the limits are; no event. 0, ENOMEM, or EINVAL: @relative
 * is more than there is of @path. */
int watch_restore(struct connection *c, const char *path, size_t relative,
                  const char *token);
/* ENOENT if there is no such watch. */
int watch_remove(struct connection *c, const char *path, const char *token);
void watch_remove_all(struct connection *c);

/* Queues an event for each watcher of the node, of what is above it, and of
 * what was below it if it was removed. */
void watch_fire(const struct change *c);
/* "@introduceDomain" and "@releaseDomain". */
void watch_fire_special(const char *name);

#endif
