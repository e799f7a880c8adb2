/* SPDX-License-Identifier: MIT */
/*
 * A guest's interface, which must outlive the process that serves it: it would
 * have to be put on its bridge again, which nobody does for a guest that runs.
 */
#ifndef BACKENDS_SUPERVISOR_INTERFACE_H
#define BACKENDS_SUPERVISOR_INTERFACE_H

#include "devices.h"

/* For device_kind.keep. */
int interface_keep(struct devices *ds, const char *path, bool fresh);

#endif
