/* SPDX-License-Identifier: MIT */
/*
 * Who flushes and when (arch/x86/tlb.c, which this file includes), on a machine
 * whose control registers are variables.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <setjmp.h>
#include <stdio.h>
#include <pthread.h>
#include <unistd.h>
#include <cmocka.h>
#include <asm/processor.h>

static __thread unsigned long played_cr3, played_cr4;
static void (*at_load)(void);
static void write_cr3(unsigned long v)
{
    if (at_load)
        at_load();
    played_cr3 = v;
}
static void write_cr4(unsigned long v)
{
    played_cr4 = v;
}
#undef READ_CR
#undef WRITE_CR
#define READ_CR(n)     played_cr##n
#define WRITE_CR(n, v) write_cr##n(v)
#define invlpg(va)     ((void)(va))
#include "../../xen-lite/arch/x86/tlb.c"

/* --- what it finds around it ---------------------------------------------- */

__thread struct cpu_info test_cpu;
unsigned long per_cpu_offset[NR_CPUS];
cpumask_t cpu_online_map = {3};
struct domain *idle_domain;
unsigned long mmu_cr4_features;
pte_t *idle_root = (pte_t *)DIRECTMAP_VIRT_START;
unsigned long xen_phys_start;
static DEFINE_PER_CPU(char, somewhere);
static char other_cpus_data[1 << 16] __attribute__((aligned(64)));
static struct vcpu running;
static struct domain first = {.id = 1}, second = {.id = 2};

struct domain *domain_by_owner_id(domid_t id)
{
    return id == 1 ? &first : &second;
}

noreturn void bug(const char *file, int line, const char *what)
{
    fprintf(stderr, "%s:%d: %s\n", file, line, what);
    abort();
}

void lock_order_acquire(spinlock_t *l)
{
}

void lock_order_acquired_by_try(spinlock_t *l)
{
}

void lock_order_release(spinlock_t *l)
{
}

void assert_no_irq_locks(void)
{
}

void vtlb_flush(void)
{
}

void vtlb_flush_va(uint64_t va)
{
}

void vtlb_root_loaded(const struct domain *d)
{
}

/* The other CPU has interrupts off. */
void smp_send_ipi_mask(uint64_t mask, unsigned int vector)
{
}

static void run_on(unsigned int cpu)
{
    test_cpu.cpu = cpu;
    test_cpu.per_cpu_offset = per_cpu_offset[cpu];
    test_cpu.current_vcpu = &running;
}

static int start(void **state)
{
    per_cpu_offset[1] = (unsigned long)other_cpus_data +
                        sizeof(other_cpus_data) / 2 -
                        ((unsigned long)&per_cpu__somewhere & ~63UL);
    running.domain = &first;
    run_on(0);
    return 0;
}

/* --- the tests ------------------------------------------------------------ */

/* A use that ends in the tick of a flush may have begun behind that flush. */
static void test_same_tick(void **state)
{
    uint32_t stamp;

    flush_local(0, FLUSH_TLB);
    stamp = tlb_clock_now();
    assert_int_equal(tlb_filter(1, stamp), 1);
    flush_local(0, FLUSH_TLB);
    assert_int_equal(tlb_filter(1, stamp), 0);
}

static unsigned int loads;
static void both_are_dirty(void)
{
    loads++;
    assert_true(first.arch.dirty_cpumask & 1);
    assert_true(second.arch.dirty_cpumask & 1);
}

static void test_root_load(void **state)
{
    root_load(0x1000, &first);
    assert_int_equal(first.arch.dirty_cpumask, 1);
    at_load = both_are_dirty;
    root_load(0x2000, &second);
    at_load = NULL;
    assert_int_equal(loads, 1);
    assert_int_equal(played_cr3, 0x2000);
    assert_int_equal(first.arch.dirty_cpumask, 0);
    assert_int_equal(second.arch.dirty_cpumask, 1);
    root_load(0x3000, NULL);
    assert_int_equal(second.arch.dirty_cpumask, 0);
}

/* --- two CPUs that want each other's flush -------------------------------- */

#define ROUNDS 1000u
static unsigned int flushed;
static void *flush_the_other(void *cpu)
{
    run_on((unsigned long)cpu);
    for (unsigned int i = 1; i <= ROUNDS; i++) {
        flush_mask(2 >> test_cpu.cpu, 0, FLUSH_TLB);
        atomic_inc(&flushed);
        while (atomic_load(&flushed) < 2 * i)
            flush_while_waiting();
    }
    return NULL;
}

static void test_both(void **state)
{
    pthread_t other;

    alarm(60); /* else they wait for ever */
    pthread_create(&other, NULL, flush_the_other, (void *)1);
    flush_the_other(NULL);
    pthread_join(other, NULL);
    alarm(0);
    assert_int_equal(flushed, 2 * ROUNDS);
}

/* --- a CPU that waits for its turn --------------------------------------- */

static unsigned int places;
static bool over;

static void count_places(void)
{
    at_load = NULL;
    places = (uint16_t)(request.lock.tail - request.lock.head);
}

static void *flush_cpu_0(void *unused)
{
    run_on(1);
    flush_mask(1, 0, FLUSH_TLB);
    while (!READ_ONCE(over))
        flush_while_waiting();
    return NULL;
}

static void test_turn(void **state)
{
    pthread_t other;

    alarm(60);
    pthread_create(&other, NULL, flush_cpu_0, NULL);
    while (!(atomic_load(&request.pending) & 1))
        cpu_relax();
    at_load = count_places;
    flush_mask(2, 0, FLUSH_TLB);
    WRITE_ONCE(over, true);
    pthread_join(other, NULL);
    alarm(0);
    assert_int_equal(places, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"A CPU that flushed in the tick of a use's end flushes again",
         test_same_tick, NULL, NULL, NULL},
        {"A CPU is its domain's until it has another root", test_root_load,
         NULL, NULL, NULL},
        {"Two CPUs with interrupts off that flush each other go on", test_both,
         NULL, NULL, NULL},
        {"A CPU that serves a flush while it waits has its turn", test_turn,
         NULL, NULL, NULL},
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, start, NULL);
}
