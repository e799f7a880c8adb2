/* SPDX-License-Identifier: MIT */
/*
 * The wall clock: dom0's at its start, and a new domain's whose shared page its
 * builder has cleared, both beside the machine's own clock; with an offset, and
 * after dom0 has set the time.
 */
#include <pv/io_port.h>
#include <pv/pv.h>
#include <xen/domctl.h>
#include <xen/platform.h>

#define OTHER 1

static struct xen_domctl d;
static struct vcpu_guest_context c;
static struct shared_info *other_info;
static uint64_t other_root;

static long domctl(uint32_t cmd)
{
    d.cmd = cmd;
    d.interface_version = XEN_DOMCTL_INTERFACE_VERSION;
    d.domain = OTHER;
    return HC1(domctl, &d);
}

/* --- the machine's clock -------------------------------------------------- */

static uint8_t cmos(uint8_t reg)
{
    out8(0x70, reg);
    return in8(0x71);
}

static unsigned int bcd(uint8_t reg)
{
    uint8_t v = cmos(reg);

    return (v >> 4) * 10 + (v & 15);
}

/* Of the years 2000 to 2099. The seconds are read last: a minute that ends
 * meanwhile is far outside what the checks allow, and shows. */
static int64_t machine_time(void)
{
    static const uint16_t before[] = {0,   31,  59,  90,  120, 151,
                                      181, 212, 243, 273, 304, 334};
    unsigned int year = bcd(9), month = bcd(8), day = bcd(7);
    int64_t days = 10957 + year * 365 + (year + 3) / 4 + before[month - 1] +
                   (month > 2 && year % 4 == 0) + day - 1;

    return ((days * 24 + bcd(4)) * 60 + bcd(2)) * 60 + bcd(0);
}

/* --- what a guest reads --------------------------------------------------- */

static int64_t wall_clock(const volatile struct shared_info *s)
{
    uint32_t version;
    uint64_t ns, sec;

    do {
        version = s->wc_version & ~1u;
        barrier();
        sec = s->wc_sec | (uint64_t)s->wc_sec_hi << 32;
        ns = s->wc_nsec;
        barrier();
    } while (version != s->wc_version);
    return sec + (ns + system_time()) / 1000000000;
}

static void is_about(int64_t got, int64_t want, const char *what)
{
    ok(got - want >= -2 && got - want <= 2, "%s (%ld s away)", what,
       got - want);
}

/* --- another domain ------------------------------------------------------- */

static void create(void)
{
    struct xen_memory_reservation r = {.nr_extents = 1, .domid = OTHER};
    struct mmuext_op pin = {.cmd = MMUEXT_PIN_L4_TABLE};
    uint64_t frame = 0;
    long rc;

    memset(&d, 0, sizeof(d));
    d.u.createdomain.max_vcpus = 1;
    d.u.createdomain.max_evtchn_port = 100;
    d.u.createdomain.max_grant_frames = 4;
    d.u.createdomain.max_maptrack_frames = 4;
    d.u.createdomain.grant_opts = 1;
    is(domctl(XEN_DOMCTL_createdomain), 0, "a domain");
    d.u.max_vcpus.max = 1;
    is(domctl(XEN_DOMCTL_max_vcpus), 0, "its vcpu");
    d.u.max_mem.max_memkb = 1024;
    is(domctl(XEN_DOMCTL_max_mem), 0, "its memory's limit");
    set_xen_guest_handle(r.extent_start, &frame);
    is(HC2(memory_op, XENMEM_populate_physmap, &r), 1, "its only page");
    other_root = frame;
    pin.arg1.mfn = frame;
    is(HC4(mmuext_op, &pin, 1, 0, OTHER), 0, "which is its top page table");
    is(domctl(XEN_DOMCTL_getdomaininfo), 0, "its shared page's frame");
    other_info = alloc_page(); /* its address, that is */
    rc = HC4(update_va_mapping_otherdomain, other_info,
             d.u.getdomaininfo.shared_info_frame << 12 | PTE_P | PTE_W | PTE_U,
             UVMF_INVLPG, OTHER);
    is(rc, 0, "its shared page is mapped");
}

/* As a builder does it: everything cleared but the masks. Before it may start
 * once more it is reset, by no context. */
static void start(void)
{
    memset(&d.u, 0, sizeof(d.u));
    is(domctl(XEN_DOMCTL_setvcpucontext), 0, "its vcpu is reset");
    memset(other_info, 0, sizeof(*other_info));
    other_info->vcpu_info[0].evtchn_upcall_mask = 1;
    memset(&c, 0, sizeof(c));
    c.flags = VGCF_in_kernel;
    c.user_regs.cs = FLAT_KERNEL_CS;
    c.user_regs.ss = c.kernel_ss = FLAT_KERNEL_SS;
    c.user_regs.rip = VIRT_BASE;
    c.ctrlreg[3] = other_root << 12;
    set_xen_guest_handle(d.u.vcpucontext.ctxt, &c);
    is(domctl(XEN_DOMCTL_setvcpucontext), 0, "its first context");
}

static void set_offset(int64_t seconds)
{
    memset(&d.u, 0, sizeof(d.u));
    d.u.settimeoffset.time_offset_seconds = seconds;
    is(domctl(XEN_DOMCTL_settimeoffset), 0, "an offset of %ld s", seconds);
}

static void set_time(int64_t seconds)
{
    static struct xen_platform_op op;

    op.cmd = XENPF_settime64;
    op.interface_version = XENPF_INTERFACE_VERSION;
    op.u.settime64.secs = seconds;
    op.u.settime64.system_time = system_time();
    is(HC1(platform_op, &op), 0, "dom0 sets the time");
}

#define THEN 0x123456789 /* does not fit into 32 bits */

int main(void)
{
    struct physdev_set_iopl iopl = {.iopl = 1};

    HC2(physdev_op, PHYSDEVOP_set_iopl, &iopl);
    is_about(wall_clock(shared_info), machine_time(),
             "dom0's wall clock is the machine's at its start");

    create();
    start();
    is_about(wall_clock(other_info), machine_time(),
             "a new domain's wall clock is the machine's");
    set_offset(-7200);
    is_about(wall_clock(other_info) + 7200, machine_time(),
             "an offset moves it");
    start();
    is_about(wall_clock(other_info) + 7200, machine_time(),
             "an offset that was there before the domain starts counts");
    is_about(wall_clock(shared_info), machine_time(),
             "the offset of another domain does not move dom0's wall clock");

    set_time(THEN);
    is_about(wall_clock(shared_info), THEN, "setting the time sets dom0's");
    is_about(wall_clock(other_info) + 7200, THEN,
             "setting the time sets every domain's");
    start();
    is_about(wall_clock(other_info) + 7200, THEN,
             "a domain that starts later has the time that was set");
    return 0;
}
