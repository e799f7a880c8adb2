/* SPDX-License-Identifier: MIT */
/*
 * Between the console daemon and its keeper: packets over a Unix socket.
 *
 *     put NAME   with descriptors     keep these, in the place of older ones:
 *                                     a terminal that no other name has, pipes
 *                                     and one page of memory, sealed
 *                                     (F_SEAL_GROW); one name may be without a
 *                                     terminal
 *     drop NAME                       close them
 *     list                            answered by a put for each name, and
 * list; nothing is taken meanwhile
 *
 * Only root can reach the socket.
 */
#ifndef CONSOLE_KEEP_WIRE_H
#define CONSOLE_KEEP_WIRE_H

#define KEEP_FDS 5 /* at most, under one name */

enum keep_op { KEEP_PUT, KEEP_DROP, KEEP_LIST };

struct keep_message {
    int op;
    char name[28]; /* NUL-terminated, unique */
};

/* fds: n descriptors, which stay the caller's. Waits for room: the
 * kernel lets some hundred packets wait. 0 or -errno. */
int keep_send(int socket, const struct keep_message *m, const int *fds, int n);
/* Waits. The descriptors are the caller's and close on exec. How many there
 * are, or -errno; -ENOTCONN: the other end has closed. */
int keep_receive(int socket, struct keep_message *m, int fds[KEEP_FDS]);

#endif
