/* SPDX-License-Identifier: MIT */
/*
 * Pools of CPUs. A domain is in one pool and runs on its CPUs alone; a CPU is
 * in one or in none, where it idles. Pool 0 is there from the start with all
 * CPUs and dom0. All pools have the same scheduler and its one set of
 * parameters: a pool is a mask that the scheduler looks at.
 *
 * The masks change under the one lock of HYPERVISOR_sysctl and are read without
 * a lock. A CPU that has read the old one is corrected by vcpu_recheck_cpu().
 */
#include <hv/domctl.h>
#include <hv/smp.h>
#include <hv/sysctl.h>

#define NR_POOLS 16

static struct cpupool {
    bool exists;
    cpumask_t cpus; /* maybe some that are not online */
} pools[NR_POOLS] = {{true, {~0ULL}}};

bool cpupool_exists(uint32_t id)
{
    return id < NR_POOLS && READ_ONCE(pools[id].exists);
}

static cpumask_t online_cpus(uint32_t id)
{
    return cpumask_and(pools[id].cpus, cpu_online_map);
}

cpumask_t cpupool_cpus(const struct domain *d)
{
    return online_cpus(d->sched.cpupool);
}

int cpupool_check(uint32_t id)
{
    return !cpupool_exists(id)              ? -ESRCH
           : cpumask_empty(online_cpus(id)) ? -ENODEV
                                            : 0;
}

static cpumask_t free_cpus(void)
{
    cpumask_t mask = cpu_online_map;

    for (unsigned int i = 0; i < NR_POOLS; i++)
        mask = cpumask_andnot(mask, pools[i].cpus);
    return mask;
}

static unsigned int nr_domains(uint32_t id)
{
    unsigned int n = 0;
    struct domain *d;

    for_each_domain (d)
        n += d->sched.cpupool == id;
    return n;
}

static void recheck_vcpus(uint32_t id)
{
    struct domain *d;
    struct vcpu *v;

    for_each_domain (d)
        if (d->sched.cpupool == id)
            for_each_vcpu (d, v)
                vcpu_recheck_cpu(v);
}

static long create(struct xen_sysctl_cpupool_op *p)
{
    uint32_t id = p->cpupool_id;

    if (id == XEN_SYSCTL_CPUPOOL_PAR_ANY)
        for (id = 0; cpupool_exists(id);)
            id++;
    if (cpupool_exists(id))
        return -EEXIST;
    if (p->sched_id != XEN_SCHEDULER_CREDIT2)
        return -ENOENT;
    if (id >= NR_POOLS)
        return -ENOMEM;
    pools[id] = (struct cpupool){true, CPUMASK_NONE};
    p->cpupool_id = id;
    return 0;
}

static long destroy(uint32_t id)
{
    if (nr_domains(id) || !cpumask_empty(pools[id].cpus))
        return -EBUSY;
    pools[id].exists = false;
    return 0;
}

/* The pool with this id or the next one. */
static long info(struct xen_sysctl_cpupool_op *p)
{
    uint32_t id = p->cpupool_id;

    while (id < NR_POOLS && !pools[id].exists)
        id++;
    if (id >= NR_POOLS)
        return -ENOENT;
    p->cpupool_id = id;
    p->sched_id = XEN_SCHEDULER_CREDIT2;
    p->n_dom = nr_domains(id);
    return mask_to_xenctl_bitmap(&p->cpumap, online_cpus(id));
}

/* "Any" CPU is the first free one to add, and the last one to take away. */
static long add_cpu(struct cpupool *pool, uint32_t cpu)
{
    cpumask_t available = free_cpus();

    if (cpu == XEN_SYSCTL_CPUPOOL_PAR_ANY && !cpumask_empty(available))
        cpu = ffs64(available.bits);
    if (cpu == XEN_SYSCTL_CPUPOOL_PAR_ANY)
        return -ENODEV;
    if (cpu > fls64(cpu_present_map.bits))
        return -EINVAL;
    if (!cpumask_test(cpu, available))
        return -ENODEV;
    cpumask_set(cpu, &pool->cpus);
    recheck_vcpus(pool - pools);
    return 0;
}

static long remove_cpu(struct cpupool *pool, uint32_t cpu)
{
    cpumask_t cpus = online_cpus(pool - pools);

    if (cpu == XEN_SYSCTL_CPUPOOL_PAR_ANY && !cpumask_empty(cpus))
        cpu = fls64(cpus.bits);
    if (cpu > fls64(cpu_present_map.bits))
        return -EINVAL;
    if (!cpumask_test(cpu, cpus))
        return -EADDRNOTAVAIL;
    if (hweight64(cpus.bits) == 1 && nr_domains(pool - pools))
        return num_online_cpus() == 1 ? -EINVAL : -EBUSY;
    cpumask_clear(cpu, &pool->cpus);
    recheck_vcpus(pool - pools);
    return 0;
}

static long move_domain(uint32_t id, uint32_t domid)
{
    struct domain *d =
        domid < DOMID_FIRST_RESERVED ? get_domain_by_id(domid) : NULL;
    struct vcpu *v;
    long rc = 0;

    if (!d)
        return -ESRCH;
    if (d == current->domain) {
        rc = -EPERM;
    } else if (cpupool_check(id)) {
        rc = -ENOENT;
    } else if (d->sched.cpupool != id) {
        for_each_vcpu (d, v)
            v->sched.hard_affinity = v->sched.soft_affinity = CPUMASK_ALL;
        d->sched.cpupool = id;
        for_each_vcpu (d, v)
            vcpu_recheck_cpu(v);
    }
    put_domain(d);
    return rc;
}

long sysctl_cpupool_op(struct domain *unused, void *arg)
{
    struct xen_sysctl_cpupool_op *p = arg;

    ASSERT_HELD(&sysctl_lock); /* the pools' */
    switch (p->op) {
    case XEN_SYSCTL_CPUPOOL_OP_CREATE:
        return create(p);
    case XEN_SYSCTL_CPUPOOL_OP_INFO:
        return info(p);
    case XEN_SYSCTL_CPUPOOL_OP_MOVEDOMAIN:
        return move_domain(p->cpupool_id, p->domid);
    case XEN_SYSCTL_CPUPOOL_OP_FREEINFO:
        return mask_to_xenctl_bitmap(&p->cpumap, free_cpus());
    case XEN_SYSCTL_CPUPOOL_OP_DESTROY:
    case XEN_SYSCTL_CPUPOOL_OP_ADDCPU:
    case XEN_SYSCTL_CPUPOOL_OP_RMCPU:
        break;
    default:
        return -ENOSYS;
    }
    if (!cpupool_exists(p->cpupool_id))
        return -ENOENT;
    return p->op == XEN_SYSCTL_CPUPOOL_OP_DESTROY ? destroy(p->cpupool_id)
           : p->op == XEN_SYSCTL_CPUPOOL_OP_ADDCPU
               ? add_cpu(&pools[p->cpupool_id], p->cpu)
               : remove_cpu(&pools[p->cpupool_id], p->cpu);
}
