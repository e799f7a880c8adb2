/* SPDX-License-Identifier: MIT */
/* What a domain holds when it dies. */
#include "deaths.h"

/* --- what a domain shares with another ------------------------------------ */
#define MOST_TIES 2
struct tie {
    uint8_t *windows[2];
    uint32_t handles[2];
    uint32_t offered, taken; /* ports */
};
static struct tie ties[MOST_TIES];
static unsigned int nr_ties;
static struct grant_entry_v1 *table;
static uint8_t *shared;

static void set_up_grants(void)
{
    xen_pfn_t frame;
    struct gnttab_setup_table s = {.dom = DOMID_SELF, .nr_frames = 1};
    long rc;

    if (table)
        return;
    set_xen_guest_handle(s.frame_list, &frame);
    HC3(grant_table_op, GNTTABOP_setup_table, &s, 1);
    table = map_mfn(frame, RW, &rc);
    shared = alloc_page();
}

long offer(uint64_t dom, uint64_t ref)
{
    struct evtchn_alloc_unbound port = {.dom = DOMID_SELF, .remote_dom = dom};

    set_up_grants();
    for (unsigned int i = 0; i < 2; i++) {
        table[ref + i].domid = dom;
        table[ref + i].frame = virt_to_mfn(shared);
        mb();
        table[ref + i].flags = GTF_permit_access;
    }
    evtchn_op(EVTCHNOP_alloc_unbound, &port);
    ties[nr_ties].offered = port.port;
    return (long)ref << 32 | port.port;
}

long take(uint64_t dom, uint64_t offered)
{
    struct evtchn_bind_interdomain port = {.remote_dom = dom,
                                           .remote_port = offered};
    struct tie *t = &ties[nr_ties++];
    struct gnttab_map_grant_ref op[2];
    long rc;

    for (unsigned int i = 0; i < 2; i++) {
        if (!t->windows[i])
            t->windows[i] = alloc_page();
        op[i] = (struct gnttab_map_grant_ref){
            .host_addr = (uint64_t)t->windows[i],
            .flags = GNTMAP_host_map | (i ? GNTMAP_readonly : 0),
            .ref = (offered >> 32) + i,
            .dom = dom};
    }
    HC3(grant_table_op, GNTTABOP_map_grant_ref, op, 2);
    t->handles[0] = op[0].handle;
    t->handles[1] = op[1].handle;
    rc = evtchn_op(EVTCHNOP_bind_interdomain, &port);
    t->taken = port.local_port;
    return rc ? rc : op[0].status ? op[0].status : op[1].status;
}

long let_go(uint64_t unused, uint64_t unused_too)
{
    long rc = 0;

    for (; nr_ties; nr_ties--) {
        struct tie *t = &ties[nr_ties - 1];

        for (unsigned int i = 0; i < 2; i++) {
            struct gnttab_unmap_grant_ref op = {
                .host_addr = (uint64_t)t->windows[i], .handle = t->handles[i]};

            HC3(grant_table_op, GNTTABOP_unmap_grant_ref, &op, 1);
            rc |= op.status;
        }
        rc |= evtchn_op(EVTCHNOP_close, &(struct evtchn_close){t->offered});
        rc |= evtchn_op(EVTCHNOP_close, &(struct evtchn_close){t->taken});
    }
    return rc;
}

bool in_use(unsigned int ref)
{
    return table && (table[ref].flags | table[ref + 1].flags) &
                        (GTF_reading | GTF_writing);
}

/* --- what a domU holds of its own ----------------------------------------- */

static void sleep(void)
{
    for (;;)
        HC2(sched_op, SCHEDOP_block, 0);
}

static void hold_ports(void)
{
    struct evtchn_bind_virq virq = {.virq = VIRQ_DEBUG};

    evtchn_op(EVTCHNOP_bind_virq, &virq);
    virq.virq = VIRQ_TIMER;
    evtchn_op(EVTCHNOP_bind_virq, &virq);
    for (unsigned int i = 0; i < 200; i++) /* more than a page of them */
        event_new_ipi(i & 3);
}

/* FIFO queues lie in pages of the guest's. */
static void hold_queues(void)
{
    struct evtchn_init_control control = {.control_gfn =
                                              virt_to_mfn(alloc_page())};
    struct evtchn_expand_array array = {.array_gfn = virt_to_mfn(alloc_page())};

    evtchn_op(EVTCHNOP_init_control, &control);
    evtchn_op(EVTCHNOP_expand_array, &array);
}

static void hold_areas(void)
{
    struct vcpu_register_vcpu_info info = {.mfn = virt_to_mfn(alloc_page())};
    struct vcpu_register_runstate_memory_area run = {
        .addr.p = (uint64_t)alloc_page()};
    struct vcpu_set_periodic_timer period = {.period_ns = 1000000};
    struct vcpu_set_singleshot_timer once = {.timeout_abs_ns = system_time() +
                                                               3600000000000UL};
    struct sched_watchdog watchdog = {.timeout = 3600};

    HC3(vcpu_op, VCPUOP_register_vcpu_info, 2, &info);
    HC3(vcpu_op, VCPUOP_register_runstate_memory_area, 0, &run);
    HC3(vcpu_op, VCPUOP_set_periodic_timer, 0, &period);
    HC3(vcpu_op, VCPUOP_set_singleshot_timer, 0, &once);
    HC2(sched_op, SCHEDOP_watchdog, &watchdog);
}

static void hold_descriptors(void)
{
    uint64_t *gdt = alloc_page(), *ldt = alloc_page();
    uint64_t frame = virt_to_mfn(gdt);

    ldt[1] = 0x00cff3000000ffffUL;
    make_readonly(gdt);
    make_readonly(ldt);
    HC2(set_gdt, &frame, 512);
    mmuext(MMUEXT_SET_LDT, (uint64_t)ldt, 512);
    asm volatile("mov %w0, %%fs" ::"r"(1 << 3 | 7));
}

long hold(uint64_t unused, uint64_t unused_too)
{
    hold_ports();
    hold_areas();
    hold_descriptors();
    user_mode_init();
    hold_queues();
    return start_vcpu(1, sleep);
}
