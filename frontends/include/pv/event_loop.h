/* SPDX-License-Identifier: MIT */
/*
 * The event loop of a guest with devices: who listens to which port, and the
 * place where the guest waits. Listeners run in events_serve(), one after the
 * other, so that they and the program between two calls never meet: with one
 * vcpu nothing here needs a lock. Ports stay masked and upcalls are not used.
 */
#ifndef PV_EVENT_LOOP_H
#define PV_EVENT_LOOP_H

#include <pv/pv.h>

#define SECOND_NS 1000000000UL

/* fn(arg) runs in events_serve() when the port was pending, after its bit was
 * cleared. A port has one listener; there is room for some dozens, and the
 * guest ends when there is none left. */
typedef void (*event_listener_t)(void *arg);
void event_listen(uint32_t port, event_listener_t fn, void *arg);
/* Nobody listens to the port any more, and it is closed. Harmless if nobody
 * did: the number of a port from before a restore may be another's now. */
void event_end(uint32_t port);

/* Makes a port pending for this guest, as if an event had come. */
void event_raise(uint32_t port);

/* Waits up to ns nanoseconds (0: not at all) for a port that somebody listens
 * to, and runs the listeners of those that are pending. Whether one ran. Not to
 * be called by a listener of a port that may come again before it returns. */
bool events_serve(uint64_t ns);

/*
 * The same, but at once (false) if a listener has run since events_served() was
 * that number. For a program that looks at its devices and then waits: a call
 * in between that serves events itself, because it waits for something else,
 * takes the event with it that would have ended the wait.
 *
 *     before = events_served();
 *     look at everything, and do what is to be done
 *     events_serve_since(before, ns);
 */
bool events_serve_since(uint64_t before, uint64_t ns);
/* How often listeners have run. */
uint64_t events_served(void);

/* Like events_serve() until done(arg), for ns at most; what done() says at the
 * end. */
bool events_serve_until(bool (*done)(const void *arg), const void *arg,
                        uint64_t ns);

#endif
