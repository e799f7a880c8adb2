/* SPDX-License-Identifier: MIT */
/*
 * The log of one backend process. It has no right to open a file, so its lines
 * come by a pipe and go where the supervisor's log is now. The last thing that
 * it complained of is kept: why it ended.
 */
#ifndef BACKENDS_SUPERVISOR_DEVICE_LOG_H
#define BACKENDS_SUPERVISOR_DEVICE_LOG_H

#include <stdbool.h>
#include <stddef.h>

#include <daemon/event_loop.h>

struct device_log {
    struct event_source source;
    struct event_loop *loop;
    char line[256]; /* that is coming in, as far as there is room */
    size_t length;
    char complaint[256]; /* the last error, or else the last line; "": none */
    bool is_error;
};

/* Returns the end of the pipe that is to be the process's standard error, or
 * -errno. A line is rather lost than waited for. */
int device_log_open(struct device_log *l, struct event_loop *loop);
/* After the process has ended: with its last words. */
void device_log_close(struct device_log *l);

#endif
