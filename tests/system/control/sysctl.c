/* SPDX-License-Identifier: MIT */
/*
 * Control operations on the host: every number with wrong versions and zero
 * arguments, then each with its fields at their limits. Left out: debug keys
 * that reboot or crash, taking real pages and CPUs away, trace buffers (their
 * size can be set only once).
 */
#include "control.h"

static void every_number(void)
{
    for (v = 0; v < 34; v++) {
        for (w = 0; w < 3; w++) {
            memset(arg, 0, sizeof(arg->s));
            arg->s.interface_version = w == 0   ? 0x14
                                       : w == 1 ? 0x16
                                                : XEN_SYSCTL_INTERFACE_VERSION;
            sysctl(v, "sysctl", "");
        }
    }
    for (w = 0; w < 3; w++) {
        static const uint32_t odd[] = {0xffff, 0x80000000, ~0u};

        memset(arg, 0, sizeof(arg->s));
        sysctl(odd[w], "sysctl", "");
    }
    v = w = 0;
}

static void host(void)
{
    const struct xen_sysctl_physinfo *p = &S.physinfo;

    FOR(v, 0, 1, 100, 1024 * 256)
    {
        SYSCTL(readconsole, S.readconsole.count = v;
               H(S.readconsole.buffer, buffer));
        field("full", S.readconsole.count == v);
        SYSCTL(readconsole, S.readconsole.count = v ? 1 : 0;
               H(S.readconsole.buffer, NOWHERE));
        SYSCTL(readconsole, S.readconsole.count = v;
               S.readconsole.incremental = 1; S.readconsole.index = ~0u;
               H(S.readconsole.buffer, buffer));
    }
    SYSCTL(physinfo);
    field("threads", p->threads_per_core);
    field("cores", p->cores_per_socket);
    field("cpus", p->nr_cpus);
    field("max_cpu", p->max_cpu_id);
    field("nodes", p->nr_nodes);
    field("max_node", p->max_node_id);
    field("caps", p->capabilities);
    field("archcaps", p->arch_capabilities);
    field("outstanding", p->outstanding_pages);
    field("scrub", p->scrub_pages == 0);
    field("sane", p->free_pages && p->free_pages < p->total_pages &&
                      p->total_pages <= p->max_mfn + 1);
    SYSCTL(physinfo);
    SYSCTL(sched_id);
    field("id", S.sched_id.sched_id);
    SYSCTL(sched_id);
    FOR(v, 0, 1, 2, 3, 600, 0x7ff0, 0x8000, 0xffff)
    FOR(w, 0, 1, 2, 1000)
    {
        SYSCTL(getdomaininfolist, S.getdomaininfolist.first_domain = v;
               S.getdomaininfolist.max_domains = w;
               S.getdomaininfolist.num_domains = 7;
               H(S.getdomaininfolist.buffer, buffer));
        field("nr", S.getdomaininfolist.num_domains);
        field("first", S.getdomaininfolist.first_domain);
        SYSCTL(getdomaininfolist, S.getdomaininfolist.first_domain = v;
               S.getdomaininfolist.max_domains = w;
               H(S.getdomaininfolist.buffer, NOWHERE));
    }
    buffer[0] = 'h';
    FOR(v, 0, 1, 2)
    SYSCTL(debug_keys, S.debug_keys.nr_keys = v;
           H(S.debug_keys.keys, buffer + BUFFER_SIZE - 1);
           buffer[BUFFER_SIZE - 1] = 'h');
    SYSCTL(debug_keys, S.debug_keys.nr_keys = 1; H(S.debug_keys.keys, NOWHERE));
    FOR(v, 0, 1, 2, 1000)
    {
        SYSCTL(getcpuinfo, S.getcpuinfo.max_cpus = v;
               H(S.getcpuinfo.info, buffer));
        field("nr", S.getcpuinfo.nr_cpus);
        SYSCTL(getcpuinfo, S.getcpuinfo.max_cpus = v;
               H(S.getcpuinfo.info, NOWHERE));
    }
    FOR(v, 0, 1, 31, 32, 64, ~0u)
    FOR(w, 0, 1, 31, 32, 64, ~0u)
    {
        SYSCTL(availheap, S.availheap.min_bitwidth = v;
               S.availheap.max_bitwidth = w; S.availheap.node = -1);
        SYSCTL(availheap, S.availheap.node = v);
    }
}

static void topology(void)
{
    FOR(v, 0, 1, 2, 1000)
    {
        memset(buffer, 0, 8192);
        SYSCTL(cputopoinfo, S.cputopoinfo.num_cpus = v;
               H(S.cputopoinfo.cputopo, buffer));
        field("nr", S.cputopoinfo.num_cpus);
        SYSCTL(cputopoinfo, S.cputopoinfo.num_cpus = v;
               H(S.cputopoinfo.cputopo, NOWHERE));
        SYSCTL(cputopoinfo, S.cputopoinfo.num_cpus = v);
        field("nr", S.cputopoinfo.num_cpus);
        SYSCTL(numainfo, S.numainfo.num_nodes = v;
               H(S.numainfo.meminfo, buffer);
               H(S.numainfo.distance, buffer + 4096));
        field("nr", S.numainfo.num_nodes);
        field("distance", *(uint32_t *)(buffer + 4096));
        SYSCTL(numainfo, S.numainfo.num_nodes = v;
               H(S.numainfo.meminfo, NOWHERE));
        SYSCTL(numainfo, S.numainfo.num_nodes = v;
               H(S.numainfo.distance, NOWHERE));
        SYSCTL(numainfo, S.numainfo.num_nodes = v);
        field("nr", S.numainfo.num_nodes);
        memset(buffer, 0xff, 64);
        SYSCTL(pcitopoinfo, S.pcitopoinfo.num_devs = v;
               H(S.pcitopoinfo.devs, buffer);
               H(S.pcitopoinfo.nodes, buffer + 4096));
        /* Beyond 64 Xen stops if an interrupt waits, and tells where. */
        field("nr", v > 64 ? 0 : S.pcitopoinfo.num_devs);
        field("node", *(uint32_t *)(buffer + 4096));
        SYSCTL(pcitopoinfo, S.pcitopoinfo.num_devs = v);
    }
}

/* --- cpupools and schedulers ---------------------------------------------- */

#define POOL(o, ...)                                                           \
    ({                                                                         \
        memset(arg, 0, sizeof(arg->s));                                        \
        S.cpupool_op.op = XEN_SYSCTL_CPUPOOL_OP_##o;                           \
        S.cpupool_op.cpumap.nr_bits = 64;                                      \
        H(S.cpupool_op.cpumap.bitmap, buffer);                                 \
        __VA_ARGS__;                                                           \
        sysctl(XEN_SYSCTL_cpupool_op, "cpupool_op " #o, #__VA_ARGS__);         \
    })

static void pools(void)
{
    FOR(v, 0, 8, 9, ~0u)
    SYSCTL(cpupool_op, S.cpupool_op.op = v);
    FOR(v, 0, 1, 2, 1000, ~0u)
    {
        POOL(INFO, S.cpupool_op.cpupool_id = v; *(uint64_t *)buffer = 0);
        field("id", S.cpupool_op.cpupool_id);
        field("sched", S.cpupool_op.sched_id);
        field("domains", S.cpupool_op.n_dom);
        field("cpus", *(uint64_t *)buffer);
        POOL(INFO, S.cpupool_op.cpupool_id = v;
             H(S.cpupool_op.cpumap.bitmap, NOWHERE));
        POOL(DESTROY, S.cpupool_op.cpupool_id = v);
        FOR(w, 0, 1, 63, 64, ~0u, ~1u, 1000)
        {
            POOL(ADDCPU, S.cpupool_op.cpupool_id = v; S.cpupool_op.cpu = w);
            if (v)
                POOL(RMCPU, S.cpupool_op.cpupool_id = v; S.cpupool_op.cpu = w);
        }
        POOL(MOVEDOMAIN, S.cpupool_op.cpupool_id = v; S.cpupool_op.domid = T);
        POOL(MOVEDOMAIN, S.cpupool_op.cpupool_id = v;
             S.cpupool_op.domid = GONE);
        POOL(MOVEDOMAIN, S.cpupool_op.cpupool_id = v; S.cpupool_op.domid = 0);
    }
    FOR(w, 0, 1, 1000)
    POOL(RMCPU, S.cpupool_op.cpu = w);
    POOL(FREEINFO, *(uint64_t *)buffer = ~0ULL);
    field("cpus", *(uint64_t *)buffer);
    FOR(v, 0, 4, 5, 6, 7, 8, 9, 10, 11, ~0u)
    POOL(CREATE, S.cpupool_op.cpupool_id = 5; S.cpupool_op.sched_id = v);
    POOL(DESTROY, S.cpupool_op.cpupool_id = 5);
    POOL(DESTROY, S.cpupool_op.cpupool_id = 5);
    POOL(CREATE, S.cpupool_op.cpupool_id = ~0u; S.cpupool_op.sched_id = 6);
    field("id", S.cpupool_op.cpupool_id);
    POOL(INFO, S.cpupool_op.cpupool_id = 1);
    field("domains", S.cpupool_op.n_dom);
    field("sched", S.cpupool_op.sched_id);
    POOL(MOVEDOMAIN, S.cpupool_op.cpupool_id = 1; S.cpupool_op.domid = T);
    POOL(DESTROY, S.cpupool_op.cpupool_id = 1);
    POOL(CREATE, S.cpupool_op.cpupool_id = 0; S.cpupool_op.sched_id = 6);
    POOL(INFO, S.cpupool_op.cpupool_id = 0);
}

static void schedulers(void)
{
    FOR(v, 0, 4, 5, 6, 7, 8, 9, 10, ~0u)
    FOR(w, 0, 1, 2, ~0u)
    SYSCTL(scheduler_op, S.scheduler_op.sched_id = v; S.scheduler_op.cmd = w);
    FOR(v, 1, 1000, ~0u)
    SYSCTL(scheduler_op, S.scheduler_op.cpupool_id = v;
           S.scheduler_op.sched_id = 6; S.scheduler_op.cmd = 1);
    FOR(v, 0, 1, 99, 100, 1000, 500000, 500001, ~0u)
    {
        SYSCTL(scheduler_op, S.scheduler_op.sched_id = 6;
               S.scheduler_op.u.sched_credit2.ratelimit_us = v);
        SYSCTL(scheduler_op, S.scheduler_op.sched_id = 6;
               S.scheduler_op.cmd = 1);
        field("limit", S.scheduler_op.u.sched_credit2.ratelimit_us);
    }
    SYSCTL(scheduler_op, S.scheduler_op.sched_id = 6;
           S.scheduler_op.u.sched_credit2.ratelimit_us = 1000);
}

/* --- the rest ------------------------------------------------------------- */

static void optional(void)
{
    FOR(v, 0, 2, 4, 5, 6, ~0u)
    SYSCTL(tbuf_op, S.tbuf_op.cmd = v);
    FOR(v, 0, 1, 2, 3, ~0u)
    {
        SYSCTL(perfc_op, S.perfc_op.cmd = v);
        SYSCTL(lockprof_op, S.lockprof_op.cmd = v);
        SYSCTL(coverage_op, S.coverage_op.cmd = v);
        SYSCTL(psr_cmt_op, S.psr_cmt_op.cmd = v);
        SYSCTL(psr_alloc, S.psr_alloc.cmd = v);
        SYSCTL(livepatch_op, S.livepatch.cmd = v);
        SYSCTL(livepatch_op, S.livepatch.cmd = v; S.livepatch.pad = 1);
        SYSCTL(get_cpu_levelling_caps);
    }
    FOR(v, 0, 0x10, 0x11, 0x12, 0x13, 0x20, 0x21, 0x22, 0x23, 0x30, ~0u)
    FOR(w, 0, 1, 1000, ~0u)
    SYSCTL(get_pmstat, S.get_pmstat.type = v; S.get_pmstat.cpuid = w);
    FOR(v, 0, 0x10, 0x11, 0x12, 0x13, 0x14, 0x20, 0x21, 0x22, 0x24, 0x25, 0x26,
        0x27, 0x30, ~0u)
    FOR(w, 0, 1, 1000, ~0u)
    SYSCTL(pm_op, S.pm_op.cmd = v; S.pm_op.cpuid = w);
    FOR(v, 0, 1, 2, 3, 4, ~0u)
    FOR(w, 1, 63, 64, 1000, ~0u)
    SYSCTL(cpu_hotplug, S.cpu_hotplug.op = v; S.cpu_hotplug.cpu = w);
    FOR(v, 0, 1, 2, 3, 4, ~0u)
    {
        SYSCTL(page_offline_op, S.page_offline.cmd = v;
               S.page_offline.start = 5; S.page_offline.end = 4;
               H(S.page_offline.status, buffer));
        SYSCTL(page_offline_op, S.page_offline.cmd = v;
               S.page_offline.start = S.page_offline.end = 0x7fffffff;
               H(S.page_offline.status, buffer));
    }
    SYSCTL(page_offline_op, S.page_offline.cmd = 3;
           S.page_offline.start = S.page_offline.end = 0x1000;
           H(S.page_offline.status, buffer));
    field("status", *(uint32_t *)buffer);
    SYSCTL(page_offline_op, S.page_offline.cmd = 3;
           S.page_offline.start = S.page_offline.end = 0x1000;
           H(S.page_offline.status, NOWHERE));
}

static void policies(void)
{
    FOR(v, 0, 1, 2, 3, 4, 5, 6, 7, ~0u)
    {
        SYSCTL(get_cpu_policy, S.cpu_policy.index = v);
        field("leaves", S.cpu_policy.nr_leaves);
        field("msrs", S.cpu_policy.nr_msrs);
        SYSCTL(get_cpu_policy, S.cpu_policy.index = v; S.cpu_policy._rsvd = 1);
        FOR(w, 0, 1, 2, 3)
        SYSCTL(get_cpu_policy, S.cpu_policy.index = v;
               S.cpu_policy.nr_leaves = 120; S.cpu_policy.nr_msrs = w;
               H(S.cpu_policy.leaves, buffer);
               H(S.cpu_policy.msrs, buffer + 8192));
        FOR(w, 0, 1, 28, 120)
        SYSCTL(get_cpu_policy, S.cpu_policy.index = v;
               S.cpu_policy.nr_leaves = w; S.cpu_policy.nr_msrs = 2;
               H(S.cpu_policy.leaves, buffer);
               H(S.cpu_policy.msrs, buffer + 8192));
        SYSCTL(get_cpu_policy, S.cpu_policy.index = v;
               S.cpu_policy.nr_leaves = 120; S.cpu_policy.nr_msrs = 2;
               H(S.cpu_policy.leaves, NOWHERE);
               H(S.cpu_policy.msrs, buffer + 8192));
        FOR(w, 0, 1, 18, 19, 20, 100)
        {
            SYSCTL(get_cpu_featureset, S.cpu_featureset.index = v;
                   S.cpu_featureset.nr_features = w;
                   H(S.cpu_featureset.features, buffer));
            field("nr", S.cpu_featureset.nr_features);
            SYSCTL(get_cpu_featureset, S.cpu_featureset.index = v;
                   S.cpu_featureset.nr_features = w;
                   H(S.cpu_featureset.features, NOWHERE));
            SYSCTL(get_cpu_featureset, S.cpu_featureset.index = v;
                   S.cpu_featureset.nr_features = w);
        }
    }
}

void try_sysctl(void)
{
    every_number();
    host();
    topology();
    pools();
    schedulers();
    optional();
    policies();
}
