/* SPDX-License-Identifier: MIT */
/* The clock: how it follows a timer; one writer of a record at a time. */
#include <math.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <setjmp.h>
#include <unistd.h>
#include <pthread.h>
#include <cmocka.h>
#include <hv/arch.h>
#include <hv/domain.h>
#include <hv/lib.h>
#include <hv/spinlock.h>
#include <asm/clock_line.h>
#include <asm/clock_record.h>
#include <asm/log_dirty.h>
#include <asm/tlb.h>
#include <xen/xen.h>

/* --- what the parts under test want --------------------------------------- */

static void want(spinlock_t *l);
void lock_order_acquire(spinlock_t *l)
{
    want(l);
}

void lock_order_acquired_by_try(spinlock_t *l)
{
    want(l);
}

void lock_order_release(spinlock_t *l)
{
}

bool lock_is_held(const spinlock_t *l)
{
    return READ_ONCE(l->head) != READ_ONCE(l->tail);
}

noreturn void bug(const char *file, int line, const char *what)
{
    fprintf(stderr, "%s:%d: %s\n", file, line, what);
    abort();
}

struct domain *domain_list;
struct vcpu_info dummy_vcpu_info;
uint32_t nr_logged_domains;

void log_dirty_frame_slow(mfn_t mfn)
{
}

static unsigned int served, visited, served_by_waiter;
static uint16_t places; /* that are taken while a writer waits, at most */
static spinlock_t *wanted;

void flush_while_waiting(void)
{
    uint16_t taken = READ_ONCE(wanted->tail) - READ_ONCE(wanted->head);

    if (taken > places)
        places = taken;
    atomic_inc(&served_by_waiter);
}

static void want(spinlock_t *l)
{
    wanted = l;
}

void flush_tlb_interrupt(void)
{
    served++;
}

/* --- records -------------------------------------------------------------- */

static struct vcpu_time_info record;
static bool second_is_done;

/* A number is in all fields. */
static struct vcpu_time_info says(uint32_t n)
{
    return (struct vcpu_time_info){.tsc_timestamp = n,
                                   .system_time = n,
                                   .tsc_to_system_mul = n,
                                   .tsc_shift = n & 0x7f,
                                   .flags = n & 0xff};
}

static void *second_writer(void *arg)
{
    unsigned long flags = clock_records_lock();
    struct vcpu_time_info t = says(2);

    clock_record_open(&record);
    clock_record_close(&record, &t);
    atomic_store(&second_is_done, true);
    clock_records_unlock(flags);
    return NULL;
}

/* A second writer must not make the version even while the first one writes. It
 * waits, in its place among others, and keeps nobody waiting for its flush. */
static void test_one_writer_at_a_time(void **state)
{
    struct vcpu_time_info t = says(1), expected = says(2);
    unsigned long flags = clock_records_lock();
    uint32_t version;
    bool too_early;
    pthread_t second;

    clock_record_open(&record);
    assert_int_equal(pthread_create(&second, NULL, second_writer, NULL), 0);
    for (unsigned int i = 0; i < 5000 && !atomic_load(&served_by_waiter); i++)
        usleep(1000);
    too_early = atomic_load(&second_is_done);
    version = READ_ONCE(record.version);
    clock_record_close(&record, &t);
    clock_records_unlock(flags);
    pthread_join(second, NULL);
    assert_false(too_early);
    assert_int_equal(version, 1);
    assert_true(served_by_waiter > 0);
    assert_int_equal(places, 2);
    assert_true(clock_record_same(&record, &expected));
    assert_int_equal(record.version, 4);
}

static void test_version_is_even_at_last(void **state)
{
    struct vcpu_time_info t = says(7);
    unsigned long flags = clock_records_lock();

    for (uint32_t before = 0; before < 2; before++) {
        record.version = before;
        clock_record_open(&record);
        assert_int_equal(record.version, 1);
        clock_record_close(&record, &t);
        assert_int_equal(record.version, 2);
    }
    record.version = UINT32_MAX;
    clock_record_open(&record);
    clock_record_close(&record, &t);
    assert_int_equal(record.version, 0);
    clock_records_unlock(flags);
}

/* Another CPU's flush waits for one vcpu's records, not for all. */
static void visit(struct vcpu_time_info *record)
{
    visited++;
    assert_in_range(visited - 2 * served, 1, 2);
}

static void test_all_records(void **state)
{
    enum { VCPUS = 100 };
    static struct vcpu vcpu[VCPUS], *list[VCPUS];
    static struct vcpu_info info;
    struct domain d = {.max_vcpus = VCPUS, .vcpu = list};
    struct domain off = {.max_vcpus = VCPUS,
                         .vcpu = list,
                         .is_shut_down = true,
                         .next_in_list = &d};
    unsigned long flags;

    for (unsigned int i = 0; i < VCPUS; i++) {
        list[i] = &vcpu[i];
        vcpu[i].vcpu_info = &info;
        vcpu[i].arch.time_area.pg = (void *)FRAMETABLE_VIRT_START;
        vcpu[i].arch.time_area.at = vcpu[i].time_info_guest = 4096;
    }
    domain_list = &off;
    flags = clock_records_lock();
    for_each_clock_record(visit);
    clock_records_unlock(flags);
    assert_int_equal(visited, 2 * VCPUS);
    assert_int_equal(served, VCPUS);
}

/* --- a line that follows a timer ------------------------------------------ */

#define NS 1000000000L
#define MS 1000000L

/* A machine: true time in ns, a TSC, a timer, and the line that was calibrated
 * at time 0. Rates are off by millionths. */
struct machine {
    double hz, timer_hz;
    struct clock_line line;
    struct clock_follower f;
    double now;     /* ns */
    int64_t offset; /* of the timer's counts */
    uint64_t width; /* TSC ticks that a reading takes */
    s_time_t last;  /* seen by a reader of the clock */
};

static uint64_t tsc(const struct machine *m)
{
    return 1000000 + m->hz * (m->now / NS);
}

static struct clock_reading reading(const struct machine *m)
{
    uint64_t counts = m->timer_hz * (m->now / NS);

    return (struct clock_reading){tsc(m), m->width,
                                  (counts + m->offset) & m->f.mask};
}

static struct machine machine(double hz, double tsc_ppm, double timer_hz,
                              uint32_t mask)
{
    struct machine m = {.hz = hz, .timer_hz = timer_hz, .width = hz * 400e-9};
    struct clock_reading r;

    m.f.mask = mask;
    m.f.count_ns = NS * 4294967296.0 / timer_hz;
    line_set_rate(&m.line, hz);
    m.hz *= 1 + tsc_ppm / 1e6; /* the calibration was wrong by that */
    m.offset = mask - 1000;    /* zero soon comes */
    m.line.stamp = tsc(&m);
    r = reading(&m);
    follow_start(&m.f, &m.line, &r);
    return m;
}

/* Reads the clock: it never goes back. */
static s_time_t look(struct machine *m)
{
    s_time_t t = line_time(&m->line, tsc(m));

    assert_true(t >= m->last);
    m->last = t;
    return t;
}

/* The line's error, ns: positive if it is ahead. */
static double ahead(struct machine *m)
{
    return look(m) - m->now;
}

static bool period(struct machine *m, double ns)
{
    struct clock_reading r;
    uint32_t mul, limit = m->f.mul >> 9;
    bool plausible;

    look(m);
    m->now += ns;
    look(m);
    r = reading(m);
    plausible = follow_steer(&m->f, &m->line, &r, &mul);
    assert_in_range(mul, m->f.mul - limit, m->f.mul + limit);
    m->now += 5000; /* until the line is written */
    s_time_t before = look(m);
    line_bend(&m->line, tsc(m), mul);
    assert_int_equal(look(m), before); /* no step */
    return plausible;
}

#define PM_HZ   3579545.0
#define PM_MASK 0xffffff
#define HPET_HZ 100e6

static const double tsc_hz[] = {0.5e9, 1e9,   1.1e9, 1.100001e9, 2.2e9,
                                2.5e9, 3.9e9, 6e9,   10e9};

static void test_scale(void **state)
{
    for (unsigned int i = 0; i < ARRAY_SIZE(tsc_hz); i++) {
        struct clock_line l = {.stamp = 5, .time = 7};
        uint64_t hz = tsc_hz[i];
        uint32_t most;

        line_set_rate(&l, hz);
        assert_true(l.mul >= 1u << 30 &&
                    !__builtin_add_overflow(l.mul, l.mul >> 9, &most));
        /* A second, and a year. */
        assert_in_range(line_time(&l, hz + 5), NS + 6 - 2, NS + 7);
        assert_in_range(line_ns(&l, hz * 31536000), 31535999 * NS,
                        31536001 * NS);
        assert_int_equal(line_time(&l, 4), 7);
        /* And back: a deadline's tick is not before its time by much. */
        uint64_t ticks = (unsigned __int128)(4 * NS) * line_ticks(&l) >> 32;
        assert_in_range(line_ns(&l, ticks + 16), 4 * NS - 20, 4 * NS + 40);
    }
}

static void converges(double hz, double ppm, double timer_hz, uint32_t mask)
{
    struct machine m = machine(hz, ppm, timer_hz, mask);
    double allowed = 1000 + 3 * NS / timer_hz;

    for (int i = 0; i < 300; i++) {
        assert_true(period(&m, NS));
        if (i > 120 && fabs(ahead(&m)) > allowed)
            fail_msg("%g Hz off by %g: %g ns away in period %d", hz, ppm,
                     ahead(&m), i);
    }
}

static void test_converges(void **state)
{
    static const double ppm[] = {0,    1,   -1,   30,   -30,  200,
                                 -200, 500, -500, 1200, -1200};

    for (unsigned int i = 0; i < ARRAY_SIZE(tsc_hz); i++)
        for (unsigned int j = 0; j < ARRAY_SIZE(ppm); j++) {
            converges(tsc_hz[i], ppm[j], HPET_HZ, UINT32_MAX);
            converges(tsc_hz[i], ppm[j], 14318180, UINT32_MAX);
            converges(tsc_hz[i], ppm[j], PM_HZ, PM_MASK);
        }
}

/* The rate of the TSC changes, as when a host's clock is disciplined. */
static void test_follows_drift(void **state)
{
    struct machine m = machine(2.5e9, 20, HPET_HZ, UINT32_MAX);

    for (int i = 0; i < 3000; i++) {
        period(&m, NS);
        if (i > 120)
            assert_true(fabs(ahead(&m)) < 1500);
        /* The TSC is a count: what it has counted stays. */
        double rate = m.hz * 1e-8 * ((i / 500) % 2 ? 1 : -1), t = m.now / NS;

        m.hz += rate;
        m.line.stamp += rate * t;
    }
}

/* The CPU may have been away for many rounds of the timer. */
static void test_late_readings(void **state)
{
    static const double gaps[] = {0.001, 1, 2,   2.4, 4.6, 4.7, 5,   9.4, 30,
                                  100,   1, 300, 1,   1,   47,  0.5, 1};
    struct machine m = machine(2.5e9, 40, PM_HZ, PM_MASK);

    for (int i = 0; i < 100; i++)
        period(&m, NS);
    for (unsigned int i = 0; i < ARRAY_SIZE(gaps) * 20; i++) {
        assert_true(period(&m, gaps[i % ARRAY_SIZE(gaps)] * NS));
        assert_true(fabs(ahead(&m)) < 20000);
    }
}

/* A reading during which the CPU was away proves little, and does little. */
static void test_wide_readings(void **state)
{
    struct machine m = machine(2.5e9, 40, HPET_HZ, UINT32_MAX);

    for (int i = 0; i < 300; i++) {
        m.width = 1000;
        if (i % 3) {
            m.width = 2.5e9 * 0.03;                      /* 30 ms */
            m.offset += i % 3 == 1 ? 1000000 : -1000000; /* 10 ms */
        }
        assert_true(period(&m, NS));
        if (i > 150)
            assert_true(fabs(ahead(&m)) < 20000);
        if (i % 3)
            m.offset -= i % 3 == 1 ? 1000000 : -1000000;
    }
}

static void test_timer_jumps(void **state)
{
    static const int64_t jumps[] = {1, -1, 2, -2, 30, -30, 1000, -20};

    for (unsigned int i = 0; i < ARRAY_SIZE(jumps); i++) {
        struct machine m = machine(2.5e9, 40, HPET_HZ, UINT32_MAX);

        for (int n = 0; n < 100; n++)
            period(&m, NS);
        m.offset += jumps[i] * HPET_HZ / 50;
        assert_false(period(&m, NS));
        for (int n = 0; n < 100; n++) {
            assert_true(period(&m, NS));
            assert_true(fabs(ahead(&m)) < 2000);
        }
    }
}

/* A single wrong reading, then the timer is right again. */
static void test_glitch(void **state)
{
    struct machine m = machine(2.5e9, 40, PM_HZ, PM_MASK);

    for (int i = 0; i < 400; i++) {
        if (i > 100 && i % 50 == 0)
            m.offset += i * 1000;
        period(&m, NS);
        if (i > 100 && i % 50 == 0)
            m.offset -= i * 1000;
        if (i > 150)
            assert_true(fabs(ahead(&m)) < 5000);
    }
}

/* Without the timer the clock runs with the rate that was learnt. */
static void test_timer_stands(void **state)
{
    struct machine m = machine(2.5e9, 40, HPET_HZ, UINT32_MAX);

    for (int i = 0; i < 200; i++)
        period(&m, NS);
    m.timer_hz = 0;
    for (int i = 0; i < 100; i++)
        assert_false(period(&m, NS));
    assert_true(fabs(ahead(&m)) < 100000);
}

/* The difference is too great to be made up for: the rate's limit holds, and
 * nothing overflows. */
static void test_limit(void **state)
{
    static const double ppm[] = {5000, -5000, 1500, -1500};

    for (unsigned int i = 0; i < ARRAY_SIZE(ppm); i++) {
        struct machine m = machine(10e9, ppm[i], HPET_HZ, UINT32_MAX);

        for (int n = 0; n < 500; n++)
            assert_true(period(&m, n % 7 == 3 ? 2 * NS : NS));
        for (int n = 0; n < 100; n++)
            period(&m, 50.0 * n * NS); /* up to more than an hour */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_writer_at_a_time),
        cmocka_unit_test(test_version_is_even_at_last),
        {"A flush of another CPU does not wait until all records are written",
         test_all_records, NULL, NULL, NULL},
        cmocka_unit_test(test_scale),
        cmocka_unit_test(test_converges),
        cmocka_unit_test(test_follows_drift),
        cmocka_unit_test(test_late_readings),
        cmocka_unit_test(test_wide_readings),
        cmocka_unit_test(test_timer_jumps),
        cmocka_unit_test(test_glitch),
        cmocka_unit_test(test_timer_stands),
        cmocka_unit_test(test_limit),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
