/* SPDX-License-Identifier: MIT */
/* See io_ring.h. */
#include "io_ring.h"

#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MAX_RIGHTS 16

/* Debian's library has no functions for these. */
static int register_op(struct io_uring *ring, unsigned int op, const void *arg,
                       unsigned int n)
{
    return syscall(SYS_io_uring_register, ring->ring_fd, op, arg, n) ? -errno
                                                                     : 0;
}

static int restrict_ring(struct io_uring *ring,
                         const struct io_ring_rights *rights)
{
    struct io_uring_restriction r[MAX_RIGHTS];
    unsigned int n = 0;
    int rc;

    if (rights->nr_ops + rights->nr_registrations > MAX_RIGHTS)
        return -E2BIG;
    memset(r, 0, sizeof(r));
    for (size_t i = 0; i < rights->nr_ops; i++, n++) {
        r[n].opcode = IORING_RESTRICTION_SQE_OP;
        r[n].sqe_op = rights->op[i];
    }
    for (size_t i = 0; i < rights->nr_registrations; i++, n++) {
        r[n].opcode = IORING_RESTRICTION_REGISTER_OP;
        r[n].register_op = rights->registration[i];
    }
    rc = register_op(ring, IORING_REGISTER_RESTRICTIONS, r, n);
    return rc ? rc : register_op(ring, IORING_REGISTER_ENABLE_RINGS, NULL, 0);
}

int io_ring_open(struct io_uring *ring, unsigned int depth,
                 const struct io_ring_rights *rights)
{
    int rc = io_uring_queue_init(depth, ring,
                                 IORING_SETUP_CLAMP | IORING_SETUP_R_DISABLED);

    if (rc)
        return rc;
    rc = restrict_ring(ring, rights);
    if (rc)
        io_uring_queue_exit(ring);
    return rc;
}
