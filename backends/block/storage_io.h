/* SPDX-License-Identifier: MIT */
/* What is asked of a medium (storage.h). */
#ifndef BACKENDS_BLOCK_STORAGE_IO_H
#define BACKENDS_BLOCK_STORAGE_IO_H

#include <stdint.h>
#include <sys/uio.h>

enum storage_op {
    STORAGE_READ,
    STORAGE_WRITE,
    STORAGE_FLUSH,
    STORAGE_DISCARD,        /* a file's; a device's where it makes zeroes */
    STORAGE_DISCARD_DEVICE, /* other devices' */
    STORAGE_DISCARD_SECURE,
};

/* The caller's, with its data, from storage_queue() until it comes back. */
struct storage_io {
    enum storage_op op;
    void *data;
    uint64_t offset, len;
    int result; /* bytes, or -errno */
    struct storage_io *next_done;
    /* Instead of data, if nr is not 0, and of a medium in memory alone: pieces.
     * The list may be reused after storage_queue(). */
    const struct iovec *iov;
    unsigned int nr;
    struct storage_io *joined; /* goes on where this one ends, with it; of a
                                * flush, has its result as well */
    void *medium;              /* of another kind: its own */
};

#endif
