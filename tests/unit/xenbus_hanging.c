/* SPDX-License-Identifier: MIT */
/*
 * A medium that hangs, with what this process or a killed one before it has
 * given to it: the device is not closed before that is done, the error node
 * tells of it, and a device that is gone waits for some seconds only.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "xenbus_world.h"

static void medium_answers(void)
{
    medium_hangs = false;
    xenbus_quiet(&device);
}

static void connect_and_hang(void)
{
    frontend("state", "4");
    state_is("4");
    medium_hangs = true;
}

static void told_of_the_medium(bool told)
{
    assert_int_equal(error_node() != NULL, told);
}

static void it_waits_for_the_medium(void)
{
    time_passes(4000);
    told_of_the_medium(false);
    time_passes(2000);
    told_of_the_medium(true);
    time_passes(60000);
    state_is("5");
    assert_false(loop.stopped);
}

static void a_device_is_not_closed_before_its_medium_answers(void **state)
{
    connect_and_hang();
    frontend("state", "5");
    state_is("5");
    played_put(BACK "/online", "0");
    frontend("state", "6");
    it_waits_for_the_medium();
    medium_answers();
    state_is("6");
    told_of_the_medium(false);
    assert_true(loop.stopped && loop.exit_code == 0);
}

static void a_new_driver_is_served_once_the_medium_answers(void **state)
{
    connect_and_hang();
    frontend("state", "1");
    state_is("5");
    frontend("state", "3");
    state_is("5");
    medium_answers();
    state_is("4");
}

static void a_failed_device_is_closed_once_the_medium_answers(void **state)
{
    connect_and_hang();
    xenbus_fatal(&device, EPROTO, "nonsense");
    state_is("5");
    time_passes(10000);
    medium_answers();
    state_is("6");
    assert_string_equal(error_node(), "71 nonsense");
}

/* The toolstack has waited, and then destroyed all. */
static void a_device_that_is_gone_does_not_wait_for_ever(void **state)
{
    connect_and_hang();
    left_alone = 0;
    frontend("state", "5");
    assert_int_equal(left_alone, 0);
    played_remove_below(BACK);
    frontend("state", "4");
    assert_int_equal(left_alone, 1);
    assert_false(device.connected || loop.stopped);
    time_passes(4000);
    assert_false(loop.stopped);
    time_passes(2000);
    assert_true(loop.stopped && loop.exit_code == 1);
}

static void a_device_that_waited_is_gone_at_once(void **state)
{
    connect_and_hang();
    frontend("state", "6");
    time_passes(10000);
    assert_false(loop.stopped);
    played_remove_below(BACK);
    frontend("state", "6");
    assert_true(loop.stopped && loop.exit_code == 1);
}

/* --- what a killed process has left there --- */

/* Somebody else, as the kernel, holds the record of the device; *record: one
 * more file of it. */
static int hold_record(int *record)
{
    struct flock all = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    char path[32];
    int held = memfd_create("record", MFD_CLOEXEC);

    assert_int_equal(fcntl(held, F_OFD_SETLK, &all), 0);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", held);
    *record = open(path, O_RDWR | O_CLOEXEC);
    assert_true(*record >= 0);
    return held;
}

/* It was killed while its medium hung, and so were those after it. */
static int inherit_from_killed(const char *online, const char *front)
{
    int record, held;

    frontend("state", "4");
    end_process();
    held = hold_record(&record);
    played_put(BACK "/online", online);
    played_put(FRONT "/state", front);
    start_process(&ops, record);
    return held;
}

static void let_go_of_record(int held)
{
    close(held);
    time_passes(100);
    close(device.record.fd);
}

static void a_device_is_not_closed_before_its_killed_process_is_done(void **st)
{
    int held = inherit_from_killed("0", "6");

    state_is("5");
    it_waits_for_the_medium();
    let_go_of_record(held);
    state_is("6");
    told_of_the_medium(false);
    assert_true(loop.stopped && loop.exit_code == 0);
}

static void a_frontend_that_closes_then_waits_as_well(void **state)
{
    int held = inherit_from_killed("1", "5");

    state_is("5");
    frontend("state", "6");
    time_passes(100);
    state_is("5");
    let_go_of_record(held);
    state_is("6");
    frontend("state", "1");
    state_is("2");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_device_is_not_closed_before_its_medium_answers),
        TEST(a_new_driver_is_served_once_the_medium_answers),
        TEST(a_failed_device_is_closed_once_the_medium_answers),
        TEST(a_device_that_is_gone_does_not_wait_for_ever),
        TEST(a_device_that_waited_is_gone_at_once),
        TEST(a_device_is_not_closed_before_its_killed_process_is_done),
        TEST(a_frontend_that_closes_then_waits_as_well),
    };

    return cmocka_run_group_tests_name("xenbus_hanging", tests, NULL, NULL);
}
