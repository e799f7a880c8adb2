/* SPDX-License-Identifier: MIT */
/*
 * What the program that serves a medium (nbd_server.h) may not ask the kernel
 * for. It opens files in the place of root, and a UNIX socket in the file
 * system is a file to the kernel: the daemons of this host that listen at
 * theirs would take it for root. An image can name such a socket, as that of
 * the image below it.
 */
#ifndef BACKENDS_BLOCK_NBD_FILTER_H
#define BACKENDS_BLOCK_NBD_FILTER_H

#include <stdbool.h>

/*
 * For this thread, and the program that it becomes. io_uring, which the program
 * can do without, is none here: it makes sockets past a filter. Nor can it take
 * room for a file beyond its end, which no limit of its length is for. sockets:
 * the medium is behind a UNIX socket, so they are not refused. 0 or -errno.
 */
int nbd_filter_install(bool sockets);

#endif
