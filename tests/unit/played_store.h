/* SPDX-License-Identifier: MIT */
/*
 * The store, for the code of a backend: nodes, and a watch that fires when the
 * test says so. Nobody else writes during a transaction.
 */
#ifndef TESTS_UNIT_PLAYED_STORE_H
#define TESTS_UNIT_PLAYED_STORE_H

#include <stdbool.h>

#define PLAYED_NODES 96

struct played_node {
    char *path, *value; /* NULL: no node */
};

extern struct played_node played_nodes[PLAYED_NODES];
extern bool played_watch_fired;          /* one event is waiting */
extern int played_transactions;          /* begun so far */
extern int played_open;                  /* not ended yet */
extern bool played_refuses;              /* to commit, as the gate may */
extern int played_reads, played_watches; /* likewise */
extern int played_store_error; /* errno of a connection that has ended */

struct played_node *played_find(const char *path);
void played_put(const char *path, const char *value);
/* All whose path begins so. */
void played_remove_below(const char *dir);

#endif
