/* SPDX-License-Identifier: MIT */
/*
 * Per-CPU variables. Each CPU's copy of the .bss.percpu section is found by an
 * offset kept at the top of the CPU's stack (FS and GS belong to the guest).
 * They start as zero, and exist for CPUs that have been started.
 *
 * The hypervisor is not preempted: this_cpu() stays the same CPU until the next
 * do_softirq() or context switch. An interrupt handler may run in between: a
 * variable that handlers change too is used with interrupts off.
 */
#ifndef HV_PERCPU_H
#define HV_PERCPU_H

#include <hv/bitops.h>
#include <hv/types.h>
#include <asm/current.h>

/* CPUs are numbered from 0, the boot CPU; those beyond are not started. */
#define NR_CPUS 64

/*
 * A variable's definition (at file scope) and its declaration for other files.
 * There is no initialiser: the section has no content in the image.
 */
#define DEFINE_PER_CPU(type, name)                                             \
    __section(".bss.percpu") typeof(type) per_cpu__##name
#define DECLARE_PER_CPU(type, name) extern typeof(type) per_cpu__##name

/* What is added to a variable's address; set when a CPU's area is allocated. */
extern unsigned long per_cpu_offset[NR_CPUS];
/* Top-of-stack block of each online CPU; NULL for one that never started. */
extern struct cpu_info *cpu_infos[NR_CPUS];
#define cpu_info_of(cpu) (cpu_infos[cpu])
/* RELOC_HIDE-style: the compiler must not reason about the base object. */
#define per_cpu_at(name, off)                                                  \
    (*(typeof(&per_cpu__##name))({                                             \
        unsigned long p_;                                                      \
        asm("" : "=r"(p_) : "0"((unsigned long)&per_cpu__##name + (off)));     \
        (void *)p_;                                                            \
    }))
/*
 * The copy of this CPU, and that of another: the latter needs a lock or
 * atomics. Both are lvalues; an address of one keeps naming the CPU that it was
 * taken for.
 */
#define this_cpu(name)     per_cpu_at(name, get_cpu_info()->per_cpu_offset)
#define per_cpu(name, cpu) per_cpu_at(name, per_cpu_offset[cpu])

/*
 * A set of CPUs. 'present': in the machine's tables; 'online': running the
 * hypervisor's code. Both only grow, at boot; at the end of the machine a CPU
 * that stops leaves 'online'. Each may be read without a lock.
 *
 * Masks are passed by value: an operation works on a copy, and a copy of a mask
 * that others change is one moment of it. cpu is below NR_CPUS.
 */
typedef struct {
    uint64_t bits; /* NR_CPUS <= 64: one word keeps masks trivial */
} cpumask_t;
/* Index cpu counts from bit 0. Only the code that starts and stops CPUs writes
 * these two. */
extern cpumask_t cpu_present_map, cpu_online_map;
/* All numbers, whether there is such a CPU or not; nobody; one. */
#define CPUMASK_ALL     ((cpumask_t){~0ULL})
#define CPUMASK_NONE    ((cpumask_t){0})
#define cpumask_of(cpu) ((cpumask_t){1ULL << (cpu)})
/* Whether the CPU is in the set. */
static inline bool cpumask_test(unsigned int cpu, cpumask_t m)
{
    return (m.bits >> cpu) & 1;
}
/* The CPUs in both sets; those in a that are not in b. */
static inline cpumask_t cpumask_and(cpumask_t a, cpumask_t b)
{
    return (cpumask_t){a.bits & b.bits};
}
static inline cpumask_t cpumask_andnot(cpumask_t a, cpumask_t b)
{
    return (cpumask_t){a.bits & ~b.bits};
}
/* Whether no CPU is in it; of a mask that others change, at that moment. */
static inline bool cpumask_empty(cpumask_t m)
{
    return !m.bits;
}
/* Atomic, for masks that other CPUs read or change. */
static inline void cpumask_set(unsigned int cpu, cpumask_t *m)
{
    __atomic_fetch_or(&m->bits, 1ULL << cpu, __ATOMIC_SEQ_CST);
}
static inline void cpumask_clear(unsigned int cpu, cpumask_t *m)
{
    __atomic_fetch_and(&m->bits, ~(1ULL << cpu), __ATOMIC_SEQ_CST);
}
/*
 * Walks the CPUs of a copy of the mask, ascending: what others change in the
 * mask meanwhile is not seen.
 */
#define for_each_cpu(cpu, mask)                                                \
    for (uint64_t m_ = (mask).bits; m_ && ((cpu) = __builtin_ctzll(m_), 1);    \
         m_ &= m_ - 1)
/* This CPU is one of them. CPUs that come or go meanwhile are not seen: see
 * above. */
#define for_each_online_cpu(cpu) for_each_cpu (cpu, cpu_online_map)
/* At least 1. The first CPU that does not start is the last one tried: online
 * CPUs are numbered without gaps. */
static inline unsigned int num_online_cpus(void)
{
    return hweight64(cpu_online_map.bits);
}

#endif
