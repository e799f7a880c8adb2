/* SPDX-License-Identifier: MIT */
/*
 * Any two operations on the ports of two domains at once, the end of either
 * domain among them, in every order of their steps (interleave.h).
 *
 *   interleave_events [WORD]     pairs of which a name, or the state, has it
 *
 * After each schedule: two ends of a pair name each other, what is counted of
 * ports is right, and an event that a guest can see has been announced.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "interleave_pairs.h"
#include <hv/console.h>
#include <hv/domctl.h>
#include <asm/irq.h>
#include "../../xen-lite/common/event_channel/event_channel.h"

/* The port of one domain that is bound to that of the other one: the first. */
#define PORT 1

static struct domain *ends[WORLD_DOMAINS]; /* they stay when they are gone */

/* --- what the rest of the hypervisor would do ----------------------------- */

spinlock_t domctl_lock;

void vcpu_unblock(struct vcpu *v)
{
}

void vcpu_kick(struct vcpu *v)
{
}

int pirq_guest_bind(struct vcpu *v, uint32_t pirq, bool will_share)
{
    return -EINVAL;
}

void pirq_guest_unbind(struct domain *d, uint32_t pirq)
{
}

void pirq_guest_set_affinity(struct domain *d, uint32_t pirq, struct vcpu *v)
{
}

void gprintk(struct domain *d, const char *fmt, ...)
{
}

bool dump_goes_on(void)
{
    return false;
}

/* --- operations ----------------------------------------------------------- */

static domid_t me(void)
{
    return current->domain->id;
}

static domid_t other(void)
{
    return 3 - me();
}

static void offer(void)
{
    struct evtchn_alloc_unbound op = {.dom = DOMID_SELF, .remote_dom = other()};

    do_event_channel_op(EVTCHNOP_alloc_unbound, (uint64_t)&op);
}

static void bind(void)
{
    struct evtchn_bind_interdomain op = {.remote_dom = other(),
                                         .remote_port = PORT};

    do_event_channel_op(EVTCHNOP_bind_interdomain, (uint64_t)&op);
}

static void bind_ipi(void)
{
    struct evtchn_bind_ipi op = {.vcpu = 1};

    do_event_channel_op(EVTCHNOP_bind_ipi, (uint64_t)&op);
}

static void send(void)
{
    struct evtchn_send op = {.port = PORT};

    do_event_channel_op(EVTCHNOP_send, (uint64_t)&op);
}

static void unmask(void)
{
    struct evtchn_unmask op = {.port = PORT};

    do_event_channel_op(EVTCHNOP_unmask, (uint64_t)&op);
}

static void move(void)
{
    struct evtchn_bind_vcpu op = {.port = PORT, .vcpu = 1};

    do_event_channel_op(EVTCHNOP_bind_vcpu, (uint64_t)&op);
}

static void close_port(void)
{
    struct evtchn_close op = {.port = PORT};

    do_event_channel_op(EVTCHNOP_close, (uint64_t)&op);
}

static void reset(void)
{
    while (evtchn_close_all(current->domain))
        interleave_yield();
}

static void status(void)
{
    struct evtchn_status op = {.dom = DOMID_SELF, .port = PORT};

    do_event_channel_op(EVTCHNOP_status, (uint64_t)&op);
}

/* What the guest does when it is told: the word of the first 64 ports. */
static void handle(void)
{
    struct shared_info *s = ends[1]->shared_info;
    struct vcpu_info *info = &s->vcpu_info[0];
    unsigned long *pending = &s->evtchn_pending[0], mask, selected;

    will_write(&info->evtchn_upcall_pending, 1);
    info->evtchn_upcall_pending = 0;
    will_write(&info->evtchn_pending_sel, sizeof(selected));
    selected = info->evtchn_pending_sel;
    info->evtchn_pending_sel = 0;
    if (!(selected & 1))
        return;
    will_read(&s->evtchn_mask[0], sizeof(mask));
    mask = s->evtchn_mask[0];
    will_write(pending, sizeof(*pending));
    *pending &= mask;
}

static void offer_for_1(void)
{
    struct evtchn_alloc_unbound op = {.dom = 1, .remote_dom = 2};

    do_event_channel_op(EVTCHNOP_alloc_unbound, (uint64_t)&op);
}

static void destroy(domid_t id)
{
    struct domain *d = world_domain[id];

    will_write(&d->is_dying, sizeof(d->is_dying));
    d->is_dying = DOMDYING_dying;
    while (evtchn_destroy(d))
        interleave_yield();
}

static void destroy_1(void)
{
    destroy(1);
}

static void destroy_2(void)
{
    destroy(2);
}

static const struct transition transitions[] = {
    {"offer_1", offer, 1, 0},       {"bind_1", bind, 1, 0},
    {"bind_ipi_1", bind_ipi, 1, 0}, {"send_1", send, 1, 0},
    {"unmask_1", unmask, 1, 0},     {"move_1", move, 1, 0},
    {"close_1", close_port, 1, 0},  {"reset_1", reset, 1, 0},
    {"status_1", status, 1, 0},     {"handle_1", handle, 1, 0},
    {"offer_2", offer, 2, 0},       {"bind_2", bind, 2, 0},
    {"send_2", send, 2, 0},         {"close_2", close_port, 2, 0},
    {"reset_2", reset, 2, 0},       {"offer_for_1", offer_for_1, 0, 0},
    {"destroy_1", destroy_1, 0, 1}, {"destroy_2", destroy_2, 0, 2},
};

/* --- states --------------------------------------------------------------- */

static void bound(void)
{
    struct vcpu *v = current;

    offer();
    world_run(0, ends[2]->vcpu[0]);
    bind();
    world_run(0, v);
    assert_int_equal(evtchn_record(ends[2], PORT)->state, ECS_INTERDOMAIN);
}

/* A guest masks ports by itself. */
static void masked(void)
{
    unsigned long *mask = &ends[1]->shared_info->evtchn_mask[0];

    bound();
    handle();
    interleave_save(mask, sizeof(*mask));
    *mask |= 1ul << PORT;
}

static void own_ipi(void)
{
    bind_ipi();
}

static const struct state states[] = {
    {"offered", offer, false},
    {"bound", bound, false},
    {"masked", masked, false},
    {"own_ipi", own_ipi, false},
};

/* --- what must be true ---------------------------------------------------- */

static bool says(bool good, const char *what, const struct domain *d,
                 uint32_t port)
{
    if (!good)
        print_message("# domain %u, port %u: %s\n", d->id, port, what);
    return good;
}

static bool is_paired(const struct domain *d, const struct evtchn *chn)
{
    const struct domain *rd = chn->u.interdomain.remote_dom;
    const struct evtchn *rchn;

    if (chn->state != ECS_INTERDOMAIN)
        return true;
    rchn = evtchn_record(rd, chn->u.interdomain.remote_port);
    return rchn && rchn->state == ECS_INTERDOMAIN &&
           rchn->u.interdomain.remote_dom == d &&
           rchn->u.interdomain.remote_port == chn->port;
}

static bool is_told(const struct vcpu *v)
{
    return v->vcpu_info->evtchn_upcall_pending &&
           (v->vcpu_info->evtchn_pending_sel & 1);
}

static bool is_announced(struct domain *d, const struct evtchn *chn)
{
    const struct shared_info *s = d->shared_info;

    if (chn->state == ECS_FREE || !(s->evtchn_pending[0] >> chn->port & 1) ||
        (s->evtchn_mask[0] >> chn->port & 1))
        return true;
    /* On the vcpu where it was, if it has moved. */
    return is_told(d->vcpu[chn->notify_vcpu]) || is_told(d->vcpu[0]);
}

static bool right_in(struct domain *d)
{
    const struct evtchn_domain *ed = d->evtchn;
    uint32_t open = 0, first_free = ed->nr_ports;

    for (uint32_t port = 1; port < ed->nr_ports; port++) {
        const struct evtchn *chn = evtchn_record(d, port);

        open += chn->state != ECS_FREE;
        if (chn->state == ECS_FREE && port < first_free)
            first_free = port;
        if (!says(is_paired(d, chn), "the other end is another's", d, port) ||
            !says(is_announced(d, chn), "an event is not announced", d, port))
            return false;
    }
    return says(open == ed->nr_open, "open ports are miscounted", d, open) &&
           says(ed->next_free <= first_free, "a free port is not found", d,
                first_free) &&
           says(!d->is_dying || !open, "a dead domain has ports", d, open);
}

static bool right(void)
{
    return right_in(ends[1]) && right_in(ends[2]);
}

static const struct pairs pairs = {
    .states = states,
    .nr_states = ARRAY_SIZE(states),
    .transitions = transitions,
    .nr_transitions = ARRAY_SIZE(transitions),
    .right = right,
    .third = 1,
};

static void begin(void)
{
    pairs_begin(WORLD_DOMAINS);
    for (domid_t id = 1; id < WORLD_DOMAINS; id++) {
        struct domain *d = ends[id] = world_domain[id];

        d->max_evtchn_port = 200;
        d->shared_info = alloc_xenheap_page(); /* all of it is steps */
        for (unsigned int i = 0; i < WORLD_VCPUS; i++)
            d->vcpu[i]->vcpu_info = &d->shared_info->vcpu_info[i];
        assert_int_equal(evtchn_init(d), 0);
    }
}

static void no_order_of_two_operations_breaks_a_port(void **state)
{
    begin();
    assert_int_equal(pairs_run(&pairs), 0);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_order_of_two_operations_breaks_a_port),
    };

    return pairs_main(argc, argv, tests, ARRAY_SIZE(tests), NULL);
}
