/* SPDX-License-Identifier: MIT */
/*
 * All guests' consoles: which there are, by the store and, when that is away or
 * does not know them, by the hypervisor; and what they use together. There is
 * one such set, in the process that serves.
 */
#ifndef CONSOLE_CONSOLES_H
#define CONSOLE_CONSOLES_H

#include "console.h"

/* Opens the devices, as root, and reads nothing that a guest has made. The
 * options must stay. 0 or -errno, with a reason (log_reason()). */
int consoles_open(const struct console_options *options);
/* Without privileges: goes on with what a predecessor has left, says that it is
 * ready and serves. Returns the exit code. */
int consoles_serve(void);

#endif
