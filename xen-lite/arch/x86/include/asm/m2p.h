/* SPDX-License-Identifier: MIT */
/*
 * Machine-to-phys: which of its owner's pages a frame is. Guests read the table
 * too, and dirty logging finds pages by it.
 */
#ifndef ASM_M2P_H
#define ASM_M2P_H

#include <hv/types.h>
#include <asm/log_dirty.h>
#include <asm/page.h>

struct domain;

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
/* First frame of the i-th 2 MiB of the guests' table, or INVALID_MFN. */
mfn_t m2p_chunk(unsigned long i);

#endif
