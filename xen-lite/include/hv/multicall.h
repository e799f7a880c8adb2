/* SPDX-License-Identifier: MIT */
/*
 * The batch that a CPU is working on. hypercall_again() and hypercall_set_arg()
 * look here to know whether they must change registers or the entry of a batch.
 * It belongs to the CPU, without a lock: nothing switches vcpus in the middle
 * of a hypercall, and no interrupt handler looks here.
 */
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
