/* SPDX-License-Identifier: MIT */
/*
 * The program that serves a medium which is no plain file or device: qemu-nbd,
 * of Debian's package qemu-utils, over a socket that nobody else can reach.
 *
 * It lives as long as the process that has started it: with its only client it
 * ends, after it has done what it was asked for and has written everything
 * back. Until then it keeps the record open, so that a successor does not begin
 * before (record_claim()): two servers of one image would destroy it, and what
 * the former was still asked to write could come after what the latter wrote.
 *
 * Of what is on this host the medium's locks keep the next user out, too; what
 * is elsewhere another guest's server may write at once. So the server of a URI
 * is on a leash: nbd_server_pull() ends it, in the middle of what it does, when
 * the device has ended and nobody will do the rest again.
 *
 * A guest that has taken its backend over may do so with this program as well.
 * It has a user of its own, no capability but to open what root could, the
 * whole file system read-only and without devices except for its medium, and
 * nothing that it could connect to but its medium: no UNIX sockets
 * (nbd_filter.h) unless that is behind one, no network if it is a local one.
 * /run is empty then, unless the medium lies there.
 */
#ifndef BACKENDS_BLOCK_NBD_SERVER_H
#define BACKENDS_BLOCK_NBD_SERVER_H

#include <stdbool.h>
#include <sys/types.h>

#include "target.h"

struct nbd_server_plan {
    struct target target;
    bool readonly;
    bool direct; /* past the page cache */
    int hold;    /* stays open as long as it lives; below 0: nothing */
    unsigned int domid;
};

struct nbd_server {
    pid_t pid;
    int socket; /* connected to it, and the caller's from now on */
    int words;  /* what it says; read by nbd_server_words() */
    int leash;  /* below 0: none */
};

/* As root. What it does with its medium is seen at the socket alone. 0 or
 * -errno. */
int nbd_server_start(struct nbd_server *s, const struct nbd_server_plan *p);

/* The first line of what it has said since the last call, or "". wait_ms: until
 * it has ended. */
const char *nbd_server_words(struct nbd_server *s, int wait_ms);

/* The device has ended. Of a local image's nothing happens. */
void nbd_server_pull(struct nbd_server *s);

/* It is not needed, and may never have begun. */
void nbd_server_kill(struct nbd_server *s);
void nbd_server_leave(struct nbd_server *s);

#endif
