/* SPDX-License-Identifier: MIT */
/*
 * The search itself (interleave.h), on contests of a few steps: all that can
 * come of them comes, and no order is tried twice.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>
#include "interleave_pairs.h"

static unsigned long x, y, found; /* x: what both use */
static unsigned long seen;        /* bits of results; stays */

static unsigned long read_x(void)
{
    will_read(&x, sizeof(x));
    return x;
}

static void write_to(unsigned long *p, unsigned long value)
{
    will_write(p, sizeof(*p));
    *p = value;
}

static bool note(void)
{
    seen |= 1ul << found;
    return true;
}

static bool note_x(void)
{
    seen |= 1ul << x;
    return true;
}

/* How many schedules it took. */
static unsigned long try_all(void (*a)(void), void (*b)(void),
                             bool (*right)(void))
{
    const struct contest c = {.work = {a, b}, .right = right};
    unsigned long before = interleave_figures.schedules;
    unsigned long dropped = interleave_figures.dropped;

    seen = 0;
    assert_true(interleave(&c));
    assert_int_equal(x, 0); /* all is put back */
    return interleave_figures.schedules - before -
           (interleave_figures.dropped - dropped);
}

static void add_one(void)
{
    write_to(&x, read_x() + 1);
}

static void an_increment_of_two_steps_can_get_lost(void **state)
{
    try_all(add_one, add_one, note_x);
    assert_int_equal(seen, 1 << 1 | 1 << 2);
}

static void write_x(void)
{
    write_to(&x, 1);
}

static void write_y(void)
{
    write_to(&y, 1);
}

static void steps_that_do_not_conflict_have_one_order(void **state)
{
    assert_int_equal(try_all(write_x, write_y, note_x), 1);
}

static void read_once(void)
{
    found = read_x();
    write_to(&y, 1);
}

/* Between two writes it gives way. */
static void write_twice(void)
{
    write_to(&x, 1);
    interleave_yield();
    write_to(&x, 2);
}

static void a_cpu_that_gives_way_may_go_on_at_once(void **state)
{
    try_all(write_twice, read_once, note);
    assert_int_equal(seen, 1 << 0 | 1 << 1 | 1 << 2);
    try_all(read_once, write_twice, note);
    assert_int_equal(seen, 1 << 0 | 1 << 1 | 1 << 2);
}

static void wait_for_x(void)
{
    while (!(found = read_x()))
        interleave_wait();
}

static void a_cpu_that_waits_goes_on_behind_the_write(void **state)
{
    try_all(wait_for_x, write_x, note);
    assert_int_equal(seen, 1 << 1);
}

static bool is_even(void)
{
    return x % 2 == 0;
}

static void one_order_that_ends_badly_is_enough(void **state)
{
    const struct contest c = {.work = {add_one, add_one}, .right = is_even};

    assert_false(interleave(&c));
}

/* Many steps that conflict: more schedules than are allowed. */
static void write_ten_times(void)
{
    for (unsigned int i = 1; i <= 10; i++)
        write_to(&x, i);
}

static void read_ten_times(void)
{
    found = read_x();
    for (unsigned int i = 1; i < 10; i++)
        write_to(&y, read_x());
}

static void either_cpu_begins_where_not_all_is_tried(void **state)
{
    unsigned long allowed = interleave_schedules;

    interleave_schedules = 3;
    try_all(write_ten_times, read_ten_times, note);
    assert_true(seen & 1 << 0);
    assert_true(seen & 1 << 10);
    interleave_schedules = allowed;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_increment_of_two_steps_can_get_lost),
        cmocka_unit_test(steps_that_do_not_conflict_have_one_order),
        cmocka_unit_test(a_cpu_that_gives_way_may_go_on_at_once),
        cmocka_unit_test(a_cpu_that_waits_goes_on_behind_the_write),
        cmocka_unit_test(one_order_that_ends_badly_is_enough),
        cmocka_unit_test(either_cpu_begins_where_not_all_is_tried),
    };

    return pairs_main(argc, argv, tests, ARRAY_SIZE(tests), NULL);
}
