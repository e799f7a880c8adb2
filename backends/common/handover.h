/* SPDX-License-Identifier: MIT */
/*
 * How a backend process gets a new connection to the store: it has no right to
 * connect to anything, so it asks its supervisor over a socket that it has
 * inherited, and the supervisor connects and sends the descriptor. A backend
 * that a guest has taken over gains nothing: it had such a connection all the
 * time, and it can ask for nothing else.
 */
#ifndef BACKENDS_COMMON_HANDOVER_H
#define BACKENDS_COMMON_HANDOVER_H

/* end[0] for the supervisor, end[1] for the process; both close-on-exec and
 * never waiting. 0 or -errno, as for all functions here. */
int handover_pair(int end[2]);

/* The process asks, and takes what has come: a descriptor; -EAGAIN: nothing
 * yet; -ENOTCONN: there is no supervisor any more; another -errno: it could not
 * connect. */
int handover_ask(int end);
int handover_take(int end);

/* The supervisor answers what has been asked, once. -ENOTCONN: the process has
 * closed its end. */
int handover_serve(int end);

#endif
