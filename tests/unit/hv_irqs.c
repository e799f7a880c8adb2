/* SPDX-License-Identifier: MIT */
/*
 * Interrupts of devices that change while one is under way. The sources are
 * replaced: a line knows the vector in its route, a message its mask.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <setjmp.h>
#include <stdio.h>
#include <pthread.h>
#include <cmocka.h>
#include <hv/acpi.h>
#include <hv/console.h>
#include <hv/domain.h>
#include <hv/event_channel.h>
#include <hv/page_alloc.h>
#include <hv/smp.h>
#include <hv/softirq.h>
#include <asm/apic.h>
#include <asm/irq.h>
#include <asm/irq_desc.h>
#include <asm/tlb.h>
#include <asm/traps.h>

#define LINE 20

/* --- what irq.c finds around it ------------------------------------------- */

__thread struct cpu_info test_cpu;
unsigned long per_cpu_offset[NR_CPUS];
struct acpi_facts acpi;
uint32_t cpu_to_apicid[NR_CPUS];
cpumask_t cpu_online_map = {3};
static DEFINE_PER_CPU(char, somewhere);
static char other_cpus_data[1 << 16] __attribute__((aligned(64)));

static unsigned int route_vector, route_apic, acknowledged, wrong_lines;
static void (*at_mask)(void); /* before a message is masked; once */

noreturn void bug(const char *file, int line, const char *what)
{
    fprintf(stderr, "%s:%d: %s\n", file, line, what);
    abort();
}

void *xzalloc_bytes(size_t n)
{
    return calloc(1, n);
}

void printk(const char *fmt, ...)
{
}

bool dump_goes_on(void)
{
    return true;
}

bool lock_is_held(const spinlock_t *l)
{
    return true;
}

bool pirq_lock_is_held(void)
{
    return true;
}

void lock_order_acquire(spinlock_t *l)
{
}

void lock_order_release(spinlock_t *l)
{
}

void raise_softirq(enum softirq nr)
{
}

void flush_tlb_interrupt(void)
{
}

void smp_call_function_interrupt(void)
{
}

static uint32_t sent_pirq;

void send_guest_pirq(struct domain *d, uint32_t pirq)
{
    sent_pirq = pirq;
}

uint32_t lapic_read(unsigned int reg)
{
    return 0;
}

static uint8_t in_service;

void lapic_write(unsigned int reg, uint32_t v)
{
    if (reg == APIC_EOI)
        acknowledged = in_service;
}

void io_apic_init(void)
{
}

bool gsi_valid(unsigned int gsi)
{
    return gsi < NR_GSIS;
}

unsigned int isa_irq_to_gsi(unsigned int irq, bool *level, bool *active_low)
{
    return irq;
}

void io_apic_set_route(unsigned int gsi, unsigned int vector, uint32_t apic_id,
                       bool level, bool active_low, bool masked)
{
    wrong_lines += gsi >= NR_GSIS;
    route_vector = vector;
    route_apic = apic_id;
}

void io_apic_set_cpu(unsigned int gsi, uint32_t apic_id)
{
    wrong_lines += gsi >= NR_GSIS;
    route_apic = apic_id;
}

void io_apic_mask(unsigned int gsi, bool masked)
{
    wrong_lines += gsi >= NR_GSIS;
}

void msi_set_message(const struct msi_desc *desc, uint32_t apic_id,
                     unsigned int vector)
{
}

void msi_enable(const struct msi_desc *desc)
{
}

void msi_mask(const struct msi_desc *desc, bool masked)
{
    void (*fn)(void) = at_mask;

    at_mask = NULL;
    if (fn)
        fn();
}

/* --- the tests ------------------------------------------------------------ */

static struct domain guest;

static void run_on(unsigned int cpu)
{
    test_cpu.cpu = cpu;
    test_cpu.per_cpu_offset = per_cpu_offset[cpu];
}

static void interrupt(uint8_t vector)
{
    struct cpu_regs regs = {.entry_vector = vector};

    in_service = vector;
    do_IRQ(&regs);
}

static int start(void **state)
{
    per_cpu_offset[1] = (unsigned long)other_cpus_data +
                        sizeof(other_cpus_data) / 2 -
                        ((unsigned long)&per_cpu__somewhere & ~63UL);
    cpu_to_apicid[1] = 1;
    init_irqs();
    run_on(0);
    return 0;
}

static void test_move(void **state)
{
    struct irq_desc *desc = irq_to_desc(LINE);
    uint8_t vector;

    assert_true(desc->level);
    assert_int_equal(irq_bind_guest(desc, &guest, LINE, 0), 0);
    vector = route_vector;
    for (unsigned int cpu = 1; cpu < 4; cpu++) {
        irq_set_cpu(desc, &guest, cpu & 1);
        assert_int_equal(route_apic, cpu & 1);
        run_on(~cpu & 1); /* where it was under way */
        interrupt(vector);
        assert_int_equal(acknowledged, route_vector);
        assert_true(desc->awaits_eoi);
        irq_guest_eoi(desc, &guest);
    }
    irq_unbind_guest(desc, &guest);
}

static struct irq_desc *going;
static pthread_t other;

static void *take_interrupt(void *vector)
{
    run_on(0);
    interrupt((unsigned long)vector);
    return NULL;
}

/* CPU 0 gets the interrupt, and waits for the irq's lock. */
static void message_arrives(void)
{
    uint16_t tail = going->lock.tail;

    assert_int_equal(pthread_create(&other, NULL, take_interrupt,
                                    (void *)(unsigned long)going->vector),
                     0);
    while (READ_ONCE(going->lock.tail) == tail)
        cpu_relax();
}

static void test_destroy(void **state)
{
    struct msi_desc msi = {.maskable = true};
    int irq;

    run_on(0);
    irq = irq_create_msi(&msi);
    assert_true(irq >= NR_GSIS);
    going = irq_to_desc(irq);
    assert_int_equal(irq_bind_guest(going, &guest, 300, 0), 0);
    irq_unbind_guest(going, &guest);
    run_on(1);
    at_mask = message_arrives;
    assert_ptr_equal(irq_destroy_msi(going), &msi);
    assert_int_equal(pthread_join(other, NULL), 0);
    assert_int_equal(wrong_lines, 0);
}

/* The device has sent its message to the CPU that was first. */
static void test_message_moves_twice(void **state)
{
    struct msi_desc msi = {.maskable = true}, other_msi = msi;
    struct irq_desc *desc, *other_desc;
    uint8_t first;

    run_on(0);
    desc = irq_to_desc(irq_create_msi(&msi));
    first = desc->vector;
    assert_int_equal(irq_bind_guest(desc, &guest, 300, 0), 0);
    irq_set_cpu(desc, &guest, 1);
    irq_set_cpu(desc, &guest, 0);
    irq_set_cpu(desc, &guest, 1);
    other_desc = irq_to_desc(irq_create_msi(&other_msi));
    sent_pirq = 0;
    interrupt(first);
    assert_int_equal(sent_pirq, 300);
    irq_destroy_msi(desc);
    sent_pirq = 0;
    interrupt(first);
    assert_int_equal(sent_pirq, 0);
    irq_destroy_msi(other_desc);
}

/* A place that was left is not lost for others, and a line's either. */
static void test_places(void **state)
{
    static struct msi_desc msi[400];
    struct irq_desc *line = irq_to_desc(LINE);
    unsigned int n[2] = {0, 0};
    int irq;

    run_on(0);
    assert_int_equal(irq_bind_guest(line, &guest, LINE, 0), 0);
    for (unsigned int round = 0; round < 2; round++)
        for (;; n[round]++) {
            msi[n[0] + n[1]].maskable = true;
            irq = irq_create_msi(&msi[n[0] + n[1]]);
            if (irq < 0)
                break;
            irq_bind_guest(irq_to_desc(irq), &guest, irq, 0);
            if (!round)
                irq_set_cpu(irq_to_desc(irq), &guest, 1);
            if (n[round] == 180)
                break;
        }
    assert_int_equal(n[0], 180);
    assert_int_equal(n[1], 180);
    irq_set_cpu(line, &guest, 1);
    for (irq = NR_GSIS; irq < NR_IRQS; irq++)
        if (irq_to_desc(irq)->msi)
            irq_destroy_msi(irq_to_desc(irq));
    irq_set_cpu(line, &guest, 1);
    assert_int_equal(line->cpu, 1);
    irq_unbind_guest(line, &guest);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"An interrupt under way to the old CPU is acknowledged for its line",
         test_move, NULL, NULL, NULL},
        {"A message that comes while it is taken away is no line's",
         test_destroy, NULL, NULL, NULL},
        {"A message under way to the CPU before the last one finds its irq",
         test_message_moves_twice, NULL, NULL, NULL},
        {"What an irq has left may be had by others", test_places, NULL, NULL,
         NULL},
    };

    return cmocka_run_group_tests(tests, start, NULL);
}
