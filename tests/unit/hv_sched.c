/* SPDX-License-Identifier: MIT */
/*
 * Scheduler and timers: where two CPUs meet (a test stops one of them at the
 * bad moment and lets the other one go), and the rules of who runs.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <setjmp.h>
#include <stdio.h>
#include <pthread.h>
#include <unistd.h>
#include <cmocka.h>
#include <hv/domain.h>
#include <hv/lib.h>
#include <hv/percpu.h>
#include <hv/smp.h>
#include <hv/softirq.h>
#include <hv/symbols.h>
#include <hv/timer.h>
#define sched_yield hv_sched_yield /* the C library has one */
#include "../../xen-lite/common/sched/schedule.c"

/* --- what they find around them ------------------------------------------- */

__thread struct cpu_info test_cpu;
unsigned long per_cpu_offset[NR_CPUS];
cpumask_t cpu_online_map = {3};
struct domain *idle_domain;
struct vcpu *idle_vcpu[NR_CPUS];
static DEFINE_PER_CPU(char, somewhere);
static char other_cpus_data[1 << 16] __attribute__((aligned(64)));

static void (*at_clock)(void), (*at_unlock)(void); /* once */
static __thread unsigned int locks;
static s_time_t clock_now = SECONDS(1);
static void (*timer_handler)(void);

static void once(void (**hook)(void))
{
    void (*fn)(void) = *hook;

    *hook = NULL;
    if (fn)
        fn();
}

s_time_t get_s_time(void)
{
    once(&at_clock);
    return clock_now;
}

noreturn void bug(const char *file, int line, const char *what)
{
    fprintf(stderr, "%s:%d: %s\n", file, line, what);
    abort();
}

void printk(const char *fmt, ...)
{
}

bool lock_is_held(const spinlock_t *l)
{
    return READ_ONCE(l->head) != READ_ONCE(l->tail);
}

void lock_order_acquire(spinlock_t *l)
{
    locks++;
}

void lock_order_acquired_by_try(spinlock_t *l)
{
    locks++;
}

void lock_order_release(spinlock_t *l)
{
    if (!--locks)
        once(&at_unlock);
}

static bool timer_is_raised;

void raise_softirq(enum softirq nr)
{
    timer_is_raised |= nr == TIMER_SOFTIRQ;
}

static unsigned int decisions; /* asked for */

void cpu_raise_softirq(unsigned int cpu, enum softirq nr)
{
    decisions += nr == SCHEDULE_SOFTIRQ;
}

void open_softirq(enum softirq nr, void (*fn)(void))
{
    if (nr == TIMER_SOFTIRQ)
        timer_handler = fn;
}

bool reprogram_timer(s_time_t deadline)
{
    return true;
}

const char *symbol_lookup(unsigned long addr, unsigned long *offset)
{
    return NULL;
}

void vcpu_resume_ticks(struct vcpu *v)
{
}

void vcpu_runstate_change(struct vcpu *v, int new_state, s_time_t now)
{
    v->runstate.state = new_state;
}

void context_switch(struct vcpu *prev, struct vcpu *next)
{
}

cpumask_t cpupool_cpus(const struct domain *d)
{
    return cpu_online_map;
}

/* --- the tests ------------------------------------------------------------ */

static struct domain guest, idle;
static struct vcpu woken, idlers[2];

static void run_on(unsigned int cpu)
{
    test_cpu.cpu = cpu;
    test_cpu.per_cpu_offset = per_cpu_offset[cpu];
}

static int start(void **state)
{
    per_cpu_offset[1] = (unsigned long)other_cpus_data +
                        sizeof(other_cpus_data) / 2 -
                        ((unsigned long)&per_cpu__somewhere & ~63UL);
    idle_domain = &idle;
    idle.sched.weight = guest.sched.weight = SCHED_DEFAULT_WEIGHT;
    run_on(0);
    for (unsigned int cpu = 0; cpu < 2; cpu++) {
        timer_init_cpu(cpu);
        scheduler_init_cpu(cpu);
        idlers[cpu] = (struct vcpu){.domain = &idle, .processor = cpu};
        sched_vcpu_init(&idlers[cpu]);
        idle_vcpu[cpu] = &idlers[cpu];
    }
    return 0;
}

static struct vcpu busy;
static pthread_t other;

/* CPU 0 has saved the vcpu that is being woken. */
static void *leave_cpu(void *unused)
{
    run_on(0);
    sched_context_switched(&woken, &busy);
    return NULL;
}

/* It is done then, or waits for the lock of the CPU that wakes. */
static void other_leaves(void)
{
    assert_int_equal(pthread_create(&other, NULL, leave_cpu, NULL), 0);
    while (READ_ONCE(woken.is_running))
        cpu_relax();
    usleep(20000);
}

static struct vcpu new_vcpu(uint32_t id)
{
    return (struct vcpu){.domain = &guest,
                         .vcpu_id = id,
                         .is_running = true,
                         .runstate.state = RUNSTATE_blocked};
}

/* CPU 0 runs another vcpu, CPU 1 idles. */
static void test_wake_while_saved(void **state)
{
    woken = new_vcpu(0);
    busy = new_vcpu(1);
    sched_vcpu_init(&woken);
    sched_vcpu_init(&busy);
    woken.processor = busy.processor = 0;
    per_cpu(runq, 0).curr = &busy;
    run_on(1);
    at_clock = other_leaves;
    vcpu_wake(&woken);
    assert_int_equal(pthread_join(other, NULL), 0);
    assert_true(woken.sched.queued);
    assert_int_equal(woken.processor, 1);
}

static struct timer moving;

static void stop_moving(void)
{
    stop_timer(&moving);
}

static void test_stop_while_moved(void **state)
{
    run_on(1);
    init_timer(&moving, NULL, NULL, 0);
    set_timer(&moving, SECONDS(5));
    at_unlock = stop_moving;
    migrate_timer(&moving, 1);
    assert_false(timer_is_active(&moving));
    set_timer(&moving, SECONDS(6));
    migrate_timer(&moving, 0);
    assert_true(timer_is_active(&moving));
    assert_int_equal(moving.cpu, 0);
    stop_timer(&moving);
}

#define NR_TIMERS 100
static struct timer many[NR_TIMERS];
static bool fired[NR_TIMERS];
static s_time_t last_fired;
static unsigned int nr_fired;

static void fires(void *data)
{
    struct timer *t = data;

    assert_true(t->expires >= last_fired);
    assert_true(t->expires <= clock_now);
    last_fired = t->expires;
    fired[t - many] = true;
    nr_fired++;
}

/* In pieces, between which the CPU looks at other work. */
static void all_that_are_due(void)
{
    do {
        timer_is_raised = false;
        nr_fired = 0;
        timer_handler();
        assert_in_range(nr_fired, 0, NR_TIMERS / 2);
    } while (timer_is_raised);
}

/* Some stopped, some set anew, some not due: the others fire in order. */
static void test_timers(void **state)
{
    run_on(0);
    timer_init();
    clock_now = SECONDS(2);
    for (unsigned int i = 0; i < NR_TIMERS; i++) {
        init_timer(&many[i], fires, &many[i], 0);
        set_timer(&many[i], SECONDS(1) + i * 7919 % 101 * 1000);
    }
    for (unsigned int i = 0; i < NR_TIMERS; i += 10)
        set_timer(&many[i], SECONDS(1) + i * 31 % 100 * 500);
    for (unsigned int i = 5; i < NR_TIMERS; i += 10)
        set_timer(&many[i], SECONDS(3));
    for (unsigned int i = 2; i < NR_TIMERS; i += 3)
        stop_timer(&many[i]);
    all_that_are_due();
    for (unsigned int i = 0; i < NR_TIMERS; i++)
        assert_int_equal(fired[i], i % 3 != 2 && i % 10 != 5);
    clock_now = SECONDS(3);
    all_that_are_due();
    for (unsigned int i = 0; i < NR_TIMERS; i++)
        assert_int_equal(fired[i], i % 3 != 2);
    clock_now = SECONDS(1);
}

/* --- who may run, and how long ------------------------------------------- */

static void test_weight(void **state)
{
    static struct domain heavy = {.sched.weight = 2 * SCHED_DEFAULT_WEIGHT};
    struct vcpu v = {.domain = &heavy};

    account(&v, 1000);
    assert_int_equal(v.sched.vruntime, 500);
    assert_int_equal(v.sched.started, 1000);
}

static void test_cap(void **state)
{
    static struct domain capped = {
        .sched = {.weight = SCHED_DEFAULT_WEIGHT, .cap = 50}};
    struct vcpu v = {.domain = &capped};
    const int64_t budget = CAP_PERIOD / 2;

    capped.sched.cap_period = SECONDS(1);
    capped.sched.cap_left = 1000;
    v.sched.started = SECONDS(1);
    assert_false(is_over_cap(&v, SECONDS(1)));
    account(&v, SECONDS(1) + 1000);
    assert_true(is_over_cap(&v, SECONDS(1) + 1000));
    /* The next period pays for it, and what is owed of it first. */
    assert_false(is_over_cap(&v, SECONDS(1) + CAP_PERIOD));
    capped.sched.cap_left = -2 * budget;
    assert_true(is_over_cap(&v, SECONDS(1) + 2 * CAP_PERIOD));
    assert_true(is_over_cap(&v, SECONDS(1) + 3 * CAP_PERIOD));
    assert_false(is_over_cap(&v, SECONDS(1) + 4 * CAP_PERIOD));
    assert_false(is_over_cap(&v, SECONDS(1) + 100 * CAP_PERIOD));
    assert_int_equal(capped.sched.cap_left, budget);
}

static void test_sleeper(void **state)
{
    struct runq *rq = &per_cpu(runq, 0);
    struct vcpu v = new_vcpu(5);

    run_on(0);
    sched_vcpu_init(&v);
    v.processor = 0;
    v.is_running = false;
    v.sched.hard_affinity = cpumask_of(0);
    rq->min_vruntime = SECONDS(100);
    vcpu_wake(&v);
    assert_true(v.sched.queued);
    assert_int_equal(v.sched.vruntime, SECONDS(100) - SLEEP_BONUS);

    /* Bound to another CPU, or still on one: not this one's. */
    spin_lock(&rq->lock);
    assert_ptr_equal(first_eligible(rq, 0), &v);
    assert_null(first_eligible(rq, 1));
    v.is_running = true;
    assert_null(first_eligible(rq, 0));
    v.is_running = false;
    v.sched.capped = true;
    assert_null(first_eligible(rq, 0));
    dequeue(rq, &v);
    rq->min_vruntime = 0;
    spin_unlock(&rq->lock);
}

/* CPU 0 alone is there, for these two. */
static void begin_two(struct vcpu *v, struct vcpu *hog, uint32_t id)
{
    cpu_online_map = cpumask_of(0);
    run_on(0);
    *v = new_vcpu(id);
    *hog = new_vcpu(id + 1);
    sched_vcpu_init(v);
    sched_vcpu_init(hog);
    v->processor = hog->processor = 0;
    v->sched.hard_affinity = hog->sched.hard_affinity = cpumask_of(0);
}

/* Both CPUs are, and idle. */
static void end_two(struct vcpu *queued, s_time_t start)
{
    struct runq *rq = &per_cpu(runq, 0);

    spin_lock(&rq->lock);
    dequeue(rq, queued);
    rq->curr = test_cpu.current_vcpu = &idlers[0];
    rq->min_vruntime = 0;
    spin_unlock(&rq->lock);
    clock_now = start;
    cpu_online_map = (cpumask_t){3};
}

/* Nothing waits while it runs, so nothing asks the scheduler for a minute. */
static void test_alone_for_long(void **state)
{
    static struct vcpu v, hog;
    struct runq *rq = &per_cpu(runq, 0);
    s_time_t start = clock_now, turn;

    begin_two(&v, &hog, 6);
    v.sched.vruntime = hog.sched.vruntime = rq->min_vruntime;
    v.sched.started = start;
    hog.is_running = false;

    rq->curr = test_cpu.current_vcpu = &v;
    clock_now = start + SECONDS(60);
    set_bit(VPF_BLOCKED, &v.pause_flags);
    schedule();
    assert_ptr_equal(rq->curr, &idlers[0]);
    v.is_running = false;
    vcpu_wake(&hog);
    test_cpu.current_vcpu = &idlers[0];
    schedule();
    assert_ptr_equal(rq->curr, &hog);
    test_cpu.current_vcpu = &hog;
    clear_bit(VPF_BLOCKED, &v.pause_flags);
    vcpu_wake(&v);
    for (turn = 0; rq->curr != &v && turn < SECONDS(1); turn += SLICE) {
        clock_now += SLICE;
        schedule();
    }
    assert_in_range(turn, SLICE, 2 * SLICE);
    end_two(&hog, start);
}

/* They come with a claim and are down again before anybody looks. */
static void come_and_go(unsigned int nr)
{
    struct runq *rq = &per_cpu(runq, 0);
    s_time_t start = clock_now;
    struct vcpu v[4], hog;

    for (unsigned int i = 0; i < nr; i++) {
        begin_two(&v[i], &hog, 8 + i);
        v[i].is_running = false;
    }
    rq->curr = test_cpu.current_vcpu = &hog;
    hog.sched.started = hog.runstate.state_entry_time = start;
    hog.sched.vruntime = rq->min_vruntime + SECONDS(1);
    clock_now = start + MICROSECS(10 * sched_ratelimit_us);
    guest.sched.asked[0] = 0;
    decisions = 0;
    for (int i = 0; i < 100; i++) {
        struct vcpu *w = &v[i % nr];

        clear_bit(VPF_DOWN, &w->pause_flags);
        w->sched.vruntime = 0;
        vcpu_wake(w);
        set_bit(VPF_DOWN, &w->pause_flags);
        vcpu_sleep_nosync(w);
        schedule();
        assert_ptr_equal(rq->curr, &hog);
        clock_now += MICROSECS(sched_ratelimit_us) / 50;
    }
    assert_in_range(decisions, 1, 3);
    end_two(&v[0], start);
}

static void test_comes_and_goes(void **state)
{
    come_and_go(1);
}

static void test_many_come_and_go(void **state)
{
    come_and_go(4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"A vcpu that is woken while it leaves its CPU goes to an idle one",
         test_wake_while_saved, NULL, NULL, NULL},
        {"A timer that is stopped while it moves stays stopped",
         test_stop_while_moved, NULL, NULL, NULL},
        {"Timers fire in their order, but for those that were stopped",
         test_timers, NULL, NULL, NULL},
        {"Time counts by weight", test_weight, NULL, NULL, NULL},
        {"A cap holds, and what was used too much is owed", test_cap, NULL,
         NULL, NULL},
        {"A vcpu that slept gains a little, and runs where it may",
         test_sleeper, NULL, NULL, NULL},
        {"A vcpu that ran alone for long waits no longer than others",
         test_alone_for_long, NULL, NULL, NULL},
        {"A vcpu that comes and goes takes no time of the one that runs",
         test_comes_and_goes, NULL, NULL, NULL},
        {"Nor do several of a domain that come and go by turns",
         test_many_come_and_go, NULL, NULL, NULL},
    };

    return cmocka_run_group_tests(tests, start, NULL);
}
