/* SPDX-License-Identifier: MIT */
/*
 * A device's life from announcement to end; a removal at a bad moment, which
 * must not be undone; a frontend that changes or writes nonsense as fast as it
 * can, which must not fill the disk that the backend's log is on.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "xenbus_world.h"

static void a_device_goes_through_all_states_of_its_life(void **state)
{
    state_is("2");
    assert_non_null(played_find(BACK "/feature"));
    frontend("state", "4");
    state_is("4");
    frontend("state", "5");
    state_is("5");
    frontend("state", "6");
    state_is("6");
    played_put(BACK "/online", "0");
    frontend("state", "6");
    assert_true(loop.stopped && loop.exit_code == 0);
}

/* The toolstack waits for that, after it has written another state. */
static void a_device_that_ends_is_closed_in_the_store(void **state)
{
    frontend("state", "4");
    frontend("state", "5");
    frontend("state", "6");
    state_is("6");
    played_put(BACK "/online", "0");
    played_put(BACK "/state", "5");
    frontend("state", "6");
    assert_true(loop.stopped && loop.exit_code == 0);
    state_is("6");
}

static void connecting_takes_one_transaction(void **state)
{
    played_transactions = 0;
    frontend("state", "4");
    state_is("4");
    assert_non_null(played_find(BACK "/sectors"));
    assert_int_equal(played_transactions, 1);
}

/* The supervisor refuses what a device that is over commits. */
static void no_transaction_is_left_open(void **state)
{
    played_refuses = true;
    frontend("state", "4");
    played_refuses = false;
    assert_int_equal(played_open, 0);
    assert_false(device.connected);
}

static void trouble_is_told_until_it_is_over(void **state)
{
    xenbus_trouble(&device, ENOSPC, "no room");
    assert_string_equal(error_node(), "28 no room");
    xenbus_trouble_over(&device);
    assert_null(error_node());
    state_is("2"); /* it went on */
}

static void what_was_fatal_stays_told(void **state)
{
    frontend("state", "4");
    xenbus_fatal(&device, EPROTO, "nonsense");
    xenbus_trouble(&device, ENOSPC, "no room");
    assert_string_equal(error_node(), "71 nonsense");
    xenbus_trouble_over(&device);
    assert_string_equal(error_node(), "71 nonsense");
}

/* The toolstack does not wait for a medium that takes long to open. */
static void what_changes_while_connected_is_told_by_the_same_state(void **state)
{
    struct device_nodes n = {0};

    frontend("state", "4");
    played_put(BACK "/state", "4, as a watch would show it");
    device_node_add(&n, "sectors", "%d", 16);
    played_transactions = 0;
    assert_int_equal(xenbus_renew(&device, &n), 0);
    assert_int_equal(played_transactions, 1);
    assert_string_equal(played_find(BACK "/sectors")->value, "16");
    state_is("4");
    played_store_error = ECONNRESET;
    assert_int_equal(xenbus_renew(&device, &n), -EAGAIN);
    played_store_error = 0;
}

static void a_device_can_be_removed_while_it_connects(void **state)
{
    removed_meanwhile = true;
    frontend("state", "4");
    for (int i = 0; i < PLAYED_NODES; i++)
        if (played_nodes[i].path &&
            !strncmp(played_nodes[i].path, BACK, strlen(BACK)))
            fail_msg("%s is back", played_nodes[i].path);
    frontend("state", "4");
    assert_true(loop.stopped);
}

/* --- a frontend that goes on and on --- */

static unsigned int changes;
static char changed_in[4]; /* our state when the first one was looked at */

static void frontend_changed(struct xenbus_device *d)
{
    char *state = xenbus_read(d, "state");

    assert_true(d->connected);
    if (!changes++)
        snprintf(changed_in, sizeof(changed_in), "%s", state);
    free(state);
}

static void a_frontend_that_reconfigures_is_answered_afterwards(void **state)
{
    static const char *const keys[] = {"want", NULL};
    struct xenbus_ops *adapting = new_ops();

    adapting->watched = keys;
    adapting->changed = frontend_changed;
    device.ops = adapting;
    changes = 0;
    frontend("want", "1");
    assert_int_equal(changes, 0);
    frontend("state", "4");
    assert_int_equal(changes, 1);
    frontend("want", "2");
    assert_int_equal(changes, 2);
    changes = 0;
    frontend("state", "7");
    state_is("8");
    assert_string_equal(changed_in, "4");
    frontend("state", "4");
    state_is("4");
    frontend("state", "5");
    state_is("5");
}

/* Each answer finds the frontend's next wish. */
static void change_again(struct xenbus_device *d)
{
    if (++changes < 100)
        played_put(FRONT "/state",
                   d->state == XenbusStateConnected ? "4" : "7");
}

/* Rings and signals want to be looked at, too. */
static void frontend_that_changes_without_end_is_left_for_a_while(void **state)
{
    struct xenbus_ops *adapting = new_ops();

    adapting->changed = change_again;
    device.ops = adapting;
    changes = 0;
    frontend("state", "4");
    frontend("state", "7");
    assert_in_range(changes, 10, 40);
    assert_true(device.later.armed);
    for (int i = 0; i < 100 && device.later.armed; i++) {
        event_timer_cancel(&loop, &device.later);
        device.later.fire(&device.later);
    }
    assert_false(device.later.armed);
    assert_true(changes >= 100);
}

/* Each look is some requests to the store. */
static void
frontend_that_writes_its_state_without_end_is_seldom_looked_at(void **state)
{
    int reads = played_reads;

    for (int i = 0; i < 1000; i++)
        frontend("state", i % 2 ? "1" : "5");
    assert_in_range(played_reads - reads, 20, 200);
    frontend("state", "4");
    assert_false(device.connected);
    time_passes(1000);
    assert_true(device.connected);
}

static void a_frontends_nonsense_is_not_logged_for_ever(void **state)
{
    int saved = dup(STDERR_FILENO), file = memfd_create("log", 0);
    char garbage[1024];
    struct stat st;

    memset(garbage, 'x', sizeof(garbage));
    garbage[sizeof(garbage) - 1] = 0;
    clock_ms += 60000; /* lines are allowed again */
    dup2(file, STDERR_FILENO);
    for (int i = 0; i < 2000; i++) {
        garbage[0] = 'a' + i % 26;
        device.looks = 0;
        frontend("state", garbage);
        frontend("state", "1");
        frontend("state", "4"); /* connects */
        frontend("state", "6");
        frontend("state", "1");
        frontend("ring-ref", garbage);
        frontend("state", "4"); /* is refused */
        frontend("state", "1");
        frontend("ring-ref", "8");
        connect_result = i % 2 ? -EPROTO : 0;
    }
    dup2(saved, STDERR_FILENO);
    close(saved);
    assert_return_code(fstat(file, &st), errno);
    close(file);
    assert_in_range(st.st_size, 1, 4096);
}

/* What the kernel's driver is not to have has a kind of its own. */
static void a_device_is_of_a_kind_of_its_backend(void **state)
{
    struct xenbus_ops *with = new_ops();

    end_process();
    memset(&device, 0, sizeof(device));
    event_loop_init(&loop);
    assert_int_equal(xenbus_open(&device, &loop, "backend/qdisk/3/1", with),
                     -EINVAL);
    with->process = "qdisk";
    assert_int_equal(xenbus_open(&device, &loop, "backend/vif/3/1", with),
                     -EINVAL);
    assert_int_equal(xenbus_open(&device, &loop, "backend/qdisk/3/1", with), 0);
    assert_int_equal(device.devid, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_device_goes_through_all_states_of_its_life),
        TEST(a_device_that_ends_is_closed_in_the_store),
        TEST(connecting_takes_one_transaction),
        TEST(no_transaction_is_left_open),
        TEST(trouble_is_told_until_it_is_over),
        TEST(what_was_fatal_stays_told),
        TEST(what_changes_while_connected_is_told_by_the_same_state),
        TEST(a_device_can_be_removed_while_it_connects),
        TEST(a_frontend_that_reconfigures_is_answered_afterwards),
        TEST(frontend_that_changes_without_end_is_left_for_a_while),
        TEST(frontend_that_writes_its_state_without_end_is_seldom_looked_at),
        TEST(a_frontends_nonsense_is_not_logged_for_ever),
        TEST(a_device_is_of_a_kind_of_its_backend),
    };

    return cmocka_run_group_tests_name("xenbus_device", tests, NULL, NULL);
}
