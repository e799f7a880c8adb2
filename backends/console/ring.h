/* SPDX-License-Identifier: MIT */
/*
 * The daemon's end of a guest's console ring (public-headers io/console.h).
 * The page belongs to the guest: each index is read once, and a distance
 * larger than the ring is an error, not a length. What is in the buffers may
 * change at any time, but it is only text. Nobody is notified here.
 */
#ifndef CONSOLE_RING_H
#define CONSOLE_RING_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <xen/io/console.h>

#define CONSOLE_OUT_SIZE sizeof(((struct xencons_interface *)0)->out)

/* Takes what the guest has written, at most CONSOLE_OUT_SIZE bytes. Bytes
 * taken, or -EPROTO. */
ssize_t console_ring_take(struct xencons_interface *ring, char *to);

/* Room for input to the guest, or -EPROTO. */
ssize_t console_ring_room(struct xencons_interface *ring);
/* len: at most what console_ring_room() said. */
void console_ring_put(struct xencons_interface *ring, const char *from,
                      size_t len);

#endif
