/* SPDX-License-Identifier: MIT */
/*
 * A block backend that is killed, at any instruction that leaves a trace, and
 * its successor, which may be killed too: the frontend of block_world.h sees
 * nothing but a pause. And successors of a process that left lies behind.
 */
#include "block_world.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../../backends/block/job.h"
#include "each_store.h"
#include "fake_xen.h"

static struct watched watched[] = {{&w.record, sizeof(w.record)},
                                   {&w.nr_pending, sizeof(w.nr_pending)},
                                   {NULL, 0}, /* rings, from setup() on */
                                   {NULL, 0},
                                   {NULL, 0}};

/* Of a process that was killed once or twice. */
static void serve_on(void)
{
    for (int i = 0; i < 4; i++) {
        world_turn();
        world_send_some();
    }
    world_finish();
}

static void third(void)
{
    assert_int_equal(world_replace_backend(), 0);
    serve_on();
}

static void successor(void)
{
    assert_int_equal(world_replace_backend(), 0);
    if (rand() % 16 == 0)
        after_each_store(watched, 1 + rand() % 10, world_backend_turn, third);
    world_take_answers();
    serve_on();
}

static unsigned int run(bool persistent, int rounds)
{
    unsigned int deaths = 0;

    w.persistent = persistent;
    w.max_pages = 2; /* copies are many instructions */
    world_connect();
    for (int i = 0; i < rounds; i++) {
        world_send_some();
        deaths += after_each_store(watched, 1, world_backend_turn, successor);
        world_take_answers();
    }
    world_finish();
    world_disconnect();
    return deaths;
}

static void a_guest_with_two_rings_notices_no_death(void **state)
{
    w.nr_queues = 2;
    assert_in_range(run(true, 2), 25, 4000);
    w.nr_queues = 1;
}

static void a_guest_with_mapped_pages_notices_no_death(void **state)
{
    assert_in_range(run(true, 2), 25, 4000);
}

static void a_guest_with_copied_pages_notices_no_death(void **state)
{
    assert_in_range(run(false, 2), 25, 4000);
}

static void nor_does_one_whose_disk_is_in_memory(void **state)
{
    w.in_memory = true;
    assert_in_range(run(true, 6), 25, 4000);
    w.in_memory = false;
    assert_true(w.in_place);
}

/* --- flushes --- */

static void send_entry(uint32_t id, const union block_ring_entry *e)
{
    memcpy((uint8_t *)w.ring_page[0] + 64 + id * BLOCK_RING_ENTRY, e,
           sizeof(*e));
    w.ring_page[0][0] = id + 1;
    event_work_queue(w.s.loop, &w.q[0].work);
}

static void send_flush(uint32_t id)
{
    union block_ring_entry e;

    memset(&e, 0, sizeof(e));
    e.rw.operation = BLKIF_OP_FLUSH_DISKCACHE;
    e.rw.id = id;
    send_entry(id, &e);
}

/* The medium has it, and does not answer. */
static void send_hung_flush(uint32_t id)
{
    w.hung = true;
    send_flush(id);
    while (w.nr_taken < 1)
        world_backend_turn();
}

static int answer(uint32_t id)
{
    blkif_response_t r;

    while (w.ring_page[0][2] <= id)
        world_backend_turn();
    memcpy(&r, (uint8_t *)w.ring_page[0] + 64 + id * BLOCK_RING_ENTRY,
           sizeof(r));
    return r.status;
}

/* The kernel told the process, and would not tell its successor. */
static void a_flush_that_failed_before_a_death_has_failed(void **state)
{
    struct storage_io *io;

    w.errors_on = w.in_memory = false;
    world_connect();
    send_flush(0);
    send_flush(1);
    while (w.nr_taken < 2)
        world_backend_turn();
    w.flush_fails = true;
    while (!(io = storage_next_done(w.s.disk)))
        ;
    assert_int_equal(io->result, -EIO);
    block_job_completed(&w.q[0], io); /* and it is killed */
    assert_int_equal(world_replace_backend(), 0);
    assert_int_not_equal(answer(0), BLKIF_RSP_OKAY);
    assert_int_not_equal(answer(1), BLKIF_RSP_OKAY);
    send_flush(2);
    assert_int_equal(answer(2), BLKIF_RSP_OKAY);
    w.data_lost = false;
    world_disconnect();
}

/* The process that was killed was told, and could tell nobody. */
static void what_the_page_cache_lost_fails_what_is_owed(void **state)
{
    world_connect();
    send_hung_flush(0);
    send_flush(1);
    while (w.nr_taken < 2)
        world_backend_turn();
    w.hung = false;
    w.record.flush_lost = 1;
    assert_int_equal(world_replace_backend(), 0);
    assert_int_not_equal(answer(0), BLKIF_RSP_OKAY);
    assert_int_not_equal(answer(1), BLKIF_RSP_OKAY);
    send_flush(2);
    assert_int_equal(answer(2), BLKIF_RSP_OKAY);
    world_disconnect();
}

static void send_write(uint32_t id)
{
    union block_ring_entry e;

    memset(&e, 0, sizeof(e));
    e.rw.operation = BLKIF_OP_WRITE;
    e.rw.nr_segments = 1;
    e.rw.id = id;
    e.rw.seg[0] = (struct blkif_request_segment){
        .gref = FAKE_FIRST_REF + BLOCK_MAX_QUEUES, .last_sect = 7};
    send_entry(id, &e);
}

/* A write that was owed beside it, and that is not done when this one is killed
 * as well, tells nothing. */
static void it_is_told_once(void **state)
{
    struct storage_io *io;

    world_connect();
    send_hung_flush(0);
    w.flush_fails = true;
    w.hung = false;
    while (!(io = storage_next_done(w.s.disk)))
        ;
    w.hung = true;
    send_write(1);
    while (w.nr_taken < 1)
        world_backend_turn();
    block_job_completed(&w.q[0], io); /* and it is killed */
    assert_int_equal(world_replace_backend(), 0);
    assert_int_not_equal(answer(0), BLKIF_RSP_OKAY);
    send_flush(2);
    while (w.nr_taken < 2)
        world_backend_turn();
    w.hung = false;
    assert_int_equal(world_replace_backend(), 0);
    assert_int_equal(answer(1), BLKIF_RSP_OKAY);
    assert_int_equal(answer(2), BLKIF_RSP_OKAY);
    w.data_lost = false;
    world_disconnect();
}

/* The kernel has told of it, and the guest has not heard it. */
static void a_flush_that_fails_without_a_guest_fails_for_the_next(void **state)
{
    world_connect();
    send_hung_flush(0);
    w.flush_fails = true;
    w.hung = false;
    world_disconnect();
    world_connect();
    send_flush(0);
    assert_int_not_equal(answer(0), BLKIF_RSP_OKAY);
    send_flush(1);
    assert_int_equal(answer(1), BLKIF_RSP_OKAY);
    w.data_lost = false;
    world_disconnect();
}

/* In what is left of a ring that the guest does not have any more. */
static void what_a_former_connection_lost_is_told_once(void **state)
{
    world_connect();
    world_disconnect();
    w.record.queue[1].job[0].state = BLOCK_RECORD_TAKEN;
    w.record.queue[1].job[0].flush_failed = 1;
    world_connect();
    send_flush(0);
    assert_int_not_equal(answer(0), BLKIF_RSP_OKAY);
    send_hung_flush(1);
    w.hung = false;
    assert_int_equal(world_replace_backend(), 0);
    assert_int_equal(answer(1), BLKIF_RSP_OKAY);
    world_disconnect();
}

/* --- lies --- */

static void spoil(uint8_t *bytes, size_t size, unsigned int n)
{
    while (n--)
        bytes[rand() % size] = rand();
}

/* Of a record in use, so that some pass all checks that can be made. */
static void no_record_is_too_strange(void **state)
{
    unsigned int refused = 0, served = 0;

    w.lies = true;
    w.max_pages = BLOCK_MAX_SEGMENTS;
    for (int round = 0; round < 2000; round++) {
        w.persistent = rand() % 2;
        w.nr_queues = 1 + rand() % 2;
        w.in_memory = rand() % 2;
        world_connect();
        for (int i = rand() % 4; i; i--) {
            world_send_some();
            world_turn();
        }
        world_disconnect();
        if (rand() % 2)
            spoil((uint8_t *)w.record.queue, sizeof(w.record.queue),
                  rand() % 8 ? rand() % 40 : 10000);
        else
            spoil((uint8_t *)&w.record.queue[0].job[rand() % BLOCK_INFLIGHT],
                  sizeof(w.record.queue[0].job[0]), rand() % 20);
        if (rand() % 8 == 0)
            w.record.queue[0].req_cons += rand() % 5 - 2;
        if (rand() % 16 == 0)
            w.ring_page[0][2] += rand() % 5 - 2;
        if (world_replace_backend()) {
            refused++;
            continue;
        }
        served++;
        for (int i = 0; i < 20; i++) {
            world_send_some();
            world_turn();
        }
        world_disconnect();
    }
    w.lies = w.in_memory = false;
    w.nr_queues = 1;
    assert_true(refused > 100 && served > 1000);
}

static int setup(void **state)
{
    int rc = world_create();

    for (int i = 0; i < 2; i++)
        watched[2 + i] = (struct watched){w.ring_page[i], 4096};
    return rc;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_flush_that_failed_before_a_death_has_failed),
        cmocka_unit_test(it_is_told_once),
        cmocka_unit_test(a_flush_that_fails_without_a_guest_fails_for_the_next),
        cmocka_unit_test(what_a_former_connection_lost_is_told_once),
        cmocka_unit_test(a_guest_with_two_rings_notices_no_death),
        cmocka_unit_test(a_guest_with_mapped_pages_notices_no_death),
        cmocka_unit_test(a_guest_with_copied_pages_notices_no_death),
        cmocka_unit_test(nor_does_one_whose_disk_is_in_memory),
        cmocka_unit_test(no_record_is_too_strange),
        cmocka_unit_test(what_the_page_cache_lost_fails_what_is_owed),
    };

    step_prepare(argv);
    return cmocka_run_group_tests_name("block resume", tests, setup, NULL);
}
