/* SPDX-License-Identifier: MIT */
/*
 * HYPERVISOR_mca: machine check records for dom0. There are none to fetch (a
 * machine check that arrives is fatal, and says so on the console); the list
 * of CPUs is what the logging daemons start from.
 */
#include <hv/domain.h>
#include <hv/guest_access.h>
#include <hv/hypercall.h>
#include <hv/subop.h>
#include <asm/apic.h>
#include <xen/arch-x86/xen-mca.h>

static long fetch(struct domain *unused, void *arg)
{
    struct xen_mc_fetch *fetch = arg;
    uint32_t queue = fetch->flags & ~XEN_MC_ACK;

    if (queue != XEN_MC_NONURGENT && queue != XEN_MC_URGENT)
        return -EINVAL;
    if (!(fetch->flags & XEN_MC_ACK)) {
        if (guest_handle_is_null(fetch->data))
            return -EINVAL;
        fetch->flags = XEN_MC_NODATA;
        fetch->fetch_id = 0;
    }
    return 0;
}

static void describe(struct mcinfo_logical_cpu *info, unsigned int cpu)
{
    uint32_t r[4];

    memset(info, 0, sizeof(*info));
    info->mc_cpunr = cpu;
    info->mc_coreid = cpu;
    info->mc_apicid = cpu_to_apicid[cpu];
    info->mc_ncores = info->mc_ncores_active = num_online_cpus();
    info->mc_nthreads = 1;
    info->mc_cpuid_level = boot_cpu.max_leaf;
    info->mc_family = boot_cpu.family;
    info->mc_model = boot_cpu.model;
    info->mc_step = boot_cpu.stepping;
    memcpy(info->mc_vendorid, boot_cpu.vendor, 12);
    for (unsigned int i = 0; i < 3 && boot_cpu.max_ext_leaf >= 0x80000004;
         i++) {
        cpuid_count(0x80000002 + i, 0, r);
        memcpy(info->mc_brandid + 16 * i, r, 16);
    }
    info->mc_cpu_caps[0] = boot_cpu.feat_1d;
    info->mc_cpu_caps[1] = boot_cpu.feat_e1d;
    info->mc_cpu_caps[4] = boot_cpu.feat_1c;
    info->mc_cpu_caps[6] = boot_cpu.feat_e1c;
}

static long physcpuinfo(struct domain *unused, void *arg)
{
    struct xen_mc_physcpuinfo *op = arg;
    struct mcinfo_logical_cpu info;
    uint32_t n = 0;
    unsigned int cpu;

    if (guest_handle_is_null(op->info)) {
        op->ncpus = num_online_cpus();
        return 0;
    }
    for_each_online_cpu(cpu)
    {
        if (n == op->ncpus)
            break;
        describe(&info, cpu);
        if (copy_to_guest_offset(op->info, n, &info, 1))
            return -EFAULT;
        n++;
    }
    op->ncpus = n;
    return 0;
}

static const struct subop mca_table[] = {
    [XEN_MC_fetch] = {.fn = fetch, .flags = SUBOP_OUT},
    [XEN_MC_physcpuinfo] = {.fn = physcpuinfo, .flags = SUBOP_OUT},
    /* Errors for tests: not built. */
    [XEN_MC_msrinject] = {.rc = -EOPNOTSUPP},
    [XEN_MC_mceinject] = {.rc = -EOPNOTSUPP},
    [XEN_MC_inject_v2] = {.rc = -EOPNOTSUPP},
};

static const struct subop_family mca_ops = {
    .call = __HYPERVISOR_mca,
    .rows = {{mca_table, ARRAY_SIZE(mca_table)}},
    .otherwise = {.rc = -EINVAL},
    .version = XEN_MCA_INTERFACE_VERSION,
    .size = sizeof(struct xen_mc),
    .body = offsetof(struct xen_mc, u),
};

long do_mca(uint64_t arg)
{
    return subop_call_headed(&mca_ops, arg);
}
