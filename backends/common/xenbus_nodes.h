/* SPDX-License-Identifier: MIT */
/*
 * What a backend device reads from the store and writes there, for xenbus.c;
 * what backends call is declared in xenbus.h.
 */
#ifndef BACKENDS_COMMON_XENBUS_NODES_H
#define BACKENDS_COMMON_XENBUS_NODES_H

#include "xenbus.h"

#define PATH_LEN 256

/* dir/key: malloc()ed; NULL with errno. */
char *xenbus_read_at(struct xenbus_device *d, const char *dir, const char *key);
/* Is there the node dir/key? A lost store says yes. */
bool xenbus_exists(struct xenbus_device *d, const char *dir, const char *key);

/* The nodes that make up the state, if there are any, and the state itself, in
 * d->nodes until the store has them. 0 or -errno. */
int xenbus_enter_state(struct xenbus_device *d, enum xenbus_state state,
                       const struct device_nodes *nodes);
/* The state alone. False: the store refuses it, and would again. */
bool xenbus_set_state(struct xenbus_device *d, enum xenbus_state state);
/* d->nodes once more. What the store does not take because it is away is kept:
 * that is no error. */
int xenbus_write_nodes(struct xenbus_device *d);

/* The device's error node; text "": there is none any more. */
void xenbus_write_error(struct xenbus_device *d, const char *text);
/* Once more. */
void xenbus_publish_error(struct xenbus_device *d);

#endif
