/* SPDX-License-Identifier: MIT */
/*
 * The 2-level ABI: a bit per port in shared_info (pending, mask) and a
 * selector word per vcpu that says which words to look at. 4096 ports.
 */
#include "event_channel.h"

#define NR_2L_PORTS 4096

static void mark(struct vcpu *v, uint32_t port)
{
    struct shared_info *s = v->domain->shared_info;

    if (!test_bit(port, s->evtchn_mask) &&
        !test_and_set_bit(port / BITS_PER_LONG,
                          &v->vcpu_info->evtchn_pending_sel))
        vcpu_mark_events_pending(v);
}

static void two_level_set_pending(struct vcpu *v, struct evtchn *chn)
{
    struct domain *d = v->domain;

    ASSERT_HELD(&d->evtchn->pending_lock);
    if (test_and_set_bit(chn->port, d->shared_info->evtchn_pending))
        return;
    mark(v, chn->port);
    evtchn_check_pollers(d, chn->port, chn->port);
}

static void two_level_clear_pending(struct domain *d, struct evtchn *chn)
{
    ASSERT_HELD(&d->evtchn->pending_lock);
    clear_bit(chn->port, d->shared_info->evtchn_pending);
}

static void two_level_unmask(struct domain *d, struct evtchn *chn)
{
    ASSERT_HELD(&d->evtchn->pending_lock);
    clear_bit(chn->port, d->shared_info->evtchn_mask);
    if (test_bit(chn->port, d->shared_info->evtchn_pending))
        mark(d->vcpu[chn->notify_vcpu], chn->port);
}

static bool two_level_is_pending(const struct domain *d,
                                 const struct evtchn *chn)
{
    ASSERT_HELD(&d->evtchn->pending_lock);
    return test_bit(chn->port, d->shared_info->evtchn_pending);
}

static bool two_level_is_masked(const struct domain *d,
                                const struct evtchn *chn)
{
    ASSERT_HELD(&d->evtchn->pending_lock);
    return test_bit(chn->port, d->shared_info->evtchn_mask);
}

const struct evtchn_ops evtchn_2l_ops = {
    .set_pending = two_level_set_pending,
    .clear_pending = two_level_clear_pending,
    .unmask = two_level_unmask,
    .is_pending = two_level_is_pending,
    .is_masked = two_level_is_masked,
    .max_ports = NR_2L_PORTS,
};
