/* SPDX-License-Identifier: MIT */
/*
 * The program of a backend: one process that serves one device, started by
 * xen-backendd as root. It gives up all privilege once its medium is open, and
 * only then looks at what the guest offers. Everything runs in one thread, in
 * the event loop; the process ends with the device.
 */
#ifndef BACKENDS_COMMON_BACKEND_MAIN_H
#define BACKENDS_COMMON_BACKEND_MAIN_H

#include <daemon/signals.h>

#include "grant_map.h"
#include "ports.h"
#include "xenbus.h"

/* The device's; the first member of a backend's own structure or inside it. */
struct backend {
    struct xenbus_device bus;
    struct event_loop loop;
    struct signal_watch signals;
    struct event_source listener, supervisor; /* see handover.h */
    bool asked;                               /* and not answered yet */
    int lock; /* by which a supervisor knows that this process lives */
    int medium, errors; /* a former process's (block/kept.h); below 0: none */
    struct ports ports;
    struct grants grants;
};

/* What is special to a kind of device. All are called in one thread. */
struct backend_ops {
    const char *program; /* for the log and the usage */
    struct xenbus_ops bus;
    const char *record_format; /* see record_open() */
    size_t record_size;
    /* Before the device is looked at; loop, ports and grants are there. */
    int (*init)(struct backend *b);
    /* Opens the medium, as root: all that needs a privilege. Called again after
     * a failure, when the frontend tries again, and after close. 0 or -errno;
     * see xenbus_opened(). What a killed process did to it is over. */
    int (*open)(struct backend *b);
    /* How long a file may become from now on that the process writes: what it
     * has open, as a supervisor raises it (kept_medium.h). NULL: it writes no
     * file. */
    uint64_t (*file_bytes)(struct backend *b);
    /* The medium is open, and no privilege left but that to start threads,
     * which have none from their beginning. NULL: there are none. 0 or -errno:
     * then the process ends. */
    int (*begin)(struct backend *b);
    /* At the end, opened or not, and when the store was lost during open. */
    void (*close)(struct backend *b);
};

/* What main() returns.
 * Usage: PROGRAM [--debug] [--supervisor FD] [--record FD] [--lock FD]
 *                [--medium FD [--errors FD]] backend/KIND/DOMID/DEVID */
int backend_main(const struct backend_ops *ops, struct backend *b, int argc,
                 char **argv);

#endif
