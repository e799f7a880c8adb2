/* SPDX-License-Identifier: MIT */
/*
 * The device instances of this domain that have, or should have, a backend
 * process. One process serves one device, so that a guest can harm no more than
 * its own; it ends when the device goes.
 *
 * While the store is away the processes go on, and what became of one that ends
 * is written when the store is back. A new store that has no nodes of a device
 * cannot say when the device is over; the hypervisor can, by the end of its
 * domain, and is asked every second meanwhile.
 *
 * One thread, that of the event loop, calls everything here. What goes wrong
 * with a device is logged, and written to error/ in the store.
 */
#ifndef BACKENDS_SUPERVISOR_DEVICES_H
#define BACKENDS_SUPERVISOR_DEVICES_H

#include <stdbool.h>
#include <sys/types.h>

#include "../common/store_client.h"

struct device_kind {
    const char *name;    /* "vbd" */
    const char *program; /* "xen-block-backend" */
};

extern const struct device_kind device_kinds[];
extern const unsigned int nr_device_kinds;

/* The members are the caller's to set, but for look and list. */
struct devices {
    struct store_client *store;
    struct event_loop *loop;
    struct xlc_handle *xlc; /* NULL: a domain that may not ask for others */
    struct event_timer look;
    const char *program_dir;
    bool debug;
    struct device *list;
};

/* The store has gone, or there is one. */
void devices_store_changed(struct devices *ds);
/* A watch reported this path, or the whole store is to be looked at (NULL):
 * starts what is missing. Any path is fine, also one of another domain's. */
void devices_check(struct devices *ds, const char *path);
/* SIGCHLD: processes have ended. Those that failed are reported. */
void devices_reap(struct devices *ds);
/* Ends all processes; their devices go to Closed as if unplugged by force, if
 * there is a store. */
void devices_stop_all(struct devices *ds);

#endif
