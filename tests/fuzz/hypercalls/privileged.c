/* SPDX-License-Identifier: MIT */
/*
 * What dom0 does at random while its domUs do: control calls about them and
 * about a domain of its own, calls about the host, and those of foreign.c. Left
 * out is what may end the machine or takes it apart: sleep, reboot, crashes,
 * writes to interrupt controllers; and domains that fuzz are not destroyed.
 */
#include "fuzz.h"
#include <pv/host.h>
#include <xen/platform.h>
#include <xen/sysctl.h>

#define HELD 16 /* frames of dom0's own domain */

static struct cpu dom0;
static uint64_t dom0_words[DOMU_WORDS];
static domid_t domus[2], extra; /* extra: 0 for none */
static unsigned int nr_domus;
static uint64_t held[HELD], frames[2][NR_PEER];

/* --- targets -------------------------------------------------------------- */

domid_t target(struct cpu *c)
{
    /* With DOMID_IO it would map devices. */
    static const domid_t none[] = {99, 0x7ff1, DOMID_XEN, 0x7ff5};

    if (one_in(c, 16))
        return none[below(c, 4)];
    if (extra && one_in(c, 3))
        return extra;
    return domus[below(c, nr_domus)];
}

uint64_t frame_of(struct cpu *c, domid_t id)
{
    unsigned int i = id == domus[1] && nr_domus > 1;

    if (id == extra)
        return held[below(c, HELD)];
    if (one_in(c, 12))
        i = below(c, nr_domus);
    return frames[i][below(c, NR_PEER)];
}

static void fill(struct cpu *c, void *to, unsigned int bytes)
{
    for (unsigned int i = 0; i < bytes / 4; i++)
        ((uint32_t *)to)[i] = any_word(c);
}

/* --- domctl --------------------------------------------------------------- */

static long domctl(struct cpu *c, uint32_t cmd, domid_t id,
                   struct xen_domctl *d)
{
    d->cmd = cmd;
    d->interface_version =
        one_in(c, 60) ? rnd(c) : XEN_DOMCTL_INTERFACE_VERSION;
    d->domain = id;
    return call(c, __HYPERVISOR_domctl, odd(c, d), 0, 0, 0);
}

/* What needs care has a function of its own. */
static bool needs_care(uint32_t cmd)
{
    return cmd == XEN_DOMCTL_createdomain || cmd == XEN_DOMCTL_destroydomain ||
           cmd == XEN_DOMCTL_setvcpucontext ||
           cmd == XEN_DOMCTL_hypercall_init || cmd == XEN_DOMCTL_settscinfo;
}

static long op_domctl(struct cpu *c)
{
    struct xen_domctl *d = arg(c, sizeof(*d));
    uint32_t cmd = one_in(c, 30) ? rnd(c) : below(c, 90);

    if (needs_care(cmd))
        cmd = XEN_DOMCTL_getdomaininfo;
    fill(c, &d->u, one_in(c, 2) ? 32 : sizeof(d->u));
    if (one_in(c, 2))
        ((uint32_t *)&d->u)[0] = any_vcpu(c);
    return domctl(c, cmd, target(c), d);
}

/* Of dom0 too. */
static long op_tell(struct cpu *c)
{
    static const uint8_t cmds[] = {
        XEN_DOMCTL_getdomaininfo,      XEN_DOMCTL_getvcpuinfo,
        XEN_DOMCTL_getvcpuaffinity,    XEN_DOMCTL_get_address_size,
        XEN_DOMCTL_getnodeaffinity,    XEN_DOMCTL_getvcpucontext,
        XEN_DOMCTL_get_cpu_policy,     XEN_DOMCTL_get_vcpu_msrs,
        XEN_DOMCTL_gettscinfo,         XEN_DOMCTL_getvcpuextstate,
        XEN_DOMCTL_get_ext_vcpucontext};
    struct xen_domctl *d = arg(c, sizeof(*d));

    fill(c, &d->u, 64);
    ((uint32_t *)&d->u)[0] = any_vcpu(c);
    return domctl(c, cmds[below(c, sizeof(cmds))],
                  one_in(c, 4) ? DOMID_SELF : target(c), d);
}

static long op_pause(struct cpu *c)
{
    static const uint8_t cmds[] = {
        XEN_DOMCTL_pausedomain, XEN_DOMCTL_unpausedomain,
        XEN_DOMCTL_unpausedomain, XEN_DOMCTL_resumedomain,
        XEN_DOMCTL_sendtrigger};
    struct xen_domctl *d = arg(c, sizeof(*d));

    fill(c, &d->u, 8);
    return domctl(c, cmds[below(c, sizeof(cmds))], target(c), d);
}

static long op_shadow(struct cpu *c)
{
    static const uint8_t ops[] = {
        XEN_DOMCTL_SHADOW_OP_OFF, XEN_DOMCTL_SHADOW_OP_ENABLE_LOGDIRTY,
        XEN_DOMCTL_SHADOW_OP_CLEAN, XEN_DOMCTL_SHADOW_OP_PEEK};
    struct xen_domctl *d = arg(c, sizeof(*d));
    struct xen_domctl_shadow_op *s = &d->u.shadow_op;

    s->op = one_in(c, 12) ? below(c, 40) : ops[below(c, 4)];
    s->mode = one_in(c, 20) ? rnd(c) : 0;
    s->pages = one_in(c, 6) ? rnd(c) >> below(c, 60) : 1024;
    s->dirty_bitmap.p = (void *)odd(c, any_page(c));
    return domctl(c, XEN_DOMCTL_shadow_op, target(c), d);
}

static long op_frames(struct cpu *c)
{
    struct xen_domctl *d = arg(c, sizeof(*d));
    uint64_t *list = arg(c, 64 * 8);
    domid_t id = target(c);

    for (unsigned int i = 0; i < 64; i++)
        list[i] = one_in(c, 4) ? any_mfn(c) : frame_of(c, id);
    if (one_in(c, 4)) {
        d->u.hypercall_init.gmfn = frame_of(c, id);
        return domctl(c, XEN_DOMCTL_hypercall_init, id, d);
    }
    d->u.getpageframeinfo3.num = any_count(c, 64);
    d->u.getpageframeinfo3.array.p = (void *)odd(c, list);
    return domctl(c, XEN_DOMCTL_getpageframeinfo3, id, d);
}

static long op_schedule(struct cpu *c)
{
    struct xen_domctl *d = arg(c, sizeof(*d));
    uint64_t *mask = arg(c, 16);

    fill(c, &d->u, 64);
    *mask = rnd(c) >> below(c, 64);
    if (one_in(c, 2)) {
        d->u.scheduler_op.cmd = below(c, 5);
        if (!one_in(c, 4))
            d->u.scheduler_op.sched_id = XEN_SCHEDULER_CREDIT2;
        return domctl(c, XEN_DOMCTL_scheduler_op, target(c), d);
    }
    d->u.vcpuaffinity.vcpu = any_vcpu(c);
    d->u.vcpuaffinity.flags = below(c, 8);
    d->u.vcpuaffinity.cpumap_hard.bitmap.p = (void *)mask;
    d->u.vcpuaffinity.cpumap_hard.nr_bits = 64;
    d->u.vcpuaffinity.cpumap_soft.bitmap.p = (void *)odd(c, mask);
    d->u.vcpuaffinity.cpumap_soft.nr_bits = any_count(c, 64);
    return domctl(c, XEN_DOMCTL_setvcpuaffinity, target(c), d);
}

/* What it says of a vcpu is changed a little, and given back. */
static long op_give_back(struct cpu *c)
{
    static const struct {
        uint8_t get, set;
    } pair[] = {
        {XEN_DOMCTL_get_ext_vcpucontext, XEN_DOMCTL_set_ext_vcpucontext},
        {XEN_DOMCTL_get_vcpu_msrs, XEN_DOMCTL_set_vcpu_msrs},
        {XEN_DOMCTL_getvcpuextstate, XEN_DOMCTL_setvcpuextstate},
        {XEN_DOMCTL_get_cpu_policy, XEN_DOMCTL_set_cpu_policy},
        {XEN_DOMCTL_getvcpucontext, XEN_DOMCTL_setvcpucontext},
        {XEN_DOMCTL_gettscinfo, XEN_DOMCTL_settscinfo},
    };
    unsigned int i = below(c, sizeof(pair) / sizeof(pair[0]));
    bool alters_its_course = i > 3;
    struct xen_domctl *d = arg(c, sizeof(*d));
    uint8_t *buffer = arg(c, 2 * PAGE_SIZE);
    domid_t id = alters_its_course ? extra : target(c);

    if (!id)
        return -1;
    d->u.vcpucontext.vcpu = below(c, 4);
    d->u.vcpucontext.ctxt.p = (void *)buffer;
    if (i == 1)
        d->u.vcpu_msrs.msr_count = 8;
    if (i == 1)
        d->u.vcpu_msrs.msrs.p = (void *)buffer;
    if (i == 2)
        d->u.vcpuextstate.size = 2 * PAGE_SIZE;
    if (i == 2)
        d->u.vcpuextstate.buffer.p = (void *)buffer;
    if (i == 3)
        fill(c, &d->u, 48);
    domctl(c, pair[i].get, id, d);
    for (unsigned int n = below(c, 3); n; n--)
        ((uint64_t *)buffer)[below(c, PAGE_SIZE / 8)] = any_word(c);
    if (one_in(c, 3))
        ((uint32_t *)&d->u)[below(c, 8)] = any_word(c);
    return domctl(c, pair[i].set, id, d);
}

/* --- a domain of its own -------------------------------------------------- */

static long create(struct cpu *c)
{
    struct xen_domctl *d = arg(c, sizeof(*d));
    long rc;

    d->u.createdomain = domu_config;
    d->u.createdomain.max_vcpus = 1 + below(c, 4);
    if (one_in(c, 4))
        ((uint32_t *)&d->u)[below(c, sizeof(d->u.createdomain) / 4)] =
            any_word(c);
    d->cmd = XEN_DOMCTL_createdomain;
    d->interface_version = XEN_DOMCTL_INTERFACE_VERSION;
    rc = call(c, __HYPERVISOR_domctl, (uint64_t)d, 0, 0, 0);
    extra = rc ? 0 : d->domain;
    return rc;
}

static long populate(struct cpu *c)
{
    struct xen_memory_reservation r = {.nr_extents = HELD, .domid = extra};
    struct xen_domctl *d = arg(c, sizeof(*d));

    for (unsigned int i = 0; i < HELD; i++)
        held[i] = i;
    d->u.max_mem.max_memkb = below(c, 256);
    domctl(c, XEN_DOMCTL_max_mem, extra, d);
    set_xen_guest_handle(r.extent_start, held);
    return HC2(memory_op, XENMEM_populate_physmap, &r) - 1;
}

/* Its roots are frames of its own, or others. */
static long initialise(struct cpu *c)
{
    struct vcpu_guest_context *g = arg(c, sizeof(*g));
    struct xen_domctl *d = arg(c, sizeof(*d));

    g->flags = VGCF_in_kernel | (one_in(c, 2) ? VGCF_online : 0);
    g->user_regs.cs = FLAT_KERNEL_CS;
    g->user_regs.ss = FLAT_KERNEL_SS;
    g->ctrlreg[3] =
        (one_in(c, 6) ? any_mfn(c) : held[below(c, HELD)]) * PAGE_SIZE;
    if (one_in(c, 3)) {
        g->gdt_ents = 512;
        g->gdt_frames[0] = held[below(c, HELD)];
    }
    for (unsigned int n = below(c, 3); n; n--)
        ((uint64_t *)g)[below(c, sizeof(*g) / 8)] = any_word(c);
    d->u.vcpucontext.vcpu = any_vcpu(c);
    d->u.vcpucontext.ctxt.p = one_in(c, 8) ? NULL : (void *)odd(c, g);
    return domctl(c, XEN_DOMCTL_setvcpucontext, extra, d);
}

static long op_own_domain(struct cpu *c)
{
    struct xen_domctl *d = arg(c, sizeof(*d));
    struct sched_remote_shutdown *s = arg(c, sizeof(*s));

    if (!extra)
        return create(c);
    switch (below(c, 12)) {
    case 0:
        d->domain = extra;
        extra = 0;
        return domu_control(d->domain, XEN_DOMCTL_destroydomain, d);
    case 1:
        s->domain_id = extra;
        s->reason = below(c, 8);
        return HC2(sched_op, SCHEDOP_remote_shutdown, s);
    case 2:
    case 3:
        d->u.max_vcpus.max = 1 + below(c, 4);
        return domctl(c, XEN_DOMCTL_max_vcpus, extra, d);
    case 4:
        return domctl(c, XEN_DOMCTL_unpausedomain, extra, d);
    case 5:
    case 6:
        return populate(c);
    default:
        return initialise(c);
    }
}

/* --- the host ------------------------------------------------------------- */

static long op_sysctl(struct cpu *c)
{
    struct xen_sysctl *s = arg(c, sizeof(*s));

    s->cmd = one_in(c, 30) ? rnd(c) : below(c, 30);
    if (s->cmd == XEN_SYSCTL_debug_keys || s->cmd == XEN_SYSCTL_cpupool_op)
        s->cmd = XEN_SYSCTL_getdomaininfolist;
    s->interface_version = XEN_SYSCTL_INTERFACE_VERSION;
    fill(c, &s->u, one_in(c, 2) ? 32 : sizeof(s->u));
    return call(c, __HYPERVISOR_sysctl, (uint64_t)s, 0, 0, 0);
}

/* CPUs stay in the pool that the domains are in. */
static long op_pool(struct cpu *c)
{
    struct xen_sysctl *s = arg(c, sizeof(*s));
    struct xen_sysctl_cpupool_op *p = &s->u.cpupool_op;

    s->cmd = XEN_SYSCTL_cpupool_op;
    s->interface_version = XEN_SYSCTL_INTERFACE_VERSION;
    fill(c, p, sizeof(*p));
    p->op = 1 + below(c, 8);
    p->cpupool_id = below(c, 4);
    p->domid = target(c);
    if (p->op == XEN_SYSCTL_CPUPOOL_OP_RMCPU)
        p->cpupool_id |= 1;
    return call(c, __HYPERVISOR_sysctl, odd(c, s), 0, 0, 0);
}

static long op_key(struct cpu *c)
{
    static const char keys[] = "aceghilmqrzH0";
    struct xen_sysctl *s = arg(c, sizeof(*s));

    s->cmd = XEN_SYSCTL_debug_keys;
    s->interface_version = XEN_SYSCTL_INTERFACE_VERSION;
    s->u.debug_keys.keys.p = (void *)(keys + below(c, sizeof(keys) - 1));
    s->u.debug_keys.nr_keys = 1;
    return call(c, __HYPERVISOR_sysctl, (uint64_t)s, 0, 0, 0);
}

static long op_platform(struct cpu *c)
{
    struct xen_platform_op *p = arg(c, sizeof(*p));

    p->cmd = one_in(c, 30) ? rnd(c) : 17 + below(c, 50);
    if (p->cmd == XENPF_enter_acpi_sleep)
        p->cmd = XENPF_get_symbol;
    p->interface_version = XENPF_INTERFACE_VERSION;
    fill(c, &p->u, one_in(c, 2) ? 32 : sizeof(p->u));
    if (one_in(c, 8))
        return call(c, __HYPERVISOR_arch_0, any_struct(c, 12), 0, 0, 0);
    return call(c, __HYPERVISOR_platform_op, (uint64_t)p, 0, 0, 0);
}

static long op_pirq(struct cpu *c)
{
    static const uint8_t cmds[] = {
        PHYSDEVOP_map_pirq,        PHYSDEVOP_unmap_pirq,
        PHYSDEVOP_get_free_pirq,   PHYSDEVOP_eoi,
        PHYSDEVOP_apic_read,       PHYSDEVOP_prepare_msix,
        PHYSDEVOP_release_msix,    PHYSDEVOP_restore_msi,
        PHYSDEVOP_restore_msi_ext, PHYSDEVOP_irq_status_query};
    struct physdev_map_pirq *map = arg(c, 64);

    fill(c, map, 64);
    map->domid = one_in(c, 2) ? DOMID_SELF : target(c);
    map->type = below(c, 5);
    map->index = one_in(c, 8) ? rnd(c) : 16 + below(c, 64);
    map->pirq = one_in(c, 2) ? -1 : (int)below(c, 300);
    return call(c, __HYPERVISOR_physdev_op, cmds[below(c, sizeof(cmds))],
                odd(c, map), 0, 0);
}

/* Ports of others. */
static long op_port_of(struct cpu *c)
{
    struct evtchn_alloc_unbound *a = arg(c, sizeof(*a));
    struct evtchn_status *s = arg(c, sizeof(*s));

    if (one_in(c, 2)) {
        s->dom = target(c);
        s->port = any_port(c);
        return call(c, __HYPERVISOR_event_channel_op, EVTCHNOP_status,
                    odd(c, s), 0, 0);
    }
    a->dom = target(c);
    a->remote_dom = one_in(c, 4) ? DOMID_SELF : target(c);
    return call(c, __HYPERVISOR_event_channel_op, EVTCHNOP_alloc_unbound,
                odd(c, a), 0, 0);
}

/* --- the table ------------------------------------------------------------ */

const struct op privileged_ops[] = {
    {"domctl", 40, op_domctl},
    {"domctl that tells", 20, op_tell},
    {"pause, resume, trigger", 12, op_pause},
    {"shadow_op", 20, op_shadow},
    {"hypercall_init, getpageframeinfo3", 8, op_frames},
    {"affinity and scheduler_op", 12, op_schedule},
    {"a vcpu's state there and back", 20, op_give_back},
    {"a domain of dom0's own", 50, op_own_domain},
    {"memory_op for another", 20, op_memory_of},
    {"exchange for another", 12, op_exchange_of},
    {"claims and resources", 8, op_claim},
    {"map another's frame", 30, op_map_foreign},
    {"mmu_update of another", 20, op_tables_of},
    {"pin for another", 20, op_pin_of},
    {"sysctl", 30, op_sysctl},
    {"cpupool_op", 6, op_pool},
    {"debug keys", 1, op_key},
    {"platform_op and mca", 12, op_platform},
    {"physdev_op of dom0", 10, op_pirq},
    {"ports of another", 12, op_port_of},
};
const unsigned int nr_privileged =
    sizeof(privileged_ops) / sizeof(privileged_ops[0]);

/* --- rounds --------------------------------------------------------------- */

void privileged_begin(uint64_t seed, struct domu *const *u, unsigned int n)
{
    struct cpu *c = &dom0;

    if (!c->args) {
        fuzz_pool_pfn(0, 0);
        c->args = alloc_pages(ARGS_SIZE / PAGE_SIZE + 1);
        map_va(c->args + ARGS_SIZE, 0, UVMF_INVLPG);
        words = dom0_words;
        grant_table = frame_address(0);
        real_root = user_root =
            virt_to_mfn((void *)start_info->pt_base) * PAGE_SIZE;
    }
    c->random = (seed + 1) * 0x9e3779b97f4a7c15UL ^ 0x5555;
    nr_domus = n;
    for (unsigned int i = 0; i < n; i++)
        domus[i] = u[i]->id;
    for (unsigned int i = 0; i <= NR_PEER; i++)
        dom0_words[WORD_PEER + i] = domu_words(u[n - 1])[WORD_PEER + i];
    for (unsigned int i = 0; i < n; i++)
        for (unsigned int k = 0; k < NR_PEER; k++)
            frames[i][k] = domu_words(u[n - 1 - i])[WORD_PEER + 1 + k];
}

/* What would keep a domU from going on is taken back. */
static void let_go_on(domid_t id)
{
    static struct xen_domctl d;

    while (!domu_control(id, XEN_DOMCTL_unpausedomain, &d))
        ;
    memset(&d, 0, sizeof(d));
    d.u.max_mem.max_memkb = 4096;
    domu_control(id, XEN_DOMCTL_max_mem, &d);
    d.u.scheduler_op.sched_id = XEN_SCHEDULER_CREDIT2;
    d.u.scheduler_op.cmd = XEN_DOMCTL_SCHEDOP_putinfo;
    d.u.scheduler_op.u.credit2.weight = 256;
    d.u.scheduler_op.u.credit2.cap = 0;
    domu_control(id, XEN_DOMCTL_scheduler_op, &d);
}

void privileged_run(unsigned int n, uint64_t *done, uint64_t *refused)
{
    struct cpu *c = &dom0;
    unsigned int total = 0;

    for (unsigned int i = 0; i < nr_privileged; i++)
        total += privileged_ops[i].weight;
    while (n--) {
        unsigned int op = 0, at = below(c, total);

        while (at >= privileged_ops[op].weight)
            at -= privileged_ops[op++].weight;
        c->args_used = 0;
        done[op]++;
        refused[op] += privileged_ops[op].fn(c) < 0;
    }
    for (unsigned int i = 0; i < nr_domus; i++)
        let_go_on(domus[i]);
}

void privileged_end(void)
{
    static struct xen_domctl d;

    if (extra)
        domu_control(extra, XEN_DOMCTL_destroydomain, &d);
    extra = 0;
    for (unsigned int i = 0; i < NR_FRAMES; i++)
        map_va(frame_address(i), frame_mfn(i) * PAGE_SIZE | RW, UVMF_INVLPG);
}
