/* SPDX-License-Identifier: MIT */
/*
 * What a hotplug script has found a medium to be: MAJOR:MINOR, a block device,
 * or file:DEVICE:INODE, all decimal. The medium's path may be another one's by
 * the time that a successor opens it, and what the guest wrote is not for that.
 */
#ifndef BACKENDS_BLOCK_MEDIUM_ID_H
#define BACKENDS_BLOCK_MEDIUM_ID_H

#include <stdbool.h>

struct medium_id {
    char text[64]; /* "": no script has said it */
};

/* From the device's nodes, which no backend can write: physical-device-id of
 * our script, or else physical-device, which others write of block devices
 * alone. NULL: there is no such node. */
struct medium_id medium_id_from(const char *id, const char *number);

/* Does fd have it open? Without a question to a file server. */
bool medium_id_is(const struct medium_id *id, int fd);

#endif
