/* SPDX-License-Identifier: MIT */
/* What a domU is at when dom0 takes it away. */
#include "deaths.h"

long again(uint64_t fn, uint64_t unused)
{
    while (fn)
        ((domu_fn)fn)(0, 0);
    return 0;
}

static long spin(uint64_t unused, uint64_t unused_too)
{
    asm volatile("pause");
    return 0;
}

static void idle(void)
{
    for (;;)
        asm volatile("pause");
}

static void goes_down(void)
{
    HC3(vcpu_op, VCPUOP_down, 2, 0);
    idle();
}

static long spin_on_all(uint64_t unused, uint64_t unused_too)
{
    for (unsigned int i = 1; i < 4; i++)
        start_vcpu(i, i == 2 ? goes_down : idle);
    return again((uint64_t)spin, 0);
}

static long go_down(uint64_t unused, uint64_t unused_too)
{
    return HC3(vcpu_op, VCPUOP_down, 0, 0);
}

static long block(uint64_t unused, uint64_t unused_too)
{
    return HC2(sched_op, SCHEDOP_block, 0);
}

static long poll(uint64_t unused, uint64_t unused_too)
{
    static uint32_t port;
    struct sched_poll poll = {.nr_ports = 1};

    if (!port)
        port = event_new_ipi(0);
    set_xen_guest_handle(poll.ports, &port);
    return HC2(sched_op, SCHEDOP_poll, &poll);
}

/* An L4 table with all that belongs to it, 4096 entries. */
#define NR_L1 8
static uint64_t big_root(void)
{
    uint64_t *t[NR_L1 + 3], mfn = virt_to_mfn(alloc_page());

    for (unsigned int i = 0; i < NR_L1 + 3; i++)
        t[i] = alloc_page();
    for (unsigned int i = 0; i < NR_L1; i++) {
        for (unsigned int n = 0; n < 512; n++)
            t[i][n] = mfn * PAGE_SIZE | RO;
        t[NR_L1][i] = virt_to_mfn(t[i]) * PAGE_SIZE | RW;
    }
    t[NR_L1 + 1][0] = virt_to_mfn(t[NR_L1]) * PAGE_SIZE | RW;
    t[NR_L1 + 2][0] = virt_to_mfn(t[NR_L1 + 1]) * PAGE_SIZE | RW;
    for (unsigned int i = 0; i < NR_L1 + 3; i++)
        make_readonly(t[i]);
    return virt_to_mfn(t[NR_L1 + 2]);
}

static long pin(uint64_t unused, uint64_t unused_too)
{
    static uint64_t root;

    if (!root)
        root = big_root();
    mmuext(MMUEXT_PIN_L4_TABLE, root, 0);
    return mmuext(MMUEXT_UNPIN_TABLE, root, 0);
}

#define LIST 256
static struct mmu_update updates[LIST];

static void fill_updates(void)
{
    uint64_t *page = alloc_page();
    uint64_t entry = virt_to_mfn(page) * PAGE_SIZE | RW;

    for (unsigned int i = 0; i < LIST; i++)
        updates[i] = (struct mmu_update){pte_maddr(page), i & 1 ? entry : 0};
}

static long update(uint64_t unused, uint64_t unused_too)
{
    if (!updates[0].ptr)
        fill_updates();
    return HC4(mmu_update, updates, LIST, 0, DOMID_SELF);
}

#define CALLS 64
static long make_multicall(uint64_t unused, uint64_t unused_too)
{
    static struct multicall_entry batch[CALLS];

    if (!updates[0].ptr)
        fill_updates();
    for (unsigned int i = 0; i < CALLS; i++)
        batch[i] = (struct multicall_entry){
            .op = __HYPERVISOR_mmu_update,
            .args = {(uint64_t)updates, LIST, 0, DOMID_SELF}};
    return HC2(multicall, batch, CALLS);
}

#define SOME 64
static uint64_t frames[SOME]; /* that are mapped nowhere */
static uint64_t their_pfn;

static void take_frames(void)
{
    uint8_t *pages = alloc_pages(SOME);

    their_pfn = virt_to_pfn(pages);
    for (unsigned int i = 0; i < SOME; i++) {
        frames[i] = virt_to_mfn(pages + i * PAGE_SIZE);
        map_va(pages + i * PAGE_SIZE, 0, UVMF_INVLPG);
    }
}

static long give_memory_back(uint64_t unused, uint64_t unused_too)
{
    struct xen_memory_reservation r = {.nr_extents = SOME, .domid = DOMID_SELF};

    if (!their_pfn)
        take_frames();
    set_xen_guest_handle(r.extent_start, frames);
    HC2(memory_op, XENMEM_decrease_reservation, &r);
    for (unsigned int i = 0; i < SOME; i++)
        frames[i] = their_pfn + i;
    return HC2(memory_op, XENMEM_populate_physmap, &r);
}

static long exchange(uint64_t unused, uint64_t unused_too)
{
    static uint64_t out[SOME];
    struct xen_memory_exchange x = {
        .in = {.nr_extents = SOME, .domid = DOMID_SELF},
        .out = {.nr_extents = SOME, .domid = DOMID_SELF}};
    long rc;

    if (!their_pfn)
        take_frames();
    for (unsigned int i = 0; i < SOME; i++)
        out[i] = their_pfn + i;
    set_xen_guest_handle(x.in.extent_start, frames);
    set_xen_guest_handle(x.out.extent_start, out);
    rc = HC2(memory_op, XENMEM_exchange, &x);
    memcpy(frames, out, sizeof(frames));
    return rc;
}

/* Of dom0, if it offers one. */
static long map_grant(uint64_t unused, uint64_t unused_too)
{
    static uint8_t *page;
    struct gnttab_map_grant_ref m = {.flags = GNTMAP_host_map, .ref = REF};
    struct gnttab_unmap_grant_ref u;

    if (!page)
        page = alloc_page();
    m.host_addr = (uint64_t)page;
    HC3(grant_table_op, GNTTABOP_map_grant_ref, &m, 1);
    u = (struct gnttab_unmap_grant_ref){.host_addr = (uint64_t)page,
                                        .handle = m.handle};
    return HC3(grant_table_op, GNTTABOP_unmap_grant_ref, &u, 1);
}

static long open_ports(uint64_t unused, uint64_t unused_too)
{
    struct evtchn_alloc_unbound a = {.dom = DOMID_SELF};
    struct evtchn_reset reset = {.dom = DOMID_SELF};

    for (unsigned int i = 0; i < 100; i++)
        evtchn_op(EVTCHNOP_alloc_unbound, &a);
    return evtchn_op(EVTCHNOP_reset, &reset);
}

static long suspend(uint64_t unused, uint64_t unused_too)
{
    struct sched_shutdown s = {.reason = SHUTDOWN_suspend};

    return HC2(sched_op, SCHEDOP_shutdown, &s);
}

/* --- what dom0 does to it --------------------------------------------------
 */

static void shut_it_down(struct domu *u)
{
    struct sched_remote_shutdown s = {.domain_id = u->id,
                                      .reason = SHUTDOWN_reboot};

    HC2(sched_op, SCHEDOP_remote_shutdown, &s);
}

static struct xen_domctl control;

static void resume(struct domu *u)
{
    domu_control(u->id, XEN_DOMCTL_resumedomain, &control);
}

static void pause(struct domu *u)
{
    domu_control(u->id, XEN_DOMCTL_pausedomain, &control);
}

static void log_dirty(struct domu *u)
{
    memset(&control, 0, sizeof(control));
    control.u.shadow_op.op = XEN_DOMCTL_SHADOW_OP_ENABLE;
    control.u.shadow_op.mode = XEN_DOMCTL_SHADOW_ENABLE_LOG_DIRTY;
    domu_control(u->id, XEN_DOMCTL_shadow_op, &control);
}

static void claim(struct domu *u)
{
    struct xen_memory_reservation r = {.nr_extents = u->nr_pages,
                                       .domid = u->id};

    memset(&control, 0, sizeof(control));
    control.u.max_mem.max_memkb = u->nr_pages * 8;
    domu_control(u->id, XEN_DOMCTL_max_mem, &control);
    r.nr_extents += 100;
    HC2(memory_op, XENMEM_claim_pages, &r);
}

static void reset_vcpu(struct domu *u)
{
    memset(&control, 0, sizeof(control));
    domu_control(u->id, XEN_DOMCTL_setvcpucontext, &control);
}

/* ---------------------------------------------------------------------------
 */

const struct work works[] = {
    {"runs", spin, NULL},
    {"runs on all vcpus", spin_on_all, NULL},
    {"has no vcpu", go_down, NULL},
    {"waits for an event", block, NULL},
    {"waits for a port", poll, NULL},
    {"pins tables", pin, NULL},
    {"pins tables while writes are logged", pin, log_dirty},
    {"updates tables", update, NULL},
    {"updates tables while writes are logged", update, log_dirty},
    {"makes multicalls", make_multicall, NULL},
    {"gives memory back", give_memory_back, NULL},
    {"exchanges memory", exchange, NULL},
    {"maps grants", map_grant, NULL},
    {"opens ports", open_ports, NULL},
    {"suspends and is resumed", suspend, resume},
    {"is shut down by dom0", pin, shut_it_down},
    {"is paused", pin, pause},
    {"has a claim", pin, claim},
    {"has its vcpu reset", pin, reset_vcpu},
};
const unsigned int nr_works = sizeof(works) / sizeof(works[0]);
