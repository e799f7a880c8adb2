/* SPDX-License-Identifier: MIT */
/*
 * Both sides of libxengnttab have the same handle: an fd of gntdev (gnttab,
 * the consumer) or of gntalloc (gntshr, the producer). handle.c opens and
 * closes them.
 */
#ifndef GNTTAB_PRIVATE_H
#define GNTTAB_PRIVATE_H

#include <stddef.h>
#include <stdint.h>

#include <base/page.h>
#include <xen/xen.h>
#include <xengnttab.h>

#include "../toolcore/device_handle.h"

/* Constant while it is open, so that threads may share it. Functions that take
 * it return -1 or NULL with errno if they fail. */
struct xengntdev_handle {
    struct device_handle dev; /* restricting it takes the fd away */
    const char *context;      /* of log lines; not copied */
};

/* Open device; logs errors as context. NULL with errno on failure. Without a
 * logger it makes one of its own. */
struct xengntdev_handle *gnt_handle_open(struct xentoollog_logger *logger,
                                         const char *device,
                                         const char *context);

/* Log text with errno, which is kept. */
void gnt_log_error(struct xengntdev_handle *handle, const char *text);

/* munmap() that keeps errno: for undoing. */
void gnt_undo_mmap(void *addr, size_t pages);

#endif
