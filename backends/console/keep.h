/* SPDX-License-Identifier: MIT */
/*
 * The daemon's side of its keeper, the process that has the descriptors of all
 * consoles open as well (keeper.c): so terminals, what is in them, and what
 * waits for them outlive the daemon, and open sessions do not notice that it
 * was away.
 *
 * If the keeper ends, another one is started a second later, and the owner is
 * asked to put everything there again. Only if both end at the same time the
 * terminals are lost; then sessions end or, with our client, begin anew.
 */
#ifndef CONSOLE_KEEP_H
#define CONSOLE_KEEP_H

#include <stdbool.h>

#include <daemon/event_loop.h>

#include "keep_wire.h"

struct keep {
    /* --- from the owner, before keep_open() --- */
    /* A connection to the keeper, which is started if there is none, and on
     * which nothing waits for long; or -errno. */
    int (*reach)(void);
    /* There is a new keeper, which has nothing. */
    void (*renewed)(struct keep *k);

    /* --- internal --- */
    struct event_loop *loop;
    struct event_source source; /* fd -1: there is no keeper */
    struct event_timer retry;
    bool missing; /* and that was logged */
    bool listing;
    struct keep_name *dropped, **dropped_end; /* meanwhile */
};

/*
 * Connects to the keeper, or starts one, and calls found() for each name that
 * it has, with duplicates of what a former daemon had put: the callee's now.
 * Without a keeper the daemon works, but its sessions end with it; that is
 * logged, and tried again.
 */
void keep_open(struct keep *k, struct event_loop *loop,
               void (*found)(const char *name, const int *fds, int n));

/* In the place of what was under that name. The descriptors stay the caller's.
 */
void keep_put(struct keep *k, const char *name, const int *fds, int n);
void keep_drop(struct keep *k, const char *name);

#endif
