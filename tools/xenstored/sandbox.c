/* SPDX-License-Identifier: MIT */
/* See sandbox.h. */
#include "sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>

#include <base/macros.h>
#include <daemon/filter.h>
#include <daemon/privileges.h>
#include <daemon/sandbox.h>

#include "journal.h"

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

static const unsigned long fcntls[] = {F_GETFD, F_SETFD, F_GETFL,
                                       F_DUPFD_CLOEXEC};

/* Of its files the journal is the largest; journal_write() knows that. */
static int limit_files(void)
{
    const struct rlimit most = {JOURNAL_MAX, JOURNAL_MAX};

    signal(SIGXFSZ, SIG_IGN);
    return setrlimit(RLIMIT_FSIZE, &most) ? errno : 0;
}

int sandbox_enter(const struct pair *both)
{
    static const struct sandbox s = {
        .uid = PRIVILEGES_UID_STORE,
        .calls = allowed,
        .n_calls = ARRAY_SIZE(allowed),
        .fcntls = fcntls,
        .n_fcntls = ARRAY_SIZE(fcntls),
    };
    int rc = limit_files();

    return rc ? rc : -sandbox_close(both, &s);
}
