/* SPDX-License-Identifier: MIT */
/*
 * An io_uring that can do nothing but I/O on files that are open. The kernel
 * does for a ring what the filter of system calls forbids: opening files,
 * connecting, cutting files.
 */
#ifndef BACKENDS_COMMON_IO_RING_H
#define BACKENDS_COMMON_IO_RING_H

#include <liburing.h>
#include <stddef.h>

/* IORING_OP_* and IORING_REGISTER_* that are allowed; no others, ever. */
struct io_ring_rights {
    const int *op, *registration;
    size_t nr_ops, nr_registrations;
};

/* Before privileges are given up. 0 or -errno. */
int io_ring_open(struct io_uring *ring, unsigned int depth,
                 const struct io_ring_rights *rights);

#endif
