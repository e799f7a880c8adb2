/* SPDX-License-Identifier: MIT */
/*
 * HYPERVISOR_sysctl on the machine's parts: CPUs, frames, PCI devices. They
 * stay as they were found at boot, so these functions report, and refuse
 * changes with Xen's errno. The only idle state is C1, the halt; frequencies
 * are not managed.
 */
#include <hv/domain.h>
#include <hv/guest_access.h>
#include <hv/hypercall.h>
#include <hv/mm.h>
#include <hv/smp.h>
#include <hv/sysctl.h>

#define NR_CX 2 /* C0, C1 */

long sysctl_get_pmstat(struct domain *unused, void *arg)
{
    struct xen_sysctl_get_pmstat *p = arg;
    struct pm_cx_stat *cx = &p->u.getcx;
    struct vcpu_runstate_info rs;
    uint64_t count[NR_CX], time[NR_CX];

    if (p->cpuid >= NR_CPUS || !cpumask_test(p->cpuid, cpu_online_map))
        return -EINVAL;
    switch (p->type) {
    case PMSTAT_get_max_cx:
        cx->nr = NR_CX;
        return 0;
    case PMSTAT_get_cxstat:
        vcpu_runstate_get(idle_vcpu[p->cpuid], &rs);
        time[1] = rs.time[RUNSTATE_running];
        time[0] = get_s_time() - time[1];
        count[0] = count[1] = cpu_halts(p->cpuid); /* in turn */
        cx->nr = MIN(cx->nr, (uint32_t)NR_CX);
        cx->last = 1;
        cx->idle_time = time[1];
        cx->nr_pc = cx->nr_cc = 0;
        return copy_to_guest_raw((uint64_t)cx->triggers.p, count,
                                 cx->nr * sizeof(*count)) ||
                       copy_to_guest_raw((uint64_t)cx->residencies.p, time,
                                         cx->nr * sizeof(*time))
                   ? -EFAULT
                   : 0;
    case PMSTAT_reset_cxstat:
        return 0;
    default:
        return (p->type & PMSTAT_CATEGORY_MASK) == PMSTAT_CX ? -ENOSYS
                                                             : -ENODEV;
    }
}

/* The deepest state can be asked for; there is nothing to set. */
long sysctl_pm_op(struct domain *unused, void *arg)
{
    struct {
        uint32_t cmd, cpu, value;
    } p;

    memcpy(&p, arg, sizeof(p));
    if (p.cpu && (p.cpu != 1 || p.cmd != XEN_SYSCTL_pm_op_get_max_cstate) &&
        (p.cpu >= NR_CPUS || !cpumask_test(p.cpu, cpu_online_map)))
        return -EINVAL;
    switch (p.cmd) {
    case XEN_SYSCTL_pm_op_get_max_cstate:
        p.value = p.cpu ? XEN_SYSCTL_CX_UNLIMITED : NR_CX - 1;
        memcpy(arg, &p, sizeof(p)); /* cpu is 1 for sub-states */
        return 0;
    case XEN_SYSCTL_pm_op_enable_turbo:
    case XEN_SYSCTL_pm_op_disable_turbo:
        return -EACCES;
    default:
        return (p.cmd & PM_PARA_CATEGORY_MASK) == CPUFREQ_PARA ? -EINVAL
                                                               : -ENOSYS;
    }
}

long sysctl_cpu_hotplug(struct domain *unused, void *arg)
{
    struct xen_sysctl_cpu_hotplug *op = arg;
    uint32_t cpu = op->cpu;
    bool online = cpu < NR_CPUS && cpumask_test(cpu, cpu_online_map);

    switch (op->op) {
    case XEN_SYSCTL_CPU_HOTPLUG_ONLINE:
        return online ? -EEXIST : -EINVAL;
    case XEN_SYSCTL_CPU_HOTPLUG_OFFLINE:
        return online && cpu ? -EOPNOTSUPP : -EINVAL;
    default:
        return -EOPNOTSUPP;
    }
}

long sysctl_page_offline_op(struct domain *unused, void *arg)
{
    struct xen_sysctl_page_offline_op *p = arg;
    uint32_t online = 0; /* no bit: nothing has happened to it */

    if (p->cmd < sysctl_page_offline || p->cmd > sysctl_query_page_offline ||
        p->end < p->start || p->end - p->start >= 1024)
        return -EINVAL;
    for (uint32_t mfn = p->start; mfn <= p->end; mfn++) {
        if (mfn >= max_page)
            return -EINVAL;
        if (p->cmd != sysctl_query_page_offline)
            return -EOPNOTSUPP;
        if (copy_to_guest_offset(p->status, mfn - p->start, &online, 1))
            return -EFAULT;
    }
    return 0;
}

/* The node of no device is known. A call does a piece; the caller goes on. */
long sysctl_pcitopoinfo(struct domain *unused, void *arg)
{
    struct xen_sysctl_pcitopoinfo *t = arg;
    uint32_t unknown = XEN_INVALID_DEV, i;

    if (guest_handle_is_null(t->devs) || guest_handle_is_null(t->nodes))
        return -EINVAL;
    for (i = 0; i < t->num_devs && i < 1024; i++)
        if (copy_to_guest_offset(t->nodes, i, &unknown, 1))
            return -EFAULT;
    t->num_devs = i;
    return 0;
}
