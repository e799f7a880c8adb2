/* SPDX-License-Identifier: MIT */
/*
 * How many terminals live that this process has given away. It has none of
 * their descriptors any more, and those to whom it gave them need not tell the
 * truth. But an epoll set has a file until the last descriptor of it is closed,
 * wherever that is, and the kernel tells what is in a set.
 */
#ifndef CONSOLE_GIVEN_H
#define CONSOLE_GIVEN_H

/* With its pipe: TERMINAL_FDS descriptors (errand.h), which stay the caller's.
 * 0 or -errno. */
int given_add(const int *fds);
/* Of each some part is open; -errno. */
int given_living(void);

#endif
