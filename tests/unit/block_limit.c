/* SPDX-License-Identifier: MIT */
/* What a disk's limits let through, by a clock that is played. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>
#include <cmocka.h>

#include "../../backends/block/limit.h"

static uint64_t clock_ms = 1000;

int clock_gettime(clockid_t id, struct timespec *t)
{
    *t = (struct timespec){clock_ms / 1000, clock_ms % 1000 * 1000000};
    return 0;
}

static struct event_loop loop;

static void refilled(struct block_limit *l)
{
}

static void time_passes(struct block_limit *l, unsigned int ms)
{
    clock_ms += ms;
    if (l->refill.armed && l->refill.deadline_ms <= clock_ms) {
        event_timer_cancel(&loop, &l->refill);
        l->refill.fire(&l->refill);
    }
}

/* Requests in ten seconds, by a guest that always wants more. */
static uint64_t let_through(uint64_t bytes, uint64_t requests, uint64_t size)
{
    struct block_limit l = {.loop = &loop, .refilled = refilled};
    uint64_t n = 0;

    block_limit_set(&l, bytes, requests);
    for (unsigned int ms = 0; ms < 10000; ms += 7) {
        for (int most = 1000; most && block_limit_ok(&l); most--, n++)
            block_limit_spend(&l, size);
        time_passes(&l, 7);
    }
    event_timer_cancel(&loop, &l.refill);
    return n;
}

static void requests_are_as_many_as_allowed(void **state)
{
    assert_in_range(let_through(0, 1, 4096), 9, 12);
    assert_in_range(let_through(0, 100, 4096), 980, 1030);
    assert_in_range(let_through(0, 5000, 4096), 49000, 51000);
}

static void bytes_are_as_many_as_allowed(void **state)
{
    assert_in_range(let_through(1 << 20, 0, 4096), 2500, 2620);
    assert_in_range(let_through(1 << 20, 0, 1 << 19), 19, 22);
    assert_in_range(let_through(1, 0, 1 << 19), 1, 1);
}

static void the_lower_of_both_counts(void **state)
{
    assert_in_range(let_through(1 << 20, 100, 4096), 980, 1030);
    assert_in_range(let_through(1 << 20, 100, 1 << 16), 155, 170);
}

static void no_limit_is_none(void **state)
{
    assert_int_equal(let_through(0, 0, 1), (10000 + 6) / 7 * 1000);
}

static void what_is_out_of_bounds_is_very_much(void **state)
{
    struct block_limit l = {.loop = &loop, .refilled = refilled};

    block_limit_set(&l, UINT64_MAX, UINT64_MAX);
    for (int i = 0; i < 100000; i++)
        block_limit_spend(&l, 1 << 19);
    for (int i = 0; i < 100; i++)
        time_passes(&l, 100000);
    assert_true(block_limit_ok(&l));
    event_timer_cancel(&loop, &l.refill);
}

static int setup(void **state)
{
    return event_loop_init(&loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_are_as_many_as_allowed),
        cmocka_unit_test(bytes_are_as_many_as_allowed),
        cmocka_unit_test(the_lower_of_both_counts),
        cmocka_unit_test(no_limit_is_none),
        cmocka_unit_test(what_is_out_of_bounds_is_very_much),
    };

    return cmocka_run_group_tests_name("block limit", tests, setup, NULL);
}
