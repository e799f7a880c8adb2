/* SPDX-License-Identifier: MIT */
/*
 * See output.h.
 */
#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* A text is one write into the pipe: all of it or nothing. */
_Static_assert(CONSOLE_OUT_SIZE <= PROGRESS_TEXT_MAX &&
                   PROGRESS_TEXT_MAX <= LOG_TEXT_MAX &&
                   PROGRESS_TEXT_MAX <= 4096 /* PIPE_BUF of Linux */,
               "a ring's text is one step");

unsigned int output_waiting(const struct output *o)
{
    int n = 0;

    return ioctl(o->pipe[0], FIONREAD, &n) ? 0 : (unsigned int)n;
}

/* A pipe with a free page takes a text. */
static void make_room(struct output *o)
{
    struct pollfd p = {.fd = o->pipe[1], .events = POLLOUT};
    char oldest[4096];

    while (!o->keep_oldest && poll(&p, 1, 0) == 0)
        if (read(o->pipe[0], oldest, sizeof(oldest)) <= 0)
            return;
}

/* The step that has begun. What of it is done already is not done again. */
static void finish(struct output *o, struct xencons_interface *ring,
                   const char *text)
{
    struct progress *r = o->progress;
    struct progress_state s = progress_state(r);
    bool open = log_file_write(&o->log, &r->log, s.flags & PROGRESS_LINE_OPEN,
                               text, r->length);

    if (output_waiting(o) == r->piped &&
        write(o->pipe[1], text, r->length) < 0 && errno != EAGAIN)
        log_error("a console's pipe: %m"); /* no case is known */
    progress_end(r, open);
    console_ring_taken(ring, s.position + r->length);
}

void output_start(struct output *o, struct xencons_interface *ring)
{
    struct progress_state s = progress_state(o->progress);
    uint32_t end = s.position;
    char text[CONSOLE_OUT_SIZE];

    if (s.flags & PROGRESS_OPEN)
        end += o->progress->length;
    if (!console_ring_agrees(ring, end)) {
        progress_set(o->progress, console_ring_position(ring),
                     s.flags & PROGRESS_LINE_OPEN);
    } else if (s.flags & PROGRESS_OPEN) {
        console_ring_copy(ring, text, s.position, o->progress->length);
        finish(o, ring, text);
    } else {
        console_ring_taken(ring, end);
    }
}

ssize_t output_take(struct output *o, struct xencons_interface *ring)
{
    struct progress *r = o->progress;
    char text[CONSOLE_OUT_SIZE];
    uint32_t first;
    ssize_t n = console_ring_peek(ring, text, &first);

    if (n <= 0)
        return n;
    make_room(o);
    log_file_mark(&o->log, &r->log);
    r->length = n;
    r->piped = output_waiting(o);
    progress_begin(r, first);
    finish(o, ring, text);
    return n;
}

void output_send(struct output *o, int master)
{
    while (splice(o->pipe[0], NULL, master, NULL, 65536, SPLICE_F_NONBLOCK) > 0)
        ;
}
