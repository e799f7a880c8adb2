/* SPDX-License-Identifier: MIT */
/*
 * Event channels of one device. A port stays masked from the moment its event
 * is read until its owner says port_done(): a guest that rings without end
 * costs one pass over its ring per turn of the event loop, no more.
 */
#ifndef BACKENDS_COMMON_PORTS_H
#define BACKENDS_COMMON_PORTS_H

#include <stdint.h>
#include <xenevtchn.h>

#include <daemon/event_loop.h>

struct ports;

struct port {
    struct ports *ports;
    evtchn_port_t local; /* 0: not bound */
    void (*event)(struct port *p);
    struct port *next;
};

struct ports {
    struct event_loop *loop;
    xenevtchn_handle *handle;
    struct event_source source;
    struct port *bound;
};

int ports_open(struct ports *ps, struct event_loop *loop);
void ports_close(struct ports *ps);

int port_bind(struct ports *ps, struct port *p, uint32_t domid,
              evtchn_port_t remote, void (*event)(struct port *p));
void port_unbind(struct port *p);
void port_notify(struct port *p);
void port_done(struct port *p);

#endif
