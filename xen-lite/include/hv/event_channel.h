/* SPDX-License-Identifier: MIT */
/*
 * Event channels: what the rest of the hypervisor may do with ports.
 * common/event_channel/{core,two_level,fifo}.c; ABI <xen/event_channel.h>.
 */
#ifndef HV_EVENT_CHANNEL_H
#define HV_EVENT_CHANNEL_H

#include <hv/domain.h>
#include <hv/mm.h>
#include <xen/event_channel.h>

int evtchn_init(struct domain *d);
/* Preemptible: closes every port. 0/-ERESTART */
int evtchn_destroy(struct domain *d);
/* Frees at most *left parts, and counts them off; true: nothing is left. */
bool evtchn_destroy_final(struct domain *d, unsigned int *left);

/* A physical interrupt bound to this port fired (irq context). */
void send_guest_pirq(struct domain *d, uint32_t pirq);
int evtchn_unmask(struct domain *d, uint32_t port); /* 0/-EINVAL */
/* Whether the port has an event pending: 1/0, or -EINVAL if it is not open. */
int evtchn_port_poll(struct domain *d, uint32_t port);
/* Give a just-registered vcpu_info a fresh look: mark it pending. */
void evtchn_recheck(struct vcpu *v);
/* Any event that wants delivery: upcall pending and not masked. */
static inline bool local_events_need_delivery(const struct vcpu *v)
{
    return READ_ONCE(v->vcpu_info->evtchn_upcall_pending) &&
           !READ_ONCE(v->vcpu_info->evtchn_upcall_mask);
}
/* Whether it is one for the whole host, not for each vcpu. */
bool virq_is_global(uint32_t virq);
/* d gets a global VIRQ in place of dom0 until it dies. 0 or -EINVAL. The
 * control lock is held. */
int set_virq_handler(struct domain *d, uint32_t virq);
/* As if d itself had sent. 0/-EINVAL */
long evtchn_send(struct domain *d, uint32_t port);
void dump_evtchn_info(struct domain *d);
/* For ASSERT(): whether this CPU holds d's event lock. */
bool evtchn_lock_is_held(const struct domain *d);

/* Calls log_dirty_frame() for the pages of d that the hypervisor writes when
 * events come. */
void evtchn_fifo_log_dirty(struct domain *d);
#ifdef HV_DEBUG
/* For the auditor: these pages, held writable. */
void evtchn_held_frames(const struct domain *d, hold_fn *hold);
#endif

#endif
