/* SPDX-License-Identifier: MIT */
/*
 * HYPERVISOR_sysctl's handlers outside common/sysctl.c. Each gets a private
 * copy of the request, whose interface version and caller have been checked,
 * with the sysctl lock held. Results go into the copy, which is written back
 * after 0. Errors are those of public-headers/xen/sysctl.h.
 *
 * op is the member of the request's union that belongs to the command; d is the
 * caller, which is dom0.
 */
#ifndef HV_SYSCTL_H
#define HV_SYSCTL_H

#include <hv/domain.h>
#include <xen/sysctl.h>

extern spinlock_t sysctl_lock; /* of level DOMCTL: taken by try */

/* common/sysctl_host.c */
long sysctl_get_pmstat(struct domain *d, void *op);
long sysctl_pm_op(struct domain *d, void *op);
long sysctl_cpu_hotplug(struct domain *d, void *op);
long sysctl_page_offline_op(struct domain *d, void *op);
long sysctl_pcitopoinfo(struct domain *d, void *op);
/* common/sched/cpupool.c, common/sched/control.c */
long sysctl_cpupool_op(struct domain *d, void *op);
long sysctl_scheduler_op(struct domain *d, void *op);

#endif
