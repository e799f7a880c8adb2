/* SPDX-License-Identifier: MIT */
/*
 * Inside of the event channel room.
 *
 * A port is an entry of d->evtchn; its state changes under the domain's event
 * lock, and for an interdomain pair under both locks (lower domid first), so a
 * sender that holds its own end's lock knows that the other end stays. How
 * "pending" is shown to the guest is one of two ABIs behind struct evtchn_ops,
 * called with the second, inner lock: many domains may send to one at a time.
 * Interrupt handlers take both.
 */
#ifndef EVENT_CHANNEL_INTERNAL_H
#define EVENT_CHANNEL_INTERNAL_H

#include <hv/event_channel.h>

/* Records are allocated by groups, when ports are needed; none is freed before
 * the domain is. */
#define PORTS_PER_GROUP 128
#define NR_GROUPS       (EVTCHN_FIFO_NR_CHANNELS / PORTS_PER_GROUP)

/* What a port is bound to. All but ECS_FREE are in use: they have a number that
 * the guest knows, except for ECS_RESERVED, which is port 0. */
enum evtchn_state {
    ECS_FREE,
    ECS_RESERVED,
    ECS_UNBOUND,
    ECS_INTERDOMAIN,
    ECS_PIRQ,
    ECS_VIRQ,
    ECS_IPI,
};

struct evtchn {
    uint8_t state; /* enum evtchn_state */
    uint8_t priority;
    uint8_t last_priority; /* queue it was last put on (FIFO) */
    bool pending;          /* kept while the guest has no word for it (FIFO) */
    uint16_t notify_vcpu;
    uint16_t last_vcpu;
    uint32_t port;
    union {
        struct {
            domid_t remote_domid;
        } unbound;
        struct {
            struct domain *remote_dom; /* lives until it closes its end */
            uint32_t remote_port;
        } interdomain;
        uint32_t pirq;
        uint32_t virq;
    } u;
};

/* An ABI of ports: bitmaps in the shared page (2-level), or words in pages of
 * the guest's, with queues by priority (FIFO). Everything there is the guest's
 * to change at any time. Callers hold d->evtchn->pending_lock. */
struct evtchn_ops {
    void (*set_pending)(struct vcpu *v, struct evtchn *chn);
    void (*clear_pending)(struct domain *d, struct evtchn *chn);
    void (*unmask)(struct domain *d, struct evtchn *chn);
    bool (*is_pending)(const struct domain *d, const struct evtchn *chn);
    bool (*is_masked)(const struct domain *d, const struct evtchn *chn);
    uint32_t max_ports;
};

struct evtchn_domain {
    spinlock_t lock;         /* LOCK_EVTCHN, irqs off */
    spinlock_t pending_lock; /* LOCK_EVTPEND, irqs off: ops and all they use */
    const struct evtchn_ops *ops;
    uint32_t next_free; /* no free port below */
    uint32_t nr_ports;  /* ports in allocated groups */
    uint32_t nr_open;   /* ports that are not free, port 0 apart */
    uint32_t close_pos; /* a hint: where evtchn_close_all() goes on */
    struct evtchn_fifo_domain *fifo;
    struct evtchn *group[NR_GROUPS];
    uint8_t open_in[NR_GROUPS]; /* ports that are not free, port 0 too */
};

/* --- ports (core.c); d's event lock held unless said otherwise ------------ */
/* The port's record, whatever its state; NULL beyond the allocated ones.
 * Records stay: the lock of the other end of a pair does as well. */
struct evtchn *evtchn_record(const struct domain *d, uint32_t port);
/* To be called before the lock is taken and evtchn_open() called: memory for
 * more ports cannot be had with interrupts off. */
void evtchn_make_room(struct domain *d);
/* A port that was free, for the caller to fill in, or -errno. */
int evtchn_open(struct domain *d, enum evtchn_state state);
void evtchn_free_port(struct domain *d, struct evtchn *chn);
/* Both event locks, in order; the same domain twice is one lock. Returns flags
 * for the unlock. */
unsigned long evtchn_double_lock(struct domain *a, struct domain *b);
void evtchn_double_unlock(struct domain *a, struct domain *b,
                          unsigned long flags);
/* Also with the other end's lock instead of d's. */
void evtchn_set_pending(struct domain *d, struct evtchn *chn);
/* One port. -EINVAL if it is free or reserved; no lock held. (close.c) */
long evtchn_close(struct domain *d, uint32_t port);
/* All ports, then the FIFO pages. 0/-ERESTART: a call more, or not; what was
 * begun by one caller may be ended by another. No lock held. (close.c) */
int evtchn_close_all(struct domain *d);

/* NULL unless the port has a record and is not free. */
struct evtchn *evtchn_from_port(const struct domain *d, uint32_t port);
/* The guest has something to look at: marks v's vcpu_info and wakes it. The
 * pending lock is held. */
void vcpu_mark_events_pending(struct vcpu *v);
/* The port, or some of them from first to last, became pending: a vcpu that
 * polls one of these wakes even if that is masked. The pending lock is held. */
void evtchn_check_pollers(struct domain *d, uint32_t first, uint32_t last);

extern const struct evtchn_ops evtchn_2l_ops;
/* Handlers of sub-operations */
long evtchn_fifo_init_control(struct domain *d, void *arg);
long evtchn_fifo_expand_array(struct domain *d, void *arg);
struct evtchn_fifo_domain *evtchn_fifo_detach(struct domain *d);
void evtchn_fifo_free(struct evtchn_fifo_domain *fifo); /* no lock held */

#endif
