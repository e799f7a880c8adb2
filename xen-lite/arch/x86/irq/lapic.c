/* SPDX-License-Identifier: MIT */
/*
 * The local APIC: interrupt acknowledge, interprocessor interrupts, the timer.
 * It is used in the mode in which firmware left it (xAPIC by memory, x2APIC by
 * MSR); we never switch, because nothing here is faster for it.
 */
#include <hv/acpi.h>
#include <hv/lib.h>
#include <hv/smp.h>
#include <asm/apic.h>
#include <asm/device_access.h>
#include <asm/irq.h>
#include <asm/paging.h>
#include <asm/setup.h>

#define APIC_BASE_X2APIC (1u << 10)
#define APIC_BASE_ENABLE (1u << 11)
#define SPIV_ENABLE      (1u << 8)
#define X2APIC_MSR       0x800

/* Frames: a store there is an interrupt. */
#define MSI_FIRST 0xfee00
#define MSI_LAST  0xfeeff

#define DIVIDE_BY_1 0xb

#define CPUID_1C_TSC_DEADLINE (1u << 24)

static bool x2apic; /* registers by MSR */
uint32_t cpu_to_apicid[NR_CPUS];
static volatile uint32_t *lapic;
static uint64_t timer_counts; /* in 2^32 ticks of the TSC */

uint32_t lapic_read(unsigned int reg)
{
    return x2apic ? rdmsr(X2APIC_MSR + (reg >> 4)) : lapic[reg / 4];
}

void lapic_write(unsigned int reg, uint32_t v)
{
    if (x2apic)
        wrmsr(X2APIC_MSR + (reg >> 4), v);
    else
        lapic[reg / 4] = v;
}

uint32_t lapic_id(void)
{
    uint32_t id = lapic_read(APIC_ID);

    return x2apic ? id : id >> 24;
}

void lapic_icr(uint32_t apic_id, uint32_t v)
{
    unsigned long flags;

    if (x2apic) {
        /* What the target is to see must be visible first: WRMSR to x2APIC
         * registers is no barrier. */
        asm volatile("mfence; lfence" ::: "memory");
        wrmsr(X2APIC_MSR + (APIC_ICR >> 4), ((uint64_t)apic_id << 32) | v);
        return;
    }
    flags = local_irq_save();
    while (lapic_read(APIC_ICR) & APIC_ICR_BUSY)
        cpu_relax();
    lapic_write(APIC_ICR_HI, apic_id << 24);
    lapic_write(APIC_ICR, v);
    local_irq_restore(flags);
}

void lapic_interrupt_self(unsigned int vector)
{
    while (!x2apic && (lapic_read(APIC_ICR) & APIC_ICR_BUSY))
        cpu_relax();
    lapic_write(APIC_ICR, APIC_ICR_SELF | APIC_ICR_ASSERT | vector);
}

void smp_send_ipi(unsigned int cpu, unsigned int vector)
{
    lapic_icr(cpu_to_apicid[cpu], APIC_ICR_ASSERT | vector);
}

void smp_send_ipi_mask(uint64_t mask, unsigned int vector)
{
    unsigned int cpu;

    for_each_cpu (cpu, (cpumask_t){mask})
        smp_send_ipi(cpu, vector);
}

void __init lapic_map(void)
{
    uint64_t base = rdmsr(MSR_APIC_BASE);

    iomem_deny_dom0((base & PTE_FRAME) >> PAGE_SHIFT,
                    (base & PTE_FRAME) >> PAGE_SHIFT);
    iomem_deny_dom0(MSI_FIRST, MSI_LAST);
    x2apic = base & APIC_BASE_X2APIC;
    if (x2apic)
        return;
    wrmsr(MSR_APIC_BASE, base | APIC_BASE_ENABLE);
    set_fixmap(FIX_LAPIC, _mfn((base & PTE_FRAME) >> PAGE_SHIFT), HV_PTE_UC);
    lapic = (volatile uint32_t *)fix_to_virt(FIX_LAPIC);
}

static bool lapic_has_tsc_deadline(void)
{
    return boot_cpu.feat_1c & CPUID_1C_TSC_DEADLINE;
}

/* This CPU's APIC: accepts everything, device lines come from the IO-APIC. */
void lapic_init_cpu(void)
{
    uint32_t timer = LOCAL_TIMER_VECTOR;

    if (!x2apic) {
        lapic_write(APIC_DFR, ~0u);
        lapic_write(APIC_LDR, 0);
    }
    lapic_write(APIC_TPR, 0);
    lapic_write(APIC_SPIV, SPIV_ENABLE | SPURIOUS_APIC_VECTOR);
    lapic_write(APIC_LVT_LINT0, APIC_LVT_MASKED);
    lapic_write(APIC_LVT_LINT1,
                smp_processor_id() ? APIC_LVT_MASKED : APIC_DM_NMI);
    lapic_write(APIC_LVT_PERF, APIC_LVT_MASKED);
    lapic_write(APIC_LVT_ERROR, ERROR_APIC_VECTOR);
    lapic_write(APIC_ESR, 0);
    if (lapic_has_tsc_deadline())
        timer |= APIC_LVT_TSC_DEADLINE;
    lapic_write(APIC_LVT_TIMER, timer);
    lapic_write(APIC_TIMER_DIVIDE, DIVIDE_BY_1);
    /* Interrupts that firmware left unacknowledged would block lower
     * vectors. */
    for (unsigned int i = 0; i < 8; i++)
        for (uint32_t n = 32; n && lapic_read(APIC_ISR + i * 16); n--)
            lapic_eoi();
}

void lapic_set_timer_rate(uint32_t counts, uint64_t ticks)
{
    timer_counts = ((uint64_t)counts << 32) / ticks;
}

/* Either form of "then" is given; the CPU's kind of timer picks one. */
void lapic_start_timer(uint64_t tsc_deadline, uint64_t ticks)
{
    uint64_t counts;

    if (lapic_has_tsc_deadline()) {
        /* LVT writes by memory and this MSR are not ordered: SDM 10.5.4.1;
         * the mode was set long ago, so nothing to wait for. */
        wrmsr(MSR_TSC_DEADLINE, tsc_deadline);
        return;
    }
    counts = (unsigned __int128)ticks * timer_counts >> 32;
    lapic_write(APIC_TIMER_INITIAL, counts > UINT32_MAX ? UINT32_MAX
                                    : counts            ? counts
                                                        : 1);
}

void lapic_stop_timer(void)
{
    if (lapic_has_tsc_deadline())
        wrmsr(MSR_TSC_DEADLINE, 0);
    else
        lapic_write(APIC_TIMER_INITIAL, 0);
}

void disable_local_apic(void)
{
    if (x2apic || lapic)
        lapic_write(APIC_SPIV, SPURIOUS_APIC_VECTOR);
}
