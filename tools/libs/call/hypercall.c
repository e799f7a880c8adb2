/* SPDX-License-Identifier: MIT */
/*
 * libxencall: any hypercall, through the privcmd driver. The driver passes
 * the arguments on unchanged; addresses in them are this process's.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <xen/xen.h>
#include <xen/sys/privcmd.h>

#include "private.h"

#define PRIVCMD  "/dev/xen/privcmd"
#define HYPERBUF "/dev/xen/hypercall"

static int restrict_handle(struct active_handle *active, domid_t domid)
{
    struct device_handle *dev = device_handle_of(active);

    /* A restricted privcmd refuses hypercalls; an old one cannot restrict. */
    if (!ioctl(dev->fd, IOCTL_PRIVCMD_RESTRICT, &domid))
        return 0;
    return errno == ENOTTY ? xentoolcore__restrict_by_dup2_null(dev->fd) : -1;
}

static void free_handle(xencall_handle *xcall)
{
    int saved = errno;

    buffer_cache_release(xcall);
    if (xcall->buffer_fd >= 0)
        close(xcall->buffer_fd);
    pthread_mutex_destroy(&xcall->cache_lock);
    device_handle_close(xcall);
    errno = saved;
}

xencall_handle *xencall_open(struct xentoollog_logger *logger,
                             unsigned int open_flags)
{
    xencall_handle *xcall;

    if (open_flags & ~XENCALL_OPENFLAG_NON_REENTRANT) {
        errno = EINVAL;
        return NULL;
    }
    xcall = device_handle_open(sizeof(*xcall), logger, restrict_handle,
                               "xencall", PRIVCMD, O_RDWR | O_CLOEXEC);
    if (!xcall)
        return NULL;
    pthread_mutex_init(&xcall->cache_lock, NULL);
    xcall->buffer_fd = open(HYPERBUF, O_RDWR | O_CLOEXEC);
    if (xcall->buffer_fd < 0 && errno != ENOENT && errno != ENXIO) {
        xtl_log(xcall->dev.log.logger, XTL_ERROR, errno, "xencall",
                "cannot open " HYPERBUF);
        free_handle(xcall);
        return NULL;
    }
    return xcall;
}

int xencall_close(xencall_handle *xcall)
{
    if (xcall)
        free_handle(xcall);
    return 0;
}

int xencall_fd(xencall_handle *xcall)
{
    return xcall->dev.fd;
}

int xencall5(xencall_handle *xcall, unsigned int op, uint64_t arg1,
             uint64_t arg2, uint64_t arg3, uint64_t arg4, uint64_t arg5)
{
    privcmd_hypercall_t call = {
        .op = op,
        .arg = {arg1, arg2, arg3, arg4, arg5},
    };

    return ioctl(xcall->dev.fd, IOCTL_PRIVCMD_HYPERCALL, &call);
}

int xencall0(xencall_handle *xcall, unsigned int op)
{
    return xencall5(xcall, op, 0, 0, 0, 0, 0);
}

int xencall1(xencall_handle *xcall, unsigned int op, uint64_t arg1)
{
    return xencall5(xcall, op, arg1, 0, 0, 0, 0);
}

int xencall2(xencall_handle *xcall, unsigned int op, uint64_t arg1,
             uint64_t arg2)
{
    return xencall5(xcall, op, arg1, arg2, 0, 0, 0);
}

int xencall3(xencall_handle *xcall, unsigned int op, uint64_t arg1,
             uint64_t arg2, uint64_t arg3)
{
    return xencall5(xcall, op, arg1, arg2, arg3, 0, 0);
}

int xencall4(xencall_handle *xcall, unsigned int op, uint64_t arg1,
             uint64_t arg2, uint64_t arg3, uint64_t arg4)
{
    return xencall5(xcall, op, arg1, arg2, arg3, arg4, 0);
}

/*
 * The ioctl's result is an int. To see all 64 bits, send the call as the only
 * entry of a multicall, which stores its result in memory.
 */
long xencall2L(xencall_handle *xcall, unsigned int op, uint64_t arg1,
               uint64_t arg2)
{
    multicall_entry_t *entry = xencall_alloc_buffer(xcall, sizeof(*entry));
    long result = -1;

    if (!entry)
        return -1;
    entry->op = op;
    entry->args[0] = arg1;
    entry->args[1] = arg2;
    if (xencall2(xcall, __HYPERVISOR_multicall, (uintptr_t)entry, 1) < 0)
        goto out;
    result = (long)entry->result;
    if (result < 0 && result >= -4095) {
        errno = (int)-result;
        result = -1;
    }
out:
    xencall_free_buffer(xcall, entry);
    return result;
}
