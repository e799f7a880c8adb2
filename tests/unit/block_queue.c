/* SPDX-License-Identifier: MIT */
/*
 * The block backend's data path (block_world.h): data arrives, whatever the
 * medium does, and nothing stays mapped or allocated after a disconnect in the
 * middle of it all.
 */
#include "block_world.h"

#include <string.h>

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

/* Until it answers, nobody hears of what it was given, and nothing of that is
 * given to anybody else; the guest's memory is free at once. */
static void a_medium_that_hangs_holds_only_what_it_was_given(void **state)
{
    uint32_t ring[1024];
    unsigned int rounds = 0, held;

    for (int i = 0; i < 100; i++) {
        w.persistent = i % 2;
        world_connect();
        w.hung = true;
        for (int k = 0; k < 8; k++) {
            world_send_some();
            world_turn();
        }
        held = w.nr_pending;
        memcpy(ring, w.ring_page, sizeof(ring));
        block_queue_disconnect(&w.q);
        assert_int_equal(fake_mapped, 0);
        assert_int_equal(w.q.used, held);
        assert_int_equal(block_queue_busy(&w.q), held > 0);
        rounds += held > 0;
        w.hung = false;
        world_disconnect();
        assert_memory_equal(ring, w.ring_page, sizeof(ring));
    }
    assert_true(rounds > 50);
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
        cmocka_unit_test(a_medium_that_hangs_holds_only_what_it_was_given),
        cmocka_unit_test(the_runs_before_answered_thousands_and_barriers),
    };

    return cmocka_run_group_tests_name("block queue", tests, setup, NULL);
}
