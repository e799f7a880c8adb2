/* SPDX-License-Identifier: MIT */
/*
 * Without a store, or with a new one: devices go on, and what happened
 * meanwhile is told when it is back. And what the supervisor keeps open of a
 * device, which the store tells of, is kept as soon as it is there.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "supervisor_world.h"

static void end_is_told_when_the_store_is_back(void **unused)
{
    kinds[0].record_size = 0;
    begin("exit 1");
    connect_disk();
    lose_store(true);
    within(500, never);
    assert_string_equal(disk->error, "");
    assert_non_null(devices.list);
    lose_store(false);
    assert_null(devices.list);
    assert_string_equal(disk->error, "failed with status 1");
    assert_int_equal(disk->state, 6);
}

static void successor_does_not_wait_for_the_store(void **unused)
{
    begin_in_use();
    lose_store(true);
    kill(pid, SIGKILL);
    await_process(2, "heirloom");
    lose_store(false);
    remove_disk();
}

static bool no_device(void)
{
    return !devices.list;
}

/* The store dies between a device's end and what is taken out then. */
static void nothing_is_left_by_a_store_that_dies(void **unused)
{
    begin_in_use();
    assert_int_equal(disk->restarts, 0);
    disk->state = 0;
    played->dies = true;
    kill(pid, SIGTERM);
    assert_true(within(10000, no_device));
    assert_true(played->away);
    assert_string_equal(disk->params, "/vbd/3/0");
    snprintf(disk->error, sizeof(disk->error), "something");
    played->dies = false;
    lose_store(false);
    assert_int_equal(disk->restarts, -1);
    assert_string_equal(disk->params, "");
    assert_string_equal(disk->error, "");
}

/* What is told of devices that are there stays. */
static void a_store_that_is_back_tells_the_same(void **unused)
{
    begin_in_use();
    played->disk[1].state = 6;
    snprintf(played->disk[1].error, sizeof(disk->error), "something");
    lose_store(true);
    lose_store(false);
    assert_int_equal(disk->restarts, 0);
    assert_int_equal(disk->withdrawn, 0);
    assert_string_equal(disk->params, "/vbd/3/0");
    assert_string_equal(played->disk[1].error, "something");
    remove_disk();
}

/* A new store has no nodes of the device, so its guest's end decides. */
static void process_ends_with_the_guest(void **unused)
{
    begin("exec sleep 100");
    disk->state = 0;
    played->unknown = true;
    lose_store(true);
    lose_store(false);
    devices.look.fire(&devices.look);
    assert_non_null(devices.list);
    played->guest_over = true;
    devices.look.fire(&devices.look);
    assert_true(within(10000, nothing_left));
    played->guest_over = false;
    devices.look.fire(&devices.look);
    event_timer_cancel(&loop, &devices.look);
}

/* --- what is kept --- */

static unsigned int kept, asked;
static bool there, was_fresh;

static int keep(struct devices *ds, const char *path, bool fresh)
{
    asked++;
    was_fresh = fresh;
    if (!there || played->away)
        return -ENODEV;
    kept++;
    return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

/* After it was lost, the process makes it; or the script gives it another name.
 */
static void device_is_kept_once_it_is_there(void **unused)
{
    kinds[0].keep = keep;
    there = false;
    kept = asked = 0;
    begin_lasting();
    assert_int_equal(asked, 1);
    assert_true(was_fresh);
    connect_disk();
    assert_int_equal(asked, 2);
    assert_false(was_fresh);
    kill(pid, SIGKILL);
    await_process(2, "heirloom");
    assert_int_equal(asked, 2);
    there = true;
    devices_check(&devices, BACK "/hotplug-status");
    assert_int_equal(kept, 1);
    assert_false(was_fresh);
    devices_check(&devices, BACK "/state");
    assert_int_equal(kept, 1);
    remove_disk();
}

/* As one that was lost with its process, in no event. */
static void device_is_kept_when_its_process_has_gone_on(void **unused)
{
    kinds[0].keep = keep;
    there = false;
    kept = 0;
    begin_lasting();
    there = true;
    fire_timers_of_devices();
    assert_int_equal(kept, 1);
    remove_disk();
}

/* What is to be kept is known to the store, which is reached later. */
static void adopted_device_is_kept_once_the_store_is_there(void **unused)
{
    kinds[0].keep = keep;
    there = true;
    kept = 0;
    begin_in_use();
    assert_int_equal(kept, 1);
    devices_close(&devices);
    played->away = true;
    begin_supervisor();
    assert_int_equal(kept, 1);
    lose_store(false);
    assert_int_equal(kept, 2);
    lose_store(true);
    lose_store(false);
    assert_int_equal(kept, 2);
    remove_disk();
}

static int other_end;

static int keep_pipe(struct devices *ds, const char *path, bool fresh)
{
    int end[2];

    kept++;
    assert_int_equal(pipe2(end, O_CLOEXEC), 0);
    other_end = end[0];
    return end[1];
}

/* As an interface that the administrator removes. */
static void what_was_kept_and_is_removed_is_made_anew(void **unused)
{
    kinds[0].keep = keep_pipe;
    kept = 0;
    begin_in_use();
    kill(pid, SIGKILL);
    await_process(2, "heirloom");
    assert_int_equal(kept, 1);
    close(other_end);
    kill(pid, SIGKILL);
    await_process(3, "heirloom");
    fire_timers_of_devices();
    assert_int_equal(kept, 2);
    close(other_end);
    remove_disk();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(end_is_told_when_the_store_is_back),
        TEST(successor_does_not_wait_for_the_store),
        TEST(nothing_is_left_by_a_store_that_dies),
        TEST(a_store_that_is_back_tells_the_same),
        TEST(process_ends_with_the_guest),
        TEST(device_is_kept_once_it_is_there),
        TEST(device_is_kept_when_its_process_has_gone_on),
        TEST(adopted_device_is_kept_once_the_store_is_there),
        TEST(what_was_kept_and_is_removed_is_made_anew),
    };

    return cmocka_run_group_tests_name("supervisor_store", tests, world_begins,
                                       world_ends);
}
