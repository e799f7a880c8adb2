/* SPDX-License-Identifier: MIT */
/* See pid_lock.h. */
#include <daemon/pid_lock.h>

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <unistd.h>

static bool same_file(int a, int b)
{
    struct stat x, y;

    return !fstat(a, &x) && !fstat(b, &y) && x.st_nlink &&
           x.st_ino == y.st_ino && x.st_dev == y.st_dev;
}

/* 0 or -errno; -ESTALE: a process that ended has just removed the file. */
static int lock_and_empty(int lock, int number)
{
    if (lock < 0 || number < 0 || flock(lock, LOCK_EX | LOCK_NB))
        return -errno;
    if (!same_file(lock, number))
        return -ESTALE;
    return ftruncate(number, 0) ? -errno : 0;
}

int pid_lock_take(const char *path, int *number)
{
    int lock, rc;

    do {
        *number = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        lock = *number < 0 ? -1 : open(path, O_RDONLY | O_CLOEXEC);
        rc = lock_and_empty(lock, *number);
        if (!rc)
            return lock;
        if (lock >= 0)
            close(lock);
        if (*number >= 0)
            close(*number);
    } while (rc == -ESTALE || (rc == -ENOENT && *number >= 0));
    *number = -1;
    return rc;
}

int pid_lock_write(int number, pid_t pid)
{
    char text[16];
    int n = snprintf(text, sizeof(text), "%d\n", (int)pid);

    return pwrite(number, text, (size_t)n, 0) == n ? 0 : -errno;
}

static bool is_locked(int fd)
{
    return flock(fd, LOCK_EX | LOCK_NB) && errno == EWOULDBLOCK;
}

/* 0: not there, or not all of it. */
static pid_t written(int fd)
{
    char text[16] = "", *end;
    long pid;

    if (pread(fd, text, sizeof(text) - 1, 0) <= 0)
        return 0;
    pid = strtol(text, &end, 10);
    return *end == '\n' && pid > 0 ? (pid_t)pid : 0;
}

/* The number was the holder's when it was read, and if the lock is held still,
 * it was when the pidfd was opened. */
static int open_holder(int fd, pid_t *pid)
{
    int pidfd;

    if (!is_locked(fd))
        return -ESRCH;
    *pid = written(fd);
    pidfd = *pid ? pidfd_open(*pid, 0) : -1;
    if (pidfd >= 0 && is_locked(fd))
        return pidfd;
    if (pidfd >= 0)
        close(pidfd);
    return is_locked(fd) ? -EAGAIN : -ESRCH;
}

int pid_lock_holder(const char *path, pid_t *pid)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC), rc;

    if (fd < 0)
        return errno == ENOENT ? -ESRCH : -errno;
    rc = open_holder(fd, pid);
    close(fd);
    return rc;
}
