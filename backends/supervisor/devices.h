/* SPDX-License-Identifier: MIT */
/*
 * The device instances of this domain that have, or should have, a backend
 * process.
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

struct devices {
    struct xs_handle *xs;
    struct event_loop *loop;
    const char *program_dir;
    bool debug;
    struct device *list;
};

/* A watch reported this path, or the whole store is to be looked at (NULL). */
void devices_check(struct devices *ds, const char *path);
/* SIGCHLD. */
void devices_reap(struct devices *ds);
/* Ends all processes; their devices go to Closed as if unplugged by force. */
void devices_stop_all(struct devices *ds);

#endif
