/* SPDX-License-Identifier: MIT */
/*
 * Writing into a device's directory. The toolstack may remove the directory at
 * any time, and a plain write afterwards would bring it back as a ghost that
 * nobody removes any more.
 */
#ifndef BACKENDS_COMMON_DEVICE_NODE_H
#define BACKENDS_COMMON_DEVICE_NODE_H

#include <xenstore.h>

/* device: the path of its directory. -ENOENT: the device has been removed. */
int device_write(struct xs_handle *xs, const char *device, const char *key,
                 const char *value);

#endif
