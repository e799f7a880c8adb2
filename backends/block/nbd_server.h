/* SPDX-License-Identifier: MIT */
/*
 * The program that serves a medium which is no plain file or device: qemu-nbd,
 * of Debian's package qemu-utils, over a socket that nobody else can reach.
 *
 * Two processes stand between it and the process that has started it. The guard
 * is the first of a namespace of processes, in which the program runs. With the
 * guard, however that ends, the kernel kills the program and all that it has
 * started, and nothing that the program does is in the way of that. But one
 * that is killed lets go what it has open before the others are even told to
 * end, which may take seconds where a device is slow. So the guard has a parent
 * outside, the keeper, for which it has ended only when all of them are dead;
 * and when the keeper is killed, the guard ends the program.
 *
 * Both have what shall stay open as long as anything of the program lives, and
 * the program has none of it: a local medium with its locks (medium.h), and the
 * record, so that a successor does not begin before (record_claim()). Two
 * servers of one image would destroy it, and what the former was still asked to
 * write could come after what the latter wrote. Nothing is left to wait where
 * both are killed before the program is dead: no process can hold a thing
 * longer than it lives.
 *
 * The guard is on a leash: when the other end is closed, by whoever, it kills
 * the program in the middle of what that does. Only that of a local image is
 * let off when it serves: it ends by itself after it has done what its only
 * client has asked for and has written everything back, and the medium's locks
 * keep the next user out for so long. What is elsewhere another guest's server
 * may write at once.
 *
 * What it has handed to the network nobody takes back.
 *
 * A guest that has taken its backend over may do so with this program as well.
 * It has a user of its own, no capability but to open what root could, little
 * of the host's files and nothing of them to write except for its medium
 * (nbd_view.h), and nothing that it could connect to but its medium: no UNIX
 * sockets (nbd_filter.h) unless that is behind one, no network if it is a local
 * one.
 */
#ifndef BACKENDS_BLOCK_NBD_SERVER_H
#define BACKENDS_BLOCK_NBD_SERVER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "target.h"

#define NBD_SERVER_HELD 2

struct nbd_server_plan {
    struct target target;
    bool readonly;
    bool direct;               /* past the page cache */
    int held[NBD_SERVER_HELD]; /* kept, see above; or below 0 */
    unsigned int domid;
};

struct nbd_server {
    int socket; /* connected to it, and the caller's from now on */
    int words;  /* what it says; read by nbd_server_words() */
    int leash;  /* our end */
};
#define NBD_NO_SERVER ((struct nbd_server){-1, -1, -1})

/* As root. What it does with its medium is seen at the socket alone. 0 or
 * -errno. */
int nbd_server_start(struct nbd_server *s, const struct nbd_server_plan *p);

/* The first line of what it has said since the last call, or "". wait_ms: until
 * it has ended. */
const char *nbd_server_words(struct nbd_server *s, int wait_ms);

/* It serves a local image, and shall write everything back after its client. No
 * file that it writes becomes longer than so many bytes. */
void nbd_server_unleash(struct nbd_server *s, uint64_t bytes);

/* It is killed, unless it was let off. */
void nbd_server_leave(struct nbd_server *s);

#endif
