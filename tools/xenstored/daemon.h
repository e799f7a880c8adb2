/* SPDX-License-Identifier: MIT */
/* Being a daemon: pid file, going to the background, readiness. */
#ifndef XENSTORED_DAEMON_H
#define XENSTORED_DAEMON_H

#include <stdbool.h>

/* Takes the lock on the pid file (NULL: none), so that there is one daemon.
 * 0, EEXIST if another one has it, or another errno value. */
int daemon_lock_pid_file(const char *path);
void daemon_remove_pid_file(void);

/* Forks; the parent waits for daemon_ready() and exits with status 0, or 1 if
 * the daemon ends before that. Messages go on to standard error until then. */
void daemon_detach(void);
/* Writes the pid file, tells systemd and the waiting parent. */
void daemon_ready(bool print_pid);

#endif
