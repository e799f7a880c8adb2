/* SPDX-License-Identifier: MIT */
/*
 * epoll, and in between the turns of connections with work left over. Ended
 * connections are freed only between batches, when no event of the batch can
 * name them any more.
 */
#include "loop.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/epoll.h>

#include <daemon/clock.h>
#include "connection.h"

#define BATCH 64
/* How often old transactions are looked for, in ms. */
#define EXPIRY_STEP 5000

static int epoll_fd = -1;
static bool stopped;

int loop_init(void)
{
    epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    return epoll_fd < 0 ? errno : 0;
}

static int control(int op, struct source *s, uint32_t events)
{
    struct epoll_event e = {.events = events, .data.ptr = s};
    s->events = events;
    return epoll_ctl(epoll_fd, op, s->fd, &e) ? errno : 0;
}

int loop_add(struct source *s, uint32_t events)
{
    return control(EPOLL_CTL_ADD, s, events);
}

void loop_want(struct source *s, uint32_t events)
{
    if (s->events != events)
        control(EPOLL_CTL_MOD, s, events);
}

void loop_remove(struct source *s)
{
    control(EPOLL_CTL_DEL, s, 0);
}

void loop_stop(void)
{
    stopped = true;
}

/* Returns the time to wait, @timeout being what others want. */
static int expire(int timeout)
{
    static uint64_t next;
    uint64_t now = now_ms();

    if (now >= next) {
        connection_expire_transactions(now);
        next = now + EXPIRY_STEP;
    }
    return timeout < 0 || timeout > EXPIRY_STEP ? EXPIRY_STEP : timeout;
}

void loop_run(void)
{
    struct epoll_event batch[BATCH];
    int timeout = -1;

    while (!stopped) {
        int n = epoll_wait(epoll_fd, batch, BATCH, timeout);

        for (int i = 0; i < n; i++) {
            struct source *s = batch[i].data.ptr;
            s->ready(s, batch[i].events);
        }
        connection_reap();
        timeout = -1;
        if (connection_any_pending()) {
            timeout = connection_run_pending(now_ms());
            connection_reap();
        }
        if (transactions_can_expire())
            timeout = expire(timeout);
    }
}
