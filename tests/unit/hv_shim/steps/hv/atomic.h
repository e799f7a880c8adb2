/* SPDX-License-Identifier: MIT */
/* Code whose CPUs take turns (interleave.h): who waits lets the other one go
 * on, and there is no order but that of the turns. */
#ifndef SHIM_STEPS_ATOMIC_H
#define SHIM_STEPS_ATOMIC_H
#include_next <hv/atomic.h>
#undef cpu_relax
#undef smp_mb
#undef smp_rmb
#undef smp_wmb
void interleave_wait(void);
#define cpu_relax() interleave_wait()
#define smp_mb()    barrier()
#define smp_rmb()   barrier()
#define smp_wmb()   barrier()
#endif
