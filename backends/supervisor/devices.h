/* SPDX-License-Identifier: MIT */
/*
 * The device instances of this domain that have, or should have, a backend
 * process. One process serves one device, so that a guest can harm no more than
 * its own; it ends when the device goes.
 *
 * A process that ends before its device is over has a successor, which serves
 * on what the former has left in its record. It is started at once; one that
 * does not live for a second has its own after 100 ms, 200 ms and so on up to
 * 5 s, for as long as the device and its domain live; but after one that was
 * killed at once, ten times and then once a second. Meanwhile the device's
 * error node says how the last one ended. Only a process that gives up by
 * itself while nobody uses the device yet has none: then the device is closed.
 *
 * A process ends by itself with its device: when the device is removed, or
 * closed for good. From then on it cannot write into the device's directory any
 * more. If it goes on for six seconds, because its guest has taken it over for
 * example, it is told to end, and five seconds later killed.
 *
 * A kind that a driver of the kernel serves is left to it, for as long as it is
 * loaded: its devices have no process, and none has a successor.
 *
 * The processes go on without this daemon, and the next one adopts them
 * (worker.h).
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
#include <stddef.h>
#include <sys/types.h>

#include "../common/store_client.h"

struct devices;

struct device_kind {
    const char *name;    /* "vbd"; NULL: the end of the table */
    const char *program; /* "xen-block-backend" */
    /* Bytes that a process leaves to its successor. 0: nothing, so a device
     * that is in use cannot be served on. */
    size_t record_size;
    /* Holds what of the device must not go with its process: a descriptor;
     * -ENODEV: it is not there, or not known without a store; or -errno with a
     * reason. fresh: the device is new, so what is missing is made; later, that
     * is for the process, which knows that it was lost. Asked again while it
     * holds none, and if what it held is in error (POLLERR): it has been
     * removed. NULL: there is nothing. */
    int (*keep)(struct devices *ds, const char *path, bool fresh);
    bool disk; /* see disk_stats.h */
    /* What the node 'type' says of those that are served here; NULL: all. */
    const char *type;
    bool left; /* to the kernel's driver (kernel_driver.h), when last looked */
};

/* The members are the caller's to set, but for look, dir, stopping, killing,
 * list and stats. */
struct devices {
    struct device_kind *kinds;
    struct store_client *store;
    struct event_loop *loop;
    struct xlc_handle *xlc; /* NULL: a domain that may not ask for others */
    struct event_timer look;
    const char *program_dir;
    const char *run_dir;   /* for the files of worker.h */
    void *dir;             /* the same, open */
    const char *stats_dir; /* for the sockets of disk_stats.h; NULL: none */
    bool debug;
    bool stopping, killing;
    struct device *list;
    struct disk_stats *stats;
};

/* Makes run_dir if it is missing, and opens it. 0 or -errno. */
int devices_open(struct devices *ds);
/* Adopts what processes there are, before the loop runs and so before any
 * device is looked at. The store's client is open, but need not be connected.
 */
void devices_adopt(struct devices *ds);
/* The store has gone, or there is one. */
void devices_store_changed(struct devices *ds);
/* A watch reported this path, or the whole store is to be looked at (NULL):
 * starts what is missing. Any path is fine, also one of another domain's. */
void devices_check(struct devices *ds, const char *path);
/* Ends all processes, those that do not obey by force; their devices go to
 * Closed as if unplugged by force, if there is a store within the time that the
 * processes have to obey. Ends the loop when all have ended, or after some
 * seconds. */
void devices_stop_all(struct devices *ds);
/* Before this daemon ends: the processes go on. */
void devices_close(struct devices *ds);

#endif
