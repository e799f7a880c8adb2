/* SPDX-License-Identifier: MIT */
/*
 * The optional trace of all traffic, off until a file is given. A line that
 * cannot be written is lost, and fails no request. Callers ask trace_enabled
 * first, so that it costs nothing when it is off.
 */
#ifndef XENSTORED_TRACE_H
#define XENSTORED_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

extern bool trace_enabled;
/* There is a file, whether the trace is switched off at present or not. */
bool trace_is_open(void);
/* The last path; NULL: none. */
const char *trace_path(void);
/* The same file anew, switched on or off as it is. */
int trace_reopen(void);
/* 0 or an errno value, and then the trace is off; EACCES: not in a directory
 * where there may be one (parent.h). A NULL path turns it off. Lines are added
 * to what the file has. */
int trace_open(const char *path);
/* One line for a message in or out; @who names the connection. */
void trace_message(const char *direction, const char *who, const char *type,
                   uint32_t tx_id, const void *data, size_t len);
/* One line of another kind; the newline is added. */
void trace_note(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Adds a text to another file. 0 or an errno value, as above. */
int trace_report(const char *path, const char *text);

#endif
