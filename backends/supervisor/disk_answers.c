/* SPDX-License-Identifier: MIT */
/* See disk_answers.h. */
#include "disk_answers.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <linux/loop.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static enum disk_answer unknown(const char *path)
{
    fprintf(stderr, "%s: %s\n", path, strerror(errno));
    return DISK_UNKNOWN;
}

/* There is a node, and nothing that anybody could have claimed. */
static bool is_empty(int error)
{
    return error == ENXIO || error == ENODEV || error == ENOMEDIUM;
}

enum disk_answer disk_answer_in_use(const char *path)
{
    struct stat st;

    if (stat(path, &st))
        return unknown(path);
    errno = ENOTBLK;
    if (S_ISBLK(st.st_mode) && open(path, O_RDONLY | O_EXCL | O_CLOEXEC) >= 0)
        return DISK_NO;
    if (errno == EBUSY)
        return DISK_YES;
    return is_empty(errno) ? DISK_NO : unknown(path);
}

/* Of a file, kernels have had 0 or the number of its own device as rdevice. */
static void write_loop(FILE *f, dev_t loop, const struct loop_info64 *i)
{
    fprintf(f, "%u:%u ", major(loop), minor(loop));
    if (i->lo_rdevice && i->lo_rdevice != i->lo_device)
        fprintf(f, "%u:%u\n", major(i->lo_rdevice), minor(i->lo_rdevice));
    else
        fprintf(f, "file:%llu:%llu\n", (unsigned long long)i->lo_device,
                (unsigned long long)i->lo_inode);
}

/* One that has gone meanwhile is on nothing. */
static enum disk_answer tell_of_loop(FILE *f, const char *path)
{
    enum disk_answer answer = DISK_YES;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct loop_info64 info;
    struct stat st;

    if (fd >= 0 && !ioctl(fd, LOOP_GET_STATUS64, &info) && !fstat(fd, &st))
        write_loop(f, st.st_rdev, &info);
    else if (!is_empty(errno))
        answer = unknown(path);
    if (fd >= 0)
        close(fd);
    return answer;
}

enum disk_answer disk_answer_loops(FILE *f)
{
    enum disk_answer answer = DISK_YES;
    char name[32], path[48];
    glob_t all;
    int rc = glob("/sys/block/loop*/loop", 0, NULL, &all);

    if (rc)
        return rc == GLOB_NOMATCH ? DISK_YES : unknown("/sys/block");
    for (size_t i = 0; answer == DISK_YES && i < all.gl_pathc; i++) {
        if (sscanf(all.gl_pathv[i], "/sys/block/%31[^/]", name) != 1)
            continue;
        snprintf(path, sizeof(path), "/dev/%s", name);
        answer = tell_of_loop(f, path);
    }
    globfree(&all);
    return fflush(f) ? unknown("standard output") : answer;
}
