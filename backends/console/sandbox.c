/* SPDX-License-Identifier: MIT */
/* See sandbox.h. */
#include "sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/resource.h>

#include <base/macros.h>
#include <daemon/filter.h>
#include <daemon/privileges.h>
#include <daemon/sandbox.h>

#include "log_file.h"

static const int allowed[] = {
    /* what is open */
    SCMP_SYS(read),
    SCMP_SYS(write),
    SCMP_SYS(writev),
    SCMP_SYS(splice),
    SCMP_SYS(fstat),
    SCMP_SYS(newfstatat),
    SCMP_SYS(close),
    SCMP_SYS(shutdown), /* of the store that does not answer */
    SCMP_SYS(recvfrom),
    SCMP_SYS(sendto),
    SCMP_SYS(recvmsg),
    SCMP_SYS(sendmsg),
    /* waiting */
    SCMP_SYS(poll),
    SCMP_SYS(epoll_wait),
    SCMP_SYS(epoll_pwait),
    SCMP_SYS(epoll_ctl),
};

/* Without F_SETFL and ftruncate(): what a log has it keeps. Seals are for a
 * guest's progress, as a keeper of old may have it; memory that is no process's
 * is the parent's to make (page.h). */
static const unsigned long fcntls[] = {F_GETFD, F_SETFD, F_GETFL, F_ADD_SEALS};

static const unsigned long ioctls[] = {FIONREAD, TIOCGPTN};

/* A text that does not fit fails, as on a full disk. */
static int limit_files(void)
{
    const struct rlimit most = {LOG_FILE_MOST, LOG_FILE_MOST};

    signal(SIGXFSZ, SIG_IGN);
    return setrlimit(RLIMIT_FSIZE, &most) ? -errno : 0;
}

int sandbox_enter(const struct pair *both)
{
    static const struct sandbox s = {
        .uid = PRIVILEGES_UID_CONSOLES,
        .calls = allowed,
        .n_calls = ARRAY_SIZE(allowed),
        .fcntls = fcntls,
        .n_fcntls = ARRAY_SIZE(fcntls),
        .ioctls = ioctls,
        .n_ioctls = ARRAY_SIZE(ioctls),
    };
    int rc = limit_files();

    return rc ? rc : sandbox_close(both, &s);
}
