/* SPDX-License-Identifier: MIT */
/*
 * A level-triggered line whose port is bound to one vcpu after another while
 * the line fires: the ACPI timer's, which this kernel raises and lowers by the
 * timer's enable bit. An interrupt that is under way to the old CPU must not be
 * the last one. run: smp=2 timeout=60
 */
#include <pv/io_port.h>
#include <pv/pv.h>

#define SCI_GSI   9
#define PIIX_PM   (0x80000000 | 1 << 11 | 3 << 8) /* 00:01.3 */
#define PM_BASE   0x40
#define TIMER_BIT 1 /* in the status and in the enable register */
#define ROUNDS    3000

static uint16_t pm1;
static uint32_t port;
static volatile bool over;
static volatile unsigned int moves;

static void raise_line(bool high)
{
    out16(pm1 + 2, high ? TIMER_BIT : 0);
}

static void move(void)
{
    struct evtchn_bind_vcpu bind = {.port = port};

    while (!over) {
        bind.vcpu = ++moves & 1;
        evtchn_op(EVTCHNOP_bind_vcpu, &bind);
    }
    HC3(vcpu_op, VCPUOP_down, 1, 0);
}

/* One interrupt: it comes, the device falls silent, the line is told so. */
static bool fires(void)
{
    struct physdev_eoi eoi = {.irq = SCI_GSI};
    uint64_t end = system_time() + 2000000000UL;

    raise_line(true);
    while (!event_pending(port) && system_time() < end)
        ;
    if (!event_pending(port))
        return false;
    raise_line(false);
    event_clear(port);
    HC2(physdev_op, PHYSDEVOP_eoi, &eoi);
    return true;
}

int main(void)
{
    struct physdev_map_pirq map = {.domid = DOMID_SELF,
                                   .type = MAP_PIRQ_TYPE_GSI,
                                   .index = SCI_GSI,
                                   .pirq = SCI_GSI};
    struct evtchn_bind_pirq bind = {.pirq = SCI_GSI};
    struct physdev_set_iopl iopl = {.iopl = 1};
    uint64_t end = system_time() + 10000000000UL;
    unsigned int n = 0;

    HC2(physdev_op, PHYSDEVOP_set_iopl, &iopl);
    out32(0xcf8, PIIX_PM | PM_BASE);
    pm1 = in32(0xcfc) & 0xffc0;
    raise_line(false);
    while (!(in16(pm1) & TIMER_BIT) && system_time() < end)
        ;
    ok(in16(pm1) & TIMER_BIT, "the ACPI timer at %x wraps", pm1);
    is(HC2(physdev_op, PHYSDEVOP_map_pirq, &map), 0,
       "map_pirq of the ACPI line returns 0");
    is(evtchn_op(EVTCHNOP_bind_pirq, &bind), 0,
       "bind_pirq of the ACPI line returns 0");
    port = bind.port;
    ok(fires(), "the line raises an event");
    is(start_vcpu(1, move), 0, "VCPUOP_up starts vcpu 1");
    while (!moves)
        ;
    while (n < ROUNDS && fires())
        n++;
    over = true;
    is(n, ROUNDS, "a line that moves between CPUs raises an event each time");
    diag("%u moves", moves);
    return 0;
}
