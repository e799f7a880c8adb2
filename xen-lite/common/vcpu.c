/* SPDX-License-Identifier: MIT */
/* Virtual CPUs: creation, blocking, the registered vcpu_info page. */
#include <hv/domain.h>
#include <hv/domctl.h>
#include <hv/event_channel.h>
#include <hv/guest_access.h>
#include <hv/mm.h>
#include <xen/vcpu.h>

/* Stands in for vcpu_info where a guest has none (vcpu >= 32, unregistered):
 * masked, so nothing is ever delivered through it. */
struct vcpu_info dummy_vcpu_info = {.evtchn_upcall_mask = 1};

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

    ASSERT(d == idle_domain || d->is_privileged || lock_is_held(&domctl_lock));
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
    if (local_events_need_delivery(v) || arch_nmi_needs_delivery(v))
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

static void move_vcpu_info(struct vcpu *v, struct vcpu_info *to)
{
    unsigned long flags = clock_records_lock();

    atomic_store(&v->vcpu_info, to);
    clock_records_unlock(flags);
}

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
    pg = get_writable_page(_mfn(gfn), d);
    if (!pg)
        return -EINVAL;
    info = page_to_virt(pg) + offset;
    if (v->vcpu_info == &dummy_vcpu_info) {
        memset(info, 0, sizeof(*info));
        info->evtchn_upcall_mask = 1;
    } else {
        memcpy(info, v->vcpu_info, sizeof(*info));
        /* The copy may be of the middle of a change: the caller writes it. */
        memset(&info->time, 0, sizeof(info->time));
    }
    smp_wmb(); /* contents before an event is delivered through it */
    v->vcpu_info_mfn = page_to_mfn(pg);
    move_vcpu_info(v, info);
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
    move_vcpu_info(v, &dummy_vcpu_info);
    v->vcpu_info_mfn = INVALID_MFN;
    log_dirty_frame(mfn);
    put_page_and_type(mfn_to_page(mfn));
}
