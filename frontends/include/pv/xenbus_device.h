/* SPDX-License-Identifier: MIT */
/*
 * A device's frontend: the state machine that all kinds share. A driver is a
 * table of functions (struct xenbus_driver) around this structure, which it
 * embeds as its own first member.
 *
 *   backend says     frontend does                                says
 *   InitWait         prepare(), publish() in one transaction      published
 *   Connected        start(); again when it says so once more     Connected
 *   Closing          drain()                                      Closed
 *   Closed, or gone  stop(), and from the beginning if the        Initialising
 *                    device has worked and is to stay ("online")
 *
 * Before the guest is suspended (pv/control.h) it is drain(), and after a
 * restore stop(), and from the beginning.
 *
 * All of it runs in events_serve(), so a program that waits for a device calls
 * that. One vcpu, no locks. Errors are negative, Xen's numbers.
 */
#ifndef PV_XENBUS_DEVICE_H
#define PV_XENBUS_DEVICE_H

#include <pv/xenbus.h>
#include <xen/io/xenbus.h>

struct xenbus_device;

struct xenbus_driver {
    const char *kind; /* "vbd": its directory is device/vbd/ID */
    /* Initialised, or Connected if backends of the kind wait for that. */
    enum xenbus_state published;
    /* What the backend offers can be read now: makes rings and ports. */
    long (*prepare)(struct xenbus_device *d);
    /* Writes the nodes; may run several times. */
    long (*publish)(struct xenbus_device *d, const struct xenbus_tx *tx);
    /* Reads the properties; the device works from here on. */
    long (*start)(struct xenbus_device *d);
    /* Undoes prepare() and start(), however far they came; may run again.
     * False: the backend holds pages of it. d->failed: there will be no other
     * connection. */
    bool (*stop)(struct xenbus_device *d);
    /* Waits until that system time at most for what the backend has under way,
     * because it closes or the guest is about to be suspended. Nothing else is
     * served meanwhile. A guest goes on where it was, or restored, which begins
     * with stop(). NULL: nothing is waited for. */
    void (*drain)(struct xenbus_device *d, uint64_t end);
};

struct xenbus_device {
    const struct xenbus_driver *driver;
    char path[32], backend[96]; /* directories; the backend's is absolute */
    domid_t backend_id;
    enum xenbus_state state; /* as it was written */
    bool prepared;           /* and not stopped */
    bool online;             /* between start() and what ends it */
    bool left;               /* it was, and the backend is to close */
    bool worked;             /* it was online once */
    bool failed;             /* for good; one line has said why */
    bool held;               /* the backend has kept pages of a connection */
    struct xenbus_watch watch;
    char watched[104];
};

/*
 * Finds the device "kind/id" and begins to connect it. The structure is zeroed,
 * or was closed. 0; -ENOENT the domain has none; -E2BIG strange paths; errors
 * of the store.
 */
long xenbus_device_open(struct xenbus_device *d,
                        const struct xenbus_driver *driver, unsigned int id);
/* Serves events until the device is online: 0; -EIO it failed; -ETIMEDOUT. */
long xenbus_device_wait(struct xenbus_device *d, uint64_t ns);
/*
 * Ends the connection in order and waits some seconds for the backend to let
 * go. The structure is the caller's again and can be opened anew. Harmless if
 * it is not open. 0; or -EBUSY the backend has kept pages since it was opened:
 * they are its own until it unmaps them, and must not be used again.
 */
long xenbus_device_close(struct xenbus_device *d);

/* For drivers: gives the device up, with one line on the console and in the
 * store that says why. stop() has run when it returns. */
void xenbus_device_fail(struct xenbus_device *d, const char *why);
/* A number that the backend, or the toolstack for this end, has written. */
uint64_t xenbus_backend_number(struct xenbus_device *d, const char *name,
                               uint64_t otherwise);

#endif
