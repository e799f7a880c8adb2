/* SPDX-License-Identifier: MIT */
/*
 * The life of a daemon, in three calls around the start of its services:
 *
 * - daemon_begin(): one instance, and the background
 * - daemon_ready(): the process that started the daemon learns that it serves
 * - daemon_end(): nothing is left of it
 *
 * The process that starts a daemon waits, and ends with 0 once the daemon is
 * ready, with 1 if it ends before. Until then errors go to the caller's
 * standard error, afterwards to the log.
 */
#ifndef DAEMON_DAEMONISE_H
#define DAEMON_DAEMONISE_H

#include <stdbool.h>

/*
 * Takes the lock on the pid file (NULL: none), which a living daemon holds, and
 * goes into the background unless foreground is set. To be called before there
 * are threads. 0 or -errno; the reason has been logged.
 */
int daemon_begin(const char *pid_file, bool foreground);

/*
 * Writes the pid file, tells the service manager, and lets the starting process
 * end. From then on a daemon in the background logs to log_file, or to syslog
 * if that is NULL.
 */
void daemon_ready(const char *log_file);

/*
 * Before exec() of another program in this daemon's place, in the same process:
 * what the daemon holds, the lock on its pid file, stays open, and
 * daemon_begin() of that program finds it in the environment and uses no other
 * pid file, whatever it is told. false: not after all.
 */
void daemon_hand_over(bool yes);

/* In a child that is not the daemon for those outside: its caller does not wait
 * for it, and the pid file is not its. */
void daemon_in_child(void);

/* Ends the daemon that holds the pid file, if there is one, as SIGTERM does,
 * and waits until it has ended. 0 or -errno. */
int daemon_end_other(const char *pid_file);

/* Its whole path; NULL: there is none. */
const char *daemon_pid_file(void);

/* Removes the pid file: the last thing before the process ends. */
void daemon_end(void);

#endif
