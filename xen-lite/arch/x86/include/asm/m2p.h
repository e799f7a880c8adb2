/* SPDX-License-Identifier: MIT */
/*
 * Machine-to-phys: which of its owner's pages a frame is. Guests read the table
 * too, and dirty logging finds pages by it.
 *
 * The guests' view is read only, at a place that the ABI fixes (config.h). What
 * the table says of a frame that has no owner, or of one of ours, means
 * nothing.
 */
#ifndef ASM_M2P_H
#define ASM_M2P_H

#include <hv/types.h>
#include <asm/log_dirty.h>
#include <asm/page.h>

struct domain;

/* One entry per frame below max_page, INVALID_M2P_ENTRY where nobody set
 * another. */
#define machine_to_phys   ((uint64_t *)RDWR_MPT_VIRT_START)
#define INVALID_M2P_ENTRY (~0UL)
/* For a frame that nobody else can give away meanwhile. */
static inline void set_gpfn_from_mfn(mfn_t mfn, uint64_t pfn)
{
    machine_to_phys[mfn_x(mfn)] = pfn;
    log_dirty_frame(mfn); /* the pfn has other content now */
}
/* The same for a frame of d's, under a reference: another vcpu may give the
 * frame back at any moment, and its next owner trusts the table. False: not
 * d's. */
bool set_owned_gpfn(mfn_t mfn, uint64_t pfn, const struct domain *d);
/* A hint, for any valid mfn with RAM behind it: its owner may have written what
 * it likes. */
static inline uint64_t get_gpfn_from_mfn(mfn_t mfn)
{
    return machine_to_phys[mfn_x(mfn)];
}
/* First frame of the i-th 2 MiB of the guests' table, or INVALID_MFN. */
mfn_t m2p_chunk(unsigned long i);

#endif
