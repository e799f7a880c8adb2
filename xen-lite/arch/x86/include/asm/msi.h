/* SPDX-License-Identifier: MIT */
/*
 * Message-signalled interrupts (msi.c): a device writes a vector number to a
 * CPU's APIC. We alone write those messages, so that a device can raise only
 * what we gave it.
 *
 * The functions on a message have no lock: the lock of its irq is held, or the
 * message has no irq yet. Configuration space has a lock of its own.
 */
#ifndef ASM_MSI_H
#define ASM_MSI_H

#include <hv/types.h>

/* A PCI function. */
struct pci_sbdf {
    uint16_t seg;
    uint8_t bus, devfn;
};

static inline bool pci_sbdf_eq(struct pci_sbdf a, struct pci_sbdf b)
{
    return a.seg == b.seg && a.bus == b.bus && a.devfn == b.devfn;
}

struct msi_desc {
    struct pci_sbdf dev;
    uint16_t pos; /* of the capability */
    bool msix, is_64bit, maskable;
    volatile uint32_t *entry; /* MSI-X: its table entry, mapped */
};

/*
 * Fills *desc for dev's MSI (table 0), or for entry entry_nr of its MSI-X
 * table, which dom0 says is at table; the device's own register is believed
 * before that. Nothing is written to the device. 0; -ENODEV: no such
 * capability; -EINVAL: no such entry, or the table would lie in RAM; -ENOMEM.
 */
int msi_prepare(struct msi_desc *desc, struct pci_sbdf dev,
                unsigned int entry_nr, paddr_t table);
void msi_release(struct msi_desc *desc); /* MSI: disabled */
/* What the device sends from now on; it is left masked, if it can be. */
void msi_set_message(const struct msi_desc *desc, uint32_t apic_id,
                     unsigned int vector);
/* Without effect on a device that has no mask. */
void msi_mask(const struct msi_desc *desc, bool masked);
/* The device sends messages instead of pulling its line: for MSI one. */
void msi_enable(const struct msi_desc *desc);

/*
 * PCI configuration space (irq/pci.c): of segment 0 by CF8/CFC, so the first
 * 256 bytes; of others by memory where dom0 said so. A read where nothing is
 * gives all ones, a write is lost. bytes: 1, 2 or 4; reg is a multiple of it.
 */
uint32_t pci_conf_read(struct pci_sbdf dev, unsigned int reg,
                       unsigned int bytes);
void pci_conf_write(struct pci_sbdf dev, unsigned int reg, unsigned int bytes,
                    uint32_t value);
/* Where the capability is; 0: there is none. */
unsigned int pci_find_cap(struct pci_sbdf dev, uint8_t cap);
/* [dom0's lock] PHYSDEVOP_pci_mmcfg_reserved: whether dom0 finds that memory
 * reserved for configuration space. 0; -ENODEV: not in ACPI's table; -EINVAL;
 * -ENOMEM. */
int pci_mmcfg_reserved(uint64_t address, uint16_t seg, uint8_t start_bus,
                       uint8_t end_bus, bool reserved);
/* dom0's own CF8/CFC accesses, cf8 its last address: under the same lock. */
uint32_t pci_cf8_read(uint32_t cf8, unsigned int offset, unsigned int bytes);
void pci_cf8_write(uint32_t cf8, unsigned int offset, unsigned int bytes,
                   uint32_t value);

#endif
