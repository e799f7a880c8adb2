/* SPDX-License-Identifier: MIT */
/*
 * The driver of the state machine; the decisions themselves are in
 * xenbus_state.c, what is read and written in xenbus_nodes.c.
 */
#include "xenbus.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <base/number.h>
#include <daemon/clock.h>
#include <daemon/log.h>

#include "xenbus_nodes.h"
#include "xenbus_watch.h"

/* The process of a guest's former self, before a reboot or on the other side of
 * a migration within this host, may take a moment to let go. */
#define BUSY_MS       5000
#define BUSY_RETRY_MS 10

#define SERVE_FIRST_MS 10

/* So many at once, more than a life has; then the rings are looked at. */
#define STEPS         16
#define MORE_STEPS_MS 1000

/* That what a disconnect has left may take, before somebody is told; and at the
 * device's end, before it is left to the kernel. */
#define PATIENCE_MS 5000
#define UNFINISHED                                                             \
    "the medium does not finish what it was given: the device is not closed "  \
    "before"
#define PREDECESSOR                                                            \
    "waiting for the medium, which has not finished what its former user "     \
    "asked for"

/* A process that was killed may have given to its medium what is not done yet;
 * as long as nobody has opened the device, this one has nothing of its own. */
static bool inherits(struct xenbus_device *d)
{
    return !d->opened && record_claim(&d->record) == -EAGAIN;
}

static bool busy(struct xenbus_device *d)
{
    return (d->ops->busy && d->ops->busy(d)) || inherits(d);
}

/* What is not over is not called so. */
static bool close_device(struct xenbus_device *d)
{
    return xenbus_set_state(d,
                            busy(d) ? XenbusStateClosing : XenbusStateClosed);
}

static enum xenbus_state frontend_state(struct xenbus_device *d)
{
    uint64_t state;
    int rc = xenbus_frontend_uint(d, "state", XenbusStateUnknown,
                                  XenbusStateReconfigured, &state);

    if (store_lost(&d->store))
        return d->seen;
    if (!rc)
        return d->seen = state;
    log_warning("%s", log_take_reason(rc));
    return d->seen = XenbusStateUnknown;
}

static void be_patient(struct xenbus_device *d)
{
    if (busy(d) && !d->patience.armed && !d->overdue)
        event_timer_set(d->loop, &d->patience, PATIENCE_MS);
}

/* For good: no successor goes on from here. */
static void stop_service(struct xenbus_device *d)
{
    record_set_connected(&d->record, false);
    if (d->connected)
        d->ops->disconnect(d);
    d->connected = false;
    be_patient(d);
}

void xenbus_fatal(struct xenbus_device *d, int err, const char *fmt, ...)
{
    char text[256];
    va_list ap;
    int n;

    n = snprintf(text, sizeof(text), "%d ", err < 0 ? -err : err);
    va_start(ap, fmt);
    vsnprintf(text + n, sizeof(text) - n, fmt, ap);
    va_end(ap);
    log_error("%s", text);
    stop_service(d); /* which ends lesser trouble */
    xenbus_write_error(d, text);
    d->failed = true;
    d->failed_at = frontend_state(d);
    close_device(d);
}

/* Of the reason as who failed put it. */
static void give_up(struct xenbus_device *d, const char *what, int rc)
{
    xenbus_fatal(d, rc, "%s: %s", what, log_take_reason(rc));
}

/* What only this try has met, or only the medium: not what the guest or the
 * record says. */
static bool may_pass(int rc)
{
    return rc != -EINVAL && rc != -EPROTO && rc != -EPROTONOSUPPORT &&
           rc != -EOPNOTSUPP;
}

/* The guest uses the device, and only this process cannot serve it on: it ends
 * and leaves all as it was. The supervisor tells why, and starts the next one
 * for as long as it takes. */
static void leave_to_successor(struct xenbus_device *d, const char *what,
                               int rc)
{
    log_error("%s: %s", what, log_take_reason(rc));
    event_loop_stop(d->loop, 1);
}

/* What a process before this one has written is ours. */
static void take_up_state(struct xenbus_device *d, const char *text)
{
    uint64_t state;

    if (d->state == XenbusStateUnknown && text)
        d->state = parse_uint(text, XenbusStateReconfigured, &state)
                       ? (enum xenbus_state)state
                       : XenbusStateInitialising;
}

static void look(struct xenbus_device *d, struct xenbus_view *v)
{
    char *state = xenbus_read(d, "state"), *online;

    take_up_state(d, state);

    /* "Initialising" that we did not write: the directory was removed and made
     * anew under our feet. That is a new device, with a new process. */
    v->present =
        state ? strcmp(state, "1") != 0 || d->state == XenbusStateInitialising
              : errno != ENOENT;
    online = xenbus_read(d, "online");
    v->online = online && !strcmp(online, "1");
    v->frontend = frontend_state(d);
    if (v->frontend != d->failed_at)
        d->failed = false;
    v->failed = d->failed;
    v->mine = d->state;
    v->overwritten = state && strtoul(state, NULL, 10) != d->state;
    v->connected = d->connected;
    v->busy = busy(d);
    v->adapts = d->ops->changed;
    v->recorded = record_connected(&d->record);
    v->ready = v->mine == XenbusStateInitWait && d->ops->ready(d);
    free(state);
    free(online);
}

static bool needs_opening(struct xenbus_device *d, enum xenbus_action action)
{
    switch (action) {
    case XENBUS_ANNOUNCE:
        return d->ops->opens_for == XENBUS_ANNOUNCE;
    case XENBUS_CONNECT:
    case XENBUS_RESUME:
        return d->ops->opens_for != XENBUS_NOTHING;
    default:
        return false;
    }
}

/* True: not yet, the device's owner has to open it first. */
static bool open_first(struct xenbus_device *d, enum xenbus_action action)
{
    if (d->opened || !needs_opening(d, action))
        return false;
    if (d->busy.armed)
        return true;
    d->open_wanted = true;
    d->resuming = action == XENBUS_RESUME;
    event_loop_stop(d->loop, 0);
    return true;
}

static void on_busy(struct event_timer *t)
{
    struct xenbus_device *d = container_of(t, struct xenbus_device, busy);

    if (busy(d))
        xenbus_advance(d);
    else
        xenbus_quiet(d);
    if (d->unwatched && !d->busy.armed && !d->open_wanted)
        event_timer_set(d->loop, &d->later, 0);
}

/* Not to open the device: to see it closed, when nothing is left to do. */
static void wait_for_predecessor(struct xenbus_device *d)
{
    if (!inherits(d))
        return;
    be_patient(d);
    event_timer_set(d->loop, &d->busy, BUSY_RETRY_MS);
}

/* False: it has been in use for too long. A predecessor's I/O takes as long as
 * it takes; the guest would have waited for it anyway. */
static bool open_later(struct xenbus_device *d, int rc)
{
    if (!d->busy_until_ms || rc == -EAGAIN)
        d->busy_until_ms = now_ms() + BUSY_MS;
    if (now_ms() >= d->busy_until_ms)
        return false;
    event_timer_set(d->loop, &d->busy, BUSY_RETRY_MS);
    return true;
}

/* An administrator should know why a guest gets no disk. */
static void tell_of_waiting(struct xenbus_device *d, bool waits)
{
    if (waits && !d->wait_until_ms) {
        d->wait_until_ms = now_ms() + BUSY_MS;
    } else if (waits && !d->waits && now_ms() >= d->wait_until_ms) {
        d->waits = true;
        xenbus_trouble(d, EAGAIN, PREDECESSOR);
    } else if (!waits) {
        if (d->waits)
            xenbus_trouble_over(d);
        d->waits = false;
        d->wait_until_ms = 0;
    }
}

/* A guest has waited for a successor to serve it: what else there is to be done
 * comes after its requests. */
static void look_later(struct xenbus_device *d)
{
    if (d->resume_now || d->unwatched)
        event_timer_set(d->loop, &d->later, SERVE_FIRST_MS);
}

void xenbus_opened(struct xenbus_device *d, int rc)
{
    d->open_wanted = false;
    d->opened = !rc;
    if (rc && store_lost(&d->store))
        return;
    tell_of_waiting(d, rc == -EAGAIN);
    if ((rc == -EBUSY || rc == -EAGAIN) && open_later(d, rc)) {
        log_take_reason(rc); /* it may not be why something fails later */
        return;
    }
    d->busy_until_ms = 0;
    d->resume_now = !rc && d->resuming;
    look_later(d);
    if (!rc)
        event_timer_cancel(d->loop, &d->patience); /* with its predecessor */
    if (rc && d->resuming)
        leave_to_successor(d, "cannot open the device again", rc);
    else if (rc)
        give_up(d, "cannot open the device", rc);
}

static void announce(struct xenbus_device *d)
{
    struct device_nodes nodes = {0};
    int rc;

    d->ops->announce(d, &nodes);
    rc = xenbus_enter_state(d, XenbusStateInitWait, &nodes);
    if (rc)
        give_up(d, "cannot announce the device", rc);
}

static int connect_frontend(struct xenbus_device *d, struct device_nodes *nodes,
                            bool resume)
{
    int rc;

    d->connecting = d->record.head;
    rc = d->ops->connect(d, nodes, resume);
    d->connecting = false;
    return rc;
}

static void connect_device(struct xenbus_device *d)
{
    struct device_nodes nodes = {0};
    int rc;

    if (d->record.head)
        kept_nodes_reset(&d->record.head->nodes);
    rc = connect_frontend(d, &nodes, false);
    d->connected = !rc;
    if (rc && store_lost(&d->store))
        return;
    if (!rc)
        record_set_connected(&d->record, true);
    rc = rc ? rc : xenbus_enter_state(d, XenbusStateConnected, &nodes);
    if (rc)
        give_up(d, "cannot connect", rc);
    else
        log_info("connected");
}

/* A frontend that takes part is told when it has what it wants. */
static bool adapt(struct xenbus_device *d, enum xenbus_state frontend)
{
    d->ops->changed(d);
    return xenbus_set_state(d, frontend == XenbusStateReconfiguring
                                   ? XenbusStateReconfigured
                                   : XenbusStateConnected);
}

/* What the store has of the device is true already; but the end of a trouble
 * that was another's to tell is ours. */
static void resume_device(struct xenbus_device *d)
{
    struct device_nodes unused = {0};
    int rc = connect_frontend(d, &unused, true);

    d->connected = !rc;
    if (rc && store_lost(&d->store))
        return;
    if (rc && may_pass(rc)) {
        leave_to_successor(d, "cannot serve on yet", rc);
        return;
    }
    if (rc) {
        give_up(d, "cannot serve on after the backend was killed", rc);
        return;
    }
    if (d->state != XenbusStateReconfigured)
        d->state = XenbusStateConnected;
    xenbus_write_error(d, "");
    log_info("serving on in the place of a backend that was killed");
}

/* The process does not wait for ever: what it was the only one to hold is free
 * then, and the medium is not, as long as the kernel is busy with it. */
static void finish(struct xenbus_device *d)
{
    if (!busy(d)) {
        log_info("device closed");
        event_loop_stop(d->loop, 0);
        return;
    }
    if (d->ops->leave)
        d->ops->leave(d);
    if (d->overdue) {
        log_error("the guest and its device have gone, but what it wrote last "
                  "may still reach the medium: nobody else can use it before");
        event_loop_stop(d->loop, 1);
    }
}

/* False: nothing left to do for now. */
static bool step(struct xenbus_device *d)
{
    struct xenbus_view v;
    enum xenbus_action action;

    look(d, &v);
    if (store_lost(&d->store))
        return false;
    action = xenbus_next(&v);
    if (!needs_opening(d, action)) {
        d->busy_until_ms = 0; /* nobody waits for it any more */
        wait_for_predecessor(d);
    }
    switch (action) {
    case XENBUS_NOTHING:
        return false;
    case XENBUS_ANNOUNCE:
        if (open_first(d, action))
            return false;
        announce(d);
        return !d->failed;
    case XENBUS_CONNECT:
        if (open_first(d, action))
            return false;
        connect_device(d);
        return !d->failed;
    case XENBUS_RESUME:
        if (open_first(d, action))
            return false;
        resume_device(d);
        return !d->failed;
    case XENBUS_ADAPT:
        return adapt(d, v.frontend);
    case XENBUS_DISCONNECT:
        stop_service(d);
        xenbus_set_state(d, XenbusStateClosing);
        return true;
    case XENBUS_CLOSE:
        if (v.mine == XenbusStateConnected && !v.connected && !v.recorded)
            log_warning("the backend before this one left nothing to go on "
                        "from");
        stop_service(d);
        return close_device(d);
    case XENBUS_FINISH:
        stop_service(d);
        finish(d);
        return false;
    }
    return false;
}

/* True: the store does not know the guest, so it says nothing about it. */
static bool still_unknown(struct xenbus_device *d)
{
    char *state = d->unknown ? xenbus_read(d, "state") : NULL;

    if (state)
        d->unknown = false;
    free(state);
    return d->unknown;
}

/* False: there are more. A frontend may change as fast as it is answered. */
static bool take_steps(struct xenbus_device *d)
{
    for (int i = 0; i < STEPS; i++)
        if (d->loop->stopped || !step(d))
            return true;
    return false;
}

void xenbus_advance(struct xenbus_device *d)
{
    if (store_lost(&d->store) || still_unknown(d))
        return;
    if (d->resume_now) {
        d->resume_now = false;
        resume_device(d);
        return;
    }
    if (!take_steps(d)) {
        event_timer_set(d->loop, &d->later, MORE_STEPS_MS);
        return;
    }
    if (d->connected && d->ops->changed && !store_lost(&d->store))
        d->ops->changed(d);
}

static void on_overdue(struct event_timer *t)
{
    struct xenbus_device *d = container_of(t, struct xenbus_device, patience);

    d->overdue = true;
    if (*d->error)
        log_warning("%s%s", d->error, "; " UNFINISHED);
    else
        xenbus_trouble(d, ETIMEDOUT, UNFINISHED);
    xenbus_advance(d);
}

void xenbus_quiet(struct xenbus_device *d)
{
    event_timer_cancel(d->loop, &d->patience);
    if (d->overdue)
        xenbus_trouble_over(d);
    d->overdue = false;
    xenbus_advance(d);
}

static bool is_kind(const struct xenbus_ops *ops, const char *kind)
{
    return !strcmp(kind, ops->kind) ||
           (ops->process && !strcmp(kind, ops->process));
}

static int parse_path(struct xenbus_device *d, const char *path)
{
    char kind[16], trailing;

    if (sscanf(path, "backend/%15[^/]/%u/%u%c", kind, &d->domid, &d->devid,
               &trailing) != 3 ||
        !is_kind(d->ops, kind) || d->domid >= DOMID_FIRST_RESERVED)
        return log_reason(-EINVAL, "'%s' is not backend/%s/DOMID/DEVID", path,
                          d->ops->kind);
    log_prefix("%s-%u-%u", kind, d->domid, d->devid);
    d->path = strdup(path);
    return d->path ? 0 : -ENOMEM;
}

int xenbus_open(struct xenbus_device *d, struct event_loop *loop,
                const char *path, const struct xenbus_ops *ops)
{
    int rc;

    d->loop = loop;
    d->ops = ops;
    d->busy.fire = on_busy;
    d->patience.fire = on_overdue;
    rc = parse_path(d, path);
    if (rc)
        return rc;
    xenbus_watch_begin(d);
    return store_client_open(&d->store, loop);
}

void xenbus_close(struct xenbus_device *d)
{
    event_timer_cancel(d->loop, &d->busy);
    event_timer_cancel(d->loop, &d->patience);
    event_timer_cancel(d->loop, &d->later);
    event_timer_cancel(d->loop, &d->pace);
    store_client_close(&d->store);
    free(d->path);
    free(d->frontend);
    d->path = d->frontend = NULL;
}
