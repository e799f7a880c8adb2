/* SPDX-License-Identifier: MIT */
/*
 * The scheduler's settings as the tools read and change them: affinity of a
 * vcpu, weight and cap of a domain, the rate limit of all. The tools know the
 * scheduler as credit2.
 */
#include <hv/domctl.h>
#include <hv/guest_access.h>
#include <hv/sysctl.h>

/* --- affinity ------------------------------------------------------------- */

/* The vcpu that a names. Errors: NULL with *rc = -EINVAL, -ESRCH. */
static struct vcpu *affinity_vcpu(struct domain *d,
                                  const struct xen_domctl_vcpuaffinity *a,
                                  long *rc)
{
    struct vcpu *v = domain_vcpu(d, a->vcpu);

    *rc = a->vcpu < d->max_vcpus && !v ? -ESRCH : -EINVAL;
    if (!v || !a->flags ||
        ((a->flags & XEN_VCPUAFFINITY_HARD) &&
         guest_handle_is_null(a->cpumap_hard.bitmap)) ||
        ((a->flags & XEN_VCPUAFFINITY_SOFT) &&
         guest_handle_is_null(a->cpumap_soft.bitmap)))
        return NULL;
    *rc = 0;
    return v;
}

/* The answer is what is in effect; soft affinity alone may come to nothing,
 * which is no error. FORCE undoes overriding pins, which cannot be made
 * here. */
long domctl_set_affinity(struct domain *d, void *arg)
{
    struct xen_domctl_vcpuaffinity *a = arg;
    cpumask_t hard, soft, pool = cpupool_cpus(d);
    long rc;
    struct vcpu *v = affinity_vcpu(d, a, &rc);

    if (!v)
        return rc;
    hard = v->sched.hard_affinity;
    soft = v->sched.soft_affinity;
    if (a->flags & XEN_VCPUAFFINITY_HARD) {
        rc = xenctl_bitmap_to_mask(&a->cpumap_hard, &hard);
        if (!rc && cpumask_empty(cpumask_and(hard, pool)))
            rc = -EINVAL;
    }
    if (!rc && (a->flags & XEN_VCPUAFFINITY_SOFT))
        rc = xenctl_bitmap_to_mask(&a->cpumap_soft, &soft);
    if (rc)
        return rc;
    v->sched.hard_affinity = hard;
    v->sched.soft_affinity = soft;
    vcpu_recheck_cpu(v);
    pool = cpumask_and(pool, hard);
    if (a->flags & XEN_VCPUAFFINITY_HARD)
        rc = mask_to_xenctl_bitmap(&a->cpumap_hard, pool);
    if (!rc && (a->flags & XEN_VCPUAFFINITY_SOFT))
        rc = mask_to_xenctl_bitmap(&a->cpumap_soft, cpumask_and(pool, soft));
    return rc;
}

long domctl_get_affinity(struct domain *d, void *arg)
{
    struct xen_domctl_vcpuaffinity *a = arg;
    long rc;
    const struct vcpu *v = affinity_vcpu(d, a, &rc);

    if (v && (a->flags & XEN_VCPUAFFINITY_HARD))
        rc = mask_to_xenctl_bitmap(&a->cpumap_hard, v->sched.hard_affinity);
    if (!rc && (a->flags & XEN_VCPUAFFINITY_SOFT))
        rc = mask_to_xenctl_bitmap(&a->cpumap_soft, v->sched.soft_affinity);
    return rc;
}

/* --- parameters ----------------------------------------------------------- */

/* Weight 0 leaves the weight alone; vcpus have no parameters of their own. */
long domctl_scheduler_op(struct domain *d, void *arg)
{
    struct xen_domctl_scheduler_op *s = arg;
    struct xen_domctl_sched_credit2 *p = &s->u.credit2;
    unsigned int nr = 0;
    struct vcpu *v;

    if (s->sched_id != XEN_SCHEDULER_CREDIT2)
        return -EINVAL;
    switch (s->cmd) {
    case XEN_DOMCTL_SCHEDOP_getinfo:
        p->weight = d->sched.weight;
        p->cap = d->sched.cap;
        return 0;
    case XEN_DOMCTL_SCHEDOP_putinfo:
        for_each_vcpu (d, v)
            nr++;
        if (p->cap > 100 * nr)
            return -EINVAL;
        if (p->weight)
            d->sched.weight = p->weight;
        if (p->cap != d->sched.cap)
            sched_set_cap(d, p->cap);
        return 0;
    default:
        return -EINVAL;
    }
}

long sysctl_scheduler_op(struct domain *unused, void *arg)
{
    struct xen_sysctl_scheduler_op *s = arg;
    uint32_t us = s->u.sched_credit2.ratelimit_us;

    if (s->cmd != XEN_SYSCTL_SCHEDOP_putinfo &&
        s->cmd != XEN_SYSCTL_SCHEDOP_getinfo)
        return -EINVAL;
    if (!cpupool_exists(s->cpupool_id))
        return -ESRCH;
    if (s->sched_id != XEN_SCHEDULER_CREDIT2)
        return -EINVAL;
    if (s->cmd == XEN_SYSCTL_SCHEDOP_putinfo) {
        if (us && (us < XEN_SYSCTL_SCHED_RATELIMIT_MIN ||
                   us > XEN_SYSCTL_SCHED_RATELIMIT_MAX))
            return -EINVAL;
        sched_ratelimit_us = us;
    }
    s->u.sched_credit2.ratelimit_us = sched_ratelimit_us;
    return 0;
}
