/* SPDX-License-Identifier: MIT */
/*
 * Machine frames: 16 bytes each.
 *
 * A frame has a general count (all reasons it may not be freed) and a type
 * with a count of uses in that type. The frame record has no list links for
 * domain ownership: teardown walks the table (arch_domain_relinquish()).
 *
 * Locks and rules: arch/x86/pv/mm/types.c.
 */
#ifndef ASM_MM_H
#define ASM_MM_H

#include <hv/types.h>
#include <hv/errno.h>
#include <hv/atomic.h>
#include <asm/page.h>

struct domain;
struct vcpu;

/* --- page_info.type ------------------------------------------------------- */
#define PGT_count_width 23
#define PGT_count_mask  ((1u << PGT_count_width) - 1)
#define PGT_locked      (1u << 23) /* entry writer, validator or stamp writer */
#define PGT_pinned      (1u << 24) /* holds one type + one general count */
#define PGT_validated   (1u << 25)
#define PGT_partial     (1u << 26) /* resume index valid, see pv/mm/types.c */
#define PGT_was_table   (1u << 27) /* tlb_stamp ends a table use */
#define PGT_foreign     (1u << 28) /* mapped by others than its owner */
#define PGT_type_shift  29
#define PGT_type_mask   (7u << PGT_type_shift)
#define PGT_none        (0u << PGT_type_shift)
#define PGT_l1_table    (1u << PGT_type_shift)
#define PGT_l2_table    (2u << PGT_type_shift)
#define PGT_l3_table    (3u << PGT_type_shift)
#define PGT_l4_table    (4u << PGT_type_shift)
#define PGT_descriptor  (5u << PGT_type_shift)
#define PGT_writable    (7u << PGT_type_shift)

/* --- page_info.count ------------------------------------------------------ */
#define PGC_allocated   (1u << 31) /* holds one of the counts; cleared once */
#define PGC_xenheap     (1u << 30) /* from our heap; lent or private */
#define PGC_noncoherent (1u << 29) /* was mapped writable, not write-back */
#define PGC_count_mask  ((1u << 26) - 1)

/*
 * owner: a domain; DOMID_IDLE: private to the hypervisor; DOMID_XEN: the
 * hypervisor's, and privileged domains may map it; DOMID_IO: not RAM;
 * DOMID_INVALID: free.
 */
struct page_info {
    union {
        uint32_t type;      /* PGT_*; atomic */
        uint32_t free_next; /* head of a free chunk */
    };
    union {
        uint32_t tlb_stamp;  /* no type in use: flush clock at last use */
        uint32_t entry_mask; /* table: bit per 16 slots that may hold present
                                entries */
    };
    union {
        struct {
            uint32_t count;  /* PGC_*; atomic together with owner */
            uint16_t owner;  /* domid */
            uint16_t resume; /* partial table: next slot; object heap: size */
        };
        uint64_t count_owner;
        struct {
            uint32_t free_prev;
            uint16_t free_owner; /* DOMID_INVALID */
            uint8_t free_order, free_flags;
        };
    };
};

#define frame_table ((struct page_info *)FRAMETABLE_VIRT_START)
extern unsigned long max_page; /* frames below this have records */
static inline bool mfn_valid(mfn_t mfn)
{
    return mfn_x(mfn) < max_page;
}
static inline struct page_info *mfn_to_page(mfn_t mfn)
{
    return frame_table + mfn_x(mfn);
}
static inline mfn_t page_to_mfn(const struct page_info *pg)
{
    return _mfn(pg - frame_table);
}
static inline struct page_info *virt_to_page(const void *p)
{
    return mfn_to_page(virt_to_mfn(p));
}
static inline void *page_to_virt(const struct page_info *pg)
{
    return mfn_to_virt(page_to_mfn(pg));
}

/* General references. get_page(): false unless d owns the frame now. */
bool __must_check get_page(struct page_info *pg, const struct domain *d);
void put_page(struct page_info *pg);
/* By number, any value from a guest; NULL if not valid or not d's. */
struct page_info *get_page_from_mfn(mfn_t mfn, const struct domain *d);

/*
 * Typed references. Caller holds a general reference; on success it owes
 * put_page_type(). type: PGT_xxx (one of). 0, -EINVAL (busy as another type or
 * content refused), -ERESTART (preempted: nothing owed, call again; only for
 * L2 and above).
 */
int __must_check get_page_type(struct page_info *pg, uint32_t type);
/* A frame of d to write to, by number; the caller owes put_page_and_type().
 * NULL: not d's, or in use as something that no guest may write. */
struct page_info *get_writable_page(mfn_t mfn, const struct domain *d);
/* Never fails, and its work is bounded: the undo of a large table may be left
 * unfinished in the owner's list, which is emptied before a guest's next use of
 * a table is taken. */
void put_page_type(struct page_info *pg);
int __must_check get_page_and_type(struct page_info *pg, struct domain *d,
                                   uint32_t type);
static inline void put_page_and_type(struct page_info *pg)
{
    put_page_type(pg);
    put_page(pg);
}
/* Finish d's interrupted table undos: 0/-ERESTART. */
int mm_finish_pending(struct domain *d);

/* Make one of our frames mappable by d: owner d, xenheap, type writable or
 * read-only for ever. Give it back with free_xenheap_page(): it lives until
 * the last mapping is gone. */
void share_xen_page_with_guest(struct page_info *pg, struct domain *d,
                               bool read_only);
void share_xen_page_with_privileged(struct page_info *pg, bool read_only);

/* --- dirty logging (asm/log_dirty.h) -------------------------------------- */
/*
 * Code that has written to a guest's frame by another way than the guest's own
 * addresses must call this, after the write. It costs one test while no domain
 * is logged.
 */
extern uint32_t nr_logged_domains;
void log_dirty_frame_slow(mfn_t mfn);
static inline void log_dirty_frame(mfn_t mfn)
{
    if (unlikely(READ_ONCE(nr_logged_domains)))
        log_dirty_frame_slow(mfn);
}

/* --- machine-to-phys ------------------------------------------------------ */
#define machine_to_phys   ((uint64_t *)RDWR_MPT_VIRT_START)
#define INVALID_M2P_ENTRY (~0UL)
static inline void set_gpfn_from_mfn(mfn_t mfn, uint64_t pfn)
{
    machine_to_phys[mfn_x(mfn)] = pfn;
    log_dirty_frame(mfn); /* the pfn has other content now */
}
/* The same for a frame of d's, under a reference: another vcpu may give the
 * frame back at any moment, and its next owner trusts the table. False: not
 * d's. */
bool set_owned_gpfn(mfn_t mfn, uint64_t pfn, const struct domain *d);
static inline uint64_t get_gpfn_from_mfn(mfn_t mfn)
{
    return machine_to_phys[mfn_x(mfn)];
}

/* --- our own page tables (arch/x86/paging.c) ------------------------------ */
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
/* First frame of the i-th 2 MiB of the guests' table, or INVALID_MFN. */
mfn_t m2p_chunk(unsigned long i);
/* Fill ROOT_SLOT_FIRST..LAST of a guest's L4 page for domain d. */
void init_xen_l4_slots(pte_t *l4, const struct domain *d);
/* Per-domain slot 260. idx: page within the area of a vcpu. */
int create_perdomain_vcpu(struct vcpu *v); /* tables for its 32 pages */
void destroy_perdomain(struct domain *d);
/* pte pointer of GDT/LDT page i of v, to be written with entry values. */
pte_t *perdomain_l1e(struct vcpu *v, unsigned int page);

/* --- TLB (arch/x86/tlb.c) ------------------------------------------------- */
#define FLUSH_TLB        (1u << 0)
#define FLUSH_TLB_GLOBAL (1u << 1)
#define FLUSH_VA         (1u << 2)
#define FLUSH_ROOT       (1u << 3) /* idle CPUs leave the guest's root */
void flush_local(unsigned long va, unsigned int flags);
/* On the CPUs of mask (bits as in cpumask_t.bits), waits. */
void flush_mask(uint64_t cpumask, unsigned long va, unsigned int flags);
void flush_tlb_interrupt(void);
/* One turn of a loop that waits, perhaps with interrupts off, for a CPU that
 * may itself be waiting for this one's flush. */
void flush_while_waiting(void);
/* Write back and drop the frame's cache lines. */
void flush_cache_frame(mfn_t mfn);
uint32_t tlb_clock_now(void);
/* Returns the CPUs of the mask that have not flushed since the stamp. */
uint64_t tlb_filter(uint64_t cpumask, uint32_t stamp);
/* The later of two stamps. They may be any number of ticks apart, so their ages
 * are compared: now is the clock, read after both stamps. An age of 2^32 ticks
 * or more looks smaller than it is, as in tlb_filter(). */
static inline uint32_t stamp_later(uint32_t a, uint32_t b, uint32_t now)
{
    return now - a <= now - b ? a : b;
}
/* Debug builds: the clock moves on as if boot was long ago, half its range or
 * the option tlb-clock=, so that stamps of before are that far away. */
void tlb_clock_end_boot(void);
/* Loads a root of d, or the hypervisor's with NULL (all root loads but the
 * kernel/user toggle of one vcpu pass here): flushes everything, keeps the
 * dirty masks of the domains. */
void root_load(uint64_t cr3, struct domain *d);

/* --- guest page tables (see pv/mm/mm.h) ----------------------------------- */
/* Toggle between kernel and user root of v (current). */
void toggle_guest_mode(struct vcpu *v);
/* The validated L1 entry that maps va under v's kernel root, or 0. */
pte_t guest_l1e(struct vcpu *v, unsigned long va);
/* #PF in guest kernel mode on a page-table page: emulate the write. True if
 * handled. */
struct cpu_regs;
bool ptwr_do_page_fault(struct vcpu *v, unsigned long addr,
                        struct cpu_regs *regs);
/* The guest touched its LDT/GDT window: map the page in. True if done. */
bool map_ldt_shadow_page(unsigned int index);
void invalidate_ldt(struct vcpu *v);
/* References for a root of v: general and PGT_l4_table. What was interrupted of
 * the domain's tables is finished first. 0, -EINVAL, -ERESTART */
int take_root(struct vcpu *v, mfn_t mfn);
/* New kernel root for v (current), with references of its own: 0, -EINVAL,
 * -ERESTART */
int new_guest_root(struct vcpu *v, mfn_t mfn);
/* v's cr3 values from its roots; v is not running. */
void set_vcpu_cr3(struct vcpu *v);
/* Drop both roots (vcpu reset, death); v is not running. 0/-ERESTART */
int vcpu_destroy_pagetables(struct vcpu *v);
/* Preemptible walk over all frames of a dying domain. 0/-ERESTART */
int relinquish_memory(struct domain *d);
/*
 * Entries of grant maps: addr is a virtual address or, with
 * GNTMAP_contains_pte, the machine address of an L1 entry, in the current
 * domain. The entry holds references of its own, like every entry; those of
 * the handle are the grant table's. create: the caller holds a reference on
 * frame. replace: the entry must map frame as flags say; new_addr 0 or the VA
 * whose entry moves here. Both return GNTST_*; the caller flushes the TLBs of
 * current->domain after replace.
 */
int create_grant_host_mapping(uint64_t addr, mfn_t frame, unsigned int flags);
int replace_grant_host_mapping(uint64_t addr, mfn_t frame, uint64_t new_addr,
                               unsigned int flags);
/* Whether d may map this MMIO range. dom0 may map all but what the hypervisor
 * uses. */
bool iomem_access_permitted(const struct domain *d, unsigned long s,
                            unsigned long e);
void iomem_deny_dom0(unsigned long s, unsigned long e); /* frames, boot */
void ioports_deny_dom0(unsigned int first, unsigned int last);
bool ioports_access_permitted(const struct domain *d, unsigned int s,
                              unsigned int e);
/* Frame-table audit (debug builds): number of errors. */
unsigned long audit_frames(bool verbose);

#endif
