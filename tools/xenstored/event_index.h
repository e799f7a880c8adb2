/* SPDX-License-Identifier: MIT */
/*
 * The events that wait for a client, found by what they say: a change may cause
 * a hundred events that say the same, a commit a hundred thousand, and each is
 * looked for among thousands. Without memory for the table events are in it or
 * not: those that are not are not found.
 */
#ifndef XENSTORED_EVENT_INDEX_H
#define XENSTORED_EVENT_INDEX_H

#include <stddef.h>
#include <stdint.h>

struct message;

/* Part of struct connection; zeroed at first, and empty without memory. */
struct event_index {
    struct message **bucket;
    size_t size, count;
};

/* One of which nothing has been sent and whose payload is this; or NULL. */
struct message *event_index_find(const struct event_index *x, uint64_t hash,
                                 const char *data, size_t len);
void event_index_add(struct event_index *x, struct message *m);
/* Whether it is there or not. */
void event_index_remove(struct event_index *x, const struct message *m);

#endif
