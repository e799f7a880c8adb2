/* SPDX-License-Identifier: MIT */
/*
 * Whom the supervisor ends, by force in the end: all, when it is stopped; the
 * process of a device that another has replaced, or that is gone, also if its
 * guest has taken it over.
 */
#include <signal.h>
#include <sys/pidfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "supervisor_world.h"

/* --- a supervisor that is stopped --- */

static void stop_ends_all_and_closes_the_device(void **unused)
{
    begin_lasting();
    disk->state = 4;
    next_supervisor();
    stop_all();
    assert_int_equal(disk->state, 6);
    assert_int_equal(waitpid(pid, NULL, WNOHANG), -1);
}

static void stop_insists(void **unused)
{
    begin_with_trap("");
    devices_stop_all(&devices);
    within(200, never);
    assert_non_null(devices.list);
    devices.look.fire(&devices.look);
    assert_true(within(3000, nothing_left));
}

static void nothing_is_started_to_be_stopped(void **unused)
{
    begin_lasting();
    disk->state = 0;
    played->unknown = true;
    kill(pid, SIGKILL);
    stop_all();
    wanted_lines = 2;
    assert_false(has_started());
}

/* It has five seconds to come, as the processes have to end. */
static void stop_waits_no_longer_for_the_store(void **unused)
{
    begin_in_use();
    lose_store(true);
    devices_stop_all(&devices);
    within(200, never);
    assert_non_null(devices.list);
    assert_int_equal(devices.list->worker.pid, 0);
    devices.look.fire(&devices.look);
    assert_int_equal(event_loop_run(&loop), 0);
    assert_null(devices.list);
}

/* --- a device before this one --- */

static bool unkillable;

int pidfd_send_signal(int pidfd, int signal, siginfo_t *info,
                      unsigned int flags)
{
    return unkillable ? 0
                      : (int)syscall(SYS_pidfd_send_signal, pidfd, signal, info,
                                     flags);
}

static void toolstack_makes_another(void)
{
    disk->state = 0;
    devices_check(&devices, BACK);
    disk->online = 1;
    disk->state = 1;
    devices_check(&devices, BACK "/state");
}

static void process_of_a_device_before_this_one_is_ended(void **unused)
{
    begin_in_use();
    toolstack_makes_another();
    within(100, never);
    await_process(1, "........"); /* it has time */
    fire_timers_of_devices();
    await_process(2, "........");
    remove_disk();
}

static void failure_of_a_device_before_is_not_this_ones(void **unused)
{
    begin_with_trap("exit 1");
    connect_disk();
    toolstack_makes_another();
    assert_int_equal(kill(pid, SIGTERM), 0);
    wanted_lines = 2;
    assert_true(within(10000, has_started));
    assert_int_equal(disk->state, 1);
    assert_string_equal(disk->error, "");
    remove_disk();
}

static void process_that_cannot_be_ended_is_left(void **unused)
{
    pid_t first;

    begin_lasting();
    first = pid;
    connect_disk();
    toolstack_makes_another();
    unkillable = true;
    fire_timers_of_devices();
    within(100, never);
    await_process(1, "........");
    fire_timers_of_devices();
    fire_timers_of_devices();
    await_process(2, "........");
    unkillable = false;
    assert_int_equal(kill(first, SIGKILL), 0);
    assert_int_equal(waitpid(first, NULL, 0), first);
    within(100, never);
    await_process(2, "........");
    remove_disk();
}

/* It is slow, but serves the device. */
static void process_that_has_gone_on_is_not_ended(void **unused)
{
    begin_in_use();
    toolstack_makes_another();
    disk->state = 2;
    devices_check(&devices, BACK "/state");
    fire_timers_of_devices();
    within(100, never);
    await_process(1, "........");
    remove_disk();
}

/* --- a device that is gone --- */

/* Its guest may have taken it over. */
static void begin_that_obeys_nobody(void)
{
    begin_with_trap("");
    connect_disk();
    assert_false(devices.list->worker.gate.over);
}

static void ends_by_force(void)
{
    assert_true(devices.list->worker.gate.over); /* at once */
    within(100, never);
    assert_non_null(devices.list); /* it has time */
    fire_timers_of_devices();
    assert_false(devices.list->worker.requests.added);
    within(100, never);
    assert_non_null(devices.list);
    fire_timers_of_devices();
    assert_true(within(3000, nothing_left));
}

static void process_does_not_outlive_its_device(void **unused)
{
    begin_that_obeys_nobody();
    disk->state = 0;
    devices_check(&devices, BACK);
    ends_by_force();
}

static void nor_one_that_was_closed_for_good(void **unused)
{
    begin_that_obeys_nobody();
    disk->state = 6;
    devices_check(&devices, BACK "/state"); /* the frontend may come again */
    assert_false(devices.list->worker.gate.over);
    disk->online = 0;
    devices_check(&devices, BACK "/state");
    ends_by_force();
}

static void nor_one_that_went_with_its_directory(void **unused)
{
    begin_that_obeys_nobody();
    disk->state = 0;
    devices_check(&devices, "backend/vbd/3");
    ends_by_force();
}

/* Which the process can do if its write is on the way. */
static void nor_one_that_it_has_brought_back(void **unused)
{
    begin_that_obeys_nobody();
    disk->state = 0;
    devices_check(&devices, BACK);
    disk->brought_back = true;
    connect_disk();
    ends_by_force();
    devices_check(&devices, BACK "/state"); /* nor does it get another */
    assert_null(devices.list);
}

static void nor_one_that_went_without_a_supervisor(void **unused)
{
    begin_that_obeys_nobody();
    devices_close(&devices);
    disk->state = 0;
    begin_supervisor();
    ends_by_force();
}

static void process_goes_on_if_the_store_has_forgotten_its_guest(void **unused)
{
    begin_that_obeys_nobody();
    disk->state = 0;
    played->unknown = true;
    devices_check(&devices, BACK);
    assert_false(devices.list->worker.gate.over);
    played->unknown = false;
    devices_check(&devices, BACK);
    ends_by_force();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(stop_ends_all_and_closes_the_device),
        TEST(stop_insists),
        TEST(nothing_is_started_to_be_stopped),
        TEST(stop_waits_no_longer_for_the_store),
        TEST(process_of_a_device_before_this_one_is_ended),
        TEST(failure_of_a_device_before_is_not_this_ones),
        TEST(process_that_cannot_be_ended_is_left),
        TEST(process_that_has_gone_on_is_not_ended),
        TEST(process_does_not_outlive_its_device),
        TEST(nor_one_that_was_closed_for_good),
        TEST(nor_one_that_went_with_its_directory),
        TEST(nor_one_that_it_has_brought_back),
        TEST(nor_one_that_went_without_a_supervisor),
        TEST(process_goes_on_if_the_store_has_forgotten_its_guest),
    };

    return cmocka_run_group_tests_name("supervisor_stop", tests, world_begins,
                                       world_ends);
}
