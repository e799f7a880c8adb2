/* SPDX-License-Identifier: MIT */
/* The clock: one writer of a record at a time. */
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <setjmp.h>
#include <unistd.h>
#include <pthread.h>
#include <cmocka.h>
#include <hv/lib.h>
#include <hv/spinlock.h>
#include <asm/clock_record.h>
#include <xen/xen.h>

/* --- what the parts under test want --------------------------------------- */

void lock_order_acquire(spinlock_t *l)
{
}

void lock_order_acquired_by_try(spinlock_t *l)
{
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

/* A second writer must not make the version even while the first one writes. */
static void test_one_writer_at_a_time(void **state)
{
    struct vcpu_time_info t = says(1), expected = says(2);
    unsigned long flags = clock_records_lock();
    pthread_t second;

    clock_record_open(&record);
    assert_int_equal(pthread_create(&second, NULL, second_writer, NULL), 0);
    usleep(50000);
    assert_false(atomic_load(&second_is_done));
    assert_int_equal(READ_ONCE(record.version), 1);
    clock_record_close(&record, &t);
    clock_records_unlock(flags);
    pthread_join(second, NULL);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_writer_at_a_time),
        cmocka_unit_test(test_version_is_even_at_last),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
