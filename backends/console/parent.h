/* SPDX-License-Identifier: MIT */
/*
 * Two processes: this one, which is root and small, and its child, which serves
 * guests and is nobody (sandbox.h).
 *
 *   xenconsoled           the process that was started (daemon/pair.h): it
 *    |                    writes the daemon's own log, and does errands
 *    `- console-server    reads guests' rings, moves text to terminals and logs
 *   xen-console-keeper    has the terminals, too (keep.h), and outlives both
 *
 * When one of the two has ended the other does, and whoever starts xenconsoled
 * again gets one that goes on with what the keeper has.
 *
 * A guest that has taken the child over has the consoles of all guests, what
 * other guests grant to this domain or leave unbound for it (sandbox.h), and
 * the parent's errands, eight and those of daemon/errand.h. Those are all that
 * it can ask of the host, and the parent takes nothing in them on trust:
 *
 *   store        a connection through the gate (gate.h), which lets pass what
 *                consoles need; one at a time. Errands for each node would be
 *                more, and could not tell what changes
 *   terminal     a new pseudo terminal, raw, with a pipe of a megabyte at most,
 *                for a domain that lives. Two for each domain and 256 more may
 *                be open at a time (given.h), since the host has only some
 *                thousand. By root, since others' pipes become small when there
 *                are many
 *   show         the terminal's name may be written into the store. Whoever has
 *                a master has the terminal, so the master itself is the proof,
 *                also of one that was made by a daemon before this one
 *   log          guest-NAME.log in the directory for logs, or hypervisor.log,
 *                if the command line wants them: plain files there, for
 *                appending (daemon/log_open.h), each domain one as long as it
 *                lives; and one that is full, which the parent sees to, becomes
 *                NAME.log.1, and the former of that name a new one
 *   page         the memory of one stream's progress (page.h), a page that
 *                stays one. As many as it has descriptors and mappings for:
 *                512 MiB, which the kernel counts for nobody
 *   keeper       a connection to the keeper, which is started if there is none;
 *                one at a time
 *   domain       whether one is there and lives, and its shared info's frame;
 *                the parent alone has the hypervisor's control operations open
 *   hypervisor   what the hypervisor has printed, if the command line wants
 *                that; nothing is cleared
 *
 * What the keeper has may come from a child that was taken over. The parent
 * never looks at it, the next child does, when it has no privileges any more.
 */
#ifndef CONSOLE_PARENT_H
#define CONSOLE_PARENT_H

#include <stdbool.h>

#include <daemon/pair.h>

/* What the parent knows of consoles; all stay the caller's. */
struct parent {
    const char *log_dir;
    bool log_guests, log_hypervisor;
    const char *run_dir; /* with the keeper's socket */
    const char *keeper;  /* the program */
    void (*ready)(void); /* the child serves */
};

/* In the parent of the two; does errands until the child ends. Returns the
 * exit code. */
int parent_run(const struct parent *with, struct pair *both);

#endif
