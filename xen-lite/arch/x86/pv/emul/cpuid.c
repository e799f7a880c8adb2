/* SPDX-License-Identifier: MIT */
/*
 * CPUID of guests. The instruction does not trap; guest kernels ask for our
 * view with the forced form (priv.c). A domain's policy holds what does
 * not change; what depends on the vcpu, and the leaves by which a guest knows
 * us, are made here.
 */
#include <hv/lib.h>
#include <hv/bitops.h>
#include <hv/domctl.h>
#include <hv/guest_access.h>
#include <hv/mm.h>
#include <hv/page_alloc.h>
#include <hv/sysctl.h>
#include "cpu_policy.h"
#include <asm/pv.h>
#include <asm/time.h>
#include <xen/arch-x86/cpuid.h>
#include <xen/version.h>

#define HYPERVISOR_MSR_BASE 0x40000000
#define TSC_INFO_RELIABLE   (1u << 1)
#define TSC_INFO_RDTSCP     (1u << 2)

static void host_cpuid(uint32_t leaf, uint32_t subleaf, uint32_t r[4])
{
    cpuid_count(leaf, subleaf, r);
}

/* A cpu_policy is too large for the stack; the caller frees it. */
static struct cpu_policy *make_policy(bool pv)
{
    struct cpu_policy *p = xzalloc(struct cpu_policy);

    if (!p)
        return NULL;
    cpu_policy_read(p, host_cpuid);
    if (pv)
        cpu_policy_to_pv(p, boot_cpu.xcr0_mask);
    return p;
}

int cpu_policy_create(struct domain *d)
{
    d->arch.cpu_policy = make_policy(true);
    return d->arch.cpu_policy ? 0 : -ENOMEM;
}

void cpu_policy_destroy(struct domain *d)
{
    xfree(d->arch.cpu_policy);
    d->arch.cpu_policy = NULL;
}

/* --- the guest's view ----------------------------------------------------- */

static void hypervisor_leaf(const struct domain *d, uint32_t i,
                            uint32_t subleaf, uint32_t r[4])
{
    switch (i) {
    case 0:
        r[0] = XEN_CPUID_LEAF(XEN_CPUID_MAX_NUM_LEAVES);
        r[1] = XEN_CPUID_SIGNATURE_EBX;
        r[2] = XEN_CPUID_SIGNATURE_ECX;
        r[3] = XEN_CPUID_SIGNATURE_EDX;
        break;
    case 1:
        r[0] = 4 << 16 | 17;
        break;
    case 2:
        r[0] = 1;
        r[1] = HYPERVISOR_MSR_BASE;
        r[2] = XEN_CPUID_FEAT1_MMU_PT_UPDATE_PRESERVE_AD;
        break;
    case 3:
        if (subleaf == 0) {
            r[0] = (time_is_stable() ? TSC_INFO_RELIABLE : 0) |
                   (cpu_has_rdtscp ? TSC_INFO_RDTSCP : 0);
            r[1] = d->arch.tsc_mode;
            r[2] = d->arch.tsc_khz;
            r[3] = d->arch.tsc_incarnation;
        } else if (subleaf == 2) {
            r[0] = cpu_khz;
        }
        break;
    case 5:
        if (subleaf == 0)
            r[1] = fls64(max_page) + 1 + PAGE_SHIFT;
        break;
    }
}

void guest_cpuid(const struct vcpu *v, uint32_t leaf, uint32_t subleaf,
                 uint32_t r[4])
{
    const xen_cpuid_leaf_t *l;
    uint32_t host[4];

    memset(r, 0, 4 * sizeof(r[0]));
    if (leaf >= XEN_CPUID_FIRST_LEAF &&
        leaf <= XEN_CPUID_LEAF(XEN_CPUID_MAX_NUM_LEAVES)) {
        hypervisor_leaf(v->domain, leaf - XEN_CPUID_FIRST_LEAF, subleaf, r);
        return;
    }
    l = cpu_policy_find(v->domain->arch.cpu_policy, leaf, subleaf);
    if (!l)
        return;
    r[0] = l->a;
    r[1] = l->b;
    r[2] = l->c;
    r[3] = l->d;
    switch (leaf) {
    case 1: /* initial APIC id */
        r[1] = (r[1] & 0x00ffffff) | (uint32_t)v->vcpu_id << 25;
        break;
    case 0xb:
        r[0] = r[1] = 0;
        r[2] = subleaf & 0xff;
        r[3] = v->vcpu_id * 2;
        break;
    case 0xd: /* bytes for what the guest has enabled: the CPU knows */
        if (subleaf == 0 && cpu_has_xsave) {
            cpuid_count(leaf, 0, host);
            r[1] = host[1];
        }
        break;
    }
}

/* --- for the tools -------------------------------------------------------- */

/* The MSRs of a policy say nothing to a PV guest, but saved images carry them.
 */
static const uint32_t policy_msr[CPU_POLICY_MAX_MSRS] = {MSR_PLATFORM_INFO,
                                                         MSR_ARCH_CAPS};
#define PLATFORM_INFO_CPUID_FAULTING (1ULL << 31)

/* NULL handle: how many there may be. */
static long copy_leaves(const struct cpu_policy *p,
                        struct xen_domctl_cpu_policy *c)
{
    xen_cpuid_leaf_t *list;
    unsigned int n = cpu_policy_serialise(p, NULL);
    long rc = 0;

    if (guest_handle_is_null(c->leaves)) {
        c->nr_leaves = CPU_POLICY_MAX_LEAVES;
        return 0;
    }
    if (c->nr_leaves < n)
        return -ENOBUFS;
    list = xzalloc_array(xen_cpuid_leaf_t, n);
    if (!list)
        return -ENOMEM;
    cpu_policy_serialise(p, list);
    if (copy_to_guest(c->leaves, list, n))
        rc = -EFAULT;
    c->nr_leaves = n;
    xfree(list);
    return rc;
}

static long copy_msrs(struct xen_domctl_cpu_policy *c)
{
    if (guest_handle_is_null(c->msrs)) {
        c->nr_msrs = CPU_POLICY_MAX_MSRS;
        return 0;
    }
    if (c->nr_msrs < CPU_POLICY_MAX_MSRS)
        return -ENOBUFS;
    for (unsigned int i = 0; i < CPU_POLICY_MAX_MSRS; i++) {
        xen_msr_entry_t m = {.idx = policy_msr[i]};

        if (copy_to_guest_offset(c->msrs, i, &m, 1))
            return -EFAULT;
    }
    c->nr_msrs = CPU_POLICY_MAX_MSRS;
    return 0;
}

static long copy_policy(const struct cpu_policy *p,
                        struct xen_domctl_cpu_policy *c)
{
    long rc = copy_leaves(p, c);

    return rc ? rc : copy_msrs(c);
}

long domctl_get_cpu_policy(struct domain *d, void *arg)
{
    struct xen_domctl_cpu_policy *op = arg;

    return copy_policy(d->arch.cpu_policy, op);
}

static long apply_leaves(struct domain *d, struct cpu_policy *new,
                         struct xen_domctl_cpu_policy *c)
{
    xen_cpuid_leaf_t bad;
    struct cpu_policy *max = make_policy(true);
    xen_cpuid_leaf_t *list =
        xzalloc_array(xen_cpuid_leaf_t, CPU_POLICY_MAX_LEAVES);
    long rc = 0;

    if (!max || !list)
        rc = -ENOMEM;
    else if (copy_from_guest(list, c->leaves, c->nr_leaves))
        rc = -EFAULT;
    else {
        rc = cpu_policy_apply(new, max, list, c->nr_leaves, &bad);
        if (rc) {
            c->err_leaf = bad.leaf;
            c->err_subleaf = bad.subleaf;
        }
    }
    xfree(list);
    xfree(max);
    return rc;
}

static uint64_t faulting_bit(void)
{
    uint64_t v;

    return rdmsr_safe(MSR_PLATFORM_INFO, &v) ? 0
                                             : v & PLATFORM_INFO_CPUID_FAULTING;
}

static long check_msrs(struct xen_domctl_cpu_policy *c)
{
    for (uint32_t i = 0; i < c->nr_msrs; i++) {
        xen_msr_entry_t m;

        if (copy_from_guest_offset(&m, c->msrs, i, 1))
            return -EFAULT;
        c->err_msr = m.idx;
        if (m.flags)
            return -EINVAL;
        if (m.idx != MSR_PLATFORM_INFO && m.idx != MSR_ARCH_CAPS)
            return -ERANGE;
        if (m.idx == MSR_ARCH_CAPS) /* the hypervisor decides it */
            continue;
        if (m.val >> 32)
            return -EOVERFLOW;
        if (m.val & ~faulting_bit())
            return -EINVAL;
    }
    c->err_msr = ~0u;
    return 0;
}

/* Before the domain has run: what its kernel saw at boot must stay true. */
long domctl_set_cpu_policy(struct domain *d, void *arg)
{
    struct xen_domctl_cpu_policy *c = arg;
    struct cpu_policy *new;
    long rc;

    c->err_leaf = c->err_subleaf = c->err_msr = ~0u;
    if (c->nr_leaves > CPU_POLICY_MAX_LEAVES ||
        c->nr_msrs > CPU_POLICY_MAX_MSRS)
        return -E2BIG;
    if (d->vcpu[0] && d->vcpu[0]->runstate.time[RUNSTATE_running])
        return -EEXIST;
    new = xzalloc(struct cpu_policy);
    if (!new)
        return -ENOMEM;
    *new = *d->arch.cpu_policy;
    rc = apply_leaves(d, new, c);
    if (!rc)
        rc = check_msrs(c);
    if (!rc)
        *d->arch.cpu_policy = *new;
    xfree(new);
    return rc;
}

long arch_cpu_policy(struct domain *unused, void *arg)
{
    struct xen_sysctl_cpu_policy *c = arg;
    struct xen_domctl_cpu_policy lists = {.nr_leaves = c->nr_leaves,
                                          .nr_msrs = c->nr_msrs,
                                          .leaves = c->leaves,
                                          .msrs = c->msrs};
    struct cpu_policy *p;
    long rc;

    if (c->_rsvd || c->index > XEN_SYSCTL_cpu_policy_hvm_default)
        return -EINVAL;
    if (c->index == XEN_SYSCTL_cpu_policy_hvm_max ||
        c->index == XEN_SYSCTL_cpu_policy_hvm_default)
        return -EOPNOTSUPP;
    p = make_policy(c->index >= XEN_SYSCTL_cpu_policy_pv_max);
    if (!p)
        return -ENOMEM;
    rc = copy_policy(p, &lists);
    c->nr_leaves = lists.nr_leaves;
    c->nr_msrs = lists.nr_msrs;
    xfree(p);
    return rc;
}

long arch_cpu_featureset(struct domain *unused, void *arg)
{
    struct xen_sysctl_cpu_featureset *f = arg;
    uint32_t words[CPU_FEATURE_WORDS], nr;
    struct cpu_policy *p;

    if (guest_handle_is_null(f->features)) {
        f->nr_features = CPU_FEATURE_WORDS;
        return 0;
    }
    if (f->index > XEN_SYSCTL_cpu_featureset_hvm_max)
        return -EINVAL;
    if (f->index == XEN_SYSCTL_cpu_featureset_hvm ||
        f->index == XEN_SYSCTL_cpu_featureset_hvm_max)
        return -EOPNOTSUPP;
    p = make_policy(f->index >= XEN_SYSCTL_cpu_featureset_pv);
    if (!p)
        return -ENOMEM;
    cpu_policy_features(p, words);
    xfree(p);
    nr = MIN(f->nr_features, (uint32_t)CPU_FEATURE_WORDS);
    if (copy_to_guest(f->features, words, nr))
        return -EFAULT;
    f->nr_features = CPU_FEATURE_WORDS;
    return nr < CPU_FEATURE_WORDS ? -ENOBUFS : 0;
}

/* The CPUID instruction shows guests the host: nothing is masked. */
long arch_cpu_levelling_caps(struct domain *unused, void *arg)
{
    struct xen_sysctl_cpu_levelling_caps *op = arg;
    op->caps = 0;
    return 0;
}
