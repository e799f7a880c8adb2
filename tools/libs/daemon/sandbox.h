/* SPDX-License-Identifier: MIT */
/*
 * The child of a pair (pair.h) gives up what it does not need to serve: what
 * privileges.h tells, and by filter.h all system calls but those that every
 * process needs, those by which guests are served, and those of its list. A
 * daemon's sandbox.c has that list.
 */
#ifndef DAEMON_SANDBOX_H
#define DAEMON_SANDBOX_H

#include <stddef.h>
#include <sys/types.h>

#include <daemon/pair.h>

struct sandbox {
    uid_t uid;
    const int *calls; /* system calls */
    size_t n_calls;
    const unsigned long *fcntls, *ioctls; /* commands of these two */
    size_t n_fcntls, n_ioctls;
};

/* When the devices are open and nothing has been read that a guest has made. 0
 * or -errno. */
int sandbox_close(const struct pair *both, const struct sandbox *s);

#endif
