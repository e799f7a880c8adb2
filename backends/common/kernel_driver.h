/* SPDX-License-Identifier: MIT */
/*
 * The kernel has backends of its own for the same devices. Two backends on one
 * ring would destroy the guest's data, so a kind that the kernel's serve is
 * left to them.
 */
#ifndef BACKENDS_COMMON_KERNEL_DRIVER_H
#define BACKENDS_COMMON_KERNEL_DRIVER_H

/* kind: "vbd" or "vif". The name of the kernel's driver if it serves the kind,
 * or NULL. */
const char *kernel_driver(const char *kind);

#endif
