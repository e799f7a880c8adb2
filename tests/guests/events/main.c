/* SPDX-License-Identifier: MIT */
/* Event channels, 2-level: ports, sending, masking, delivery. */
#include <pv/pv.h>

static volatile unsigned int hits;
static void hit(uint32_t port)
{
    hits++;
}

int main(void)
{
    struct evtchn_bind_ipi ipi = {.vcpu = 0};
    struct evtchn_send send;
    struct evtchn_alloc_unbound un = {.dom = DOMID_SELF,
                                      .remote_dom = DOMID_SELF};
    struct evtchn_bind_interdomain inter = {.remote_dom = DOMID_SELF};
    struct evtchn_status st = {.dom = DOMID_SELF};
    struct evtchn_close cl;
    struct evtchn_bind_vcpu bv;
    struct evtchn_bind_virq virq = {.virq = VIRQ_TIMER, .vcpu = 0};

    is(evtchn_op(EVTCHNOP_bind_ipi, &ipi), 0, "bind_ipi");
    send.port = ipi.port;
    is(evtchn_op(EVTCHNOP_send, &send), 0, "send to it");
    ok(event_pending(ipi.port), "pending although masked");
    is(shared_info->vcpu_info[0].evtchn_upcall_pending, 0, "no upcall: masked");
    bind_handler(ipi.port, hit);
    is(shared_info->vcpu_info[0].evtchn_upcall_pending, 1,
       "unmasking a pending event asks for an upcall");
    is(hits, 0, "not delivered: upcalls are masked");
    events_enable();
    is(hits, 1, "delivered");
    evtchn_op(EVTCHNOP_send, &send);
    is(hits, 2, "delivered at once");
    events_disable();
    evtchn_op(EVTCHNOP_send, &send);
    evtchn_op(EVTCHNOP_send, &send);
    is(hits, 2, "held back");
    events_enable();
    is(hits, 3, "two sends, one delivery");

    is(evtchn_op(EVTCHNOP_alloc_unbound, &un), 0, "alloc_unbound");
    send.port = un.port;
    is(evtchn_op(EVTCHNOP_send, &send), 0, "send to an unbound port is lost");
    st.port = un.port;
    is(evtchn_op(EVTCHNOP_status, &st), 0, "status");
    is(st.status, EVTCHNSTAT_unbound, "unbound");
    inter.remote_port = un.port;
    is(evtchn_op(EVTCHNOP_bind_interdomain, &inter), 0, "bind to self");
    evtchn_op(EVTCHNOP_status, &st);
    is(st.status, EVTCHNSTAT_interdomain, "interdomain now");
    is(st.u.interdomain.port, inter.local_port, "with the right port");
    event_clear(inter.local_port);
    bind_handler(inter.local_port, hit);
    hits = 0;
    is(evtchn_op(EVTCHNOP_send, &send), 0, "send one way");
    is(hits, 1, "arrives at the other end");
    is(evtchn_op(EVTCHNOP_bind_interdomain, &inter), -EINVAL,
       "a bound port cannot be bound again");
    cl.port = inter.local_port;
    is(evtchn_op(EVTCHNOP_close, &cl), 0, "close one end");
    evtchn_op(EVTCHNOP_status, &st);
    is(st.status, EVTCHNSTAT_unbound, "the other is unbound again");
    is(evtchn_op(EVTCHNOP_close, &cl), -EINVAL, "close a closed port");
    cl.port = 0;
    is(evtchn_op(EVTCHNOP_close, &cl), -EINVAL, "close port 0");
    send.port = 999999;
    is(evtchn_op(EVTCHNOP_send, &send), -EINVAL, "send to no port");

    is(evtchn_op(EVTCHNOP_bind_virq, &virq), 0, "bind VIRQ_TIMER");
    is(evtchn_op(EVTCHNOP_bind_virq, &virq), -EEXIST, "twice");
    virq.virq = 1000;
    is(evtchn_op(EVTCHNOP_bind_virq, &virq), -EINVAL, "no such VIRQ");
    virq.virq = VIRQ_DEBUG;
    virq.vcpu = 77;
    is(evtchn_op(EVTCHNOP_bind_virq, &virq), -ENOENT, "no such vcpu");
    bv = (struct evtchn_bind_vcpu){.port = ipi.port, .vcpu = 0};
    is(evtchn_op(EVTCHNOP_bind_vcpu, &bv), -EINVAL, "an IPI port stays");
    bv = (struct evtchn_bind_vcpu){.port = un.port, .vcpu = 99};
    is(evtchn_op(EVTCHNOP_bind_vcpu, &bv), -ENOENT, "bind to no vcpu");
    un.dom = 4711;
    is(evtchn_op(EVTCHNOP_alloc_unbound, &un), -ESRCH, "no such domain");
    is(evtchn_op(1000, &un), -ENOSYS, "unknown sub-operation");
    is(evtchn_op(EVTCHNOP_send, (void *)0xffff830000000000UL), -EFAULT,
       "bad pointer");
    return 0;
}
