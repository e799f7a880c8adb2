/* SPDX-License-Identifier: MIT */
/*
 * Giving up privilege, in the only order that works: what root alone can leave
 * behind, groups, user, then capabilities.
 */
#include <daemon/privileges.h>

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <mntent.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <daemon/log.h>

int privileges_limit(void)
{
    struct rlimit none = {0, 0};

    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
        return -errno;
    return setrlimit(RLIMIT_CORE, &none) ? -errno : 0;
}

int privileges_limit_files(uint64_t bytes)
{
    struct rlimit most;

    signal(SIGXFSZ, SIG_IGN);
    if (getrlimit(RLIMIT_FSIZE, &most))
        return -errno;
    most.rlim_cur = bytes < most.rlim_max ? bytes : most.rlim_max;
    return setrlimit(RLIMIT_FSIZE, &most) ? -errno : 0;
}

/* The kernel may have been built without one of them, or be told to give none,
 * or this root be one that may not ask; the rest has to do then. */
static int leave(int namespace, const char *name)
{
    if (!unshare(namespace))
        return 0;
    if (errno != EINVAL && errno != ENOSPC && errno != EPERM)
        return -errno;
    log_warning("no %s namespace of its own: %s", name, strerror(errno));
    return 1;
}

/* Or an administrator could not unmount them for good while this process
 * lives. What lies on others goes with them. */
static void let_mounts_go(void)
{
    FILE *mounts = setmntent("/proc/self/mounts", "r"), *list;
    char *places = NULL, *place;
    struct mntent *m;
    size_t n = 0;

    list = open_memstream(&places, &n);
    while (mounts && list && (m = getmntent(mounts)))
        fprintf(list, "%s%c", m->mnt_dir, 0);
    if (mounts)
        endmntent(mounts);
    if (list && !fclose(list))
        for (place = places; place < places + n; place += strlen(place) + 1)
            if (strcmp(place, "/"))
                umount2(place, MNT_DETACH);
    free(places);
}

/* Into an empty file system that nobody else sees and nothing leads to. The
 * kernel does not let go of a root that is the initramfs. */
static int leave_files(void)
{
    static const char place[] = "/proc"; /* is there */
    int old, rc = leave(CLONE_NEWNS, "mount");

    if (rc)
        return rc < 0 ? rc : 0;
    old = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    rc = old < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
    if (!rc)
        let_mounts_go();
    rc = rc ||
         mount("none", place, "tmpfs",
               MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=555") ||
         chdir(place) || chroot(".") || fchdir(old) ||
         (umount2(".", MNT_DETACH) && errno != EINVAL) || chdir("/");
    rc = rc ? -errno : 0;
    if (old >= 0)
        close(old);
    return rc;
}

static int become(uid_t uid)
{
    return setgroups(0, NULL) || setresgid(uid, uid, uid) ||
                   setresuid(uid, uid, uid)
               ? -errno
               : 0;
}

/* Everybody can give up the rest. */
static int leave_root(uid_t uid)
{
    int rc = leave(CLONE_NEWNET, "network");

    rc = rc < 0 ? rc : leave(CLONE_NEWIPC, "IPC");
    rc = rc < 0 ? rc : leave(CLONE_NEWUTS, "UTS");
    rc = rc < 0 ? rc : leave_files();
    return rc < 0 ? rc : become(uid);
}

int privileges_drop(uid_t uid)
{
    struct __user_cap_header_struct h = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct none[2];
    int rc = geteuid() ? 0 : leave_root(uid);

    if (rc)
        return rc;
    memset(none, 0, sizeof(none));
    return syscall(SYS_capset, &h, none) ? -errno : 0;
}
