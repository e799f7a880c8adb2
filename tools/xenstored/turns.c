/* SPDX-License-Identifier: MIT */
/* See turns.h. */
#include "turns.h"

#include <daemon/clock.h>

#include "connection.h"
#include "domain.h"
#include "live_update.h"
#include "state.h"

/* How often rings that could not be had are tried again. */
#define RINGS_MS 1000
/* How often a journal that had no room is tried again. */
#define JOURNAL_RETRY_MS 5000

static void write_again(struct event_timer *t)
{
    state_try_again();
}

static struct event_timer journal_retry = {.fire = write_again};

static void attach_again(struct event_timer *t)
{
    domain_attach_rings();
}

static struct event_timer rings_retry = {.fire = attach_again};

static void update_again(struct event_timer *t)
{
    /* between_events() does */
}

static struct event_timer update_retry = {.fire = update_again};

/* What is not done now waits for others to finish, or fails and is answered. */
static void update(struct event_loop *loop)
{
    int wait = live_update_try();

    if (wait >= 0 && !update_retry.armed)
        event_timer_set(loop, &update_retry, wait);
}

static int between_events(struct event_loop *loop)
{
    connection_reap();
    /* First what was caused by the events, so that its answers can go in the
     * turns that follow, then what these turns cause. */
    state_commit();
    if (connection_any_pending()) {
        connection_run_pending();
        connection_reap();
        state_commit();
    }
    update(loop);
    if (state_wanted() && !journal_retry.armed)
        event_timer_set(loop, &journal_retry, JOURNAL_RETRY_MS);
    if (domain_rings_missing() && !rings_retry.armed)
        event_timer_set(loop, &rings_retry, RINGS_MS);
    /* Also of those whose commit was the last. */
    return connection_next_turn(now_ms());
}

int turns_init(struct event_loop *loop)
{
    int rc = event_loop_init(loop);

    loop->between = between_events;
    return -rc;
}
