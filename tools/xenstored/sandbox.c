/* SPDX-License-Identifier: MIT */
/* See sandbox.h. */
#include "sandbox.h"

#include <fcntl.h>

#include <base/macros.h>
#include <daemon/filter.h>
#include <daemon/privileges.h>
#include <daemon/sandbox.h>

static const int allowed[] = {
    SCMP_SYS(read),
    SCMP_SYS(write),
    SCMP_SYS(readv),
    SCMP_SYS(writev),
    SCMP_SYS(lseek),
    SCMP_SYS(fstat),
    SCMP_SYS(newfstatat),
    SCMP_SYS(close),
    SCMP_SYS(accept4),
    SCMP_SYS(recvfrom),
    SCMP_SYS(sendto),
    SCMP_SYS(recvmsg),
    SCMP_SYS(sendmsg),
    SCMP_SYS(epoll_wait),
    SCMP_SYS(epoll_pwait),
    SCMP_SYS(epoll_ctl),
    /* what is left by a live update */
    SCMP_SYS(memfd_create),
};

/* Without F_SETFL and ftruncate(): what a log has it keeps. */
static const unsigned long fcntls[] = {F_GETFD, F_SETFD, F_GETFL,
                                       F_DUPFD_CLOEXEC};

int sandbox_enter(const struct pair *both)
{
    static const struct sandbox s = {
        .uid = PRIVILEGES_UID_STORE,
        .calls = allowed,
        .n_calls = ARRAY_SIZE(allowed),
        .fcntls = fcntls,
        .n_fcntls = ARRAY_SIZE(fcntls),
    };

    return -sandbox_close(both, &s);
}
