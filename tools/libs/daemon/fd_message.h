/* SPDX-License-Identifier: MIT */
/*
 * A message with descriptors, on a SOCK_SEQPACKET socket. The other end may be
 * hostile: what is received is as long as it was sent and no longer than there
 * is room, and never has more descriptors than were asked for.
 */
#ifndef DAEMON_FD_MESSAGE_H
#define DAEMON_FD_MESSAGE_H

#include <stddef.h>

#define FD_MESSAGE_MAX 8 /* descriptors */

/* The descriptors stay the caller's. flags: MSG_DONTWAIT or 0. 0 or -errno. */
int fd_message_send(int socket, const void *data, size_t len, const int *fds,
                    int n, int flags);
/* Bytes; 0: the other end is closed; -EMSGSIZE: there was no room for all of
 * it; or another -errno. The first *n of fds, which has room for *n, are the
 * caller's then, close-on-exec; *n is 0 if there is nothing. */
int fd_message_receive(int socket, void *data, size_t size, int *fds, int *n);

#endif
