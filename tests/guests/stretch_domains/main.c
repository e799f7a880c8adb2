/* SPDX-License-Identifier: MIT */
/*
 * Domains that have all that a domain can have, from their creation to their
 * end, and domains that crash one after another: the hypervisor looks often
 * enough at what else waits for the CPU.
 * run: count=1 debug=1 ramdisk=1 mem=512 timeout=300
 */
#include <pv/domu.h>
#include <pv/stretch.h>
#include <xen/sysctl.h>

#define RW           (PTE_P | PTE_W | PTE_U | PTE_A | PTE_D)
#define VCPUS        128
#define PORTS        131072
#define GRANT_FRAMES 64
#define REFS         (GRANT_FRAMES * 512)
#define GDT_FRAMES   14
#define LIST         512
#define HANDLES      100352 /* 196 lists */
#define CRASHES      12
#define LISTED       64

/* --- the domU ------------------------------------------------------------- */

/* The number of ports that it gets. */
static long open_ports(uint64_t unused, uint64_t unused_too)
{
    struct evtchn_bind_ipi b = {.vcpu = 0};
    struct evtchn_init_control ic = {.vcpu = 0};
    struct evtchn_expand_array ex;
    uint8_t *pages = alloc_pages(PORTS / 1024);

    ic.control_gfn = virt_to_mfn(alloc_page());
    evtchn_op(EVTCHNOP_init_control, &ic);
    for (unsigned int i = 0; i < PORTS / 1024; i++) {
        ex.array_gfn = virt_to_mfn(pages + i * PAGE_SIZE);
        evtchn_op(EVTCHNOP_expand_array, &ex);
    }
    while (!evtchn_op(EVTCHNOP_bind_ipi, &b))
        ;
    return b.port + 1;
}

static struct grant_entry_v1 *offer_refs(domid_t self)
{
    static xen_pfn_t frames[GRANT_FRAMES];
    struct gnttab_setup_table s = {.dom = DOMID_SELF,
                                   .nr_frames = GRANT_FRAMES};
    struct grant_entry_v1 *table = NULL;
    uint64_t page = virt_to_mfn(alloc_page());
    long rc;

    set_xen_guest_handle(s.frame_list, frames);
    HC3(grant_table_op, GNTTABOP_setup_table, &s, 1);
    for (unsigned int i = 0; i < GRANT_FRAMES; i++) {
        table = map_mfn(frames[i], RW, &rc);
        for (unsigned int n = 0; n < 512; n++)
            table[n] = (struct grant_entry_v1){GTF_permit_access, self, page};
    }
    return table;
}

/* The number of grants that are mapped then, by itself. */
static long map_grants(uint64_t self, uint64_t unused)
{
    static struct gnttab_map_grant_ref map[LIST];
    long good = 0;

    offer_refs(self);
    for (unsigned int n = 0; n < HANDLES; n += LIST) {
        for (unsigned int i = 0; i < LIST; i++)
            map[i] =
                (struct gnttab_map_grant_ref){.flags = GNTMAP_device_map,
                                              .ref = 8 + (n + i) % (REFS - 8),
                                              .dom = self};
        HC3(grant_table_op, GNTTABOP_map_grant_ref, map, LIST);
        for (unsigned int i = 0; i < LIST; i++)
            good += !map[i].status;
    }
    return good;
}

/* Pages that may be descriptors: nothing maps them. */
static long free_pages(uint64_t unused, uint64_t unused_too)
{
    uint8_t *pages = alloc_pages(GDT_FRAMES);

    for (unsigned int i = 0; i < GDT_FRAMES; i++)
        map_va(pages + i * PAGE_SIZE, 0, UVMF_INVLPG);
    return virt_to_pfn(pages);
}

static long crash(uint64_t unused, uint64_t unused_too)
{
    shutdown(SHUTDOWN_crash);
}

/* Without a stack that an exception could go to. */
static long crash_loudly(uint64_t unused, uint64_t unused_too)
{
    HC2(stack_switch, FLAT_KERNEL_SS, 0);
    asm volatile("mov $16, %%rsp\n\tud2" ::: "memory");
    return 0;
}

/* --- dom0 ----------------------------------------------------------------- */

/* All vcpus get a context with the largest table of descriptors. */
static void give_contexts(struct domu *u)
{
    static struct vcpu_guest_context c;
    static struct xen_domctl d;
    long pfn = domu_call(u, free_pages, 0, 0), rc = 0;

    for (unsigned int i = 0; i < GDT_FRAMES; i++)
        c.gdt_frames[i] = u->p2m[pfn + i];
    c.gdt_ents = GDT_FRAMES * 512;
    c.flags = VGCF_in_kernel;
    c.user_regs.cs = FLAT_KERNEL_CS;
    c.user_regs.ss = FLAT_KERNEL_SS;
    c.ctrlreg[3] = u->p2m[u->pt_pfn] * PAGE_SIZE;
    set_xen_guest_handle(d.u.vcpucontext.ctxt, &c);
    stretch_begin();
    for (d.u.vcpucontext.vcpu = 1; d.u.vcpucontext.vcpu < VCPUS;
         d.u.vcpucontext.vcpu++)
        rc |= domu_control(u->id, XEN_DOMCTL_setvcpucontext, &d);
    is(rc, 0, "127 vcpus have tables of 7168 descriptors");
    stretch_ok("setvcpucontext");
}

static void a_large_domain(void)
{
    struct domu *u;

    stretch_begin();
    u = domu_start(VCPUS);
    stretch_ok("the start of a domain with 128 vcpus");
    give_contexts(u);
    is(domu_call(u, open_ports, 0, 0), PORTS, "all ports are open");
    is(domu_call(u, map_grants, u->id, 0), HANDLES, "100352 grants are mapped");
    stretch_begin();
    domu_destroy(u);
    stretch_ok("the end of a domain that had everything");
}

/* --- a list of domains ---------------------------------------------------- */

static domid_t ids[LISTED];

static long create(domid_t *id)
{
    static struct xen_domctl d;
    long rc;

    d.u.createdomain = domu_config;
    d.u.createdomain.max_vcpus = VCPUS;
    rc = domu_control(0, XEN_DOMCTL_createdomain, &d);
    *id = d.domain;
    d.u.max_vcpus.max = VCPUS;
    return rc ? rc : domu_control(*id, XEN_DOMCTL_max_vcpus, &d);
}

static void a_list_of_domains(void)
{
    static struct xen_domctl_getdomaininfo info[LISTED + 2];
    static struct xen_sysctl s;
    struct xen_sysctl_getdomaininfolist *l = &s.u.getdomaininfolist;
    unsigned int bad = 0;
    long rc = 0;

    for (unsigned int i = 0; i < LISTED; i++)
        rc |= create(&ids[i]);
    is(rc, 0, "%u domains with 128 vcpus are created", LISTED);
    s.cmd = XEN_SYSCTL_getdomaininfolist;
    s.interface_version = XEN_SYSCTL_INTERFACE_VERSION;
    l->max_domains = LISTED + 2;
    set_xen_guest_handle(l->buffer, info);
    stretch_begin();
    is(HC1(sysctl, &s), 0, "all domains are listed");
    stretch_ok("getdomaininfolist");
    is(l->num_domains, LISTED + 1, "the list has dom0 and the others");
    is(l->first_domain, 0, "what was asked for stays as it was");
    for (unsigned int i = 0; i < LISTED; i++) {
        static struct xen_domctl d;

        bad += info[i + 1].domain != ids[i];
        domu_control(ids[i], XEN_DOMCTL_destroydomain, &d);
    }
    is(bad, 0, "the list is in the order of their numbers");
}

static long shadow_op(const struct domu *u, uint32_t op)
{
    static struct xen_domctl d;

    d.u.shadow_op = (struct xen_domctl_shadow_op){.op = op};
    return domu_control(u->id, XEN_DOMCTL_shadow_op, &d);
}

/* A log is the larger the more CPUs there are. */
static void a_logged_domain(void)
{
    struct domu *u = domu_start(1);

    stretch_begin();
    is(shadow_op(u, XEN_DOMCTL_SHADOW_OP_ENABLE_LOGDIRTY), 0,
       "a domain's writes are logged");
    is(shadow_op(u, XEN_DOMCTL_SHADOW_OP_OFF), 0, "and no more");
    domu_destroy(u);
    stretch_ok("a log that comes and goes");
}

static bool crashes(domu_fn how)
{
    struct domu *u = domu_start(1);
    bool gone = domu_call(u, how, 0, 0) == DOMU_GONE;

    domu_destroy(u);
    return gone;
}

static void a_storm_of_crashes(void)
{
    unsigned int gone = 0;

    domu_config.max_evtchn_port = 1023;
    stretch_begin();
    for (unsigned int i = 0; i < CRASHES; i++)
        gone += crashes(i & 1 ? crash : crash_loudly);
    is(gone, CRASHES, "domains crash");
    stretch_ok("crashes");
}

int main(void)
{
    domu_config.max_evtchn_port = PORTS - 1;
    domu_config.max_grant_frames = GRANT_FRAMES;
    domu_config.max_maptrack_frames = 1024;
    a_large_domain();
    a_logged_domain();
    a_storm_of_crashes();
    a_list_of_domains();
    return 0;
}
