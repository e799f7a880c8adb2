/* SPDX-License-Identifier: MIT */
/* HPET, ACPI PM timer, PIT: see asm/platform_timer.h. */
#include <hv/acpi.h>
#include <hv/lib.h>
#include <asm/device_access.h>
#include <asm/paging.h>
#include <asm/platform_timer.h>
#include <asm/processor.h>
#include <asm/setup.h>

#define PIT_CLOCK      1193182u
#define PIT_CHANNEL2   0x42
#define PIT_MODE       0x43
#define PIT_GATE       0x61
#define PM_TIMER_CLOCK 3579545u
#define HPET_PERIOD    0x004 /* fs per tick */
#define HPET_CONFIG    0x010
#define HPET_COUNTER   0x0f0

struct platform_timer platform_timer;
static volatile uint32_t *hpet;

static uint32_t read_hpet(void)
{
    return hpet[HPET_COUNTER / 4];
}

static uint32_t read_pm_timer(void)
{
    return inl(acpi.pm_timer);
}

/* Counts down from 65535, so its complement counts up. */
static uint32_t __init read_pit(void)
{
    uint8_t lo;

    outb(PIT_MODE, 0x80); /* latch channel 2 */
    lo = inb(PIT_CHANNEL2);
    return 0xffff - (lo | inb(PIT_CHANNEL2) << 8);
}

static uint64_t __init count_ns_of_hz(uint64_t hz)
{
    return (1000000000UL << 32) / hz;
}

static bool __init find_hpet(void)
{
    uint32_t fs;

    if (!acpi.hpet)
        return false;
    set_fixmap(FIX_HPET, _mfn(acpi.hpet >> PAGE_SHIFT), HV_PTE_UC);
    hpet = (void *)(fix_to_virt(FIX_HPET) + (acpi.hpet & ~PAGE_MASK));
    fs = hpet[HPET_PERIOD / 4];
    if (fs < 100000 || fs > 100000000)
        return false;
    hpet[HPET_CONFIG / 4] |= 1;
    /* The firmware's AML reads it. */
    iomem_read_only(acpi.hpet >> PAGE_SHIFT, acpi.hpet >> PAGE_SHIFT);
    platform_timer = (struct platform_timer){
        .name = "HPET",
        .read = read_hpet,
        .mask = UINT32_MAX,
        .count_ns = ((uint64_t)fs << 32) / 1000000,
        .lasting = true,
    };
    return true;
}

void __init platform_timer_init(void)
{
    if (find_hpet())
        return;
    if (acpi.pm_timer) {
        platform_timer = (struct platform_timer){
            .name = "ACPI PM timer",
            .read = read_pm_timer,
            .mask = 0xffffff, /* 32 bits are not to be relied on */
            .count_ns = count_ns_of_hz(PM_TIMER_CLOCK),
            .lasting = true,
        };
        return;
    }
    /* Channel 2, one-shot; its gate is in the speaker's port, so that dom0 has
     * it later. */
    outb(PIT_GATE, (inb(PIT_GATE) & ~2) | 1);
    outb(PIT_MODE, 0xb0);
    outb(PIT_CHANNEL2, 0xff);
    outb(PIT_CHANNEL2, 0xff);
    platform_timer = (struct platform_timer){
        .name = "PIT",
        .read = read_pit,
        .mask = 0xffff,
        .count_ns = count_ns_of_hz(PIT_CLOCK),
    };
}

/*
 * Between two instructions the CPU may be away for long, by an SMI or in a
 * machine that is virtual. Of several readings the one is taken during which
 * the TSC moved least.
 */
#define READINGS 10
struct clock_reading read_beside_tsc(uint32_t (*read)(void))
{
    struct clock_reading best = {.width = UINT64_MAX};

    for (unsigned int i = 0; i < READINGS; i++) {
        uint64_t before = rdtsc_ordered(), width;
        uint32_t count = read();

        width = rdtsc_ordered() - before;
        if (width < best.width)
            best = (struct clock_reading){before + width / 2, width, count};
    }
    return best;
}

s_time_t platform_timer_ns(uint32_t counts)
{
    return (unsigned __int128)counts * platform_timer.count_ns >> 32;
}

uint64_t platform_timer_counts(s_time_t ns)
{
    return ((uint64_t)ns << 32) / platform_timer.count_ns;
}
