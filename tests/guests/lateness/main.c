/* SPDX-License-Identifier: MIT */
/* How late one-shot timers fire: figures only, since a test judges no time.
 * With QEMU's -icount they repeat. */
#include <pv/pv.h>

static volatile uint64_t fired;
static void tick(uint32_t port)
{
    fired = system_time();
}

int main(void)
{
    struct evtchn_bind_virq virq = {.virq = VIRQ_TIMER};
    struct vcpu_set_singleshot_timer t = {0};
    uint64_t worst = 0, sum = 0;
    unsigned int early = 0, i;

    HC3(vcpu_op, VCPUOP_stop_periodic_timer, 0, 0);
    evtchn_op(EVTCHNOP_bind_virq, &virq);
    event_clear(virq.port);
    bind_handler(virq.port, tick);
    for (i = 0; i < 300; i++) {
        fired = 0;
        t.timeout_abs_ns = system_time() + 50000 + i * 7919;
        HC3(vcpu_op, VCPUOP_set_singleshot_timer, 0, &t);
        while (!fired) {
            HC2(sched_op, SCHEDOP_block, 0);
            events_disable();
        }
        early += fired < t.timeout_abs_ns;
        if (fired > t.timeout_abs_ns) {
            sum += fired - t.timeout_abs_ns;
            if (fired - t.timeout_abs_ns > worst)
                worst = fired - t.timeout_abs_ns;
        }
    }
    diag("300 timers: worst %lu ns late, mean %lu ns", worst, sum / 300);
    is(early, 0, "no timer fires early");
    return 0;
}
