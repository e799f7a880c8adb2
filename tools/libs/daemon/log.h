/* SPDX-License-Identifier: MIT */
/*
 * The log of every daemon and backend: lines "program[prefix] level: text" on
 * standard error, which is the caller's terminal or journal until log_to_file()
 * or log_to_syslog() say otherwise. The prefix names the device
 * ("vbd-3-51712"), so that one file serves all of them.
 *
 * A guest must not be able to fill a disk by misbehaving. A backend serves one
 * device, and there is little to say that its guest cannot cause, or cause
 * again: from log_prefix() on, all lines but those for debugging are limited
 * together. A process for several guests has a bucket for each and uses
 * log_guest().
 */
#ifndef DAEMON_LOG_H
#define DAEMON_LOG_H

#include <stdint.h>

enum log_level { LOG_LVL_ERROR, LOG_LVL_WARN, LOG_LVL_INFO, LOG_LVL_DEBUG };

struct log_bucket {
    uint64_t refilled_ms;
    unsigned int tokens;
    unsigned int dropped;
};

void log_setup(const char *program, enum log_level level);
/* The process serves this device, and no other. */
void log_prefix(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Appends to this file from now on, in the place of standard error. 0 or
 * -errno, which has been logged where the log went before. */
int log_to_file(const char *path);
void log_to_syslog(void);
/* Lines go to this function from now on. */
void log_to(void (*say)(enum log_level level, const char *text));
/* After the file has been moved away: opens its path again. */
void log_reopen(void);

void log_line(enum log_level level, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void log_guest(struct log_bucket *b, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * Why something failed, kept by who knows it for who gives up and reports it,
 * once: a later one takes its place. log_reason returns rc, -errno.
 * log_take_reason gives what was kept since the last call, or else what rc
 * means; good until the next log_reason.
 */
int log_reason(int rc, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
const char *log_take_reason(int rc);

#define log_error(...)   log_line(LOG_LVL_ERROR, __VA_ARGS__)
#define log_warning(...) log_line(LOG_LVL_WARN, __VA_ARGS__)
#define log_info(...)    log_line(LOG_LVL_INFO, __VA_ARGS__)
#define log_debug(...)   log_line(LOG_LVL_DEBUG, __VA_ARGS__)

/*
 * For the handles of the Xen libraries. They would write a line for each failed
 * call, and guests decide how often calls fail; what matters is reported by the
 * daemon. NULL (the libraries' own logger) if there is no memory.
 */
struct xentoollog_logger *log_for_libraries(void);

#endif
