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
    struct xengntdev_handle *handle =
        (void *)((char *)active - offsetof(struct xengntdev_handle, active));

    return xentoolcore__restrict_by_dup2_null(handle->fd);
}

struct xengntdev_handle *gnt_handle_open(struct xentoollog_logger *logger,
                                         const char *device,
                                         const char *context)
{
    struct xengntdev_handle *handle = calloc(1, sizeof(*handle));

    if (!handle)
        return NULL;
    if (owned_logger_take(&handle->log, logger)) {
        free(handle);
        return NULL;
    }
    handle->context = context;
    handle->fd = -1;
    handle->active.restrict_to = restrict_handle;
    xentoolcore__register_active_handle(&handle->active);

    handle->fd =
        open_device(handle->log.logger, context, device, O_RDWR | O_CLOEXEC);
    if (handle->fd < 0) {
        int saved = errno;

        gnt_handle_close(handle);
        errno = saved;
        return NULL;
    }
    return handle;
}

int gnt_handle_close(struct xengntdev_handle *handle)
{
    int rc = 0;

    if (!handle)
        return 0;
    xentoolcore__deregister_active_handle(&handle->active);
    if (handle->fd >= 0)
        rc = close(handle->fd);
    owned_logger_drop(&handle->log);
    free(handle);
    return rc;
}

void gnt_log_error(struct xengntdev_handle *handle, const char *text)
{
    xtl_log(handle->log.logger, XTL_ERROR, errno, handle->context, "%s", text);
}

void gnt_undo_mmap(void *addr, size_t pages)
{
    int saved = errno;

    munmap(addr, pages << PAGE_SHIFT);
    errno = saved;
}
