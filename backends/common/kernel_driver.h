/* SPDX-License-Identifier: MIT */
/*
 * The kernel has backends of its own for the same devices. Its driver takes all
 * of a kind as soon as it is loaded, and two backends on one ring would destroy
 * the guest's data, so that kind is left to it.
 */
#ifndef BACKENDS_COMMON_KERNEL_DRIVER_H
#define BACKENDS_COMMON_KERNEL_DRIVER_H

/* kind: "vbd", "vif"; any other is nobody's but ours. The name of the kernel's
 * driver if it serves the kind now, or NULL. */
const char *kernel_driver(const char *kind);
/* The same, loaded or not. NULL: it has none. */
const char *kernel_driver_name(const char *kind);

#endif
