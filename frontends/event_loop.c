/* SPDX-License-Identifier: MIT */
/* Listeners and the place where they are called; see pv/event_loop.h. */
#include "resume.h"

#include <pv/event_loop.h>

#define MAX_LISTENERS 64

static struct listener {
    uint32_t port;
    event_listener_t fn;
    void *arg;
} listeners[MAX_LISTENERS];
static unsigned int nr_listeners;
static uint64_t served; /* times that one of them has run */

void event_listen(uint32_t port, event_listener_t fn, void *arg)
{
    if (nr_listeners == MAX_LISTENERS) {
        printf("Bail out! too many ports are listened to\n");
        shutdown(SHUTDOWN_crash);
    }
    listeners[nr_listeners++] = (struct listener){port, fn, arg};
}

void event_end(uint32_t port)
{
    for (unsigned int i = 0; i < nr_listeners; i++)
        if (listeners[i].port == port) {
            listeners[i] = listeners[--nr_listeners];
            event_close(port);
            return;
        }
}

void events_forget(void)
{
    nr_listeners = 0;
    events_init();
}

void event_raise(uint32_t port)
{
    __atomic_fetch_or(&shared_info->evtchn_pending[port / 64],
                      1UL << (port % 64), __ATOMIC_SEQ_CST);
}

/* A listener may add and remove others: one that is passed over because of
 * that stays pending for the next look. */
static bool serve_pending(void)
{
    bool any = false;

    for (unsigned int i = 0; i < nr_listeners; i++) {
        struct listener l = listeners[i];

        if (!event_pending(l.port))
            continue;
        event_clear(l.port);
        served++;
        l.fn(l.arg);
        any = true;
    }
    return any;
}

static void wait_until(uint64_t end)
{
    evtchn_port_t ports[MAX_LISTENERS];

    for (unsigned int i = 0; i < nr_listeners; i++)
        ports[i] = listeners[i].port;
    wait_events(ports, nr_listeners, end);
}

bool events_serve(uint64_t ns)
{
    uint64_t end = system_time() + ns;

    while (!serve_pending()) {
        if (system_time() >= end)
            return false;
        wait_until(end);
    }
    return true;
}

bool events_serve_since(uint64_t before, uint64_t ns)
{
    return served == before && events_serve(ns);
}

uint64_t events_served(void)
{
    return served;
}

bool events_serve_until(bool (*done)(const void *arg), const void *arg,
                        uint64_t ns)
{
    uint64_t end = system_time() + ns, now;

    while (!done(arg)) {
        now = system_time();
        if (now >= end)
            return false;
        events_serve(end - now);
    }
    return true;
}
