/* SPDX-License-Identifier: MIT */
/* Run state: how long a vcpu was in which, and the guest's copy of it. */
#include <hv/domain.h>
#include <hv/guest_access.h>
#include <xen/vcpu.h>

void vcpu_runstate_change(struct vcpu *v, int new_state, s_time_t now)
{
    s_time_t delta = now - (s_time_t)v->runstate.state_entry_time;

    ASSERT(sched_lock_is_held(v));
    if (v->runstate.state == new_state)
        return;
    if (delta > 0) {
        v->runstate.time[v->runstate.state] += delta;
        v->runstate.state_entry_time = now;
    }
    v->runstate.state = new_state;
}

void update_runstate_area(struct vcpu *v)
{
    struct vcpu_runstate_info rs = v->runstate;
    uint64_t area = v->runstate_guest;
    uint64_t entry_time =
        area + offsetof(struct vcpu_runstate_info, state_entry_time);

    if (!area)
        return;
    /* With the assist, readers on other vcpus see a bit during the write. */
    if (v->domain->vm_assist & (1u << VMASST_TYPE_runstate_update_flag)) {
        rs.state_entry_time |= XEN_RUNSTATE_UPDATE;
        copy_to_guest_raw(entry_time, &rs.state_entry_time, 8);
        smp_wmb();
        copy_object_to_guest(area, &rs);
        smp_wmb();
        rs.state_entry_time &= ~XEN_RUNSTATE_UPDATE;
        copy_to_guest_raw(entry_time, &rs.state_entry_time, 8);
    } else {
        copy_object_to_guest(area, &rs);
    }
}
