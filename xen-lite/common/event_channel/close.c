/* SPDX-License-Identifier: MIT */
/* Closing ports: one, or all of a domain that dies or starts anew. */
#include "event_channel.h"
#include <hv/hypercall.h>

/* Closes a port that is not interdomain. */
static void close_local(struct domain *d, struct evtchn *chn)
{
    struct vcpu *v;

    ASSERT_HELD(&d->evtchn->lock);
    switch (chn->state) {
    case ECS_VIRQ:
        for_each_vcpu (d, v)
            if (v->virq_to_evtchn[chn->u.virq] == chn->port)
                v->virq_to_evtchn[chn->u.virq] = 0;
        break;
    case ECS_PIRQ:
        pirq_guest_unbind(d, chn->u.pirq);
        d->pirq_to_port[chn->u.pirq] = 0;
        break;
    }
    evtchn_free_port(d, chn);
}

/* -EINVAL if the port is free; -EINVAL if it is reserved. */
long evtchn_close(struct domain *d, uint32_t port)
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
