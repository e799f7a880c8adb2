/* SPDX-License-Identifier: MIT */
/*
 * The transport of local processes: a Unix stream socket that only root can
 * open. Whoever gets through speaks as domain 0.
 */
#ifndef XENSTORED_SOCKET_H
#define XENSTORED_SOCKET_H

/* Listens at @path, replacing a stale socket. 0 or an errno value. */
int socket_listen(const char *path);
void socket_unlink(void);

#endif
