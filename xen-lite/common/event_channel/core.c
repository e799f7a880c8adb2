/* SPDX-License-Identifier: MIT */
/*
 * Event channels: the table of ports, and how an event reaches a vcpu.
 */
#include "event_channel.h"
#include <hv/domctl.h>
#include <hv/console.h>
#include <hv/mm.h>
#include <hv/smp.h>

/* --- ports ---------------------------------------------------------------- */

struct evtchn *evtchn_record(const struct domain *d, uint32_t port)
{
    const struct evtchn_domain *ed = d->evtchn;

    if (port >= atomic_load(&ed->nr_ports))
        return NULL;
    return &ed->group[port / PORTS_PER_GROUP][port % PORTS_PER_GROUP];
}

struct evtchn *evtchn_from_port(const struct domain *d, uint32_t port)
{
    struct evtchn *chn = evtchn_record(d, port);

    ASSERT_HELD(&d->evtchn->lock);
    return chn && chn->state != ECS_FREE ? chn : NULL;
}

/* First number that is never a port. */
static uint32_t port_limit(const struct domain *d)
{
    return MIN(d->max_evtchn_port + 1, READ_ONCE(d->evtchn->ops)->max_ports);
}

/* One more group of ports. No lock held: memory may have to be waited for. */
static void add_group(struct domain *d)
{
    struct evtchn_domain *ed = d->evtchn;
    uint32_t first = atomic_load(&ed->nr_ports);
    struct evtchn *group = xzalloc_array(struct evtchn, PORTS_PER_GROUP);
    unsigned long flags;

    for (uint32_t i = 0; group && i < PORTS_PER_GROUP; i++) {
        group[i].port = first + i;
        group[i].priority = EVTCHN_FIFO_PRIORITY_DEFAULT;
        group[i].last_priority = EVTCHN_FIFO_PRIORITY_DEFAULT;
    }
    flags = spin_lock_irqsave(&ed->lock);
    if (group && ed->nr_ports == first) { /* no other CPU was quicker */
        ed->group[first / PORTS_PER_GROUP] = group;
        atomic_store(&ed->nr_ports, first + PORTS_PER_GROUP);
        group = NULL;
    }
    spin_unlock_irqrestore(&ed->lock, flags);
    xfree(group);
}

/* A CPU that was here may take a port at once: one is left for each of them. */
void evtchn_make_room(struct domain *d)
{
    const struct evtchn_domain *ed = d->evtchn;
    uint32_t nr = atomic_load(&ed->nr_ports);

    if (nr < port_limit(d) && nr - 1 - READ_ONCE(ed->nr_open) < NR_CPUS)
        add_group(d);
}
_Static_assert(PORTS_PER_GROUP > NR_CPUS, "a group is room for all CPUs");

int evtchn_open(struct domain *d, enum evtchn_state state)
{
    struct evtchn_domain *ed = d->evtchn;
    uint32_t port;

    ASSERT_HELD(&ed->lock);
    if (d->is_dying)
        return -EINVAL;
    for (port = ed->next_free;; port++) {
        if (port >= port_limit(d))
            return -ENOSPC;
        if (port >= ed->nr_ports)
            return -ENOMEM;
        if (evtchn_record(d, port)->state == ECS_FREE)
            break;
        /* A domain may have 131072, and interrupts are off. */
        if (ed->open_in[port / PORTS_PER_GROUP] == PORTS_PER_GROUP)
            port |= PORTS_PER_GROUP - 1;
    }
    evtchn_record(d, port)->state = state;
    ed->nr_open++;
    ed->open_in[port / PORTS_PER_GROUP]++;
    ed->next_free = port + 1;
    return port;
}

void evtchn_free_port(struct domain *d, struct evtchn *chn)
{
    struct evtchn_domain *ed = d->evtchn;

    ASSERT_HELD(&ed->lock);
    spin_lock(&ed->pending_lock);
    ed->ops->clear_pending(d, chn);
    spin_unlock(&ed->pending_lock);
    chn->state = ECS_FREE;
    ed->nr_open--;
    ed->open_in[chn->port / PORTS_PER_GROUP]--;
    chn->notify_vcpu = 0;
    chn->priority = EVTCHN_FIFO_PRIORITY_DEFAULT;
    ed->next_free = MIN(ed->next_free, chn->port);
}

unsigned long evtchn_double_lock(struct domain *a, struct domain *b)
{
    unsigned long flags = local_irq_save();

    if (a == b)
        spin_lock(&a->evtchn->lock);
    else
        spin_lock_two(&a->evtchn->lock, &b->evtchn->lock);
    return flags;
}

void evtchn_double_unlock(struct domain *a, struct domain *b,
                          unsigned long flags)
{
    if (a != b)
        spin_unlock(&b->evtchn->lock);
    spin_unlock_irqrestore(&a->evtchn->lock, flags);
}

#ifdef HV_DEBUG
bool evtchn_lock_is_held(const struct domain *d)
{
    return lock_is_held(&d->evtchn->lock);
}
#endif

/* --- delivery ------------------------------------------------------------- */

void vcpu_mark_events_pending(struct vcpu *v)
{
    ASSERT_HELD(&v->domain->evtchn->pending_lock);
    if (!atomic_xchg(&v->vcpu_info->evtchn_upcall_pending, 1)) {
        vcpu_unblock(v);
        vcpu_kick(v);
    }
}

void evtchn_check_pollers(struct domain *d, uint32_t first, uint32_t last)
{
    struct vcpu *v;

    ASSERT_HELD(&d->evtchn->pending_lock);
    if (likely(!READ_ONCE(d->nr_polling)))
        return;
    for_each_vcpu (d, v) {
        int32_t polled = READ_ONCE(v->poll_evtchn);

        if (polled == -1 ||
            (polled > 0 && (uint32_t)polled - first <= last - first))
            vcpu_unblock(v);
    }
}

void evtchn_set_pending(struct domain *d, struct evtchn *chn)
{
    struct evtchn_domain *ed = d->evtchn;
    unsigned long flags = spin_lock_irqsave(&ed->pending_lock);
    struct vcpu *v = d->vcpu[chn->notify_vcpu];

    if (v)
        ed->ops->set_pending(v, chn);
    spin_unlock_irqrestore(&ed->pending_lock, flags);
}

/* New vcpu_info: events may have been announced in the old one. */
void evtchn_recheck(struct vcpu *v)
{
    WRITE_ONCE(v->vcpu_info->evtchn_upcall_pending, 1);
    if (!v->evtchn_fifo)
        WRITE_ONCE(v->vcpu_info->evtchn_pending_sel, ~0UL);
    vcpu_kick(v);
}

int evtchn_port_poll(struct domain *d, uint32_t port)
{
    struct evtchn_domain *ed = d->evtchn;
    unsigned long flags = spin_lock_irqsave(&ed->lock);
    struct evtchn *chn = evtchn_from_port(d, port);
    int rc = -EINVAL;

    if (chn && chn->state != ECS_RESERVED) {
        spin_lock(&ed->pending_lock);
        rc = ed->ops->is_pending(d, chn);
        spin_unlock(&ed->pending_lock);
    }
    spin_unlock_irqrestore(&ed->lock, flags);
    return rc;
}

void send_guest_vcpu_virq(struct vcpu *v, uint32_t virq)
{
    struct domain *d = v->domain;
    unsigned long flags = spin_lock_irqsave(&d->evtchn->lock);
    uint32_t port = v->virq_to_evtchn[virq];

    if (port)
        evtchn_set_pending(d, evtchn_record(d, port));
    spin_unlock_irqrestore(&d->evtchn->lock, flags);
}

/* The domain that gets a global VIRQ, with a reference; NULL: dom0. */
static struct domain *virq_handler[NR_VIRQS];

bool virq_is_global(uint32_t virq)
{
    return virq != VIRQ_TIMER && virq != VIRQ_DEBUG && virq != VIRQ_XENOPROF &&
           virq != VIRQ_XENPMU;
}

static void replace_virq_handler(uint32_t virq, struct domain *d)
{
    struct domain *old = atomic_xchg(&virq_handler[virq], d);

    if (old)
        put_domain(old);
}

int set_virq_handler(struct domain *d, uint32_t virq)
{
    ASSERT_HELD(&domctl_lock); /* d does not begin to die meanwhile */
    if (virq >= NR_VIRQS || !virq_is_global(virq))
        return -EINVAL;
    if (d->is_dying || !get_domain(d))
        return -EINVAL;
    replace_virq_handler(virq, d);
    return 0;
}

void send_global_virq(uint32_t virq)
{
    struct domain *d = READ_ONCE(virq_handler[virq]);

    if (!d)
        d = hardware_domain;
    /* Bound on whichever vcpu the guest chose; vcpu 0 keeps the record. */
    if (d && d->vcpu[0])
        send_guest_vcpu_virq(d->vcpu[0], virq);
}

void send_guest_pirq(struct domain *d, uint32_t pirq)
{
    unsigned long flags = spin_lock_irqsave(&d->evtchn->lock);
    uint32_t port = d->pirq_to_port ? d->pirq_to_port[pirq] : 0;

    if (port)
        evtchn_set_pending(d, evtchn_record(d, port));
    spin_unlock_irqrestore(&d->evtchn->lock, flags);
}

long evtchn_send(struct domain *d, uint32_t port)
{
    unsigned long flags = spin_lock_irqsave(&d->evtchn->lock);
    struct evtchn *chn = evtchn_from_port(d, port);
    long rc = 0;

    switch (chn ? chn->state : ECS_FREE) {
    case ECS_INTERDOMAIN: {
        struct domain *rd = chn->u.interdomain.remote_dom;

        evtchn_set_pending(rd,
                           evtchn_record(rd, chn->u.interdomain.remote_port));
        break;
    }
    case ECS_IPI:
        evtchn_set_pending(d, chn);
        break;
    case ECS_UNBOUND:
        break; /* no domain is bound: the event is lost, as the ABI says */
    default:
        rc = -EINVAL;
    }
    spin_unlock_irqrestore(&d->evtchn->lock, flags);
    return rc;
}

/* --- life ----------------------------------------------------------------- */

int evtchn_init(struct domain *d)
{
    struct evtchn_domain *ed = xzalloc(struct evtchn_domain);

    if (!ed)
        return -ENOMEM;
    d->evtchn = ed;
    spin_lock_init(&ed->lock, LOCK_EVTCHN);
    spin_lock_init(&ed->pending_lock, LOCK_EVTPEND);
    ed->ops = &evtchn_2l_ops;
    d->max_evtchn_port = MIN(d->max_evtchn_port, EVTCHN_FIFO_NR_CHANNELS - 1);
    add_group(d);
    if (!ed->nr_ports)
        return -ENOMEM;
    evtchn_record(d, 0)->state = ECS_RESERVED; /* 0 means "no port" */
    ed->open_in[0] = 1;
    ed->next_free = 1;
    return 0;
}

int evtchn_destroy(struct domain *d)
{
    for (uint32_t virq = 0; virq < NR_VIRQS; virq++)
        if (READ_ONCE(virq_handler[virq]) == d)
            replace_virq_handler(virq, NULL);
    return evtchn_close_all(d);
}

bool evtchn_destroy_final(struct domain *d, unsigned int *left)
{
    struct evtchn_domain *ed = d->evtchn;

    if (!ed)
        return true;
    for (; ed->nr_ports && *left; --*left) {
        ed->nr_ports -= PORTS_PER_GROUP;
        xfree(ed->group[ed->nr_ports / PORTS_PER_GROUP]);
    }
    if (ed->nr_ports)
        return false;
    d->evtchn = NULL;
    xfree(ed);
    return true;
}

/* Read under the lock: a port's owner may close it at any time, and then there
 * is no other end to name. Printed without it. */
static void dump_port(struct domain *d, uint32_t port)
{
    static const char *const names[] = {"free", "reserved", "unbound", "inter",
                                        "pirq", "virq",     "ipi"};
    const struct evtchn_domain *ed = d->evtchn;
    unsigned long flags = spin_lock_irqsave(&d->evtchn->lock);
    const struct evtchn *at = evtchn_from_port(d, port);
    bool pending = false, masked = false;
    struct evtchn chn = {.state = ECS_FREE};
    domid_t remote = 0;

    if (at && at->state != ECS_FREE) {
        chn = *at;
        spin_lock(&d->evtchn->pending_lock);
        pending = ed->ops->is_pending(d, at);
        masked = ed->ops->is_masked(d, at);
        spin_unlock(&d->evtchn->pending_lock);
        if (chn.state == ECS_INTERDOMAIN)
            remote = chn.u.interdomain.remote_dom->id;
    }
    spin_unlock_irqrestore(&d->evtchn->lock, flags);
    if (chn.state == ECS_FREE)
        return;
    printk("  %4u [%d/%d] %s v%u", port, pending, masked, names[chn.state],
           chn.notify_vcpu);
    if (chn.state == ECS_INTERDOMAIN)
        printk(" d%d:%u", remote, chn.u.interdomain.remote_port);
    else if (chn.state == ECS_VIRQ || chn.state == ECS_PIRQ)
        printk(" %u", chn.u.virq);
    printk("\n");
}

void dump_evtchn_info(struct domain *d)
{
    printk("Event channels of d%d (%s, %u ports allocated)\n", d->id,
           d->evtchn->fifo ? "FIFO" : "2-level", d->evtchn->nr_ports);
    for (uint32_t port = 1; port < d->evtchn->nr_ports && dump_goes_on();
         port++)
        dump_port(d, port);
}
