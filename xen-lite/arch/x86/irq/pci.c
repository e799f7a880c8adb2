/* SPDX-License-Identifier: MIT */
/*
 * PCI configuration space. The ports CF8 (address) and CFC (data) are a pair,
 * so dom0's accesses and the hypervisor's go through one lock. Segments other
 * than 0 exist only in memory-mapped form.
 */
#include <hv/acpi.h>
#include <hv/domain.h>
#include <hv/lib.h>
#include <hv/spinlock.h>
#include <asm/e820.h>
#include <asm/msi.h>
#include <asm/paging.h>

#define CF8_ENABLE      0x80000000u
#define PCI_STATUS      0x06
#define PCI_STATUS_CAPS 0x10
#define PCI_CAPS        0x34
#define BUS_SHIFT       20 /* of memory-mapped space: 1 MiB per bus */

static spinlock_t pci_lock = SPIN_LOCK_INIT(LOCK_DEVICE);

static struct {
    char *base; /* of start_bus, mapped */
    uint16_t seg;
    uint8_t start_bus, end_bus;
} mmcfg[MAX_MCFG];
static unsigned int nr_mmcfg; /* grows under dom0's lock */

uint32_t pci_cf8_read(uint32_t cf8, unsigned int offset, unsigned int bytes)
{
    unsigned long flags = spin_lock_irqsave(&pci_lock);
    uint32_t v;

    outl(0xcf8, cf8);
    v = bytes == 1   ? inb(0xcfc + offset)
        : bytes == 2 ? inw(0xcfc + offset)
                     : inl(0xcfc + offset);
    spin_unlock_irqrestore(&pci_lock, flags);
    return v;
}

void pci_cf8_write(uint32_t cf8, unsigned int offset, unsigned int bytes,
                   uint32_t value)
{
    unsigned long flags = spin_lock_irqsave(&pci_lock);

    outl(0xcf8, cf8);
    if (bytes == 1)
        outb(0xcfc + offset, value);
    else if (bytes == 2)
        outw(0xcfc + offset, value);
    else
        outl(0xcfc + offset, value);
    spin_unlock_irqrestore(&pci_lock, flags);
}

static uint32_t cf8_address(struct pci_sbdf dev, unsigned int reg)
{
    return CF8_ENABLE | dev.bus << 16 | dev.devfn << 8 | (reg & 0xfc);
}

static volatile void *mmcfg_address(struct pci_sbdf dev, unsigned int reg)
{
    for (unsigned int i = 0; i < atomic_load(&nr_mmcfg); i++)
        if (mmcfg[i].seg == dev.seg && dev.bus >= mmcfg[i].start_bus &&
            dev.bus <= mmcfg[i].end_bus)
            return mmcfg[i].base +
                   ((dev.bus - mmcfg[i].start_bus) << BUS_SHIFT) +
                   (dev.devfn << 12) + reg;
    return NULL;
}

uint32_t pci_conf_read(struct pci_sbdf dev, unsigned int reg,
                       unsigned int bytes)
{
    volatile void *p;

    if (!dev.seg)
        return pci_cf8_read(cf8_address(dev, reg), reg & 3, bytes);
    p = mmcfg_address(dev, reg);
    if (!p)
        return ~0u;
    return bytes == 1   ? *(volatile uint8_t *)p
           : bytes == 2 ? *(volatile uint16_t *)p
                        : *(volatile uint32_t *)p;
}

void pci_conf_write(struct pci_sbdf dev, unsigned int reg, unsigned int bytes,
                    uint32_t value)
{
    volatile void *p;

    if (!dev.seg) {
        pci_cf8_write(cf8_address(dev, reg), reg & 3, bytes, value);
        return;
    }
    p = mmcfg_address(dev, reg);
    if (!p)
        return;
    if (bytes == 1)
        *(volatile uint8_t *)p = value;
    else if (bytes == 2)
        *(volatile uint16_t *)p = value;
    else
        *(volatile uint32_t *)p = value;
}

unsigned int pci_find_cap(struct pci_sbdf dev, uint8_t cap)
{
    unsigned int pos = PCI_CAPS;

    if (!(pci_conf_read(dev, PCI_STATUS, 2) & PCI_STATUS_CAPS))
        return 0;
    /* A broken device may chain its list to a ring. */
    for (int n = 0; n < 48; n++) {
        pos = pci_conf_read(dev, pos, 1) & ~3u;
        if (pos < 0x40)
            return 0;
        if (pci_conf_read(dev, pos, 1) == cap)
            return pos;
        pos++; /* the next pointer */
    }
    return 0;
}

/* Segment 0 needs no mapping: the hypervisor uses the first 256 bytes alone. */
int pci_mmcfg_reserved(uint64_t address, uint16_t seg, uint8_t start_bus,
                       uint8_t end_bus, bool reserved)
{
    size_t size = (size_t)(end_bus - start_bus + 1) << BUS_SHIFT;
    bool known = false, contains = false;
    char *base;

    ASSERT_HELD(&hardware_domain->lock);
    /* Firmware's own tables decide; dom0 only confirms. One address, which is
     * that of bus 0, may have several ranges. */
    for (unsigned int i = 0; i < acpi.nr_mcfg; i++)
        if (acpi.mcfg[i].base == address && acpi.mcfg[i].segment == seg) {
            known = true;
            contains |= start_bus >= acpi.mcfg[i].start_bus &&
                        end_bus <= acpi.mcfg[i].end_bus;
        }
    if (!known)
        return -ENODEV;
    if (!seg || !reserved)
        return 0;
    if (end_bus < start_bus || !contains || nr_mmcfg == MAX_MCFG)
        return -EINVAL;
    address += (uint64_t)start_bus << BUS_SHIFT;
    base = ioremap(address, size);
    if (!base)
        return -ENOMEM;
    mmcfg[nr_mmcfg].base = base;
    mmcfg[nr_mmcfg].seg = seg;
    mmcfg[nr_mmcfg].start_bus = start_bus;
    mmcfg[nr_mmcfg].end_bus = end_bus;
    atomic_store(&nr_mmcfg, nr_mmcfg + 1);
    return 0;
}
