/* SPDX-License-Identifier: MIT */
/*
 * memory_op, shared between its files (common/mm/, arch/x86/memory_op.c).
 * Results are those of the hypercall: public-headers/xen/memory.h.
 */
#ifndef HV_MEMORY_H
#define HV_MEMORY_H

#include <hv/domain.h>

/* The largest extent that d may ask for, as a power of two of frames. */
unsigned int memory_max_order(const struct domain *d);
/*
 * The domain that a request names: the caller's own (DOMID_SELF or its id), or
 * any if the caller is dom0. 0 with a reference in *d that the caller must put;
 * -ESRCH, -EPERM.
 */
int memory_target(domid_t id, struct domain **d);
/* Turns XENMEMF_* into MEMF_*. False: no frame can be that low. */
bool memory_flags(unsigned int mem_flags, unsigned int *memflags);
/*
 * XENMEM_exchange (common/mm/exchange.c). arg: guest address of the structure.
 * May return a continuation.
 */
long memory_exchange(uint64_t arg);
/*
 * Sub-operations of the architecture; -ENOSYS if there is none
 * (arch/x86/memory_op.c).
 */
long arch_memory_op(unsigned int op, uint64_t arg);

#endif
