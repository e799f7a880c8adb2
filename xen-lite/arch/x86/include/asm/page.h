/* SPDX-License-Identifier: MIT */
/*
 * x86-64 page-table entries and address arithmetic. Everything here computes:
 * whether a frame exists or an address is mapped is the caller's knowledge.
 */
#ifndef ASM_PAGE_H
#define ASM_PAGE_H

#include <hv/types.h>
#include <asm/config.h>

/* Pages are of 4 KiB throughout; larger ones are only a form of entry. A
 * machine address never has more bits than PADDR_BITS. */
#define PAGE_SHIFT 12
#define PAGE_SIZE  4096UL
#define PAGE_MASK  (~(PAGE_SIZE - 1))
#define PADDR_BITS 52

/* Bits of an entry, of any level unless said otherwise. */
#define PTE_PRESENT  (1UL << 0) /* if clear, the CPU ignores all the rest */
#define PTE_RW       (1UL << 1) /* we obey it, too: CR0_WP */
#define PTE_USER     (1UL << 2) /* user mode may use it, as PV kernels do */
#define PTE_PWT      (1UL << 3) /* with PCD and PAT: index into MSR_PAT */
#define PTE_PCD      (1UL << 4) /* with PWT: not cached */
#define PTE_ACCESSED (1UL << 5) /* set by the CPU */
#define PTE_DIRTY    (1UL << 6) /* set by the CPU, where a page is mapped */
#define PTE_PSE      (1UL << 7) /* L2, L3: large page */
#define PTE_PAT      (1UL << 7) /* L1 */
#define PTE_GLOBAL   (1UL << 8) /* survives a change of CR3 */
#define PTE_AVAIL    (7UL << 9) /* ignored by the CPU, left to the guest */
#define PTE_GUEST_KERNEL                                                       \
    (1UL << 52) /* the hypervisor set USER; the guest had it clear */
#define PTE_NX    (1UL << 63)          /* no instructions from here */
#define PTE_FRAME 0x000ffffffffff000UL /* the machine address in an entry */

/* Our own mappings: data, never executable; UC for device registers. They are
 * the same in every root, so they are global; Accessed and Dirty are set
 * already, so that the CPU has nothing to write. */
#define HV_PTE_RW                                                              \
    (PTE_PRESENT | PTE_RW | PTE_ACCESSED | PTE_DIRTY | PTE_NX | PTE_GLOBAL)
#define HV_PTE_RO (PTE_PRESENT | PTE_ACCESSED | PTE_NX | PTE_GLOBAL)
#define HV_PTE_UC (HV_PTE_RW | PTE_PCD | PTE_PWT)

/* Level 1 is the last table, whose entries map pages; 4 is the root. PT_INDEX
 * is the slot that the CPU takes for va in a table of the level. */
#define PT_ENTRIES          512
#define PT_SHIFT(level)     (12 + 9 * ((level)-1)) /* level 1..4 */
#define PT_INDEX(va, level) (((va) >> PT_SHIFT(level)) & (PT_ENTRIES - 1))

/* An entry as the CPU sees it. The frame is that in bits 12 to 51. An entry
 * that is not present has no frame, whatever pte_mfn() makes of it; flags must
 * have no bit of PTE_FRAME. */
typedef uint64_t pte_t;
static inline mfn_t pte_mfn(pte_t e)
{
    return _mfn((e & PTE_FRAME) >> PAGE_SHIFT);
}
static inline pte_t pte_make(mfn_t mfn, uint64_t flags)
{
    return (mfn_x(mfn) << PAGE_SHIFT) | flags;
}

/* The frame of an address, rounded down and up. Rounding up counts the frames
 * that so many bytes take; it overflows in the last page of all. */
#define PFN_DOWN(x) ((x) >> PAGE_SHIFT)
#define PFN_UP(x)   (((x) + PAGE_SIZE - 1) >> PAGE_SHIFT)

/*
 * The direct map, in which all RAM is mapped. Addresses of devices are not:
 * they need ioremap(). The mapping is permanent, so nothing is to be undone,
 * and it is writable but for the image's code and constants and firmware's
 * tables.
 */
static inline void *maddr_to_virt(paddr_t ma)
{
    return (void *)(DIRECTMAP_VIRT_START + ma);
}
static inline void *mfn_to_virt(mfn_t mfn)
{
    return maddr_to_virt(mfn_x(mfn) << PAGE_SHIFT);
}
/* Machine address of XEN_VIRT_START: where the image really is. */
extern unsigned long xen_phys_start; /* constant once paging is on */
/* For addresses in the direct map or the image; wrong for all others, such as
 * those of ioremap() or of a guest, and without any check. */
static inline paddr_t virt_to_maddr(const void *p)
{
    unsigned long va = (unsigned long)p;
    return va >= DIRECTMAP_VIRT_START ? va - DIRECTMAP_VIRT_START
                                      : va - XEN_VIRT_START + xen_phys_start;
}
static inline mfn_t virt_to_mfn(const void *p)
{
    return _mfn(virt_to_maddr(p) >> PAGE_SHIFT);
}
/* Whether the CPU takes va as an address: bits 47 to 63 are equal. */
static inline bool is_canonical(uint64_t va)
{
    return (uint64_t)((int64_t)(va << 16) >> 16) == va;
}
/* A guest may use this virtual address (canonical, outside our slots). Whether
 * it has something mapped there only an access tells; for ranges there is
 * guest_range_ok(). */
static inline bool guest_addr_ok(uint64_t va)
{
    return va < GUEST_LOW_END || va >= HYPERVISOR_VIRT_END;
}

#endif
