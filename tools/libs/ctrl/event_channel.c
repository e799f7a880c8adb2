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
