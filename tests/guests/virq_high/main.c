/* SPDX-License-Identifier: MIT */
/*
 * A VIRQ is bound to a port whose number has more than 16 bits, and let go like
 * any other.
 */
#include <pv/pv.h>

static long bind(uint32_t *port)
{
    struct evtchn_bind_virq virq = {.virq = VIRQ_TIMER};
    long rc = evtchn_op(EVTCHNOP_bind_virq, &virq);

    *port = virq.port;
    return rc;
}

static long close_port(uint32_t port)
{
    struct evtchn_close c = {.port = port};

    return evtchn_op(EVTCHNOP_close, &c);
}

int main(void)
{
    struct evtchn_init_control fifo = {.control_gfn =
                                           virt_to_mfn(alloc_page())};
    struct evtchn_alloc_unbound a = {.dom = DOMID_SELF,
                                     .remote_dom = DOMID_SELF};
    uint32_t port;

    is(evtchn_op(EVTCHNOP_init_control, &fifo), 0, "there is room for events");
    while (a.port < 1u << 16)
        if (evtchn_op(EVTCHNOP_alloc_unbound, &a))
            break;
    is(a.port, 1u << 16, "65536 ports are opened");
    is(bind(&port), 0, "a VIRQ is bound");
    ok(port > 1u << 16, "to a port behind them");
    is(close_port(port), 0, "it is closed");
    is(bind(&port), 0, "and bound again");
    return 0;
}
