/* SPDX-License-Identifier: MIT */
/*
 * What an administrator or a toolstack decides for one disk, in the backend's
 * directory of the store, at any time:
 *
 *   werror        "enospc" (or absent): writes to a full file system wait until
 *                 there is room, other errors are told to the guest;
 *                 "report": all are; "stop": whatever fails waits and is tried
 *                 again, but for flushes, of which only the first try tells
 *   limit-bytes   read and written in a second
 *   limit-iops    requests in a second
 */
#ifndef BACKENDS_BLOCK_SETTINGS_H
#define BACKENDS_BLOCK_SETTINGS_H

#include "../common/xenbus.h"
#include "queue.h"

/* The names of the nodes, to be watched; ends with NULL. */
extern const char *const block_settings[];

/* As the store has them now. What is none of these values is logged once, and
 * as if it were absent. */
void block_settings_read(struct xenbus_device *bus, struct block_share *s);

#endif
