/* SPDX-License-Identifier: MIT */
/* See tap_batch.h. */
#include "tap_batch.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <base/macros.h>
#include <daemon/log.h>

#include "../common/io_ring.h"

static const int ops[] = {IORING_OP_WRITEV};
static const struct io_ring_rights rights = {.op = ops, .nr_ops = 1};

void tap_batch_open(struct tap_batch *b, unsigned int depth)
{
    int rc = b->open ? 0 : io_ring_open(&b->ring, depth, &rights);

    if (rc)
        log_info("no io_uring (%s): one system call for each frame",
                 strerror(-rc));
    b->open = !rc;
    b->flags = RWF_NOWAIT;
}

void tap_batch_close(struct tap_batch *b)
{
    if (b->open)
        io_uring_queue_exit(&b->ring);
    b->open = false;
}

static void write_one(int fd, struct tap_frame *f)
{
    ssize_t lost;

    do
        lost = writev(fd, f->iov, f->nr + 1);
    while (lost < 0 && errno == EINTR);
}

/* Whatever was submitted must be over before its memory is used again. If the
 * kernel does not say when that is, nothing but the end of this process stops
 * it from reading; a successor serves on. False: the device does not know
 * RWF_NOWAIT, and nothing was written. */
static bool await(struct io_uring *ring, unsigned int n)
{
    struct io_uring_cqe *c;
    bool known = true;

    while (n) {
        int rc = io_uring_wait_cqe(ring, &c);

        if (rc == -EINTR || rc == -EAGAIN)
            continue;
        if (rc) {
            log_error("io_uring_wait_cqe: %s", strerror(-rc));
            _exit(1);
        }
        known = known && c->res != -EOPNOTSUPP;
        io_uring_cqe_seen(ring, c);
        n--;
    }
    return known;
}

/* The number of those that were prepared, from the first on, which the kernel
 * has taken. It may take some at a time. */
static unsigned int submit(struct io_uring *ring, unsigned int prepared)
{
    unsigned int taken = 0;
    int rc;

    while (taken < prepared) {
        rc = io_uring_submit(ring);
        if (rc == -EINTR)
            continue;
        if (rc <= 0)
            break;
        taken += rc;
    }
    return taken;
}

/* The number of frames that went this way, from the first on. A ring in which
 * some are left is closed: it must never send them again. */
static unsigned int write_together(struct tap_batch *b, int fd,
                                   struct tap_frame *frame, unsigned int n)
{
    struct io_uring_sqe *e;
    unsigned int i = 0, taken;
    bool known;

    for (; i < n && (e = io_uring_get_sqe(&b->ring)); i++) {
        io_uring_prep_writev(e, fd, frame[i].iov, frame[i].nr + 1, 0);
        e->rw_flags = b->flags;
    }
    taken = submit(&b->ring, i);
    known = await(&b->ring, taken);
    if (!i || taken < i) {
        log_error("io_uring failed: one system call for each frame");
        tap_batch_close(b);
    }
    if (known || !b->flags)
        return taken;
    b->flags = 0;
    return 0;
}

void tap_batch_write(struct tap_batch *b, int fd, struct tap_frame *frame,
                     unsigned int n)
{
    unsigned int done = 0;

    for (unsigned int i = 0; i < n; i++)
        frame[i].iov[0] =
            (struct iovec){&frame[i].header, sizeof(frame[i].header)};
    while (b->open && n - done > 1)
        done += write_together(b, fd, frame + done, n - done);
    for (; done < n; done++)
        write_one(fd, &frame[done]);
}
