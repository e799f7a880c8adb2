/* SPDX-License-Identifier: MIT */
/* Opening, closing and restricting the two kinds of grant handle. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "private.h"

/* The drivers cannot limit an fd to one domain: take the fd away. */
static int restrict_handle(struct active_handle *active, domid_t domid)
{
    struct device_handle *dev = device_handle_of(active);

    return xentoolcore__restrict_by_dup2_null(dev->fd);
}

struct xengntdev_handle *gnt_handle_open(struct xentoollog_logger *logger,
                                         const char *device,
                                         const char *context)
{
    struct xengntdev_handle *handle =
        device_handle_open(sizeof(*handle), logger, restrict_handle, context,
                           device, O_RDWR | O_CLOEXEC);

    if (handle)
        handle->context = context;
    return handle;
}

void gnt_log_error(struct xengntdev_handle *handle, const char *text)
{
    xtl_log(handle->dev.log.logger, XTL_ERROR, errno, handle->context, "%s",
            text);
}

void gnt_undo_mmap(void *addr, size_t pages)
{
    int saved = errno;

    munmap(addr, pages << PAGE_SHIFT);
    errno = saved;
}
