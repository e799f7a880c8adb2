/* SPDX-License-Identifier: MIT */
/*
 * One /dev/xen/evtchn per process, its ports told apart by number.
 */
#include "ports.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>

#include <daemon/log.h>

static void ports_ready(struct event_source *s, uint32_t events)
{
    struct ports *ps = container_of(s, struct ports, source);
    int local = xenevtchn_pending(ps->handle);

    if (local < 0)
        return;
    for (struct port *p = ps->bound; p; p = p->next)
        if (p->local == (evtchn_port_t)local) {
            p->event(p);
            return;
        }
}

int ports_open(struct ports *ps, struct event_loop *loop)
{
    int fd;

    memset(ps, 0, sizeof(*ps));
    ps->loop = loop;
    ps->handle = xenevtchn_open(log_for_libraries(), 0);
    if (!ps->handle)
        return log_reason(-errno, "event channels: %s", strerror(errno));
    fd = xenevtchn_fd(ps->handle);
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    ps->source.fd = fd;
    ps->source.ready = ports_ready;
    return event_source_add(loop, &ps->source, EPOLLIN);
}

void ports_restrict(struct ports *ps, uint32_t domid)
{
    if (xenevtchn_restrict(ps->handle, domid))
        log_debug("event channels cannot be restricted to one domain: %s",
                  strerror(errno));
}

void ports_close(struct ports *ps)
{
    if (!ps->handle)
        return;
    event_source_remove(ps->loop, &ps->source);
    xenevtchn_close(ps->handle);
    ps->handle = NULL;
}

static void open_again(struct event_timer *t)
{
    struct port *p = container_of(t, struct port, opens);

    xenevtchn_unmask(p->ports->handle, p->local);
}

int port_bind(struct ports *ps, struct port *p, uint32_t domid,
              evtchn_port_t remote, void (*event)(struct port *p))
{
    int local = xenevtchn_bind_interdomain(ps->handle, domid, remote);

    if (local < 0)
        return -errno;
    p->ports = ps;
    p->local = local;
    p->used = false;
    p->idle = 0;
    p->opens.fire = open_again;
    p->event = event;
    p->next = ps->bound;
    ps->bound = p;
    return 0;
}

void port_unbind(struct port *p)
{
    struct port **q;

    if (!p->local)
        return;
    for (q = &p->ports->bound; *q != p; q = &(*q)->next)
        ;
    *q = p->next;
    event_timer_cancel(p->ports->loop, &p->opens);
    xenevtchn_unbind(p->ports->handle, p->local);
    p->local = 0;
}

void port_notify(struct port *p)
{
    xenevtchn_notify(p->ports->handle, p->local);
}

void port_done(struct port *p)
{
    unsigned int wait = PORT_WAIT_MS;

    p->idle = p->used ? 0 : p->idle + 1;
    p->used = false;
    if (p->idle < PORT_IDLE) {
        xenevtchn_unmask(p->ports->handle, p->local);
        return;
    }
    if (p->idle - PORT_IDLE < 5)
        wait = 1u << (p->idle - PORT_IDLE);
    event_timer_set(p->ports->loop, &p->opens, wait);
}
