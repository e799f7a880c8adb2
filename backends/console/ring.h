/* SPDX-License-Identifier: MIT */
/*
 * The daemon's end of a guest's console ring (public-headers io/console.h).
 * The page belongs to the guest: each index is read once, and a distance
 * larger than the ring is an error, not a length. What is in the buffers may
 * change at any time, but it is only text. Nobody is notified here.
 */
#ifndef CONSOLE_RING_H
#define CONSOLE_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <xen/io/console.h>

#define CONSOLE_OUT_SIZE sizeof(((struct xencons_interface *)0)->out)

/*
 * Text is looked at first, and taken when it is safe elsewhere: then the guest
 * may write over it. peek copies what the guest has written, at most
 * CONSOLE_OUT_SIZE bytes, and sets *first to the index of its first byte. Bytes
 * copied, or -EPROTO.
 */
ssize_t console_ring_peek(const struct xencons_interface *ring, char *to,
                          uint32_t *first);
/* The same text again: len bytes from index first on, at most
 * CONSOLE_OUT_SIZE. */
void console_ring_copy(const struct xencons_interface *ring, char *to,
                       uint32_t first, size_t len);
/* All before this index is taken. */
void console_ring_taken(struct xencons_interface *ring, uint32_t end);
/* Up to where text is taken, as the ring says. */
uint32_t console_ring_position(const struct xencons_interface *ring);
/* The daemon's own count is 'end': true if the ring is at most what it holds
 * behind that, and has as much or more text. */
bool console_ring_agrees(const struct xencons_interface *ring, uint32_t end);

/* Room for input to the guest, or -EPROTO. */
ssize_t console_ring_room(struct xencons_interface *ring);
/* len: at most what console_ring_room() said. */
void console_ring_put(struct xencons_interface *ring, const char *from,
                      size_t len);

#endif
