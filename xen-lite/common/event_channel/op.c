/* SPDX-License-Identifier: MIT */
/*
 * HYPERVISOR_event_channel_op: binding ports to what they stand for, closing
 * them, and the small operations on them.
 */
#include "event_channel.h"
#include <hv/guest_access.h>
#include <hv/hypercall.h>
#include <asm/irq.h>

/* --- binding -------------------------------------------------------------- */

static long alloc_unbound(struct evtchn_alloc_unbound *op)
{
    struct domain *d = get_domain_by_any_id(op->dom), *self = current->domain;
    unsigned long flags;
    long port;

    if (!d)
        return -ESRCH;
    if (d != self && !self->is_privileged) {
        put_domain(d);
        return -EPERM;
    }
    evtchn_make_room(d);
    flags = spin_lock_irqsave(&d->evtchn->lock);
    port = evtchn_open(d, ECS_UNBOUND);
    if (port >= 0) {
        evtchn_record(d, port)->u.unbound.remote_domid =
            op->remote_dom == DOMID_SELF ? self->id : op->remote_dom;
        op->port = port;
    }
    spin_unlock_irqrestore(&d->evtchn->lock, flags);
    put_domain(d);
    return MIN(port, 0);
}

static long bind_interdomain(struct evtchn_bind_interdomain *op)
{
    struct domain *ld = current->domain, *rd;
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

static long bind_virq(struct evtchn_bind_virq *op)
{
    struct domain *d = current->domain;
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

static long bind_ipi(struct evtchn_bind_ipi *op)
{
    struct domain *d = current->domain;
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

static long bind_pirq(struct evtchn_bind_pirq *op)
{
    struct domain *d = current->domain;
    unsigned long flags;
    long rc, port;

    if (op->pirq >= NR_PIRQS || !d->arch.pirq_to_port)
        return -EINVAL;
    evtchn_make_room(d);
    flags = spin_lock_irqsave(&d->evtchn->lock);
    if (d->arch.pirq_to_port[op->pirq]) {
        rc = -EEXIST;
        goto out;
    }
    port = rc = evtchn_open(d, ECS_PIRQ);
    if (rc < 0)
        goto out;
    /* Recorded first: the line may fire as soon as it is bound. */
    d->arch.pirq_to_port[op->pirq] = port;
    evtchn_record(d, port)->u.pirq = op->pirq;
    rc = pirq_guest_bind(d->vcpu[0], op->pirq,
                         op->flags & BIND_PIRQ__WILL_SHARE);
    if (rc) {
        d->arch.pirq_to_port[op->pirq] = 0;
        evtchn_free_port(d, evtchn_record(d, port));
    } else {
        op->port = port;
    }
out:
    spin_unlock_irqrestore(&d->evtchn->lock, flags);
    return rc;
}

/* --- closing -------------------------------------------------------------- */

/* Closes a port that is not interdomain. The event lock of d is held. */
static void close_local(struct domain *d, struct evtchn *chn)
{
    struct vcpu *v;

    switch (chn->state) {
    case ECS_VIRQ:
        for_each_vcpu (d, v)
            if (v->virq_to_evtchn[chn->u.virq] == chn->port)
                v->virq_to_evtchn[chn->u.virq] = 0;
        break;
    case ECS_PIRQ:
        pirq_guest_unbind(d, chn->u.pirq);
        d->arch.pirq_to_port[chn->u.pirq] = 0;
        break;
    }
    evtchn_free_port(d, chn);
}

/* -EINVAL if the port is free; -EINVAL if it is reserved. */
static long evtchn_close(struct domain *d, uint32_t port)
{
    struct domain *rd = NULL;
    struct evtchn *chn;
    unsigned long flags;
    long rc = 0;

    /* The remote domain is known only under d's lock, and taking the remote's
     * lock may need d's to be dropped first: look, take a reference, look
     * again. */
    for (;;) {
        flags = rd ? evtchn_double_lock(d, rd)
                   : spin_lock_irqsave(&d->evtchn->lock);
        chn = evtchn_from_port(d, port);
        if (!chn || chn->state == ECS_RESERVED) {
            rc = -EINVAL;
            break;
        }
        if (chn->state != ECS_INTERDOMAIN) {
            close_local(d, chn);
            break;
        }
        if (rd == chn->u.interdomain.remote_dom) {
            struct evtchn *rchn =
                evtchn_record(rd, chn->u.interdomain.remote_port);

            rchn->state = ECS_UNBOUND;
            rchn->u.unbound.remote_domid = d->id;
            evtchn_free_port(d, chn);
            break;
        }
        if (rd) {
            evtchn_double_unlock(d, rd, flags);
            put_domain(rd);
            rd = NULL;
            continue;
        }
        rd = chn->u.interdomain.remote_dom;
        if (!get_domain(rd))
            rd = NULL; /* cannot be: it closes its end before it goes */
        spin_unlock_irqrestore(&d->evtchn->lock, flags);
    }
    if (rd) {
        evtchn_double_unlock(d, rd, flags);
        put_domain(rd);
    } else {
        spin_unlock_irqrestore(&d->evtchn->lock, flags);
    }
    return rc;
}

#define CLOSE_BATCH 64
_Static_assert(PORTS_PER_GROUP % CLOSE_BATCH == 0, "no batch has an end");

/* Ports can be opened behind us, unless the domain is dying: only their number
 * says that it is done. */
int evtchn_close_all(struct domain *d)
{
    struct evtchn_domain *ed = d->evtchn;
    struct evtchn_fifo_domain *fifo;
    unsigned long flags;
    uint32_t pos;

    for (;;) {
        flags = spin_lock_irqsave(&ed->lock);
        if (!ed->nr_open)
            break;
        pos = ed->close_pos < ed->nr_ports ? ed->close_pos : 0;
        ed->close_pos = pos + CLOSE_BATCH;
        spin_unlock_irqrestore(&ed->lock, flags);
        for (uint32_t port = pos; port < pos + CLOSE_BATCH; port++)
            evtchn_close(d, port);
        if (hypercall_preempt_check())
            return -ERESTART;
    }
    ed->close_pos = 0;
    spin_lock(&ed->pending_lock);
    fifo = evtchn_fifo_detach(d);
    spin_unlock(&ed->pending_lock);
    spin_unlock_irqrestore(&ed->lock, flags);
    evtchn_fifo_free(fifo);
    return 0;
}

static long evtchn_reset(domid_t dom)
{
    struct domain *d = get_domain_by_any_id(dom), *self = current->domain;
    long rc;

    if (!d)
        return -ESRCH;
    if (d != self && !self->is_privileged)
        rc = -EPERM;
    else if (d != self && !READ_ONCE(d->controller_pause_count))
        rc = -EINVAL; /* it could open ports faster than they are closed */
    else
        rc = evtchn_close_all(d);
    put_domain(d);
    return rc;
}

/* --- the rest ------------------------------------------------------------- */

static long evtchn_status(struct evtchn_status *op)
{
    struct domain *d = get_domain_by_any_id(op->dom);
    struct evtchn *chn;
    unsigned long flags;
    long rc = 0;

    if (!d)
        return -ESRCH;
    if (d != current->domain && !current->domain->is_privileged) {
        put_domain(d);
        return -EPERM;
    }
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
    put_domain(d);
    return rc;
}

static long bind_vcpu(uint32_t port, uint32_t vcpu)
{
    struct domain *d = current->domain;
    unsigned long flags;
    struct evtchn *chn;
    long rc = 0;

    if (!domain_vcpu(d, vcpu))
        return -ENOENT;
    flags = spin_lock_irqsave(&d->evtchn->lock);
    chn = evtchn_from_port(d, port);
    switch (chn ? chn->state : ECS_FREE) {
    case ECS_VIRQ:
        if (!virq_is_global(chn->u.virq)) {
            rc = -EINVAL;
            break;
        }
        __attribute__((fallthrough));
    case ECS_UNBOUND:
    case ECS_INTERDOMAIN:
        chn->notify_vcpu = vcpu;
        break;
    case ECS_PIRQ:
        chn->notify_vcpu = vcpu;
        pirq_guest_set_affinity(d, chn->u.pirq, d->vcpu[vcpu]);
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

static long set_priority(const struct evtchn_set_priority *op)
{
    struct domain *d = current->domain;
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

/* One sub-operation: copy in, do, copy the whole back if it has results. */
#define OP(type, call, out)                                                    \
    do {                                                                       \
        struct evtchn_##type op;                                               \
        if (copy_object_from_guest(&op, arg))                                  \
            return -EFAULT;                                                    \
        rc = (call);                                                           \
        if (!rc && (out) && copy_object_to_guest(arg, &op))                    \
            rc = -EFAULT; /* the port exists; the guest cannot know it */      \
        return rc;                                                             \
    } while (0)

long do_event_channel_op(unsigned int cmd, uint64_t arg)
{
    struct domain *d = current->domain;
    long rc;

    switch (cmd) {
    case EVTCHNOP_send:
        OP(send, evtchn_send(d, op.port), false);
    case EVTCHNOP_unmask:
        OP(unmask, evtchn_unmask(current->domain, op.port), false);
    case EVTCHNOP_alloc_unbound:
        OP(alloc_unbound, alloc_unbound(&op), true);
    case EVTCHNOP_bind_interdomain:
        OP(bind_interdomain, bind_interdomain(&op), true);
    case EVTCHNOP_bind_virq:
        OP(bind_virq, bind_virq(&op), true);
    case EVTCHNOP_bind_ipi:
        OP(bind_ipi, bind_ipi(&op), true);
    case EVTCHNOP_bind_pirq:
        OP(bind_pirq, bind_pirq(&op), true);
    case EVTCHNOP_close:
        OP(close, evtchn_close(d, op.port), false);
    case EVTCHNOP_status:
        OP(status, evtchn_status(&op), true);
    case EVTCHNOP_bind_vcpu:
        OP(bind_vcpu, bind_vcpu(op.port, op.vcpu), false);
    case EVTCHNOP_reset: {
        struct evtchn_reset op;

        if (copy_object_from_guest(&op, arg))
            return -EFAULT;
        rc = evtchn_reset(op.dom);
        return rc == -ERESTART ? hypercall_again(__HYPERVISOR_event_channel_op)
                               : rc;
    }
    case EVTCHNOP_init_control:
        OP(init_control, evtchn_fifo_init_control(&op), true);
    case EVTCHNOP_expand_array:
        OP(expand_array, evtchn_fifo_expand_array(&op), false);
    case EVTCHNOP_set_priority:
        OP(set_priority, set_priority(&op), false);
    default:
        return -ENOSYS;
    }
}
