/* SPDX-License-Identifier: MIT */
/* The batch a CPU is working on; for continuations. */
#ifndef HV_MULTICALL_H
#define HV_MULTICALL_H

#include <hv/percpu.h>
#include <xen/xen.h>

struct multicall_state {
    struct multicall_entry call; /* our copy of the entry */
    bool active;                 /* a call of a batch is running */
    bool continued;              /* it asked to be called again */
};
DECLARE_PER_CPU(struct multicall_state, multicall_state);

#endif
