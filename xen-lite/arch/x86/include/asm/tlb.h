/* SPDX-License-Identifier: MIT */
/*
 * TLB flushes, and the flush clock that says which are needed
 * (arch/x86/tlb.c).
 */
#ifndef ASM_TLB_H
#define ASM_TLB_H

#include <hv/types.h>

struct domain;

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
#ifdef HV_DEBUG
/* Certainly not of the past: not as old as the clock is. */
bool stamp_is_ahead(uint32_t stamp);
#endif
/* Debug builds: the clock moves on as if boot was long ago, half its range or
 * the option tlb-clock=, so that stamps of before are that far away. */
void tlb_clock_end_boot(void);
/* Loads a root of d, or the hypervisor's with NULL (all root loads but the
 * kernel/user toggle of one vcpu pass here): flushes everything, keeps the
 * dirty masks of the domains. */
void root_load(uint64_t cr3, struct domain *d);

#endif
