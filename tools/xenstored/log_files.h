/* SPDX-License-Identifier: MIT */
/*
 * What the daemon writes for an administrator to read, its trace and reports,
 * is written by its parent: so a daemon that a guest has taken over can neither
 * fill the disk nor make a log of somebody else's shorter.
 *
 * A file has LOG_FILE_MAX bytes. Then it becomes FILE.old, in the place of an
 * older one, and begins anew; but only the trace of the command line, and what
 * was made here together with its FILE.old. To any other file as many bytes may
 * be added, and no more. There are LOG_FILES of them at a time: who wants
 * another one removes one of these.
 */
#ifndef XENSTORED_LOG_FILES_H
#define XENSTORED_LOG_FILES_H

#include "parent.h"

#define LOG_FILE_MAX (16 << 20)
#define LOG_FILES    16

/* Before all others; @with stays the caller's. */
void log_files_begin(const struct parent *with);

/* All return 0 or -errno; -EACCES: not in a directory where there may be one;
 * -ENOSPC: the file is full, or there are too many. */

/* The trace goes there from now on; NULL: nowhere. If it fails, nowhere. */
int log_files_trace(const char *path);
/* A part of the trace. What cannot be written is lost. */
void log_files_add(const char *text);
/* Adds a text to another file. */
int log_files_report(const char *path, const char *text);

#endif
