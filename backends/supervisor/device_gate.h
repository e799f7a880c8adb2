/* SPDX-License-Identifier: MIT */
/*
 * What passes between the process of one device and the store
 * (common/store_gate.h):
 *
 *   reading and watching   the device's directory, the guest's own directory,
 *                          the device's error node, this domain's number; eight
 *                          watches
 *   writing                of the device's directory the nodes that a backend
 *                          announces itself by, but none of those by which the
 *                          toolstack tells it and its successor what to open;
 *                          the error node; the MTU in a network frontend's
 *   transactions           one at a time
 *   requests               400 at once, later 200 in a second
 */
#ifndef BACKENDS_SUPERVISOR_DEVICE_GATE_H
#define BACKENDS_SUPERVISOR_DEVICE_GATE_H

#include "../common/store_gate.h"

struct device_gate {
    struct store_gate gate;
    const char *device; /* backend/KIND/DOMID/DEVID; must stay */
    /* The process is about to tell the guest of another size. NULL: nobody has
     * to know. */
    void (*resized)(struct device_gate *g);
    bool over; /* the device is: its directory takes nothing more */
};

/* Before the first store_gate_open(); the device is set, all others zero. */
void device_gate_begin(struct device_gate *g, struct event_loop *loop);

#endif
