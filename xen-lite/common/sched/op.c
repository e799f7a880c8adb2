/* SPDX-License-Identifier: MIT */
/*
 * HYPERVISOR_sched_op: block, yield, poll, shutdown, watchdog.
 */
#include <hv/domain.h>
#include <hv/event_channel.h>
#include <hv/guest_access.h>
#include <hv/hypercall.h>
#include <hv/smp.h>
#include <hv/subop.h>
#include <xen/sched.h>

#define MAX_POLL_PORTS 128

/* Any of the ports pending already? 1, 0 or -errno. */
static long poll_ports(struct domain *d, uint64_t ports, uint32_t nr,
                       uint32_t *first)
{
    for (uint32_t i = 0; i < nr; i++) {
        uint32_t port;
        int rc;

        if (copy_object_from_guest(&port, ports + i * sizeof(port)))
            return -EFAULT;
        rc = evtchn_port_poll(d, port);
        if (rc)
            return rc;
        *first = port;
    }
    return 0;
}

static long do_poll(struct domain *d, void *arg)
{
    const struct sched_poll *poll = arg;
    struct vcpu *v = current;
    uint32_t port = 0;
    long rc;

    if (poll->nr_ports > MAX_POLL_PORTS)
        return -EINVAL;
    /* Sleep first, then look: an event in between finds us on the list. */
    atomic_inc(&d->nr_polling);
    set_bit(VPF_BLOCKED, &v->pause_flags);
    if (atomic_xchg(&v->poll_evtchn, -1)) /* left by the last one */
        atomic_dec(&d->nr_polling);

    rc = local_events_need_delivery(v) || arch_nmi_needs_delivery(v)
             ? 1
             : poll_ports(d, (uint64_t)poll->ports.p, poll->nr_ports, &port);
    if (rc) {
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
static long do_watchdog(struct domain *d, void *arg)
{
    const struct sched_watchdog *w = arg;
    uint32_t id = w->id, timeout = w->timeout;
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

static long remote_shutdown(struct domain *unused, void *arg)
{
    const struct sched_remote_shutdown *r = arg;
    struct domain *d;

    if (!current->domain->is_privileged)
        return -EPERM;
    d = get_domain_by_id(r->domain_id);
    if (!d)
        return -ESRCH;
    domain_shutdown(d, (uint8_t)r->reason);
    put_domain(d);
    return 0;
}

static long do_shutdown(struct domain *d, void *arg)
{
    const struct sched_shutdown *s = arg;
    uint8_t reason = s->reason;

    if (reason == SHUTDOWN_crash)
        domain_crash(d, "its kernel says so");
    return domain_shutdown(d, reason);
}

/* Only the code for a later shutdown; the first one stays. */
static long shutdown_code(struct domain *d, void *arg)
{
    const struct sched_shutdown *s = arg;
    int32_t none = -1;

    atomic_cas(&d->shutdown_code, &none, (int32_t)(uint8_t)s->reason);
    return 0;
}

static long yield(struct domain *d, void *arg)
{
    sched_yield();
    return 0;
}

static long block(struct domain *d, void *arg)
{
    WRITE_ONCE(current->vcpu_info->evtchn_upcall_mask, 0);
    vcpu_block();
    return 0;
}

static const struct subop sched_table[] = {
    [SCHEDOP_yield] = {.fn = yield},
    [SCHEDOP_block] = {.fn = block},
    [SCHEDOP_shutdown] = {.fn = do_shutdown, SUBOP_IN(struct sched_shutdown)},
    [SCHEDOP_poll] = {.fn = do_poll, SUBOP_IN(struct sched_poll)},
    [SCHEDOP_remote_shutdown] = {.fn = remote_shutdown,
                                 SUBOP_IN(struct sched_remote_shutdown)},
    [SCHEDOP_shutdown_code] = {.fn = shutdown_code,
                               SUBOP_IN(struct sched_shutdown)},
    [SCHEDOP_watchdog] = {.fn = do_watchdog, SUBOP_IN(struct sched_watchdog)},
    [SCHEDOP_pin_override] = {.rc = -ENOSYS, .flags = SUBOP_DOM0},
};

static const struct subop_family sched_ops = {
    .call = __HYPERVISOR_sched_op,
    .rows = {{sched_table, ARRAY_SIZE(sched_table)}},
    .otherwise = {.rc = -ENOSYS},
};

long do_sched_op(unsigned int cmd, uint64_t arg)
{
    return subop_call(&sched_ops, cmd, arg);
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
