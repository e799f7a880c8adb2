/* SPDX-License-Identifier: MIT */
/*
 * When a device is looked at: when its frontend has been found in the store,
 * again with each connection to a store, and when a watch reports something,
 * but not oftener than is good for this domain.
 */
#ifndef BACKENDS_COMMON_XENBUS_WATCH_H
#define BACKENDS_COMMON_XENBUS_WATCH_H

#include "xenbus.h"

/* Before the store's client is opened, which calls what is set here. */
void xenbus_watch_begin(struct xenbus_device *d);

#endif
