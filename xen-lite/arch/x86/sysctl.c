/* SPDX-License-Identifier: MIT */
/* The x86 part of HYPERVISOR_sysctl: the machine as 'xl info' shows it. */
#include <hv/sysctl.h>
#include <asm/processor.h>
#include <asm/time.h>

void arch_do_physinfo(struct xen_sysctl_physinfo *info)
{
    const uint32_t caps[8] = {boot_cpu.feat_1d,
                              boot_cpu.feat_1c,
                              boot_cpu.feat_e1d,
                              boot_cpu.feat_e1c,
                              0,
                              boot_cpu.feat_7b,
                              boot_cpu.feat_7c,
                              0};

    info->cpu_khz = cpu_khz;
    for (unsigned int i = 0; i < 8; i++)
        info->hw_cap[i] = caps[i];
}
