/* SPDX-License-Identifier: MIT */
/* One-shot and periodic timers, polling with a time limit, the clock. */
#include <pv/pv.h>

static struct evtchn_bind_virq virq = {.virq = VIRQ_TIMER};

static long singleshot(uint64_t when, uint32_t flags)
{
    struct vcpu_set_singleshot_timer t = {.timeout_abs_ns = when,
                                          .flags = flags};

    return HC3(vcpu_op, VCPUOP_set_singleshot_timer, 0, &t);
}

static long periodic(uint64_t period)
{
    struct vcpu_set_periodic_timer t = {.period_ns = period};

    return HC3(vcpu_op, VCPUOP_set_periodic_timer, 0, &t);
}

/* Without a hypercall: whether it is pending within a second. */
static bool comes_by_itself(void)
{
    uint64_t end = system_time() + 1000000000;

    while (!event_pending(virq.port) && system_time() < end)
        ;
    return event_pending(virq.port);
}

static void the_clock(void)
{
    uint64_t now, last = system_time();
    unsigned int i;

    for (i = 0; i < 100000; i++) {
        now = system_time();
        if (now < last)
            break;
        last = now;
    }
    is(i, 100000, "the clock never goes back");
    ok(shared_info->wc_sec > 1000000000, "the wall clock is set");
}

static void one_shot(void)
{
    uint64_t t0, t1;

    event_clear(virq.port);
    t0 = system_time();
    is(singleshot(t0 + 5000000, 0), 0, "a timer in 5 ms is accepted");
    ok(!event_pending(virq.port) || system_time() > t0 + 5000000,
       "a timer does not fire before its time");
    ok(wait_event(virq.port, 1000000000), "a timer fires");
    t1 = system_time();
    ok(t1 >= t0 + 5000000, "a timer is not early (%lu us)", (t1 - t0) / 1000);
    event_clear(virq.port);
}

static void timers_of_the_past(void)
{
    uint64_t past = system_time() - 5000000;

    is(singleshot(past, 0), 0, "a timer in the past is accepted");
    ok(wait_event(virq.port, 1000000000), "a timer in the past fires at once");
    event_clear(virq.port);
    is(singleshot(past, VCPU_SSHOTTMR_future), 0,
       "a timer in the past with VCPU_SSHOTTMR_future is accepted");
    ok(wait_event(virq.port, 1000000000),
       "a timer in the past with VCPU_SSHOTTMR_future fires");
    event_clear(virq.port);
    is(singleshot(0, 0), 0, "a timer at time 0 is accepted");
    ok(comes_by_itself(), "a timer at time 0 fires at once");
    event_clear(virq.port);
    is(singleshot(1UL << 63, 0), 0, "a timer at 2^63 ns is accepted");
    ok(comes_by_itself(),
       "a timer at 2^63 ns is one of the past: times have a sign");
    event_clear(virq.port);
}

static void timers_that_do_not_fire(void)
{
    is(singleshot(system_time() + 50000000, 0), 0,
       "a timer in 50 ms is accepted");
    is(HC3(vcpu_op, VCPUOP_stop_singleshot_timer, 0, 0), 0,
       "stop_singleshot_timer returns 0");
    ok(!wait_event(virq.port, 100000000),
       "a timer that was stopped does not fire");
    is(singleshot(1UL << 62, 0), 0, "a timer in 146 years is accepted");
    ok(!wait_event(virq.port, 5000000), "a timer in 146 years does not fire");
}

static void ticks(void)
{
    uint64_t t0, t1;
    unsigned int i;

    is(periodic(2000000), 0, "a periodic timer of 2 ms is accepted");
    t0 = system_time();
    for (i = 0; i < 10 && comes_by_itself(); i++)
        event_clear(virq.port);
    t1 = system_time();
    is(i, 10, "a periodic timer ticks ten times while the vcpu runs");
    ok(t1 - t0 >= 15000000, "ten ticks of 2 ms took %lu us", (t1 - t0) / 1000);
}

static void ticks_of_a_vcpu_that_waits(void)
{
    uint64_t t0, t1;
    unsigned int i;

    periodic(20000000);
    event_clear(virq.port);
    t0 = system_time();
    t1 = wait_event(virq.port, 200000000) ? system_time() : 0;
    ok(t1 >= t0 + 200000000, "a vcpu that waits is not woken by ticks");
    ok(t1, "a tick that a waiting vcpu missed comes when it runs again");
    event_clear(virq.port);
    t0 = t1 = system_time();
    for (i = 0; t1 < t0 + 50000000; t1 = system_time())
        if (event_pending(virq.port)) {
            event_clear(virq.port);
            i++;
        }
    ok(i <= (t1 - t0) / 20000000 + 2,
       "ticks that were missed come once, and not each (%u)", i);
    is(HC3(vcpu_op, VCPUOP_stop_periodic_timer, 0, 0), 0,
       "the periodic timer can be stopped");
}

int main(void)
{
    evtchn_op(EVTCHNOP_bind_virq, &virq);
    the_clock();
    is(HC3(vcpu_op, VCPUOP_stop_periodic_timer, 0, 0), 0,
       "stop_periodic_timer returns 0");
    one_shot();
    timers_of_the_past();
    timers_that_do_not_fire();
    ticks();
    ticks_of_a_vcpu_that_waits();
    is(periodic(1000), -EINVAL, "a period of 1 us is refused");
    is(periodic(~0UL), -EINVAL, "a period of 584 years is refused");
    return 0;
}
