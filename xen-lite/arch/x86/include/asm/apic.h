/* SPDX-License-Identifier: MIT */
/*
 * Local APICs (irq/lapic.c) and IO-APICs (irq/io_apic.c).
 *
 * A local APIC belongs to its CPU: its functions act on that of the CPU that
 * calls and need no lock. IO-APICs are shared; each function takes their lock
 * (LOCK_DEVICE) itself, and may be called in any context.
 */
#ifndef ASM_APIC_H
#define ASM_APIC_H

#include <hv/types.h>
#include <asm/processor.h>

/* Registers by their offset in memory, whichever way they are reached: as
 * x2APIC MSRs or through the fixed mapping FIX_LAPIC. Only those that are used
 * here. */
#define APIC_ID            0x020
#define APIC_TPR           0x080
#define APIC_EOI           0x0b0
#define APIC_LDR           0x0d0
#define APIC_DFR           0x0e0
#define APIC_SPIV          0x0f0
#define APIC_ISR           0x100
#define APIC_ESR           0x280
#define APIC_ICR           0x300
#define APIC_ICR_HI        0x310
#define APIC_LVT_TIMER     0x320
#define APIC_LVT_PERF      0x340
#define APIC_LVT_LINT0     0x350
#define APIC_LVT_LINT1     0x360
#define APIC_LVT_ERROR     0x370
#define APIC_TIMER_INITIAL 0x380
#define APIC_TIMER_COUNT   0x390
#define APIC_TIMER_DIVIDE  0x3e0

/* Bits of an APIC_LVT_ register and of APIC_ICR; the vector is in the low 8. */
#define APIC_LVT_MASKED       (1u << 16)
#define APIC_LVT_TSC_DEADLINE (2u << 17)
#define APIC_ICR_BUSY         (1u << 12)
#define APIC_ICR_ASSERT       (1u << 14)
#define APIC_ICR_SELF         (1u << 18)
#define APIC_DM_NMI           (4u << 8)
#define APIC_DM_INIT          (5u << 8)
#define APIC_DM_STARTUP       (6u << 8)

/* A register as it is; lapic_map() has found out how it is reached. */
uint32_t lapic_read(unsigned int reg);
void lapic_write(unsigned int reg, uint32_t v);
/* The interrupt in service is done; another one may come. */
static inline void lapic_eoi(void)
{
    lapic_write(APIC_EOI, 0);
}
uint32_t lapic_id(void); /* of this CPU */
/* Sends the command v to the APIC with that id, once the one before is gone.
 * What was written before is visible to the CPU that it reaches. */
void lapic_icr(uint32_t apic_id, uint32_t v);
/* An interrupt to this CPU itself. Also in an NMI: it does not disturb another
 * one that is being sent. */
void lapic_interrupt_self(unsigned int vector);
void lapic_map(void); /* once, before any of the above */
/*
 * LOCAL_TIMER_VECTOR comes once, at this time: given in both forms (ticks of
 * the TSC from now), of which the CPU's kind of timer uses one. A time that is
 * past or further away than the timer counts makes it come early. A new time
 * replaces the old one.
 */
void lapic_start_timer(uint64_t tsc_deadline, uint64_t ticks);
void lapic_stop_timer(void);
/* How far the timer counts in so many ticks of the TSC: both come from one
 * oscillator, so what is right for the TSC stays right for the timer. */
void lapic_set_timer_rate(uint32_t counts, uint64_t ticks);
void disable_local_apic(void); /* reboot: as firmware had it */

extern uint32_t cpu_to_apicid[]; /* [NR_CPUS] */

/* IO-APICs, all lines masked, from ACPI's list; once, at boot. */
void io_apic_init(void);
/* Whether some IO-APIC has the line. The rest is for valid ones only. */
bool gsi_valid(unsigned int gsi);
/* Where and how a line interrupts; masked while it changes. */
void io_apic_set_route(unsigned int gsi, unsigned int vector, uint32_t apic_id,
                       bool level, bool active_low, bool masked);
/* Another CPU, which has the same vector; one store, so that the line need not
 * be masked meanwhile. */
void io_apic_set_cpu(unsigned int gsi, uint32_t apic_id);
/* Besides, all is as the last io_apic_set_route() said. */
void io_apic_mask(unsigned int gsi, bool masked);
/* PHYSDEVOP_apic_read/write: dom0's view of register reg. Writes are ignored:
 * routes are ours. 0; -EINVAL: no IO-APIC is at base. */
int io_apic_guest_read(paddr_t base, uint32_t reg, uint32_t *value);
int io_apic_guest_write(paddr_t base, uint32_t reg, uint32_t value);
/* An ISA interrupt's line and its wiring, by ACPI's overrides. */
unsigned int isa_irq_to_gsi(unsigned int irq, bool *level, bool *active_low);
void io_apic_disable_all(void); /* reboot */

#endif
