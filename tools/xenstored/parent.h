/* SPDX-License-Identifier: MIT */
/*
 * Two processes: this one, which is root and small, and the daemon, its child,
 * which serves guests and is nobody (sandbox.h).
 *
 *   xenstored      the process that was started (daemon/pair.h): it writes the
 *    |             log and the trace, and does errands (daemon/errand.h)
 *    `- store-server   the daemon
 *
 * When one has ended the other does, and whoever starts xenstored again gets
 * one that goes on from the journal.
 *
 * A guest that has taken the daemon over has the store, what other guests grant
 * to this domain or leave unbound for it (sandbox.h), and the parent's errands.
 * Those are all that it can ask of the host, and the parent takes nothing in
 * them on trust:
 *
 *   files      the journal, its successor and the socket, by their own names
 *   texts      for the trace and for reports, which the parent writes
 *              (log_files.h): to files below /var/log/xen and the store's own
 *              directory (log_open_below()), but not the pid file; and to the
 *              trace file of the command line, as long as root has written that
 *   domains    whether one is there, and its UUID; the parent alone has the
 *              hypervisor's control operations open
 *   programs   another xenstored, see successor.h
 *   the log    lines, see ERRAND_LINES
 *
 * The journal, which a daemon that was taken over has written, is read by the
 * next one when it has no privileges any more, and so is what a live update
 * leaves to it.
 */
#ifndef XENSTORED_PARENT_H
#define XENSTORED_PARENT_H

#include <daemon/pair.h>

/* What the parent knows of the store; all stay the caller's. */
struct parent {
    const char *directory, *socket, *journal;
    const char *logs;       /* a directory for logs alone */
    const char *trace_file; /* of the command line; NULL: none */
    void (*ready)(void);    /* the daemon serves */
};

/* In the parent of the two; does errands until the daemon ends. Returns the
 * exit code. */
int parent_run(const struct parent *with, struct pair *both);

#endif
