/* SPDX-License-Identifier: MIT */
/*
 * See terminal.h.
 */
#include "terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

int terminal_name(int master, char *name, size_t size)
{
    return -ptsname_r(master, name, size);
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
