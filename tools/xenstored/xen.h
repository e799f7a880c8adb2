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

/* 0 or an errno value, with a message. */
int xen_open(void);
/* 0; ESRCH: there is no such domain; anything else: could not be found out. */
int xen_domain_info(uint16_t domid, struct xen_domain_info *info);

/* Event channels. Ports are positive; a negative value is an error. */
int xen_evtchn_fd(void);
int xen_bind_dom_exc(void);
int xen_bind_interdomain(uint16_t domid, uint32_t remote_port);
/* Of a port that is bound. They cannot fail in a way that anybody could mend.
 */
void xen_unbind(int port);
void xen_notify(int port);
/* The next port with an event (which stays masked), or a negative value. */
int xen_pending(void);
void xen_unmask(int port);

/* A domain's store ring: by its reserved grant, else by its frame number. NULL
 * with errno; *by_grant is to be given back when it is unmapped. */
void *xen_map_ring(uint16_t domid, uint64_t gfn, bool *by_grant);
void xen_unmap_ring(void *ring, bool by_grant);
/* dom0's own ring, never unmapped, and the port to bind to; NULL with a
 * message. */
void *xen_map_dom0_ring(uint32_t *remote_port);

#endif
