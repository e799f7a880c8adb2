/* SPDX-License-Identifier: MIT */
/*
 * MSI and MSI-X: reading the capability, writing the messages. dom0 switches
 * the functions on; the hypervisor chooses what they send.
 */
#include <hv/acpi.h>
#include <hv/domain.h>
#include <hv/lib.h>
#include <asm/e820.h>
#include <asm/msi.h>
#include <asm/paging.h>

#define PCI_CAP_MSI  0x05
#define PCI_CAP_MSIX 0x11
#define PCI_BAR(n)   (0x10 + 4 * (n))
#define BAR_IO       1
#define BAR_64BIT    4
#define BAR_TYPE     6

#define MSI_FLAGS        2
#define MSI_ENABLE       0x0001
#define MSI_VECTORS      0x0070 /* how many are enabled, log2 */
#define MSI_64BIT        0x0080
#define MSI_MASKABLE     0x0100
#define MSI_ADDRESS      4
#define MSI_DATA(d)      ((d)->is_64bit ? 12 : 8)
#define MSI_MASK_BITS(d) ((d)->is_64bit ? 16 : 12)

#define MSIX_FLAGS   2
#define MSIX_SIZE    0x07ff /* entries - 1 */
#define MSIX_ENABLE  0x8000
#define MSIX_TABLE   4 /* offset, and BAR in bits 0-2 */
#define ENTRY_BYTES  16
#define ENTRY_MASKED 1

#define MSI_ADDRESS_BASE 0xfee00000u

static uint64_t bar_address(struct pci_sbdf dev, unsigned int n)
{
    uint32_t low;
    uint64_t high = 0;

    if (n > 5)
        return 0;
    low = pci_conf_read(dev, PCI_BAR(n), 4);
    if (low & BAR_IO)
        return 0;
    if ((low & BAR_TYPE) == BAR_64BIT && n < 5)
        high = pci_conf_read(dev, PCI_BAR(n + 1), 4);
    return high << 32 | (low & ~15u);
}

/* No table may lie in RAM: dom0 could write there by way of our writes. */
static bool overlaps_ram(paddr_t s, paddr_t e)
{
    for (unsigned int i = 0; i < hv_e820.nr; i++) {
        const struct e820entry *r = &hv_e820.map[i];

        if (r->type == E820_RAM && s < r->addr + r->size && e > r->addr)
            return true;
    }
    return false;
}

/* Table pages stay mapped: a driver that comes and goes uses the same one. */
static char *map_table_page(paddr_t page)
{
    static struct table_page {
        struct table_page *next;
        paddr_t page;
        char *va;
    } * pages; /* the caller of msi_prepare() holds dom0's lock */
    struct table_page *t;

    ASSERT_HELD(&hardware_domain->lock);
    for (t = pages; t; t = t->next)
        if (t->page == page)
            return t->va;
    t = xzalloc(struct table_page);
    if (!t)
        return NULL;
    t->page = page;
    t->va = ioremap(page, PAGE_SIZE);
    if (!t->va) {
        xfree(t);
        return NULL;
    }
    t->next = pages;
    pages = t;
    return t->va;
}

static int prepare_msix(struct msi_desc *desc, unsigned int entry_nr,
                        paddr_t table)
{
    unsigned int flags;
    uint32_t where;
    paddr_t at;
    char *page;

    desc->pos = pci_find_cap(desc->dev, PCI_CAP_MSIX);
    if (!desc->pos)
        return -ENODEV;
    flags = pci_conf_read(desc->dev, desc->pos + MSIX_FLAGS, 2);
    if (entry_nr > (flags & MSIX_SIZE))
        return -EINVAL;
    where = pci_conf_read(desc->dev, desc->pos + MSIX_TABLE, 4);
    /* A virtual function's BARs read as zero: dom0 knows better. */
    at = bar_address(desc->dev, where & 7) ?: table;
    at += (where & ~7u) + entry_nr * ENTRY_BYTES;
    if (overlaps_ram(at, at + ENTRY_BYTES))
        return -EINVAL;
    page = map_table_page(at & PAGE_MASK);
    desc->entry = (volatile uint32_t *)(page + (at & ~PAGE_MASK));
    desc->msix = desc->maskable = true;
    return page ? 0 : -ENOMEM;
}

int msi_prepare(struct msi_desc *desc, struct pci_sbdf dev,
                unsigned int entry_nr, paddr_t table)
{
    unsigned int flags;

    *desc = (struct msi_desc){.dev = dev};
    if (table)
        return prepare_msix(desc, entry_nr, table);
    desc->pos = pci_find_cap(dev, PCI_CAP_MSI);
    if (!desc->pos)
        return -ENODEV;
    flags = pci_conf_read(dev, desc->pos + MSI_FLAGS, 2);
    desc->is_64bit = flags & MSI_64BIT;
    desc->maskable = flags & MSI_MASKABLE;
    return 0;
}

void msi_release(struct msi_desc *desc)
{
    unsigned int flags;

    if (desc->msix) /* its entry is masked; others may be in use */
        return;
    flags = pci_conf_read(desc->dev, desc->pos + MSI_FLAGS, 2);
    pci_conf_write(desc->dev, desc->pos + MSI_FLAGS, 2, flags & ~MSI_ENABLE);
}

void msi_mask(const struct msi_desc *desc, bool masked)
{
    if (desc->msix)
        desc->entry[3] = masked ? ENTRY_MASKED : 0;
    else if (desc->maskable)
        pci_conf_write(desc->dev, desc->pos + MSI_MASK_BITS(desc), 4,
                       masked ? 1 : 0);
}

/* Fixed delivery, edge, to one CPU. */
void msi_set_message(const struct msi_desc *desc, uint32_t apic_id,
                     unsigned int vector)
{
    uint32_t address = MSI_ADDRESS_BASE | apic_id << 12;

    msi_mask(desc, true);
    if (desc->msix) {
        desc->entry[0] = address;
        desc->entry[1] = 0;
        desc->entry[2] = vector;
        return;
    }
    pci_conf_write(desc->dev, desc->pos + MSI_ADDRESS, 4, address);
    if (desc->is_64bit)
        pci_conf_write(desc->dev, desc->pos + MSI_ADDRESS + 4, 4, 0);
    pci_conf_write(desc->dev, desc->pos + MSI_DATA(desc), 2, vector);
}

void msi_enable(const struct msi_desc *desc)
{
    unsigned int reg = desc->pos + (desc->msix ? MSIX_FLAGS : MSI_FLAGS);
    unsigned int flags = pci_conf_read(desc->dev, reg, 2);

    if (desc->msix)
        flags |= MSIX_ENABLE;
    else
        flags = (flags & ~MSI_VECTORS) | MSI_ENABLE;
    pci_conf_write(desc->dev, reg, 2, flags);
}
