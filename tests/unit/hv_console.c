/* SPDX-License-Identifier: MIT */
/*
 * The console on a serial line that takes 87 us for a character, as it does at
 * 115200 baud: what waits for it, and what comes out.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <setjmp.h>
#include <cmocka.h>
#include <hv/console.h>
#include <hv/domain.h>
#include <hv/event_channel.h>
#include <hv/guest_access.h>
#include <hv/hypercall.h>
#include <hv/lib.h>
#include <hv/serial.h>
#include <hv/spinlock.h>
#include <hv/timer.h>
#include <asm/device_access.h>
#include <asm/irq.h>
#include <xen/xen.h>

#define COM1      0x3f8
#define PER_CHAR  87000 /* ns */
#define FIFO_SIZE 16
#define AGAIN     4711
#define DUMP      300 /* lines, more than the console keeps */

/* --- the machine ---------------------------------------------------------- */

static s_time_t now; /* a port takes a microsecond, all else next to none */
static struct {
    unsigned int filled;
    s_time_t sent; /* when the last character left */
    uint8_t ier, lcr, scratch;
    bool stuck, deaf; /* deaf: no interrupt comes from it */
    bool babbles;     /* there is always a character to read */
    bool told;        /* that the FIFO is empty */
    char line[1 << 18];
    size_t length;
} chip;
static void (*interrupt)(void *);
static void *interrupt_data;
static void (*other_cpu)(void); /* what it does while a character is written */
static bool polled, interrupts_on;
__thread struct cpu_info test_cpu;

static void chip_sends(void)
{
    while (!chip.stuck && chip.filled && now - chip.sent >= PER_CHAR) {
        chip.sent += PER_CHAR;
        chip.filled--;
    }
}

static bool tx_reason(void)
{
    return (chip.ier & 2) && !chip.filled && !chip.told;
}

/* While the driver starts interrupts are on. */
static void chip_interrupts_boot(void)
{
    if (!interrupts_on || chip.deaf || !tx_reason())
        return;
    interrupts_on = false;
    interrupt(interrupt_data);
    interrupts_on = true;
}

uint8_t inb(uint16_t port)
{
    now += 1000;
    chip_sends();
    chip_interrupts_boot();
    switch (port - COM1) {
    case 2:
        if (chip.babbles)
            return 4;
        if (!tx_reason())
            return 1;
        chip.told = true;
        return 2;
    case 5:
        return (chip.filled ? 0 : 0x60) | chip.babbles;
    case 7:
        return chip.scratch;
    }
    return 0;
}

void outb(uint16_t port, uint8_t v)
{
    now += 1000;
    chip_sends();
    switch (port - COM1) {
    case 0:
        if (chip.lcr & 0x80)
            break;
        assert_true(chip.filled < FIFO_SIZE);
        if (!chip.filled++)
            chip.sent = now;
        chip.told = false;
        assert_true(chip.length < sizeof(chip.line));
        chip.line[chip.length++] = v;
        if (other_cpu && chip.length == 5) {
            void (*does)(void) = other_cpu;

            other_cpu = NULL;
            does();
        }
        break;
    case 1:
        if (!(chip.lcr & 0x80))
            chip.ier = v;
        chip.told = false;
        break;
    case 3:
        chip.lcr = v;
        break;
    case 7:
        chip.scratch = v;
        break;
    }
}

static void let_pass(s_time_t ns)
{
    for (s_time_t end = now + ns; now < end; now += PER_CHAR) {
        chip_sends();
        if (tx_reason() && !chip.deaf)
            interrupt(interrupt_data);
    }
}

/* --- what the console finds around it ------------------------------------- */

int request_irq(unsigned int isa_irq, void (*fn)(void *data), void *data)
{
    interrupt = fn;
    interrupt_data = data;
    return 0;
}

s_time_t get_s_time(void)
{
    now += 100;
    return now;
}

size_t copy_from_guest_raw(void *to, uint64_t from, size_t n)
{
    memcpy(to, (void *)from, n);
    return 0;
}

size_t copy_to_guest_raw(uint64_t to, const void *from, size_t n)
{
    return n;
}

bool hypercall_preempt_check(void)
{
    return true; /* there is always an event */
}

static uint64_t again[5];

void hypercall_set_arg(unsigned int n, uint64_t v)
{
    again[n] = v;
}

long hypercall_again(unsigned int nr)
{
    return AGAIN;
}

size_t strlcpy(char *d, const char *s, size_t n)
{
    return snprintf(d, n, "%s", s);
}

unsigned long simple_strtoul(const char *s, const char **end, int base)
{
    return strtoul(s, (char **)end, base);
}

void ioports_deny_dom0(unsigned int first, unsigned int last)
{
}

static void (*poll)(void *);
static void *poll_data;

void init_timer(struct timer *t, void (*fn)(void *), void *data,
                unsigned int cpu)
{
    poll = fn;
    poll_data = data;
}

void set_timer(struct timer *t, s_time_t expires)
{
    polled = true;
}

void send_global_virq(unsigned int virq)
{
}

void tasklet_schedule(struct tasklet *t)
{
    t->fn(t->data);
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

noreturn void panic(const char *fmt, ...)
{
    fprintf(stderr, "panic: %s\n", fmt);
    abort();
}

/* --- the tests ------------------------------------------------------------ */

static struct domain dom0 = {.is_privileged = true};
struct domain *hardware_domain = &dom0;

static void dump(char key)
{
    for (unsigned int i = 0; i < DUMP && dump_goes_on(); i++)
        printk("line %4u of what a key asked for\n", i);
}
const struct debug_key debug_keys[] = {{'d', true, "dump", dump}, {}};

static int start(void **state)
{
    static struct vcpu vcpu = {.domain = &dom0};

    test_cpu.current_vcpu = &vcpu;
    assert_true(serial_init("com1"));
    return 0;
}

static void start_empty(void)
{
    chip.stuck = false;
    let_pass(SECONDS(20));
    chip.length = 0;
}

/* Lines without carriage returns. */
static const char *seen(void)
{
    static char text[sizeof(chip.line) + 1];
    char *to = text;

    for (size_t i = 0; i < chip.length; i++)
        if (chip.line[i] && chip.line[i] != '\r')
            *to++ = chip.line[i];
    *to = 0;
    return text;
}

/* The first one: a timer looks after the line, which the test does not run. */
static void test_deaf(void **state)
{
    unsigned int lines = 0;

    chip.deaf = interrupts_on = true;
    serial_start_interrupts();
    interrupts_on = false;
    assert_true(polled);
    assert_false(console_synchronous);
    assert_int_equal(chip.ier, 0);
    handle_keypress('d');
    console_end_buffering();
    for (const char *s = seen(); (s = strstr(s, "line ")); s++)
        assert_int_equal(strtoul(s + 5, NULL, 10), lines++);
    assert_int_equal(lines, DUMP);
    assert_null(strstr(seen(), "lost"));

    chip.deaf = polled = false;
    interrupts_on = true;
    serial_start_interrupts();
    interrupts_on = false;
    assert_false(polled);
    assert_int_equal(chip.ier, 1);
}

static void report(unsigned int lines)
{
    for (unsigned int i = 0; i < lines; i++)
        printk("line %4u of a report of a guest that has crashed\n", i);
}
#define LINE_BYTES 56 /* with "(XEN) " and '\n' */

static void test_nobody_waits(void **state)
{
    s_time_t before;

    start_empty();
    before = now;
    report(40);
    assert_true(now - before < MILLISECS(1));
    let_pass(SECONDS(1));
    assert_int_equal(strlen(seen()), 40 * LINE_BYTES);
    assert_non_null(strstr(seen(), "(XEN) line   39 of"));
}

static void test_flood(void **state)
{
    s_time_t before;
    unsigned long lost;
    const char *told;

    start_empty();
    before = now;
    report(1000);
    assert_true(now - before < MILLISECS(20));
    let_pass(SECONDS(5));
    told = strstr(seen(), " bytes of output were lost here\n");
    assert_non_null(told);
    while (told[-1] != ' ')
        told--;
    lost = strtoul(told, NULL, 10);
    /* All the rest has come, and what follows comes, too. */
    assert_int_equal((told - sizeof("(XEN)")) - seen() - 1 + lost,
                     1000 * LINE_BYTES);
    report(1);
    let_pass(SECONDS(1));
    told = strstr(seen(), "were lost here");
    assert_non_null(strstr(told, "(XEN) line    0 of"));
}

/* Returns how long it took. */
static s_time_t dom0_writes(const char *s, unsigned int n)
{
    s_time_t before = now;

    again[1] = n;
    again[2] = (uint64_t)s;
    while (do_console_io(CONSOLEIO_write, again[1], again[2]) == AGAIN)
        let_pass(PER_CHAR);
    return now - before;
}

static void test_dom0_loses_nothing(void **state)
{
    static char text[100000];

    start_empty();
    memset(text, 'd', sizeof(text));
    dom0_writes(text, sizeof(text));
    let_pass(SECONDS(3));
    assert_int_equal(strlen(seen()), sizeof(text));
}

static void test_stuck(void **state)
{
    static char text[100000];

    start_empty();
    chip.stuck = true;
    assert_true(dom0_writes(text, sizeof(text)) < SECONDS(3));
}

static void test_crash_reports(void **state)
{
    static struct domain storm[20];
    unsigned int reports = 0;

    start_empty();
    for (unsigned int vcpus = 0; vcpus < 3; vcpus++)
        reports += may_report_crash(&storm[0]);
    assert_int_equal(reports, 1);
    for (unsigned int i = 1; i < 20; i++)
        reports += may_report_crash(&storm[i]);
    assert_int_equal(reports, 10);
    assert_true(may_report_crash(hardware_domain)); /* the last that there is */
    let_pass(SECONDS(2));
    storm[0].crash_told = false; /* as domain_resume() does */
    assert_true(may_report_crash(&storm[0]));
    let_pass(SECONDS(1));
    assert_non_null(strstr(seen(), "10 crashed domains not reported"));
}

static void test_guests_talk(void **state)
{
    static struct domain talker = {.id = 7};
    unsigned int lines = 0;

    start_empty();
    for (unsigned int i = 0; i < 100; i++)
        gprintk(&talker, "line %u", i);
    let_pass(SECONDS(5));
    for (const char *at = seen(); (at = strstr(at, "d7: line")); at++)
        lines++;
    assert_in_range(lines, 5, 20);
    gprintk(&talker, "later");
    let_pass(SECONDS(1));
    assert_non_null(strstr(seen(), "d7: later"));
    assert_non_null(strstr(seen(), "lines suppressed"));
}

static void test_rights(void **state)
{
    static struct domain plain = {.id = 8};
    static struct vcpu vcpu = {.domain = &plain};
    struct vcpu *before = test_cpu.current_vcpu;
    char text[] = "not printed\n";

    start_empty();
    assert_int_equal(do_console_io(77, 1, (uint64_t)text), -ENOSYS);
    test_cpu.current_vcpu = &vcpu;
    assert_int_equal(
        do_console_io(CONSOLEIO_write, sizeof(text), (uint64_t)text), -EPERM);
    test_cpu.current_vcpu = before;
    let_pass(SECONDS(1));
    assert_null(strstr(seen(), "not printed"));
}

/* The tools read the last bytes, however many there were. */
static void test_ring(void **state)
{
    static char buf[100000];
    uint32_t index = 0;
    size_t n;

    start_empty();
    for (unsigned int i = 0; i < 2000; i++)
        printk("a line of %u\n", i);
    n = console_ring_read(buf, sizeof(buf) - 1, &index, false);
    assert_int_equal(n, 16384);
    assert_string_equal(buf + n - 10, "e of 1999\n");
    let_pass(SECONDS(20));
}

static void test_babble(void **state)
{
    s_time_t before;

    start_empty();
    polled = false;
    chip.babbles = true;
    report(1);
    for (unsigned int n = 0; n < 3; n++) {
        before = now;
        n ? poll(poll_data) : interrupt(interrupt_data);
        assert_true(now - before < MICROSECS(100));
        assert_true(polled);
        polled = false;
    }
    chip.babbles = false;
    poll(poll_data);
    assert_false(polled); /* interrupts come again */
    let_pass(SECONDS(1));
    assert_non_null(strstr(seen(), "line    0 of"));
}

/* The last two: it cannot be taken back. */
static void other_cpu_panics(void)
{
    test_cpu.cpu = 1;
    console_force_unlock();
    printk("the cause of the panic\n");
    test_cpu.cpu = 0;
}

static void test_panic_beside(void **state)
{
    start_empty();
    other_cpu = other_cpu_panics;
    printk("a line of a CPU that works\n");
    test_cpu.cpu = 1;
    printk("the last words\n");
    assert_non_null(strstr(seen(), "the cause of the panic\n"));
    assert_non_null(strstr(seen(), "the last words\n"));
}

static void test_panic(void **state)
{
    start_empty();
    report(100);
    console_force_unlock();
    printk("the end\n");
    assert_int_equal(strlen(seen()),
                     100 * LINE_BYTES + sizeof("(XEN) the end"));
    assert_true(console_synchronous);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"A line without an interrupt is polled, and a key's dump waits for it",
         test_deaf, NULL, NULL, NULL},
        {"The CPU that prints does not wait for the serial line",
         test_nobody_waits, NULL, NULL, NULL},
        {"What a flood does not leave room for is dropped, and the loss told",
         test_flood, NULL, NULL, NULL},
        {"dom0's output waits for a slow line and arrives whole",
         test_dom0_loses_nothing, NULL, NULL, NULL},
        {"A line that takes nothing does not stop dom0", test_stuck, NULL, NULL,
         NULL},
        {"A crash is reported once, and of many only some", test_crash_reports,
         NULL, NULL, NULL},
        {"Of what guests cause to be printed only so much is printed",
         test_guests_talk, NULL, NULL, NULL},
        {"A plain domain does not print", test_rights, NULL, NULL, NULL},
        {"The ring has the last bytes that were printed", test_ring, NULL, NULL,
         NULL},
        {"A line that always has a reason for an interrupt leaves the CPU to "
         "others",
         test_babble, NULL, NULL, NULL},
        {"A panic ends although another CPU prints meanwhile",
         test_panic_beside, NULL, NULL, NULL},
        {"A panic gets out, and what was printed before it, without interrupts",
         test_panic, NULL, NULL, NULL},
    };

    return cmocka_run_group_tests(tests, start, NULL);
}
