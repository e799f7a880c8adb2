/* SPDX-License-Identifier: MIT */
/*
 * The process that serves one device, and what of it outlives a supervisor: in
 * the supervisor's directory, under the device's name,
 *
 *   NAME.pid     its number, locked by the process for as long as it lives
 *   NAME.log     the pipe with its log (device_log.h)
 *   NAME.socket  where it takes a supervisor's connection (handover.h)
 *   NAME.record  what it leaves to its successor, which alone interprets it
 *   NAME.ends    how its predecessors ended, and its medium (device_status.h)
 *
 * The lock is taken before the process is made, which inherits it. So however a
 * supervisor ends, a device has the lock of one process or of none, and a new
 * supervisor finds out which: it adopts the one, or starts another. There is no
 * moment at which a device could have two.
 */
#ifndef BACKENDS_SUPERVISOR_WORKER_H
#define BACKENDS_SUPERVISOR_WORKER_H

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

#include <daemon/event_loop.h>

#include "device_log.h"
#include "device_gate.h"

/* What to start. */
struct worker_program {
    const char *path;
    const char *device; /* backend/KIND/DOMID/DEVID */
    bool debug;
    size_t record_size; /* 0: it leaves nothing to a successor */
    bool fresh;         /* the device is new: nothing has been left to it */
    int medium, errors; /* of the former (block/kept.h); below 0: none */
};

enum worker_end {
    WORKER_DONE,   /* status 0 */
    WORKER_FAILED, /* another: it has given up */
    WORKER_KILLED, /* by a signal */
    WORKER_ENDED,  /* only its parent, a former supervisor, could know how */
};

/* dir, name, loop, ended and meets are the owner's to set, all others zero. */
struct worker {
    const char *dir;
    char name[48]; /* "vbd-3-51712" */
    struct event_loop *loop;
    /* The process has ended, and w has none any more. In words: "failed with
     * status 1: the last error"; "" for WORKER_DONE. */
    void (*ended)(struct worker *w, enum worker_end end, const char *how);
    pid_t pid; /* 0: there is none */
    /* It has asked for the store, so it is the program: what it has open is not
     * the supervisor's any more that has made it. meets: it does so for the
     * first time; or NULL. */
    bool met;
    void (*meets)(struct worker *w);
    struct event_source process, requests;
    struct event_timer rest; /* until the next request is looked at */
    struct device_gate gate; /* its connection to the store */
    struct device_log log;
};

/* 0 or -errno: nothing has been started. -EBUSY: a process lives already, that
 * of a former supervisor. */
int worker_start(struct worker *w, const struct worker_program *p);

/*
 * Takes over the process of a former supervisor. 0: w has it; one that can be
 * reached no more has been told to end, and will. -ESRCH: there is none.
 * -EAGAIN: it is just being started, to be asked again.
 */
int worker_adopt(struct worker *w, bool debug);

/* If there is one. */
void worker_signal(struct worker *w, int signal);

/* It reaches neither the store nor this daemon any more. */
void worker_cut(struct worker *w);

/* Forgets the process, which goes on, as when the supervisor ends. */
void worker_leave(struct worker *w);

/* The device is over: removes its files. */
void worker_remove_files(struct worker *w);

#endif
