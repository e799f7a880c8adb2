/* SPDX-License-Identifier: MIT */
/* CPUID and MSR policies: the host's and the defaults, and giving one to a
 * domain. */
#include "private.h"

int xlc_cpu_policy_size(xlc_handle *h, uint32_t *nr_leaves, uint32_t *nr_msrs)
{
    struct xen_sysctl op = sysctl_of(XEN_SYSCTL_get_cpu_policy);

    /* Null arrays: Xen answers with the largest numbers. */
    if (xlc_sysctl(h, &op))
        return -1;
    *nr_leaves = op.u.cpu_policy.nr_leaves;
    *nr_msrs = op.u.cpu_policy.nr_msrs;
    return 0;
}

int xlc_cpu_policy_get_system(xlc_handle *h, uint32_t index,
                              uint32_t *nr_leaves, xen_cpuid_leaf_t *leaves,
                              uint32_t *nr_msrs, xen_msr_entry_t *msrs)
{
    struct xen_sysctl op = sysctl_of(XEN_SYSCTL_get_cpu_policy);
    struct bounce bleaves = {0}, bmsrs = {0};
    int rc = -1;

    if (bounce_new(h, &bleaves, leaves, *nr_leaves * sizeof(*leaves)) ||
        bounce_new(h, &bmsrs, msrs, *nr_msrs * sizeof(*msrs)))
        goto out;
    op.u.cpu_policy.index = index;
    op.u.cpu_policy.nr_leaves = *nr_leaves;
    op.u.cpu_policy.nr_msrs = *nr_msrs;
    set_xen_guest_handle(op.u.cpu_policy.leaves, bleaves.buffer);
    set_xen_guest_handle(op.u.cpu_policy.msrs, bmsrs.buffer);
    rc = xlc_sysctl(h, &op);
    if (!rc) {
        *nr_leaves = op.u.cpu_policy.nr_leaves;
        *nr_msrs = op.u.cpu_policy.nr_msrs;
        bounce_out(&bleaves, *nr_leaves * sizeof(*leaves));
        bounce_out(&bmsrs, *nr_msrs * sizeof(*msrs));
    }
out:
    bounce_free(h, &bleaves);
    bounce_free(h, &bmsrs);
    return rc;
}

int xlc_cpu_policy_set_domain(xlc_handle *h, uint32_t domid, uint32_t nr_leaves,
                              const xen_cpuid_leaf_t *leaves, uint32_t nr_msrs,
                              const xen_msr_entry_t *msrs, uint32_t *err_leaf,
                              uint32_t *err_subleaf, uint32_t *err_msr)
{
    struct xen_domctl op = domctl_of(domid, XEN_DOMCTL_set_cpu_policy);
    struct xen_domctl_cpu_policy *policy = &op.u.cpu_policy;
    struct bounce bleaves = {0}, bmsrs = {0};
    int rc = -1;

    policy->err_leaf = policy->err_subleaf = policy->err_msr = ~0U;
    if (bounce_in(h, &bleaves, leaves, nr_leaves * sizeof(*leaves)) ||
        bounce_in(h, &bmsrs, msrs, nr_msrs * sizeof(*msrs)))
        goto out;
    policy->nr_leaves = nr_leaves;
    policy->nr_msrs = nr_msrs;
    set_xen_guest_handle(policy->leaves, bleaves.buffer);
    set_xen_guest_handle(policy->msrs, bmsrs.buffer);
    rc = xlc_domctl(h, &op);
out:
    if (err_leaf)
        *err_leaf = policy->err_leaf;
    if (err_subleaf)
        *err_subleaf = policy->err_subleaf;
    if (err_msr)
        *err_msr = policy->err_msr;
    bounce_free(h, &bleaves);
    bounce_free(h, &bmsrs);
    return rc;
}

int xlc_cpu_featureset(xlc_handle *h, uint32_t index, uint32_t *nr,
                       uint32_t *words)
{
    struct xen_sysctl op = sysctl_of(XEN_SYSCTL_get_cpu_featureset);
    struct bounce b;
    int rc;

    if (bounce_new(h, &b, words, *nr * sizeof(*words)))
        return -1;
    op.u.cpu_featureset.index = index;
    op.u.cpu_featureset.nr_features = *nr;
    set_xen_guest_handle(op.u.cpu_featureset.features, b.buffer);
    rc = xlc_sysctl(h, &op);
    if (!rc) {
        *nr = op.u.cpu_featureset.nr_features;
        bounce_out(&b, *nr * sizeof(*words));
    }
    bounce_free(h, &b);
    return rc;
}
