/* SPDX-License-Identifier: MIT */
/*
 * Grants as Linux dma-bufs, for display and camera backends: export granted
 * pages as a buffer that devices can use, or grant the pages of a buffer.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include <xen/sys/gntdev.h>

#include "private.h"

int xengnttab_dmabuf_exp_from_refs(xengnttab_handle *xgt, uint32_t domid,
                                   uint32_t flags, uint32_t count,
                                   const uint32_t *refs, uint32_t *fd)
{
    struct ioctl_gntdev_dmabuf_exp_from_refs *export;
    int rc;

    if (!count) {
        errno = EINVAL;
        return -1;
    }
    export = calloc(1, sizeof(*export) + (count - 1) * sizeof(export->refs[0]));
    if (!export)
        return -1;
    export->flags = flags;
    export->count = count;
    export->domid = domid;
    memcpy(export->refs, refs, count * sizeof(*refs));
    rc = ioctl(xgt->dev.fd, IOCTL_GNTDEV_DMABUF_EXP_FROM_REFS, export);
    if (rc)
        gnt_log_error(xgt, "cannot export grants as a dma-buf");
    else
        *fd = export->fd;
    free(export);
    return rc;
}

int xengnttab_dmabuf_exp_wait_released(xengnttab_handle *xgt, uint32_t fd,
                                       uint32_t wait_to_ms)
{
    struct ioctl_gntdev_dmabuf_exp_wait_released wait = {
        .fd = fd,
        .wait_to_ms = wait_to_ms,
    };

    return ioctl(xgt->dev.fd, IOCTL_GNTDEV_DMABUF_EXP_WAIT_RELEASED, &wait);
}

int xengnttab_dmabuf_imp_to_refs(xengnttab_handle *xgt, uint32_t domid,
                                 uint32_t fd, uint32_t count, uint32_t *refs)
{
    struct ioctl_gntdev_dmabuf_imp_to_refs *import;
    int rc;

    if (!count) {
        errno = EINVAL;
        return -1;
    }
    import = calloc(1, sizeof(*import) + (count - 1) * sizeof(import->refs[0]));
    if (!import)
        return -1;
    import->fd = fd;
    import->count = count;
    import->domid = domid;
    rc = ioctl(xgt->dev.fd, IOCTL_GNTDEV_DMABUF_IMP_TO_REFS, import);
    if (rc)
        gnt_log_error(xgt, "cannot grant the pages of a dma-buf");
    else
        memcpy(refs, import->refs, count * sizeof(*refs));
    free(import);
    return rc;
}

int xengnttab_dmabuf_imp_release(xengnttab_handle *xgt, uint32_t fd)
{
    struct ioctl_gntdev_dmabuf_imp_release release = {.fd = fd};

    return ioctl(xgt->dev.fd, IOCTL_GNTDEV_DMABUF_IMP_RELEASE, &release);
}
