/* SPDX-License-Identifier: MIT */
/*
 * Where bytes of a kernel or ramdisk come from: a file, the ramdisk's read
 * piece by piece, straight into the guest's pages. Every access is checked
 * against the size that was found at the start; a file that shrinks meanwhile
 * is an error, and one whose bytes change can only spoil the guest that it is
 * for.
 */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "private.h"

int source_open(struct source *source, const char *path, uint64_t max,
                struct why *why)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

    if (fd < 0)
        return refuse(why, errno, "cannot open: %s", strerror(errno));
    if (fstat(fd, &st))
        refuse(why, errno, "cannot examine it: %s", strerror(errno));
    else if (!S_ISREG(st.st_mode))
        refuse(why, EINVAL, "not a regular file");
    else if (!st.st_size)
        refuse(why, EINVAL, "file is empty");
    else if ((uint64_t)st.st_size > max)
        refuse(why, EFBIG, "file of %llu MiB is larger than %llu MiB",
               (unsigned long long)st.st_size >> 20,
               (unsigned long long)max >> 20);
    else {
        *source = (struct source){.fd = fd, .size = (uint64_t)st.st_size};
        return 0;
    }
    close(fd);
    return -1;
}

void source_close(struct source *source)
{
    if (source->fd >= 0)
        close(source->fd);
    *source = (struct source){.fd = -1};
}

bool source_read(const struct source *source, uint64_t offset, void *out,
                 uint64_t size)
{
    uint8_t *dest = out;

    if (offset > source->size || size > source->size - offset) {
        errno = EINVAL;
        return false;
    }
    while (size) {
        ssize_t n = pread(source->fd, dest, size, (off_t)offset);

        if (n < 0 && errno == EINTR)
            continue;
        if (!n)
            errno = EIO; /* the file became shorter */
        if (n <= 0)
            return false;
        dest += n;
        offset += (uint64_t)n;
        size -= (uint64_t)n;
    }
    return true;
}
