/* SPDX-License-Identifier: MIT */
/*
 * The other calls: each number that there may be, the versions, vcpus, the
 * scheduler, XSM, hypfs, argo, kexec and all that may be configured out. Left
 * out: what ends or stops dom0 or its vcpus (a new watchdog), registrations
 * that replace dom0's own.
 */
#include "control.h"

#define MCA_HYPERCALL    __HYPERVISOR_arch_0
#define __HYPERVISOR_mca MCA_HYPERCALL

#define VC(sub, vcpu, a)                                                       \
    ({                                                                         \
        long rc_ =                                                             \
            hypercall(__HYPERVISOR_vcpu_op, sub, vcpu, (uint64_t)(a), 0, 0);   \
        report("vcpu_op", rc_, "%s(%s, %s)", #sub, #vcpu, #a);                 \
    })

static void vcpus(void)
{
    for (v = 0; v < 20; v++) {
        FOR(w, 1, 64, 127, 8192, ~0u)
        {
            memset(arg, 0, 1024);
            VC(v, w, arg);
            VC(v, w, NOWHERE);
        }
        switch (v) {
        case VCPUOP_initialise:
        case VCPUOP_get_runstate_info:
        case VCPUOP_get_physid:
        case VCPUOP_is_up:
        case VCPUOP_send_nmi:
            VC(v, 0, NOWHERE);
            VC(v, 0, buffer);
        }
    }
    v = 0;
    FOR(v, 0, 1, 1ULL << 50, ~0ULL)
    FOR(w, 0, 1, 4095, 4096, ~0u)
    {
        struct vcpu_register_vcpu_info *i = (void *)arg;

        i->mfn = v | 1ULL << 51;
        i->offset = w;
        VC(VCPUOP_register_vcpu_info, 0, arg);
    }
}

static void scheduler(void)
{
    FOR(v, 7, 8, 9, ~0u)
    {
        memset(arg, 0, 64);
        RAW("sched_op", sched_op, v, arg, 0, 0, 0);
        RAW("sched_op", sched_op, v, NOWHERE, 0, 0, 0);
    }
    RAW("sched_op", sched_op, SCHEDOP_yield, 0, 0, 0, 0);
    RAW("sched_op", sched_op, SCHEDOP_shutdown, NOWHERE, 0, 0, 0);
    RAW("sched_op", sched_op, SCHEDOP_poll, NOWHERE, 0, 0, 0);
    RAW("sched_op", sched_op, SCHEDOP_shutdown_code, NOWHERE, 0, 0, 0);
    FOR(v, 129, 1000, ~0u)
    {
        struct sched_poll *p = (void *)arg;

        memset(p, 0, sizeof(*p));
        p->nr_ports = v;
        RAW("sched_op", sched_op, SCHEDOP_poll, arg, 0, 0, 0);
    }
    FOR(v, 100000, 131072, ~0u)
    {
        struct sched_poll *p = (void *)arg;

        memset(p, 0, sizeof(*p));
        *(uint32_t *)buffer = v;
        p->nr_ports = 1;
        H(p->ports, buffer);
        RAW("sched_op", sched_op, SCHEDOP_poll, arg, 0, 0, 0);
        H(p->ports, NOWHERE);
        RAW("sched_op", sched_op, SCHEDOP_poll, arg, 0, 0, 0);
    }
    for (unsigned int i = 0; i < nr_odd_domains; i++) {
        struct sched_remote_shutdown *r = (void *)arg;

        v = odd_domain[i];
        if (v == DOMID_SELF)
            continue;
        memset(r, 0, sizeof(*r));
        r->domain_id = v;
        RAW("sched_op", sched_op, SCHEDOP_remote_shutdown, arg, 0, 0, 0);
    }
    v = 0;
    FOR(v, 1, 2, 3, 1000)
    {
        struct sched_watchdog *d = (void *)arg;

        memset(d, 0, sizeof(*d));
        d->id = v; /* without a timeout: of one that is not */
        RAW("sched_op", sched_op, SCHEDOP_watchdog, arg, 0, 0, 0);
    }
    FOR(v, 0, 1, 1000, 0x80000000)
    {
        struct sched_pin_override *p = (void *)arg;

        p->pcpu = v | 0x40000000;
        RAW("sched_op", sched_op, SCHEDOP_pin_override, arg, 0, 0, 0);
    }
    FOR(v, 0, 1, 2, 255)
    {
        struct sched_remote_shutdown *r = (void *)arg;

        memset(r, 0, sizeof(*r));
        r->domain_id = T;
        r->reason = v;
        RAW("sched_op", sched_op, SCHEDOP_remote_shutdown, arg, 0, 0, 0);
    }
}

static void versions(void)
{
    for (v = 0; v < 14; v++) {
        long rc;

        memset(buffer, 0, 4096);
        rc = hypercall(__HYPERVISOR_xen_version, v, (uint64_t)buffer, 0, 0, 0);
        if (v == XENVER_commandline || v == XENVER_build_id)
            rc = rc > 0 ? 1 : rc; /* lengths of their own */
        if (v == XENVER_get_features)
            field("submap", ((struct xen_feature_info *)buffer)->submap);
        report("xen_version", rc, "xen_version");
        if (v != XENVER_version && v != XENVER_pagesize &&
            v != XENVER_guest_handle)
            RAW("xen_version", xen_version, v, NOWHERE, 0, 0, 0);
    }
    v = 0;
    RAW("xen_version", xen_version, XENVER_guest_handle, NOWHERE, 0, 0, 0);
    FOR(v, 0, 1, 2, 3, 100, ~0u)
    {
        struct xen_feature_info *i = (void *)buffer;

        i->submap_idx = v;
        i->submap = 0xdead;
        RAW("xen_version", xen_version, XENVER_get_features, buffer, 0, 0, 0);
        field("submap", i->submap);
    }
    FOR(v, 0, 1, 4, 8, 1000)
    {
        *(uint32_t *)buffer = v;
        long rc = hypercall(__HYPERVISOR_xen_version, XENVER_build_id,
                            (uint64_t)buffer, 0, 0, 0);
        report("xen_version", rc > 0 ? 1 : rc, "build id of this length");
    }
    RAW("xen_version", xen_version, XENVER_build_id, 0, 0, 0, 0);
}

/* Calls with a number of their own: sub-operations and pointers. */
static void every_call(void)
{
    static const struct {
        const char *family;
        uint8_t number, subs, null_only;
    } calls[] = {
        {"xsm_op", __HYPERVISOR_xsm_op, 3, 0},
        {"hypfs", __HYPERVISOR_hypfs_op, 6, 0},
        {"argo", __HYPERVISOR_argo_op, 7, 0},
        {"kexec", __HYPERVISOR_kexec_op, 9, 0},
        {"hvm_op", __HYPERVISOR_hvm_op, 32, 0},
        {"tmem", __HYPERVISOR_tmem_op, 3, 0},
        {"xenoprof", __HYPERVISOR_xenoprof_op, 18, 0},
        {"xenpmu", __HYPERVISOR_xenpmu_op, 9, 0},
        {"dm_op", __HYPERVISOR_dm_op, 3, 0},
        {"mca", MCA_HYPERCALL, 4, 0},
        {"nmi_op", __HYPERVISOR_nmi_op, 4, 1},
        {"callback_op", __HYPERVISOR_callback_op, 4, 1},
        {"event_channel_op_compat", 16, 6, 1},
        {"physdev_op_compat", 19, 6, 1},
        {"sched_op_compat", 6, 0, 0},
        {"reserved39", 39, 2, 0},
        {"reserved43", 43, 2, 0},
        {"arch1", 49, 2, 0},
        {"arch4", 52, 2, 0},
        {"beyond", 56, 2, 0},
        {"far_beyond", 63, 2, 0},
        {"last", 255, 2, 0},
    };

    for (unsigned int i = 0; i < ARRAY_SIZE(calls); i++)
        for (v = 0; v < calls[i].subs; v++) {
            FOR(w, 0, 1)
            {
                uint64_t p =
                    (uint64_t)(w && !calls[i].null_only ? arg : NOWHERE);

                memset(arg, 0, 1024);
                report(calls[i].family,
                       hypercall(calls[i].number, v, p, 0, 0, 0),
                       "hypercall %u", calls[i].number);
                report(calls[i].family,
                       hypercall(calls[i].number, v, p, p, 1, 1),
                       "hypercall %u with more", calls[i].number);
            }
        }
    v = w = 0;
}

static void small_ones(void)
{
    FOR(v, 3, 6, 100, ~0u)
    RAW("vm_assist", vm_assist, 0, v, 0, 0, 0);
    FOR(v, 2, 3, ~0u)
    RAW("vm_assist", vm_assist, v, 0, 0, 0, 0);
    FOR(v, 0, 1, 4096, 0x7fffffff, ~0u)
    {
        RAW("console_io", console_io, 0, v, NOWHERE, 0, 0);
        RAW("console_io", console_io, 2, v, NOWHERE, 0, 0);
        RAW("console_io", console_io, ~0u, v, NOWHERE, 0, 0);
    }
    RAW("console_io", console_io, 0, 0, buffer, 0, 0);
    FOR(v, 0, 1, 2, 0x7fffffff, ~0u)
    RAW("multicall", multicall, NOWHERE, v, 0, 0, 0);
    RAW("multicall", multicall, XENS_OWN, 1, 0, 0, 0);
    RAW("set_trap_table", set_trap_table, NOWHERE, 0, 0, 0, 0);
    FOR(v, 513, ~0u)
    RAW("set_gdt", set_gdt, NOWHERE, v, 0, 0, 0);
    RAW("set_gdt", set_gdt, NOWHERE, 14, 0, 0, 0);
    FOR(v, 8, 9, ~0u)
    {
        RAW("set_debugreg", set_debugreg, v, 0, 0, 0, 0);
        RAW("get_debugreg", get_debugreg, v, 0, 0, 0, 0);
    }
    RAW("set_debugreg", set_debugreg, 0, XENS_OWN, 0, 0, 0);
    FOR(v, 4, 5, ~0u)
    RAW("set_segment_base", set_segment_base, v, 0, 0, 0, 0);
    RAW("set_segment_base", set_segment_base, 0, 1ULL << 47, 0, 0, 0);
    RAW("update_descriptor", update_descriptor, 1ULL << 52, 0, 0, 0, 0);
    RAW("update_descriptor", update_descriptor, 4, 0, 0, 0, 0);
    RAW("update_va_mapping", update_va_mapping, 1ULL << 47, 0, 0, 0, 0);
}

/* The console's mask words and MCA by their own layouts. */
static void machine_checks(void)
{
    struct {
        uint32_t cmd, version;
        uint8_t rest[120];
    } *m = (void *)arg;

    for (v = 0; v < 10; v++)
        FOR(w, 0, 0x01ecc002, 0x01ecc003)
        {
            if (v >= 3 && v <= 5 && w == 0x01ecc003)
                continue; /* these inject a machine check */
            memset(m, 0, sizeof(*m));
            m->cmd = v;
            m->version = w;
            report("mca", hypercall(MCA_HYPERCALL, (uint64_t)m, 0, 0, 0, 0),
                   "mca");
        }
    v = w = 0;
    RAW("mca", mca, NOWHERE, 0, 0, 0, 0);
}

void try_others(void)
{
    vcpus();
    versions();
    every_call();
    small_ones();
    machine_checks();
    scheduler();
}
