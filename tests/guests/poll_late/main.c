/* SPDX-License-Identifier: MIT */
/* SCHEDOP_poll in the FIFO layout: an event that comes before the page of its
 * word wakes the vcpu that polls when the page is there. run: smp=2 timeout=60
 */
#include <pv/pv.h>

static evtchn_port_t port;
static volatile bool woke;

static void second(void)
{
    struct sched_poll poll = {.nr_ports = 1};

    set_xen_guest_handle(poll.ports, &port);
    HC2(sched_op, SCHEDOP_poll, &poll);
    woke = true;
    HC3(vcpu_op, VCPUOP_down, 1, 0);
}

static bool comes(bool (*what)(void))
{
    uint64_t end = system_time() + 5000000000UL;

    while (!what() && system_time() < end)
        HC2(sched_op, SCHEDOP_yield, 0);
    return what();
}

static bool polls(void)
{
    struct vcpu_runstate_info rs = {.state = RUNSTATE_running};

    HC3(vcpu_op, VCPUOP_get_runstate_info, 1, &rs);
    return rs.state == RUNSTATE_blocked;
}

static bool is_awake(void)
{
    return woke;
}

int main(void)
{
    struct evtchn_expand_array ex = {.array_gfn = virt_to_mfn(alloc_page())};
    struct evtchn_init_control ic = {.vcpu = 0};

    port = event_new_ipi(0);
    ic.control_gfn = virt_to_mfn(alloc_page());
    is(evtchn_op(EVTCHNOP_init_control, &ic), 0, "a control block is set");
    is(start_vcpu(1, second), 0, "a second vcpu starts");
    ok(comes(polls), "it polls a port");
    event_send(port);
    is(evtchn_op(EVTCHNOP_expand_array, &ex), 0, "a page of words is set");
    ok(comes(is_awake), "the vcpu wakes by what came before");
    return 0;
}
