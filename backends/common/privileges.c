/* SPDX-License-Identifier: MIT */
/*
 * Giving up privilege, in the only order that works: groups, user, then
 * capabilities.
 */
#include "privileges.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "syscall_filter.h"

#define UID_NOBODY 65534

int privileges_limit(void)
{
    struct rlimit none = {0, 0};

    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
        return -errno;
    return setrlimit(RLIMIT_CORE, &none) ? -errno : 0;
}

int privileges_drop(void)
{
    struct __user_cap_header_struct h = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct none[2];

    memset(none, 0, sizeof(none));
    if (geteuid() == 0 &&
        (setgroups(0, NULL) || setresgid(UID_NOBODY, UID_NOBODY, UID_NOBODY) ||
         setresuid(UID_NOBODY, UID_NOBODY, UID_NOBODY)))
        return -errno;
    if (syscall(SYS_capset, &h, none))
        return -errno;
    return syscall_filter_install();
}
