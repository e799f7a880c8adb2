/* SPDX-License-Identifier: MIT */
/*
 * See terminal.h.
 */
#include "terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

int terminal_name(int master, char *name, size_t size)
{
    unsigned int number;

    if (ioctl(master, TIOCGPTN, &number))
        return -errno;
    return snprintf(name, size, "/dev/pts/%u", number) < (int)size ? 0
                                                                   : -ERANGE;
}

int terminal_pipe(int end[2], size_t limit)
{
    if (pipe2(end, O_NONBLOCK | O_CLOEXEC))
        return -errno;
    fcntl(end[1], F_SETPIPE_SZ, (int)limit); /* else the kernel's size */
    return 0;
}

int terminal_open(int *master, int *slave)
{
    struct termios t;
    char name[64];
    int rc;

    *slave = -1;
    *master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (*master < 0)
        return -errno;
    if (grantpt(*master) || unlockpt(*master) ||
        ptsname_r(*master, name, sizeof(name)))
        goto out;
    *slave = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (*slave < 0 || tcgetattr(*slave, &t))
        goto out;
    cfmakeraw(&t);
    if (tcsetattr(*slave, TCSANOW, &t) ||
        fcntl(*master, F_SETFL, O_NONBLOCK | O_RDWR))
        goto out;
    return 0;
out:
    rc = -errno;
    if (*slave >= 0)
        close(*slave);
    close(*master);
    *master = *slave = -1;
    return rc;
}
