/* SPDX-License-Identifier: MIT */
/* A registered vcpu_info takes over, with what was pending in the old place;
 * a registered run-state area is kept up to date. */
#include <pv/pv.h>

static long register_area(uint64_t addr)
{
    struct vcpu_register_runstate_memory_area area = {.addr.p = addr};

    return HC3(vcpu_op, VCPUOP_register_runstate_memory_area, 0, &area);
}

static long register_clock(uint64_t addr)
{
    struct vcpu_register_time_memory_area area = {.addr.p = addr};

    return HC3(vcpu_op, VCPUOP_register_vcpu_time_memory_area, 0, &area);
}

static void mapped_later(struct vcpu_runstate_info *rs)
{
    uint64_t pte = read_pte(rs, 1), end;

    memset(rs, 0, sizeof(*rs));
    map_va(rs, 0, UVMF_INVLPG);
    is(register_area((uint64_t)rs), 0,
       "a run-state area can be registered where nothing is mapped");
    map_va(rs, pte, UVMF_INVLPG);
    end = system_time() + 3000000000UL;
    while (!rs->state_entry_time && system_time() < end) {
        struct sched_poll nap = {.timeout = system_time() + 1000000};

        HC2(sched_op, SCHEDOP_poll, &nap);
    }
    ok(rs->state_entry_time, "it is written when something is");
    is(register_area(0), 0, "a run-state area can be taken away");
}

#define HOLE       0x1234567890123456UL
#define HYPERVISOR 0xffff830000000000UL
#define BEHIND_IT  0xffff880000000000UL /* where the guest's half begins */

static void no_address(void)
{
    is(register_area(HOLE), -EFAULT,
       "a run-state area at no address is -EFAULT");
    is(register_area(BEHIND_IT - 8), -EFAULT,
       "a run-state area that begins in the hypervisor's range is -EFAULT");
    is(register_clock(HOLE), -EFAULT, "a clock at no address is -EFAULT");
    is(register_clock(HYPERVISOR), -EFAULT,
       "a clock in the hypervisor's range is -EFAULT");
    is(register_clock(BEHIND_IT - 8), -EFAULT,
       "a clock that begins in the hypervisor's range is -EFAULT");
    is(register_clock(0), 0, "a clock can be taken away");
}

int main(void)
{
    struct vcpu_info *info = alloc_page();
    struct vcpu_register_vcpu_info reg = {.mfn = virt_to_mfn(info)};
    struct vcpu_runstate_info *rs = alloc_page(), now;
    struct vcpu_register_runstate_memory_area area = {.addr.v = rs};
    struct evtchn_bind_ipi ipi = {.vcpu = 0};
    struct evtchn_send s;
    struct evtchn_unmask u;

    reg.offset = 4096 - 32;
    is(HC3(vcpu_op, VCPUOP_register_vcpu_info, 0, &reg), -6,
       "a vcpu_info across its page's end is -ENXIO");
    reg.offset = 4;
    is(HC3(vcpu_op, VCPUOP_register_vcpu_info, 0, &reg), -6,
       "a vcpu_info that is not aligned is -ENXIO");
    reg.offset = 0;
    reg.mfn = virt_to_mfn((void *)start_info->pt_base);
    is(HC3(vcpu_op, VCPUOP_register_vcpu_info, 0, &reg), -EINVAL,
       "a vcpu_info in a page table is refused");
    reg.mfn = 1UL << 40;
    is(HC3(vcpu_op, VCPUOP_register_vcpu_info, 0, &reg), -EINVAL,
       "a vcpu_info in no page is refused");
    reg.mfn = virt_to_mfn(info);
    reg.offset = 0x3c0;
    is(HC3(vcpu_op, VCPUOP_register_vcpu_info, 0, &reg), 0,
       "register_vcpu_info returns 0");
    info = (void *)info + 0x3c0;
    is(info->evtchn_upcall_mask, 1, "the mask moves with the vcpu_info");
    ok(info->time.tsc_to_system_mul != 0, "the new vcpu_info has a clock");
    is(HC3(vcpu_op, VCPUOP_register_vcpu_info, 0, &reg), -EINVAL,
       "a vcpu_info can be registered only once");
    evtchn_op(EVTCHNOP_bind_ipi, &ipi);
    u.port = s.port = ipi.port;
    info->evtchn_upcall_pending = 0;
    info->evtchn_pending_sel = 0;
    evtchn_op(EVTCHNOP_unmask, &u);
    evtchn_op(EVTCHNOP_send, &s);
    is(info->evtchn_upcall_pending, 1, "an event shows in the new vcpu_info");
    ok(info->evtchn_pending_sel & 1UL << ipi.port / 64,
       "an event shows in the selector of the new vcpu_info");

    memset(info, 0, sizeof(*info)); /* with the page's rest an empty table */
    info->evtchn_upcall_mask = 1;
    make_readonly((void *)((uint64_t)info & PAGE_MASK));
    ok(mmuext(MMUEXT_PIN_L1_TABLE, reg.mfn, 0) < 0,
       "the page of a vcpu_info cannot become a page table");
    make_writable((void *)((uint64_t)info & PAGE_MASK));

    is(HC3(vcpu_op, VCPUOP_register_runstate_memory_area, 0, &area), 0,
       "a run-state area can be registered");
    is(rs->state, RUNSTATE_running, "the run-state area says running");
    memset(&now, 0xff, sizeof(now));
    is(HC3(vcpu_op, VCPUOP_get_runstate_info, 0, &now), 0,
       "get_runstate_info returns 0");
    is(((uint32_t *)&now)[1], 0,
       "between the parts of a run state is nothing of the hypervisor's");
    ok(now.time[RUNSTATE_running] >= rs->time[RUNSTATE_running],
       "the times of the run state grow");
    area.addr.p = 0xffff830000000000UL;
    is(HC3(vcpu_op, VCPUOP_register_runstate_memory_area, 0, &area), -EFAULT,
       "a run-state area in the hypervisor's range is -EFAULT");
    area.addr.v = rs;
    is(HC3(vcpu_op, VCPUOP_register_runstate_memory_area, 0, &area), 0,
       "a run-state area can be registered again");
    mapped_later(rs);
    no_address();
    return 0;
}
