/* SPDX-License-Identifier: MIT */
/*
 * Producing grants: pages of our own that another domain may map, over
 * /dev/xen/gntalloc. The driver allocates and grants; mmap() at the offset it
 * returns gives access. Once a page is mapped the grant no longer needs its
 * registration: it lives until the last mapping is gone.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include <xen/sys/gntalloc.h>

#include "private.h"

#define GNTALLOC "/dev/xen/gntalloc"

xengntshr_handle *xengntshr_open(struct xentoollog_logger *logger,
                                 unsigned int open_flags)
{
    return gnt_handle_open(logger, GNTALLOC, "gntshr");
}

int xengntshr_close(xengntshr_handle *xgs)
{
    return device_handle_close(xgs);
}

int xengntshr_fd(xengntshr_handle *xgs)
{
    return xgs->dev.fd;
}

static int set_notify(xengntshr_handle *xgs, uint64_t index,
                      uint32_t notify_offset, evtchn_port_t notify_port)
{
    struct ioctl_gntalloc_unmap_notify notify = {.index = index};

    if (notify_offset < (1U << PAGE_SHIFT)) {
        notify.index += notify_offset;
        notify.action |= UNMAP_NOTIFY_CLEAR_BYTE;
    }
    if (notify_port != (evtchn_port_t)-1) {
        notify.event_channel_port = notify_port;
        notify.action |= UNMAP_NOTIFY_SEND_EVENT;
    }
    if (!notify.action)
        return 0;
    return ioctl(xgs->dev.fd, IOCTL_GNTALLOC_SET_UNMAP_NOTIFY, &notify);
}

static void *share(xengntshr_handle *xgs, uint32_t domid, uint32_t count,
                   uint32_t *refs, int writable, uint32_t notify_offset,
                   evtchn_port_t notify_port)
{
    struct ioctl_gntalloc_alloc_gref *alloc;
    struct ioctl_gntalloc_dealloc_gref dealloc;
    void *addr = NULL;
    int saved;

    alloc =
        calloc(1, sizeof(*alloc) + (count - 1) * sizeof(alloc->gref_ids[0]));
    if (!alloc)
        return NULL;
    alloc->domid = (uint16_t)domid;
    alloc->flags = writable ? GNTALLOC_FLAG_WRITABLE : 0;
    alloc->count = count;
    if (ioctl(xgs->dev.fd, IOCTL_GNTALLOC_ALLOC_GREF, alloc)) {
        gnt_log_error(xgs, "cannot allocate pages to share");
        goto out;
    }

    addr = mmap(NULL, (size_t)count << PAGE_SHIFT, PROT_READ | PROT_WRITE,
                MAP_SHARED, xgs->dev.fd, (off_t)alloc->index);
    if (addr == MAP_FAILED) {
        gnt_log_error(xgs, "cannot map the shared pages");
        addr = NULL;
    } else if (set_notify(xgs, alloc->index, notify_offset, notify_port)) {
        gnt_log_error(xgs, "cannot set up the notification of unmapping");
        gnt_undo_mmap(addr, count);
        addr = NULL;
    }
    if (addr)
        memcpy(refs, alloc->gref_ids, count * sizeof(*refs));

    dealloc = (struct ioctl_gntalloc_dealloc_gref){
        .index = alloc->index,
        .count = count,
    };
    saved = errno;
    ioctl(xgs->dev.fd, IOCTL_GNTALLOC_DEALLOC_GREF, &dealloc);
    errno = saved;
out:
    free(alloc);
    return addr;
}

void *xengntshr_share_pages(xengntshr_handle *xgs, uint32_t domid, int count,
                            uint32_t *refs, int writable)
{
    if (count <= 0) {
        errno = EINVAL;
        return NULL;
    }
    return share(xgs, domid, (uint32_t)count, refs, writable, -1, -1);
}

void *xengntshr_share_page_notify(xengntshr_handle *xgs, uint32_t domid,
                                  uint32_t *ref, int writable,
                                  uint32_t notify_offset,
                                  evtchn_port_t notify_port)
{
    if (notify_offset != UINT32_MAX && notify_offset >> PAGE_SHIFT) {
        errno = EINVAL;
        return NULL;
    }
    return share(xgs, domid, 1, ref, writable, notify_offset, notify_port);
}

int xengntshr_unshare(xengntshr_handle *xgs, void *start_address,
                      uint32_t count)
{
    return munmap(start_address, (size_t)count << PAGE_SHIFT);
}
