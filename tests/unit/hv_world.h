/* SPDX-License-Identifier: MIT */
/*
 * A small machine for testing the memory core in a process: RAM, CPUs with a
 * model of their TLBs, domains with vcpus. See hv_world.c.
 */
#ifndef HV_WORLD_H
#define HV_WORLD_H

#include "../../xen-lite/arch/x86/pv/mm/mm.h"
#include <hv/page_alloc.h>

#define WORLD_FRAMES  768
#define WORLD_CPUS    3
#define WORLD_DOMAINS 3
#define WORLD_VCPUS   3  /* per domain */
#define HOLE_FIRST    32 /* frames that are no RAM */
#define HOLE_LAST     39

extern struct domain *world_domain[WORLD_DOMAINS];

void world_init(void);
struct domain *world_create_domain(domid_t id, uint64_t max_pages);
/* Kills it completely; false if frames of it are still held by others. */
bool world_kill_domain(domid_t id);
/* This thread's CPU runs v from now on. */
void world_run(unsigned int cpu, struct vcpu *v);

/* What the hypervisor prints comes here; NULL: as world_quiet() says. */
extern void (*world_at_print)(const char *line);
/* Before the hypervisor stops at a BUG_ON(); NULL: nothing. */
extern void (*world_at_bug)(const char *file, int line, const char *what);
/* Before a call is continued; NULL: nothing. */
extern void (*world_at_continuation)(void);
/* A hypercall by the current vcpu, continued until it is done. */
long world_call(unsigned int nr, unsigned long a0, unsigned long a1,
                unsigned long a2, unsigned long a3);
/* Of 1000 preemption checks, how many say yes; per thread. */
extern __thread unsigned int world_preempt;
/* The CPUs that make them so; bits. */
extern uint32_t world_preempt_cpus;
/* Of 1000 continued calls, how many are never taken up again. */
extern __thread unsigned int world_abandon;
/* The n-th copy from or to the guest fails (0: none), per thread. */
extern __thread unsigned int world_fail_copy;
/* What another CPU does before a copy from or to that address; NULL: nothing.
 */
extern void (*world_at_copy)(uint64_t guest);
extern unsigned long world_checks, world_flushes, world_cache_flushes,
    world_root_flushes;
/* How often a lock was taken, but by try. */
extern unsigned long world_locks;
/* Roots that were none any more when a CPU loaded the next one. */
extern unsigned long world_roots_lost;
/* What another CPU does while this one waits for a locked frame; NULL: nothing.
 */
extern void (*world_while_waiting)(void);
/* What another CPU does at this one's next preemption check; once. */
extern void (*world_at_check)(void);
/* The same, when this one reads the flush clock next; once. */
extern void (*world_at_clock)(void);
/* The flush clock moves on, as if other CPUs had flushed. */
void world_pass_time(uint64_t ticks);

/*
 * Counts every reference again and looks at each frame, table and TLB.
 * Returns the number of errors and prints the first few.
 */
unsigned long world_verify(void);
/* Adds to what it expects; called by it, for holders that it does not know. */
void world_expect(unsigned int f, uint32_t general, uint32_t type);
extern void (*world_holders)(void);
/* What the TLBs may have cached since the last call. */
void world_note_tlbs(void);
uint64_t world_rnd(void);
void world_seed(uint64_t seed);
void world_quiet(bool quiet);

/* --- between the files of the world --------------------------------------- */
/* What a CPU may do with a frame by what is in its TLB. */
enum world_use { WORLD_WRITES, WORLD_WALKS };
/* These CPUs may have cached such a translation. */
void world_cached(mfn_t mfn, uint64_t cpus, enum world_use use);
/* The CPUs that may have one. */
uint64_t world_may(unsigned int f, enum world_use use);
/* The frame has another owner than at the last call, and a CPU may have a
 * translation of before. */
bool world_may_be_stale(unsigned int f);
/* No CPU has a root of that domain's loaded any more. */
void world_leave_roots(domid_t id);
/* Those without a reference; no code may hold a pointer to one. */
void world_free_domains(void);

/* The slots that tests use, so that looking at all of them is cheap. */
extern const unsigned int world_slots[];
#define NR_WORLD_SLOTS 12

#endif
