/* SPDX-License-Identifier: MIT */
/* Scheduler parameters, of domains (domctl) and of cpupools (sysctl). */
#include "private.h"

int xlc_sched_id(xlc_handle *h)
{
    struct xen_sysctl op = sysctl_of(XEN_SYSCTL_sched_id);

    if (xlc_sysctl(h, &op))
        return -1;
    return (int)op.u.sched_id.sched_id;
}

int xlc_domain_sched(xlc_handle *h, uint32_t domid,
                     struct xen_domctl_scheduler_op *sched)
{
    struct xen_domctl op = domctl_of(domid, XEN_DOMCTL_scheduler_op);

    op.u.scheduler_op = *sched;
    if (xlc_domctl(h, &op))
        return -1;
    *sched = op.u.scheduler_op;
    return 0;
}

int xlc_cpupool_sched(xlc_handle *h, struct xen_sysctl_scheduler_op *sched)
{
    struct xen_sysctl op = sysctl_of(XEN_SYSCTL_scheduler_op);

    op.u.scheduler_op = *sched;
    if (xlc_sysctl(h, &op))
        return -1;
    *sched = op.u.scheduler_op;
    return 0;
}
