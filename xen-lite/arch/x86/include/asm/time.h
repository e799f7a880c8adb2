/* SPDX-License-Identifier: MIT */
/* Clock facts beyond hv/timer.h. */
#ifndef ASM_TIME_H
#define ASM_TIME_H

#include <hv/types.h>

extern uint64_t cpu_khz; /* TSC */
void time_init(void);    /* ACPI tables, local APIC: before; irqs off */
/* From now on system time follows the platform timer. All CPUs are online. */
void time_start_following(void);
/* The TSC counts alike on all CPUs and never stops: guests may read it. */
bool time_is_stable(void);
/* Do the TSCs agree? On the new CPU, and on the boot CPU, which waits for the
 * new one until give_up: false if it did not come. */
void time_check_sync_target(void);
bool time_check_sync_source(s_time_t give_up);

#endif
