/* SPDX-License-Identifier: MIT */
/*
 * A daemon of two processes: the one that was started is privileged and small,
 * and its child, which reads what guests write, has given up its privileges
 * (sandbox.h). To all others the parent is the daemon: its number is in the
 * pid file, it takes signals and passes them on. The child asks it, by a
 * socket, for the few things that it may not do (errand.h).
 *
 * There is never one without the other. The kernel kills the child when the
 * parent has ended. When the child has ended the parent ends as it did, or with
 * 1 if it was killed. So whoever starts the daemon again when its process has
 * ended need not know of the two. A child that a guest has taken over may not
 * end when it is told to: the parent kills it after PAIR_END_MS.
 */
#ifndef DAEMON_PAIR_H
#define DAEMON_PAIR_H

#include <stdbool.h>
#include <sys/types.h>

#include <daemon/event_loop.h>

/* For the store to write its journal, on a busy host. */
#define PAIR_END_MS 5000

struct pair {
    pid_t parent, child; /* child is 0 in the child */
    int end;             /* of the socket, a SOCK_SEQPACKET */

    /* --- the parent's --- */
    int signals;
    struct event_loop loop; /* what else it waits for may be added */
    struct event_source of_signals, of_child;
    struct event_timer of_end;
    bool (*serve)(struct pair *p);
};

/* After daemon_begin(), before there are threads: becomes two. The child is no
 * daemon for those outside (daemon_in_child()), has no signal that waits, and
 * has closed what this process was started with but is not close-on-exec. left:
 * from this descriptor on that is the child's, from a program before this one;
 * INT_MAX: nothing is. 0 or -errno. */
int pair_fork(struct pair *p, int left);

/*
 * The parent: calls serve() for each message of the child, and opens the log
 * anew after SIGHUP. False: the child has closed its end, or makes no sense; it
 * is ended then. Returns the daemon's exit code.
 */
int pair_run(struct pair *p, bool (*serve)(struct pair *p));
/* Ends the child at once, and waits until it has. Returns its status, as of
 * waitpid(). */
int pair_end_child(const struct pair *p);

/* The child: other names than the parent's, in first_argument (argv[0]) what
 * there is room for: what looks for the daemon finds the parent alone. And no
 * terminal, which would keep a caller waiting that reads to the end. */
void pair_hide(char *first_argument, const char *name);
/* To end with the parent, again when the child has become another user. 0 or
 * -errno. */
int pair_end_with_parent(const struct pair *p);

#endif
