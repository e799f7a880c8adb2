/* SPDX-License-Identifier: MIT */
/*
 * HYPERVISOR_event_channel_op: binding ports to what they stand for, and the
 * small operations on them.
 */
#include "event_channel.h"
#include <hv/hypercall.h>
#include <hv/subop.h>
#include <asm/irq.h>

/* --- binding -------------------------------------------------------------- */

static long alloc_unbound(struct domain *d, void *arg)
{
    struct evtchn_alloc_unbound *op = arg;
    unsigned long flags;
    long port;

    evtchn_make_room(d);
    flags = spin_lock_irqsave(&d->evtchn->lock);
    port = evtchn_open(d, ECS_UNBOUND);
    if (port >= 0) {
        evtchn_record(d, port)->u.unbound.remote_domid =
            op->remote_dom == DOMID_SELF ? current->domain->id : op->remote_dom;
        op->port = port;
    }
    spin_unlock_irqrestore(&d->evtchn->lock, flags);
    return MIN(port, 0);
}

static long bind_interdomain(struct domain *ld, void *arg)
{
    struct evtchn_bind_interdomain *op = arg;
    struct domain *rd;
    struct evtchn *lchn, *rchn;
    unsigned long flags;
    long rc, lport;

    rd = get_domain_by_any_id(op->remote_dom);
    if (!rd)
        return -ESRCH;
    evtchn_make_room(ld);
    flags = evtchn_double_lock(ld, rd);
    lport = rc = evtchn_open(ld, ECS_INTERDOMAIN);
    if (rc < 0)
        goto out;
    lchn = evtchn_record(ld, lport);
    rchn = evtchn_from_port(rd, op->remote_port);
    if (!rchn || rchn->state != ECS_UNBOUND ||
        rchn->u.unbound.remote_domid != ld->id || rd->is_dying) {
        evtchn_free_port(ld, lchn);
        rc = -EINVAL;
        goto out;
    }
    lchn->u.interdomain.remote_dom = rd;
    lchn->u.interdomain.remote_port = op->remote_port;
    rchn->u.interdomain.remote_dom = ld;
    rchn->u.interdomain.remote_port = lport;
    rchn->state = ECS_INTERDOMAIN;
    /* The other end may have sent before this one was bound. */
    evtchn_set_pending(ld, lchn);
    op->local_port = lport;
    rc = 0;
out:
    evtchn_double_unlock(ld, rd, flags);
    put_domain(rd);
    return rc;
}

static long bind_virq(struct domain *d, void *arg)
{
    struct evtchn_bind_virq *op = arg;
    struct vcpu *v = domain_vcpu(d, op->vcpu);
    unsigned long flags;
    long rc;

    if (op->virq >= NR_VIRQS)
        return -EINVAL;
    /* Any domain may bind a global VIRQ; only its registered handler receives
     * it. */
    if (virq_is_global(op->virq) && op->vcpu != 0)
        return -EINVAL;
    if (!v)
        return -ENOENT;
    evtchn_make_room(d);
    flags = spin_lock_irqsave(&d->evtchn->lock);
    if (v->virq_to_evtchn[op->virq]) {
        rc = -EEXIST;
    } else {
        rc = evtchn_open(d, ECS_VIRQ);
        if (rc >= 0) {
            struct evtchn *chn = evtchn_record(d, rc);

            chn->u.virq = op->virq;
            chn->notify_vcpu = op->vcpu;
            v->virq_to_evtchn[op->virq] = op->port = rc;
            rc = 0;
        }
    }
    spin_unlock_irqrestore(&d->evtchn->lock, flags);
    return rc;
}

static long bind_ipi(struct domain *d, void *arg)
{
    struct evtchn_bind_ipi *op = arg;
    unsigned long flags;
    long rc;

    if (!domain_vcpu(d, op->vcpu))
        return -ENOENT;
    evtchn_make_room(d);
    flags = spin_lock_irqsave(&d->evtchn->lock);
    rc = evtchn_open(d, ECS_IPI);
    if (rc >= 0) {
        evtchn_record(d, rc)->notify_vcpu = op->vcpu;
        op->port = rc;
        rc = 0;
    }
    spin_unlock_irqrestore(&d->evtchn->lock, flags);
    return rc;
}

static long bind_pirq(struct domain *d, void *arg)
{
    struct evtchn_bind_pirq *op = arg;
    unsigned long flags;
    long rc, port;

    if (op->pirq >= NR_PIRQS || !d->pirq_to_port)
        return -EINVAL;
    evtchn_make_room(d);
    flags = spin_lock_irqsave(&d->evtchn->lock);
    if (d->pirq_to_port[op->pirq]) {
        rc = -EEXIST;
        goto out;
    }
    port = rc = evtchn_open(d, ECS_PIRQ);
    if (rc < 0)
        goto out;
    /* Recorded first: the line may fire as soon as it is bound. */
    d->pirq_to_port[op->pirq] = port;
    evtchn_record(d, port)->u.pirq = op->pirq;
    rc = pirq_guest_bind(d->vcpu[0], op->pirq,
                         op->flags & BIND_PIRQ__WILL_SHARE);
    if (rc) {
        d->pirq_to_port[op->pirq] = 0;
        evtchn_free_port(d, evtchn_record(d, port));
    } else {
        op->port = port;
    }
out:
    spin_unlock_irqrestore(&d->evtchn->lock, flags);
    return rc;
}

/* --- the rest ------------------------------------------------------------- */

static long reset(struct domain *d, void *arg)
{
    /* Another one could open ports faster than they are closed. */
    if (d != current->domain && !READ_ONCE(d->controller_pause_count))
        return -EINVAL;
    return evtchn_close_all(d);
}

static long status(struct domain *d, void *arg)
{
    struct evtchn_status *op = arg;
    struct evtchn *chn;
    unsigned long flags;
    long rc = 0;

    flags = spin_lock_irqsave(&d->evtchn->lock);
    chn = evtchn_record(d, op->port);
    if (!chn) {
        rc = -EINVAL;
        goto out;
    }
    op->vcpu = chn->notify_vcpu;
    switch (chn->state) {
    case ECS_UNBOUND:
        op->status = EVTCHNSTAT_unbound;
        op->u.unbound.dom = chn->u.unbound.remote_domid;
        break;
    case ECS_INTERDOMAIN:
        op->status = EVTCHNSTAT_interdomain;
        op->u.interdomain.dom = chn->u.interdomain.remote_dom->id;
        op->u.interdomain.port = chn->u.interdomain.remote_port;
        break;
    case ECS_PIRQ:
        op->status = EVTCHNSTAT_pirq;
        op->u.pirq = chn->u.pirq;
        break;
    case ECS_VIRQ:
        op->status = EVTCHNSTAT_virq;
        op->u.virq = chn->u.virq;
        break;
    case ECS_IPI:
        op->status = EVTCHNSTAT_ipi;
        break;
    default:
        op->status = EVTCHNSTAT_closed;
    }
out:
    spin_unlock_irqrestore(&d->evtchn->lock, flags);
    return rc;
}

static long bind_vcpu(struct domain *d, void *arg)
{
    const struct evtchn_bind_vcpu *op = arg;
    unsigned long flags;
    struct evtchn *chn;
    long rc = 0;

    if (!domain_vcpu(d, op->vcpu))
        return -ENOENT;
    flags = spin_lock_irqsave(&d->evtchn->lock);
    chn = evtchn_from_port(d, op->port);
    switch (chn ? chn->state : ECS_FREE) {
    case ECS_VIRQ:
        if (!virq_is_global(chn->u.virq)) {
            rc = -EINVAL;
            break;
        }
        __attribute__((fallthrough));
    case ECS_UNBOUND:
    case ECS_INTERDOMAIN:
        chn->notify_vcpu = op->vcpu;
        break;
    case ECS_PIRQ:
        chn->notify_vcpu = op->vcpu;
        pirq_guest_set_affinity(d, chn->u.pirq, d->vcpu[op->vcpu]);
        break;
    default:
        rc = -EINVAL;
    }
    spin_unlock_irqrestore(&d->evtchn->lock, flags);
    return rc;
}

int evtchn_unmask(struct domain *d, uint32_t port)
{
    struct evtchn_domain *ed = d->evtchn;
    unsigned long flags = spin_lock_irqsave(&ed->lock);
    struct evtchn *chn = evtchn_from_port(d, port);

    if (chn) {
        spin_lock(&ed->pending_lock);
        ed->ops->unmask(d, chn);
        spin_unlock(&ed->pending_lock);
    }
    spin_unlock_irqrestore(&ed->lock, flags);
    return chn ? 0 : -EINVAL;
}

static long set_priority(struct domain *d, void *arg)
{
    const struct evtchn_set_priority *op = arg;
    unsigned long flags;
    struct evtchn *chn;
    long rc = 0;

    if (op->priority > EVTCHN_FIFO_PRIORITY_MIN)
        return -EINVAL;
    flags = spin_lock_irqsave(&d->evtchn->lock);
    chn = evtchn_from_port(d, op->port);
    if (!chn)
        rc = -EINVAL;
    else if (chn->state == ECS_RESERVED)
        rc = -EACCES;
    else
        chn->priority = op->priority; /* from the next time it is linked */
    spin_unlock_irqrestore(&d->evtchn->lock, flags);
    return rc;
}

/* --- the call --- */

static long send(struct domain *d, void *arg)
{
    const struct evtchn_send *op = arg;

    return evtchn_send(d, op->port);
}

static long unmask(struct domain *d, void *arg)
{
    const struct evtchn_unmask *op = arg;

    return evtchn_unmask(d, op->port);
}

static long close(struct domain *d, void *arg)
{
    const struct evtchn_close *op = arg;

    return evtchn_close(d, op->port);
}

static const struct subop evtchn_table[] = {
    [EVTCHNOP_send] = {.fn = send, SUBOP_IN(struct evtchn_send)},
    [EVTCHNOP_unmask] = {.fn = unmask, SUBOP_IN(struct evtchn_unmask)},
    [EVTCHNOP_alloc_unbound] = {.fn = alloc_unbound,
                                SUBOP_INOUT(struct evtchn_alloc_unbound),
                                SUBOP_DOMID(struct evtchn_alloc_unbound, dom)},
    [EVTCHNOP_bind_interdomain] = {.fn = bind_interdomain,
                                   SUBOP_INOUT(struct evtchn_bind_interdomain)},
    [EVTCHNOP_bind_virq] = {.fn = bind_virq,
                            SUBOP_INOUT(struct evtchn_bind_virq)},
    [EVTCHNOP_bind_ipi] = {.fn = bind_ipi, SUBOP_INOUT(struct evtchn_bind_ipi)},
    [EVTCHNOP_bind_pirq] = {.fn = bind_pirq,
                            SUBOP_INOUT(struct evtchn_bind_pirq)},
    [EVTCHNOP_close] = {.fn = close, SUBOP_IN(struct evtchn_close)},
    [EVTCHNOP_status] = {.fn = status,
                         SUBOP_INOUT(struct evtchn_status),
                         SUBOP_DOMID(struct evtchn_status, dom)},
    [EVTCHNOP_bind_vcpu] = {.fn = bind_vcpu, SUBOP_IN(struct evtchn_bind_vcpu)},
    [EVTCHNOP_reset] = {.fn = reset,
                        SUBOP_IN(struct evtchn_reset),
                        SUBOP_DOMID(struct evtchn_reset, dom)},
    [EVTCHNOP_init_control] = {.fn = evtchn_fifo_init_control,
                               SUBOP_INOUT(struct evtchn_init_control)},
    [EVTCHNOP_expand_array] = {.fn = evtchn_fifo_expand_array,
                               SUBOP_IN(struct evtchn_expand_array)},
    [EVTCHNOP_set_priority] = {.fn = set_priority,
                               SUBOP_IN(struct evtchn_set_priority)},
};

static const struct subop_family evtchn_ops = {
    .call = __HYPERVISOR_event_channel_op,
    .rows = {{evtchn_table, ARRAY_SIZE(evtchn_table)}},
    .otherwise = {.rc = -ENOSYS},
};

long do_event_channel_op(unsigned int cmd, uint64_t arg)
{
    return subop_call(&evtchn_ops, cmd, arg);
}
