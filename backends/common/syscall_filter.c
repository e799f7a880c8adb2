/* SPDX-License-Identifier: MIT */
/* The list of syscall_filter.h. */
#include "syscall_filter.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <linux/if_tun.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <xen/xen.h>
#include <xen/sys/gntalloc.h>
#include <xen/sys/gntdev.h>

#include <base/macros.h>
#include <daemon/filter.h>

#define MOST_DESCRIPTORS 65536 /* a power of 2 */

static const int allowed[] = {
    /* data */
    SCMP_SYS(read),
    SCMP_SYS(write),
    SCMP_SYS(readv),
    SCMP_SYS(writev),
    SCMP_SYS(pread64),
    SCMP_SYS(pwrite64),
    SCMP_SYS(preadv),
    SCMP_SYS(pwritev),
    SCMP_SYS(fsync),
    SCMP_SYS(fdatasync),
    SCMP_SYS(lseek),
    SCMP_SYS(io_uring_enter),
    SCMP_SYS(fstat),
    SCMP_SYS(newfstatat),
    SCMP_SYS(statx),
    /* waiting */
    SCMP_SYS(epoll_wait),
    SCMP_SYS(epoll_pwait),
    SCMP_SYS(epoll_ctl),
    SCMP_SYS(poll),
    SCMP_SYS(ppoll),
    /* the store's connection, and a new supervisor's */
    SCMP_SYS(accept4),
    SCMP_SYS(sendto),
    SCMP_SYS(recvfrom),
    SCMP_SYS(recvmsg),
    SCMP_SYS(eventfd2),
    SCMP_SYS(shutdown),
};

/* Of its own descriptors: more of grants, the tap, the disk. */
static const unsigned long ioctls[] = {
    IOCTL_GNTDEV_SET_UNMAP_NOTIFY,
    IOCTL_GNTDEV_GRANT_COPY,
    IOCTL_GNTALLOC_ALLOC_GREF,
    IOCTL_GNTALLOC_DEALLOC_GREF,
    TUNSETCARRIER,
    TUNSETOFFLOAD,
    TUNSETQUEUE,
    BLKGETSIZE64,
    BLKDISCARD,
    BLKSECDISCARD,
};

/* Not what lets a lock go; and no second number for anything, or it would show
 * its lock to the supervisor as its medium (block/kept.h). */
static const unsigned long fcntls[] = {F_GETFD, F_SETFD, F_GETFL, F_SETFL};

/* To close all of the @size descriptors from @first on, a power of 2, but two.
 * A rule knows no exception, so these are as many as there are bits. */
static int allow_close(scmp_filter_ctx ctx, uint32_t first, uint32_t size,
                       int lock, int record)
{
    uint32_t mask = ~(size - 1);
    int rc;

    if ((lock < 0 || ((uint32_t)lock & mask) != first) &&
        (record < 0 || ((uint32_t)record & mask) != first))
        return filter_allow_if(ctx, SCMP_SYS(close), 0, mask, first);
    if (size == 1)
        return 0;
    rc = allow_close(ctx, first, size / 2, lock, record);
    return rc ? rc : allow_close(ctx, first + size / 2, size / 2, lock, record);
}

int syscall_filter_install(int lock, int record)
{
    scmp_filter_ctx ctx = filter_begin();
    int rc;

    if (!ctx)
        return -ENOMEM;
    rc = filter_allow(ctx, allowed, ARRAY_SIZE(allowed));
    rc = rc ? rc : allow_close(ctx, 0, MOST_DESCRIPTORS, lock, record);
    rc = rc ? rc
            : filter_allow_each(ctx, SCMP_SYS(fcntl), 1, fcntls,
                                ARRAY_SIZE(fcntls));
    rc = rc ? rc
            : filter_allow_if(ctx, SCMP_SYS(fallocate), 1, UINT32_MAX,
                              FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE);
    rc = rc ? rc : filter_allow_guests(ctx);
    rc = rc ? rc
            : filter_allow_each(ctx, SCMP_SYS(ioctl), 1, ioctls,
                                ARRAY_SIZE(ioctls));
    return filter_end(ctx, rc);
}
