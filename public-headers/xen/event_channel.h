/* SPDX-License-Identifier: MIT */
/*
 * Event channels: the only interrupts a guest has. A port is a number local
 * to a domain and has one peer: a port of another domain, a virtual interrupt,
 * a physical interrupt or another vcpu. Events are edges: a port that is
 * pending stays pending, however often it is sent.
 */
#ifndef __XEN_PUBLIC_EVENT_CHANNEL_H__
#define __XEN_PUBLIC_EVENT_CHANNEL_H__

#include "xen.h"

/* event_channel_op(command, structure of the same name) */
#define EVTCHNOP_bind_interdomain 0
#define EVTCHNOP_bind_virq        1
#define EVTCHNOP_bind_pirq        2
#define EVTCHNOP_close            3
#define EVTCHNOP_send             4
#define EVTCHNOP_status           5
#define EVTCHNOP_alloc_unbound    6
#define EVTCHNOP_bind_ipi         7
#define EVTCHNOP_bind_vcpu        8
#define EVTCHNOP_unmask           9
#define EVTCHNOP_reset            10
#define EVTCHNOP_init_control     11
#define EVTCHNOP_expand_array     12
#define EVTCHNOP_set_priority     13

typedef uint32_t evtchn_port_t;
DEFINE_XEN_GUEST_HANDLE(evtchn_port_t);

/* A free port of `dom` that only `remote_dom` may bind to. */
struct evtchn_alloc_unbound {
    domid_t dom, remote_dom; /* IN */
    evtchn_port_t port;      /* OUT */
};
typedef struct evtchn_alloc_unbound evtchn_alloc_unbound_t;

/* Connects to an unbound port; ours starts pending, in case of lost events. */
struct evtchn_bind_interdomain {
    domid_t remote_dom;        /* IN */
    evtchn_port_t remote_port; /* IN */
    evtchn_port_t local_port;  /* OUT */
};
typedef struct evtchn_bind_interdomain evtchn_bind_interdomain_t;

/* A virtual interrupt has one port (per vcpu or domain): else -EEXIST. */
struct evtchn_bind_virq {
    uint32_t virq;      /* IN: VIRQ_* */
    uint32_t vcpu;      /* IN: 0 for interrupts that are not per vcpu */
    evtchn_port_t port; /* OUT */
};
typedef struct evtchn_bind_virq evtchn_bind_virq_t;

struct evtchn_bind_pirq {
    uint32_t pirq;              /* IN */
#define BIND_PIRQ__WILL_SHARE 1 /* another domain may bind the line, too */
    uint32_t flags;             /* IN */
    evtchn_port_t port;         /* OUT */
};
typedef struct evtchn_bind_pirq evtchn_bind_pirq_t;

/* A port that interrupts one vcpu of the caller's own domain when sent. */
struct evtchn_bind_ipi {
    uint32_t vcpu;      /* IN */
    evtchn_port_t port; /* OUT */
};
typedef struct evtchn_bind_ipi evtchn_bind_ipi_t;

/* Frees a port; the peer of an interdomain channel becomes unbound. */
struct evtchn_close {
    evtchn_port_t port; /* IN */
};
typedef struct evtchn_close evtchn_close_t;

struct evtchn_send {
    evtchn_port_t port; /* IN: local end, interdomain or ipi */
};
typedef struct evtchn_send evtchn_send_t;

struct evtchn_status {
    domid_t dom;        /* IN: others' ports only with privilege */
    evtchn_port_t port; /* IN */
#define EVTCHNSTAT_closed      0
#define EVTCHNSTAT_unbound     1
#define EVTCHNSTAT_interdomain 2
#define EVTCHNSTAT_pirq        3
#define EVTCHNSTAT_virq        4
#define EVTCHNSTAT_ipi         5
    uint32_t status; /* OUT: the rest, too */
    uint32_t vcpu;   /* that gets the events */
    union {
        struct {
            domid_t dom;
        } unbound;
        struct {
            domid_t dom;
            evtchn_port_t port;
        } interdomain;
        uint32_t pirq;
        uint32_t virq;
    } u;
};
typedef struct evtchn_status evtchn_status_t;

/* Moves delivery to another vcpu. Refused for ipi and per-vcpu virqs. */
struct evtchn_bind_vcpu {
    evtchn_port_t port; /* IN */
    uint32_t vcpu;      /* IN */
};
typedef struct evtchn_bind_vcpu evtchn_bind_vcpu_t;

/* Unmask, and deliver at once if the port is pending. */
struct evtchn_unmask {
    evtchn_port_t port; /* IN */
};
typedef struct evtchn_unmask evtchn_unmask_t;

/* Close everything and return to the 2-level layout. */
struct evtchn_reset {
    domid_t dom; /* IN */
};
typedef struct evtchn_reset evtchn_reset_t;

/* Switch a vcpu to the FIFO layout: here is its control block. */
struct evtchn_init_control {
    uint64_t control_gfn; /* IN */
    uint32_t offset;      /* IN: in bytes, multiple of 8 */
    uint32_t vcpu;        /* IN */
    uint8_t link_bits;    /* OUT: width of event_word_t's link */
    uint8_t _pad[7];
};
typedef struct evtchn_init_control evtchn_init_control_t;

/* One more page of event words, for the next 1024 ports. */
struct evtchn_expand_array {
    uint64_t array_gfn; /* IN */
};
typedef struct evtchn_expand_array evtchn_expand_array_t;

struct evtchn_set_priority {
    evtchn_port_t port; /* IN */
    uint32_t priority;  /* IN: EVTCHN_FIFO_PRIORITY_* */
};
typedef struct evtchn_set_priority evtchn_set_priority_t;

/* Argument of event_channel_op_compat, which old guests use. */
struct evtchn_op {
    uint32_t cmd; /* EVTCHNOP_* */
    union {
        evtchn_alloc_unbound_t alloc_unbound;
        evtchn_bind_interdomain_t bind_interdomain;
        evtchn_bind_virq_t bind_virq;
        evtchn_bind_pirq_t bind_pirq;
        evtchn_bind_ipi_t bind_ipi;
        evtchn_close_t close;
        evtchn_send_t send;
        evtchn_status_t status;
        evtchn_bind_vcpu_t bind_vcpu;
        evtchn_unmask_t unmask;
    } u;
};
typedef struct evtchn_op evtchn_op_t;
DEFINE_XEN_GUEST_HANDLE(evtchn_op_t);

/* 2-level layout: bitmaps in shared_info (xen.h). */
#define EVTCHN_2L_NR_CHANNELS (sizeof(xen_ulong_t) * sizeof(xen_ulong_t) * 64)

/*
 * FIFO layout: a word per port, and a queue per priority and vcpu that links
 * words by port number. The hypervisor appends, the guest takes from the head.
 *
 *   bit 31 pending   [XEN] sets, [GST] clears
 *   bit 30 masked    [GST]
 *   bit 29 linked    [XEN] sets on appending, [GST] clears on taking
 *   bit 28 busy      [XEN] the word is about to be linked; unmask by hypercall
 *   0..16  link      the next port of the queue, 0 at its tail
 */
#define EVTCHN_FIFO_PRIORITY_MAX     0
#define EVTCHN_FIFO_PRIORITY_DEFAULT 7
#define EVTCHN_FIFO_PRIORITY_MIN     15
#define EVTCHN_FIFO_MAX_QUEUES       (EVTCHN_FIFO_PRIORITY_MIN + 1)
#define EVTCHN_FIFO_PENDING          31
#define EVTCHN_FIFO_MASKED           30
#define EVTCHN_FIFO_LINKED           29
#define EVTCHN_FIFO_BUSY             28
#define EVTCHN_FIFO_LINK_BITS        17
#define EVTCHN_FIFO_LINK_MASK        ((1 << EVTCHN_FIFO_LINK_BITS) - 1)
#define EVTCHN_FIFO_NR_CHANNELS      (1 << EVTCHN_FIFO_LINK_BITS)
typedef uint32_t event_word_t;

struct evtchn_fifo_control_block {
    uint32_t ready; /* [XEN] sets bit q when queue q was empty; [GST] clears */
    uint32_t _rsvd;
    uint32_t head[EVTCHN_FIFO_MAX_QUEUES]; /* [XEN] when empty, then [GST] */
};
typedef struct evtchn_fifo_control_block evtchn_fifo_control_block_t;

#endif
