/* SPDX-License-Identifier: MIT */
/*
 * How a backend process gets a connection to the store: it has no right to
 * connect to anything, so it asks its supervisor over a socket, and the
 * supervisor sends a descriptor. The process has inherited the socket at which
 * it is reached, so a supervisor that is started anew connects there as the
 * former did.
 */
#ifndef BACKENDS_COMMON_HANDOVER_H
#define BACKENDS_COMMON_HANDOVER_H

/* All descriptors are close-on-exec and never waiting; -errno as for all
 * functions here. */

/* Makes the socket for a process that is to be started, in the place of what
 * there is at path. Root alone must be able to reach the path. */
int handover_listen(const char *path);
/* The supervisor's end. -ECONNREFUSED, -ENOENT: nobody is there. */
int handover_connect(const char *path);
/* The process's end of the newest connection; -EAGAIN: there is none. */
int handover_accept(int listener);

/* The process asks, and takes what has come: a descriptor; -EAGAIN: nothing
 * yet; -ENOTCONN: this supervisor has ended; another -errno (-EIO for either of
 * these two): it could not connect. */
int handover_ask(int end);
int handover_take(int end);

/* Has the process asked, once or more often since? 1 or 0; -ENOTCONN: it has
 * closed its end. */
int handover_asked(int end);
/* The answer: fd, which stays the supervisor's to close, or -errno to say why
 * there is none. 0 or -errno. */
int handover_answer(int end, int fd);

#endif
