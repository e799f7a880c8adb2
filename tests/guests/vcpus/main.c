/* SPDX-License-Identifier: MIT */
/* Several vcpus: counting, bring-up, IPIs, going down. run: smp=2 */
#include <pv/pv.h>

static volatile unsigned int alive, go;
static uint32_t back_port;

static void second(void)
{
    struct evtchn_send s = {.port = back_port};

    alive = 1;
    while (!go)
        asm volatile("pause");
    HC2(event_channel_op, EVTCHNOP_send, &s);
    alive = 2;
    HC3(vcpu_op, VCPUOP_down, 1, 0);
    alive = 3;
    HC3(vcpu_op, VCPUOP_down, 1, 0);
    for (;;)
        ;
}

static bool wait_alive(unsigned int what)
{
    uint64_t end = system_time() + 3000000000UL;

    while (alive != what && system_time() < end)
        HC2(sched_op, SCHEDOP_yield, 0);
    return alive == what;
}

static bool wait_down(void)
{
    uint64_t end = system_time() + 3000000000UL;

    while (HC3(vcpu_op, VCPUOP_is_up, 1, 0) && system_time() < end)
        HC2(sched_op, SCHEDOP_yield, 0);
    return !HC3(vcpu_op, VCPUOP_is_up, 1, 0);
}

int main(void)
{
    struct evtchn_bind_ipi ipi = {.vcpu = 0};
    struct vcpu_guest_context *c = alloc_pages(2);
    struct vcpu_set_singleshot_timer timer = {.timeout_abs_ns = 1};
    struct vcpu_runstate_info rs;
    unsigned int n = 0;
    uint64_t end;
    long rc;

    for (unsigned int id = 0; id < 8192; id++)
        if (HC3(vcpu_op, VCPUOP_is_up, id, 0) >= 0)
            n++;
    is(n, 2, "the domain has two vcpus");
    is(HC3(vcpu_op, VCPUOP_is_up, 0, 0), 1, "vcpu 0 is up");
    is(HC3(vcpu_op, VCPUOP_is_up, 1, 0), 0, "vcpu 1 is down");
    is(HC3(vcpu_op, VCPUOP_set_singleshot_timer, 1, &timer), -EINVAL,
       "the timer of another vcpu cannot be set");
    is(HC3(vcpu_op, VCPUOP_is_up, 4000, 0), -ENOENT,
       "vcpu 4000 does not exist");
    is(HC3(vcpu_op, VCPUOP_up, 1, 0), -EINVAL,
       "a vcpu cannot go up before it is initialised");
    is(HC3(vcpu_op, VCPUOP_initialise, 1, 0xffff830000000000UL), -EFAULT,
       "initialise at a bad address is -EFAULT");
    ok(HC3(vcpu_op, VCPUOP_initialise, 1, c) < 0,
       "initialise with an empty context is refused");
    evtchn_op(EVTCHNOP_bind_ipi, &ipi);
    back_port = ipi.port;
    is(start_vcpu(1, second), 0, "VCPUOP_up starts vcpu 1");
    ok(wait_alive(1), "vcpu 1 runs");
    is(HC3(vcpu_op, VCPUOP_is_up, 1, 0), 1,
       "VCPUOP_is_up says that vcpu 1 is up");
    is(HC3(vcpu_op, VCPUOP_initialise, 1, c), -EEXIST,
       "a vcpu cannot be initialised twice");
    go = 1;
    ok(wait_event(back_port, 3000000000UL), "vcpu 1 sends an event to vcpu 0");
    ok(wait_down(), "vcpu 1 goes down");
    is(alive, 2, "vcpu 1 goes down where it said so");
    /* It is down at once; the CPU leaves it a moment later. */
    end = system_time() + 3000000000UL;
    do
        rc = HC3(vcpu_op, VCPUOP_get_runstate_info, 1, &rs);
    while (!rc && rs.state == RUNSTATE_running && system_time() < end);
    is(rc, 0, "get_runstate_info of vcpu 1 returns 0");
    is(rs.state, RUNSTATE_offline, "a vcpu that is down is offline");
    ok(rs.time[RUNSTATE_running] > 0,
       "the run state shows that vcpu 1 has run");
    is(HC3(vcpu_op, VCPUOP_up, 1, 0), 0, "VCPUOP_up brings vcpu 1 up again");
    ok(wait_alive(3), "vcpu 1 goes on where it stopped");
    ok(wait_down(), "VCPUOP_down takes vcpu 1 down for good");
    return 0;
}
