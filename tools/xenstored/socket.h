/* SPDX-License-Identifier: MIT */
/*
 * The transport of local processes: a Unix stream socket that only root can
 * open. A client that connects has the rights of domain 0.
 */
#ifndef XENSTORED_SOCKET_H
#define XENSTORED_SOCKET_H

#include <daemon/event_loop.h>

/* Listens at @path, replacing a stale socket. 0 or an errno value. */
int socket_listen(struct event_loop *loop, const char *path);
/* At the end: nobody connects any more; those who have stay. */
void socket_unlink(void);

#endif
