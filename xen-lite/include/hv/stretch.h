/* SPDX-License-Identifier: MIT */
/*
 * Debug builds: how long a CPU stays in the hypervisor without a look at what
 * else waits for it.
 *
 * A stretch begins when a guest enters or a softirq handler is called, and at
 * each look of hypercall_preempt_check(); it ends at the next of these, at the
 * return to a guest or when the CPU goes idle. Interrupts in between are part
 * of it. Of each CPU the longest is kept; debug key 'l' prints it, with the
 * places where it began and ended, and 'L' forgets it. Locks (common/lib/
 * lock_order.c) are measured by the same clock.
 *
 * Ticks are the TSC's. Under QEMU with -icount shift=0 one is an instruction,
 * so that figures repeat. Release builds have nothing of this.
 */
#ifndef HV_STRETCH_H
#define HV_STRETCH_H

#include <hv/types.h>

#ifdef HV_DEBUG
/* Ends a stretch; the next one begins here and is called by that address. */
void stretch_point(const void *what);
/* The stretch under way turns out to be about this function. */
void stretch_name(const void *what);
/* What has passed is not counted: an operator asked for it. */
void stretch_forgive(void);
/* Ends one; the CPU goes idle. */
void stretch_idle(void);
uint64_t stretch_clock(void);
/* A place in the code, by name, behind the words. */
void print_place(const char *words, const void *place);
/* Print, and forget, the longest of each CPU. */
void stretch_dump(void);
void stretch_reset(void);
/* The same for locks: the longest that one was held, and of those that are held
 * with interrupts off. Waiting for it counts. */
void lock_holds_dump(void);
void lock_holds_reset(void);
#else
static inline void stretch_point(const void *what)
{
}
static inline void stretch_name(const void *what)
{
}
static inline void stretch_forgive(void)
{
}
static inline void stretch_idle(void)
{
}
static inline void stretch_dump(void)
{
}
static inline void lock_holds_dump(void)
{
}
#endif

#endif
