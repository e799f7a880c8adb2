/* SPDX-License-Identifier: MIT */
/*
 * The block backend's data path (block_world.h): data arrives, whatever the
 * medium does, and nothing stays mapped or allocated after a disconnect in the
 * middle of it all.
 */
#include "block_world.h"

static void run(bool persistent, bool errors, int rounds)
{
    w.persistent = persistent;
    w.errors_on = errors;
    world_connect();
    for (int i = 0; i < rounds; i++) {
        world_send_some();
        world_turn();
    }
    world_finish();
    world_send_some();
    world_turn();
    world_disconnect();
    assert_false(w.waiting);
}

static void a_guest_with_mapped_pages_reads_what_it_wrote(void **state)
{
    run(true, false, 6000);
}

static void a_guest_with_copied_pages_reads_what_it_wrote(void **state)
{
    run(false, false, 6000);
}

static void each_request_is_answered_when_the_medium_fails(void **state)
{
    for (int i = 0; i < 20; i++)
        run(i % 2, true, 200);
    assert_true(w.failed > 100);
}

static void writes_to_a_full_medium_wait_and_succeed(void **state)
{
    w.often_full = true;
    for (int i = 0; i < 20; i++)
        run(i % 2, false, 200);
    w.often_full = false;
    assert_true(w.waits_begun > 20);
}

static void the_runs_before_answered_thousands_and_barriers(void **state)
{
    assert_true(w.answered > 5000);
    assert_true(w.barriers > 100);
}

static int setup(void **state)
{
    return world_create();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_guest_with_mapped_pages_reads_what_it_wrote),
        cmocka_unit_test(a_guest_with_copied_pages_reads_what_it_wrote),
        cmocka_unit_test(each_request_is_answered_when_the_medium_fails),
        cmocka_unit_test(writes_to_a_full_medium_wait_and_succeed),
        cmocka_unit_test(the_runs_before_answered_thousands_and_barriers),
    };

    return cmocka_run_group_tests_name("block queue", tests, setup, NULL);
}
