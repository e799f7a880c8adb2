/* SPDX-License-Identifier: MIT */
/*
 * Frames into the host, many by one system call. A frame that goes alone wakes
 * whoever receives it at the return to user space, which costs two switches of
 * process each time; of many that go together, one wakes him.
 */
#ifndef BACKENDS_NET_TAP_BATCH_H
#define BACKENDS_NET_TAP_BATCH_H

#include <liburing.h>
#include <linux/virtio_net.h>
#include <stdbool.h>
#include <sys/uio.h>

/* A frame in nr pieces from iov[1] on; iov[0] is for the header. */
struct tap_frame {
    struct virtio_net_hdr header;
    struct iovec *iov;
    unsigned int nr;
};

/* Zeroed at first. */
struct tap_batch {
    struct io_uring ring;
    bool open;
    /* RWF_NOWAIT, without which the ring waits for room on a device that knows
     * it; one that does not takes the file's O_NONBLOCK for it. */
    int flags;
};

/* Before privileges are given up, for so many frames at once. Where the kernel
 * offers no io_uring, each frame is a system call. Opening an open one does
 * nothing, closing a closed one neither. */
void tap_batch_open(struct tap_batch *b, unsigned int depth);
void tap_batch_close(struct tap_batch *b);

/* In their order, each at most once. A frame that the host does not take is
 * lost, as on a network. The pieces may be reused afterwards: where the kernel
 * does not tell when, the process ends as if it were killed. */
void tap_batch_write(struct tap_batch *b, int fd, struct tap_frame *frame,
                     unsigned int n);

#endif
