/* SPDX-License-Identifier: MIT */
/*
 * The timer whose rate is known: HPET, ACPI PM timer or PIT. What the TSC and
 * the APIC timer are measured by.
 */
#ifndef ASM_PLATFORM_TIMER_H
#define ASM_PLATFORM_TIMER_H

#include <hv/types.h>
#include <asm/clock_line.h>

struct platform_timer {
    const char *name;
    uint32_t (*read)(void); /* counts up */
    uint32_t mask;          /* of the bits that count */
    uint64_t count_ns;      /* a count's length, 32.32 */
    bool lasting;           /* nobody else uses it; it may be followed */
};
extern struct platform_timer platform_timer;

/* Finds the best that the machine has and sets it running; without the other
 * two it is the PIT. ACPI tables: before. */
void platform_timer_init(void);
/* A timer beside the TSC: the closest of several readings. Interrupts are off.
 */
struct clock_reading read_beside_tsc(uint32_t (*read)(void));
/* A difference of counts as ns, and back, rounded down. The caller has cut it
 * to the mask, and knows how often the timer has passed zero. */
s_time_t platform_timer_ns(uint32_t counts);
uint64_t platform_timer_counts(s_time_t ns);

#endif
