/* SPDX-License-Identifier: MIT */
/*
 * A backend device in the store: its directory, its frontend's directory, the
 * watches on both and the state machine between them. A backend gives its
 * functions and is called when there is something to do:
 *
 *   announce    features; the frontend is about to read them
 *   connect     read the frontend's ring references, map, bind, serve; or
 *               serve on what a process before this one has left (record.h)
 *   changed     the frontend may want something else now, while connected
 *   disconnect  stop serving and unmap; may be called at any time
 *   busy        after that: not all that it served is done
 *   leave       the device has ended in spite of that
 *
 * The nodes that announce and connect add are written together with the state
 * that tells the frontend of them. A process that takes up another's rings
 * writes none: the frontend sees no change.
 *
 * The store may end and come back at any time (store_client.h). Rings stay
 * mapped and are served meanwhile; what was to be written is written then, and
 * the frontend's state is looked at again. A new store that does not know the
 * guest is no reason to take its device away: a directory that is absent when a
 * connection begins means the end of the device only if the guest's own
 * directory is there. Otherwise the device is served until its nodes come back,
 * or until xen-backendd, which asks the hypervisor, sees the guest's end.
 *
 * What a frontend says of its rings is read once for a connection and kept in
 * the record (kept_nodes.h): a successor serves on what was connected, and does
 * not make the guest wait for the store.
 *
 * Everything the frontend wrote is hostile: xenbus_frontend_uint() refuses what
 * is not a plain number within the given bounds. A frontend that writes its
 * state without end makes the device look at it twenty times in a second, no
 * more.
 */
#ifndef BACKENDS_COMMON_XENBUS_H
#define BACKENDS_COMMON_XENBUS_H

#include <stdint.h>

#include <daemon/event_loop.h>

#include "device_node.h"
#include "record.h"
#include "store_client.h"
#include "xenbus_state.h"

struct xenbus_device;

struct xenbus_ops {
    const char *kind;    /* "vbd" */
    const char *process; /* likewise, of what the kernel's driver is not to
                          * have; NULL: there is none */
    /* What first needs the device opened: XENBUS_ANNOUNCE, XENBUS_CONNECT, or
     * XENBUS_NOTHING if there is nothing to open. */
    enum xenbus_action opens_for;
    /* Nodes that may change at any time, up to NULL, and what reads them:
     * before anything else, and whenever one of them may have changed. NULL:
     * none. */
    const char *const *settings;
    void (*read_settings)(struct xenbus_device *d);
    void (*announce)(struct xenbus_device *d, struct device_nodes *nodes);
    bool (*ready)(struct xenbus_device *d);
    /* resume: go on as the record says. Fails with -ENOTCONN, having touched
     * nothing, if the store was lost while it read. */
    int (*connect)(struct xenbus_device *d, struct device_nodes *nodes,
                   bool resume);
    /* Nodes of the frontend that may change while connected, up to a NULL; and
     * what looks at them, perhaps in vain, and not if the store is away. Also
     * before Reconfigured is answered to a frontend that is Reconfiguring.
     * Both may be NULL. */
    const char *const *watched;
    void (*changed)(struct xenbus_device *d);
    void (*disconnect)(struct xenbus_device *d);
    /* xenbus_quiet() is called when that is over. Until then the device is not
     * Closed and has no other connection. NULL: never. What a process before
     * this one has left unfinished (record_claim()) counts as well. */
    bool (*busy)(struct xenbus_device *d);
    /* Its nodes are gone: what is busy is nobody's now. NULL: nothing. */
    void (*leave)(struct xenbus_device *d);
};

struct xenbus_device {
    struct event_loop *loop;
    const struct xenbus_ops *ops;
    struct record record;
    struct store_client store;
    char *path;     /* backend/KIND/DOMID/DEVID, relative to our domain */
    char *frontend; /* absolute path of the frontend's directory */
    unsigned int domid, devid;
    enum xenbus_state state;     /* Unknown: as the store has it */
    enum xenbus_state failed_at; /* frontend's state at a fatal error */
    enum xenbus_state seen;      /* frontend's state when last looked at */
    bool failed, connected;
    bool opened;
    bool open_wanted;         /* why the loop ended */
    bool resuming;            /* what it is to be opened for */
    bool resume_now;          /* it has been */
    bool connecting;          /* the frontend's nodes are kept */
    bool unwatched;           /* it is a successor that does not serve yet */
    struct event_timer later; /* until it looks at the device again */
    struct event_timer pace;  /* armed: looks are counted */
    unsigned int looks;
    struct event_timer busy;     /* until the next try to open it, or look at
                                  * what its predecessor has left */
    uint64_t busy_until_ms;      /* the last try; 0: none has failed */
    uint64_t wait_until_ms;      /* then it is told; 0: for no predecessor */
    bool waits;                  /* it was told */
    bool unknown;                /* the store has forgotten the guest */
    struct event_timer patience; /* with what is busy */
    bool overdue;                /* it is at an end */
    /* What the store has not taken; the state that belongs to it is above. */
    bool unwritten, error_unwritten;
    struct device_nodes nodes;
    char error[256]; /* "": there is none (any more) */
};

/*
 * path: "backend/KIND/DOMID/DEVID". Sets the log prefix. d is zero but for
 * store.ask and record. The loop ends with code 0 when the device is over, with
 * 1 when it is none or another process must try to serve it on, and with
 * open_wanted when the caller is to open the device and say what came of it by
 * xenbus_opened(); then it goes on with xenbus_advance() and the loop.
 */
int xenbus_open(struct xenbus_device *d, struct event_loop *loop,
                const char *path, const struct xenbus_ops *ops);
/* Before the process ends. If the device is not over, as when the process is
 * told to end, nothing is disconnected: its successor serves on, as if it had
 * been killed. */
void xenbus_close(struct xenbus_device *d);

/* rc: 0 or -errno, which is reported like any fatal error, unless a guest uses
 * the device already: then the next process tries again. But -EBUSY only if
 * that is still so after some seconds of trying again, and -EAGAIN never: it is
 * tried again for as long as it takes. Not if the store was
 * lost meanwhile: what the caller has read is worth nothing then, it has closed
 * the device again, and is asked once more. */
void xenbus_opened(struct xenbus_device *d, int rc);

/* Looks at the store and does what follows from it. */
void xenbus_advance(struct xenbus_device *d);

/* The device was busy after its disconnect, and is no more. */
void xenbus_quiet(struct xenbus_device *d);

/*
 * While connected: writes these nodes, and the state once more, by which the
 * frontend is told to look at them. 0 or -errno; -EAGAIN: the store is away,
 * try again later.
 */
int xenbus_renew(struct xenbus_device *d, const struct device_nodes *nodes);

/*
 * The device cannot go on: writes error/<path>/error ("errno text"), unmaps
 * and goes to Closed. The frontend may start again from Initialising.
 */
void xenbus_fatal(struct xenbus_device *d, int err, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* The device goes on, but an administrator should know: the error node says so
 * until it is over. There is room for one, and what was fatal stays. */
void xenbus_trouble(struct xenbus_device *d, int err, const char *what);
void xenbus_trouble_over(struct xenbus_device *d);

/* Our directory. The string is malloc()ed, NULL if absent. */
char *xenbus_read(struct xenbus_device *d, const char *key);

/* The frontend's directory: absent gives the default, nonsense -EINVAL. */
char *xenbus_frontend_read(struct xenbus_device *d, const char *key);
int xenbus_frontend_uint(struct xenbus_device *d, const char *key,
                         uint64_t absent, uint64_t max, uint64_t *value);

#endif
