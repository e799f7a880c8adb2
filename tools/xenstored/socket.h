/* SPDX-License-Identifier: MIT */
/*
 * The transport of local processes: a Unix stream socket that only root can
 * open. A client that connects has the rights of domain 0.
 */
#ifndef XENSTORED_SOCKET_H
#define XENSTORED_SOCKET_H

#include <daemon/event_loop.h>

struct connection;

/* Listens at @path, replacing a stale socket. 0 or an errno value. */
int socket_listen(struct event_loop *loop, const char *path);
/* The socket that a program before this one listens at: @fd. */
int socket_take_over(struct event_loop *loop, int fd);
/* A client that has connected, by @fd. NULL: there is no memory, and it is
 * disconnected. */
struct connection *socket_welcome(int fd);
/* The descriptors: of a local client, of what they come to (below 0: none). */
int socket_of(const struct connection *c);
int socket_listener(void);

#endif
