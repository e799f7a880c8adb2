/* SPDX-License-Identifier: MIT */
/*
 * Calls to other CPUs. The architecture sends the interrupt.
 */
#ifndef HV_SMP_H
#define HV_SMP_H

#include <hv/percpu.h>

#define smp_processor_id() (get_cpu_info()->cpu)

/*
 * Runs fn(data) on the CPUs of mask (this one included if in it), with
 * interrupts off there, and waits until all have run it.
 *
 * Locks   the caller must have interrupts on and hold no lock from EVTCHN on:
 *         the other CPUs may be waiting for it
 */
void on_selected_cpus(cpumask_t mask, void (*fn)(void *data), void *data);
/* Makes a CPU look at its pending word: it leaves the guest or its idle sleep.
 */
void smp_send_event_check(unsigned int cpu);
void smp_call_function_interrupt(void);
void smp_prepare_boot_cpu(void);
/* How often that CPU has gone to sleep for lack of work. */
uint64_t cpu_halts(unsigned int cpu);
/* Starts the other CPUs; trampoline: a free page below 1 MiB. */
void smp_prepare_cpus(paddr_t trampoline);
/*
 * The end of the machine: stop, restart, power off. From any context; the other
 * CPUs are stopped first.
 */
noreturn void machine_halt(void);
noreturn void machine_restart(void);
noreturn void machine_power_off(void);

#endif
