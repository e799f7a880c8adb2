/* SPDX-License-Identifier: MIT */
/* See page.h. */
#include "page.h"

#include <base/page.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

int page_seal(int fd)
{
    return fcntl(fd, F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SHRINK) ? -errno : 0;
}

int page_make(void)
{
    static const char zero[PAGE_SIZE];
    int fd = memfd_create("xenconsoled", MFD_CLOEXEC | MFD_ALLOW_SEALING), rc;

    if (fd < 0)
        return -errno;
    rc = write(fd, zero, PAGE_SIZE) == PAGE_SIZE ? page_seal(fd) : -EIO;
    if (!rc)
        return fd;
    close(fd);
    return rc;
}
