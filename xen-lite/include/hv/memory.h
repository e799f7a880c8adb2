/* SPDX-License-Identifier: MIT */
/*
 * memory_op, shared between its files (common/mm/, arch/x86/memory_op.c).
 * Results are those of the hypercall: public-headers/xen/memory.h.
 */
#ifndef HV_MEMORY_H
#define HV_MEMORY_H

#include <hv/subop.h>

/* The largest extent that d may ask for, as a power of two of frames. */
unsigned int memory_max_order(const struct domain *d);
/* Turns XENMEMF_* into MEMF_*. False: no frame can be that low. */
bool memory_flags(unsigned int mem_flags, unsigned int *memflags);
/* XENMEM_exchange: a sub-operation (common/mm/exchange.c). */
long memory_exchange(struct domain *unused, void *op);

/* Sub-operations: the architecture's rows, beside those of memory_op.c. */
#define NR_MEMORY_OPS 29
extern const struct subop arch_memory_table[NR_MEMORY_OPS];

#endif
