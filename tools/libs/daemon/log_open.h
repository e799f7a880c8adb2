/* SPDX-License-Identifier: MIT */
/*
 * Opening a log by a name that somebody else has given: whatever that is, it
 * leads to a plain file in the directory for logs.
 */
#ifndef DAEMON_LOG_OPEN_H
#define DAEMON_LOG_OPEN_H

/* A log below @directory, by that name or the real one, for appending, made if
 * it is not there: no part of the way there is a link, and it has no other
 * name. A descriptor or -errno; -EXDEV: @path is no such file. */
int log_open_below(const char *directory, const char *path);
/* One that is there, to look at alone (O_PATH). The same; -ENOENT. */
int log_look_below(const char *directory, const char *path);

#endif
