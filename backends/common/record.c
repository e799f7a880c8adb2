/* SPDX-License-Identifier: MIT */
/* See record.h. */
#include "record.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <unistd.h>

#include <daemon/log.h>

#include "fd_path.h"

/* A description of our own: locks belong to it, and the supervisor has the
 * other. Only to read, or a guest that takes the process over could fill the
 * file system that the record is in; what is mapped does not grow. */
static int own_description(int fd)
{
    int own = open(fd_path(fd).name, O_RDONLY | O_CLOEXEC);

    close(fd);
    return own;
}

/* All of it is given memory: a fault later would end the process. */
static void *map_file(int fd, size_t size)
{
    int rc = posix_fallocate(fd, 0, size);

    if (rc) {
        errno = rc;
        return MAP_FAILED;
    }
    return mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
}

static void *map_private(size_t size)
{
    return mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
                -1, 0);
}

static void without_file(struct record *r)
{
    log_warning("no record, so this device ends with its process: %s",
                strerror(errno));
    if (r->fd >= 0)
        close(r->fd);
    r->fd = -1;
}

static void check_format(struct record *r, const char *format, size_t size)
{
    struct record_head *h = r->head;

    if (!strncmp(h->format, format, sizeof(h->format)) && h->size == size)
        return;
    if (h->format[0])
        log_warning("the record is of another version, and of no use");
    memset(h, 0, size);
    snprintf(h->format, sizeof(h->format), "%s", format);
    h->size = size;
}

int record_open(struct record *r, int fd, const char *format, size_t size)
{
    void *m = MAP_FAILED;

    r->fd = -1;
    if (fd >= 0) {
        m = map_file(fd, size);
        r->fd = own_description(fd);
        if (r->fd < 0 && m != MAP_FAILED) {
            munmap(m, size);
            m = MAP_FAILED;
        }
        if (m == MAP_FAILED)
            without_file(r);
    }
    if (m == MAP_FAILED)
        m = map_private(size);
    if (m == MAP_FAILED)
        return -errno;
    r->head = m;
    r->size = size;
    check_format(r, format, size);
    return 0;
}

void record_close(struct record *r)
{
    if (!r->head)
        return;
    munmap(r->head, r->size);
    r->head = NULL;
    if (r->fd >= 0)
        close(r->fd);
    r->fd = -1;
}

int record_claim(struct record *r)
{
    /* That of a process before an upgrade. */
    struct flock all = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

    if (r->fd < 0)
        return 0;
    if (!fcntl(r->fd, F_OFD_GETLK, &all) && all.l_type != F_UNLCK)
        return -EAGAIN;
    return flock(r->fd, LOCK_EX | LOCK_NB) ? -errno : 0;
}

void record_set_connected(struct record *r, bool connected)
{
    if (r->head)
        record_store(&r->head->connected, connected);
}
