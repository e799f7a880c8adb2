/* SPDX-License-Identifier: MIT */
/* Guests that do one thing as often as they can. */
#include "hostile.h"
#include <xen/io/xenbus.h>

#define LIST     64
#define DISK     51712
#define DATA     "data/storm"
#define FAR_AWAY 1000u

void storm_honest(void)
{
    storms();
    work_cpu();
}

/* Of both rings that every guest has. */
void storm_events(void)
{
    for (;;) {
        event_send(start_info->console.domU.evtchn);
        event_send(start_info->store_evtchn);
        storms();
    }
}

void storm_store(void)
{
    for (;;) {
        store_flood(DATA, LIST);
        storms();
    }
}

void storm_console(void)
{
    for (;;) {
        say("................................................................"
            "................................................................");
        storms();
    }
}

/* Grants that the guest makes to itself: mapped, copied, unmapped. */
void storm_grants(void)
{
    static struct gnttab_map_grant_ref map[LIST];
    static struct gnttab_unmap_grant_ref unmap[LIST];
    static struct gnttab_copy copy[LIST];
    xen_pfn_t frame;
    struct gnttab_setup_table s = {.dom = DOMID_SELF, .nr_frames = 1};
    uint64_t from = virt_to_mfn(alloc_page()), to = virt_to_mfn(alloc_page());
    struct grant_entry_v1 *table;
    uint8_t *window = alloc_pages(LIST);
    char domid[16];
    domid_t self = 0;

    store_read("domid", domid, sizeof(domid));
    for (const char *c = domid; *c; c++)
        self = self * 10 + *c - '0';
    set_xen_guest_handle(s.frame_list, &frame);
    HC3(grant_table_op, GNTTABOP_setup_table, &s, 1);
    table = see(frame);
    for (unsigned int i = 8; i < 8 + LIST; i++)
        table[i] = (struct grant_entry_v1){GTF_permit_access, self, from};
    for (;;) {
        for (unsigned int i = 0; i < LIST; i++) {
            map[i] = (struct gnttab_map_grant_ref){
                .host_addr = (uint64_t)window + i * PAGE_SIZE,
                .flags = GNTMAP_host_map,
                .ref = 8 + i,
                .dom = self};
            copy[i] = (struct gnttab_copy){.source.domid = self,
                                           .source.u.ref = 8 + i,
                                           .dest.domid = DOMID_SELF,
                                           .dest.u.gmfn = to,
                                           .len = PAGE_SIZE,
                                           .flags = GNTCOPY_source_gref};
        }
        HC3(grant_table_op, GNTTABOP_map_grant_ref, map, LIST);
        HC3(grant_table_op, GNTTABOP_copy, copy, LIST);
        for (unsigned int i = 0; i < LIST; i++)
            unmap[i] = (struct gnttab_unmap_grant_ref){
                .host_addr = map[i].host_addr, .handle = map[i].handle};
        HC3(grant_table_op, GNTTABOP_unmap_grant_ref, unmap, LIST);
        if (map[0].status || copy[0].status || unmap[0].status)
            give_up("its grants are refused");
        storms();
    }
}

/* Flushes, page tables that come and go, and calls that do not exist. */
void storm_hypercalls(void)
{
    uint8_t *page = alloc_page();
    uint64_t mfn = virt_to_mfn(page);

    for (;;) {
        make_readonly(page);
        mmuext(MMUEXT_PIN_L1_TABLE, mfn, 0);
        mmuext(MMUEXT_UNPIN_TABLE, mfn, 0);
        make_writable(page);
        mmuext(MMUEXT_TLB_FLUSH_ALL, 0, 0);
        mmuext(MMUEXT_NEW_BASEPTR, virt_to_mfn((void *)start_info->pt_base), 0);
        hypercall(63, 0, 0, 0, 0, 0);
        HC2(sched_op, SCHEDOP_yield, 0);
        storms();
    }
}

/* What ends in a trap, as kernel and as user. */
static const uint8_t faults[][16] = {
    {0xcc},                                              /* int3 */
    {0xcd, 0x20},                                        /* int $32 */
    {0x0f, 0x0b},                                        /* ud2 */
    {0x8a, 0x04, 0x25, 0x00, 0x10, 0x00, 0x00},          /* mov 0x1000, %al */
    {0xa0, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 1}, /* no such address */
};

static void as_kernel(void *code)
{
    ((void (*)(void))code)();
}

static void as_user(void *code)
{
    static uint8_t stack[256] __attribute__((aligned(16)));
    static struct iret_context c;

    c = (struct iret_context){.rip = (uint64_t)code,
                              .cs = FLAT_USER_CS,
                              .rsp = (uint64_t)(stack + sizeof(stack)),
                              .ss = FLAT_USER_SS};
    asm volatile("mov %0, %%rsp\n\t"
                 "mov $23, %%eax\n\t" /* iret */
                 "syscall" ::"r"(&c)
                 : "memory");
}

void storm_faults(void)
{
    user_mode_init();
    for (;;) {
        for (unsigned int i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
            if (try_call(as_kernel, (void *)faults[i]) < 0 ||
                try_call(as_user, (void *)faults[i]) < 0)
                give_up("nothing faults");
        storms();
    }
}

static volatile unsigned long nmis;

static void on_nmi(struct trap_frame *f)
{
    nmis++;
}

void storm_nmis(void)
{
    struct callback_register r = {.type = CALLBACKTYPE_nmi,
                                  .address = trap_stubs[2]};
    uint32_t port = event_new_ipi(0);

    set_trap_handler(2, on_nmi);
    HC2(callback_op, CALLBACKOP_register, &r);
    for (;;) {
        HC3(vcpu_op, VCPUOP_send_nmi, 0, 0);
        event_send(port);
        if (nmis)
            storms();
    }
}

static void down_again(void)
{
    for (;;)
        HC3(vcpu_op, VCPUOP_down, 1, 0);
}

/* A vcpu that comes and goes: each time it comes others may have to make room,
 * and it needs none. */
void storm_updown(void)
{
    if (start_vcpu(1, down_again))
        give_up("it has no second vcpu");
    for (;;) {
        for (unsigned int i = 0; i < LIST; i++) {
            HC3(vcpu_op, VCPUOP_up, 1, 0);
            HC3(vcpu_op, VCPUOP_down, 1, 0);
        }
        storms();
    }
}

/* --- the disk's backend --------------------------------------------------- */

static struct disk disk;

/* Requests of nobody's memory and of too much, behind the disk's end, then an
 * index far away; and once more. */
void storm_ring(void)
{
    for (;;) {
        if (!disk_connect(&disk, DISK))
            continue;
        for (unsigned int i = 0; i < LIST / 4; i++) {
            struct blkif_request *r = disk_ask(&disk, i % 2 ? 0 : ~0UL >> i);

            r->seg[0].gref = ~0u;
            r->nr_segments = i % 2 ? 1 : i * 16;
        }
        disk_tell(&disk);
        disk.ring.sring->req_prod += FAR_AWAY;
        for (unsigned int i = 0; i < LIST; i++)
            event_send(disk.port);
        storms();
        store_write("device/vbd/51712/state", "6");
        wait_event(start_info->store_evtchn, SECOND / 1000);
    }
}

void storm_flaps(void)
{
    static const char *const states[] = {"1", "3", "4", "5", "6"};

    for (unsigned int i = 0;; i++) {
        store_write("device/vbd/51712/state", states[i % 5]);
        store_write("device/vbd/51712/ring-ref", states[i % 3]);
        storms();
    }
}
