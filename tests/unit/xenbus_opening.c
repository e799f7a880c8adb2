/* SPDX-License-Identifier: MIT */
/*
 * A device that has to be opened before it is announced or connected, which the
 * main flow does: when it tries, how often again, and what it tells meanwhile.
 */
#include <errno.h>

#include <daemon/log.h>

#include "xenbus_world.h"

/* The loop ends for each attempt to open the device, and nothing is announced
 * before one has succeeded. */
static void device_is_opened_by_the_main_flow(void **state)
{
    device.ops = opened_for(XENBUS_ANNOUNCE);
    device.state = XenbusStateInitialising;
    played_put(BACK "/state", "1");
    xenbus_advance(&device);
    assert_int_equal(event_loop_run(&loop), 0);
    assert_true(device.open_wanted);
    state_is("1");
    xenbus_opened(&device, -ENOMEDIUM);
    state_is("6");
    assert_non_null(error_node());
    xenbus_advance(&device); /* not again for the same try of the frontend */
    assert_false(device.open_wanted);
    frontend("state", "6");
    frontend("state", "1");
    assert_int_equal(event_loop_run(&loop), 0);
    assert_true(device.open_wanted);
    xenbus_opened(&device, 0);
    xenbus_advance(&device);
    state_is("2");
}

/* Meanwhile the loop goes on, so that the toolstack can end it. */
static void busy_device_is_tried_again_for_a_while(void **state)
{
    unsigned int tries = 0;

    device.ops = opened_for(XENBUS_CONNECT);
    for (int frontends = 0; frontends < 2; frontends++) {
        frontend("state", "4");
        for (tries = 0; device.state == XenbusStateInitWait; tries++) {
            open_gives(log_reason(-EBUSY, "/x: in use"));
            frontend("state", "4"); /* of no use before its time */
            assert_false(loop.stopped);
            time_passes(100);
        }
        assert_int_equal(tries, 51);
        assert_string_equal(error_node(),
                            "16 cannot open the device: /x: in use");
        frontend("state", "6");
        frontend("state", "1");
        state_is("2");
    }
    frontend("state", "4");
    open_gives(log_reason(-EBUSY, "/x: in use"));
    connect_result = -EPROTO;
    time_passes(100);
    open_device();
    assert_string_equal(error_node(), "71 cannot connect: Protocol error");
    device.opened = false;
    frontend("state", "6");
    frontend("state", "1");
    frontend("state", "4");
    open_gives(-EBUSY);
    played_put(BACK "/online", "0");
    frontend("state", "6");
    state_is("6");
    assert_true(loop.stopped && !device.open_wanted);
}

/* Nobody can say how long the I/O of a process that was killed may take. */
static void killed_process_is_waited_for_without_end(void **state)
{
    device.ops = opened_for(XENBUS_CONNECT);
    frontend("state", "4");
    for (int i = 0; i < 1000; i++) {
        open_gives(-EAGAIN);
        state_is("2");
        assert_int_equal(error_node() != NULL, i >= 50);
        time_passes(100);
    }
    open_gives(0);
    assert_null(error_node());
    xenbus_advance(&device);
    state_is("4");
}

/* What was announced by another process stands, but is not open here. */
static void announced_device_is_opened_to_connect(void **state)
{
    device.ops = opened_for(XENBUS_ANNOUNCE);
    frontend("state", "4");
    assert_true(tries_to_open());
    state_is("2");
    xenbus_opened(&device, 0);
    xenbus_advance(&device);
    state_is("4");
}

/* Its privileges are gone: it cannot be opened once more. */
static void open_device_stays_open_when_the_store_goes(void **state)
{
    device.ops = opened_for(XENBUS_CONNECT);
    frontend("state", "4");
    assert_true(tries_to_open());
    played_store_error = ECONNRESET;
    xenbus_opened(&device, 0);
    played_store_error = 0;
    xenbus_advance(&device);
    assert_false(device.open_wanted);
    state_is("4");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(device_is_opened_by_the_main_flow),
        TEST(busy_device_is_tried_again_for_a_while),
        TEST(killed_process_is_waited_for_without_end),
        TEST(announced_device_is_opened_to_connect),
        TEST(open_device_stays_open_when_the_store_goes),
    };

    return cmocka_run_group_tests_name("xenbus_opening", tests, NULL, NULL);
}
