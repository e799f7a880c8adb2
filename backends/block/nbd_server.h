/* SPDX-License-Identifier: MIT */
/*
 * The program that serves a medium which is no plain file or device: qemu-nbd,
 * of Debian's package qemu-utils, over a socket that nobody else can reach.
 *
 * It ends with the process that has started it, and keeps the record open
 * until then, so that a successor does not begin before (record_claim()): two
 * servers of one image would destroy it, and what the former was still asked to
 * write could come after what the latter wrote. It is on a leash: when the
 * other end is closed, by whoever, it is killed in the middle of what it does.
 * Only that of a local image is let off when it serves: it ends by itself after
 * it has done what its only client has asked for and has written everything
 * back, and the medium's locks keep the next user out for so long. What is
 * elsewhere another guest's server may write at once.
 *
 * What it has handed to the network nobody takes back.
 *
 * A guest that has taken its backend over may do so with this program as well.
 * It has a user of its own, no capability but to open what root could, the
 * whole file system read-only and without devices except for its medium, and
 * nothing that it could connect to but its medium: no UNIX sockets
 * (nbd_filter.h) unless that is behind one, no network if it is a local one.
 * /run, /etc, /root and /boot are empty then, but for that in which the medium
 * lies.
 */
#ifndef BACKENDS_BLOCK_NBD_SERVER_H
#define BACKENDS_BLOCK_NBD_SERVER_H

#include <stdbool.h>
#include <sys/types.h>

#include "target.h"

#define NBD_SERVER_HELD 3

struct nbd_server_plan {
    struct target target;
    bool readonly;
    bool direct;               /* past the page cache */
    int held[NBD_SERVER_HELD]; /* stay open as long as it lives; or below 0 */
    unsigned int domid;
};

struct nbd_server {
    pid_t pid;
    int socket;        /* connected to it, and the caller's from now on */
    int words;         /* what it says; read by nbd_server_words() */
    int leash, collar; /* both ends */
};
#define NBD_NO_SERVER ((struct nbd_server){-1, -1, -1, -1, -1})

/* As root. What it does with its medium is seen at the socket alone. 0 or
 * -errno. */
int nbd_server_start(struct nbd_server *s, const struct nbd_server_plan *p);

/* The first line of what it has said since the last call, or "". wait_ms: until
 * it has ended. */
const char *nbd_server_words(struct nbd_server *s, int wait_ms);

/* It serves a local image, and shall write everything back after its client. */
void nbd_server_unleash(struct nbd_server *s);

/* It is not needed, and may never have begun. */
void nbd_server_kill(struct nbd_server *s);
/* It is killed, unless it was let off. */
void nbd_server_leave(struct nbd_server *s);

#endif
