/* SPDX-License-Identifier: MIT */
/*
 * One device and its process: what becomes of the one when the other ends, or
 * the store says so. devices.h tells the rules; all functions are for
 * devices.c.
 */
#ifndef BACKENDS_SUPERVISOR_DEVICE_H
#define BACKENDS_SUPERVISOR_DEVICE_H

#include "device_status.h"
#include "devices.h"
#include "kept_medium.h"
#include "worker.h"

#define DEVICE_PATH 128

#define OBEY_MS 5000 /* that a process may take to end */

struct device {
    struct device *next;
    struct devices *all;
    const struct device_kind *kind;
    char path[DEVICE_PATH]; /* backend/KIND/DOMID/DEVID */
    unsigned int domid;
    int state;    /* as last read; 0: it has none */
    bool guessed; /* the state is not read yet */
    struct worker worker;
    int kept;                  /* by its kind; below 0: nothing */
    struct kept_medium medium; /* of a disk */
    enum worker_end end;       /* of its last process */
    struct device_status status;
    bool served;              /* it has had a process */
    unsigned int wait_ms;     /* before the next one, should this one end */
    uint64_t spared_to;       /* ms; see is_spared() */
    struct event_timer timer; /* until the next one, or until it is looked at
                               * again; or LIFE_MS of this one */
    struct event_timer gone;  /* the process has outlived its device: */
    unsigned int told;        /* how often it was told to end */
};

/* The state node; 0: there is no such device, or no store. */
int device_state(struct devices *ds, const char *path);
/* Other programs' devices may be of this kind: by the type node. Of no meaning
 * if the store is lost. */
bool device_is_ours(struct devices *ds, const struct device_kind *k,
                    const char *path);

/* A device without a process, in the list; or NULL: no memory. */
struct device *device_add(struct devices *ds, const struct device_kind *k,
                          unsigned int domid, unsigned int devid);
/* What the store tells of its process. */
void device_withdraw(struct devices *ds, const char *path);
/* Frees d, which has no process. */
void device_forget(struct device *d);

/* Again at whatever may have brought what is to be kept: the process, or the
 * store, which knows its name. fresh: see device_kind.keep. */
void device_keep(struct device *d, bool fresh);
/* Somebody may have removed it: then the next process makes it anew. */
void device_drop_removed(struct device *d);
/* For worker.meets. */
void device_met(struct worker *w);
/* For device_gate.resized. */
void device_resized(struct device_gate *g);

/* A process of a former supervisor. -ESRCH: there is none. */
int device_adopt(struct device *d);
/* A device of which no process is known: it gets one, or is over; then d is
 * gone. */
void device_settle(struct device *d);
/* The store has this state of a device that has a process, or will. */
void device_state_seen(struct device *d, int state);
/* The store is back: it learns what it has missed, and what it knows is
 * asked. */
void device_store_back(struct device *d);

#endif
