/* SPDX-License-Identifier: MIT */
/*
 * One thread, one epoll loop. Three things can ask for attention: a file
 * descriptor (event_source), a point in time (event_timer) and work that was
 * cut short because its budget ran out (event_work). The last is what keeps a
 * guest that floods its ring from starving everything else: a handler does at
 * most a fixed share, queues itself as work and returns to the loop, which
 * looks at the descriptors before it runs queued work again.
 *
 * The structures are embedded in their owners and belong to them; the loop
 * never frees anything. A handler may remove any source, also its own.
 */
#ifndef DAEMON_EVENT_LOOP_H
#define DAEMON_EVENT_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <base/macros.h>

/* fd and ready are the owner's to set, all others zero. */
struct event_source {
    int fd;
    void (*ready)(struct event_source *s, uint32_t events);
    uint32_t events; /* as last asked for */
    bool added;
};

/* run is the owner's to set, the rest is the loop's. */
struct event_work {
    void (*run)(struct event_work *w);
    struct event_work *next;
    bool queued;
};

struct event_timer {
    void (*fire)(struct event_timer *t);
    struct event_timer *next;
    uint64_t deadline_ms;
    bool armed;
};

#define EVENT_BATCH 64

struct event_loop {
    int epoll_fd;
    bool stopped;
    int exit_code;
    /*
     * Called before each wait, with no event in hand: the place for work that
     * no handler may do. Returns the longest that the wait may last in
     * milliseconds, -1 for any time. May be NULL.
     */
    int (*between)(struct event_loop *l);
    struct event_work *work, **work_tail;
    struct event_timer *timers;
    /* Sources of the batch in hand; removing a source clears its place. */
    struct event_source *batch[EVENT_BATCH];
};

/*
 * 0 or -errno, as for all functions here that return int. destroy closes the
 * loop's descriptor; sources, work and timers stay their owners'.
 */
int event_loop_init(struct event_loop *l);
void event_loop_destroy(struct event_loop *l);

/*
 * Serves sources, work and timers until event_loop_stop(), which may be called
 * before. Returns the code given to it, or 1 if waiting fails. May be called
 * again.
 */
int event_loop_run(struct event_loop *l);
void event_loop_stop(struct event_loop *l, int exit_code);

/*
 * s must stay until it is removed. s->ready is called with what of 'events' has
 * come (EPOLLIN, EPOLLOUT, both or none), and for hang-up and errors in any
 * case. Asking for the same events again is free. A handler may remove any
 * source, also its own.
 */
int event_source_add(struct event_loop *l, struct event_source *s,
                     uint32_t events);
int event_source_change(struct event_loop *l, struct event_source *s,
                        uint32_t events);
void event_source_remove(struct event_loop *l, struct event_source *s);

/*
 * Calls w's function once, after the handlers of the batch in hand. Queueing
 * work that is queued does nothing.
 */
void event_work_queue(struct event_loop *l, struct event_work *w);
void event_work_cancel(struct event_loop *l, struct event_work *w);

/*
 * Calls t's function once, after so many milliseconds; setting it again
 * replaces the former time.
 */
void event_timer_set(struct event_loop *l, struct event_timer *t,
                     unsigned int ms);
void event_timer_cancel(struct event_loop *l, struct event_timer *t);

#endif
