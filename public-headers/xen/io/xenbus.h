/* SPDX-License-Identifier: MIT */
/*
 * The "state" node of each end of a device. Each end writes its own and
 * watches the other's:
 *
 *   backend   InitWait: "I can do this and that", waits for the frontend
 *   frontend  Initialised: wrote ring-ref and event-channel
 *   backend   Connected: mapped the ring, wrote the device's properties
 *   frontend  Connected: the device is there
 *   either    Closing, then Closed when its part of the work is over
 */
#ifndef _XEN_PUBLIC_IO_XENBUS_H
#define _XEN_PUBLIC_IO_XENBUS_H

enum xenbus_state {
    XenbusStateUnknown = 0, /* also: no such node */
    XenbusStateInitialising = 1,
    XenbusStateInitWait = 2,
    XenbusStateInitialised = 3,
    XenbusStateConnected = 4,
    XenbusStateClosing = 5,
    XenbusStateClosed = 6,
    XenbusStateReconfiguring = 7,
    XenbusStateReconfigured = 8
};
typedef enum xenbus_state XenbusState;

#endif
