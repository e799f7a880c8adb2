/* SPDX-License-Identifier: MIT */
/* memory_op, shared between its files. */
#ifndef HV_MEMORY_H
#define HV_MEMORY_H

#include <hv/domain.h>

unsigned int memory_max_order(const struct domain *d);
int memory_target(domid_t id, struct domain **d);
bool memory_flags(unsigned int mem_flags, unsigned int *memflags);
/* XENMEM_exchange (common/mm/exchange.c) */
long memory_exchange(uint64_t arg);
/* Sub-operations of the architecture; -ENOSYS (arch/x86/memory_op.c) */
long arch_memory_op(unsigned int op, uint64_t arg);

#endif
