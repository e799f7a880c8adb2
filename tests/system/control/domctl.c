/* SPDX-License-Identifier: MIT */
/*
 * Control operations on domains: every number with odd versions, domains and
 * pointers, then creation with each field at its limits, then what concerns the
 * domain as a whole.
 */
#include <errno.h>

#include "control.h"

/* On dom0 with all-zero arguments these would change or end it. */
static int spares_dom0(uint32_t command)
{
    switch (command) {
    case XEN_DOMCTL_max_mem:
    case XEN_DOMCTL_setdomainhandle:
    case XEN_DOMCTL_irq_permission:
    case XEN_DOMCTL_iomem_permission:
    case XEN_DOMCTL_ioport_permission:
    case XEN_DOMCTL_hypercall_init:
    case XEN_DOMCTL_settimeoffset:
    case XEN_DOMCTL_unpausedomain:
    case XEN_DOMCTL_set_target:
    case XEN_DOMCTL_soft_reset:
    case XEN_DOMCTL_soft_reset + 1000:
        return 0;
    }
    return 1;
}

static long plain(unsigned int id, uint32_t command)
{
    memset(arg, 0, sizeof(arg->d));
    return domctl(id, command, "domctl", "");
}

static void every_number(void)
{
    static const uint32_t beyond[] = {999,  1000,   1001,       1002, 1003,
                                      1004, 0xffff, 0x80000000, ~0u};

    for (v = 0; v < 92 + ARRAY_SIZE(beyond); v++) {
        uint32_t command = v < 92 ? v : beyond[v - 92];

        memset(arg, 0, sizeof(arg->d));
        arg->d.interface_version = XEN_DOMCTL_INTERFACE_VERSION - 1;
        domctl(T, command, "version", "");
        for (unsigned int i = 0; i < nr_odd_domains; i++)
            plain(odd_domain[i], command);
        if (command == XEN_DOMCTL_destroydomain ||
            command == XEN_DOMCTL_soft_reset)
            continue;
        plain(T, command);
        if (spares_dom0(command))
            plain(0, command);
    }
    v = 0;
}

static void pointers(void)
{
    uint64_t bad[] = {0,
                      1,
                      (uint64_t)NOWHERE,
                      (uint64_t)NOWHERE - 8,
                      (uint64_t)XENS_OWN,
                      ~0ULL,
                      1ULL << 47};

    for (v = 0; v < ARRAY_SIZE(bad); v++) {
        report("domctl", hypercall(__HYPERVISOR_domctl, bad[v], 0, 0, 0, 0),
               "domctl at a bad address");
        report("sysctl", hypercall(__HYPERVISOR_sysctl, bad[v], 0, 0, 0, 0),
               "sysctl at a bad address");
        report("platform_op",
               hypercall(__HYPERVISOR_platform_op, bad[v], 0, 0, 0, 0),
               "platform_op at a bad address");
    }
    FOR(v, 1, 0x14, 0x16, 0x1500, ~0u)
    DOMCTL(T, getdomaininfo, arg->d.interface_version = v);
    v = 0;
}

/* --- creation ------------------------------------------------------------- */

#define C U.createdomain
#define CREATE(...)                                                            \
    ({                                                                         \
        long rc_ = DOMCTL(0xffff, createdomain, usual(); __VA_ARGS__);         \
        if (!rc_)                                                              \
            destroy(arg->d.domain);                                            \
    })

static void usual(void)
{
    C.max_vcpus = 1;
    C.max_evtchn_port = 1023;
    C.max_grant_frames = C.max_maptrack_frames = -1;
    C.grant_opts = 1;
}

static void creation(void)
{
    CREATE();
    FOR(v, 1, 2, 4, 8, 0x10, 0x20, 0x40, 0x80, 0x100, 0x80000000, 3, 0x42, 0x43)
    CREATE(C.flags = v);
    FOR(v, 1, 2, ~0u)
    CREATE(C.iommu_opts = v);
    FOR(v, 1, 2, ~0u)
    CREATE(C.flags = 0x20; C.iommu_opts = v);
    FOR(v, 0, 2, 64, 128, 8192, 8193, ~0u)
    CREATE(C.max_vcpus = v);
    FOR(v, 0, 1, 3, 31, 32, 4095, 4096, 131071, 131072, ~0u, 0x7fffffff)
    CREATE(C.max_evtchn_port = v);
    FOR(v, 0, 1, 2, 63, 64, 65, 4096, 0x7fffffff, 0x80000000, ~1u)
    CREATE(C.max_grant_frames = v);
    FOR(v, 0, 1, 2, 1023, 1024, 1025, 0x7fffffff, 0x80000000, ~1u)
    CREATE(C.max_maptrack_frames = v);
    FOR(v, 0, 1, 2, 3, 15, 16, 17, 18, 33, ~0u)
    CREATE(C.grant_opts = v);
    FOR(v, 1, 4096, ~0u)
    CREATE(C.vmtrace_size = v);
    FOR(v, 1, 2, 1000, ~0u)
    CREATE(C.cpupool_id = v);
    FOR(v, 1, 2, 0x400, 0x1000, 0x80000000, ~0u)
    CREATE(C.arch.emulation_flags = v);
    FOR(v, 1, 2, 3, ~0u)
    CREATE(C.arch.misc_flags = v);
    FOR(v, 1, ~0u)
    CREATE(C.ssidref = v);
    /* Ids of the caller's choice. */
    FOR(v, 500, 501, 0x7fef, 0x7ff0, 0x7ff4, 0x7fff, 0x8000, 0xfffe)
    {
        long rc = DOMCTL(v, createdomain, usual());
        domid_t id = arg->d.domain;

        if (!rc) {
            field("same", id == v);
            if (!DOMCTL(id, createdomain, usual()))
                destroy(arg->d.domain);
            destroy(id);
        }
    }
    DOMCTL(T, createdomain, usual());
    DOMCTL(0, createdomain, usual(); C.max_vcpus = 0);
}

/* --- the domain as a whole ------------------------------------------------ */

static void memory_limits(void)
{
    FOR(v, 0, 1, 3, 4, 5, 1024, 1ULL << 20, 1ULL << 40, 1ULL << 60, ~0ULL)
    DOMCTL(T, max_mem, U.max_mem.max_memkb = v);
    DOMCTL(T, max_mem, U.max_mem.max_memkb = 64 * 1024);
}

static void pauses(void)
{
    FOR(v, 1, 2)
    DOMCTL(T, pausedomain);
    FOR(v, 1, 2)
    DOMCTL(T, unpausedomain);
    DOMCTL(T, resumedomain);
    DOMCTL(0, unpausedomain);
    DOMCTL(0, pausedomain);
    DOMCTL(0, resumedomain);
    DOMCTL(0, destroydomain);
}

static void information(void)
{
    const struct xen_domctl_getdomaininfo *i = &U.getdomaininfo;

    FOR(v, 0, 1, T, 600, 0x7fef, 0x7ff0, 0xffff)
    {
        memset(arg, 0, sizeof(arg->d));
        arg->d.cmd = XEN_DOMCTL_getdomaininfo;
        arg->d.interface_version = XEN_DOMCTL_INTERFACE_VERSION;
        arg->d.domain = v;
        long rc = hypercall(__HYPERVISOR_domctl, (uint64_t)arg, 0, 0, 0, 0);

        if (!rc) {
            field("domain", arg->d.domain);
            field("inner", i->domain);
            field("domflags",
                  i->flags & ~XEN_DOMINF_running & ~XEN_DOMINF_blocked);
            field("shr", i->shr_pages);
            field("paged", i->paged_pages);
            field("out", i->outstanding_pages);
            field("vcpu", i->max_vcpu_id);
            field("nr", i->nr_online_vcpus);
            field("pool", i->cpupool);
            field("gpbits", i->gpaddr_bits);
            field("emul", i->arch_config.emulation_flags);
            field("misc", i->arch_config.misc_flags);
            field("shared", i->shared_info_frame != 0);
            field("handle", i->handle[0]);
        }
        report("domctl", rc, "getdomaininfo by id");
    }
    FOR(v, 0, 0xa5)
    {
        DOMCTL(T, setdomainhandle,
               memset(U.setdomainhandle.handle, v,
                      sizeof(U.setdomainhandle.handle)));
        DOMCTL(T, getdomaininfo);
    }
}

static void small_ones(void)
{
    FOR(v, 0, 1, 16, 31, 32, 33, 63, 64, 65, ~0u)
    DOMCTL(T, set_address_size, U.address_size.size = v);
    DOMCTL(T, get_address_size);
    field("size", U.address_size.size);
    DOMCTL(T, get_address_size);
    FOR(v, 0, 1, 0xff)
    DOMCTL(T, setdebugging, U.setdebugging.enable = v);
    DOMCTL(T, setdebugging, U.setdebugging.enable = 0);
    DOMCTL(0, setdebugging, U.setdebugging.enable = 1);
    FOR(v, 0, 1, 7, 1023, 1024, 4096, ~0u)
    DOMCTL(T, subscribe, U.subscribe.port = v);
    FOR(v, 0, 1, ~0u)
    FOR(w, 0, 1, ~0ULL)
    DOMCTL(T, settimeoffset, U.settimeoffset.time_offset_seconds = v | w << 32);
    FOR(v, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 23, 24,
        ~0u)
    DOMCTL(T, set_virq_handler, U.set_virq_handler.virq = v);
    FOR(v, 3, 10) /* back to where they were */
    DOMCTL(0, set_virq_handler, U.set_virq_handler.virq = v);
    FOR(v, 0, 1, T, GONE, DOMID_SELF, DOMID_INVALID)
    DOMCTL(T, set_target, U.set_target.target = v);
    FOR(v, 0, 1, 0xfffff, 1ULL << 40, ~0ULL)
    DOMCTL(T, hypercall_init, U.hypercall_init.gmfn = v);
}

static void permissions(void)
{
    FOR(v, 0, 1, 9, 15, 16, 23, 24, 48, 300, ~0u)
    FOR(w, 0, 1, 2)
    DOMCTL(T, irq_permission, U.irq_permission.pirq = v;
           U.irq_permission.allow_access = w);
    FOR(v, 0, 0x60, 0xfff0, 0xffff, 0x10000, ~0u)
    FOR(w, 0, 1, 16, 0x10000, ~0u)
    {
        DOMCTL(T, ioport_permission, U.ioport_permission.first_port = v;
               U.ioport_permission.nr_ports = w;
               U.ioport_permission.allow_access = 1);
        DOMCTL(T, ioport_permission, U.ioport_permission.first_port = v;
               U.ioport_permission.nr_ports = w);
    }
    FOR(v, 0, 0xa0, 0xfec00, 0xfee00, 1ULL << 24, 1ULL << 40, ~0ULL)
    FOR(w, 0, 1, 16, 1ULL << 40, ~0ULL)
    {
        DOMCTL(T, iomem_permission, U.iomem_permission.first_mfn = v;
               U.iomem_permission.nr_mfns = w;
               U.iomem_permission.allow_access = 1);
        DOMCTL(T, iomem_permission, U.iomem_permission.first_mfn = v;
               U.iomem_permission.nr_mfns = w);
    }
    FOR(v, 0, 1, 64, 65, ~0ULL)
    DOMCTL(T, memory_mapping, U.memory_mapping.first_gfn = 0xa0;
           U.memory_mapping.first_mfn = 0xa0; U.memory_mapping.nr_mfns = v;
           U.memory_mapping.add_mapping = 1);
    FOR(v, 0, 1, 0x10000)
    DOMCTL(T, ioport_mapping, U.ioport_mapping.first_mport = 0x60;
           U.ioport_mapping.first_gport = 0x60; U.ioport_mapping.nr_ports = v;
           U.ioport_mapping.add_mapping = 1);
}

static void time_info(void)
{
    DOMCTL(T, gettscinfo);
    field("mode", U.tsc_info.tsc_mode);
    field("incarnation", U.tsc_info.incarnation);
    field("khz", U.tsc_info.gtsc_khz != 0);
    DOMCTL(0, gettscinfo);
    FOR(v, 0, 1, 2, 3, 4, ~0u)
    {
        DOMCTL(T, settscinfo, U.tsc_info.tsc_mode = v);
        DOMCTL(T, settscinfo, U.tsc_info.tsc_mode = v;
               U.tsc_info.gtsc_khz = 2000000; U.tsc_info.incarnation = 5;
               U.tsc_info.elapsed_nsec = 1000000000);
        DOMCTL(T, gettscinfo);
        field("mode", U.tsc_info.tsc_mode);
        field("incarnation", U.tsc_info.incarnation);
        DOMCTL(T, gettscinfo);
    }
    DOMCTL(T, settscinfo, U.tsc_info.tsc_mode = 0);
    DOMCTL(0, settscinfo);
}

void try_domctl(void)
{
    every_number();
    pointers();
    creation();
    memory_limits();
    pauses();
    information();
    small_ones();
    permissions();
    time_info();
}
