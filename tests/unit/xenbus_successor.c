/* SPDX-License-Identifier: MIT */
/*
 * The process of a device in use is another one: it serves what was connected,
 * with few requests to the store, and a failure to do so closes the device only
 * if each process after it would fail as well.
 */
#include <errno.h>

#include <daemon/log.h>

#include "xenbus_world.h"

static void process_that_is_told_to_end_has_a_successor(void **state)
{
    frontend("state", "4");
    state_is("4");
    replace_process(&ops);
    state_is("4");
    assert_true(device.connected);
    played_put(BACK "/online", "0");
    frontend("state", "6");
    state_is("6");
    assert_true(loop.stopped);
    assert_false(left.connected);
}

/* Also if the guest has written something else since. */
static void successor_serves_what_was_connected(void **state)
{
    int reads;

    frontend("state", "4");
    state_is("4");
    replace_process(&ops);
    assert_true(device.connected);
    reads = played_reads;
    played_put(FRONT "/ring-ref", "nonsense");
    replace_process(&ops);
    assert_true(device.connected);
    state_is("4");
    assert_in_range(played_reads - reads, 1, 12);
    frontend("state", "6");
    frontend("state", "1");
    frontend("state", "4"); /* a new connection, with nodes of its own */
    state_is("6");
    assert_false(device.connected);
}

static void guest_waits_for_no_look_at_the_store(void **state)
{
    const struct xenbus_ops *opened = opened_for(XENBUS_CONNECT);
    int reads, watches;

    frontend("state", "4");
    watches = played_watches;
    replace_process(opened);
    assert_true(tries_to_open());
    reads = played_reads;
    xenbus_opened(&device, 0);
    xenbus_advance(&device);
    assert_true(device.connected);
    assert_int_equal(played_reads, reads);
    assert_int_equal(played_watches, watches);
    played_put(FRONT "/state", "6"); /* what was meanwhile is seen */
    time_passes(10);
    assert_false(device.connected);
    assert_int_equal(played_watches, watches + 4);
    state_is("6");
}

/* It may be the next process that can. */
static void device_in_use_is_not_closed_by_a_failure_to_serve_on(void **state)
{
    const struct xenbus_ops *opened = opened_for(XENBUS_CONNECT);

    frontend("state", "4");
    replace_process(opened);
    open_gives(log_reason(-EIO, "/x: I/O error"));
    xenbus_advance(&device);
    assert_true(loop.stopped);
    assert_int_equal(event_loop_run(&loop), 1);
    assert_false(device.open_wanted);
    state_is("4");
    replace_process(opened);
    connect_result = -ENOMEM;
    open_device();
    assert_true(loop.stopped);
    assert_int_equal(event_loop_run(&loop), 1);
    state_is("4");
    connect_result = 0;
    replace_process(opened);
    open_device();
    assert_true(device.connected);
    state_is("4");
    connect_result = -EPROTO; /* what is left is nonsense, for each process */
    replace_process(&ops);
    state_is("6");
    assert_false(left.connected);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(process_that_is_told_to_end_has_a_successor),
        TEST(successor_serves_what_was_connected),
        TEST(guest_waits_for_no_look_at_the_store),
        TEST(device_in_use_is_not_closed_by_a_failure_to_serve_on),
    };

    return cmocka_run_group_tests_name("xenbus_successor", tests, NULL, NULL);
}
