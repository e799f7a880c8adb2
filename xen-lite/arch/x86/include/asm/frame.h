/* SPDX-License-Identifier: MIT */
/*
 * The record of a machine frame: 16 bytes each.
 *
 * A frame has a general count (all reasons it may not be freed) and a type
 * with a count of uses in that type. The frame record has no list links for
 * domain ownership: teardown walks the table (arch_domain_relinquish()).
 *
 * Counts and types change by the functions of <hv/mm.h> alone. Locks and rules:
 * arch/x86/pv/mm/types.c.
 */
#ifndef ASM_FRAME_H
#define ASM_FRAME_H

#include <hv/types.h>
#include <asm/page.h>

/* --- page_info.type ------------------------------------------------------- */
/*
 * The low bits count the uses in the type of the high bits. Without a use the
 * type is none, and PGT_was_table and PGT_foreign say what the next one has to
 * flush. Which of the bits may be set together: pv/mm/types.c.
 */
#define PGT_count_width 23
#define PGT_count_mask  ((1u << PGT_count_width) - 1)
#define PGT_locked      (1u << 23) /* entry writer, validator or stamp writer */
#define PGT_pinned      (1u << 24) /* holds one type + one general count */
#define PGT_validated   (1u << 25) /* checked: uses may be added */
#define PGT_partial     (1u << 26) /* resume index valid, see pv/mm/types.c */
#define PGT_was_table   (1u << 27) /* tlb_stamp ends a table use */
#define PGT_foreign     (1u << 28) /* mapped by others than its owner */
#define PGT_listed      PGT_was_table /* partial: in its owner's undo list */
#define PGT_type_shift  29
#define PGT_type_mask   (7u << PGT_type_shift)
#define PGT_none        (0u << PGT_type_shift)
#define PGT_l1_table    (1u << PGT_type_shift) /* its number is its level */
#define PGT_l2_table    (2u << PGT_type_shift)
#define PGT_l3_table    (3u << PGT_type_shift)
#define PGT_l4_table    (4u << PGT_type_shift)
#define PGT_descriptor  (5u << PGT_type_shift) /* GDT or LDT */
#define PGT_writable    (7u << PGT_type_shift) /* excludes the others */

/* --- page_info.count ------------------------------------------------------ */
/* The low bits count the reasons. Whoever takes away the last one frees the
 * frame, and the record is the heap's from then on. */
#define PGC_allocated   (1u << 31) /* holds one of the counts; cleared once */
#define PGC_xenheap     (1u << 30) /* from our heap; lent or private */
#define PGC_noncoherent (1u << 29) /* was mapped writable, not write-back */
#define PGC_count_mask  ((1u << 26) - 1)

/*
 * owner: a domain; DOMID_IDLE: private to the hypervisor; DOMID_XEN: the
 * hypervisor's, and privileged domains may map it; DOMID_IO: not RAM;
 * DOMID_INVALID: free. It changes only together with the count, so a reference
 * that get_page() has given keeps the owner, too.
 */
struct page_info {
    union {
        uint32_t type;      /* PGT_*; atomic */
        uint32_t free_next; /* head of a free chunk: free_link() */
    };
    union {
        uint32_t tlb_stamp;  /* no type in use: flush clock at last use */
        uint32_t entry_mask; /* table: bit per 16 slots that may hold present
                                entries */
        uint32_t undo_next;  /* listed: frame of the next one, 0: the last */
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

/*
 * A frame number, below 2^31, in the place of the type. A CPU that has found a
 * table without a reference may look at the type when the frame is free
 * already: no number looks like a table that can be locked.
 */
static inline uint32_t free_link(uint32_t mfn)
{
    const uint32_t low = PGT_validated - 1;

    return (mfn & low) | (mfn & ~low) << 1;
}
static inline uint32_t free_link_mfn(uint32_t link)
{
    const uint32_t low = PGT_validated - 1;

    return (link & low) | (link >> 1 & ~low);
}

/* From a frame to its record and its address, and back: arithmetic, for valid
 * frames (mfn_valid()) and addresses in the direct map. */
#define frame_table ((struct page_info *)FRAMETABLE_VIRT_START)
extern unsigned long max_page; /* frames below this have records */
/* Whether there is a record: of RAM, or of a hole between RAM, whose record is
 * shared with other holes and belongs to DOMID_IO. */
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

#endif
