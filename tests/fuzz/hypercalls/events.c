/* SPDX-License-Identifier: MIT */
/* Event channels, within a domU and between the two. */
#include "fuzz.h"

static long event_op(struct cpu *c, unsigned int cmd, void *op)
{
    return call(c, __HYPERVISOR_event_channel_op, cmd, odd(c, op), 0, 0);
}

long op_unbound(struct cpu *c)
{
    struct evtchn_alloc_unbound *op = arg(c, sizeof(*op));

    op->dom = one_in(c, 10) ? any_domid(c) : DOMID_SELF;
    op->remote_dom = any_domid(c);
    return event_op(c, EVTCHNOP_alloc_unbound, op);
}

long op_interdomain(struct cpu *c)
{
    struct evtchn_bind_interdomain *op = arg(c, sizeof(*op));

    op->remote_dom = any_domid(c);
    op->remote_port = any_port(c);
    return event_op(c, EVTCHNOP_bind_interdomain, op);
}

long op_bind(struct cpu *c)
{
    struct evtchn_bind_virq *virq = arg(c, sizeof(*virq));
    struct evtchn_bind_ipi *ipi = arg(c, sizeof(*ipi));

    virq->virq = one_in(c, 20) ? rnd(c) : below(c, 26);
    virq->vcpu = any_vcpu(c);
    ipi->vcpu = any_vcpu(c);
    return one_in(c, 2) ? event_op(c, EVTCHNOP_bind_virq, virq)
                        : event_op(c, EVTCHNOP_bind_ipi, ipi);
}

long op_send(struct cpu *c)
{
    struct evtchn_send *op = arg(c, sizeof(*op));

    op->port = any_port(c);
    return event_op(c, EVTCHNOP_send, op);
}

long op_close(struct cpu *c)
{
    struct evtchn_close *op = arg(c, sizeof(*op));

    op->port = any_port(c);
    return event_op(c, EVTCHNOP_close, op);
}

/* What concerns a port that is there. */
long op_port(struct cpu *c)
{
    struct evtchn_status *status = arg(c, sizeof(*status));
    struct evtchn_bind_vcpu *bind = arg(c, sizeof(*bind));
    struct evtchn_set_priority *priority = arg(c, sizeof(*priority));

    status->dom = any_domid(c);
    status->port = bind->port = priority->port = any_port(c);
    bind->vcpu = any_vcpu(c);
    priority->priority = below(c, 18);
    switch (below(c, 4)) {
    case 0:
        return event_op(c, EVTCHNOP_status, status);
    case 1:
        return event_op(c, EVTCHNOP_bind_vcpu, bind);
    case 2:
        return event_op(c, EVTCHNOP_unmask, &bind->port);
    default:
        return event_op(c, EVTCHNOP_set_priority, priority);
    }
}

long op_reset(struct cpu *c)
{
    struct evtchn_reset *op = arg(c, sizeof(*op));

    op->dom = any_domid(c);
    return event_op(c, EVTCHNOP_reset, op);
}

/* Control blocks and words of the FIFO layout. Pages of their own, mostly: they
 * stay in use until the domain ends. */
long op_fifo(struct cpu *c)
{
    struct evtchn_init_control *init = arg(c, sizeof(*init));
    struct evtchn_expand_array *expand = arg(c, sizeof(*expand));
    uint64_t page = virt_to_mfn(event_pages + below(c, 4) * PAGE_SIZE);

    init->control_gfn = expand->array_gfn = one_in(c, 4) ? any_mfn(c) : page;
    init->offset = one_in(c, 6) ? rnd(c) : below(c, 8) * 256;
    init->vcpu = any_vcpu(c);
    return one_in(c, 2) ? event_op(c, EVTCHNOP_init_control, init)
                        : event_op(c, EVTCHNOP_expand_array, expand);
}
