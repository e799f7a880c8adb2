/* SPDX-License-Identifier: MIT */
/*
 * Messages of the daemon (standard error in the foreground, syslog otherwise)
 * and the optional trace of all traffic.
 */
#ifndef XENSTORED_LOG_H
#define XENSTORED_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void log_to_syslog(void);
void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The trace: off until a file is given. */
extern bool trace_enabled;
bool trace_is_open(void);
/* 0 or an errno value. A NULL path turns the trace off. */
int trace_open(const char *path);
/* One line for a message in or out; @who names the connection. */
void trace_message(const char *direction, const char *who, const char *type,
                   uint32_t tx_id, const void *data, size_t len);
void trace_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
