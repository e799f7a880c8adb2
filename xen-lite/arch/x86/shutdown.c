/* SPDX-License-Identifier: MIT */
/* The end: halt, restart (reboot= order: ACPI, keyboard controller, triple
 * fault), power off on behalf of dom0, and panic. */
#include <hv/acpi.h>
#include <hv/console.h>
#include <hv/lib.h>
#include <hv/smp.h>
#include <hv/timer.h>
#include <asm/apic.h>
#include <asm/irq.h>
#include <asm/paging.h>
#include <asm/time.h>

#define ACPI_RESET_PORT_PCI 0xcf9
#define KBD_STATUS          0x64
#define KBD_RESET           0xfe
#define PM1_SLP_EN          (1u << 13)

static void delay_us(unsigned int us)
{
    uint64_t end = rdtsc() + us * (cpu_khz ?: 1000000) / 1000;

    while (rdtsc() < end)
        cpu_relax();
}

static void stop_this_cpu(void *unused)
{
    local_irq_disable();
    cpumask_clear(smp_processor_id(), &cpu_online_map);
    disable_local_apic();
    for (;;)
        asm volatile("hlt");
}

/* Does not wait: a CPU may be stuck with interrupts off. NMI is not used, so
 * such a CPU goes on until the machine resets. */
static void stop_other_cpus(void)
{
    cpumask_t others =
        cpumask_andnot(cpu_online_map, cpumask_of(smp_processor_id()));
    unsigned int cpu;

    console_force_unlock(); /* one of them may have the console for ever */
    for_each_cpu (cpu, others)
        lapic_icr(cpu_to_apicid[cpu], APIC_ICR_ASSERT | APIC_DM_INIT);
    delay_us(10000);
}

noreturn void machine_halt(void)
{
    stop_other_cpus();
    for (;;)
        stop_this_cpu(NULL);
}

static void acpi_reset(void)
{
    volatile uint8_t *reg;

    if (!acpi.has_reset)
        return;
    if (acpi.reset_reg.space == ACPI_SPACE_IO) {
        outb(acpi.reset_reg.address, acpi.reset_value);
    } else if (acpi.reset_reg.space == ACPI_SPACE_MEMORY &&
               (reg = ioremap(acpi.reset_reg.address, 1)) != NULL) {
        *reg = acpi.reset_value;
    }
    delay_us(100000);
}

noreturn void machine_restart(void)
{
    static const struct {
        uint16_t limit;
        uint64_t base;
    } __packed no_idt;

    local_irq_disable();
    stop_other_cpus();
    io_apic_disable_all();
    acpi_reset();
    outb(ACPI_RESET_PORT_PCI, 0x02);
    outb(ACPI_RESET_PORT_PCI, 0x06);
    delay_us(100000);
    for (int i = 0; i < 10; i++) {
        for (int n = 0; n < 0x10000 && (inb(KBD_STATUS) & 2); n++)
            cpu_relax();
        outb(KBD_STATUS, KBD_RESET);
        delay_us(10000);
    }
    asm volatile("lidt %0; int3" ::"m"(no_idt));
    for (;;)
        asm volatile("hlt");
}

/* The values come from dom0's AML (_S5). They stay, for a power off without
 * dom0's help. */
static uint16_t s5_a, s5_b;
static bool s5_known;

int acpi_enter_s5(uint16_t val_a, uint16_t val_b)
{
    if (!acpi.pm1a_cnt)
        return -EPERM;
    s5_a = val_a;
    s5_b = val_b;
    s5_known = true;
    machine_power_off();
}

noreturn void machine_power_off(void)
{
    local_irq_disable();
    stop_other_cpus();
    if (s5_known) {
        outw(acpi.pm1a_cnt, s5_a | PM1_SLP_EN);
        if (acpi.pm1b_cnt)
            outw(acpi.pm1b_cnt, s5_b | PM1_SLP_EN);
        delay_us(1000000);
        printk("The machine did not power off\n");
    }
    machine_halt();
}

noreturn void panic(const char *fmt, ...)
{
    static uint32_t panicking;
    va_list ap;

    local_irq_disable();
    /* One CPU prints; a second panic on that CPU ends at once. */
    if (atomic_xchg(&panicking, 1))
        for (;;)
            asm volatile("hlt");
    console_force_unlock();
    printk("\n****************************************\n"
           "Panic on CPU %u:\n",
           smp_processor_id());
    va_start(ap, fmt);
    vprintk(fmt, ap);
    va_end(ap);
    printk("\n****************************************\n");
    dump_execution_state();
    if (opt_noreboot) {
        printk("Not rebooting, as noreboot says: reset the machine by hand\n");
        machine_halt();
    }
    printk("Reboot in five seconds...\n");
    delay_us(5000000);
    machine_restart();
}
