/* SPDX-License-Identifier: MIT */
/*
 * Control operations (HYPERVISOR_domctl): rows of sub-operations, on the domain
 * that the head of the structure names. One at a time; a second caller's
 * hypercall is made again until the first is done.
 *
 * A handler gets the domain with a reference, and the part behind the head of a
 * private copy of the structure. It has no need to check the caller. Its result
 * is 0, a negative errno as in public-headers/xen/domctl.h, or -ERESTART when
 * it is to be called again with the copy read anew.
 */
#ifndef HV_DOMCTL_H
#define HV_DOMCTL_H

#include <hv/spinlock.h>
#include <hv/subop.h>
#include <xen/domctl.h>

/* The control lock; handlers are called with it. */
extern spinlock_t domctl_lock;

/*
 * The kinds of rows: what is done by a function, with flags of subop.h; what
 * needs no domain; and what is refused, after the domain was looked up, so that
 * an absent domain is told before an absent feature.
 */
#define DOMCTL_TARGET .domid = 1 + offsetof(struct xen_domctl, domain)
#define DOES(function, bits)                                                   \
    {                                                                          \
        .fn = (function), .flags = (bits) | SUBOP_NUMBER, DOMCTL_TARGET        \
    }
/* The handler looks the domain up itself, if there is one. */
#define DOES_ALONE(function, bits)                                             \
    {                                                                          \
        .fn = (function), .flags = (bits)                                      \
    }
#define SAYS(error)                                                            \
    {                                                                          \
        .rc = (error), .flags = SUBOP_NUMBER, DOMCTL_TARGET                    \
    }
#define NR_DOMCTLS 90

/* Rows of the architecture; what has no row here or there is -ENOSYS. */
extern const struct subop arch_domctl_table[NR_DOMCTLS];

/* Fills all of *info. d may run meanwhile: the fields are of different moments.
 */
void get_domain_info(struct domain *d, struct xen_domctl_getdomaininfo *info);
/* Handlers in common/sched/control.c */
long domctl_set_affinity(struct domain *d, void *op);
long domctl_get_affinity(struct domain *d, void *op);
long domctl_scheduler_op(struct domain *d, void *op);
/* Bitmaps of the tools may have any length: bits of the mask that do not fit
 * are dropped, bits beyond the mask are ignored, and written as 0. 0; -EFAULT;
 * -EINVAL a bitmap of more than a page to write. */
int xenctl_bitmap_to_mask(const struct xenctl_bitmap *bitmap, cpumask_t *mask);
int mask_to_xenctl_bitmap(struct xenctl_bitmap *bitmap, cpumask_t mask);

#endif
