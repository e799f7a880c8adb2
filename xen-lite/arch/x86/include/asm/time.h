/* SPDX-License-Identifier: MIT */
/* Clock facts beyond hv/timer.h. */
#ifndef ASM_TIME_H
#define ASM_TIME_H

#include <hv/types.h>

extern uint64_t cpu_khz; /* TSC */
void time_init(void);    /* ACPI tables, local APIC: before; irqs off */
/* The TSC counts alike on all CPUs and never stops: guests may read it. */
bool time_is_stable(void);
/* AP side and boot CPU side of the test whether their TSCs agree. */
void time_check_sync_source(void);
void time_check_sync_target(void);

#endif
