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

#include "../toolcore/active_handle.h"
#include "../toollog/open_device.h"
#include "../toollog/owned_logger.h"

struct xengntdev_handle {
    struct owned_logger log;
    struct active_handle active;
    const char *context; /* of log lines */
    int fd;
};

/* Open device; logs errors as context. NULL with errno on failure. */
struct xengntdev_handle *gnt_handle_open(struct xentoollog_logger *logger,
                                         const char *device,
                                         const char *context);
int gnt_handle_close(struct xengntdev_handle *handle); /* NULL is ok */

/* Log text with errno, which is kept. */
void gnt_log_error(struct xengntdev_handle *handle, const char *text);

/* munmap() that keeps errno: for undoing. */
void gnt_undo_mmap(void *addr, size_t pages);

#endif
