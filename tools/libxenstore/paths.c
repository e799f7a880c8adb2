/* SPDX-License-Identifier: MIT */
/*
 * Paths of the store's sockets and devices; environment variables override
 * them.
 */
#include "internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define RUNDIR "/var/run/xenstored"

const char *xs_daemon_rundir(void)
{
    const char *s = getenv("XENSTORED_RUNDIR");
    return s ? s : RUNDIR;
}

const char *xs_daemon_socket(void)
{
    static char path[4096];
    const char *s = getenv("XENSTORED_PATH");

    if (s)
        return s;
    if (snprintf(path, sizeof(path), "%s/socket", xs_daemon_rundir()) >=
        (int)sizeof(path))
        return NULL;
    return path;
}

/* There has been no read-only socket for many years. */
const char *xs_daemon_socket_ro(void)
{
    return xs_daemon_socket();
}

const char *xs_kernel_device(void)
{
    const char *s = getenv("XENSTORED_PATH");

    if (s)
        return s;
    if (access("/dev/xen/xenbus", F_OK) == 0)
        return "/dev/xen/xenbus";
    return "/proc/xen/xenbus";
}
