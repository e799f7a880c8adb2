/* SPDX-License-Identifier: MIT */
/*
 * The log of one backend process. It has no right to open a file, so its lines
 * come by a pipe and go where the supervisor's log is now, with the device's
 * name before each and '?' for what is not plain ASCII. The last thing that it
 * complained of is kept: why it ended.
 *
 * The pipe has a name, and the process has both ends of it, so that it neither
 * ends nor waits while there is no supervisor: what does not fit into the pipe
 * is lost then, and the next supervisor reads the rest.
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
    bool open;
    /* A backend limits its lines itself, but a guest may have taken it over:
     * so many bytes go to the log in a minute, of all processes that the device
     * has had. 0: any number. */
    size_t limit, used;
    uint64_t minute_ms;      /* when the present one began */
    bool told;               /* that lines are dropped */
    struct event_timer rest; /* then it is read now and then only */
    char line[256];          /* that is coming in, as far as there is room */
    size_t length;
    char complaint[256]; /* the last error, or else the last line; "": none */
    bool is_error;       /* of the complaint: no plain line replaces it */
};

/* l: zero, or that of the device's former process. path: of the pipe, which is
 * made if it is missing. name: the device's, which must stay. 0 or -errno. */
int device_log_open(struct device_log *l, struct event_loop *loop,
                    const char *path, const char *name, size_t limit);
/* What is to be the standard error of the process, or -errno. A line is rather
 * lost than waited for. */
int device_log_end(const char *path);
/* After the process has ended: with its last words. Of one that is open. */
void device_log_close(struct device_log *l);

#endif
