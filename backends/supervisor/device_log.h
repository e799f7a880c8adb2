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
#include <stdint.h>

#include <daemon/event_loop.h>

struct device_log {
    struct event_source source;
    struct event_loop *loop;
    const char *name;
    /* A backend limits its lines itself, but a guest may have taken it over:
     * so many bytes go to the log in a minute. 0: any number. */
    size_t limit, used;
    uint64_t minute_ms; /* when the present one began */
    bool told;          /* that lines are dropped */
    char line[256];     /* that is coming in, as far as there is room */
    size_t length;
    char complaint[256]; /* the last error, or else the last line; "": none */
    bool is_error;       /* of the complaint: no plain line replaces it */
};

/* name: the device's, which must stay. Returns the end of the pipe that is to
 * be the process's standard error, or -errno. A line is rather lost than waited
 * for. */
int device_log_open(struct device_log *l, struct event_loop *loop,
                    const char *name, size_t limit);
/* After the process has ended: with its last words. */
void device_log_close(struct device_log *l);

#endif
