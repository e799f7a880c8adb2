/* SPDX-License-Identifier: MIT */
/*
 * epoll, a list of queued work and an unsorted list of timers (a process has
 * two or three). See event_loop.h for the idea.
 */
#include <daemon/event_loop.h>

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <daemon/log.h>

#include <daemon/clock.h>

int event_loop_init(struct event_loop *l)
{
    memset(l, 0, sizeof(*l));
    l->work_tail = &l->work;
    l->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    return l->epoll_fd < 0 ? -errno : 0;
}

void event_loop_destroy(struct event_loop *l)
{
    if (l->epoll_fd >= 0)
        close(l->epoll_fd);
    l->epoll_fd = -1;
}

void event_loop_stop(struct event_loop *l, int exit_code)
{
    l->stopped = true;
    l->exit_code = exit_code;
}

static int control(struct event_loop *l, int op, struct event_source *s,
                   uint32_t events)
{
    struct epoll_event e = {.events = events, .data.ptr = s};

    s->events = events;
    return epoll_ctl(l->epoll_fd, op, s->fd, &e) ? -errno : 0;
}

int event_source_add(struct event_loop *l, struct event_source *s,
                     uint32_t events)
{
    int rc = control(l, EPOLL_CTL_ADD, s, events);

    s->added = rc == 0;
    return rc;
}

int event_source_change(struct event_loop *l, struct event_source *s,
                        uint32_t events)
{
    return events == s->events ? 0 : control(l, EPOLL_CTL_MOD, s, events);
}

void event_source_remove(struct event_loop *l, struct event_source *s)
{
    if (!s->added)
        return;
    epoll_ctl(l->epoll_fd, EPOLL_CTL_DEL, s->fd, NULL);
    s->added = false;
    for (int i = 0; i < EVENT_BATCH; i++)
        if (l->batch[i] == s)
            l->batch[i] = NULL;
}

void event_work_queue(struct event_loop *l, struct event_work *w)
{
    if (w->queued)
        return;
    w->queued = true;
    w->next = NULL;
    *l->work_tail = w;
    l->work_tail = &w->next;
}

void event_work_cancel(struct event_loop *l, struct event_work *w)
{
    struct event_work **p = &l->work;

    if (!w->queued)
        return;
    while (*p != w)
        p = &(*p)->next;
    *p = w->next;
    if (l->work_tail == &w->next)
        l->work_tail = p;
    w->queued = false;
}

void event_timer_set(struct event_loop *l, struct event_timer *t,
                     unsigned int ms)
{
    event_timer_cancel(l, t);
    t->deadline_ms = now_ms() + ms;
    t->armed = true;
    t->next = l->timers;
    l->timers = t;
}

void event_timer_cancel(struct event_loop *l, struct event_timer *t)
{
    struct event_timer **p = &l->timers;

    if (!t->armed)
        return;
    while (*p != t)
        p = &(*p)->next;
    *p = t->next;
    t->armed = false;
}

/* Milliseconds to the next timer; -1: there is none. */
static int next_timer_ms(const struct event_loop *l)
{
    uint64_t next = UINT64_MAX, now;

    if (!l->timers)
        return -1;
    for (struct event_timer *t = l->timers; t; t = t->next)
        if (t->deadline_ms < next)
            next = t->deadline_ms;
    now = now_ms();
    return next <= now ? 0 : (int)(next - now);
}

/* Milliseconds that epoll may sleep: none with work queued. */
static int sleep_ms(struct event_loop *l)
{
    int most = l->between ? l->between(l) : -1;
    int timer = next_timer_ms(l);

    if (l->work)
        return 0;
    return most < 0 || (timer >= 0 && timer < most) ? timer : most;
}

static void fire_timers(struct event_loop *l)
{
    uint64_t now = now_ms();
    struct event_timer *t;

again: /* a handler may change the list */
    for (t = l->timers; t; t = t->next)
        if (t->deadline_ms <= now) {
            event_timer_cancel(l, t);
            t->fire(t);
            goto again;
        }
}

/* Only what was queued before this turn: work that queues itself again waits
 * until the descriptors have been looked at. */
static void run_work(struct event_loop *l)
{
    struct event_work *list = l->work, *w;
    size_t n = 0;

    for (w = list; w; w = w->next)
        n++;
    while (n-- && (w = l->work)) {
        event_work_cancel(l, w);
        w->run(w);
    }
}

int event_loop_run(struct event_loop *l)
{
    struct epoll_event e[EVENT_BATCH];

    while (!l->stopped) {
        int n = epoll_wait(l->epoll_fd, e, EVENT_BATCH, sleep_ms(l));

        if (n < 0 && errno != EINTR) {
            log_error("epoll_wait: %s", strerror(errno));
            return 1;
        }
        for (int i = 0; i < n; i++)
            l->batch[i] = e[i].data.ptr;
        for (int i = 0; i < n && !l->stopped; i++)
            if (l->batch[i])
                l->batch[i]->ready(l->batch[i], e[i].events);
        memset(l->batch, 0, sizeof(l->batch));
        if (l->timers && !l->stopped)
            fire_timers(l);
        if (!l->stopped)
            run_work(l);
    }
    l->stopped = false;
    return l->exit_code;
}
