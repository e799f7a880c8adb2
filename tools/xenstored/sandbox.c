/* SPDX-License-Identifier: MIT */
/* See sandbox.h. */
#include "sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <time.h>

#include <base/macros.h>
#include <daemon/filter.h>
#include <daemon/privileges.h>
#include <xen/xen.h>
#include <xen/sys/evtchn.h>
#include <xen/sys/gntdev.h>

static const int allowed[] = {
    SCMP_SYS(read),
    SCMP_SYS(write),
    SCMP_SYS(readv),
    SCMP_SYS(writev),
    SCMP_SYS(lseek),
    SCMP_SYS(fstat),
    SCMP_SYS(newfstatat),
    SCMP_SYS(close),
    SCMP_SYS(accept4),
    SCMP_SYS(recvfrom),
    SCMP_SYS(sendto),
    SCMP_SYS(recvmsg),
    SCMP_SYS(sendmsg),
    SCMP_SYS(epoll_wait),
    SCMP_SYS(epoll_pwait),
    SCMP_SYS(epoll_ctl),
    /* what is left by a live update */
    SCMP_SYS(memfd_create),
};

/* Without F_SETFL and ftruncate(): what a log has it keeps. */
static const unsigned long fcntls[] = {F_GETFD, F_SETFD, F_GETFL,
                                       F_DUPFD_CLOEXEC};

static const unsigned long ioctls[] = {
    IOCTL_EVTCHN_BIND_INTERDOMAIN, IOCTL_EVTCHN_UNBIND,
    IOCTL_EVTCHN_NOTIFY,           IOCTL_GNTDEV_MAP_GRANT_REF,
    IOCTL_GNTDEV_UNMAP_GRANT_REF,  IOCTL_GNTDEV_GET_OFFSET_FOR_VADDR,
};

static int install_filter(void)
{
    scmp_filter_ctx ctx = filter_begin();
    int rc;

    if (!ctx)
        return -ENOMEM;
    rc = filter_allow(ctx, allowed, ARRAY_SIZE(allowed));
    rc = rc ? rc
            : filter_allow_each(ctx, SCMP_SYS(fcntl), 1, fcntls,
                                ARRAY_SIZE(fcntls));
    rc = rc ? rc
            : filter_allow_each(ctx, SCMP_SYS(ioctl), 1, ioctls,
                                ARRAY_SIZE(ioctls));
    return filter_end(ctx, rc);
}

/* Named, so that the C library does not look at its file again and again. */
static void read_time_zone(void)
{
    setenv("TZ", ":/etc/localtime", 0);
    tzset();
}

int sandbox_enter(const struct pair *both)
{
    int rc = privileges_limit();

    read_time_zone();
    rc = rc ? rc : privileges_drop(PRIVILEGES_UID_STORE);
    rc = rc ? rc : pair_end_with_parent(both);
    return rc ? -rc : -install_filter();
}
