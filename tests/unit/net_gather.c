/* SPDX-License-Identifier: MIT */
/*
 * When the network backend waits for more frames: in a stream that gathers
 * while it waits, nearly always; where frames come one by one, hardly ever.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../backends/net/gather.h"

static struct gather g;
static unsigned int waits;

/* So many looks, which find 'alone' frames, or 'gathered' after a wait. */
static unsigned int looks(unsigned int n, unsigned int alone,
                          unsigned int gathered)
{
    unsigned int before = waits;

    while (n--) {
        bool wait = gather_wait(&g);

        waits += wait;
        gather_seen(&g, wait, wait ? gathered : alone);
    }
    return waits - before;
}

static void frames_that_come_one_by_one_are_hardly_ever_waited_for(void **state)
{
    g = (struct gather){0};
    assert_int_equal(looks(GATHER_TRY, 1, 1), 0);
    assert_in_range(looks(10000, 1, 1), 10, 30);
    assert_in_range(looks(10000, 1, GATHER_SOME - 1), 10, 30);
}

static void a_stream_is_waited_for(void **state)
{
    g = (struct gather){0};
    assert_int_equal(looks(GATHER_TRY, 1, 10), 0);
    assert_int_equal(looks(1000, 1, 10), 1000);
}

static void
it_goes_on_over_the_end_of_a_burst_and_ends_with_the_stream(void **state)
{
    g = (struct gather){0};
    looks(100, 1, 10);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(looks(3, 1, 1), 3);
        assert_int_equal(looks(1, 1, GATHER_SOME), 1);
    }
    assert_int_equal(looks(50, 1, 1), 4 + 1); /* the last, and a try */
    /* A stream that begins later is found soon. */
    assert_true(looks(2 * GATHER_MAX + 100, 1, 10) > GATHER_MAX);
}

static void many_frames_that_come_together_need_no_waiting(void **state)
{
    g = (struct gather){0};
    assert_int_equal(looks(1000, GATHER_SOME, GATHER_SOME), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            frames_that_come_one_by_one_are_hardly_ever_waited_for),
        cmocka_unit_test(a_stream_is_waited_for),
        cmocka_unit_test(
            it_goes_on_over_the_end_of_a_burst_and_ends_with_the_stream),
        cmocka_unit_test(many_frames_that_come_together_need_no_waiting),
    };

    return cmocka_run_group_tests_name("net gather", tests, NULL, NULL);
}
