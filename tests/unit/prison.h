/* SPDX-License-Identifier: MIT */
/*
 * What one could try that has taken a daemon's process over (daemon/sandbox.h),
 * each call in a process of its own that has shut itself in as the daemon does.
 */
#ifndef TESTS_UNIT_PRISON_H
#define TESTS_UNIT_PRISON_H

#include <stdbool.h>
#include <sys/types.h>

#include <daemon/pair.h>

struct prison {
    int (*enter)(const struct pair *both); /* 0, or it has failed */
    uid_t uid;
};

/* As tried_call() says. Not filtered: without the filter alone. */
int prison_call(const struct prison *p, bool filtered, long (*call)(void));

/* Fails the test, by the call's name, if one of those passes that no daemon
 * needs, or none of which the filter is why. */
void prison_refuses(const struct prison *p);
/* Nor if it may not write, have memory, bind event channels or map grants. */
void prison_lets_serve(const struct prison *p);

#endif
