/* SPDX-License-Identifier: MIT */
/* What the kernel says of block devices in /sys. */
#ifndef BACKENDS_BLOCK_SYSFS_H
#define BACKENDS_BLOCK_SYSFS_H

#include <stdbool.h>
#include <sys/types.h>

/* The device's attribute, or that of the disk of which it is a partition: a
 * number, and whether it is this line. 0 and false: there is none, or dev is no
 * block device. */
unsigned long sysfs_number(dev_t dev, const char *name);
bool sysfs_says(dev_t dev, const char *name, const char *text);

#endif
