/* SPDX-License-Identifier: MIT */
/*
 * Virtual CPUs: creation, run state, the registered vcpu_info page, and
 * HYPERVISOR_vcpu_op.
 */
#include <hv/domain.h>
#include <hv/event_channel.h>
#include <hv/guest_access.h>
#include <hv/hypercall.h>
#include <hv/mm.h>
#include <xen/vcpu.h>

/* Stands in for vcpu_info where a guest has none (vcpu >= 32, unregistered):
 * masked, so nothing is ever delivered through it. */
static struct vcpu_info dummy_vcpu_info = {.evtchn_upcall_mask = 1};

static void singleshot_fired(void *data)
{
    send_guest_vcpu_virq(data, VIRQ_TIMER);
}

/* A tick that is late, or was due while the vcpu had no CPU, is served once;
 * the next tick lies in the future. */
static void periodic_fired(void *data)
{
    struct vcpu *v = data;
    s_time_t period = READ_ONCE(v->periodic_period), now = get_s_time();

    if (!period || !READ_ONCE(v->is_running))
        return;
    if (now - v->periodic_last >= period) {
        v->periodic_last += (now - v->periodic_last) / period * period;
        send_guest_vcpu_virq(v, VIRQ_TIMER);
    }
    set_timer(&v->periodic_timer, v->periodic_last + period);
}

void vcpu_resume_ticks(struct vcpu *v)
{
    migrate_timer(&v->periodic_timer, v->processor);
    set_timer(&v->periodic_timer,
              v->periodic_last + READ_ONCE(v->periodic_period));
}

static void poll_timed_out(void *data)
{
    struct vcpu *v = data;

    if (READ_ONCE(v->poll_evtchn))
        vcpu_unblock(v);
}

struct vcpu *vcpu_create(struct domain *d, uint32_t vcpu_id)
{
    struct vcpu *v = xzalloc(struct vcpu);

    if (!v)
        return NULL;
    v->domain = d;
    v->vcpu_id = vcpu_id;
    v->vcpu_info_mfn = INVALID_MFN;
    v->vcpu_info = &dummy_vcpu_info;
    v->runstate.state = RUNSTATE_offline;
    v->runstate.state_entry_time = get_s_time();
    if (d == idle_domain) {
        v->processor = vcpu_id;
        v->runstate.state = RUNSTATE_running;
        v->is_initialised = true;
    } else {
        set_bit(VPF_DOWN, &v->pause_flags);
        if (vcpu_id < XEN_LEGACY_MAX_VCPUS && d->shared_info) {
            v->vcpu_info = &d->shared_info->vcpu_info[vcpu_id];
            /* A kernel starts with events off, before it sees this page. */
            v->vcpu_info->evtchn_upcall_mask = 1;
        }
    }
    sched_vcpu_init(v);
    init_timer(&v->singleshot_timer, singleshot_fired, v, v->processor);
    init_timer(&v->periodic_timer, periodic_fired, v, v->processor);
    init_timer(&v->poll_timer, poll_timed_out, v, v->processor);
    if (arch_vcpu_create(v)) {
        xfree(v);
        return NULL;
    }
    atomic_store(&d->vcpu[vcpu_id], v);
    return v;
}

/* --- blocking ------------------------------------------------------------- */

void vcpu_block(void)
{
    struct vcpu *v = current;

    set_bit(VPF_BLOCKED, &v->pause_flags);
    smp_mb(); /* flag before the look: pairs with vcpu_unblock()'s caller */
    if (local_events_need_delivery(v))
        clear_bit(VPF_BLOCKED, &v->pause_flags);
    else
        raise_softirq(SCHEDULE_SOFTIRQ);
}

/* Whatever woke the vcpu, its poll has ended. The mark goes first: the CPU that
 * takes the mark is about to end the block, also if by then it is that of a
 * newer poll. */
void vcpu_unblock(struct vcpu *v)
{
    if (READ_ONCE(v->poll_evtchn) && atomic_xchg(&v->poll_evtchn, 0))
        atomic_dec(&v->domain->nr_polling);
    if (test_and_clear_bit(VPF_BLOCKED, &v->pause_flags))
        vcpu_wake(v);
}

/* --- the registered vcpu_info --------------------------------------------- */

int map_vcpu_info(struct vcpu *v, uint64_t gfn, uint32_t offset)
{
    struct domain *d = v->domain;
    struct vcpu_info *info;
    struct page_info *pg;

    ASSERT_HELD(&d->lock);
    if (offset > PAGE_SIZE - sizeof(struct vcpu_info) ||
        offset % __alignof__(struct vcpu_info))
        return -ENXIO;
    if (!mfn_eq(v->vcpu_info_mfn, INVALID_MFN))
        return -EINVAL;
    if (v != current && !test_bit(VPF_DOWN, &v->pause_flags))
        return -EINVAL;
    pg = get_page_from_mfn(_mfn(gfn), d);
    if (!pg)
        return -EINVAL;
    if (get_page_type(pg, PGT_writable)) {
        put_page(pg);
        return -EINVAL;
    }
    info = page_to_virt(pg) + offset;
    if (v->vcpu_info == &dummy_vcpu_info) {
        memset(info, 0, sizeof(*info));
        info->evtchn_upcall_mask = 1;
    } else {
        memcpy(info, v->vcpu_info, sizeof(*info));
    }
    smp_wmb(); /* contents before an event is delivered through it */
    v->vcpu_info_mfn = page_to_mfn(pg);
    atomic_store(&v->vcpu_info, info);
    /* Events may have been marked in the old place meanwhile: look again. */
    evtchn_recheck(v);
    return 0;
}

void unmap_vcpu_info(struct vcpu *v)
{
    mfn_t mfn = v->vcpu_info_mfn;

    if (mfn_eq(mfn, INVALID_MFN))
        return;
    /* Nothing may write there once the references are gone. */
    atomic_store(&v->vcpu_info, &dummy_vcpu_info);
    v->vcpu_info_mfn = INVALID_MFN;
    log_dirty_frame(mfn);
    put_page_and_type(mfn_to_page(mfn));
}

/* --- vcpu_op -------------------------------------------------------------- */

static long vcpu_op_initialise(struct vcpu *v, uint64_t arg)
{
    struct domain *d = v->domain;
    struct vcpu_guest_context *c;
    long rc;

    if (v->vcpu_info == &dummy_vcpu_info)
        return -EINVAL;
    c = alloc_xenheap_pages(1, MEMF_no_scrub); /* 5 KiB: not on the stack */
    if (!c)
        return -ENOMEM;
    if (copy_object_from_guest(c, arg)) {
        rc = -EFAULT;
    } else {
        spin_lock(&d->lock);
        rc = v->is_initialised ? -EEXIST : arch_set_info_guest(v, c);
        spin_unlock(&d->lock);
    }
    free_xenheap_pages(c, 1);
    return rc;
}

static long vcpu_op_up(struct vcpu *v)
{
    struct domain *d = v->domain;
    bool wake = false;
    long rc = 0;

    spin_lock(&d->lock);
    if (!v->is_initialised)
        rc = -EINVAL;
    else
        wake = test_and_clear_bit(VPF_DOWN, &v->pause_flags);
    spin_unlock(&d->lock);
    if (wake)
        vcpu_wake(v);
    return rc;
}

static long vcpu_op_down(struct vcpu *v)
{
    struct domain *d = v->domain;
    struct vcpu *other;
    unsigned int up = 0;

    for_each_vcpu (d, other)
        if (other->is_initialised && !test_bit(VPF_DOWN, &other->pause_flags))
            up++;
    if (!test_bit(VPF_DOWN, &v->pause_flags) && up <= 1) {
        domain_shutdown(d, SHUTDOWN_poweroff); /* the last one leaves */
        return 0;
    }
    if (!test_and_set_bit(VPF_DOWN, &v->pause_flags))
        vcpu_sleep_nosync(v);
    return 0;
}

static long set_periodic(struct vcpu *v, uint64_t arg)
{
    struct vcpu_set_periodic_timer p;

    if (copy_object_from_guest(&p, arg))
        return -EFAULT;
    if (p.period_ns < (uint64_t)MILLISECS(1) ||
        p.period_ns > (uint64_t)STIME_MAX / 2)
        return -EINVAL;
    v->periodic_last = get_s_time();
    WRITE_ONCE(v->periodic_period, p.period_ns);
    sched_start_ticks(v);
    return 0;
}

/* The caller's own, on the CPU that it has: the work is not for others. */
static void arm_singleshot(s_time_t when)
{
    struct vcpu *v = current;

    migrate_timer(&v->singleshot_timer, v->processor);
    set_timer(&v->singleshot_timer, when);
}

static long set_singleshot(uint64_t arg)
{
    struct vcpu_set_singleshot_timer s;

    if (copy_object_from_guest(&s, arg))
        return -EFAULT;
    /* VCPU_SSHOTTMR_future is ignored, as in Xen 4.17: a past time fires. */
    arm_singleshot(s.timeout_abs_ns > STIME_MAX ? STIME_MAX : s.timeout_abs_ns);
    return 0;
}

static long register_runstate(struct vcpu *v, uint64_t arg)
{
    struct vcpu_register_runstate_memory_area area;
    struct vcpu_runstate_info rs;

    if (copy_object_from_guest(&area, arg))
        return -EFAULT;
    if (area.addr.p &&
        !guest_addr_ok(area.addr.p + sizeof(struct vcpu_runstate_info) - 1))
        return -EFAULT;
    vcpu_runstate_get(v, &rs);
    if (area.addr.p && copy_object_to_guest(area.addr.p, &rs))
        return -EFAULT;
    v->runstate_guest = area.addr.p;
    return 0;
}

static long register_info(struct vcpu *v, uint64_t arg)
{
    struct vcpu_register_vcpu_info info;
    long rc;

    if (copy_object_from_guest(&info, arg))
        return -EFAULT;
    spin_lock(&v->domain->lock);
    rc = map_vcpu_info(v, info.mfn, info.offset);
    spin_unlock(&v->domain->lock);
    if (!rc)
        update_vcpu_system_time(v);
    return rc;
}

static long register_time_area(struct vcpu *v, uint64_t arg)
{
    struct vcpu_register_time_memory_area area;

    if (copy_object_from_guest(&area, arg))
        return -EFAULT;
    if (area.addr.p &&
        !guest_addr_ok(area.addr.p + sizeof(struct vcpu_time_info) - 1))
        return -EFAULT;
    v->time_info_guest = area.addr.p;
    forget_time_area(v);
    if (v == current)
        update_vcpu_system_time(v);
    return 0;
}

long do_vcpu_op(unsigned int cmd, unsigned int vcpu_id, uint64_t arg)
{
    struct domain *d = current->domain;
    struct vcpu *v = domain_vcpu(d, vcpu_id);
    struct vcpu_runstate_info rs;
    long rc;

    if (!v)
        return -ENOENT;
    switch (cmd) {
    case VCPUOP_initialise:
        rc = vcpu_op_initialise(v, arg);
        return rc == -ERESTART ? hypercall_again(__HYPERVISOR_vcpu_op) : rc;
    case VCPUOP_up:
        return vcpu_op_up(v);
    case VCPUOP_down:
        return vcpu_op_down(v);
    case VCPUOP_is_up:
        return !test_bit(VPF_DOWN, &v->pause_flags);
    case VCPUOP_get_runstate_info:
        vcpu_runstate_get(v, &rs);
        return copy_object_to_guest(arg, &rs) ? -EFAULT : 0;
    case VCPUOP_register_runstate_memory_area:
        return register_runstate(v, arg);
    case VCPUOP_set_periodic_timer:
        return set_periodic(v, arg);
    case VCPUOP_stop_periodic_timer:
        WRITE_ONCE(v->periodic_period, 0);
        stop_timer(&v->periodic_timer);
        return 0;
    case VCPUOP_set_singleshot_timer:
        return v == current ? set_singleshot(arg) : -EINVAL;
    case VCPUOP_stop_singleshot_timer:
        if (v != current)
            return -EINVAL;
        stop_timer(&v->singleshot_timer);
        return 0;
    case VCPUOP_register_vcpu_info:
        return register_info(v, arg);
    case VCPUOP_register_vcpu_time_memory_area:
        return register_time_area(v, arg);
    case VCPUOP_get_physid:
        return -EINVAL; /* only for a pinned hardware domain */
    case VCPUOP_send_nmi:
        return arch_send_guest_nmi(v);
    default:
        return -ENOSYS;
    }
}

long do_set_timer_op(s_time_t timeout)
{

    if (timeout == 0)
        stop_timer(&current->singleshot_timer);
    else
        arm_singleshot(timeout < 0 ? STIME_MAX : timeout);
    return 0;
}

long do_vm_assist(unsigned int cmd, unsigned int type)
{

    if (cmd > VMASST_CMD_disable)
        return -ENOSYS;
    if (type >= 64 || !(VM_ASSIST_VALID >> type & 1))
        return -EINVAL;
    return arch_vm_assist(current->domain, type, cmd == VMASST_CMD_enable);
}
