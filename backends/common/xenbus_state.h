/* SPDX-License-Identifier: MIT */
/*
 * What a backend does next, as a pure function of what the store says. The
 * store is read afresh after every watch event and the question asked again
 * until the answer is "nothing", so it does not matter in which order events
 * arrive, how many were merged into one, or how fast a frontend (or its
 * toolstack) toggles its state.
 */
#ifndef BACKENDS_COMMON_XENBUS_STATE_H
#define BACKENDS_COMMON_XENBUS_STATE_H

#include <stdbool.h>
#include <stdint.h>
#include <xen/xen.h>
#include <xen/io/xenbus.h>

struct xenbus_view {
    enum xenbus_state mine;     /* what this backend last announced */
    enum xenbus_state frontend; /* XenbusStateUnknown: absent or nonsense */
    bool present;               /* our directory in the store exists */
    bool online;                /* false: the toolstack wants it gone */
    bool overwritten; /* the store has another state than mine by now */
    bool ready;       /* hotplug done, medium there */
    bool connected;   /* rings are mapped */
    bool busy;        /* not all of a former connection's work is done */
    bool recorded;    /* a process before this one left its rings in use */
    bool adapts;      /* the frontend may change what it wants meanwhile */
    bool failed;      /* this frontend state has led to a fatal error already */
};

enum xenbus_action {
    XENBUS_NOTHING,
    XENBUS_ANNOUNCE, /* publish features, go to InitWait */
    XENBUS_CONNECT,  /* map the rings, go to Connected */
    XENBUS_RESUME,   /* map the rings that are in use; the guest sees nothing */
    XENBUS_ADAPT, /* look at what the frontend wants now, go to Reconfigured, or
                     back to Connected when the frontend does */
    XENBUS_DISCONNECT, /* unmap the rings, go to Closing */
    XENBUS_CLOSE,      /* unmap the rings, go to Closed */
    XENBUS_FINISH,     /* the device is over: end the process */
};

enum xenbus_action xenbus_next(const struct xenbus_view *v);

#endif
