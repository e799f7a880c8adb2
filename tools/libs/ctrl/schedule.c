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

static int domain_sched_op(xlc_handle *h, uint32_t domid, uint32_t cmd,
                           struct xen_domctl_scheduler_op *sched)
{
    struct xen_domctl op = domctl_of(domid, XEN_DOMCTL_scheduler_op);

    op.u.scheduler_op = *sched;
    op.u.scheduler_op.cmd = cmd;
    if (xlc_domctl(h, &op))
        return -1;
    *sched = op.u.scheduler_op;
    return 0;
}

int xlc_domain_sched_get(xlc_handle *h, uint32_t domid,
                         struct xen_domctl_scheduler_op *op)
{
    return domain_sched_op(h, domid, XEN_DOMCTL_SCHEDOP_getinfo, op);
}

int xlc_domain_sched_set(xlc_handle *h, uint32_t domid,
                         struct xen_domctl_scheduler_op *op)
{
    return domain_sched_op(h, domid, XEN_DOMCTL_SCHEDOP_putinfo, op);
}

static int cpupool_sched_op(xlc_handle *h, uint32_t cmd,
                            struct xen_sysctl_scheduler_op *sched)
{
    struct xen_sysctl op = sysctl_of(XEN_SYSCTL_scheduler_op);

    op.u.scheduler_op = *sched;
    op.u.scheduler_op.cmd = cmd;
    if (xlc_sysctl(h, &op))
        return -1;
    *sched = op.u.scheduler_op;
    return 0;
}

int xlc_cpupool_sched_get(xlc_handle *h, struct xen_sysctl_scheduler_op *op)
{
    return cpupool_sched_op(h, XEN_SYSCTL_SCHEDOP_getinfo, op);
}

int xlc_cpupool_sched_set(xlc_handle *h, struct xen_sysctl_scheduler_op *op)
{
    return cpupool_sched_op(h, XEN_SYSCTL_SCHEDOP_putinfo, op);
}
