/* SPDX-License-Identifier: MIT */
/*
 * Control operations (HYPERVISOR_domctl): one row per sub-operation. The
 * dispatcher checks version, privilege, target and the table's flags, holds the
 * one control lock, makes continuations and copies results back.
 */
#ifndef HV_DOMCTL_H
#define HV_DOMCTL_H

#include <hv/domain.h>
#include <xen/domctl.h>

typedef long (*domctl_fn_t)(struct domain *d, struct xen_domctl *op);

#define DC_OUT       (1u << 0) /* op goes back to the caller on success */
#define DC_OUT_ERROR (1u << 3) /* op goes back on failure: it says of what */
#define DC_NO_DOM    (1u << 1) /* the handler looks the domain up itself */
#define DC_NOT_SELF                                                            \
    (1u << 2) /* a domain may not do this to itself: -EINVAL                   \
               */

struct domctl_row {
    domctl_fn_t fn; /* NULL: rc is all there is to say */
    uint8_t flags;
    int8_t rc;
};
#define DOES(function, bits)                                                   \
    {                                                                          \
        .fn = (function), .flags = (bits)                                      \
    }
#define SAYS(error)                                                            \
    {                                                                          \
        .rc = (error)                                                          \
    }
#define NR_DOMCTLS 90

/* Rows of the architecture; what has no row here or there is -ENOSYS. */
extern const struct domctl_row arch_domctl_table[NR_DOMCTLS];
/* -EINVAL and so on for what this architecture cannot create. */
long arch_sanitise_domain_config(struct xen_domctl_createdomain *config);
void arch_get_domain_info(const struct domain *d,
                          struct xen_domctl_getdomaininfo *info);

void get_domain_info(struct domain *d, struct xen_domctl_getdomaininfo *info);
/* common/domctl_sched.c */
long domctl_set_affinity(struct domain *d, struct xen_domctl *op);
long domctl_get_affinity(struct domain *d, struct xen_domctl *op);
long domctl_scheduler_op(struct domain *d, struct xen_domctl *op);
/* Bitmaps of the tools may have any length: bits of the mask that do not fit
 * are dropped, bits beyond the mask are ignored. 0 or -EFAULT. */
int xenctl_bitmap_to_mask(const struct xenctl_bitmap *bitmap, cpumask_t *mask);
int mask_to_xenctl_bitmap(struct xenctl_bitmap *bitmap, cpumask_t mask);

#endif
