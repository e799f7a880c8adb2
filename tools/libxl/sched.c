/* SPDX-License-Identifier: MIT */
/*
 * Scheduler parameters, of a domain and of a pool: credit and credit2, which
 * share weight and cap. "Default" values leave what is set.
 */
#include "domain.h"

/* A domain's weight and cap are called credit2's here, of either scheduler. */
_Static_assert(sizeof(struct xen_domctl_sched_credit) ==
                       sizeof(struct xen_domctl_sched_credit2) &&
                   offsetof(struct xen_domctl_sched_credit, cap) ==
                       offsetof(struct xen_domctl_sched_credit2, cap),
               "credit and credit2 keep weight and cap in different places");

int libxl_get_scheduler(libxl_ctx *ctx)
{
    GC_INIT(ctx);
    int id = xlc_sched_id(ctx->xch);

    if (id >= 0)
        return id; /* Xen's numbers are libxl's */
    LOGE(ERROR, "cannot ask for the scheduler");
    return ERROR_FAIL;
}

/* The scheduler of the domain's pool. */
static int domain_scheduler(libxl__gc *gc, uint32_t domid, uint32_t *sched)
{
    struct xen_domctl_getdomaininfo info;
    struct xlc_cpupool pool;
    uint8_t map[512];
    int rc = libxl__domain_getinfo(gc, domid, &info);

    if (rc)
        return rc;
    if (xlc_cpupool_info(CTX->xch, info.cpupool, &pool, sizeof(map), map) ||
        pool.id != info.cpupool) {
        LOGE(ERROR, "cannot find pool %u of domain %s", info.cpupool,
             libxl__domain_label(gc, domid));
        return ERROR_FAIL;
    }
    *sched = pool.sched_id;
    return 0;
}

static int read_params(libxl__gc *gc, uint32_t domid,
                       struct xen_domctl_scheduler_op *op)
{
    int rc;

    *op = (struct xen_domctl_scheduler_op){.cmd = XEN_DOMCTL_SCHEDOP_getinfo};
    rc = domain_scheduler(gc, domid, &op->sched_id);
    if (rc)
        return rc;
    if (op->sched_id != XEN_SCHEDULER_CREDIT &&
        op->sched_id != XEN_SCHEDULER_CREDIT2)
        return ERROR_NI;
    if (!xlc_domain_sched(CTX->xch, domid, op))
        return 0;
    LOGE(ERROR, "cannot read the scheduler parameters of domain %s",
         libxl__domain_label(gc, domid));
    return ERROR_FAIL;
}

int libxl_domain_sched_params_get(libxl_ctx *ctx, uint32_t domid,
                                  libxl_domain_sched_params *params)
{
    GC_INIT(ctx);
    struct xen_domctl_scheduler_op op;
    int rc = read_params(gc, domid, &op);

    if (rc == ERROR_DOMAIN_NOTFOUND || rc == ERROR_FAIL)
        return rc;
    params->sched = op.sched_id;
    if (rc)
        return rc;
    params->weight = op.u.credit2.weight;
    params->cap = op.u.credit2.cap;
    return 0;
}

static int in_range(libxl__gc *gc, const char *what, int value, int min,
                    int max)
{
    if (value >= min && value <= max)
        return 0;
    LOG(ERROR, "a scheduler %s of %d is not between %d and %d", what, value,
        min, max);
    return ERROR_INVAL;
}

int libxl__sched_params_set(libxl__gc *gc, uint32_t domid,
                            const libxl_domain_sched_params *params)
{
    struct xen_domctl_scheduler_op op;
    int rc;

    if (params->weight == LIBXL_DOMAIN_SCHED_PARAM_WEIGHT_DEFAULT &&
        params->cap == LIBXL_DOMAIN_SCHED_PARAM_CAP_DEFAULT)
        return 0;
    rc = read_params(gc, domid, &op);
    if (rc)
        return rc;
    if (params->weight != LIBXL_DOMAIN_SCHED_PARAM_WEIGHT_DEFAULT) {
        rc = in_range(gc, "weight", params->weight, 1, 65535);
        op.u.credit2.weight = params->weight;
    }
    if (!rc && params->cap != LIBXL_DOMAIN_SCHED_PARAM_CAP_DEFAULT) {
        rc = in_range(gc, "cap", params->cap, 0, 65535);
        op.u.credit2.cap = params->cap;
    }
    if (rc)
        return rc;
    op.cmd = XEN_DOMCTL_SCHEDOP_putinfo;
    if (!xlc_domain_sched(CTX->xch, domid, &op))
        return 0;
    LOGE(ERROR, "cannot set the scheduler parameters of domain %s",
         libxl__domain_label(gc, domid));
    return ERROR_FAIL;
}

int libxl_domain_sched_params_set(libxl_ctx *ctx, uint32_t domid,
                                  const libxl_domain_sched_params *params)
{
    GC_INIT(ctx);

    return libxl__sched_params_set(gc, domid, params);
}

/* --- of a pool --- */

static int pool_params(libxl__gc *gc, struct xen_sysctl_scheduler_op *op)
{
    if (!xlc_cpupool_sched(CTX->xch, op))
        return 0;
    LOGE(ERROR, "cannot %s the scheduler parameters of pool %u",
         op->cmd == XEN_SYSCTL_SCHEDOP_getinfo ? "read" : "set",
         op->cpupool_id);
    return ERROR_FAIL;
}

int libxl_sched_credit2_params_get(libxl_ctx *ctx, uint32_t poolid,
                                   libxl_sched_credit2_params *scinfo)
{
    GC_INIT(ctx);
    struct xen_sysctl_scheduler_op op = {.cpupool_id = poolid,
                                         .sched_id = XEN_SCHEDULER_CREDIT2,
                                         .cmd = XEN_SYSCTL_SCHEDOP_getinfo};
    int rc = pool_params(gc, &op);

    if (!rc)
        scinfo->ratelimit_us = op.u.sched_credit2.ratelimit_us;
    return rc;
}

int libxl_sched_credit2_params_set(libxl_ctx *ctx, uint32_t poolid,
                                   libxl_sched_credit2_params *scinfo)
{
    GC_INIT(ctx);
    struct xen_sysctl_scheduler_op op = {.cpupool_id = poolid,
                                         .sched_id = XEN_SCHEDULER_CREDIT2,
                                         .cmd = XEN_SYSCTL_SCHEDOP_putinfo};

    op.u.sched_credit2.ratelimit_us = scinfo->ratelimit_us;
    return pool_params(gc, &op);
}

int libxl_sched_credit_params_get(libxl_ctx *ctx, uint32_t poolid,
                                  libxl_sched_credit_params *scinfo)
{
    GC_INIT(ctx);
    struct xen_sysctl_scheduler_op op = {.cpupool_id = poolid,
                                         .sched_id = XEN_SCHEDULER_CREDIT,
                                         .cmd = XEN_SYSCTL_SCHEDOP_getinfo};
    int rc = pool_params(gc, &op);

    if (rc)
        return rc;
    scinfo->tslice_ms = op.u.sched_credit.tslice_ms;
    scinfo->ratelimit_us = op.u.sched_credit.ratelimit_us;
    scinfo->vcpu_migr_delay_us = op.u.sched_credit.vcpu_migr_delay_us;
    return 0;
}

int libxl_sched_credit_params_set(libxl_ctx *ctx, uint32_t poolid,
                                  libxl_sched_credit_params *scinfo)
{
    GC_INIT(ctx);
    struct xen_sysctl_scheduler_op op = {.cpupool_id = poolid,
                                         .sched_id = XEN_SCHEDULER_CREDIT,
                                         .cmd = XEN_SYSCTL_SCHEDOP_putinfo};

    op.u.sched_credit.tslice_ms = scinfo->tslice_ms;
    op.u.sched_credit.ratelimit_us = scinfo->ratelimit_us;
    op.u.sched_credit.vcpu_migr_delay_us = scinfo->vcpu_migr_delay_us;
    return pool_params(gc, &op);
}
