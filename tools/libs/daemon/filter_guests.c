/* SPDX-License-Identifier: MIT */
/* What each process may do that serves guests: event channels, and grants that
 * are mapped. Both devices are open by then. */
#include <daemon/filter.h>

#include <sys/ioctl.h>
#include <xen/xen.h>
#include <xen/sys/evtchn.h>
#include <xen/sys/gntdev.h>

#include <base/macros.h>

static const unsigned long commands[] = {
    IOCTL_EVTCHN_BIND_INTERDOMAIN, IOCTL_EVTCHN_UNBIND,
    IOCTL_EVTCHN_NOTIFY,           IOCTL_GNTDEV_MAP_GRANT_REF,
    IOCTL_GNTDEV_UNMAP_GRANT_REF,  IOCTL_GNTDEV_GET_OFFSET_FOR_VADDR,
};

int filter_allow_guests(scmp_filter_ctx ctx)
{
    return filter_allow_each(ctx, SCMP_SYS(ioctl), 1, commands,
                             ARRAY_SIZE(commands));
}
