/* SPDX-License-Identifier: MIT */
/*
 * Two CPUs, and every order in which their steps can come.
 *
 * A step is one access to memory that both may reach: interleave_steps.c is
 * told of each read, write and atomic operation of the code under test by the
 * compiler. Two steps conflict if they touch the same bytes and one of them
 * writes; orders that differ only in steps that do not conflict are one
 * schedule, and every schedule is run once, from the same beginning: what was
 * written is put back after each.
 *
 * The CPUs see each other's writes at once and in order. What a real one keeps
 * in its store buffer for a while is not shown.
 */
#ifndef INTERLEAVE_H
#define INTERLEAVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct contest {
    void (*work[2])(void); /* of CPU 0 and 1 */
    /* After each schedule: whether all is right. It says what is not. */
    bool (*right)(void);
};

/* Before and after the tests: the limits are read, the figures printed. */
void interleave_begin(void);
void interleave_end(void);
/* False: a schedule ended badly; it was printed. */
bool interleave(const struct contest *c);

/* Of all contests so far. */
struct interleave_figures {
    unsigned long contests, schedules, steps;
    unsigned long dropped;  /* begun, and found to be like another one */
    unsigned long left_out; /* with more preemptions than are allowed */
    unsigned long cut;      /* contests with more schedules than are allowed */
};
extern struct interleave_figures interleave_figures;
/*
 * In one schedule a CPU that could go on is stopped for the other one so often,
 * at most; and a contest has no more schedules that CPU 0 begins, and half as
 * many that CPU 1 does. INTERLEAVE_PREEMPTIONS and INTERLEAVE_SCHEDULES in the
 * environment; 0 schedules: all.
 */
extern unsigned long interleave_preemptions, interleave_schedules;

/* --- what was written is put back ----------------------------------------- */
/* What the compiler does not announce is announced so, before it is written. */
void interleave_save(const void *p, size_t n);
size_t interleave_mark(void);
void interleave_back_to(size_t mark);

/* --- for the code that stands in for the machine -------------------------- */
/* A turn of a loop that waits for a write of the other CPU, in the caller or at
 * pc. */
void interleave_wait(void);
void interleave_wait_at(const void *pc);
/* The other CPU goes first, if it can; that this one goes on at once counts as
 * a preemption. */
void interleave_yield(void);
/* This schedule is wrong; does not return while the CPUs run. */
void interleave_fail(const char *fmt, ...)
    __attribute__((format(printf, 1, 2)));
/* Whether CPUs take turns now, and which has it. */
bool interleave_running(void);
unsigned int interleave_cpu(void);

/*
 * A step: turn() returns when it is this CPU's, perform() follows before the
 * access itself. An address that is no memory stands for something else that
 * both use.
 */
void interleave_turn(uintptr_t at, size_t n, bool write, const void *pc);
void interleave_perform(uintptr_t at, size_t n, bool write);
/* All TLBs: written by a flush, read by who changes what they may have. */
#define INTERLEAVE_TLB 8
/* Asked of what watches the CPUs (interleave_tlb.c): whether a write there
 * changes what TLBs may have; addresses that are no steps; and, before the next
 * step, what comes of a write. */
bool interleave_maps(uintptr_t at);
bool interleave_ignores(uintptr_t at);
void interleave_written(uintptr_t at);

#endif
