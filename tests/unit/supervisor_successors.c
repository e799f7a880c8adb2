/* SPDX-License-Identifier: MIT */
/*
 * Who gets a successor, when, and what it inherits: the process of a device in
 * use does, with its record, and at once; that of a device that was closed, or
 * whose domain is dead, does not.
 */
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include <daemon/clock.h>

#include "supervisor_world.h"

static bool error_is_told(void)
{
    return *disk->error;
}

static void killed_process_has_a_successor_with_its_record(void **unused)
{
    begin_lasting();
    disk->state = 4;
    kill(pid, SIGKILL);
    await_process(2, "heirloom");
    assert_int_equal(disk->state, 4);
    assert_string_equal(disk->error, "killed by signal 9");
    fire_timers_of_devices();
    assert_string_equal(disk->error, "");
    remove_disk();
}

static unsigned int requests_before_fork;

pid_t __fork(void);
pid_t fork(void)
{
    requests_before_fork = played_requests;
    return __fork();
}

/* Each takes as long as a busy domain 0 makes it. */
static void successor_waits_for_one_answer_of_the_store(void **unused)
{
    begin_in_use();
    kill(pid, SIGKILL);
    played_requests = 0;
    await_process(2, "heirloom");
    assert_in_range(requests_before_fork, 0, 1);
    assert_string_equal(disk->error, "killed by signal 9");
    assert_int_equal(disk->restarts, 1);
    remove_disk();
}

static void process_that_is_told_to_end_has_a_successor(void **unused)
{
    begin_lasting();
    disk->state = 2;
    kill(pid, SIGTERM);
    await_process(2, "heirloom");
    assert_int_equal(disk->state, 2);
    remove_disk();
}

static void record_is_not_a_new_devices(void **unused)
{
    begin_lasting();
    kill(pid, SIGKILL);
    await_process(2, "........");
    remove_disk();
}

static void failure_of_a_device_in_use_is_tried_again(void **unused)
{
    char script[96];
    uint64_t start;

    begin("sleep 0.2; exit 1");
    disk->state = 4;
    assert_true(within(10000, error_is_told));
    assert_string_equal(disk->error, "failed with status 1");
    snprintf(script, sizeof(script), "echo $$ x x >> %s; exit 1", started);
    write_program(script);
    start = now_ms();
    wanted_lines = 4; /* at once, and after 100, 200, 400 ms */
    assert_true(within(10000, has_started));
    assert_in_range(now_ms() - start, 500, 2500);
    assert_int_equal(disk->state, 4);
    disk->state = 0;
    assert_true(within(10000, nothing_left));
}

/* It has done nothing wrong; but nobody may do so for ever. */
static void killed_processes_are_followed_at_once_for_a_while(void **unused)
{
    unsigned int n = 1;

    begin_lasting();
    disk->state = 4;
    do {
        kill(pid, SIGKILL);
        await_process(++n, "heirloom");
    } while (devices.list->wait_ms <= 100 && n < 40);
    assert_in_range(n, 11, 39);
    remove_disk();
}

static void process_of_a_dead_domain_has_no_successor(void **unused)
{
    begin_lasting();
    disk->state = 4;
    played->guest_over = true;
    kill(pid, SIGKILL);
    assert_true(within(10000, nothing_left));
    assert_int_equal(disk->state, 6);
}

/* The device is there as long as the store says so. */
static void device_that_the_store_does_not_close_is_closed_later(void **unused)
{
    begin_lasting();
    disk->state = 4;
    played->guest_over = played->refuses = true;
    kill(pid, SIGKILL);
    within(200, never);
    assert_non_null(devices.list);
    assert_int_equal(disk->state, 4);
    fire_timers_of_devices();
    assert_non_null(devices.list);
    played->refuses = false;
    fire_timers_of_devices();
    assert_null(devices.list);
    assert_int_equal(disk->state, 6);
}

static void device_that_was_closed_is_over_with_its_process(void **unused)
{
    begin_lasting();
    disk->state = 6;
    disk->online = 0;
    kill(pid, SIGTERM);
    assert_true(within(10000, nothing_left));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(killed_process_has_a_successor_with_its_record),
        TEST(successor_waits_for_one_answer_of_the_store),
        TEST(process_that_is_told_to_end_has_a_successor),
        TEST(record_is_not_a_new_devices),
        TEST(failure_of_a_device_in_use_is_tried_again),
        TEST(killed_processes_are_followed_at_once_for_a_while),
        TEST(process_of_a_dead_domain_has_no_successor),
        TEST(device_that_the_store_does_not_close_is_closed_later),
        TEST(device_that_was_closed_is_over_with_its_process),
    };

    return cmocka_run_group_tests_name("supervisor_successors", tests,
                                       world_begins, world_ends);
}
