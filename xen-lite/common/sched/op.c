/* SPDX-License-Identifier: MIT */
/*
 * HYPERVISOR_sched_op: block, yield, poll, shutdown, watchdog.
 */
#include <hv/domain.h>
#include <hv/event_channel.h>
#include <hv/guest_access.h>
#include <hv/hypercall.h>
#include <hv/smp.h>
#include <xen/sched.h>

#define MAX_POLL_PORTS 128

/* Any of the ports pending already? 1, 0 or -errno. */
static long poll_ports(struct domain *d, uint64_t ports, uint32_t nr,
                       uint32_t *first)
{
    for (uint32_t i = 0; i < nr; i++) {
        uint32_t port;

        if (!guest_index_ok(ports, i + 1, sizeof(port)) ||
            copy_object_from_guest(&port, ports + i * sizeof(port)))
            return -EFAULT;
        if (port > d->max_evtchn_port)
            return -EINVAL;
        if (evtchn_port_is_pending(d, port))
            return 1;
        *first = port;
    }
    return 0;
}

static long do_poll(struct sched_poll *poll)
{
    struct vcpu *v = current;
    struct domain *d = v->domain;
    uint32_t port = 0;
    long rc;

    if (poll->nr_ports > MAX_POLL_PORTS)
        return -EINVAL;
    /* Sleep first, then look: an event in between finds us on the list. */
    atomic_inc(&d->nr_polling);
    set_bit(VPF_BLOCKED, &v->pause_flags);
    if (atomic_xchg(&v->poll_evtchn, -1)) /* left by the last one */
        atomic_dec(&d->nr_polling);

    rc = local_events_need_delivery(v)
             ? 1
             : poll_ports(d, (uint64_t)poll->ports.p, poll->nr_ports, &port);
    if (rc || READ_ONCE(v->poll_evtchn) == 0) {
        vcpu_unblock(v);
        return MIN(rc, 0);
    }
    if (poll->nr_ports == 1) {
        int32_t old = -1;

        atomic_cas(&v->poll_evtchn, &old, (int32_t)port);
    }
    if (poll->timeout) {
        migrate_timer(&v->poll_timer, v->processor);
        set_timer(&v->poll_timer,
                  poll->timeout > STIME_MAX ? STIME_MAX : poll->timeout);
    }
    raise_softirq(SCHEDULE_SOFTIRQ);
    return 0;
}

/* id 0 asks for a free watchdog; timeout 0 gives the watchdog back. */
static long do_watchdog(uint32_t id, uint32_t timeout)
{
    struct domain *d = current->domain;
    long rc = 0;

    if (id > 2 || (!id && !timeout))
        return id ? -EINVAL : 0;
    spin_lock(&d->lock);
    if (!id) {
        while (id < 2 && (d->watchdog_inuse >> id & 1))
            id++;
        if (id == 2) {
            rc = -ENOSPC;
            goto out;
        }
        d->watchdog_inuse |= 1u << id;
        rc = ++id;
    } else if (!(d->watchdog_inuse >> (id - 1) & 1)) {
        rc = -EINVAL;
        goto out;
    }
    if (timeout) {
        set_timer(&d->watchdog_timer[id - 1], get_s_time() + SECONDS(timeout));
    } else {
        d->watchdog_inuse &= ~(1u << (id - 1));
        stop_timer(&d->watchdog_timer[id - 1]);
    }
out:
    spin_unlock(&d->lock);
    return rc;
}

static long remote_shutdown(uint64_t arg)
{
    struct sched_remote_shutdown r;
    struct domain *d;

    if (copy_object_from_guest(&r, arg))
        return -EFAULT;
    if (!current->domain->is_privileged)
        return -EPERM;
    d = get_domain_by_id(r.domain_id);
    if (!d)
        return -ESRCH;
    domain_shutdown(d, (uint8_t)r.reason);
    put_domain(d);
    return 0;
}

static long do_shutdown(uint64_t arg, bool now)
{
    struct sched_shutdown s;
    struct domain *d = current->domain;

    if (copy_object_from_guest(&s, arg))
        return -EFAULT;
    if (s.reason > SHUTDOWN_MAX)
        return -EINVAL;
    if (!now) { /* only the code for a later shutdown */
        if (d->is_shutting_down)
            return -EINVAL;
        d->shutdown_code = s.reason;
        return 0;
    }
    if (s.reason == SHUTDOWN_crash) {
        printk(XENLOG_WARNING "d%d reports that it crashed\n", d->id);
        arch_dump_vcpu(current);
    }
    return domain_shutdown(d, s.reason);
}

long do_sched_op(unsigned int cmd, uint64_t arg)
{
    switch (cmd) {
    case SCHEDOP_yield:
        sched_yield();
        return 0;
    case SCHEDOP_block:
        WRITE_ONCE(current->vcpu_info->evtchn_upcall_mask, 0);
        vcpu_block();
        return 0;
    case SCHEDOP_shutdown:
        return do_shutdown(arg, true);
    case SCHEDOP_shutdown_code:
        return do_shutdown(arg, false);
    case SCHEDOP_poll: {
        struct sched_poll poll;

        if (copy_object_from_guest(&poll, arg))
            return -EFAULT;
        return do_poll(&poll);
    }
    case SCHEDOP_remote_shutdown:
        return remote_shutdown(arg);
    case SCHEDOP_watchdog: {
        struct sched_watchdog w;

        if (copy_object_from_guest(&w, arg))
            return -EFAULT;
        return do_watchdog(w.id, w.timeout);
    }
    case SCHEDOP_pin_override:
        if (!is_hardware_domain(current->domain))
            return -EPERM;
        return -ENOSYS;
    default:
        return -ENOSYS;
    }
}

/* The form of before 3.2: the reason comes in the register. */
long do_sched_op_compat(unsigned int cmd, unsigned long arg)
{
    switch (cmd) {
    case SCHEDOP_yield:
    case SCHEDOP_block:
        return do_sched_op(cmd, arg);
    case SCHEDOP_shutdown:
        return domain_shutdown(current->domain, (uint8_t)arg);
    default:
        return -ENOSYS;
    }
}
