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

/* --- what queues itself again --------------------------------------------- */

static unsigned int rounds;
static struct rcu_head dead, another;
static struct tasklet task, other_task;

static void others(void)
{
    note(ARCH_SOFTIRQ);
}

/* Each time, others have something to do, too. */
static void free_some(struct rcu_head *head)
{
    note(RCU_SOFTIRQ);
    raise_softirq(ARCH_SOFTIRQ);
    if (head == &dead && --rounds)
        call_rcu(head, free_some);
}

static void do_some(void *data)
{
    note(TASKLET_SOFTIRQ);
    raise_softirq(ARCH_SOFTIRQ);
    if (data == &task && --rounds)
        tasklet_schedule(&task);
}

static void expect_turns(enum softirq nr, unsigned int times)
{
    unsigned int spoken = 0;

    assert_false(softirq_pending());
    assert_int_equal(rounds, 0);
    for (unsigned int i = 0; i < calls; i++) {
        spoken += order[i] == nr;
        if (i)
            assert_false(order[i] == nr && order[i - 1] == nr);
    }
    assert_int_equal(spoken, times);
}

static void others_come_between_frees(void **state)
{
    cpu_infos[0] = &test_cpu;
    softirq_init();
    open_softirq(ARCH_SOFTIRQ, others);
    calls = 0;
    rounds = 10;
    call_rcu(&dead, free_some);
    call_rcu(&another, free_some);
    do_softirq();
    expect_turns(RCU_SOFTIRQ, 11);
}

/* The other one of two CPUs goes on. */
static void switch_cpu(void)
{
    static struct cpu_info away = {.cpu = 1};
    struct cpu_info here = test_cpu;

    test_cpu = away;
    away = here;
    cpu_infos[test_cpu.cpu] = &test_cpu;
    cpu_infos[away.cpu] = &away;
}

/* What is queued meanwhile waits until every CPU has passed again. */
static void each_round_waits_for_all(void **state)
{
    softirq_init();
    cpu_online_map.bits = 3;
    switch_cpu();
    switch_cpu();
    calls = 0;
    rounds = 3;
    call_rcu(&dead, free_some);
    for (unsigned int left = 3;; left--) {
        do_softirq();
        do_softirq();
        assert_int_equal(rounds, left);
        if (!left)
            break;
        switch_cpu();
    }
    switch_cpu();
    cpu_online_map.bits = 1;
}

/* For the auditor. */
static void nothing_is_freed_while_that_is_held_back(void **state)
{
    softirq_init();
    open_softirq(ARCH_SOFTIRQ, others);
    calls = 0;
    rounds = 1;
    rcu_hold(true);
    call_rcu(&dead, free_some);
    do_softirq();
    assert_int_equal(rounds, 1);
    rcu_hold(false);
    do_softirq();
    expect_turns(RCU_SOFTIRQ, 1);
}

static void others_come_between_tasklets(void **state)
{
    softirq_init();
    open_softirq(ARCH_SOFTIRQ, others);
    calls = 0;
    rounds = 10;
    task = (struct tasklet){.fn = do_some, .data = &task};
    other_task = (struct tasklet){.fn = do_some};
    tasklet_schedule(&task);
    tasklet_schedule(&other_task);
    do_softirq();
    expect_turns(TASKLET_SOFTIRQ, 11);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(others_come_between),
        cmocka_unit_test(others_come_between_vcpus),
        cmocka_unit_test(others_come_between_frees),
        cmocka_unit_test(each_round_waits_for_all),
        cmocka_unit_test(nothing_is_freed_while_that_is_held_back),
        cmocka_unit_test(others_come_between_tasklets),
    };

    return cmocka_run_group_tests_name("soft interrupts", tests, NULL, NULL);
}
