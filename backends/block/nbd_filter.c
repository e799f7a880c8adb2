/* SPDX-License-Identifier: MIT */
/*
 * By libseccomp, whose filter ends a process that uses another table of system
 * calls (i386, x32). The kernel looks at the lower half of these arguments
 * alone, and so must a rule.
 */
#include "nbd_filter.h"

#include <errno.h>
#include <linux/falloc.h>
#include <seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include <base/macros.h>

#define TYPE_BITS 0xf /* of a socket's type; the others are flags */

/* A pair of streams is connected for good. Those of other types can be sent
 * from to whoever has a name. */
static const int named[] = {SOCK_DGRAM, SOCK_RAW, SOCK_SEQPACKET};

static int refuse_sockets(scmp_filter_ctx ctx)
{
    const struct scmp_arg_cmp local =
        SCMP_A0(SCMP_CMP_MASKED_EQ, UINT32_MAX, AF_UNIX);
    int rc = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EACCES), SCMP_SYS(socket), 1,
                              local);

    for (size_t i = 0; !rc && i < ARRAY_SIZE(named); i++)
        rc = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EACCES), SCMP_SYS(socketpair),
                              2, local,
                              SCMP_A1(SCMP_CMP_MASKED_EQ, TYPE_BITS, named[i]));
    return rc;
}

static int refuse_mode(scmp_filter_ctx ctx, uint32_t mask, uint32_t mode)
{
    return seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EOPNOTSUPP),
                            SCMP_SYS(fallocate), 1,
                            SCMP_A1(SCMP_CMP_MASKED_EQ, mask, mode));
}

/* What takes room behind the end of a file, or moves it, where no limit of its
 * length counts: all but to write zeroes, to make a hole, and what a write of
 * as much would do. */
static int refuse_room(scmp_filter_ctx ctx)
{
    const uint32_t keep = FALLOC_FL_KEEP_SIZE, hole = FALLOC_FL_PUNCH_HOLE,
                   zero = FALLOC_FL_ZERO_RANGE, known = keep | hole | zero;
    const uint32_t others[] = {keep, hole, keep | zero, hole | zero, known};
    int rc = 0;

    for (unsigned int bit = 0; !rc && bit < 32; bit++)
        if (!(known & 1u << bit))
            rc = refuse_mode(ctx, 1u << bit, 1u << bit);
    for (size_t i = 0; !rc && i < ARRAY_SIZE(others); i++)
        rc = refuse_mode(ctx, UINT32_MAX, others[i]);
    return rc;
}

int nbd_filter_install(bool sockets)
{
    scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);
    int rc;

    if (!ctx)
        return -ENOMEM;
    rc = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(io_uring_setup),
                          0);
    rc = rc ? rc : refuse_room(ctx);
    if (!rc && !sockets)
        rc = refuse_sockets(ctx);
    rc = rc ? rc : seccomp_load(ctx);
    seccomp_release(ctx);
    return rc;
}
