/* SPDX-License-Identifier: MIT */
/* Event channels of another domain, before it or its peers bind them. */
#include "private.h"

int xlc_evtchn_alloc_unbound(xlc_handle *h, uint32_t domid, uint32_t remote)
{
    struct evtchn_alloc_unbound arg = {
        .dom = (domid_t)domid,
        .remote_dom = (domid_t)remote,
    };

    if (xlc_simple_op(h, __HYPERVISOR_event_channel_op, EVTCHNOP_alloc_unbound,
                      &arg, sizeof(arg)))
        return -1;
    return (int)arg.port;
}

int xlc_evtchn_status(xlc_handle *h, uint32_t domid, evtchn_port_t port,
                      evtchn_status_t *status)
{
    *status = (evtchn_status_t){.dom = (domid_t)domid, .port = port};
    return xlc_simple_op(h, __HYPERVISOR_event_channel_op, EVTCHNOP_status,
                         status, sizeof(*status));
}

int xlc_evtchn_reset(xlc_handle *h, uint32_t domid)
{
    struct evtchn_reset arg = {.dom = (domid_t)domid};

    return xlc_simple_op(h, __HYPERVISOR_event_channel_op, EVTCHNOP_reset, &arg,
                         sizeof(arg));
}
