/* SPDX-License-Identifier: MIT */
/* An NMI of the machine, which a watchdog raises, comes to dom0 at once, also
 * to a vcpu that is blocked. run: watchdog=1 timeout=60 */
#include <pv/pv.h>
#include <pv/io_port.h>
#include <xen/nmi.h>
#include <xen/physdev.h>

#define WATCHDOG    0x443
#define IN_2S       14
#define LAST_RESORT 20000000000UL /* ns */

static volatile unsigned int nmis, ticks;

static void on_nmi(struct trap_frame *f)
{
    nmis++;
}

static void tick(uint32_t port)
{
    ticks++;
}

int main(void)
{
    struct xennmi_callback cb = {.handler_address = trap_stubs[2]};
    struct evtchn_bind_virq virq = {.virq = VIRQ_TIMER};
    struct vcpu_set_singleshot_timer t = {0};
    struct physdev_set_iopl iopl = {.iopl = 1};

    HC2(physdev_op, PHYSDEVOP_set_iopl, &iopl);
    set_trap_handler(2, on_nmi);
    is(HC2(nmi_op, XENNMI_register_callback, &cb), 0,
       "a handler for NMIs is registered");
    evtchn_op(EVTCHNOP_bind_virq, &virq);
    HC3(vcpu_op, VCPUOP_stop_periodic_timer, 0, 0);
    event_clear(virq.port);
    bind_handler(virq.port, tick);
    out8(WATCHDOG, IN_2S);
    t.timeout_abs_ns = system_time() + LAST_RESORT;
    HC3(vcpu_op, VCPUOP_set_singleshot_timer, 0, &t);
    is(HC2(sched_op, SCHEDOP_block, 0), 0, "the vcpu blocks");
    events_disable();
    is(nmis, 1, "an NMI comes");
    is(ticks, 0, "and the vcpu has not waited for another event");
    ok(shared_info->arch.nmi_reason & XEN_NMIREASON_unknown,
       "the reason is told");
    return 0;
}
