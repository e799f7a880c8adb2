/* SPDX-License-Identifier: MIT */
/*
 * What a domU may not ask for: ports, registers of the CPU, control calls. The
 * errors are Xen's, but that the right is looked at before all else: where
 * genuine Xen first says that there is no such domain, or that the version is
 * wrong, it is enough that the call fails. run: ramdisk=1
 */
#include <pv/domu.h>
#include <pv/io_port.h>
#include <xen/platform.h>
#include <xen/sysctl.h>

/* --- in the domU ---------------------------------------------------------- */

static uint16_t port;
static void read_port(void *unused)
{
    in8(port);
}
static void write_port(void *unused)
{
    out8(port, 0);
}

/* How many of the ports [first, end) do not fault. */
static long ports_open(uint64_t first, uint64_t end)
{
    long open = 0;

    for (uint64_t p = first; p < end; p++) {
        port = p;
        open += try_call(read_port, NULL) != 13;
        open += try_call(write_port, NULL) != 13;
    }
    return open;
}

/* How many of them give something else than nothing. Ports 0x42, 0x61 and 0x70
 * belong to the timer and the clock, as the hypervisor plays them. */
static long ports_answer(uint64_t first, uint64_t end)
{
    long answers = 0;

    for (uint64_t p = first; p < end; p++)
        if (p != 0x42 && p != 0x61 && p != 0x70)
            answers += in8(p) != 0xff;
    return answers;
}

static long set_iopl(uint64_t level, uint64_t unused)
{
    struct physdev_set_iopl s = {.iopl = level};

    return HC2(physdev_op, PHYSDEVOP_set_iopl, &s);
}

static long open_by_bitmap(uint64_t unused, uint64_t unused_too)
{
    static uint8_t none_set[8192];
    struct physdev_set_iobitmap s = {.nr_ports = 65536};

    set_xen_guest_handle(s.bitmap, none_set);
    return HC2(physdev_op, PHYSDEVOP_set_iobitmap, &s);
}

static uint32_t msr;
static uint64_t value;
static void rd(void *unused)
{
    uint32_t lo, hi;

    asm volatile("rdmsr" : "=a"(lo), "=d"(hi) : "c"(msr));
    value = (uint64_t)hi << 32 | lo;
}
static void wr(void *unused)
{
    asm volatile("wrmsr" ::"c"(msr), "a"((uint32_t)value),
                 "d"((uint32_t)(value >> 32)));
}

static long read_msr(uint64_t which, uint64_t unused)
{
    msr = which;
    return try_call(rd, NULL);
}

static long write_msr(uint64_t which, uint64_t what)
{
    msr = which;
    value = what;
    return try_call(wr, NULL);
}

static long domctl(uint64_t cmd, uint64_t dom)
{
    static struct xen_domctl d;

    return domu_control(dom, cmd, &d);
}

static long sysctl(uint64_t cmd, uint64_t version)
{
    static struct xen_sysctl s;

    s.cmd = cmd;
    s.interface_version = version;
    return HC1(sysctl, &s);
}

static long platform(uint64_t cmd, uint64_t version)
{
    static struct xen_platform_op op;

    op.cmd = cmd;
    op.interface_version = version;
    return HC1(platform_op, &op);
}

static long console(uint64_t cmd, uint64_t unused)
{
    static char text[1] = "x";

    return HC3(console_io, cmd, 1, text);
}

static long physdev(uint64_t cmd, uint64_t unused)
{
    static uint8_t arg[256];

    return HC2(physdev_op, cmd, arg);
}

static long populate_other(uint64_t dom, uint64_t unused)
{
    xen_pfn_t frame = 0;
    struct xen_memory_reservation r = {.nr_extents = 1, .domid = dom};

    set_xen_guest_handle(r.extent_start, &frame);
    return HC2(memory_op, XENMEM_populate_physmap, &r);
}

static long of_domain(uint64_t cmd, uint64_t dom)
{
    domid_t id = dom;

    return HC2(memory_op, cmd, &id);
}

static long grant_table_of(uint64_t dom, uint64_t unused)
{
    xen_pfn_t frame = 0;
    struct gnttab_setup_table s = {.dom = dom, .nr_frames = 1};

    set_xen_guest_handle(s.frame_list, &frame);
    HC3(grant_table_op, GNTTABOP_setup_table, &s, 1);
    return s.status;
}

static long unbound_of(uint64_t dom, uint64_t remote)
{
    struct evtchn_alloc_unbound a = {.dom = dom, .remote_dom = remote};

    return evtchn_op(EVTCHNOP_alloc_unbound, &a);
}

static long bind_virq(uint64_t virq, uint64_t unused)
{
    struct evtchn_bind_virq b = {.virq = virq};

    return evtchn_op(EVTCHNOP_bind_virq, &b);
}

static long flush_cache(uint64_t cmd, uint64_t unused)
{
    return mmuext(cmd, 0, 0);
}

static long remote_shutdown(uint64_t dom, uint64_t unused)
{
    struct sched_remote_shutdown s = {.domain_id = dom,
                                      .reason = SHUTDOWN_poweroff};

    return HC2(sched_op, SCHEDOP_remote_shutdown, &s);
}

/* --- in dom0 -------------------------------------------------------------- */

static void ports(struct domu *u)
{
    is(domu_call(u, ports_open, 0, 0x500), 0,
       "a domU cannot use a port below 0x500");
    is(domu_call(u, ports_open, 0xcf8, 0xd00), 0,
       "nor those of PCI's configuration");
    is(domu_call(u, set_iopl, 3, 0), 0, "set_iopl 3 is no error for a domU");
    is(domu_call(u, ports_answer, 0, 0x500), 0,
       "with it all ports read as nothing");
    is(domu_call(u, open_by_bitmap, 0, 0), 0,
       "set_iobitmap is no error for a domU");
    is(domu_call(u, set_iopl, 0, 0), 0, "set_iopl 0 is no error");
    is(domu_call(u, ports_answer, 0, 0x500), 0,
       "with the bitmap all ports read as nothing, too");
}

static void msrs(struct domu *u)
{
    is(domu_call(u, read_msr, 0xc0000101, 0), -1, "a domU can read GS base");
    is(domu_call(u, write_msr, 0xc0000101, 1UL << 63), 13,
       "GS base that is not canonical is #GP");
    is(domu_call(u, write_msr, 0xc0000080, 0), 13, "a domU cannot clear EFER");
    is(domu_call(u, write_msr, 0xc0000082, 0), 13,
       "a domU cannot move the entry of syscall");
    is(domu_call(u, write_msr, 0x176, 0), 13, "nor that of sysenter");
    is(domu_call(u, write_msr, 0x1b, 0), 13, "a domU cannot move the APIC");
    is(domu_call(u, write_msr, 0x277, 0), 13,
       "a domU cannot change the cache attributes' table");
    is(domu_call(u, write_msr, 0x200, 0), 13,
       "a domU cannot change a memory range");
}

static void control_calls(struct domu *u)
{
    is(domu_call(u, domctl, XEN_DOMCTL_pausedomain, 0), -EPERM,
       "a domU cannot pause dom0");
    is(domu_call(u, domctl, XEN_DOMCTL_getdomaininfo, u->id), -EPERM,
       "a domU cannot ask about itself");
    is(domu_call(u, domctl, XEN_DOMCTL_createdomain, 0), -EPERM,
       "a domU cannot make a domain");
    ok(domu_call(u, domctl, XEN_DOMCTL_destroydomain, 77) < 0,
       "a domU cannot destroy a domain that is not there");
    is(domu_call(u, domctl, 5000, u->id), -EPERM,
       "an unknown domctl is -EPERM");
    is(domu_call(u, sysctl, XEN_SYSCTL_physinfo, XEN_SYSCTL_INTERFACE_VERSION),
       -EPERM, "a domU cannot use sysctl");
    is(domu_call(u, sysctl, XEN_SYSCTL_readconsole,
                 XEN_SYSCTL_INTERFACE_VERSION),
       -EPERM, "a domU cannot read the hypervisor's log");
    ok(domu_call(u, sysctl, XEN_SYSCTL_physinfo, 1) < 0,
       "nor with a wrong version");
    is(domu_call(u, platform, XENPF_settime64, XENPF_INTERFACE_VERSION), -EPERM,
       "a domU cannot set the clock");
    is(domu_call(u, platform, XENPF_get_cpuinfo, XENPF_INTERFACE_VERSION),
       -EPERM, "a domU cannot ask for CPUs");
    is(domu_call(u, console, CONSOLEIO_read, 0), -EPERM,
       "a domU cannot read the console");
    is(domu_call(u, console, CONSOLEIO_write, 0), -EPERM,
       "a domU cannot write to the console");
    is(domu_call(u, physdev, PHYSDEVOP_map_pirq, 0), -EPERM,
       "a domU cannot map an interrupt");
    is(domu_call(u, physdev, PHYSDEVOP_pci_device_add, 0), -EPERM,
       "a domU cannot add a PCI device");
    is(domu_call(u, flush_cache, MMUEXT_FLUSH_CACHE, 0), -13,
       "a domU cannot flush the caches");
    is(domu_call(u, flush_cache, MMUEXT_FLUSH_CACHE_GLOBAL, 0), -EINVAL,
       "nor those of all CPUs");
}

static void others(struct domu *u)
{
    ok(domu_call(u, populate_other, 0, 0) <= 0,
       "a domU can give dom0 no memory");
    is(domu_call(u, of_domain, XENMEM_current_reservation, 0), -EPERM,
       "a domU cannot ask for dom0's memory");
    ok(domu_call(u, of_domain, XENMEM_current_reservation, DOMID_SELF) > 0,
       "but for its own it can");
    ok(domu_call(u, grant_table_of, 0, 0) == GNTST_permission_denied,
       "a domU cannot set up dom0's grant table");
    is(domu_call(u, unbound_of, 0, u->id), -EPERM,
       "a domU cannot make a port of dom0's");
    is(domu_call(u, bind_virq, VIRQ_DOM_EXC, 0), 0,
       "a domU may bind an interrupt of dom0's, which stays silent");
    is(domu_call(u, remote_shutdown, 0, 0), -EPERM,
       "a domU cannot shut dom0 down");
}

int main(void)
{
    struct domu *u = domu_start(1);

    ports(u);
    msrs(u);
    control_calls(u);
    others(u);
    domu_destroy(u);
    return 0;
}
