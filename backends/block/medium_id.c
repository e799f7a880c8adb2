/* SPDX-License-Identifier: MIT */
/* See medium_id.h. */
#include "medium_id.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

struct medium_id medium_id_from(const char *id, const char *number)
{
    struct medium_id m = {""};
    unsigned int major, minor;

    if (id)
        snprintf(m.text, sizeof(m.text), "%s", id);
    else if (number && sscanf(number, "%x:%x", &major, &minor) == 2)
        snprintf(m.text, sizeof(m.text), "%u:%u", major, minor);
    return m;
}

/* A file server might not answer. */
static struct medium_id id_of(int fd)
{
    struct medium_id m = {""};
    struct statx x;

    if (fd < 0 || statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC,
                        STATX_TYPE | STATX_INO, &x))
        return m;
    if (S_ISBLK(x.stx_mode))
        snprintf(m.text, sizeof(m.text), "%u:%u", x.stx_rdev_major,
                 x.stx_rdev_minor);
    else if (S_ISREG(x.stx_mode))
        snprintf(m.text, sizeof(m.text), "file:%llu:%llu",
                 (unsigned long long)makedev(x.stx_dev_major, x.stx_dev_minor),
                 (unsigned long long)x.stx_ino);
    return m;
}

bool medium_id_is(const struct medium_id *id, int fd)
{
    struct medium_id found = id_of(fd);

    return *found.text && !strcmp(found.text, id->text);
}
