/* SPDX-License-Identifier: MIT */
/*
 * The clock as a guest reads it: a struct vcpu_time_info in its memory. The
 * version is odd while the rest changes, so that a reader that meets an odd
 * one, or two that differ, reads again. That holds for one writer at a time:
 * every writer of any record holds the lock from open to close.
 *
 * Locks   DEVICE, from clock_records_lock() to clock_records_unlock(), which
 * are in hv/arch.h
 */
#ifndef ASM_CLOCK_RECORD_H
#define ASM_CLOCK_RECORD_H

#include <hv/types.h>

struct vcpu_time_info; /* xen/xen.h */

/* From now on no reader takes what the record says. */
void clock_record_open(struct vcpu_time_info *to);
/* The record says what t says (all but the version). */
void clock_record_close(struct vcpu_time_info *to,
                        const struct vcpu_time_info *t);
/* Do both say the same? A guest that writes to its record deceives itself
 * alone. */
bool clock_record_same(const struct vcpu_time_info *a,
                       const struct vcpu_time_info *b);
/* Under the lock: fn for all that are read now. Of many vcpus that is long,
 * with interrupts off; what other CPUs wait for is served meanwhile. */
void for_each_clock_record(void (*fn)(struct vcpu_time_info *record));

#endif
