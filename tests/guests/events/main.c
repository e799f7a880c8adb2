/* SPDX-License-Identifier: MIT */
/* Event channels, 2-level: ports, sending, masking, delivery. */
#include <pv/pv.h>

static volatile unsigned int hits;
static void hit(uint32_t port)
{
    hits++;
}

static long send(uint32_t port)
{
    struct evtchn_send op = {.port = port};

    return evtchn_op(EVTCHNOP_send, &op);
}

static long close_port(uint32_t port)
{
    struct evtchn_close op = {.port = port};

    return evtchn_op(EVTCHNOP_close, &op);
}

/* A port that waits for another domain; what is refused takes no port. */
static void a_refused_bind(void)
{
    struct evtchn_alloc_unbound un = {.dom = DOMID_SELF, .remote_dom = 5};
    struct evtchn_bind_interdomain in = {.remote_dom = DOMID_SELF};
    uint32_t next, again;

    evtchn_op(EVTCHNOP_alloc_unbound, &un);
    next = event_new_ipi(0);
    close_port(next);
    in.remote_port = un.port;
    is(evtchn_op(EVTCHNOP_bind_interdomain, &in), -EINVAL,
       "a port for another domain cannot be bound");
    again = event_new_ipi(0);
    is(again, next, "a refused bind takes no port");
    close_port(again);
    close_port(un.port);
}

static void the_first_event(void)
{
    struct evtchn_alloc_unbound un = {.dom = DOMID_SELF,
                                      .remote_dom = DOMID_SELF};
    struct evtchn_bind_interdomain in = {.remote_dom = DOMID_SELF};

    evtchn_op(EVTCHNOP_alloc_unbound, &un);
    in.remote_port = un.port;
    evtchn_op(EVTCHNOP_bind_interdomain, &in);
    ok(event_pending(in.local_port),
       "a port that is bound is pending at first");
    event_send(in.local_port);
    ok(event_pending(un.port), "a send makes the other end pending");
    close_port(in.local_port);
    close_port(un.port);
    ok(!event_pending(un.port), "a closed port is not pending");
}

static void a_virtual_interrupt_again(void)
{
    struct evtchn_bind_virq virq = {.virq = VIRQ_DEBUG};

    is(evtchn_op(EVTCHNOP_bind_virq, &virq), 0, "VIRQ_DEBUG can be bound");
    close_port(virq.port);
    is(evtchn_op(EVTCHNOP_bind_virq, &virq), 0,
       "a virtual interrupt can be bound again after its port is closed");
    is(evtchn_op(EVTCHNOP_bind_vcpu,
                 &(struct evtchn_bind_vcpu){.port = virq.port}),
       -EINVAL, "a vcpu's own interrupt cannot move");
    close_port(virq.port);
}

static struct evtchn_bind_ipi ipi = {.vcpu = 0};

static void delivery(void)
{
    is(evtchn_op(EVTCHNOP_bind_ipi, &ipi), 0, "bind_ipi returns 0");
    is(send(ipi.port), 0, "a send to an IPI port returns 0");
    ok(event_pending(ipi.port),
       "a masked port becomes pending when it is sent");
    is(shared_info->vcpu_info[0].evtchn_upcall_pending, 0,
       "a masked port asks for no upcall");
    bind_handler(ipi.port, hit);
    is(shared_info->vcpu_info[0].evtchn_upcall_pending, 1,
       "unmask of a pending port asks for an upcall");
    is(hits, 0, "no upcall comes while upcalls are masked");
    events_enable();
    is(hits, 1, "an upcall comes when upcalls are unmasked");
    send(ipi.port);
    is(hits, 2, "an event is delivered at once while upcalls are on");
    events_disable();
    send(ipi.port);
    send(ipi.port);
    is(hits, 2, "an event of a masked port is held back");
    events_enable();
    is(hits, 3, "two sends before the upcall are one delivery");
}

/* Two ports of this domain, bound to each other. */
static struct evtchn_alloc_unbound un = {.dom = DOMID_SELF,
                                         .remote_dom = DOMID_SELF};
static struct evtchn_bind_interdomain inter = {.remote_dom = DOMID_SELF};

static void a_pair(void)
{
    struct evtchn_status st = {.dom = DOMID_SELF};

    is(evtchn_op(EVTCHNOP_alloc_unbound, &un), 0, "alloc_unbound returns 0");
    is(send(un.port), 0, "a send to an unbound port returns 0 and is lost");
    st.port = un.port;
    is(evtchn_op(EVTCHNOP_status, &st), 0,
       "status of an unbound port returns 0");
    is(st.status, EVTCHNSTAT_unbound, "status says that the port is unbound");
    inter.remote_port = un.port;
    is(evtchn_op(EVTCHNOP_bind_interdomain, &inter), 0,
       "bind_interdomain to the caller's own port returns 0");
    evtchn_op(EVTCHNOP_status, &st);
    is(st.status, EVTCHNSTAT_interdomain,
       "status says that the port is interdomain");
    is(st.u.interdomain.port, inter.local_port,
       "status names the port at the other end");
    event_clear(inter.local_port);
    bind_handler(inter.local_port, hit);
    hits = 0;
    is(send(un.port), 0, "a send to an interdomain port returns 0");
    is(hits, 1, "a send arrives at the other end");
    is(evtchn_op(EVTCHNOP_bind_interdomain, &inter), -EINVAL,
       "a port that is bound cannot be bound again");
}

static void ends(void)
{
    struct evtchn_status st = {.dom = DOMID_SELF, .port = un.port};

    is(close_port(inter.local_port), 0, "close of one end returns 0");
    evtchn_op(EVTCHNOP_status, &st);
    is(st.status, EVTCHNSTAT_unbound,
       "the other end of a closed port is unbound again");
    is(close_port(inter.local_port), -EINVAL,
       "close of a closed port is -EINVAL");
    is(close_port(0), -EINVAL, "close of port 0 is -EINVAL");
    is(send(0), -EINVAL, "send to port 0 is -EINVAL");
    is(send(999999), -EINVAL, "send to a port beyond the last is -EINVAL");
}

static void virtual_interrupts(void)
{
    struct evtchn_bind_virq virq = {.virq = VIRQ_TIMER, .vcpu = 0};

    is(evtchn_op(EVTCHNOP_bind_virq, &virq), 0,
       "bind_virq of VIRQ_TIMER returns 0");
    is(evtchn_op(EVTCHNOP_bind_virq, &virq), -EEXIST,
       "a virtual interrupt cannot be bound twice");
    virq.virq = 1000;
    is(evtchn_op(EVTCHNOP_bind_virq, &virq), -EINVAL,
       "bind_virq of an unknown interrupt is -EINVAL");
    virq.virq = VIRQ_DEBUG;
    virq.vcpu = 77;
    is(evtchn_op(EVTCHNOP_bind_virq, &virq), -ENOENT,
       "bind_virq for an unknown vcpu is -ENOENT");
}

static void moves(void)
{
    struct evtchn_bind_vcpu bv;

    bv = (struct evtchn_bind_vcpu){.port = ipi.port, .vcpu = 0};
    is(evtchn_op(EVTCHNOP_bind_vcpu, &bv), -EINVAL,
       "an IPI port cannot move to another vcpu");
    bv = (struct evtchn_bind_vcpu){.port = un.port, .vcpu = 99};
    is(evtchn_op(EVTCHNOP_bind_vcpu, &bv), -ENOENT,
       "bind_vcpu to an unknown vcpu is -ENOENT");
}

static void refused_calls(void)
{
    un.dom = 4711;
    is(evtchn_op(EVTCHNOP_alloc_unbound, &un), -ESRCH,
       "alloc_unbound for an unknown domain is -ESRCH");
    is(evtchn_op(1000, &un), -ENOSYS,
       "an unknown sub-operation of event_channel_op is -ENOSYS");
    is(evtchn_op(EVTCHNOP_send, (void *)0xffff830000000000UL), -EFAULT,
       "event_channel_op at a bad address is -EFAULT");
}

int main(void)
{
    delivery();
    a_pair();
    a_refused_bind();
    the_first_event();
    a_virtual_interrupt_again();
    ends();
    virtual_interrupts();
    moves();
    refused_calls();
    return 0;
}
