/* SPDX-License-Identifier: MIT */
/*
 * What the handles of libxencall, libxenevtchn, libxengnttab and
 * libxenforeignmemory have in common: an open device of the kernel, a logger,
 * and that they can be restricted to a domain. Inline, as these libraries are
 * separate objects and export no name for it.
 */
#ifndef DEVICE_HANDLE_H
#define DEVICE_HANDLE_H

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#include "active_handle.h"
#include "../toollog/open_device.h"
#include "../toollog/owned_logger.h"

/* The first member of a library's handle. Constant while it is open, so that
 * threads may share it. */
struct device_handle {
    struct owned_logger log;     /* the caller's logger, or one of ours */
    struct active_handle active; /* restricts fd */
    int fd;                      /* -1: only while it is being opened */
};

/* For a restrict_to function, which gets the member. */
static inline void *device_handle_of(struct active_handle *active)
{
    return (char *)active - offsetof(struct device_handle, active);
}

/* A zeroed handle of size bytes whose fd is -1; NULL with errno. Without a
 * logger it gets one of its own. */
static inline void *
device_handle_new(size_t size, struct xentoollog_logger *logger,
                  int (*restrict_to)(struct active_handle *, domid_t))
{
    struct device_handle *dev = calloc(1, size);

    if (!dev)
        return NULL;
    if (owned_logger_take(&dev->log, logger)) {
        free(dev);
        return NULL;
    }
    dev->fd = -1;
    dev->active.restrict_to = restrict_to;
    xentoolcore__register_active_handle(&dev->active);
    return dev;
}

/* Frees the handle too. 0, or what close() says; NULL is ok. */
static inline int device_handle_close(void *handle)
{
    struct device_handle *dev = handle;
    int rc = 0;

    if (!dev)
        return 0;
    xentoolcore__deregister_active_handle(&dev->active);
    if (dev->fd >= 0)
        rc = close(dev->fd);
    owned_logger_drop(&dev->log);
    free(dev);
    return rc;
}

/* device_handle_new(), then the device at path, opened with flags. Logs its
 * error as context. */
static inline void *
device_handle_open(size_t size, struct xentoollog_logger *logger,
                   int (*restrict_to)(struct active_handle *, domid_t),
                   const char *context, const char *path, int flags)
{
    struct device_handle *dev = device_handle_new(size, logger, restrict_to);
    int saved;

    if (!dev)
        return NULL;
    dev->fd = open_device(dev->log.logger, context, path, flags);
    if (dev->fd >= 0)
        return dev;
    saved = errno;
    device_handle_close(dev);
    errno = saved;
    return NULL;
}

#endif
