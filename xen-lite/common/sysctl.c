/* SPDX-License-Identifier: MIT */
/*
 * HYPERVISOR_sysctl: what a toolstack asks of the host. Only for dom0.
 */
#include <hv/console.h>
#include <hv/domctl.h>
#include <hv/guest_access.h>
#include <hv/hypercall.h>
#include <hv/mm.h>
#include <hv/subop.h>
#include <hv/sysctl.h>

spinlock_t sysctl_lock = SPIN_LOCK_INIT(LOCK_DOMCTL);

static long readconsole(struct domain *unused, void *arg)
{
    struct xen_sysctl_readconsole *r = arg;
    uint32_t index = r->incremental ? r->index : 0, done = 0;
    char piece[256];

    while (done < r->count) {
        size_t n = console_ring_read(
            piece, MIN(r->count - done, (uint32_t)sizeof(piece)), &index,
            r->clear);

        if (!n)
            break;
        if (copy_to_guest_raw((uint64_t)r->buffer.p + done, piece, n))
            return -EFAULT;
        done += n;
    }
    r->count = done;
    r->index = index;
    return 0;
}

static long physinfo(struct domain *unused, void *arg)
{
    struct xen_sysctl_physinfo *p = arg;

    memset(p, 0, sizeof(*p));
    p->threads_per_core = p->cores_per_socket = 1;
    p->nr_cpus = num_online_cpus();
    p->max_cpu_id = fls64(cpu_present_map.bits);
    p->nr_nodes = 1;
    p->total_pages = total_pages;
    p->free_pages = available_pages();
    p->outstanding_pages = outstanding_claims();
    p->max_mfn = max_page - 1;
    p->capabilities = XEN_SYSCTL_PHYSCAP_pv | XEN_SYSCTL_PHYSCAP_gnttab_v1;
    arch_do_physinfo(p);
    return 0;
}

static long sched_id(struct domain *unused, void *arg)
{
    struct xen_sysctl_sched_id *op = arg;

    op->sched_id = XEN_SCHEDULER_CREDIT2;
    return 0;
}

/*
 * A list that is interrupted is marked in first_domain, by a bit that no id
 * has, and in num_domains, which counts what the list has so far: a caller may
 * ask for more than the highest id, with anything in num_domains. The id to go
 * on with is that of the list's last entry + 1.
 */
#define LIST_GOES_ON    0x8000
#define LIST_SO_FAR     0xd05c0000u
#define LIST_COUNT_MASK 0xffffu

static bool list_goes_on(const struct xen_sysctl_getdomaininfolist *l)
{
    uint32_t count = l->num_domains & LIST_COUNT_MASK;

    return (l->first_domain & LIST_GOES_ON) &&
           (l->num_domains & ~LIST_COUNT_MASK) == LIST_SO_FAR && count &&
           count <= l->max_domains;
}

static long getdomaininfolist(struct domain *unused, void *arg)
{
    struct xen_sysctl_getdomaininfolist *l = arg;
    struct xen_domctl_getdomaininfo info;
    domid_t first = l->first_domain;
    uint32_t had = 0, n;
    struct domain *d;

    if (list_goes_on(l)) {
        had = l->num_domains & LIST_COUNT_MASK;
        l->first_domain &= ~LIST_GOES_ON;
        l->num_domains = had;
        if (copy_from_guest_offset(&info, l->buffer, had - 1, 1))
            return -EFAULT;
        first = info.domain + 1;
    }
    n = had;
    for_each_domain (d) {
        if (d->id < first)
            continue;
        if (n >= l->max_domains)
            break;
        if (n > had && hypercall_preempt_check()) {
            l->first_domain |= LIST_GOES_ON;
            l->num_domains = LIST_SO_FAR | n;
            return -ERESTART;
        }
        get_domain_info(d, &info);
        if (copy_to_guest_offset(l->buffer, n, &info, 1))
            return -EFAULT;
        n++;
    }
    l->num_domains = n;
    return 0;
}

/* Keys that do not fit into the queue would be lost anyway. */
static long type_keys(struct domain *unused, void *arg)
{
    struct xen_sysctl_debug_keys *k = arg;
    char keys[32];
    uint32_t n = MIN(k->nr_keys, (uint32_t)sizeof(keys));

    if (copy_from_guest_raw(keys, (uint64_t)k->keys.p, n))
        return -EFAULT;
    for (uint32_t i = 0; i < n; i++)
        handle_keypress(keys[i]);
    return 0;
}

static long getcpuinfo(struct domain *unused, void *arg)
{
    struct xen_sysctl_getcpuinfo *g = arg;
    uint32_t n = MIN(g->max_cpus, num_online_cpus());

    for (uint32_t cpu = 0; cpu < n; cpu++) {
        struct vcpu_runstate_info rs;
        struct xen_sysctl_cpuinfo info;

        vcpu_runstate_get(idle_vcpu[cpu], &rs);
        info.idletime = rs.time[RUNSTATE_running];
        if (copy_to_guest_offset(g->info, cpu, &info, 1))
            return -EFAULT;
    }
    g->nr_cpus = n;
    return 0;
}

static long availheap(struct domain *unused, void *arg)
{
    struct xen_sysctl_availheap *op = arg;

    op->avail_bytes = total_free_pages() << PAGE_SHIFT;
    return 0;
}

/* Each CPU is a socket of its own unless the architecture knows better. */
static long cputopoinfo(struct domain *unused, void *arg)
{
    struct xen_sysctl_cputopoinfo *t = arg;
    uint32_t nr = fls64(cpu_present_map.bits) + 1;

    if (!guest_handle_is_null(t->cputopo)) {
        nr = MIN(nr, t->num_cpus);
        for (uint32_t cpu = 0; cpu < nr; cpu++) {
            struct xen_sysctl_cputopo c = {XEN_INVALID_CORE_ID,
                                           XEN_INVALID_SOCKET_ID,
                                           XEN_INVALID_NODE_ID};

            if (cpumask_test(cpu, cpu_present_map))
                c = (struct xen_sysctl_cputopo){0, cpu, 0};
            if (copy_to_guest_offset(t->cputopo, cpu, &c, 1))
                return -EFAULT;
        }
    }
    t->num_cpus = nr;
    return 0;
}

static long numainfo(struct domain *unused, void *arg)
{
    struct xen_sysctl_numainfo *n = arg;
    bool want_mem = !guest_handle_is_null(n->meminfo);
    bool want_dist = !guest_handle_is_null(n->distance);
    struct xen_sysctl_meminfo mem = {total_pages << PAGE_SHIFT,
                                     total_free_pages() << PAGE_SHIFT};
    uint32_t self = 10;

    if ((want_mem || want_dist) && n->num_nodes) {
        if (want_mem && copy_to_guest(n->meminfo, &mem, 1))
            return -EFAULT;
        if (want_dist && copy_to_guest(n->distance, &self, 1))
            return -EFAULT;
    }
    if (n->num_nodes || !(want_mem || want_dist))
        n->num_nodes = 1;
    return 0;
}

static const struct subop sysctl_table[] = {
    [XEN_SYSCTL_readconsole] = {.fn = readconsole, .flags = SUBOP_OUT},
    [XEN_SYSCTL_physinfo] = {.fn = physinfo, .flags = SUBOP_OUT},
    [XEN_SYSCTL_sched_id] = {.fn = sched_id, .flags = SUBOP_OUT},
    [XEN_SYSCTL_getdomaininfolist] = {.fn = getdomaininfolist,
                                      .flags = SUBOP_OUT | SUBOP_OUT_ERROR},
    [XEN_SYSCTL_debug_keys] = {.fn = type_keys, .flags = SUBOP_OUT},
    [XEN_SYSCTL_getcpuinfo] = {.fn = getcpuinfo, .flags = SUBOP_OUT},
    [XEN_SYSCTL_availheap] = {.fn = availheap, .flags = SUBOP_OUT},
    [XEN_SYSCTL_cputopoinfo] = {.fn = cputopoinfo, .flags = SUBOP_OUT},
    [XEN_SYSCTL_numainfo] = {.fn = numainfo, .flags = SUBOP_OUT},
    [XEN_SYSCTL_cpupool_op] = {.fn = sysctl_cpupool_op, .flags = SUBOP_OUT},
    [XEN_SYSCTL_scheduler_op] = {.fn = sysctl_scheduler_op, .flags = SUBOP_OUT},
    [XEN_SYSCTL_coverage_op] = {.rc = -EOPNOTSUPP},
    [XEN_SYSCTL_psr_cmt_op] = {.rc = -ENODEV},
    [XEN_SYSCTL_psr_alloc] = {.rc = -ENODEV},
    [XEN_SYSCTL_get_pmstat] = {.fn = sysctl_get_pmstat, .flags = SUBOP_OUT},
    [XEN_SYSCTL_pm_op] = {.fn = sysctl_pm_op, .flags = SUBOP_OUT},
    [XEN_SYSCTL_pcitopoinfo] = {.fn = sysctl_pcitopoinfo, .flags = SUBOP_OUT},
    [XEN_SYSCTL_cpu_hotplug] = {.fn = sysctl_cpu_hotplug, .flags = SUBOP_OUT},
    [XEN_SYSCTL_page_offline_op] = {.fn = sysctl_page_offline_op,
                                    .flags = SUBOP_OUT},
    [XEN_SYSCTL_get_cpu_levelling_caps] = {.fn = arch_cpu_levelling_caps,
                                           .flags = SUBOP_OUT},
    [XEN_SYSCTL_get_cpu_featureset] = {.fn = arch_cpu_featureset,
                                       .flags = SUBOP_OUT},
    [XEN_SYSCTL_get_cpu_policy] = {.fn = arch_cpu_policy, .flags = SUBOP_OUT},
};

static const struct subop_family sysctls = {
    .call = __HYPERVISOR_sysctl,
    .rows = {{sysctl_table, ARRAY_SIZE(sysctl_table)}},
    .otherwise = {.rc = -ENOSYS},
    .version = XEN_SYSCTL_INTERFACE_VERSION,
    .size = sizeof(struct xen_sysctl),
    .body = offsetof(struct xen_sysctl, u),
    .lock = &sysctl_lock,
};

long do_sysctl(uint64_t arg)
{
    return subop_call_headed(&sysctls, arg);
}
