/* SPDX-License-Identifier: MIT */
/*
 * Consuming grants: map or copy pages that another domain has granted, over
 * /dev/xen/gntdev. Mapping is two steps: the ioctl registers the grants and
 * names a file offset, mmap() of that offset maps them; unmapping is the
 * reverse, and finds the offset again from the address.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include <xen/sys/gntdev.h>

#include "private.h"

#define GNTDEV "/dev/xen/gntdev"

xengnttab_handle *xengnttab_open(struct xentoollog_logger *logger,
                                 unsigned int open_flags)
{
    return gnt_handle_open(logger, GNTDEV, "gnttab");
}

int xengnttab_close(xengnttab_handle *xgt)
{
    return device_handle_close(xgt);
}

int xengnttab_fd(xengnttab_handle *xgt)
{
    return xgt->dev.fd;
}

int xengnttab_set_max_grants(xengnttab_handle *xgt, uint32_t nr_grants)
{
    struct ioctl_gntdev_set_max_grants max = {.count = nr_grants};

    /* Newer drivers have no such limit, and no such request either. */
    if (ioctl(xgt->dev.fd, IOCTL_GNTDEV_SET_MAX_GRANTS, &max) &&
        errno != ENOTTY)
        return -1;
    return 0;
}

static void forget_grants(xengnttab_handle *xgt, uint64_t index, uint32_t count)
{
    struct ioctl_gntdev_unmap_grant_ref unmap = {
        .index = index,
        .count = count,
    };
    int saved = errno;

    ioctl(xgt->dev.fd, IOCTL_GNTDEV_UNMAP_GRANT_REF, &unmap);
    errno = saved;
}

/* Map what map->refs names; an error has been logged when it returns NULL. */
static void *map_registered(xengnttab_handle *xgt,
                            struct ioctl_gntdev_map_grant_ref *map, int prot,
                            uint32_t notify_offset, evtchn_port_t notify_port)
{
    struct ioctl_gntdev_unmap_notify notify = {0};
    void *addr;

    if (ioctl(xgt->dev.fd, IOCTL_GNTDEV_MAP_GRANT_REF, map)) {
        gnt_log_error(xgt, "cannot register the grants to map");
        return NULL;
    }
    addr = mmap(NULL, (size_t)map->count << PAGE_SHIFT, prot, MAP_SHARED,
                xgt->dev.fd, (off_t)map->index);
    if (addr == MAP_FAILED) {
        gnt_log_error(xgt, "cannot map the grants");
        goto forget;
    }

    notify.index = map->index;
    if (notify_offset < (1U << PAGE_SHIFT)) {
        notify.index += notify_offset;
        notify.action |= UNMAP_NOTIFY_CLEAR_BYTE;
    }
    if (notify_port != (evtchn_port_t)-1) {
        notify.event_channel_port = notify_port;
        notify.action |= UNMAP_NOTIFY_SEND_EVENT;
    }
    if (notify.action &&
        ioctl(xgt->dev.fd, IOCTL_GNTDEV_SET_UNMAP_NOTIFY, &notify)) {
        gnt_log_error(xgt, "cannot set up the notification of unmapping");
        gnt_undo_mmap(addr, map->count);
        goto forget;
    }
    return addr;

forget:
    forget_grants(xgt, map->index, map->count);
    return NULL;
}

/* domids has one entry per ref, or one for all (stride 0). */
static void *map_grants(xengnttab_handle *xgt, uint32_t count,
                        const uint32_t *domids, uint32_t stride,
                        const uint32_t *refs, int prot)
{
    struct ioctl_gntdev_map_grant_ref *map;
    void *addr;
    uint32_t i;

    if (!count) {
        errno = EINVAL;
        return NULL;
    }
    map = calloc(1, sizeof(*map) + (count - 1) * sizeof(map->refs[0]));
    if (!map)
        return NULL;
    map->count = count;
    for (i = 0; i < count; i++) {
        map->refs[i].domid = domids[(size_t)i * stride];
        map->refs[i].ref = refs[i];
    }
    addr = map_registered(xgt, map, prot, -1, -1);
    free(map);
    return addr;
}

void *xengnttab_map_grant_ref(xengnttab_handle *xgt, uint32_t domid,
                              uint32_t ref, int prot)
{
    return map_grants(xgt, 1, &domid, 0, &ref, prot);
}

void *xengnttab_map_grant_refs(xengnttab_handle *xgt, uint32_t count,
                               uint32_t *domids, uint32_t *refs, int prot)
{
    return map_grants(xgt, count, domids, 1, refs, prot);
}

void *xengnttab_map_domain_grant_refs(xengnttab_handle *xgt, uint32_t count,
                                      uint32_t domid, uint32_t *refs, int prot)
{
    return map_grants(xgt, count, &domid, 0, refs, prot);
}

void *xengnttab_map_grant_ref_notify(xengnttab_handle *xgt, uint32_t domid,
                                     uint32_t ref, int prot,
                                     uint32_t notify_offset,
                                     evtchn_port_t notify_port)
{
    struct ioctl_gntdev_map_grant_ref map = {
        .count = 1,
        .refs[0] = {.domid = domid, .ref = ref},
    };

    if (notify_offset != UINT32_MAX && notify_offset >> PAGE_SHIFT) {
        errno = EINVAL;
        return NULL;
    }
    return map_registered(xgt, &map, prot, notify_offset, notify_port);
}

int xengnttab_unmap(xengnttab_handle *xgt, void *start_address, uint32_t count)
{
    struct ioctl_gntdev_get_offset_for_vaddr where = {
        .vaddr = (uintptr_t)start_address,
    };
    struct ioctl_gntdev_unmap_grant_ref unmap = {.count = count};

    if (!count) {
        errno = EINVAL;
        return -1;
    }
    if (ioctl(xgt->dev.fd, IOCTL_GNTDEV_GET_OFFSET_FOR_VADDR, &where))
        return -1;
    /*
     * A mapping can only be removed as a whole: the driver has no partial
     * unmap.
     */
    if (where.count != count) {
        errno = EINVAL;
        return -1;
    }
    if (munmap(start_address, (size_t)count << PAGE_SHIFT))
        return -1;
    unmap.index = where.offset;
    return ioctl(xgt->dev.fd, IOCTL_GNTDEV_UNMAP_GRANT_REF, &unmap);
}

/* The driver takes the library's segments as they are. */
_Static_assert(sizeof(struct ioctl_gntdev_grant_copy_segment) ==
                       sizeof(xengnttab_grant_copy_segment_t) &&
                   offsetof(struct ioctl_gntdev_grant_copy_segment, status) ==
                       offsetof(xengnttab_grant_copy_segment_t, status),
               "grant copy segment differs from the driver's");

int xengnttab_grant_copy(xengnttab_handle *xgt, uint32_t count,
                         xengnttab_grant_copy_segment_t *segs)
{
    struct ioctl_gntdev_grant_copy copy = {
        .count = count,
        .segments = (struct ioctl_gntdev_grant_copy_segment *)segs,
    };

    return ioctl(xgt->dev.fd, IOCTL_GNTDEV_GRANT_COPY, &copy);
}
