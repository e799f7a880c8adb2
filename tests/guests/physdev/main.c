/* SPDX-License-Identifier: MIT */
/*
 * HYPERVISOR_physdev_op of dom0: interrupts from line to event channel, on the
 * RTC's periodic interrupt (GSI 8), and what is refused.
 */
#include <pv/io_port.h>
#include <pv/pv.h>
#include <xen/physdev.h>

#define RTC_GSI 8

static volatile unsigned int arrived;

static uint8_t rtc_read(uint8_t reg)
{
    out8(0x70, reg);
    return in8(0x71);
}
static void rtc_write(uint8_t reg, uint8_t v)
{
    out8(0x70, reg);
    out8(0x71, v);
}

static void rtc_interrupt(uint32_t port)
{
    arrived++;
    rtc_read(0xc); /* or there is no next one */
}

static void privilege(void)
{
    struct physdev_set_iopl op = {.iopl = 4};

    is(HC2(physdev_op, PHYSDEVOP_set_iopl, &op), -EINVAL,
       "set_iopl of 4 is -EINVAL");
    op.iopl = 1;
    is(HC2(physdev_op, PHYSDEVOP_set_iopl, &op), 0, "set_iopl of 1 returns 0");
    is(HC2(physdev_op, PHYSDEVOP_set_iopl, 0xffff830000000000UL), -EFAULT,
       "set_iopl at a bad address is -EFAULT");
    is(HC2(physdev_op, 1000, &op), -ENOSYS,
       "an unknown sub-operation of physdev_op is -ENOSYS");
}

static void refusals(void)
{
    struct physdev_map_pirq map = {.domid = DOMID_SELF,
                                   .type = MAP_PIRQ_TYPE_GSI,
                                   .index = 100000,
                                   .pirq = 100000};
    struct physdev_irq_status_query status = {.irq = 1u << 20};
    struct evtchn_bind_pirq bind = {.pirq = 200};
    struct physdev_eoi eoi = {.irq = 1u << 20};
    struct physdev_apic apic = {.apic_physbase = 0x1000};
    struct physdev_unmap_pirq unmap = {.domid = DOMID_SELF, .pirq = 5000};
    struct physdev_pci_mmcfg_reserved mmcfg = {.address = 0x1000, .flags = 1};
    long rc;

    ok(HC2(physdev_op, PHYSDEVOP_pci_mmcfg_reserved, &mmcfg) < 0,
       "configuration space that firmware does not name is refused");
    ok(HC2(physdev_op, PHYSDEVOP_map_pirq, &map) < 0,
       "map_pirq of a GSI out of range is refused");
    map.index = -1;
    ok(HC2(physdev_op, PHYSDEVOP_map_pirq, &map) < 0,
       "map_pirq of GSI -1 is refused");
    map.type = 77;
    map.index = map.pirq = 3;
    ok(HC2(physdev_op, PHYSDEVOP_map_pirq, &map) < 0,
       "map_pirq of an unknown type is refused");
    map.type = MAP_PIRQ_TYPE_MSI_SEG;
    map.bus = 200;
    map.pirq = -1;
    ok(HC2(physdev_op, PHYSDEVOP_map_pirq, &map) < 0,
       "map_pirq of an MSI of no device is refused");
    ok(HC2(physdev_op, PHYSDEVOP_irq_status_query, &status) < 0,
       "irq_status_query of no pirq is refused");
    ok(HC2(physdev_op, PHYSDEVOP_eoi, &eoi) < 0, "eoi of no pirq is refused");
    ok(HC2(physdev_op, PHYSDEVOP_unmap_pirq, &unmap) < 0,
       "unmap_pirq of no pirq is refused");
    rc = evtchn_op(EVTCHNOP_bind_pirq, &bind);
    ok(rc < 0, "bind_pirq of an unmapped pirq is refused");
    is(evtchn_op(EVTCHNOP_bind_pirq, &bind), rc, "and once more alike");
    ok(HC2(physdev_op, PHYSDEVOP_apic_read, &apic) < 0,
       "apic_read of what is no IO-APIC is refused");
}

/* Counts what arrives, until it is enough or the time is over. */
static unsigned int count_interrupts(unsigned int enough, uint64_t ns)
{
    uint64_t end = system_time() + ns;

    arrived = 0;
    events_enable();
    while (arrived < enough && system_time() < end)
        ;
    events_disable();
    return arrived;
}

static void rtc_line(void)
{
    struct physdev_map_pirq map = {.domid = DOMID_SELF,
                                   .type = MAP_PIRQ_TYPE_GSI,
                                   .index = RTC_GSI,
                                   .pirq = RTC_GSI};
    struct physdev_irq_status_query status = {.irq = RTC_GSI};
    struct evtchn_bind_pirq bind = {.pirq = RTC_GSI};
    struct evtchn_close close;
    struct physdev_irq vector = {.irq = RTC_GSI};

    is(HC2(physdev_op, PHYSDEVOP_map_pirq, &map), 0,
       "map_pirq of the RTC's line returns 0");
    is(map.pirq, RTC_GSI, "the RTC's line is mapped under its own number");
    is(HC2(physdev_op, PHYSDEVOP_alloc_irq_vector, &vector), 0,
       "alloc_irq_vector returns 0");
    is(HC2(physdev_op, PHYSDEVOP_irq_status_query, &status), 0,
       "irq_status_query of a mapped pirq returns 0");
    is(evtchn_op(EVTCHNOP_bind_pirq, &bind), 0,
       "bind_pirq of a mapped pirq returns 0");
    bind_handler(bind.port, rtc_interrupt);

    rtc_write(0xa, 0x26);                 /* 1024 Hz */
    rtc_write(0xb, rtc_read(0xb) | 0x40); /* periodic interrupt on */
    rtc_read(0xc);
    ok(count_interrupts(11, 5000000000UL) > 10, "a bound line raises events");

    close.port = bind.port;
    is(evtchn_op(EVTCHNOP_close, &close), 0,
       "close of the line's port returns 0");
    is(count_interrupts(1, 100000000), 0,
       "a line is silent after its port was closed");
    is(evtchn_op(EVTCHNOP_bind_pirq, &bind), 0,
       "bind_pirq of a line returns 0 a second time");
    bind_handler(bind.port, rtc_interrupt);
    rtc_read(0xc);
    ok(count_interrupts(11, 5000000000UL) > 10,
       "a line that is bound again raises events");
    rtc_write(0xb, rtc_read(0xb) & ~0x40);
}

int main(void)
{
    privilege();
    refusals();
    rtc_line();
    return 0;
}
