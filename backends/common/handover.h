/* SPDX-License-Identifier: MIT */
/*
 * How a backend process gets a new connection to the store: it has no right to
 * connect to anything, so it asks its supervisor over a socket, and the
 * supervisor connects and sends the descriptor. The process has inherited the
 * socket at which it is reached, so a supervisor that is started anew connects
 * there as the former did. A backend that a guest has taken over gains nothing:
 * it had a connection to the store all the time, it can ask for nothing else,
 * and however often it asks, it has one at a time.
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
 * yet; -ENOTCONN: this supervisor has ended; another -errno: it could not
 * connect. */
int handover_ask(int end);
int handover_take(int end);

/* The supervisor answers what has been asked, once: 0. -ENOTCONN: the process
 * has closed its end. *given: the connection that the process got last, which
 * is ended, then the new one; -1: none. The supervisor's to close. */
int handover_serve(int end, int *given);

#endif
