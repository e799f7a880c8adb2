/* SPDX-License-Identifier: MIT */
/*
 * libxenevtchn: event channels for user space, over /dev/xen/evtchn. Each
 * handle is one open file with its own set of ports; a read returns a port
 * that fired (and is now masked), a write of the port unmasks it.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <xen/xen.h>
#include <xen/sys/evtchn.h>
#include <xenevtchn.h>

#include "../toolcore/device_handle.h"

#define EVTCHN "/dev/xen/evtchn"

struct xenevtchn_handle {
    struct device_handle dev;
};

static int restrict_handle(struct active_handle *active, domid_t domid)
{
    xenevtchn_handle *xce = device_handle_of(active);

    if (!xenevtchn_restrict(xce, domid))
        return 0;
    return errno == ENOTTY ? xentoolcore__restrict_by_dup2_null(xce->dev.fd)
                           : -1;
}

xenevtchn_handle *xenevtchn_open(struct xentoollog_logger *logger,
                                 unsigned int flags)
{
    int cloexec = flags & XENEVTCHN_NO_CLOEXEC ? 0 : O_CLOEXEC;

    if (flags & ~XENEVTCHN_NO_CLOEXEC) {
        errno = EINVAL;
        return NULL;
    }
    return device_handle_open(sizeof(xenevtchn_handle), logger, restrict_handle,
                              "xenevtchn", EVTCHN, O_RDWR | cloexec);
}

xenevtchn_handle *xenevtchn_fdopen(struct xentoollog_logger *logger, int fd,
                                   unsigned int open_flags)
{
    xenevtchn_handle *xce;

    if (open_flags) {
        errno = EINVAL;
        return NULL;
    }
    xce = device_handle_new(sizeof(*xce), logger, restrict_handle);
    if (xce)
        xce->dev.fd = fd;
    return xce;
}

int xenevtchn_close(xenevtchn_handle *xce)
{
    return device_handle_close(xce);
}

int xenevtchn_fd(xenevtchn_handle *xce)
{
    return xce->dev.fd;
}

int xenevtchn_notify(xenevtchn_handle *xce, evtchn_port_t port)
{
    struct ioctl_evtchn_notify notify = {.port = port};

    return ioctl(xce->dev.fd, IOCTL_EVTCHN_NOTIFY, &notify);
}

xenevtchn_port_or_error_t xenevtchn_bind_unbound_port(xenevtchn_handle *xce,
                                                      uint32_t domid)
{
    struct ioctl_evtchn_bind_unbound_port bind = {.remote_domain = domid};

    return ioctl(xce->dev.fd, IOCTL_EVTCHN_BIND_UNBOUND_PORT, &bind);
}

xenevtchn_port_or_error_t xenevtchn_bind_interdomain(xenevtchn_handle *xce,
                                                     uint32_t domid,
                                                     evtchn_port_t remote_port)
{
    struct ioctl_evtchn_bind_interdomain bind = {
        .remote_domain = domid,
        .remote_port = remote_port,
    };

    return ioctl(xce->dev.fd, IOCTL_EVTCHN_BIND_INTERDOMAIN, &bind);
}

xenevtchn_port_or_error_t xenevtchn_bind_virq(xenevtchn_handle *xce,
                                              unsigned int virq)
{
    struct ioctl_evtchn_bind_virq bind = {.virq = virq};

    return ioctl(xce->dev.fd, IOCTL_EVTCHN_BIND_VIRQ, &bind);
}

int xenevtchn_unbind(xenevtchn_handle *xce, evtchn_port_t port)
{
    struct ioctl_evtchn_unbind unbind = {.port = port};

    return ioctl(xce->dev.fd, IOCTL_EVTCHN_UNBIND, &unbind);
}

xenevtchn_port_or_error_t xenevtchn_pending(xenevtchn_handle *xce)
{
    evtchn_port_t port;
    ssize_t r = read(xce->dev.fd, &port, sizeof(port));

    if (r == sizeof(port))
        return (xenevtchn_port_or_error_t)port;
    if (r >= 0)
        errno = EIO;
    return -1;
}

int xenevtchn_unmask(xenevtchn_handle *xce, evtchn_port_t port)
{
    ssize_t r = write(xce->dev.fd, &port, sizeof(port));

    if (r == sizeof(port))
        return 0;
    if (r >= 0)
        errno = EIO;
    return -1;
}

int xenevtchn_restrict(xenevtchn_handle *xce, domid_t domid)
{
    struct ioctl_evtchn_restrict_domid limit = {.domid = domid};

    return ioctl(xce->dev.fd, IOCTL_EVTCHN_RESTRICT_DOMID, &limit);
}
