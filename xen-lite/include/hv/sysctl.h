/* SPDX-License-Identifier: MIT */
/* What the architecture adds to HYPERVISOR_sysctl (arch/x86/sysctl.c). */
#ifndef HV_SYSCTL_H
#define HV_SYSCTL_H

#include <xen/sysctl.h>

void arch_do_physinfo(struct xen_sysctl_physinfo *info);
long arch_cpu_levelling_caps(struct xen_sysctl *op);
long arch_cpu_featureset(struct xen_sysctl *op);
long arch_cpu_policy(struct xen_sysctl *op);

#endif
