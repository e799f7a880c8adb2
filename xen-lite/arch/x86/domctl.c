/* SPDX-License-Identifier: MIT */
/*
 * The x86 rows of HYPERVISOR_domctl.
 */
#include <hv/domctl.h>
#include <hv/guest_access.h>
#include <hv/hypercall.h>
#include <hv/mm.h>
#include <asm/log_dirty.h>
#include <asm/pv.h>
#include <asm/time.h>

long arch_sanitise_domain_config(struct xen_domctl_createdomain *config)
{
    if (config->arch.misc_flags & ~XEN_X86_MSR_RELAXED)
        return -EINVAL;
    if (config->arch.emulation_flags & ~XEN_X86_EMU_ALL)
        return -EINVAL;
    return config->arch.emulation_flags ? -EOPNOTSUPP : 0;
}

void arch_get_domain_info(const struct domain *d,
                          struct xen_domctl_getdomaininfo *info)
{
    info->gpaddr_bits = boot_cpu.phys_bits;
    info->arch_config.emulation_flags =
        is_hardware_domain(d) ? XEN_X86_EMU_PIT : 0;
}

static long set_address_size(struct domain *d, void *arg)
{
    const struct xen_domctl_address_size *op = arg;
    uint32_t size = op->size;

    return size == 64 ? 0 : size == 32 ? -EOPNOTSUPP : -EINVAL;
}

static long get_address_size(struct domain *d, void *arg)
{
    struct xen_domctl_address_size *op = arg;

    op->size = 64;
    return 0;
}

/* --- what a saved image says of each frame -------------------------------- */

static xen_pfn_t frame_type(const struct page_info *pg)
{
    uint32_t type = READ_ONCE(pg->type);
    xen_pfn_t t = XEN_DOMCTL_PFINFO_NOTAB;

    if (!(type & PGT_count_mask))
        return t;
    switch (type & PGT_type_mask) {
    case PGT_l1_table:
        t = XEN_DOMCTL_PFINFO_L1TAB;
        break;
    case PGT_l2_table:
        t = XEN_DOMCTL_PFINFO_L2TAB;
        break;
    case PGT_l3_table:
        t = XEN_DOMCTL_PFINFO_L3TAB;
        break;
    case PGT_l4_table:
        t = XEN_DOMCTL_PFINFO_L4TAB;
        break;
    }
    return type & PGT_pinned ? t | XEN_DOMCTL_PFINFO_LPINTAB : t;
}

#define FRAMEINFO_BATCH 64

static long getpageframeinfo3(struct domain *d, void *arg)
{
    struct xen_domctl_getpageframeinfo3 *g = arg;
    xen_pfn_t frames[FRAMEINFO_BATCH];

    if (g->num > 1024)
        return -E2BIG;
    for (uint64_t done = 0; done < g->num;) {
        uint64_t n = MIN(g->num - done, (uint64_t)FRAMEINFO_BATCH);

        if (copy_from_guest_offset(frames, g->array, done, n))
            return -EFAULT;
        for (uint64_t i = 0; i < n; i++) {
            struct page_info *pg = get_page_from_mfn(_mfn(frames[i]), d);

            frames[i] = pg ? frame_type(pg) : XEN_DOMCTL_PFINFO_XTAB;
            if (pg)
                put_page(pg);
        }
        if (copy_to_guest_offset(g->array, done, frames, n))
            return -EFAULT;
        done += n;
    }
    return 0;
}

/* --- contexts beyond vcpu_guest_context ----------------------------------- */

static long get_ext_vcpucontext(struct domain *d, void *arg)
{
    struct xen_domctl_ext_vcpucontext *e = arg;
    uint32_t id = e->vcpu;
    struct vcpu *v = domain_vcpu(d, id);

    if (!v || v == current)
        return -ESRCH;
    memset(e, 0, sizeof(*e));
    e->vcpu = id;
    e->size = sizeof(*e);
    e->sysenter_callback_cs = v->arch.sysenter_callback ? FLAT_CS64 : 0;
    e->sysenter_callback_eip = v->arch.sysenter_callback;
    e->syscall32_callback_cs = v->arch.syscall32_callback ? FLAT_CS64 : 0;
    e->syscall32_callback_eip = v->arch.syscall32_callback;
    e->sysenter_disables_events = v->arch.sysenter_disables_events;
    e->syscall32_disables_events = v->arch.syscall32_disables_events;
    return 0;
}

/* Number of banks, CTL, TES, SER, LMCE: what Xen may have shown a guest. */
#define MCG_CAP_KNOWN 0x090009ffUL

static long set_ext_vcpucontext(struct domain *d, void *arg)
{
    const struct xen_domctl_ext_vcpucontext *e = arg;
    struct vcpu *v = domain_vcpu(d, e->vcpu);

    if (!v || d == current->domain) /* it will be paused */
        return -ESRCH;
    if (e->size < offsetof(struct xen_domctl_ext_vcpucontext, mcg_cap) ||
        !is_canonical(e->sysenter_callback_eip) ||
        !is_canonical(e->syscall32_callback_eip))
        return -EINVAL;
    if (e->size >= offsetof(struct xen_domctl_ext_vcpucontext, mcg_cap) +
                       sizeof(e->mcg_cap) &&
        e->mcg_cap & ~MCG_CAP_KNOWN)
        return -EINVAL;
    domain_pause(d);
    v->arch.sysenter_callback = e->sysenter_callback_eip;
    v->arch.syscall32_callback = e->syscall32_callback_eip;
    v->arch.sysenter_disables_events = !!e->sysenter_disables_events;
    v->arch.syscall32_disables_events = !!e->syscall32_disables_events;
    domain_unpause(d);
    return 0;
}

/*
 * MSRs that are a vcpu's own and not in its context: TSC_AUX. A null list asks
 * how long one may be.
 */
static long get_vcpu_msrs(struct domain *d, void *arg)
{
    struct xen_domctl_vcpu_msrs *m = arg;
    xen_domctl_vcpu_msr_t msr = {.index = MSR_TSC_AUX};
    struct vcpu *v = domain_vcpu(d, m->vcpu);

    if (!v || v == current)
        return -ESRCH;
    if (guest_handle_is_null(m->msrs)) {
        m->msr_count = 1;
        return 0;
    }
    msr.value = v->arch.tsc_aux;
    if (!msr.value) {
        m->msr_count = 0;
        return 0;
    }
    if (!m->msr_count)
        return -ENOBUFS;
    m->msr_count = 1;
    return copy_to_guest(m->msrs, &msr, 1) ? -EFAULT : 0;
}

#define MAX_VCPU_MSRS 8

static long set_vcpu_msr(struct vcpu *v, const xen_domctl_vcpu_msr_t *msr)
{
    if (!msr->reserved && msr->index == MSR_MISC_FEATURES && !msr->value)
        return 0; /* as an image from Xen may have it */
    if (msr->reserved || msr->index != MSR_TSC_AUX || !cpu_has_rdtscp ||
        msr->value >> 32)
        return -EINVAL;
    domain_pause(v->domain);
    v->arch.tsc_aux = msr->value;
    domain_unpause(v->domain);
    return 0;
}

static long set_vcpu_msrs(struct domain *d, void *arg)
{
    struct xen_domctl_vcpu_msrs *m = arg;
    xen_domctl_vcpu_msr_t msr;
    struct vcpu *v = domain_vcpu(d, m->vcpu);
    uint32_t done = 0;
    long rc = 0;

    if (!v || v == current)
        return -ESRCH;
    if (m->msr_count > MAX_VCPU_MSRS)
        return -EINVAL;
    for (; done < m->msr_count && !rc; done += !rc)
        rc = copy_from_guest_offset(&msr, m->msrs, done, 1)
                 ? -EFAULT
                 : set_vcpu_msr(v, &msr);
    m->msr_count = done;
    return rc;
}

/*
 * Floating-point and vector state: XCR0, the states enabled so far, and an
 * area as XSAVE leaves it, in one buffer.
 */
#define XSTATE_HEADER 16

static long get_vcpu_extstate(struct vcpu *v, struct xen_domctl_vcpuextstate *e)
{
    uint64_t header[2] = {v->arch.xcr0, v->arch.xcr0_accum | XSTATE_FP_SSE};
    uint64_t to = (uint64_t)e->buffer.p;
    uint32_t size = XSTATE_HEADER + fpu_xstate_size(v);

    if (!e->size && !e->xfeature_mask) {
        e->xfeature_mask = boot_cpu.xcr0_mask;
        e->size = size;
        return 0;
    }
    if (e->size != size || e->xfeature_mask != boot_cpu.xcr0_mask)
        return -EINVAL;
    return copy_to_guest_raw(to, header, sizeof(header)) ||
                   copy_to_guest_raw(to + XSTATE_HEADER, fpu_get_xstate(v),
                                     fpu_xstate_size(v))
               ? -EFAULT
               : 0;
}

static long set_vcpu_extstate(struct vcpu *v, struct xen_domctl_vcpuextstate *e)
{
    uint64_t header[2], from = (uint64_t)e->buffer.p;
    uint32_t size = e->size - XSTATE_HEADER;
    void *area;
    long rc = -EFAULT;

    if (e->size < XSTATE_HEADER || size > fpu_xstate_size(v))
        return -EINVAL;
    if (!size)
        return 0;
    area = alloc_xenheap_page();
    if (!area)
        return -ENOMEM;
    if (!copy_from_guest_raw(header, from, sizeof(header)) &&
        !copy_from_guest_raw(area, from + XSTATE_HEADER, size))
        rc = fpu_set_xstate(v, header[0], header[1], area, size);
    free_xenheap_page(area);
    return rc;
}

static long vcpu_extstate(struct domain *d, struct xen_domctl_vcpuextstate *e,
                          long (*fn)(struct vcpu *v,
                                     struct xen_domctl_vcpuextstate *e))
{
    struct vcpu *v = domain_vcpu(d, e->vcpu);
    long rc;

    if (!v)
        return -ESRCH;
    domain_pause(d);
    rc = fn(v, e);
    domain_unpause(d);
    return rc;
}

static long getvcpuextstate(struct domain *d, void *arg)
{
    return vcpu_extstate(d, arg, get_vcpu_extstate);
}

static long setvcpuextstate(struct domain *d, void *arg)
{
    return vcpu_extstate(d, arg, set_vcpu_extstate);
}

/* --- time ----------------------------------------------------------------- */

static long gettscinfo(struct domain *d, void *arg)
{
    struct xen_domctl_tsc_info *t = arg;

    t->tsc_mode = d->arch.tsc_mode;
    t->gtsc_khz = d->arch.tsc_khz;
    t->incarnation = d->arch.tsc_incarnation;
    t->elapsed_nsec = get_s_time() - d->created;
    return 0;
}

/* Guests read the TSC natively in every mode; "always emulate" is refused. */
static long settscinfo(struct domain *d, void *arg)
{
    const struct xen_domctl_tsc_info *t = arg;

    if (t->tsc_mode > 2)
        return -EINVAL;
    if (t->tsc_mode == 1)
        return -EOPNOTSUPP;
    d->arch.tsc_mode = t->tsc_mode;
    d->arch.tsc_incarnation = t->incarnation + 1;
    return 0;
}

static long hypercall_init(struct domain *d, void *arg)
{
    struct xen_domctl_hypercall_init *op = arg;

    return hypercall_page_init(d, op->gmfn) ? -EINVAL : 0;
}

const struct subop arch_domctl_table[NR_DOMCTLS] = {
    [XEN_DOMCTL_set_address_size] = DOES(set_address_size, 0),
    [XEN_DOMCTL_shadow_op] = DOES(log_dirty_op, SUBOP_OUT | SUBOP_NOT_SELF),
    [XEN_DOMCTL_hypercall_init] = DOES(hypercall_init, 0),
    [XEN_DOMCTL_get_address_size] = DOES(get_address_size, SUBOP_OUT),
    [XEN_DOMCTL_getpageframeinfo3] = DOES(getpageframeinfo3, 0),
    [XEN_DOMCTL_get_ext_vcpucontext] = DOES(get_ext_vcpucontext, SUBOP_OUT),
    [XEN_DOMCTL_set_ext_vcpucontext] = DOES(set_ext_vcpucontext, 0),
    [XEN_DOMCTL_get_vcpu_msrs] =
        DOES(get_vcpu_msrs, SUBOP_OUT | SUBOP_NOT_SELF),
    [XEN_DOMCTL_set_vcpu_msrs] =
        DOES(set_vcpu_msrs, SUBOP_OUT_ERROR | SUBOP_NOT_SELF),
    [XEN_DOMCTL_getvcpuextstate] =
        DOES(getvcpuextstate, SUBOP_OUT | SUBOP_NOT_SELF),
    [XEN_DOMCTL_setvcpuextstate] = DOES(setvcpuextstate, SUBOP_NOT_SELF),
    [XEN_DOMCTL_gettscinfo] = DOES(gettscinfo, SUBOP_OUT | SUBOP_NOT_SELF),
    [XEN_DOMCTL_settscinfo] = DOES(settscinfo, SUBOP_NOT_SELF),
    [XEN_DOMCTL_get_cpu_policy] = DOES(domctl_get_cpu_policy, SUBOP_OUT),
    [XEN_DOMCTL_set_cpu_policy] =
        DOES(domctl_set_cpu_policy, SUBOP_OUT_ERROR | SUBOP_NOT_SELF),
    /* No IOMMU, so no device leaves dom0. */
    [XEN_DOMCTL_irq_permission] = SAYS(-EOPNOTSUPP),
    [XEN_DOMCTL_iomem_permission] = SAYS(-EOPNOTSUPP),
    [XEN_DOMCTL_ioport_permission] = SAYS(-EOPNOTSUPP),
    [XEN_DOMCTL_memory_mapping] = SAYS(-EOPNOTSUPP),
    [XEN_DOMCTL_assign_device] = SAYS(-EOPNOTSUPP),
    [XEN_DOMCTL_test_assign_device] = SAYS(-EOPNOTSUPP),
    [XEN_DOMCTL_deassign_device] = SAYS(-EOPNOTSUPP),
    [XEN_DOMCTL_get_device_group] = SAYS(-EOPNOTSUPP),
    [XEN_DOMCTL_ioport_mapping] = SAYS(-EOPNOTSUPP),
    [XEN_DOMCTL_bind_pt_irq] = SAYS(-EINVAL),
    [XEN_DOMCTL_unbind_pt_irq] = SAYS(-EINVAL),
    /* No HVM, no paging by the hypervisor, no cache allocation, no
     * single-stepping. */
    [XEN_DOMCTL_gethvmcontext] = SAYS(-EINVAL),
    [XEN_DOMCTL_sethvmcontext] = SAYS(-EINVAL),
    [XEN_DOMCTL_gethvmcontext_partial] = SAYS(-EINVAL),
    [XEN_DOMCTL_debug_op] = SAYS(-EINVAL),
    [XEN_DOMCTL_set_broken_page_p2m] = SAYS(-EINVAL),
    [XEN_DOMCTL_psr_cmt_op] = SAYS(-ENODEV),
    [XEN_DOMCTL_psr_alloc] = SAYS(-ENODEV),
    [XEN_DOMCTL_get_paging_mempool_size] = SAYS(-EOPNOTSUPP),
    [XEN_DOMCTL_set_paging_mempool_size] = SAYS(-EOPNOTSUPP),
};
