/* SPDX-License-Identifier: MIT */
/*
 * Soft interrupts take turns: one that raises itself, as the timers' does when
 * many are due, lets the others in.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#include <hv/lib.h>
#include <hv/smp.h>
#include <hv/softirq.h>
#include <hv/spinlock.h>

/* --- what softirq.c finds around it --------------------------------------- */

__thread struct cpu_info test_cpu;
struct cpu_info *cpu_infos[NR_CPUS];
unsigned long per_cpu_offset[NR_CPUS];
cpumask_t cpu_online_map = {1};

noreturn void bug(const char *file, int line, const char *what)
{
    fprintf(stderr, "%s:%d: %s\n", file, line, what);
    abort();
}

void lock_order_acquire(spinlock_t *l)
{
}

void lock_order_release(spinlock_t *l)
{
}

bool lock_is_held(const spinlock_t *l)
{
    return true;
}

void smp_send_event_check(unsigned int cpu)
{
}

/* --- the test ------------------------------------------------------------- */

static unsigned int due, calls, order[64];

static void note(enum softirq nr)
{
    order[calls++ % 64] = nr;
}

static void timers(void)
{
    note(TIMER_SOFTIRQ);
    if (due--)
        raise_softirq(TIMER_SOFTIRQ);
}

static void schedule(void)
{
    note(SCHEDULE_SOFTIRQ);
}

static void arch(void)
{
    note(ARCH_SOFTIRQ);
}

static void others_come_between(void **state)
{
    static const unsigned int wanted[] = {TIMER_SOFTIRQ, SCHEDULE_SOFTIRQ,
                                          ARCH_SOFTIRQ,  TIMER_SOFTIRQ,
                                          TIMER_SOFTIRQ, TIMER_SOFTIRQ};

    open_softirq(TIMER_SOFTIRQ, timers);
    open_softirq(SCHEDULE_SOFTIRQ, schedule);
    open_softirq(ARCH_SOFTIRQ, arch);
    due = 3;
    raise_softirq(ARCH_SOFTIRQ);
    raise_softirq(SCHEDULE_SOFTIRQ);
    raise_softirq(TIMER_SOFTIRQ);
    do_softirq();
    assert_false(softirq_pending());
    assert_int_equal(calls, 6);
    for (unsigned int i = 0; i < 6; i++)
        assert_int_equal(order[i], wanted[i]);
}

static jmp_buf next_vcpu;

/* As the scheduler does: what follows is another vcpu's way out. */
static void schedule_away(void)
{
    note(SCHEDULE_SOFTIRQ);
    if (due)
        longjmp(next_vcpu, 1);
}

/* Timers that are due and decisions that are wanted each time. */
static void timers_and_more(void)
{
    note(TIMER_SOFTIRQ);
    if (due) {
        due--;
        raise_softirq(TIMER_SOFTIRQ);
        raise_softirq(SCHEDULE_SOFTIRQ);
    }
}

static void others_come_between_vcpus(void **state)
{
    open_softirq(TIMER_SOFTIRQ, timers_and_more);
    open_softirq(SCHEDULE_SOFTIRQ, schedule_away);
    calls = 0;
    due = 10;
    raise_softirq(ARCH_SOFTIRQ);
    raise_softirq(TIMER_SOFTIRQ);
    setjmp(next_vcpu);
    do_softirq();
    for (unsigned int i = 0; i < calls && order[i] != ARCH_SOFTIRQ; i++)
        assert_true(i < 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(others_come_between),
        cmocka_unit_test(others_come_between_vcpus),
    };

    return cmocka_run_group_tests_name("soft interrupts", tests, NULL, NULL);
}
