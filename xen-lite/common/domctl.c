/* SPDX-License-Identifier: MIT */
/*
 * HYPERVISOR_domctl: what a toolstack does to domains. Only for dom0.
 */
#include <hv/domctl.h>
#include <hv/console.h>
#include <hv/event_channel.h>
#include <hv/guest_access.h>
#include <hv/hypercall.h>
#include <hv/mm.h>

#define DEFAULT_GRANT_FRAMES    64
#define DEFAULT_MAPTRACK_FRAMES 1024

spinlock_t domctl_lock = SPIN_LOCK_INIT(LOCK_DOMCTL);

/* --- create and destroy --------------------------------------------------- */

static long sanitise(struct xen_domctl_createdomain *c)
{
    /* No HAP, IOMMU, vPMU, nested virtualisation. */
    if (c->flags & ~(XEN_DOMCTL_CDF_hvm | XEN_DOMCTL_CDF_oos_off |
                     XEN_DOMCTL_CDF_xs_domain))
        return -EINVAL;
    if (c->flags & XEN_DOMCTL_CDF_hvm)
        return -EOPNOTSUPP;
    if (c->iommu_opts || c->vmtrace_size)
        return -EINVAL;
    if (c->max_vcpus < 1 || c->max_vcpus > MAX_VCPUS)
        return -EINVAL;
    if (XEN_DOMCTL_GRANT_version(c->grant_opts) != 1 ||
        (c->grant_opts & ~XEN_DOMCTL_GRANT_version_mask))
        return -EINVAL;
    if (cpupool_check(c->cpupool_id))
        return cpupool_check(c->cpupool_id);
    if (c->max_grant_frames < 0)
        c->max_grant_frames = DEFAULT_GRANT_FRAMES;
    if (c->max_maptrack_frames < 0)
        c->max_maptrack_frames = DEFAULT_MAPTRACK_FRAMES;
    if (c->max_grant_frames < 1 || c->max_grant_frames > DEFAULT_GRANT_FRAMES ||
        c->max_maptrack_frames > DEFAULT_MAPTRACK_FRAMES)
        return -EINVAL;
    return arch_sanitise_domain_config(c);
}

/* Ids go up, so that an id is not reused soon; then the lowest free ones. */
static long create_with_free_id(struct xen_domctl_createdomain *config,
                                struct domain **d)
{
    static domid_t last;
    unsigned int id = last;
    int err;

    do {
        id = id + 1 < DOMID_FIRST_RESERVED ? id + 1 : 1;
        *d = domain_create(id, config, false, &err);
        if (*d) {
            last = id;
            return 0;
        }
    } while (err == -EEXIST && id != last);
    return err == -EEXIST ? -ENOMEM : err;
}

static long createdomain(struct domain *unused, void *arg)
{
    struct xen_domctl *op = container_of(arg, struct xen_domctl, u);
    struct xen_domctl_createdomain *config = arg;
    struct domain *d = get_domain_by_id(op->domain);
    int err = 0;
    long rc;

    if (d) {
        put_domain(d);
        if (!is_hardware_domain(d)) /* 0 stands for any id */
            return -EEXIST;
    }
    rc = sanitise(config);
    if (rc)
        return rc;
    if (op->domain > 0 && op->domain < DOMID_FIRST_RESERVED) {
        d = domain_create(op->domain, config, false, &err);
        rc = d ? 0 : err;
    } else {
        rc = create_with_free_id(config, &d);
    }
    if (!rc)
        op->domain = d->id;
    return rc;
}

#ifdef HV_DEBUG
static bool opt_audit_deaths, has_died;
HV_OPTION(OPT_BOOL, "audit-deaths", opt_audit_deaths);
#endif

static long destroydomain(struct domain *d, void *arg)
{
    long rc = domain_kill(d);

#ifdef HV_DEBUG
    has_died |= !rc;
#endif
    return rc;
}

static long max_vcpus(struct domain *d, void *arg)
{
    struct xen_domctl_max_vcpus *op = arg;

    if (op->max != d->max_vcpus)
        return -EINVAL; /* fixed at creation */
    for (uint32_t i = 0; i < d->max_vcpus; i++) {
        if (d->vcpu[i])
            continue;
        if (!vcpu_create(d, i))
            return -ENOMEM;
        if (hypercall_preempt_check())
            return -ERESTART;
    }
    return 0;
}

static long pausedomain(struct domain *d, void *arg)
{
    return domain_pause_by_controller(d);
}

static long unpausedomain(struct domain *d, void *arg)
{
    return domain_unpause_by_controller(d);
}

static long resumedomain(struct domain *d, void *arg)
{
    domain_resume(d);
    return 0;
}

/* --- information ---------------------------------------------------------- */

void get_domain_info(struct domain *d, struct xen_domctl_getdomaininfo *info)
{
    bool blocked = true, running = false;
    struct vcpu *v;

    memset(info, 0, sizeof(*info));
    info->domain = d->id;
    info->max_vcpu_id = XEN_INVALID_MAX_VCPU_ID;
    for_each_vcpu (d, v) {
        info->max_vcpu_id = v->vcpu_id;
        if (test_bit(VPF_DOWN, &v->pause_flags))
            continue;
        if (!test_bit(VPF_BLOCKED, &v->pause_flags))
            blocked = false;
        running |= v->is_running;
        info->nr_online_vcpus++;
    }
    info->cpu_time = domain_cpu_time_ns(d);
    info->flags =
        (blocked && info->nr_online_vcpus ? XEN_DOMINF_blocked : 0) |
        (running ? XEN_DOMINF_running : 0) |
        (d->is_dying == DOMDYING_dead ? XEN_DOMINF_dying : 0) |
        (d->is_shut_down ? XEN_DOMINF_shutdown : 0) |
        (d->controller_pause_count ? XEN_DOMINF_paused : 0) |
        (d->create_flags & XEN_DOMCTL_CDF_xs_domain ? XEN_DOMINF_xs_domain
                                                    : 0) |
        (uint32_t)d->shutdown_code << XEN_DOMINF_shutdownshift;
    info->tot_pages = d->tot_pages;
    info->max_pages = d->max_pages;
    info->outstanding_pages = d->outstanding_claim;
    info->shared_info_frame = mfn_x(d->shared_info_mfn);
    info->cpupool = d->sched.cpupool;
    memcpy(info->handle, d->handle, sizeof(info->handle));
    arch_get_domain_info(d, info);
}

/* The domain with this id or the next one. */
static long getdomaininfo(struct domain *unused, void *arg)
{
    struct xen_domctl *op = container_of(arg, struct xen_domctl, u);
    struct domain *d;

    if (op->domain >= DOMID_FIRST_RESERVED)
        return -EINVAL;
    for_each_domain (d) {
        if (d->id < op->domain)
            continue;
        get_domain_info(d, arg);
        op->domain = d->id;
        return 0;
    }
    return -ESRCH;
}

static long getvcpuinfo(struct domain *d, void *arg)
{
    struct xen_domctl_getvcpuinfo *info = arg;
    struct vcpu_runstate_info rs;
    struct vcpu *v;

    if (info->vcpu >= d->max_vcpus)
        return -EINVAL;
    v = d->vcpu[info->vcpu];
    if (!v)
        return -ESRCH;
    vcpu_runstate_get(v, &rs);
    info->online = !test_bit(VPF_DOWN, &v->pause_flags);
    info->blocked = test_bit(VPF_BLOCKED, &v->pause_flags);
    info->running = v->is_running;
    info->cpu_time = rs.time[RUNSTATE_running];
    info->cpu = v->processor;
    return 0;
}

/* --- contexts ------------------------------------------------------------- */

static long setvcpucontext(struct domain *d, void *arg)
{
    struct xen_domctl_vcpucontext *op = arg;
    struct vcpu *v = domain_vcpu(d, op->vcpu);
    struct vcpu_guest_context *c;
    long rc;

    if (op->vcpu >= d->max_vcpus)
        return -EINVAL;
    if (!v || d->is_dying)
        return -EINVAL;
    if (guest_handle_is_null(op->ctxt)) {
        /* The whole domain: no other vcpu may start this one before it is
         * initialised anew, nor initialise it before it is reset. */
        domain_pause(d);
        set_bit(VPF_DOWN, &v->pause_flags);
        v->is_initialised = false;
        rc = arch_vcpu_reset(v);
        if (!rc)
            vcpu_unblock(v); /* nothing that it waited for concerns it now */
        domain_unpause(d);
        return rc;
    }
    c = alloc_xenheap_pages(1, MEMF_no_scrub);
    if (!c)
        return -ENOMEM;
    if (copy_from_guest_raw(c, (uint64_t)op->ctxt.p, sizeof(*c))) {
        rc = -EFAULT;
    } else {
        domain_pause(d);
        rc = arch_set_info_guest(v, c);
        if (!rc) {
            if (c->flags & VGCF_online)
                clear_bit(VPF_DOWN, &v->pause_flags);
            else
                set_bit(VPF_DOWN, &v->pause_flags);
        }
        domain_unpause(d);
    }
    free_xenheap_pages(c, 1);
    return rc;
}

static long getvcpucontext(struct domain *d, void *arg)
{
    struct xen_domctl_vcpucontext *op = arg;
    struct vcpu *v = domain_vcpu(d, op->vcpu);
    struct vcpu_guest_context *c;
    long rc = 0;

    if (!v)
        return -EINVAL;
    if (!v->is_initialised)
        return -ENODATA;
    c = alloc_xenheap_pages(1, 0);
    if (!c)
        return -ENOMEM;
    vcpu_pause(v);
    arch_get_info_guest(v, c);
    vcpu_unpause(v);
    if (copy_to_guest_raw((uint64_t)op->ctxt.p, c, sizeof(*c)))
        rc = -EFAULT;
    free_xenheap_pages(c, 1);
    return rc;
}

/* --- memory and nodes ----------------------------------------------------- */

/* One node: affinity to it is the only one there is. */
static long getnodeaffinity(struct domain *d, void *arg)
{
    struct xen_domctl_nodeaffinity *op = arg;

    return mask_to_xenctl_bitmap(&op->nodemap, (cpumask_t){1});
}

static long setnodeaffinity(struct domain *d, void *arg)
{
    const struct xen_domctl_nodeaffinity *op = arg;
    cpumask_t nodes;
    long rc;

    rc = xenctl_bitmap_to_mask(&op->nodemap, &nodes);
    return rc ? rc : nodes.bits & 1 ? 0 : -EINVAL;
}

/* --- the rest ------------------------------------------------------------- */

static long max_mem(struct domain *d, void *arg)
{
    struct xen_domctl_max_mem *op = arg;
    uint64_t pages = op->max_memkb >> (PAGE_SHIFT - 10);

    d->max_pages = MIN(pages, 0xffffffffULL);
    return 0;
}

static long setdomainhandle(struct domain *d, void *arg)
{
    struct xen_domctl_setdomainhandle *op = arg;

    memcpy(d->handle, op->handle, sizeof(d->handle));
    return 0;
}

static long settimeoffset(struct domain *d, void *arg)
{
    struct xen_domctl_settimeoffset *op = arg;

    d->time_offset_seconds = op->time_offset_seconds;
    update_domain_wallclock_time(d);
    return 0;
}

static long sendtrigger(struct domain *d, void *arg)
{
    struct xen_domctl_sendtrigger *op = arg;
    struct vcpu *v = domain_vcpu(d, op->vcpu);

    if (!v)
        return -ESRCH;
    switch (op->trigger) {
    case XEN_DOMCTL_SENDTRIGGER_NMI:
        return arch_send_guest_nmi(v);
    case XEN_DOMCTL_SENDTRIGGER_POWER: /* a PV guest has no such button */
    case XEN_DOMCTL_SENDTRIGGER_SLEEP:
        return -EINVAL;
    default:
        return -ENOSYS;
    }
}

/* External debuggers are not supported. */
static long setdebugging(struct domain *d, void *arg)
{
    struct xen_domctl_setdebugging *op = arg;

    return op->enable ? -EOPNOTSUPP : 0;
}

static long subscribe(struct domain *d, void *arg)
{
    struct xen_domctl_subscribe *op = arg;

    d->suspend_port = op->port;
    return 0;
}

static long virq_handler(struct domain *d, void *arg)
{
    struct xen_domctl_set_virq_handler *op = arg;

    return set_virq_handler(d, op->virq);
}

static const struct subop domctl_table[NR_DOMCTLS] = {
    [XEN_DOMCTL_createdomain] = DOES_ALONE(createdomain, SUBOP_OUT),
    [XEN_DOMCTL_destroydomain] = DOES(destroydomain, SUBOP_NOT_SELF),
    [XEN_DOMCTL_pausedomain] = DOES(pausedomain, SUBOP_NOT_SELF),
    [XEN_DOMCTL_unpausedomain] = DOES(unpausedomain, 0),
    [XEN_DOMCTL_resumedomain] = DOES(resumedomain, SUBOP_NOT_SELF),
    [XEN_DOMCTL_getdomaininfo] = DOES_ALONE(getdomaininfo, SUBOP_OUT),
    [XEN_DOMCTL_setvcpucontext] = DOES(setvcpucontext, SUBOP_NOT_SELF),
    [XEN_DOMCTL_getvcpucontext] = DOES(getvcpucontext, SUBOP_NOT_SELF),
    [XEN_DOMCTL_getvcpuinfo] = DOES(getvcpuinfo, SUBOP_OUT),
    [XEN_DOMCTL_max_vcpus] = DOES(max_vcpus, SUBOP_NOT_SELF),
    [XEN_DOMCTL_max_mem] = DOES(max_mem, 0),
    [XEN_DOMCTL_setvcpuaffinity] = DOES(domctl_set_affinity, SUBOP_OUT),
    [XEN_DOMCTL_getvcpuaffinity] = DOES(domctl_get_affinity, SUBOP_OUT),
    [XEN_DOMCTL_setnodeaffinity] = DOES(setnodeaffinity, 0),
    [XEN_DOMCTL_getnodeaffinity] = DOES(getnodeaffinity, SUBOP_OUT),
    [XEN_DOMCTL_scheduler_op] = DOES(domctl_scheduler_op, SUBOP_OUT),
    [XEN_DOMCTL_setdomainhandle] = DOES(setdomainhandle, 0),
    [XEN_DOMCTL_settimeoffset] = DOES(settimeoffset, 0),
    [XEN_DOMCTL_sendtrigger] = DOES(sendtrigger, 0),
    [XEN_DOMCTL_setdebugging] = DOES(setdebugging, SUBOP_NOT_SELF),
    [XEN_DOMCTL_subscribe] = DOES(subscribe, 0),
    [XEN_DOMCTL_set_virq_handler] = DOES(virq_handler, 0),
    /* One domain does not control another, none starts anew in place. */
    [XEN_DOMCTL_set_target] = SAYS(-EOPNOTSUPP),
    [XEN_DOMCTL_soft_reset] = SAYS(-EINVAL),
    /* One node, no introspection. */
    [XEN_DOMCTL_setvnumainfo] = SAYS(-EINVAL),
    [XEN_DOMCTL_vm_event_op] = SAYS(-EINVAL),
    [XEN_DOMCTL_monitor_op] = SAYS(-EOPNOTSUPP),
    [XEN_DOMCTL_vmtrace_op] = SAYS(-EINVAL),
};

/* A domain that is not there is said before an operation that is not. */
static const struct subop_family domctls = {
    .call = __HYPERVISOR_domctl,
    .rows = {{domctl_table, NR_DOMCTLS}, {arch_domctl_table, NR_DOMCTLS}},
    .otherwise = SAYS(-ENOSYS),
    .version = XEN_DOMCTL_INTERFACE_VERSION,
    .size = sizeof(struct xen_domctl),
    .body = offsetof(struct xen_domctl, u),
    .lock = &domctl_lock,
};

long do_domctl(uint64_t arg)
{
    long rc = subop_call_headed(&domctls, arg);

#ifdef HV_DEBUG
    /* Without the lock, for which a vcpu may wait that is to be paused. */
    if (opt_audit_deaths && atomic_xchg(&has_died, false))
        audit_frames(true);
#endif
    return rc;
}
