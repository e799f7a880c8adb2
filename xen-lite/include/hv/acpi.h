/* SPDX-License-Identifier: MIT */
/*
 * The facts of ACPI's static tables that the hypervisor needs, read once at
 * boot on the boot CPU and constant afterwards. The interpreted part (AML) is
 * dom0's work.
 *
 * Everything comes from firmware: lengths and checksums are checked, a table
 * that is wrong is left out, and the machine then works as one without that
 * table (one CPU, no IO-APIC, no HPET).
 */
#ifndef HV_ACPI_H
#define HV_ACPI_H

#include <hv/percpu.h>

/* What firmware lists beyond these is ignored. */
#define MAX_IO_APICS  16
#define MAX_OVERRIDES 32
#define MAX_MCFG      8

/* A register as ACPI names it: an address in memory or a port (space). */
struct acpi_gas { /* generic address structure */
    uint8_t space, bit_width, bit_offset, access;
    uint64_t address;
} __packed;
#define ACPI_SPACE_MEMORY 0
#define ACPI_SPACE_IO     1

/*
 * Counts of 0 and addresses of 0 mean that the machine has none. Addresses are
 * physical, as firmware gives them: nothing is mapped. Written by acpi_init()
 * alone, so that reading needs no lock.
 */
struct acpi_facts {
    paddr_t rsdp; /* 0: no ACPI */
    paddr_t lapic_base;

    unsigned int nr_cpus; /* usable, boot CPU first */
    struct {
        uint32_t apic_id, acpi_id;
    } cpu[NR_CPUS];

    /* gsi_base: number of the interrupt at the first pin */
    unsigned int nr_io_apics;
    struct {
        paddr_t base;
        uint32_t gsi_base;
        uint8_t id;
    } io_apic[MAX_IO_APICS];

    /* ISA interrupts that are not edge, high, GSI = IRQ */
    unsigned int nr_overrides;
    struct {
        uint8_t isa_irq;
        uint32_t gsi;
        bool level, active_low;
    } override[MAX_OVERRIDES];

    uint16_t sci;                /* ISA interrupt of ACPI itself: dom0's */
    uint16_t pm1a_cnt, pm1b_cnt; /* ports, 0: none */
    uint16_t pm_timer;           /* port, 0: none */
    struct acpi_gas reset_reg;
    uint8_t reset_value;
    bool has_reset; /* reset_reg and reset_value are to be used */

    paddr_t hpet;

    /* PCI configuration space in memory; buses are inclusive */
    unsigned int nr_mcfg;
    struct {
        uint64_t base;
        uint16_t segment;
        uint8_t start_bus, end_bus;
    } mcfg[MAX_MCFG];
};
extern struct acpi_facts acpi;

/*
 * Reads the tables into 'acpi'. rsdp: the boot loader's copy of the root
 * pointer, n bytes, or n == 0 to search the BIOS area. Once, on the boot CPU,
 * when ioremap() works: the tables stay mapped. There is no failure: what
 * cannot be used is left out, with a message if its checksum is wrong.
 */
void acpi_init(const void *rsdp, unsigned int n);

/*
 * Powers the machine off with the values that dom0's AML has computed for the
 * PM1 control registers (arch/x86/shutdown.c); the enable bit is added here.
 * Stops all other CPUs first, whatever they do. Returns only if there is no
 * such register: -EPERM.
 */
int acpi_enter_s5(uint16_t val_a, uint16_t val_b);

#endif
