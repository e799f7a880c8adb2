/* SPDX-License-Identifier: MIT */
/* The state machine of frontends; see pv/xenbus_device.h. */
#include <pv/xenbus_device.h>

#define CLOSE_NS (5 * SECOND_NS)
#define LEAVE_NS SECOND_NS

static struct xenbus_device *device_of(struct xenbus_watch *w)
{
    return (struct xenbus_device *)((char *)w -
                                    offsetof(struct xenbus_device, watch));
}

/* Nonsense is like no node. */
static enum xenbus_state backend_state(const struct xenbus_device *d)
{
    uint64_t state = xenbus_number(d->backend, "state", XenbusStateUnknown);

    return state <= XenbusStateReconfigured ? (enum xenbus_state)state
                                            : XenbusStateUnknown;
}

static long set_state(struct xenbus_device *d, enum xenbus_state state)
{
    long rc = xenbus_printf(NULL, d->path, "state", "%u", state);

    if (!rc)
        d->state = state;
    return rc;
}

/* False: the backend holds pages that it was granted. */
static bool stop(struct xenbus_device *d)
{
    bool all;

    d->online = d->left = d->prepared = false;
    all = d->driver->stop(d);
    d->held = d->held || !all;
    return all;
}

/* Whatever it holds. */
static void stop_for_good(struct xenbus_device *d)
{
    if (!stop(d))
        printf("%s: the backend still holds pages of the guest's\n", d->path);
}

static void give_up(struct xenbus_device *d, const char *why)
{
    printf("%s: %s: the device is given up\n", d->path, why);
    d->failed = true;
    stop_for_good(d);
}

void xenbus_device_fail(struct xenbus_device *d, const char *why)
{
    char dir[40];

    if (d->failed)
        return;
    give_up(d, why);
    snprintf(dir, sizeof(dir), "error/%s", d->path);
    xenbus_printf(NULL, dir, "error", "%u %s", EIO, why);
    set_state(d, XenbusStateClosing);
}

/* --- what the backend's states are answered with -------------------------- */

static long publish(const struct xenbus_tx *tx, void *arg)
{
    struct xenbus_device *d = arg;

    return d->driver->publish(d, tx);
}

static void connect(struct xenbus_device *d)
{
    d->prepared = true;
    if (d->driver->prepare(d))
        xenbus_device_fail(d, "no memory, grant or port for its rings");
    else if (xenbus_transaction(publish, d) ||
             set_state(d, d->driver->published))
        xenbus_device_fail(d, "its nodes cannot be written");
}

static void start(struct xenbus_device *d)
{
    if (d->driver->start(d))
        xenbus_device_fail(d, "the backend does not say what the device is");
    if (d->failed || d->online)
        return;
    d->online = d->worked = true;
    if (d->state != XenbusStateConnected)
        set_state(d, XenbusStateConnected);
}

/* Rings and buffers are the backend's until it has closed, too. What it has
 * under way it may finish before: it need not be able to wait for that and to
 * hear of this end at the same time (QEMU says that it has closed before it
 * has, and then never comes back). */
static void leave(struct xenbus_device *d)
{
    if (d->online && d->driver->drain)
        d->driver->drain(d, system_time() + LEAVE_NS);
    d->left = d->left || d->online;
    d->online = false;
    if (d->state != XenbusStateClosed)
        set_state(d, XenbusStateClosed);
}

/* What it holds is lost, and there could be more each time. */
static void begin(struct xenbus_device *d)
{
    if (stop(d))
        set_state(d, XenbusStateInitialising);
    else
        xenbus_device_fail(d, "the backend holds pages of a connection that "
                              "has ended");
}

/* One that has never worked would fail again, as fast as it can. One that is
 * taken away is no error: nobody is told but the program, which may wait since
 * the connection before. */
static void backend_gone(struct xenbus_device *d)
{
    bool stays = xenbus_backend_number(d, "online", 0) == 1;

    if (!xenbus_answers()) /* it says neither that it is gone nor that it stays
                            */
        return;
    if ((d->online || d->left) && stays) {
        begin(d);
    } else if (d->prepared || (d->worked && !stays)) {
        give_up(d, "the backend has closed it");
        leave(d);
    }
}

/* A backend that waits although the device works was replaced meanwhile by one
 * that knows nothing of it. */
static void look(struct xenbus_device *d)
{
    switch (backend_state(d)) {
    case XenbusStateInitWait:
        if (d->online || d->left)
            begin(d);
        if (d->state == XenbusStateInitialising)
            connect(d);
        break;
    case XenbusStateConnected:
        if (d->prepared && d->state != XenbusStateClosed)
            start(d);
        break;
    case XenbusStateClosing:
        if (d->prepared)
            leave(d);
        break;
    case XenbusStateClosed:
    case XenbusStateUnknown:
        backend_gone(d);
        break;
    default:
        break;
    }
}

static void changed(struct xenbus_watch *w)
{
    struct xenbus_device *d = device_of(w);
    enum xenbus_state now;

    if (!d->failed) {
        look(d);
        return;
    }
    now = backend_state(d);
    if (now == XenbusStateClosing || now == XenbusStateClosed)
        leave(d);
}

/* Where the toolstack has put both ends. */
static long find(struct xenbus_device *d)
{
    char node[48];
    uint64_t domid;
    long rc;

    snprintf(node, sizeof(node), "%s/backend", d->path);
    rc = xenbus_read(NULL, node, d->backend, sizeof(d->backend));
    domid = xenbus_number(d->path, "backend-id", DOMID_INVALID);
    if (rc >= 0 && domid >= DOMID_FIRST_RESERVED)
        rc = -ENOENT;
    d->backend_id = domid;
    snprintf(d->watched, sizeof(d->watched), "%s/state", d->backend);
    return rc < 0 ? rc : 0;
}

/* The backend is another one, and has nothing of what the old one had. */
static void resumed(struct xenbus_watch *w)
{
    struct xenbus_device *d = device_of(w);

    if (d->failed)
        return;
    stop(d);
    if (find(d) || set_state(d, XenbusStateInitialising))
        xenbus_device_fail(d, "it is not there after a restore");
}

static void suspending(struct xenbus_watch *w, uint64_t end)
{
    struct xenbus_device *d = device_of(w);

    if (d->driver->drain)
        d->driver->drain(d, end);
}

static void ignore(struct xenbus_watch *w)
{
}

/* --- for programs and drivers --------------------------------------------- */

uint64_t xenbus_backend_number(struct xenbus_device *d, const char *name,
                               uint64_t otherwise)
{
    return xenbus_number(d->backend, name, otherwise);
}

long xenbus_device_open(struct xenbus_device *d,
                        const struct xenbus_driver *driver, unsigned int id)
{
    long rc = xenbus_open();

    d->driver = driver;
    d->prepared = d->online = d->worked = d->failed = d->held = false;
    d->watch = (struct xenbus_watch){.path = d->watched,
                                     .changed = changed,
                                     .suspending = suspending,
                                     .resumed = resumed};
    snprintf(d->path, sizeof(d->path), "device/%s/%u", driver->kind, id);
    rc = rc ? rc : find(d);
    rc = rc ? rc : set_state(d, XenbusStateInitialising);
    rc = rc ? rc : xenbus_watch(&d->watch);
    if (rc)
        d->driver = NULL;
    return rc;
}

static bool is_decided(const void *arg)
{
    const struct xenbus_device *d = arg;

    return d->online || d->failed;
}

long xenbus_device_wait(struct xenbus_device *d, uint64_t ns)
{
    if (!events_serve_until(is_decided, d, ns))
        return -ETIMEDOUT;
    return d->failed ? -EIO : 0;
}

static bool is_closed(const void *arg)
{
    enum xenbus_state state = backend_state(arg);

    return state == XenbusStateClosed || state == XenbusStateUnknown;
}

static bool is_closing(const void *arg)
{
    return is_closed(arg) || backend_state(arg) == XenbusStateClosing;
}

/* Linux's disks let go of pages when they see that this end is closed; and a
 * backend that has not seen it would not see the next beginning. */
long xenbus_device_close(struct xenbus_device *d)
{
    if (!d->driver)
        return 0;
    d->watch.changed = ignore;
    if (d->prepared && !set_state(d, XenbusStateClosing))
        events_serve_until(is_closing, d, CLOSE_NS);
    if (!set_state(d, XenbusStateClosed))
        events_serve_until(is_closed, d, CLOSE_NS);
    stop_for_good(d);
    xenbus_unwatch(&d->watch);
    d->driver = NULL;
    return d->held ? -EBUSY : 0;
}
