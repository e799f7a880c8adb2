/* SPDX-License-Identifier: MIT */
/*
 * The kernel has backends of its own for the same devices. Two backends on one
 * ring would destroy the guest's data, so these backends do not run beside the
 * kernel's.
 */
#ifndef BACKENDS_COMMON_KERNEL_DRIVER_H
#define BACKENDS_COMMON_KERNEL_DRIVER_H

#include <stdbool.h>

/* kind: "vbd" or "vif". True: the kernel serves it; a line has been logged. */
bool kernel_serves(const char *kind);

#endif
