/* SPDX-License-Identifier: MIT */
/*
 * Reaching the keeper (keeper.c), or starting it: as root, since its socket is
 * root's alone and no child of another user is to be its origin.
 */
#ifndef CONSOLE_KEEPER_REACH_H
#define CONSOLE_KEEPER_REACH_H

/* The socket is in the directory, which exists and is root's alone. A
 * connection, on which nothing waits for more than some seconds, or -errno. */
int keeper_reach(const char *dir, const char *program);

#endif
