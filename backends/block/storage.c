/* SPDX-License-Identifier: MIT */
/*
 * Probing and driving the medium; see storage.h.
 */
#include "storage.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <base/macros.h>
#include <daemon/log.h>

#include "../common/io_ring.h"
#include "kept.h"
#include "medium.h"
#include "sysfs.h"

#ifndef RAMFS_MAGIC
#define RAMFS_MAGIC 0x858458f6
#endif

/* So many requests are at the medium without io_uring. */
#define ALL_THREADS 8
#define USUAL_PIECE (512 * 1024)

/* A sector that is not whole is none. */
static void set_size(struct storage *s, uint64_t bytes)
{
    s->limits.sectors = bytes / 512;
    if (bytes % 512)
        log_warning("the last %u bytes of its file are not a whole sector, and "
                    "not part of the disk",
                    (unsigned int)(bytes % 512));
}

/* Nothing but the attempt tells. There is no such place. */
static bool discards_securely(int fd)
{
    uint64_t nowhere[2] = {1, 1};

    return ioctl(fd, BLKSECDISCARD, nowhere) && errno == EINVAL;
}

/* What the device takes without cutting it up, for io_uring leaves larger ones
 * to a thread. Drivers without queues of requests have no such limit. */
static uint64_t largest_piece(dev_t dev)
{
    uint64_t pages = sysfs_number(dev, "queue/max_segments");
    uint64_t kb = sysfs_number(dev, "queue/max_sectors_kb");

    if (!sysfs_number(dev, "mq/0/nr_tags"))
        return USUAL_PIECE;
    return pages * PAGE_SIZE < kb * 1024 ? pages * PAGE_SIZE : kb * 1024;
}

static int probe_device(struct storage *s, dev_t dev, bool allow_discard)
{
    uint64_t bytes;
    unsigned int physical = 0;
    int logical = 0, read_only = 0;

    if (ioctl(s->fd, BLKGETSIZE64, &bytes) || ioctl(s->fd, BLKSSZGET, &logical))
        return -errno;
    if (ioctl(s->fd, BLKROGET, &read_only) == 0 && read_only &&
        !s->limits.readonly)
        return -EROFS;
    set_size(s, bytes);
    s->limits.sector_size = logical;
    s->physical_sector_size =
        ioctl(s->fd, BLKPBSZGET, &physical) ? s->limits.sector_size : physical;
    /* A device with no volatile cache has nothing to flush, if nothing is in
     * the page cache. */
    s->flush = !(fcntl(s->fd, F_GETFL) & O_DIRECT) ||
               !sysfs_says(dev, "queue/write_cache", "write through");
    s->discard_granularity = sysfs_number(dev, "queue/discard_granularity");
    s->discard_alignment = sysfs_number(dev, "discard_alignment");
    s->limits.discard = allow_discard && !s->limits.readonly &&
                        s->discard_granularity &&
                        sysfs_number(dev, "queue/discard_max_bytes");
    s->limits.secure_discard = s->limits.discard && discards_securely(s->fd);
    s->discards_device = !sysfs_number(dev, "queue/write_zeroes_max_bytes");
    return 0;
}

static int probe_file(struct storage *s, const struct stat *st,
                      bool allow_discard)
{
    struct statfs fs;

    set_size(s, st->st_size);
    s->limits.sector_size = 512;
    s->physical_sector_size = st->st_blksize < 4096 ? 512 : 4096;
    if (fstatfs(s->fd, &fs) == 0)
        s->in_memory =
            fs.f_type == TMPFS_MAGIC || fs.f_type == (long)RAMFS_MAGIC;
    s->flush = !s->in_memory;
    /* A hole behind the end changes nothing but tells whether it can be. */
    s->limits.discard =
        allow_discard && !s->limits.readonly &&
        fallocate(s->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                  ((uint64_t)st->st_size + 4095) & ~4095ull, 4096) == 0;
    s->discard_granularity = 4096;
    return 0;
}

/* A disk that has no sector: whatever is asked of it lies beyond its end. */
static int no_medium(void)
{
    int fd = memfd_create("no-medium", MFD_CLOEXEC);

    return fd < 0 ? -errno : fd;
}

/* No discards: of what else fallocate() does, a filter keeps threads alone. */
static const int ring_ops[] = {IORING_OP_READ, IORING_OP_READ_FIXED,
                               IORING_OP_WRITE, IORING_OP_WRITE_FIXED,
                               IORING_OP_FSYNC};
static const int ring_registrations[] = {IORING_REGISTER_BUFFERS,
                                         IORING_REGISTER_FILES};
static const struct io_ring_rights ring_rights = {
    ring_ops, ring_registrations, ARRAY_SIZE(ring_ops),
    ARRAY_SIZE(ring_registrations)};

/* Readable if one of both is. */
static int wait_for_both(int a, int b)
{
    struct epoll_event readable = {.events = EPOLLIN};
    int fd = epoll_create1(EPOLL_CLOEXEC);

    if (fd >= 0 && !epoll_ctl(fd, EPOLL_CTL_ADD, a, &readable) &&
        !epoll_ctl(fd, EPOLL_CTL_ADD, b, &readable))
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

/* What io_uring cannot do, or all. */
static int open_threads(struct storage *s)
{
    int event_fd;

    s->threads =
        io_threads_start(s->fd, s->has_ring ? 1 : ALL_THREADS, &event_fd);
    if (!s->threads) /* EAGAIN is what the medium says */
        return errno == EAGAIN ? -ENOMEM : -errno;
    s->wait_fd =
        s->has_ring ? wait_for_both(s->ring.ring_fd, event_fd) : event_fd;
    return s->wait_fd < 0 ? -errno : 0;
}

static void open_ring(struct storage *s, unsigned int depth)
{
    int rc = io_ring_open(&s->ring, depth, &ring_rights);

    s->has_ring = !rc;
    if (rc)
        log_info("no io_uring (%s): threads do the I/O", strerror(-rc));
    else
        s->wait_fd = s->ring.ring_fd;
}

static bool needs_threads(const struct storage *s)
{
    return !s->has_ring || s->limits.discard;
}

int storage_begin(struct storage *s)
{
    int rc;

    medium_settled();
    if (s->limits.sectors && !s->ops) {
        s->fd = medium_show(s->fd, KEPT_MEDIUM);
        s->errors = medium_show(s->errors, KEPT_ERRORS);
    }
    rc = !s->ops && needs_threads(s) ? open_threads(s) : 0;

    return rc ? log_reason(rc, "threads for I/O: %s", strerror(-rc)) : 0;
}

static void close_ways(struct storage *s)
{
    if (s->threads && s->has_ring && s->wait_fd >= 0)
        close(s->wait_fd);
    if (s->threads)
        io_threads_leave(s->threads);
    if (s->has_ring)
        io_uring_queue_exit(&s->ring);
    s->threads = NULL;
    s->has_ring = false;
}

void storage_leave(struct storage *s)
{
    if (s->ops)
        s->ops->leave(s);
    if (s->alive >= 0)
        close(s->alive);
    s->alive = -1;
}

static void close_medium(struct storage *s)
{
    close(s->fd);
    s->fd = -1;
    if (s->errors >= 0)
        close(s->errors);
    s->errors = -1;
    storage_leave(s);
}

int storage_open(struct storage *s, const char *path,
                 const struct medium_id *id, const char *mode,
                 bool allow_discard, unsigned int depth)
{
    const char *name = path ? path : "an empty drive";
    struct stat st;
    int rc;

    memset(s, 0, sizeof(*s));
    s->done_tail = &s->done;
    s->wait_fd = s->held = s->alive = s->errors = -1;
    s->limits.readonly = !path || mode[0] != 'w';
    s->fd =
        path ? medium_open(path, id, mode, &s->alive, &s->errors) : no_medium();
    if (s->fd < 0)
        return log_reason(s->fd, "%s: %s", name, medium_why_not(s->fd));
    if (fstat(s->fd, &st))
        rc = -errno;
    else if (S_ISBLK(st.st_mode))
        rc = probe_device(s, st.st_rdev, allow_discard);
    else if (S_ISREG(st.st_mode))
        rc = probe_file(s, &st, allow_discard);
    else
        rc = -ENOTBLK;
    if (!rc && path && !s->limits.sectors)
        rc = -ENOSPC;
    if (rc) {
        log_reason(rc, "cannot use %s as a disk: %s", name, strerror(-rc));
        goto out;
    }
    s->lost_data = medium_lost_data(s->errors);
    s->piece = largest_piece(S_ISBLK(st.st_mode) ? st.st_rdev : st.st_dev);
    open_ring(s, depth);
    return 0;
out:
    close_medium(s);
    return rc;
}

/* As this kernel knows it: neither the medium nor a file server is asked, who
 * might not answer. */
static bool size_now(int fd, uint64_t *bytes)
{
    struct statx x;

    if (statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC,
              STATX_TYPE | STATX_SIZE, &x))
        return false;
    if (S_ISBLK(x.stx_mode)) /* its node has a size of no meaning */
        return !ioctl(fd, BLKGETSIZE64, bytes);
    *bytes = x.stx_size;
    return S_ISREG(x.stx_mode);
}

uint64_t storage_bytes(const struct storage *s)
{
    uint64_t bytes;

    return s->fd >= 0 && size_now(s->fd, &bytes) ? bytes : 0;
}

bool storage_resized(struct storage *s)
{
    uint64_t bytes, former = s->limits.sectors;

    if (!size_now(s->fd, &bytes) || bytes / 512 == former)
        return false;
    set_size(s, bytes);
    if (s->limits.sectors < former)
        log_warning(
            "the disk has shrunk from %llu to %llu sectors: the guest's "
            "requests for the others fail",
            (unsigned long long)former, (unsigned long long)s->limits.sectors);
    else
        log_info("the disk has grown from %llu to %llu sectors",
                 (unsigned long long)former,
                 (unsigned long long)s->limits.sectors);
    return true;
}

void storage_register(struct storage *s, void *base, size_t size)
{
    struct iovec iov = {base, size};
    struct rlimit limit = {RLIM_INFINITY, RLIM_INFINITY};

    /* Called as root still; the pinned memory is bounded by size. */
    setrlimit(RLIMIT_MEMLOCK, &limit);
    if (!s->has_ring || io_uring_register_buffers(&s->ring, &iov, 1))
        return;
    s->registered = base;
    s->registered_bytes = size;
}

/* The kernel closes the files of an io_uring when its last request is done, and
 * those of a process when its last thread has ended. */
int storage_hold(struct storage *s, int fd)
{
    int rc = 0;

    if (s->ops)
        return 0; /* what does the I/O holds it */
    if (needs_threads(s))
        s->held = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (s->has_ring && fd >= 0)
        rc = io_uring_register_files(&s->ring, &fd, 1);
    return rc ? log_reason(rc, "io_uring, the record: %s", strerror(-rc)) : 0;
}

void storage_close(struct storage *s)
{
    if (s->ops)
        s->ops->close(s);
    if (s->fd < 0)
        return;
    close_ways(s);
    if (!s->in_threads && s->held >= 0)
        close(s->held);
    close_medium(s);
}

static void finish(struct storage *s, struct storage_io *io, int result)
{
    io->result = result;
    io->next_done = NULL;
    *s->done_tail = io;
    s->done_tail = &io->next_done;
}

/* Memory has no cache in front of it. */
static int do_now(struct storage *s, struct storage_io *io)
{
    return io->op == STORAGE_FLUSH ? 0 : storage_io_do(s->fd, io);
}

static bool is_registered(const struct storage *s, const struct storage_io *io)
{
    size_t at = (uintptr_t)io->data - (uintptr_t)s->registered;

    return s->registered && at < s->registered_bytes &&
           io->len <= s->registered_bytes - at;
}

static void done_at_medium(struct storage *s, struct storage_io *io,
                           int result);

/* Its entry in the queue, or NULL: it is finished. */
static struct io_uring_sqe *queue_alone(struct storage *s,
                                        struct storage_io *io)
{
    struct io_uring_sqe *e = io_uring_get_sqe(&s->ring);

    s->last = NULL;
    if (!e) { /* the queue is as deep as the requests are many; but be sure */
        io_uring_submit(&s->ring);
        e = io_uring_get_sqe(&s->ring);
        if (!e) {
            done_at_medium(s, io, -EBUSY);
            return NULL;
        }
    }
    switch (io->op) {
    case STORAGE_READ:
        if (is_registered(s, io))
            io_uring_prep_read_fixed(e, s->fd, io->data, io->len, io->offset,
                                     0);
        else
            io_uring_prep_read(e, s->fd, io->data, io->len, io->offset);
        break;
    case STORAGE_WRITE:
        if (is_registered(s, io))
            io_uring_prep_write_fixed(e, s->fd, io->data, io->len, io->offset,
                                      0);
        else
            io_uring_prep_write(e, s->fd, io->data, io->len, io->offset);
        break;
    case STORAGE_FLUSH:
        io_uring_prep_fsync(e, s->fd, IORING_FSYNC_DATASYNC);
        break;
    default:
        break;
    }
    io_uring_sqe_set_data(e, io);
    s->in_kernel++;
    return e;
}

static bool join(struct storage *s, struct storage_io *io)
{
    struct storage_io *l = s->last;

    if (!l || io->op != l->op || io->offset != l->offset + l->len ||
        io->data != (uint8_t *)l->data + l->len ||
        s->sqe->len + io->len > s->piece ||
        is_registered(s, io) != is_registered(s, l))
        return false;
    s->sqe->len += io->len;
    io->joined = NULL;
    l->joined = s->last = io;
    return true;
}

static void queue(struct storage *s, struct storage_io *io)
{
    if (io != s->flushing)
        io->joined = NULL;
    if (!s->has_ring || io->op >= STORAGE_DISCARD) {
        s->in_threads++;
        io_threads_add(s->threads, io);
        return;
    }
    if (join(s, io))
        return;
    s->sqe = queue_alone(s, io);
    if (s->sqe && (io->op == STORAGE_READ || io->op == STORAGE_WRITE))
        s->last = io;
}

/* False: it waits for the one in flight. */
static bool flush_alone(struct storage *s, struct storage_io *io)
{
    if (!s->flushing) {
        io->joined = NULL;
        s->flushing = io;
        return true;
    }
    io->joined = s->next_flushes;
    s->next_flushes = io;
    return false;
}

void storage_queue(struct storage *s, struct storage_io *io)
{
    if (s->ops) {
        s->ops->queue(s, io);
        return;
    }
    if (io->op == STORAGE_DISCARD && s->discards_device)
        io->op = STORAGE_DISCARD_DEVICE;
    if (s->in_memory)
        finish(s, io, do_now(s, io));
    else if (io->op != STORAGE_FLUSH || flush_alone(s, io))
        queue(s, io);
}

static void finish_all(struct storage *s, struct storage_io *io, int result)
{
    for (struct storage_io *next; io; io = next) {
        next = io->joined;
        finish(s, io, result);
    }
}

/* Those that wait may follow writes of which this failure tells, and are not
 * told again. */
static void finish_flush(struct storage *s, int result)
{
    struct storage_io *next = s->next_flushes;

    finish_all(s, s->flushing, result);
    s->flushing = s->next_flushes = NULL;
    if (result < 0) {
        finish_all(s, next, result);
    } else if (next) {
        s->flushing = next;
        queue(s, next);
        storage_kick(s);
    }
}

/* Shares out what came of a chain. Those that nothing was done of are tried
 * once more, each for itself, so that only what fails alone has failed. */
static void finish_joined(struct storage *s, struct storage_io *io, int result)
{
    uint64_t done = result < 0 ? 0 : result, part;

    for (struct storage_io *next; io; io = next, done -= part) {
        next = io->joined;
        part = done < io->len ? done : io->len;
        io->joined = NULL;
        if (part)
            finish(s, io, part);
        else
            queue_alone(s, io);
    }
    storage_kick(s);
}

bool storage_kick(struct storage *s)
{
    int r;

    if (s->ops)
        return s->ops->kick(s);
    s->last = NULL;
    if (!s->has_ring)
        return true;
    r = io_uring_sq_ready(&s->ring) ? io_uring_submit(&s->ring) : 0;
    if (r < 0 && r != -EINTR && r != -EAGAIN && r != -EBUSY)
        log_error("io_uring_submit: %s", strerror(-r));
    return !io_uring_sq_ready(&s->ring);
}

static struct storage_io *next_finished(struct storage *s)
{
    struct storage_io *io = s->done;

    if (io)
        s->done = io->next_done;
    if (!s->done)
        s->done_tail = &s->done;
    return io;
}

static void done_at_medium(struct storage *s, struct storage_io *io, int result)
{
    if (io == s->flushing)
        finish_flush(s, result);
    else if (io->joined)
        finish_joined(s, io, result);
    else
        finish(s, io, result);
}

struct storage_io *storage_next_done(struct storage *s)
{
    struct io_uring_cqe *c;
    struct storage_io *io;
    int result;

    if (s->ops)
        return s->ops->next_done(s);
    io = next_finished(s);
    if (!io && s->in_threads && (io = io_threads_next_done(s->threads))) {
        s->in_threads--;
        done_at_medium(s, io, io->result);
        return next_finished(s);
    }
    if (io)
        return io;
    while (!(io = next_finished(s)) && s->in_kernel &&
           !io_uring_peek_cqe(&s->ring, &c)) {
        io = io_uring_cqe_get_data(c);
        result = c->res;
        io_uring_cqe_seen(&s->ring, c);
        s->in_kernel--;
        done_at_medium(s, io, result);
    }
    return io;
}
