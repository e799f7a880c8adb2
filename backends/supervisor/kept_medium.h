/* SPDX-License-Identifier: MIT */
/*
 * A disk's medium between two of its processes: the description by which it is
 * claimed and locked is kept here, from when a process has opened it until the
 * device is over (block/kept.h). So nobody can mount or write it while the
 * guest waits for a successor. Only if this daemon and the process are killed
 * at the same time is it free for a moment.
 *
 * Closing what may lie on a file server that does not answer is left to a
 * thread, since all other devices would wait for it here.
 */
#ifndef BACKENDS_SUPERVISOR_KEPT_MEDIUM_H
#define BACKENDS_SUPERVISOR_KEPT_MEDIUM_H

#include <stdbool.h>
#include <sys/types.h>

#include "../block/medium_id.h"

struct kept_medium {
    int fd, errors; /* below 0: not there */
    bool taken;     /* from the process that lives */
};
#define KEPT_NO_MEDIUM ((struct kept_medium){-1, -1, false})

/* What the process has where its medium is to be, or nothing. Its guest may
 * have taken it over: who keeps what is not the medium, as the lock by which
 * the process is known to live, takes a dead process for the living one. */
struct kept_medium kept_medium_look(int pidfd);
/* Is it this medium? What else there is as 'errors' is let go. */
bool kept_medium_is(struct kept_medium *k, const struct medium_id *id);
/* The process of this number may write all of the medium, which has grown. */
void kept_medium_allow(const struct kept_medium *k, pid_t pid, int pidfd);
/* The device is over. */
void kept_medium_let_go(struct kept_medium *k);

#endif
