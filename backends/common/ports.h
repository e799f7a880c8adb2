/* SPDX-License-Identifier: MIT */
/*
 * Event channels of one device. A port stays masked from the moment its event
 * is read until its owner says port_done(): a guest that rings without end
 * costs one pass over its ring per turn of the event loop, no more.
 *
 * One thread, that of the event loop, calls everything here. Results are 0 or
 * -errno.
 */
#ifndef BACKENDS_COMMON_PORTS_H
#define BACKENDS_COMMON_PORTS_H

#include <stdint.h>
#include <xenevtchn.h>

#include <daemon/event_loop.h>

struct ports;

#define PORT_IDLE    8
#define PORT_WAIT_MS 32

/* The owner's; it must stay in place while it is bound. */
struct port {
    struct ports *ports;
    evtchn_port_t local; /* 0: not bound */
    void (*event)(struct port *p);
    struct port *next;
    bool used;         /* the event was about something */
    unsigned int idle; /* how many were not, one after the other */
    struct event_timer opens;
};

/* All of the process, on one descriptor. */
struct ports {
    struct event_loop *loop;
    xenevtchn_handle *handle;
    struct event_source source;
    struct port *bound;
};

/* As root. Fails with a reason (log_reason()). */
int ports_open(struct ports *ps, struct event_loop *loop);
/* From now on ports of this domain alone can be bound, if the kernel knows how
 * to see to that. */
void ports_restrict(struct ports *ps, uint32_t domid);
/* When no port is bound any more; a second time is harmless. */
void ports_close(struct ports *ps);

/*
 * Binds p to the guest's port. event() is called from the loop for each event,
 * with the port masked; events that come until port_done() are one. The other
 * side may have sent before: the caller looks at its ring once by itself.
 */
int port_bind(struct ports *ps, struct port *p, uint32_t domid,
              evtchn_port_t remote, void (*event)(struct port *p));
/* event() is not called again. Harmless if p is not bound. */
void port_unbind(struct port *p);
/* Sends an event to the guest. That it is gone is no error. */
void port_notify(struct port *p);
/* Called while an event is served: there was something to do. */
static inline void port_used(struct port *p)
{
    p->used = true;
}
/* What the event was about is done: the next one may come. One guest that does
 * nothing but send events is not to keep this domain's processor busy: after
 * PORT_IDLE events in a row for which port_used() was not called the port stays
 * masked for a millisecond, then two and so on up to PORT_WAIT_MS. */
void port_done(struct port *p);

#endif
