/* SPDX-License-Identifier: MIT */
/* Numbers on which store_xen.c and its guests agree. */
#ifndef ORACLE_STORE_XEN_H
#define ORACLE_STORE_XEN_H

#define MAX_DOMAINS 64
/* The daemon's ports: domains' ends, and the ring of each domain. */
#define EXC_PORT  1u
#define RING_PORT 100u
/* The guest's end of its ring's event channel. */
#define GUEST_PORT 5u

#endif
