/* SPDX-License-Identifier: MIT */
/* See files.h. */
#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* rc, 0 or -errno, or the descriptor, which is closed in the first case. */
static int checked(int fd, int rc)
{
    if (rc)
        close(fd);
    return rc ? rc : fd;
}

static int open_for_reading(const char *path)
{
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    struct stat st;

    if (fd < 0)
        return -errno;
    if (fstat(fd, &st))
        return checked(fd, -errno);
    return checked(fd,
                   S_ISREG(st.st_mode) && st.st_uid == geteuid() ? 0 : -EPERM);
}

int file_open(const char *path, enum file_use use)
{
    int fd, flags = O_WRONLY | O_CLOEXEC;

    if (use == FILE_READ)
        return open_for_reading(path);
    if (use == FILE_NEW && unlink(path) && errno != ENOENT)
        return -errno;
    flags |= use == FILE_NEW ? O_CREAT | O_EXCL : 0;
    flags |= use == FILE_LOG ? O_APPEND | O_CREAT | O_NONBLOCK : O_NOFOLLOW;
    fd = open(path, flags, use == FILE_LOG ? 0640 : 0600);
    return fd < 0 ? -errno : fd;
}

int file_remove(const char *path)
{
    return unlink(path) ? -errno : 0;
}

int file_cut(const char *path, uint32_t size)
{
    int fd = file_open(path, FILE_WRITE), rc = 0;
    struct stat st;

    if (fd < 0)
        return fd;
    if (fstat(fd, &st))
        rc = -errno;
    else if (!S_ISREG(st.st_mode) || st.st_size < size)
        rc = -EINVAL;
    else if (ftruncate(fd, size))
        rc = -errno;
    close(fd);
    return rc;
}

int file_rename(const char *from, const char *to)
{
    return rename(from, to) ? -errno : 0;
}

/* At no time is there nothing: a client would take it for a host without a
 * store. */
int file_listen(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const char *new = address.sun_path;
    int fd;

    if (snprintf(address.sun_path, sizeof(address.sun_path), "%s.new", path) >=
        (int)sizeof(address.sun_path))
        return -ENAMETOOLONG;
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    unlink(new);
    return checked(fd, bind(fd, (struct sockaddr *)&address, sizeof(address)) ||
                               chmod(new, 0600) || listen(fd, SOMAXCONN) ||
                               rename(new, path)
                           ? -errno
                           : 0);
}
