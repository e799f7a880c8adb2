/* SPDX-License-Identifier: MIT */
/*
 * The hypervisor's own page tables (arch/x86/paging.c), and its part of the
 * guests'.
 *
 * Edits take a lock of their own (LOCK_PAGING) and flush all CPUs if an entry
 * was replaced, so no lock that is taken with interrupts off may be held.
 * Tables are never freed: only perdomain ones are.
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
/* Replace the flags of what is mapped in [s, e), or map nr pages no more. What
 * is not mapped is passed over. Without memory for a split they panic. */
void modify_xen_mappings(unsigned long s, unsigned long e, uint64_t flags);
void unmap_xen(unsigned long va, unsigned long nr);
/* MMIO, not cached: NULL when out of space. size in bytes, any alignment. It is
 * never given back. */
void *ioremap(paddr_t pa, size_t size);
/* Single pages at addresses that are known when we are compiled. */
enum fixed_addresses {
    FIX_LAPIC,
    FIX_IO_APIC_0,
    FIX_IO_APIC_LAST = FIX_IO_APIC_0 + 15,
    FIX_HPET,
    FIX_VGA,
    FIX_MAX
};
#define fix_to_virt(i) (FIXADDR_START + (unsigned long)(i)*PAGE_SIZE)
/* Takes effect at once on this CPU; another one that has used the page keeps
 * the old translation. For boot, when there is no other. */
void set_fixmap(enum fixed_addresses i, mfn_t mfn, uint64_t flags);
void paging_init(void); /* frame table, M2P, direct map; loads idle_root */
/* Pages, zeroed, for tables that are needed before the heap is there; the boot
 * code provides them, and the highest goes first. */
extern char *boot_tables;
extern unsigned int nr_boot_tables;
/* Fill ROOT_SLOT_FIRST..LAST of a guest's L4 page for domain d. */
void init_xen_l4_slots(pte_t *l4, const struct domain *d);
/* Per-domain slot 260. idx: page within the area of a vcpu. */
int create_perdomain_vcpu(struct vcpu *v); /* tables for its 32 pages */
/* No vcpu of d may run any more. */
void destroy_perdomain(struct domain *d);
/* pte pointer of GDT/LDT page i of v, to be written with entry values. */
pte_t *perdomain_l1e(struct vcpu *v, unsigned int page);

#endif
