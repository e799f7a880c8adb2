/* SPDX-License-Identifier: MIT */
/*
 * Frames and memory, for generic code: the allocator, and what the architecture
 * says of frames: their records (<asm/frame.h>), references and types here, and
 * whose page each is (<asm/m2p.h>).
 */
#ifndef HV_MM_H
#define HV_MM_H

#include <hv/page_alloc.h>
#include <asm/frame.h>
#include <asm/log_dirty.h>
#include <asm/m2p.h>

struct domain;

/* --- references and types of a frame -------------------------------------- */

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

/* Make one of our frames mappable by d: owner d, xenheap, type writable or
 * read-only for ever. Give it back with free_xenheap_page(): it lives until
 * the last mapping is gone. */
void share_xen_page_with_guest(struct page_info *pg, struct domain *d,
                               bool read_only);
void share_xen_page_with_privileged(struct page_info *pg, bool read_only);

/* --- entries of grant maps ------------------------------------------------ */

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

/* --- the auditor: debug builds, arch/x86/pv/mm/audit.c ---------------------
 */

#ifdef HV_DEBUG
/* Counts every reference in the machine again, while no vcpu but current runs.
 * The number of disagreements; verbose: the first ones are named on the
 * console. Another audit meanwhile: 0, and that is said. */
unsigned long audit_frames(bool verbose);
/* For the auditor: a part of the hypervisor that holds frames for as long as it
 * likes calls it for each, with how many references of each kind. */
typedef void hold_fn(mfn_t mfn, uint32_t general, uint32_t types);
#endif

#endif
