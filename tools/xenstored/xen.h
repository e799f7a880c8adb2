/* SPDX-License-Identifier: MIT */
/*
 * All that the store needs from the hypervisor and dom0's kernel: is a domain
 * alive, event channels, and shared pages. Nothing else in the daemon knows
 * these libraries, so the rest runs and is tested without Xen.
 */
#ifndef XENSTORED_XEN_H
#define XENSTORED_XEN_H

#include <stdbool.h>
#include <stdint.h>

/* What the store wants to know. The handle is the domain's UUID: another one
 * under the same number is another domain. */
struct xen_domain_info {
    bool shutdown, dying;
    uint8_t handle[16];
};

/* As root; what is not opened here is not there later. dom0: for its ring, too.
 * 0 or an errno value, with a message. */
int xen_open(bool dom0);
/* 0; ESRCH: there is no such domain; anything else: could not be found out. The
 * parent asks the hypervisor, by the second of these (errand.h). */
int xen_domain_info(uint16_t domid, struct xen_domain_info *info);
int xen_ask_domain(uint16_t domid, struct xen_domain_info *info);

/* Event channels. Ports are positive; a negative value is an error. */
int xen_evtchn_fd(void);
/* -errno; a store that has just ended is waited for (daemon/virq.h). */
int xen_bind_dom_exc(void);
int xen_bind_interdomain(uint16_t domid, uint32_t remote_port);
/* Of a port that is bound. They cannot fail in a way that anybody could mend.
 */
void xen_unbind(int port);
void xen_notify(int port);
/* The next port with an event (which stays masked), or a negative value. */
int xen_pending(void);
void xen_unmask(int port);

/* A domain's store ring: by the grant that each toolstack makes for it, or of
 * dom0, by its kernel. NULL with errno. Not by a frame's number: who can map
 * those can map all memory. */
void *xen_map_ring(uint16_t domid);
void xen_unmap_ring(uint16_t domid, void *ring);
/* The port of dom0's kernel to bind to. */
uint32_t xen_dom0_port(void);

#endif
