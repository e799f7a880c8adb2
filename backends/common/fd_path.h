/* SPDX-License-Identifier: MIT */
/*
 * The name of what a descriptor has open, also if it has lost all others: to
 * open it once more, since locks and flags belong to a description, or to watch
 * it. Root's, for processes without /proc of their own.
 */
#ifndef BACKENDS_COMMON_FD_PATH_H
#define BACKENDS_COMMON_FD_PATH_H

#include <stdio.h>

struct fd_path {
    char name[32];
};

static inline struct fd_path fd_path(int fd)
{
    struct fd_path p;

    snprintf(p.name, sizeof(p.name), "/proc/self/fd/%d", fd);
    return p;
}

#endif
