/* SPDX-License-Identifier: MIT */
/* HYPERVISOR_sched_op: block until an event, yield, poll, bad arguments. */
#include <pv/pv.h>

static volatile unsigned int ticks;
static void tick(uint32_t port)
{
    ticks++;
}

int main(void)
{
    static evtchn_port_t many[200];
    struct evtchn_bind_virq virq = {.virq = VIRQ_TIMER};
    struct vcpu_set_singleshot_timer t = {0};
    struct sched_poll poll = {.nr_ports = 200};
    struct vcpu_runstate_info rs;
    evtchn_port_t p;
    uint64_t t0, b0;

    evtchn_op(EVTCHNOP_bind_virq, &virq);
    HC3(vcpu_op, VCPUOP_stop_periodic_timer, 0, 0);
    event_clear(virq.port);
    bind_handler(virq.port, tick);
    HC3(vcpu_op, VCPUOP_get_runstate_info, 0, &rs);
    b0 = rs.time[RUNSTATE_blocked];
    t0 = system_time();
    t.timeout_abs_ns = t0 + 100000000;
    HC3(vcpu_op, VCPUOP_set_singleshot_timer, 0, &t);
    is(HC2(sched_op, SCHEDOP_block, 0), 0, "SCHEDOP_block returns 0");
    events_disable();
    ok(ticks == 1, "SCHEDOP_block ends when the timer's event is delivered");
    ok(system_time() >= t0 + 100000000,
       "SCHEDOP_block does not end before the timer");
    HC3(vcpu_op, VCPUOP_get_runstate_info, 0, &rs);
    ok(rs.time[RUNSTATE_blocked] - b0 > 15000000,
       "the time of SCHEDOP_block counts as blocked");
    diag("blocked %lu ns, running %lu, runnable %lu", rs.time[2] - b0,
         rs.time[0], rs.time[1]);
    is(rs.state, RUNSTATE_running, "the vcpu is running after SCHEDOP_block");
    is(HC2(sched_op, SCHEDOP_yield, 0), 0, "SCHEDOP_yield returns 0");

    for (unsigned int i = 0; i < 200; i++)
        many[i] = virq.port;
    set_xen_guest_handle(poll.ports, many);
    is(HC2(sched_op, SCHEDOP_poll, &poll), -EINVAL,
       "SCHEDOP_poll of 200 ports is -EINVAL");
    p = virq.port;
    set_xen_guest_handle(poll.ports, &p);
    poll.nr_ports = 1;
    poll.timeout = system_time() + 5000000;
    t0 = system_time();
    is(HC2(sched_op, SCHEDOP_poll, &poll), 0,
       "SCHEDOP_poll with a time limit returns 0");
    ok(system_time() - t0 >= 4900000, "SCHEDOP_poll waits for its time limit");
    p = 5000000;
    is(HC2(sched_op, SCHEDOP_poll, &poll), -EINVAL,
       "SCHEDOP_poll of a port beyond the last is -EINVAL");
    is(HC2(sched_op, SCHEDOP_poll, 0xffff830000000000UL), -EFAULT,
       "SCHEDOP_poll at a bad address is -EFAULT");
    is(HC2(sched_op, 1000, 0), -ENOSYS,
       "an unknown sub-operation of sched_op is -ENOSYS");
    return 0;
}
