/* SPDX-License-Identifier: MIT */
/*
 * Event channels: the only interrupts a guest has. A port is a number local to
 * a domain and has one peer: a port of another domain, a virtual interrupt, a
 * physical interrupt or another vcpu. Events are edges: a port that is pending
 * stays pending, however often an event is sent.
 *
 * Every operation returns 0 or a negative errno. A line "Caller" is missing
 * where any domain may call for itself; "Errors" leaves out those that hold for
 * all of them (xen.h). A port that exists but is of the wrong kind is -EINVAL,
 * as is one that does not exist. Only 'reset' takes long enough to be
 * continued.
 *
 * Before an event is sent, the sender must have written what the receiver is to
 * see; the hypercall is a full barrier.
 */
#ifndef __XEN_PUBLIC_EVENT_CHANNEL_H__
#define __XEN_PUBLIC_EVENT_CHANNEL_H__

#include "xen.h"

/* event_channel_op(command, pointer to the structure of the same name) */
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

/* Port 0 never exists, so it may stand for "no port". */
typedef uint32_t evtchn_port_t;
DEFINE_XEN_GUEST_HANDLE(evtchn_port_t);

/*
 * alloc_unbound: creates a port of 'dom' to which only 'remote_dom' may bind.
 *
 * Caller  any domain for itself (dom = DOMID_SELF); dom0 for any domain
 * Errors  -ESRCH no domain 'dom' (that 'remote_dom' exists is not checked);
 *         -EPERM 'dom' is another domain; -EINVAL it is dying; -ENOSPC all
 *         ports up to its limit are in use; -ENOMEM
 */
struct evtchn_alloc_unbound {
    domid_t dom, remote_dom; /* IN */
    evtchn_port_t port;      /* OUT */
};
typedef struct evtchn_alloc_unbound evtchn_alloc_unbound_t;

/*
 * bind_interdomain: connects a new port of the caller to an unbound port. Both
 * become interdomain ports. The new port starts pending, because the other side
 * may have sent before it was there.
 *
 * Errors  -ESRCH no domain 'remote_dom'; -EINVAL 'remote_port' is not an
 *         unbound port that waits for the caller, or that domain is dying;
 *         -ENOSPC; -ENOMEM
 */
struct evtchn_bind_interdomain {
    domid_t remote_dom;        /* IN */
    evtchn_port_t remote_port; /* IN */
    evtchn_port_t local_port;  /* OUT */
};
typedef struct evtchn_bind_interdomain evtchn_bind_interdomain_t;

/*
 * bind_virq: a port for a virtual interrupt. Any domain may bind a global one;
 * only the domain that is its handler (dom0, or XEN_DOMCTL_set_virq_handler)
 * receives events.
 *
 * Errors  -EINVAL no such interrupt, or a vcpu other than 0 with one that is
 *         not per vcpu; -ENOENT no such vcpu; -EEXIST it has a port already
 *         (per vcpu or domain); -ENOSPC; -ENOMEM
 */
struct evtchn_bind_virq {
    uint32_t virq;      /* IN: VIRQ_* */
    uint32_t vcpu;      /* IN: 0 for interrupts that are not per vcpu */
    evtchn_port_t port; /* OUT */
};
typedef struct evtchn_bind_virq evtchn_bind_virq_t;

/*
 * bind_pirq: a port for a physical interrupt that PHYSDEVOP_map_pirq has named.
 * Events go to vcpu 0 until bind_vcpu says otherwise. The line is enabled.
 *
 * Caller  dom0 (no other domain can have a pirq)
 * Errors  -EINVAL 'pirq' is not mapped; -EEXIST it has a port; -EBUSY the line
 *         has another user: a line is never shared, whatever 'flags' say;
 *         -ENOSPC; -ENOMEM
 */
struct evtchn_bind_pirq {
    uint32_t pirq;              /* IN */
#define BIND_PIRQ__WILL_SHARE 1 /* another domain may bind the line, too */
    uint32_t flags;             /* IN */
    evtchn_port_t port;         /* OUT */
};
typedef struct evtchn_bind_pirq evtchn_bind_pirq_t;

/*
 * bind_ipi: a port that interrupts one vcpu of the caller's domain when sent.
 *
 * Errors  -ENOENT no such vcpu; -ENOSPC; -ENOMEM
 */
struct evtchn_bind_ipi {
    uint32_t vcpu;      /* IN */
    evtchn_port_t port; /* OUT */
};
typedef struct evtchn_bind_ipi evtchn_bind_ipi_t;

/*
 * close: frees a port. The peer of an interdomain port becomes unbound again
 * and waits for the domain of the closed one. A pending event is forgotten.
 *
 * Errors  -EINVAL no such port
 */
struct evtchn_close {
    evtchn_port_t port; /* IN */
};
typedef struct evtchn_close evtchn_close_t;

/*
 * send: makes the peer pending. An unbound port takes the event and loses it:
 * that is success.
 *
 * Errors  -EINVAL the port is not interdomain, unbound or ipi
 */
struct evtchn_send {
    evtchn_port_t port; /* IN: local end, interdomain or ipi */
};
typedef struct evtchn_send evtchn_send_t;

/*
 * status: tells what a port is. A number that is not in use is 'closed', which
 * is success.
 *
 * Caller  any domain for its own ports; dom0 for those of any domain
 * Errors  -ESRCH no domain 'dom'; -EPERM another domain's port; -EINVAL the
 *         number lies beyond what has been allocated
 */
struct evtchn_status {
    domid_t dom;        /* IN: others' ports only with privilege */
    evtchn_port_t port; /* IN */
#define EVTCHNSTAT_closed      0
#define EVTCHNSTAT_unbound     1
#define EVTCHNSTAT_interdomain 2
#define EVTCHNSTAT_pirq        3
#define EVTCHNSTAT_virq        4
#define EVTCHNSTAT_ipi         5
    uint32_t status; /* OUT: EVTCHNSTAT_* */
    uint32_t vcpu;   /* OUT: the vcpu that gets the events */
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

/*
 * bind_vcpu: events of a port go to another vcpu from now on. An event that is
 * already pending is not moved.
 *
 * Errors  -ENOENT no such vcpu; -EINVAL the port is an ipi or a per-vcpu virq,
 *         which stay where they are, or does not exist
 */
struct evtchn_bind_vcpu {
    evtchn_port_t port; /* IN */
    uint32_t vcpu;      /* IN */
};
typedef struct evtchn_bind_vcpu evtchn_bind_vcpu_t;

/*
 * unmask: clears the port's mask bit and, if the port is pending, notifies its
 * vcpu. A guest may clear the bit itself where no event can be waiting.
 *
 * Errors  -EINVAL no such port
 */
struct evtchn_unmask {
    evtchn_port_t port; /* IN */
};
typedef struct evtchn_unmask evtchn_unmask_t;

/*
 * reset: closes every port of a domain and returns it to the 2-level layout.
 *
 * Caller  any domain for itself; dom0 for a domain that it has paused
 * Errors  -ESRCH no domain 'dom'; -EPERM another domain; -EINVAL another domain
 *         that is not paused
 * Restart continued; ports closed so far stay closed
 */
struct evtchn_reset {
    domid_t dom; /* IN */
};
typedef struct evtchn_reset evtchn_reset_t;

/*
 * init_control: a vcpu gets its control block for the FIFO layout. The first
 * one switches the domain over; events that are pending stay pending.
 *
 * The frame must be the caller's and usable as ordinary writable memory, and
 * stays so for as long as the layout does: the hypervisor writes to it.
 *
 * Errors  -ENOENT no such vcpu; -EINVAL the offset is unaligned or the block
 *         would cross the page's end, the frame is refused, or the vcpu has a
 *         control block already; -ENOMEM
 */
struct evtchn_init_control {
    uint64_t control_gfn; /* IN */
    uint32_t offset;      /* IN: in bytes, multiple of 8 */
    uint32_t vcpu;        /* IN */
    uint8_t link_bits;    /* OUT: width of event_word_t's link */
    uint8_t _pad[7];
};
typedef struct evtchn_init_control evtchn_init_control_t;

/*
 * expand_array: one more page of event words, for the next 1024 ports. The
 * frame is held as for init_control. Events of ports without a word wait until
 * the word is there.
 *
 * Errors  -EOPNOTSUPP the domain uses the 2-level layout; -EINVAL the frame is
 *         refused; -ENOSPC all ports have words
 */
struct evtchn_expand_array {
    uint64_t array_gfn; /* IN */
};
typedef struct evtchn_expand_array evtchn_expand_array_t;

/*
 * set_priority: the queue in which a port is linked from its next event on. 0
 * is served first.
 *
 * Errors  -EINVAL a priority above EVTCHN_FIFO_PRIORITY_MIN, or no such port
 */
struct evtchn_set_priority {
    evtchn_port_t port; /* IN */
    uint32_t priority;  /* IN: EVTCHN_FIFO_PRIORITY_* */
};
typedef struct evtchn_set_priority evtchn_set_priority_t;

/*
 * Argument of event_channel_op_compat, which old guests use; not served here.
 */
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

/*
 * 2-level layout: bitmaps in shared_info (xen.h) name the ports, a selector
 * word in vcpu_info names the words of the bitmap that have a bit set. The
 * hypervisor sets pending, then, if the port is not masked, the selector's bit,
 * then evtchn_upcall_pending; the guest clears them in the opposite order, so
 * that no event is lost between the two.
 */
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

/*
 * Aligned to 8 bytes within its page. A guest takes events so: clear a bit of
 * 'ready', then follow the queue from head to the word whose link is 0,
 * clearing LINKED and then PENDING of each. Event words that are linked but not
 * pending are skipped. Everything here can be changed by the guest at any time:
 * it loses its own events, nothing else.
 */
struct evtchn_fifo_control_block {
    uint32_t ready; /* [XEN] sets bit q when queue q was empty; [GST] clears */
    uint32_t _rsvd;
    uint32_t head[EVTCHN_FIFO_MAX_QUEUES]; /* [XEN] when empty, then [GST] */
};
typedef struct evtchn_fifo_control_block evtchn_fifo_control_block_t;

#endif
