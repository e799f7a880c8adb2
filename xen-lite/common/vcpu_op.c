/* SPDX-License-Identifier: MIT */
/* HYPERVISOR_vcpu_op, and what else a guest sets for its vcpus or itself. */
#include <hv/event_channel.h>
#include <hv/guest_access.h>
#include <hv/hypercall.h>
#include <hv/mm.h>
#include <hv/subop.h>
#include <asm/uaccess.h>
#include <xen/vcpu.h>

static long initialise(struct vcpu *v, void *arg)
{
    uint64_t context = *(uint64_t *)arg;
    struct domain *d = v->domain;
    struct vcpu_guest_context *c;
    long rc;

    if (v->vcpu_info == &dummy_vcpu_info)
        return -EINVAL;
    c = alloc_xenheap_pages(1, MEMF_no_scrub); /* 5 KiB: not on the stack */
    if (!c)
        return -ENOMEM;
    if (copy_object_from_guest(c, context)) {
        rc = -EFAULT;
    } else {
        spin_lock(&d->lock);
        rc = v->is_initialised ? -EEXIST : arch_set_info_guest(v, c);
        spin_unlock(&d->lock);
    }
    free_xenheap_pages(c, 1);
    return rc;
}

static long up(struct vcpu *v, void *arg)
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

/* Of two that go down at the same time one is the last. */
static bool is_last_up(const struct vcpu *v)
{
    const struct vcpu *other;

    ASSERT_HELD(&v->domain->lock);
    for_each_vcpu (v->domain, other)
        if (other != v && other->is_initialised &&
            !test_bit(VPF_DOWN, &other->pause_flags))
            return false;
    return !test_bit(VPF_DOWN, &v->pause_flags);
}

static long down(struct vcpu *v, void *arg)
{
    struct domain *d = v->domain;
    bool last, sleeps;

    spin_lock(&d->lock);
    last = is_last_up(v);
    sleeps = !last && !test_and_set_bit(VPF_DOWN, &v->pause_flags);
    spin_unlock(&d->lock);
    if (last)
        domain_shutdown(d, SHUTDOWN_poweroff);
    if (sleeps)
        vcpu_sleep_nosync(v);
    return 0;
}

static long set_periodic(struct vcpu *v, void *arg)
{
    const struct vcpu_set_periodic_timer *p = arg;

    if (p->period_ns < (uint64_t)MILLISECS(1) ||
        p->period_ns > (uint64_t)STIME_MAX / 2)
        return -EINVAL;
    v->periodic_last = get_s_time();
    WRITE_ONCE(v->periodic_period, p->period_ns);
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

static long set_singleshot(struct vcpu *v, void *arg)
{
    struct vcpu_set_singleshot_timer s;

    if (v != current)
        return -EINVAL;
    if (copy_object_from_guest(&s, *(uint64_t *)arg))
        return -EFAULT;
    /* VCPU_SSHOTTMR_future is ignored, as in Xen 4.17: a past time fires. */
    arm_singleshot(s.timeout_abs_ns);
    return 0;
}

static long stop_singleshot(struct vcpu *v, void *arg)
{
    if (v != current)
        return -EINVAL;
    stop_timer(&v->singleshot_timer);
    return 0;
}

static long stop_periodic(struct vcpu *v, void *arg)
{
    WRITE_ONCE(v->periodic_period, 0);
    stop_timer(&v->periodic_timer);
    return 0;
}

static long is_up(struct vcpu *v, void *arg)
{
    return !test_bit(VPF_DOWN, &v->pause_flags);
}

static long get_runstate(struct vcpu *v, void *arg)
{
    vcpu_runstate_get(v, arg);
    return 0;
}

static long send_nmi(struct vcpu *v, void *arg)
{
    return *(uint64_t *)arg ? -EINVAL : arch_send_guest_nmi(v);
}

/* An area may be registered before anything is mapped there; address 0 ends it.
 */
static bool may_be_area(uint64_t addr, uint64_t size)
{
    return !addr || (is_canonical(addr) && guest_range_ok(addr, size));
}

static long register_runstate(struct vcpu *v, void *arg)
{
    const struct vcpu_register_runstate_memory_area *area = arg;
    struct vcpu_runstate_info rs;

    if (!may_be_area(area->addr.p, sizeof(rs)))
        return -EFAULT;
    vcpu_runstate_get(v, &rs);
    if (area->addr.p)
        (void)copy_object_to_guest(area->addr.p, &rs);
    v->runstate_guest = area->addr.p;
    return 0;
}

static long register_info(struct vcpu *v, void *arg)
{
    const struct vcpu_register_vcpu_info *info = arg;
    long rc;

    spin_lock(&v->domain->lock);
    rc = map_vcpu_info(v, info->mfn, info->offset);
    spin_unlock(&v->domain->lock);
    if (!rc)
        update_vcpu_system_time(v);
    return rc;
}

static long register_time_area(struct vcpu *v, void *arg)
{
    const struct vcpu_register_time_memory_area *area = arg;

    if (!may_be_area(area->addr.p, sizeof(struct vcpu_time_info)))
        return -EFAULT;
    set_time_area(v, area->addr.p);
    return 0;
}

static const struct subop vcpu_table[] = {
    [VCPUOP_initialise] = {.vcpu_fn = initialise},
    [VCPUOP_up] = {.vcpu_fn = up},
    [VCPUOP_down] = {.vcpu_fn = down},
    [VCPUOP_is_up] = {.vcpu_fn = is_up},
    [VCPUOP_get_runstate_info] = {.vcpu_fn = get_runstate,
                                  .out = sizeof(struct vcpu_runstate_info)},
    [VCPUOP_register_runstate_memory_area] =
        {.vcpu_fn = register_runstate,
         SUBOP_IN(struct vcpu_register_runstate_memory_area)},
    [VCPUOP_set_periodic_timer] = {.vcpu_fn = set_periodic,
                                   SUBOP_IN(struct vcpu_set_periodic_timer)},
    [VCPUOP_stop_periodic_timer] = {.vcpu_fn = stop_periodic},
    [VCPUOP_set_singleshot_timer] = {.vcpu_fn = set_singleshot},
    [VCPUOP_stop_singleshot_timer] = {.vcpu_fn = stop_singleshot},
    [VCPUOP_register_vcpu_info] = {.vcpu_fn = register_info,
                                   SUBOP_IN(struct vcpu_register_vcpu_info)},
    [VCPUOP_register_vcpu_time_memory_area] =
        {.vcpu_fn = register_time_area,
         SUBOP_IN(struct vcpu_register_time_memory_area)},
    [VCPUOP_get_physid] = {.rc = -EINVAL}, /* only for a pinned dom0 */
    [VCPUOP_send_nmi] = {.vcpu_fn = send_nmi},
};

static const struct subop_family vcpu_ops = {
    .call = __HYPERVISOR_vcpu_op,
    .rows = {{vcpu_table, ARRAY_SIZE(vcpu_table)}},
    .otherwise = {.rc = -ENOSYS},
};

long do_vcpu_op(unsigned int cmd, unsigned int vcpu_id, uint64_t arg)
{
    struct vcpu *v = domain_vcpu(current->domain, vcpu_id);

    return v ? subop_call_vcpu(&vcpu_ops, cmd, v, arg) : -ENOENT;
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
