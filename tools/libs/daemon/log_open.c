/* SPDX-License-Identifier: MIT */
/* See log_open.h. */
#include <daemon/log_open.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* rc, 0 or -errno, or the descriptor, which is closed in the first case. */
static int checked(int fd, int rc)
{
    if (rc)
        close(fd);
    return rc ? rc : fd;
}

/* By another name it could be anything. */
static int is_log(int fd)
{
    struct stat st;

    if (fstat(fd, &st))
        return -errno;
    return S_ISREG(st.st_mode) && st.st_nlink == 1 ? 0 : -EXDEV;
}

/* How many characters of @path lead to the directory; 0: none. */
static size_t beginning(const char *path, const char *directory)
{
    size_t len = strlen(directory);

    return !strncmp(path, directory, len) && path[len] == '/' ? len : 0;
}

/* By its name or that of where it really is, as with /var/run. The path's own
 * links are not looked at: they could lead to a server that is dead. */
static size_t way_to(const char *path, const char *directory)
{
    size_t len = beginning(path, directory);
    char *real = len ? NULL : realpath(directory, NULL);

    if (real)
        len = beginning(path, real);
    free(real);
    return len;
}

static int open_below(const char *directory, const char *path, int flags)
{
    struct open_how how = {
        .flags = (uint64_t)flags | O_CLOEXEC,
        .mode = flags & O_CREAT ? 0640 : 0,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS,
    };
    size_t len = way_to(path, directory);
    int fd, top, rc;

    if (!len)
        return -EXDEV;
    top = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (top < 0)
        return -errno;
    path += len + strspn(path + len, "/");
    fd = (int)syscall(SYS_openat2, top, path, &how, sizeof(how));
    rc = fd < 0 ? -errno : checked(fd, is_log(fd));
    close(top);
    return rc == -ELOOP ? -EXDEV : rc;
}

int log_open_below(const char *directory, const char *path)
{
    return open_below(directory, path,
                      O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK);
}

int log_look_below(const char *directory, const char *path)
{
    return open_below(directory, path, O_PATH);
}
