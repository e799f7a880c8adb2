/* SPDX-License-Identifier: MIT */
/*
 * The frontend's nodes as they were when it connected, for the record: a
 * successor serves on what was connected, without asking the store for each
 * node again, which takes long in a busy domain 0.
 *
 * A process that its guest has taken over may have left anything here. So what
 * is found is believed no more than what the guest writes into the store.
 */
#ifndef BACKENDS_COMMON_KEPT_NODES_H
#define BACKENDS_COMMON_KEPT_NODES_H

#include <stdbool.h>
#include <stdint.h>

/* Room for every node of a frontend with four queues. */
struct kept_nodes {
    uint32_t used;   /* bytes of text; a lie may be larger */
    char text[4092]; /* "KEY=VALUE\0", or "KEY\0" for a node that is absent */
};

static inline void kept_nodes_reset(struct kept_nodes *k)
{
    k->used = 0;
}

/* value: NULL if it is absent. What does not fit is not kept. */
void kept_nodes_add(struct kept_nodes *k, const char *key, const char *value);

/* False: it is not kept. Else *value is malloc()ed, or NULL: it was absent. */
bool kept_nodes_find(const struct kept_nodes *k, const char *key, char **value);

#endif
