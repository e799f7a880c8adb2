/* SPDX-License-Identifier: MIT */
/* See nbd_view.h. */
#include "nbd_view.h"

#include <errno.h>
#include <fcntl.h>
#include <mntent.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <base/macros.h>

#include "nbd_server.h"
#include "nbd_way.h"

static int change_mount(const char *path, unsigned int flags, uint64_t set,
                        uint64_t clear)
{
    struct mount_attr attr = {.attr_set = set, .attr_clr = clear};

    return syscall(SYS_mount_setattr, AT_FDCWD, path, flags, &attr,
                   sizeof(attr));
}

/* As it is for others, alone among what lies around it. */
static int open_up(const char *path, uint64_t what)
{
    return mount(path, path, NULL, MS_BIND, NULL) ||
           change_mount(path, 0, 0, what);
}

/* The pipes with names by which daemons are told what to do, and the secrets of
 * this host: an image names other files, which are opened as well. */
static const char *const hidden[] = {"/run", "/etc", "/root", "/boot"};

static int detach(const char *place)
{
    return umount2(place, MNT_DETACH | UMOUNT_NOFOLLOW);
}

/* What is covered cannot be reached any more, and would stay in use. */
static void detach_in(const char *place)
{
    FILE *all = setmntent("/proc/self/mounts", "re");
    const struct mntent *m;

    while (all && (m = getmntent(all)))
        if (nbd_path_lies_in(m->mnt_dir, place))
            detach(m->mnt_dir);
    if (all)
        endmntent(all);
}

static int hide(const char *place)
{
    detach_in(place);
    return mount("none", place, "tmpfs",
                 MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
}

static int hide_others(const char *image)
{
    char *real = realpath(image, NULL);
    int rc = real ? 0 : -1;

    for (size_t i = 0; !rc && i < ARRAY_SIZE(hidden); i++)
        if (!nbd_path_lies_in(real, hidden[i]) && !access(hidden[i], F_OK))
            rc = hide(hidden[i]);
    free(real);
    return rc;
}

/* Libraries, settings and what the kernel says; part of it may be mounted there
 * by itself. */
static const char *const needed[] = {"/dev", "/etc", "/proc", "/sys", "/usr"};

static bool is_needed(const char *place)
{
    for (size_t i = 0; i < ARRAY_SIZE(needed); i++)
        if (nbd_path_lies_in(place, needed[i]))
            return true;
    return !strcmp(place, "/var"); /* the way to /var/run */
}

/* way: to a medium elsewhere; NULL: of no use any more. */
static bool stays(const char *place, const struct nbd_way *way)
{
    for (size_t i = 0; i < ARRAY_SIZE(hidden); i++)
        if (!strcmp(place, hidden[i]))
            return true;
    return !strcmp(place, "/") ||
           (way && (is_needed(place) || nbd_way_passes(way, place)));
}

/* What cannot be detached stays in use, and nothing worse. */
static void detach_others(const struct nbd_way *way)
{
    FILE *all = setmntent("/proc/self/mounts", "re");
    const struct mntent *m;

    while (all && (m = getmntent(all)))
        if (!stays(m->mnt_dir, way))
            detach(m->mnt_dir);
    if (all)
        endmntent(all);
}

/* The program wants the null device to find out whether there are locks. */
int nbd_view_begin(const struct nbd_server_plan *p)
{
    const char *name = p->target.name;
    bool local = !target_is_uri(name);
    uint64_t write = p->readonly ? 0 : MOUNT_ATTR_RDONLY;
    struct nbd_way way;

    if (unshare(CLONE_NEWNS) ||
        mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) || chdir("/") ||
        change_mount("/", AT_RECURSIVE,
                     MOUNT_ATTR_RDONLY | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOSUID,
                     0) ||
        open_up("/dev/null", MOUNT_ATTR_NODEV) ||
        (local &&
         (open_up(name, MOUNT_ATTR_NODEV | write) || hide_others(name))))
        return -errno;
    if (local)
        return 0;
    way = nbd_way_of(name);
    detach_others(&way);
    free(way.paths);
    return 0;
}

void nbd_view_reduce(void)
{
    detach_others(NULL);
}
