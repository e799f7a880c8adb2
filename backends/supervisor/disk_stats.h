/* SPDX-License-Identifier: MIT */
/*
 * What guests' disks have done, for Xen's libxenstat and so xentop. It knows
 * two kinds of backends: the kernel's by sysfs, and QEMU's by a socket for each
 * guest, qmp-libxenstat-DOMID, where QEMU answers questions in its protocol
 * QMP. Processes look like QEMU's here:
 *
 *   backend/qdisk/DOMID/DEVID/params  in the store; without that directory
 *                                     nobody looks for the socket. It names the
 *                                     disk as query-block does. There is no
 *                                     state, so it is no device.
 *   qmp_capabilities                  is answered as it must be
 *   query-blockstats, query-block     counts, and the names of disks
 *
 * The socket is root's. Where a QEMU of the guest answers already, it is left
 * to it.
 */
#ifndef BACKENDS_SUPERVISOR_DISK_STATS_H
#define BACKENDS_SUPERVISOR_DISK_STATS_H

#include <xenstore.h>

#include "devices.h"

/* A disk of this guest has come into ds->list, or is no more in it: the guest
 * has a socket as long as it has any. */
void disk_stats_check(struct devices *ds, unsigned int domid);

/* The node of a disk at path that is served, and of one that is over. Harmless
 * for other devices. */
void disk_stats_publish(struct xs_handle *xs, const char *path);
void disk_stats_withdraw(struct xs_handle *xs, const char *path);

#endif
