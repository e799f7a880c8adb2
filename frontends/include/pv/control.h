/* SPDX-License-Identifier: MIT */
/*
 * What the toolstack asks the guest for by control/shutdown. Within
 * events_serve() the library answers to "suspend": so the guest is saved,
 * restored and migrated, and goes on where it was. Requests to disks that were
 * under way are waited for before, up to 5 s in all. Devices are then
 * connected anew, as to a backend that has closed: requests to disks that were
 * not answered are asked for again, frames on their way are lost. Grants of a
 * program's own (pv/grant_table.h) and its ports are void after a restore; such
 * grants have to be ended nevertheless.
 *
 * One vcpu, with upcalls off.
 */
#ifndef PV_CONTROL_H
#define PV_CONTROL_H

#include <pv/xenbus.h>

/* From now on asked(how) runs in events_serve() for every other word:
 * "poweroff", "reboot", "halt", or what a toolstack may think of. NULL: the
 * guest ends, by "reboot" to be started again. 0, or an error of the store. */
long control_open(void (*asked)(const char *how));

#endif
