/* SPDX-License-Identifier: MIT */
/*
 * Going into the background such that whoever starts a daemon learns whether
 * it runs: the starting process waits, and ends with 0 once the daemon is
 * ready, with 1 if it ends before. Until then errors go to the caller's
 * standard error, afterwards to the log file.
 */
#ifndef BACKENDS_COMMON_DAEMONISE_H
#define BACKENDS_COMMON_DAEMONISE_H

/* Returns in the background process, with what daemonise_ready() wants; -errno.
 * To be called before there are threads. */
int daemonise_begin(void);
void daemonise_ready(int token, const char *log_file);

/* NULL path: nothing is written. */
int write_pid_file(const char *path);

#endif
