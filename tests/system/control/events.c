/* SPDX-License-Identifier: MIT */
/*
 * event_channel_op, of dom0 itself and on behalf of T and a second domain.
 * Ports that dom0's kernel uses are left alone: the low ones.
 */
#include "control.h"

#define EV(sub, type, ...)                                                     \
    CALL("event_channel_op", event_channel_op, sub, #sub, type, #__VA_ARGS__,  \
         __VA_ARGS__)
#define PORTS 1000, 1023, 1024, 4095, 4096, 131071, 131072, ~0u

static void numbers(void)
{
    for (v = 0; v < 20; v++) {
        if (v == EVTCHNOP_init_control || v == EVTCHNOP_expand_array ||
            v == EVTCHNOP_reset || v == EVTCHNOP_alloc_unbound ||
            v == EVTCHNOP_bind_ipi || v == EVTCHNOP_bind_virq ||
            v == EVTCHNOP_bind_pirq)
            continue; /* with zeros they take effect */
        memset(arg, 0, 256);
        RAW("event_channel_op", event_channel_op, v, arg, 0, 0, 0);
        RAW("event_channel_op", event_channel_op, v, NOWHERE, 0, 0, 0);
    }
    v = 0;
}

static void on_behalf(void)
{
    domid_t other = new_domain();

    for (unsigned int i = 0; i < nr_odd_domains; i++) {
        v = odd_domain[i];
        if (v != DOMID_SELF) {
            EV(EVTCHNOP_alloc_unbound, struct evtchn_alloc_unbound, a->dom = v);
            EV(EVTCHNOP_reset, struct evtchn_reset, a->dom = v);
        }
        EV(EVTCHNOP_alloc_unbound, struct evtchn_alloc_unbound, a->dom = T;
           a->remote_dom = v);
        EV(EVTCHNOP_status, struct evtchn_status, a->dom = v; a->port = 5000);
        EV(EVTCHNOP_bind_interdomain, struct evtchn_bind_interdomain,
           a->remote_dom = v;
           a->remote_port = 5000);
    }
    v = 0;
    FOR(v, 0, T, other)
    {
        EV(EVTCHNOP_alloc_unbound, struct evtchn_alloc_unbound, a->dom = T;
           a->remote_dom = v);
        field("port", ((struct evtchn_alloc_unbound *)arg)->port);
    }
    for (v = 0; v < 16; v++) {
        EV(EVTCHNOP_status, struct evtchn_status, a->dom = T; a->port = v);
        field("status", ((struct evtchn_status *)arg)->status);
        field("vcpu", ((struct evtchn_status *)arg)->vcpu);
    }
    v = 0;
    FOR(v, PORTS)
    {
        EV(EVTCHNOP_status, struct evtchn_status, a->dom = T; a->port = v);
        EV(EVTCHNOP_bind_interdomain, struct evtchn_bind_interdomain,
           a->remote_dom = T;
           a->remote_port = v);
    }
    for (v = 0; v < 12; v++) {
        struct evtchn_bind_interdomain *b = (void *)arg;
        evtchn_port_t local;

        if (EV(EVTCHNOP_bind_interdomain, struct evtchn_bind_interdomain,
               a->remote_dom = T;
               a->remote_port = v))
            continue;
        local = b->local_port;
        EV(EVTCHNOP_status, struct evtchn_status, a->dom = T; a->port = v);
        field("status", ((struct evtchn_status *)arg)->status);
        EV(EVTCHNOP_close, struct evtchn_close, a->port = local);
    }
    v = 0;
    EV(EVTCHNOP_reset, struct evtchn_reset, a->dom = T);
    EV(EVTCHNOP_status, struct evtchn_status, a->dom = T; a->port = 1);
    field("status", ((struct evtchn_status *)arg)->status);
    EV(EVTCHNOP_reset, struct evtchn_reset, a->dom = other);
    destroy(other);
}

/* As many as there may be, then one more. */
static void limits(void)
{
    FOR(v, 0, 1, 5, 100)
    {
        unsigned int n = 0;
        domid_t d;

        memset(arg, 0, sizeof(arg->d));
        U.createdomain.max_vcpus = 1;
        U.createdomain.max_evtchn_port = v;
        U.createdomain.max_grant_frames = -1;
        U.createdomain.max_maptrack_frames = -1;
        U.createdomain.grant_opts = 1;
        if (domctl(0xffff, XEN_DOMCTL_createdomain, "createdomain",
                   "max_evtchn_port"))
            continue;
        d = arg->d.domain;
        for (;; n++) {
            struct evtchn_alloc_unbound *a = (void *)arg;

            memset(a, 0, sizeof(*a));
            a->dom = d;
            if (hypercall(__HYPERVISOR_event_channel_op, EVTCHNOP_alloc_unbound,
                          (uint64_t)a, 0, 0, 0))
                break;
        }
        field("ports", n);
        EV(EVTCHNOP_alloc_unbound, struct evtchn_alloc_unbound, a->dom = d);
        destroy(d);
    }
}

static void own(void)
{
    FOR(v, PORTS)
    {
        EV(EVTCHNOP_close, struct evtchn_close, a->port = v);
        EV(EVTCHNOP_send, struct evtchn_send, a->port = v);
        EV(EVTCHNOP_unmask, struct evtchn_unmask, a->port = v);
        EV(EVTCHNOP_status, struct evtchn_status, a->dom = DOMID_SELF;
           a->port = v);
        EV(EVTCHNOP_bind_vcpu, struct evtchn_bind_vcpu, a->port = v);
        EV(EVTCHNOP_bind_vcpu, struct evtchn_bind_vcpu, a->port = v;
           a->vcpu = 100);
        EV(EVTCHNOP_set_priority, struct evtchn_set_priority, a->port = v);
        EV(EVTCHNOP_bind_pirq, struct evtchn_bind_pirq, a->pirq = v);
    }
    FOR(v, 24, 25, 31, 32, ~0u)
    EV(EVTCHNOP_bind_virq, struct evtchn_bind_virq, a->virq = v);
    FOR(v, 5, 6, 7, 10)
    EV(EVTCHNOP_bind_virq, struct evtchn_bind_virq, a->virq = v; a->vcpu = 1);
    FOR(v, 1, 64, 128, ~0u)
    {
        EV(EVTCHNOP_bind_ipi, struct evtchn_bind_ipi, a->vcpu = v);
        EV(EVTCHNOP_bind_virq, struct evtchn_bind_virq, a->virq = 0;
           a->vcpu = v);
        EV(EVTCHNOP_init_control, struct evtchn_init_control, a->vcpu = v);
        EV(EVTCHNOP_init_control, struct evtchn_init_control,
           a->control_gfn = 1ULL << 40;
           a->offset = v; a->vcpu = 0);
        EV(EVTCHNOP_set_priority, struct evtchn_set_priority, a->port = 1;
           a->priority = 100 + v);
    }
    EV(EVTCHNOP_expand_array, struct evtchn_expand_array,
       a->array_gfn = 1ULL << 50);
}

void try_events(void)
{
    numbers();
    on_behalf();
    limits();
    own();
}
