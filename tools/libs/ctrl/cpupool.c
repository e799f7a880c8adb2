/* SPDX-License-Identifier: MIT */
/* Cpupools: sets of CPUs with a scheduler each. Pool 0 always exists. */
#include "private.h"

/* Run *pool with its cpumap directed to the caller's map (NULL: none). */
static int cpupool_op(xlc_handle *h, struct xen_sysctl_cpupool_op *pool,
                      size_t bytes, uint8_t *cpus)
{
    struct xen_sysctl op = sysctl_of(XEN_SYSCTL_cpupool_op);
    struct bounce b;
    int rc;

    if (bounce_new(h, &b, cpus, bytes))
        return -1;
    op.u.cpupool_op = *pool;
    set_xen_guest_handle(op.u.cpupool_op.cpumap.bitmap, b.buffer);
    op.u.cpupool_op.cpumap.nr_bits = (uint32_t)bytes * 8;
    rc = xlc_sysctl(h, &op);
    if (!rc) {
        *pool = op.u.cpupool_op;
        bounce_out(&b, bytes);
    }
    bounce_free(h, &b);
    return rc;
}

int xlc_cpupool_info(xlc_handle *h, uint32_t id, struct xlc_cpupool *pool,
                     size_t bytes, uint8_t *cpus)
{
    struct xen_sysctl_cpupool_op op = {
        .op = XEN_SYSCTL_CPUPOOL_OP_INFO,
        .cpupool_id = id,
    };

    if (cpupool_op(h, &op, bytes, cpus))
        return -1;
    *pool = (struct xlc_cpupool){
        .id = op.cpupool_id,
        .sched_id = op.sched_id,
        .nr_domains = op.n_dom,
    };
    return 0;
}

int xlc_cpupool_freeinfo(xlc_handle *h, size_t bytes, uint8_t *cpus)
{
    struct xen_sysctl_cpupool_op op = {.op = XEN_SYSCTL_CPUPOOL_OP_FREEINFO};

    return cpupool_op(h, &op, bytes, cpus);
}
