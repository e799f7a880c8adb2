/* SPDX-License-Identifier: MIT */
/*
 * HYPERVISOR_physdev_op of dom0: interrupts from line to event channel, on the
 * RTC's periodic interrupt (GSI 8), and what is refused.
 */
#include <pv/pv.h>
#include <xen/physdev.h>

#define RTC_GSI 8

static volatile unsigned int arrived;

static inline void outb(uint16_t port, uint8_t v)
{
    asm volatile("outb %0, %1" ::"a"(v), "Nd"(port));
}
static inline uint8_t inb(uint16_t port)
{
    uint8_t v;
    asm volatile("inb %1, %0" : "=a"(v) : "Nd"(port));
    return v;
}
static uint8_t rtc_read(uint8_t reg)
{
    outb(0x70, reg);
    return inb(0x71);
}
static void rtc_write(uint8_t reg, uint8_t v)
{
    outb(0x70, reg);
    outb(0x71, v);
}

static void rtc_interrupt(uint32_t port)
{
    arrived++;
    rtc_read(0xc); /* or there is no next one */
}

static void privilege(void)
{
    struct physdev_set_iopl op = {.iopl = 4};

    is(HC2(physdev_op, PHYSDEVOP_set_iopl, &op), -EINVAL, "no iopl 4");
    op.iopl = 1;
    is(HC2(physdev_op, PHYSDEVOP_set_iopl, &op), 0, "iopl 1");
    is(HC2(physdev_op, PHYSDEVOP_set_iopl, 0xffff830000000000UL), -EFAULT,
       "bad pointer");
    is(HC2(physdev_op, 1000, &op), -ENOSYS, "unknown sub-operation");
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

    ok(HC2(physdev_op, PHYSDEVOP_map_pirq, &map) < 0, "GSI out of range");
    map.index = -1;
    ok(HC2(physdev_op, PHYSDEVOP_map_pirq, &map) < 0, "GSI -1");
    map.type = 77;
    map.index = map.pirq = 3;
    ok(HC2(physdev_op, PHYSDEVOP_map_pirq, &map) < 0, "unknown type");
    map.type = MAP_PIRQ_TYPE_MSI_SEG;
    map.bus = 200;
    map.pirq = -1;
    ok(HC2(physdev_op, PHYSDEVOP_map_pirq, &map) < 0, "MSI of no device");
    ok(HC2(physdev_op, PHYSDEVOP_irq_status_query, &status) < 0,
       "status of no pirq");
    ok(HC2(physdev_op, PHYSDEVOP_eoi, &eoi) < 0, "eoi of no pirq");
    ok(HC2(physdev_op, PHYSDEVOP_unmap_pirq, &unmap) < 0, "unmap of no pirq");
    ok(evtchn_op(EVTCHNOP_bind_pirq, &bind) < 0, "bind of an unmapped pirq");
    ok(HC2(physdev_op, PHYSDEVOP_apic_read, &apic) < 0,
       "read of what is no IO-APIC");
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

    is(HC2(physdev_op, PHYSDEVOP_map_pirq, &map), 0, "map the RTC's line");
    is(map.pirq, RTC_GSI, "under its own number");
    is(HC2(physdev_op, PHYSDEVOP_alloc_irq_vector, &vector), 0, "a vector");
    is(HC2(physdev_op, PHYSDEVOP_irq_status_query, &status), 0, "status");
    is(evtchn_op(EVTCHNOP_bind_pirq, &bind), 0, "bind");
    bind_handler(bind.port, rtc_interrupt);

    rtc_write(0xa, 0x26);                 /* 1024 Hz */
    rtc_write(0xb, rtc_read(0xb) | 0x40); /* periodic interrupt on */
    rtc_read(0xc);
    ok(count_interrupts(11, 5000000000UL) > 10, "the line raises events");

    close.port = bind.port;
    is(evtchn_op(EVTCHNOP_close, &close), 0, "close");
    is(count_interrupts(1, 100000000), 0, "silent after that");
    is(evtchn_op(EVTCHNOP_bind_pirq, &bind), 0, "bind again");
    bind_handler(bind.port, rtc_interrupt);
    rtc_read(0xc);
    ok(count_interrupts(11, 5000000000UL) > 10, "and it is back");
    rtc_write(0xb, rtc_read(0xb) & ~0x40);
}

int main(void)
{
    privilege();
    refusals();
    rtc_line();
    return 0;
}
