/* SPDX-License-Identifier: MIT */
/*
 * The device instances of this domain that have, or should have, a backend
 * process. One process serves one device, so that a guest can harm no more than
 * its own; it ends when the device goes.
 *
 * One thread, that of the event loop, calls everything here. What goes wrong
 * with a device is logged, and written to error/ in the store.
 */
#ifndef BACKENDS_SUPERVISOR_DEVICES_H
#define BACKENDS_SUPERVISOR_DEVICES_H

#include <stdbool.h>
#include <sys/types.h>
#include <xenstore.h>

#include <daemon/event_loop.h>

struct device_kind {
    const char *name;    /* "vbd" */
    const char *program; /* "xen-block-backend" */
};

extern const struct device_kind device_kinds[];
extern const unsigned int nr_device_kinds;

/* The first members are the caller's to set, list is not. */
struct devices {
    struct xs_handle *xs;
    struct event_loop *loop;
    const char *program_dir;
    bool debug;
    struct device *list;
};

/* A watch reported this path, or the whole store is to be looked at (NULL):
 * starts what is missing. Any path is fine, also one of another domain's. */
void devices_check(struct devices *ds, const char *path);
/* SIGCHLD: processes have ended. Those that failed are reported. */
void devices_reap(struct devices *ds);
/* Ends all processes; their devices go to Closed as if unplugged by force. */
void devices_stop_all(struct devices *ds);

#endif
