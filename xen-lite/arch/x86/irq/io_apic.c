/* SPDX-License-Identifier: MIT */
/*
 * IO-APICs: where interrupt lines (GSIs) enter. Each line has a route register
 * that names vector, CPU and wiring. We program them alone; dom0 reads a few
 * registers through physdev_op and its route writes are ignored (Linux makes
 * none once it runs on Xen's interface).
 */
#include <hv/acpi.h>
#include <hv/lib.h>
#include <hv/spinlock.h>
#include <asm/apic.h>
#include <asm/device_access.h>
#include <asm/irq.h>
#include <asm/paging.h>

#define REG_VERSION  1
#define REG_ROUTE(n) (0x10 + 2 * (n))
#define ROUTE_LOW    (1u << 13)
#define ROUTE_LEVEL  (1u << 15)
#define ROUTE_MASKED (1u << 16)

static struct io_apic {
    volatile uint32_t *regs; /* +0 index, +4 (0x10) window */
    paddr_t base;
    uint32_t gsi_base, nr_lines;
} io_apics[MAX_IO_APICS];
static unsigned int nr_io_apics;
static spinlock_t io_apic_lock = SPIN_LOCK_INIT(LOCK_DEVICE);

/* Low words as written: masking must not read the device. */
static uint32_t route_low[NR_GSIS];

static uint32_t read_reg(const struct io_apic *io, uint32_t reg)
{
    io->regs[0] = reg;
    return io->regs[4];
}

static void write_reg(const struct io_apic *io, uint32_t reg, uint32_t v)
{
    io->regs[0] = reg;
    io->regs[4] = v;
}

static const struct io_apic *find_gsi(unsigned int gsi)
{
    for (unsigned int i = 0; i < nr_io_apics; i++) {
        const struct io_apic *io = &io_apics[i];

        if (gsi >= io->gsi_base && gsi - io->gsi_base < io->nr_lines)
            return io;
    }
    return NULL;
}

bool gsi_valid(unsigned int gsi)
{
    return gsi < NR_GSIS && find_gsi(gsi);
}

void io_apic_set_route(unsigned int gsi, unsigned int vector, uint32_t apic_id,
                       bool level, bool active_low, bool masked)
{
    const struct io_apic *io = find_gsi(gsi);
    uint32_t reg = REG_ROUTE(gsi - io->gsi_base);
    unsigned long flags = spin_lock_irqsave(&io_apic_lock);

    route_low[gsi] =
        vector | (level ? ROUTE_LEVEL : 0) | (active_low ? ROUTE_LOW : 0);
    /* Masked while the two halves do not belong together. */
    write_reg(io, reg, route_low[gsi] | ROUTE_MASKED);
    write_reg(io, reg + 1, apic_id << 24);
    if (!masked)
        write_reg(io, reg, route_low[gsi]);
    spin_unlock_irqrestore(&io_apic_lock, flags);
}

void io_apic_set_cpu(unsigned int gsi, uint32_t apic_id)
{
    const struct io_apic *io = find_gsi(gsi);
    unsigned long flags = spin_lock_irqsave(&io_apic_lock);

    write_reg(io, REG_ROUTE(gsi - io->gsi_base) + 1, apic_id << 24);
    spin_unlock_irqrestore(&io_apic_lock, flags);
}

void io_apic_mask(unsigned int gsi, bool masked)
{
    const struct io_apic *io = find_gsi(gsi);
    unsigned long flags = spin_lock_irqsave(&io_apic_lock);

    write_reg(io, REG_ROUTE(gsi - io->gsi_base),
              route_low[gsi] | (masked ? ROUTE_MASKED : 0));
    spin_unlock_irqrestore(&io_apic_lock, flags);
}

void __init io_apic_init(void)
{
    for (unsigned int i = 0; i < acpi.nr_io_apics; i++) {
        struct io_apic *io = &io_apics[nr_io_apics];
        unsigned long mfn = acpi.io_apic[i].base >> PAGE_SHIFT;

        set_fixmap(FIX_IO_APIC_0 + nr_io_apics, _mfn(mfn), HV_PTE_UC);
        io->regs = (void *)(fix_to_virt(FIX_IO_APIC_0 + nr_io_apics) +
                            (acpi.io_apic[i].base & ~PAGE_MASK));
        io->base = acpi.io_apic[i].base;
        io->gsi_base = acpi.io_apic[i].gsi_base;
        io->nr_lines = ((read_reg(io, REG_VERSION) >> 16) & 0xff) + 1;
        nr_io_apics++;
        for (uint32_t n = 0; n < io->nr_lines; n++)
            write_reg(io, REG_ROUTE(n), ROUTE_MASKED);
        iomem_deny_dom0(mfn, mfn);
        printk(XENLOG_INFO "IO-APIC at %lx: GSI %u-%u\n", io->base,
               io->gsi_base, io->gsi_base + io->nr_lines - 1);
    }
}

void io_apic_disable_all(void)
{
    for (unsigned int i = 0; i < nr_io_apics; i++)
        for (uint32_t n = 0; n < io_apics[i].nr_lines; n++)
            write_reg(&io_apics[i], REG_ROUTE(n), ROUTE_MASKED);
}

static const struct io_apic *find_base(paddr_t base)
{
    for (unsigned int i = 0; i < nr_io_apics; i++)
        if (io_apics[i].base == base)
            return &io_apics[i];
    return NULL;
}

int io_apic_guest_read(paddr_t base, uint32_t reg, uint32_t *value)
{
    const struct io_apic *io = find_base(base);
    unsigned long flags;

    if (!io)
        return -EINVAL;
    flags = spin_lock_irqsave(&io_apic_lock);
    *value = read_reg(io, reg & 0xff);
    spin_unlock_irqrestore(&io_apic_lock, flags);
    return 0;
}

int io_apic_guest_write(paddr_t base, uint32_t reg, uint32_t value)
{
    return find_base(base) ? 0 : -EINVAL;
}

unsigned int isa_irq_to_gsi(unsigned int irq, bool *level, bool *active_low)
{
    *level = *active_low = false;
    for (unsigned int i = 0; i < acpi.nr_overrides; i++) {
        if (acpi.override[i].isa_irq != irq)
            continue;
        *level = acpi.override[i].level;
        *active_low = acpi.override[i].active_low;
        return acpi.override[i].gsi;
    }
    return irq;
}
