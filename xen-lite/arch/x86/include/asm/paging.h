/* SPDX-License-Identifier: MIT */
/*
 * The hypervisor's own page tables (arch/x86/paging.c), and its part of the
 * guests'.
 */
#ifndef ASM_PAGING_H
#define ASM_PAGING_H

#include <hv/types.h>
#include <asm/page.h>

struct domain;
struct vcpu;

extern pte_t *idle_root; /* master L4: slots 256-271 template */
/* Map nr frames at va with flags (HV_PTE_*): 0/-ENOMEM. Large pages where
 * aligned and allowed. */
int map_pages_to_xen(unsigned long va, mfn_t mfn, unsigned long nr,
                     uint64_t flags);
void modify_xen_mappings(unsigned long s, unsigned long e, uint64_t flags);
void unmap_xen(unsigned long va, unsigned long nr);
/* MMIO: NULL when out of space. size in bytes, any alignment. */
void *ioremap(paddr_t pa, size_t size);
enum fixed_addresses {
    FIX_LAPIC,
    FIX_IO_APIC_0,
    FIX_IO_APIC_LAST = FIX_IO_APIC_0 + 15,
    FIX_HPET,
    FIX_VGA,
    FIX_MAX
};
#define fix_to_virt(i) (FIXADDR_START + (unsigned long)(i)*PAGE_SIZE)
void set_fixmap(enum fixed_addresses i, mfn_t mfn, uint64_t flags);
void paging_init(void); /* frame table, M2P, direct map; loads idle_root */
extern char *boot_tables;
extern unsigned int nr_boot_tables;
/* Fill ROOT_SLOT_FIRST..LAST of a guest's L4 page for domain d. */
void init_xen_l4_slots(pte_t *l4, const struct domain *d);
/* Per-domain slot 260. idx: page within the area of a vcpu. */
int create_perdomain_vcpu(struct vcpu *v); /* tables for its 32 pages */
void destroy_perdomain(struct domain *d);
/* pte pointer of GDT/LDT page i of v, to be written with entry values. */
pte_t *perdomain_l1e(struct vcpu *v, unsigned int page);

#endif
