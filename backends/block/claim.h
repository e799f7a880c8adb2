/* SPDX-License-Identifier: MIT */
/*
 * Users of a medium that have gone, while the kernel still does what they asked
 * for last: of a disk that hangs, for any time, and nobody can stop it.
 *
 * A user locks two bytes of the medium from open to close: one by the
 * description that its I/O goes through, which the kernel keeps for as long as
 * any of it is in flight, and one by a description that ends with the process,
 * however that ends. Whoever comes finds a user that has gone by the first
 * without the second. Nothing is said at a disconnect or at the end, where
 * there might be no time for it, and a file server none to answer.
 *
 * Each writer has two bytes of its own, so that one that lives does not hide
 * one that has gone. What readers left behind harms nobody but a writer that
 * minds them, and one that lives is in its way as well: they share two.
 */
#ifndef BACKENDS_BLOCK_CLAIM_H
#define BACKENDS_BLOCK_CLAIM_H

#include <stdbool.h>

/*
 * For I/O through fd, which other users have agreed to. Returns the descriptor
 * to be closed with the process or the device, and before that by nobody; -1:
 * the file system has no locks, or the medium more writers than can be told
 * apart. May wait for a file server.
 */
int claim_medium(int fd, bool writes);
/* Likewise, through a description that a process which has gone has claimed the
 * medium by: its bytes are taken over. */
int claim_again(int fd, bool writes);

/* A writer has gone before its I/O; readers have, and none is left. Any
 * descriptor of the medium will do. */
bool claim_left_by_writer(int fd);
bool claim_left_by_readers(int fd);

#endif
