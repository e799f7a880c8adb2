/* SPDX-License-Identifier: MIT */
/*
 * A VIRQ that a daemon has which has just been killed; and one that another
 * daemon has.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <daemon/clock.h>
#include <daemon/virq.h>

static uint64_t free_from; /* by now_ms() */
static unsigned int calls;
static int fails_with;

xenevtchn_port_or_error_t xenevtchn_bind_virq(xenevtchn_handle *h,
                                              unsigned int virq)
{
    calls++;
    errno = fails_with;
    return now_ms() < free_from ? -1 : (int)virq + 40;
}

static void one_of_a_daemon_that_ends_is_waited_for(void **state)
{
    fails_with = EEXIST;
    free_from = 0;
    assert_int_equal(virq_bind(NULL, 3), 43);
    free_from = now_ms() + VIRQ_WAIT_MS - 1000; /* it has many pages to unmap */
    assert_int_equal(virq_bind(NULL, 3), 43);
}

static void one_of_another_daemon_is_not_waited_for_for_ever(void **state)
{
    uint64_t begin = now_ms();

    fails_with = EEXIST;
    free_from = UINT64_MAX;
    assert_int_equal(virq_bind(NULL, 3), -EEXIST);
    assert_in_range(now_ms() - begin, VIRQ_WAIT_MS, 3 * VIRQ_WAIT_MS);
}

static void what_waiting_does_not_mend_fails_at_once(void **state)
{
    calls = 0;
    fails_with = EINVAL;
    free_from = UINT64_MAX;
    assert_int_equal(virq_bind(NULL, 3), -EINVAL);
    assert_int_equal(calls, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_of_a_daemon_that_ends_is_waited_for),
        cmocka_unit_test(one_of_another_daemon_is_not_waited_for_for_ever),
        cmocka_unit_test(what_waiting_does_not_mend_fails_at_once),
    };

    return cmocka_run_group_tests_name("daemon virq", tests, NULL, NULL);
}
