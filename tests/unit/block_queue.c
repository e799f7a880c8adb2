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

static void data_in_memory_is_copied_once_where_pages_are_mapped(void **state)
{
    w.in_memory = true;
    w.in_place = 0;
    run(false, false, 2000);
    assert_int_equal(w.in_place, 0);
    run(true, false, 6000);
    assert_true(w.in_place > 3000);
    for (int i = 0; i < 20; i++)
        run(i % 2, true, 200);
    w.often_full = true;
    for (int i = 0; i < 20; i++)
        run(i % 2, false, 200);
    w.often_full = w.in_memory = false;
}

/* --- a request changes once it is taken ------------------------------------
 */

void __real_back_ring_take(struct back_ring *r, void *request, size_t len);
void __wrap_back_ring_take(struct back_ring *r, void *request, size_t len);
static int scribble; /* over what has been taken, with this byte; 0: not */

void __wrap_back_ring_take(struct back_ring *r, void *request, size_t len)
{
    uint8_t *slot = r->shared + 64 +
                    (size_t)(r->req_cons & (r->entries - 1)) * r->entry_size;

    __real_back_ring_take(r, request, len);
    if (scribble)
        memset(slot, scribble, r->entry_size);
}

static void what_a_guest_changes_in_a_taken_request_is_not_seen(void **state)
{
    static const int bytes[] = {0xff, 0x01, 0x80};

    for (size_t i = 0; i < sizeof(bytes) / sizeof(*bytes); i++) {
        scribble = bytes[i];
        run(true, false, 500);
        run(false, false, 500);
    }
    scribble = 0;
}

static void an_answer_has_no_byte_of_the_backends(void **state)
{
    w.answered = w.padded = 0;
    run(true, true, 500);
    assert_true(w.answered > 500);
    assert_int_equal(w.padded, 0);
}

/* As many segments as Linux's blkback takes; all that is pinned, so a second
 * one is where the pool grows. */
static void a_request_may_be_a_mebibyte(void **state)
{
    w.pages = 256;
    for (int i = 0; i < 4; i++) {
        w.in_memory = i / 2;
        w.moved = w.failed = 0;
        run(i % 2, false, 400);
        assert_true(w.moved > 32 << 20);
        run(i % 2, true, 50);
    }
    w.in_memory = false;
    w.pages = 0;
}

/* Whose turn it is, however much the guest asks of it at once. */
static void a_medium_in_memory_keeps_the_loop_for_a_while(void **state)
{
    uint64_t most = 0;

    w.persistent = w.in_memory = true;
    world_connect();
    for (int i = 0; i < 300; i++) {
        for (int k = 0; k < 8; k++)
            world_send_some();
        w.moved = 0;
        world_backend_turn();
        most = w.moved > most ? w.moved : most;
        world_take_answers();
    }
    world_finish();
    world_disconnect();
    w.in_memory = false;
    assert_in_range(most, BLOCK_COPY_BUDGET,
                    BLOCK_COPY_BUDGET + BLOCK_MAX_SEGMENTS * PAGE_SIZE);
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

static void an_administrator_can_have_the_guest_told_instead(void **state)
{
    w.often_full = true;
    w.waits_begun = w.failed = 0;
    w.s.on_error = BLOCK_REPORT;
    for (int i = 0; i < 20; i++)
        run(i % 2, false, 200);
    assert_true(w.failed > 100 && !w.waits_begun);
    w.often_full = false;
    w.s.on_error = BLOCK_WAIT_FOR_ROOM;
}

static void or_all_but_flushes_wait(void **state)
{
    w.waits_begun = 0;
    w.s.on_error = BLOCK_STOP;
    for (int i = 0; i < 20; i++)
        run(i % 2, true, 200);
    assert_true(w.waits_begun > 20);
    w.s.on_error = BLOCK_WAIT_FOR_ROOM;
}

static void turns(int n)
{
    while (n--) {
        world_send_some();
        world_turn();
    }
}

/* In the ring, until there is more or the limit is lifted. */
static void a_guest_beyond_its_limit_waits(void **state)
{
    unsigned int before;

    w.persistent = w.errors_on = false;
    world_connect();
    block_limit_set(&w.s.limit, 0, 10);
    before = w.answered;
    turns(200);
    assert_in_range(w.answered - before, 1, 3);
    block_limit_set(&w.s.limit, 4096, 0);
    turns(200);
    before = w.answered;
    turns(200);
    assert_in_range(w.answered - before, 0, 3);
    block_limit_set(&w.s.limit, 0, 0);
    turns(200);
    assert_true(w.answered - before > 50);
    world_finish();
    world_disconnect();
    event_timer_cancel(w.s.loop, &w.s.limit.refill);
}

/* It may have nothing else to wake it. */
static void a_ring_that_waits_behind_another_is_served(void **state)
{
    const size_t most = POOL_BYTES - 20 * PAGE_SIZE;
    unsigned int waited = 0;
    void *held;

    w.nr_queues = 2;
    for (int i = 0; i < 50; i++) {
        world_connect();
        held = block_pool_get(&w.s.pool, most);
        assert_non_null(held);
        w.hung = true;
        w.send_to = 0;
        for (int k = 0; k < 20 && !w.s.starved; k++) {
            world_send_some();
            world_turn();
        }
        w.send_to = 1;
        for (int k = 0; k < 4; k++) {
            world_send_some();
            world_turn();
        }
        block_pool_put(&w.s.pool, held, most);
        if (w.s.starved) {
            event_work_queue(w.s.loop, &w.s.starved->queue->work);
            waited++;
        }
        w.hung = false;
        world_finish();
        world_disconnect();
    }
    w.send_to = -1;
    w.nr_queues = 1;
    assert_true(waited > 20);
}

/* Until it answers, nobody hears of what it was given, and nothing of that is
 * given to anybody else; the guest's memory is free at once. */
static void a_medium_that_hangs_holds_only_what_it_was_given(void **state)
{
    uint32_t ring[BLOCK_MAX_QUEUES][1024];
    unsigned int rounds = 0, held;

    for (int i = 0; i < 100; i++) {
        w.persistent = i % 2;
        w.nr_queues = 1 + i % BLOCK_MAX_QUEUES;
        world_connect();
        w.hung = true;
        for (int k = 0; k < 8; k++) {
            world_send_some();
            world_turn();
        }
        held = w.nr_pending;
        rounds += held > 0;
        for (unsigned int k = 0; k < w.nr_queues; k++)
            memcpy(ring[k], w.ring_page[k], 4096);
        block_share_disconnect(&w.s);
        assert_int_equal(fake_mapped, 0);
        assert_int_equal(block_share_busy(&w.s), held > 0);
        for (unsigned int k = 0; k < BLOCK_MAX_QUEUES; k++)
            held -= w.q[k].used;
        assert_int_equal(held, 0);
        w.hung = false;
        world_disconnect();
        for (unsigned int k = 0; k < w.nr_queues; k++)
            assert_memory_equal(ring[k], w.ring_page[k], 4096);
    }
    w.nr_queues = 1;
    assert_true(rounds > 50);
}

/* Whose barriers do not wait for each other, and who share the memory. */
static void several_rings_are_like_one(void **state)
{
    for (int i = 0; i < 24; i++) {
        w.nr_queues = 2 + i % (BLOCK_MAX_QUEUES - 1);
        w.often_full = i % 4 == 3;
        run(i % 2, i % 8 == 0, 500);
    }
    w.often_full = false;
    w.nr_queues = 1;
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
        cmocka_unit_test(data_in_memory_is_copied_once_where_pages_are_mapped),
        cmocka_unit_test(what_a_guest_changes_in_a_taken_request_is_not_seen),
        cmocka_unit_test(an_answer_has_no_byte_of_the_backends),
        cmocka_unit_test(a_request_may_be_a_mebibyte),
        cmocka_unit_test(a_medium_in_memory_keeps_the_loop_for_a_while),
        cmocka_unit_test(each_request_is_answered_when_the_medium_fails),
        cmocka_unit_test(writes_to_a_full_medium_wait_and_succeed),
        cmocka_unit_test(an_administrator_can_have_the_guest_told_instead),
        cmocka_unit_test(or_all_but_flushes_wait),
        cmocka_unit_test(a_guest_beyond_its_limit_waits),
        cmocka_unit_test(several_rings_are_like_one),
        cmocka_unit_test(a_ring_that_waits_behind_another_is_served),
        cmocka_unit_test(a_medium_that_hangs_holds_only_what_it_was_given),
        cmocka_unit_test(the_runs_before_answered_thousands_and_barriers),
    };

    return cmocka_run_group_tests_name("block queue", tests, setup, NULL);
}
