/* SPDX-License-Identifier: MIT */
/*
 * Writing into a device's directory. The toolstack may remove the directory at
 * any time, and a plain write afterwards would bring it back as a ghost that
 * nobody removes any more. So nodes are collected first and written in one
 * transaction, all or none.
 */
#ifndef BACKENDS_COMMON_DEVICE_NODE_H
#define BACKENDS_COMMON_DEVICE_NODE_H

#include <xenstore.h>

/* More than any device has to write at a time. */
#define DEVICE_NODES 20

/* Empty when it is all zero. */
struct device_nodes {
    int error; /* -errno of the first node that could not be added; 0: none */
    unsigned int count;
    struct {
        const char *key;
        char value[32];
    } node[DEVICE_NODES];
};

/* key: stays the caller's and must live until the nodes are written. Failure is
 * kept and comes out of device_write(). */
void device_node_add(struct device_nodes *n, const char *key, const char *fmt,
                     ...) __attribute__((format(printf, 3, 4)));

/* device: the path of its directory. 0 or -errno; -ENOENT: the device has been
 * removed, and nothing is written. */
int device_write(struct xs_handle *xs, const char *device,
                 const struct device_nodes *n);

/* Writes the state node alone. */
int device_set_state(struct xs_handle *xs, const char *device, int state);

#endif
