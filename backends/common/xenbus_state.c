/* SPDX-License-Identifier: MIT */
/*
 * The xenbus state machine of a backend; see xenbus_state.h.
 */
#include "xenbus_state.h"

/* The frontend holds nothing of the device (any more, or yet). */
static bool frontend_idle(const struct xenbus_view *v)
{
    return v->frontend == XenbusStateUnknown ||
           v->frontend == XenbusStateInitialising ||
           v->frontend == XenbusStateClosed;
}

/* As far as the frontend knows. */
static bool serving(const struct xenbus_view *v)
{
    return v->mine == XenbusStateConnected ||
           v->mine == XenbusStateReconfigured;
}

/* A process before this one was killed while it served the frontend, who has
 * not let go. The toolstack may have written Closing, to ask it to. */
static bool can_resume(const struct xenbus_view *v)
{
    return v->recorded && !v->connected && !frontend_idle(v) &&
           v->frontend != XenbusStateClosing &&
           (serving(v) || v->mine == XenbusStateClosing);
}

/* Likewise, but there is nothing to resume, or nobody for whom. */
static bool orphaned(const struct xenbus_view *v)
{
    return serving(v) && !v->connected;
}

/* The toolstack removes the device. A frontend that still uses it sees the
 * Closing that the toolstack wrote and gets the time it needs; the toolstack
 * removes the frontend's directory when it does not want to wait. */
static enum xenbus_action next_offline(const struct xenbus_view *v)
{
    if (frontend_idle(v)) /* it waits for Closed, after it wrote Closing */
        return v->mine == XenbusStateClosed && !v->overwritten ? XENBUS_FINISH
                                                               : XENBUS_CLOSE;
    if (v->frontend == XenbusStateClosing && v->connected)
        return XENBUS_DISCONNECT;
    return XENBUS_NOTHING;
}

enum xenbus_action xenbus_next(const struct xenbus_view *v)
{
    if (!v->present)
        return XENBUS_FINISH;
    if (can_resume(v))
        return XENBUS_RESUME;
    if (orphaned(v))
        return v->frontend == XenbusStateClosing ? XENBUS_DISCONNECT
                                                 : XENBUS_CLOSE;
    if (v->busy) /* it could mix with the next one's, or another device's */
        return XENBUS_NOTHING;
    if (!v->online)
        return next_offline(v);
    /* Trying the same again would fail for ever, as fast as we can. */
    if (v->failed)
        return v->mine == XenbusStateClosing ? XENBUS_CLOSE : XENBUS_NOTHING;

    switch (v->frontend) {
    case XenbusStateInitialising:
        /* A new driver (boot, kexec, reload): whatever was is over. */
        if (v->connected)
            return XENBUS_CLOSE;
        if (v->mine != XenbusStateInitWait)
            return XENBUS_ANNOUNCE;
        return XENBUS_NOTHING;
    case XenbusStateInitialised:
    case XenbusStateConnected:
        /* Closing: it did not wait until a former connection was over. */
        if (v->mine == XenbusStateInitialising || v->mine == XenbusStateClosing)
            return XENBUS_ANNOUNCE;
        if (v->mine == XenbusStateInitWait && v->ready)
            return XENBUS_CONNECT;
        if (v->adapts && v->mine == XenbusStateReconfigured)
            return XENBUS_ADAPT;
        return XENBUS_NOTHING;
    case XenbusStateReconfiguring:
        if (v->mine == XenbusStateInitialising)
            return XENBUS_ANNOUNCE;
        if (v->adapts && v->mine == XenbusStateConnected)
            return XENBUS_ADAPT;
        return XENBUS_NOTHING;
    case XenbusStateClosing:
        if (v->mine == XenbusStateClosing || v->mine == XenbusStateClosed)
            return XENBUS_NOTHING;
        return XENBUS_DISCONNECT;
    case XenbusStateClosed:
    case XenbusStateUnknown:
        /* Before the first announcement an absent frontend is just late. */
        if (v->mine == XenbusStateInitialising)
            return XENBUS_ANNOUNCE;
        if (v->mine == XenbusStateClosed)
            return XENBUS_NOTHING;
        if (v->mine == XenbusStateInitWait && !v->connected)
            return XENBUS_NOTHING;
        return XENBUS_CLOSE;
    default: /* InitWait, Reconfigured: the backend has nothing to do */
        if (v->mine == XenbusStateInitialising)
            return XENBUS_ANNOUNCE;
        return XENBUS_NOTHING;
    }
}
