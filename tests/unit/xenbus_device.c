/* SPDX-License-Identifier: MIT */
/*
 * A backend device over a store that is played here: a life from announcement
 * to end; a removal at a bad moment, which must not be undone; a frontend that
 * writes nonsense as fast as it can, which must not fill the disk that the
 * backend's log is on.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include <daemon/log.h>
#include "../../backends/common/xenbus.h"
#include "played_store.h"

#define BACK  "backend/vbd/3/51712"
#define FRONT "/local/domain/3/device/vbd/51712"

/* --- time --- */

static uint64_t clock_ms = 1000;

int clock_gettime(clockid_t id, struct timespec *t)
{
    *t = (struct timespec){clock_ms / 1000, clock_ms % 1000 * 1000000};
    return 0;
}

/* --- the backend --- */

static struct event_loop loop;
static struct xenbus_device device;
static struct record_head left; /* to a successor */
static int connect_result;
static bool removed_meanwhile;

static void announce(struct xenbus_device *d, struct device_nodes *n)
{
    device_node_add(n, "feature", "%d", 1);
}

static bool ready(struct xenbus_device *d)
{
    return true;
}

static int connect_device(struct xenbus_device *d, struct device_nodes *n,
                          bool resume)
{
    uint64_t ref;
    int rc = xenbus_frontend_uint(d, "ring-ref", 8, UINT32_MAX, &ref);

    if (removed_meanwhile)
        played_remove_below(BACK);
    device_node_add(n, "sectors", "%d", 8);
    return rc ? rc : connect_result;
}

static void disconnect_device(struct xenbus_device *d)
{
}

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

static bool medium_hangs; /* with what it was given */
static unsigned int left_alone;

static bool is_busy(struct xenbus_device *d)
{
    return medium_hangs && !d->connected;
}

static void leave_medium(struct xenbus_device *d)
{
    left_alone++;
}

static void medium_answers(void)
{
    medium_hangs = false;
    xenbus_quiet(&device);
}

static const struct xenbus_ops ops = {
    .kind = "vbd",
    .announce = announce,
    .ready = ready,
    .connect = connect_device,
    .disconnect = disconnect_device,
    .busy = is_busy,
    .leave = leave_medium,
};

/* The frontend writes, the backend is told. */
static void frontend(const char *key, const char *value)
{
    char path[128];

    snprintf(path, sizeof(path), "%s/%s", FRONT, key);
    played_put(path, value);
    played_watch_fired = true;
    device.store.source.ready(&device.store.source, 0);
}

static void state_is(const char *state)
{
    assert_string_equal(played_find(BACK "/state")->value, state);
}

static int make_device(void **state)
{
    played_put(BACK "/frontend", FRONT);
    played_put(BACK "/online", "1");
    played_put(BACK "/state", "1");
    played_put(FRONT "/state", "1");
    connect_result = 0;
    removed_meanwhile = medium_hangs = false;
    memset(&device, 0, sizeof(device));
    memset(&left, 0, sizeof(left));
    device.record = (struct record){.head = &left, .fd = -1};
    event_loop_init(&loop);
    if (xenbus_open(&device, &loop, BACK, &ops))
        return -1;
    xenbus_advance(&device);
    return 0;
}

static int forget_device(void **state)
{
    xenbus_close(&device);
    event_loop_destroy(&loop);
    played_remove_below("");
    return 0;
}

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

/* The loop ends for each attempt to open the device, and nothing is announced
 * before one has succeeded. */
static void device_is_opened_by_the_main_flow(void **state)
{
    struct xenbus_ops opened_for_announce = ops;

    opened_for_announce.opens_for = XENBUS_ANNOUNCE;
    device.ops = &opened_for_announce;
    device.state = XenbusStateInitialising;
    played_put(BACK "/state", "1");
    xenbus_advance(&device);
    assert_int_equal(event_loop_run(&loop), 0);
    assert_true(device.open_wanted);
    state_is("1");
    xenbus_opened(&device, -ENOMEDIUM);
    state_is("6");
    assert_non_null(played_find("error/" BACK "/error"));
    xenbus_advance(&device); /* not again for the same try of the frontend */
    assert_false(device.open_wanted);
    frontend("state", "6");
    frontend("state", "1");
    assert_int_equal(event_loop_run(&loop), 0);
    assert_true(device.open_wanted);
    xenbus_opened(&device, 0);
    xenbus_advance(&device);
    state_is("2");
    device.ops = &ops;
}

/* The next try to open the device, if the loop ends for one. */
static bool tries_to_open(void)
{
    event_loop_run(&loop);
    return device.open_wanted;
}

static struct event_timer *due(void)
{
    struct event_timer *t = loop.timers;

    while (t && t->deadline_ms > clock_ms)
        t = t->next;
    return t;
}

static void time_passes(unsigned int ms)
{
    struct event_timer *t;

    clock_ms += ms;
    while ((t = due())) {
        event_timer_cancel(&loop, t);
        t->fire(t);
    }
}

/* Meanwhile the loop goes on, so that the toolstack can end it. */
static void busy_device_is_tried_again_for_a_while(void **state)
{
    struct xenbus_ops opened_for_connect = ops;
    unsigned int tries = 0;

    opened_for_connect.opens_for = XENBUS_CONNECT;
    device.ops = &opened_for_connect;
    for (int frontends = 0; frontends < 2; frontends++) {
        frontend("state", "4");
        for (tries = 0; device.state == XenbusStateInitWait; tries++) {
            assert_true(tries_to_open());
            xenbus_opened(&device, log_reason(-EBUSY, "/x: in use"));
            frontend("state", "4"); /* of no use before its time */
            assert_false(loop.stopped);
            time_passes(100);
        }
        assert_int_equal(tries, 51);
        assert_string_equal(played_find("error/" BACK "/error")->value,
                            "16 cannot open the device: /x: in use");
        frontend("state", "6");
        frontend("state", "1");
        state_is("2");
    }
    frontend("state", "4");
    assert_true(tries_to_open());
    xenbus_opened(&device, log_reason(-EBUSY, "/x: in use"));
    connect_result = -EPROTO;
    time_passes(100);
    assert_true(tries_to_open());
    xenbus_opened(&device, 0);
    xenbus_advance(&device);
    assert_string_equal(played_find("error/" BACK "/error")->value,
                        "71 cannot connect: Protocol error");
    device.opened = false;
    frontend("state", "6");
    frontend("state", "1");
    frontend("state", "4");
    assert_true(tries_to_open());
    xenbus_opened(&device, -EBUSY);
    played_put(BACK "/online", "0");
    frontend("state", "6");
    state_is("6");
    assert_true(loop.stopped && !device.open_wanted);
    device.ops = &ops;
}

/* Nobody can say how long the I/O of a process that was killed may take. */
static void killed_process_is_waited_for_without_end(void **state)
{
    struct xenbus_ops opened_for_connect = ops;

    opened_for_connect.opens_for = XENBUS_CONNECT;
    device.ops = &opened_for_connect;
    frontend("state", "4");
    for (int i = 0; i < 1000; i++) {
        assert_true(tries_to_open());
        xenbus_opened(&device, -EAGAIN);
        state_is("2");
        assert_int_equal(played_find("error/" BACK "/error") != NULL, i >= 50);
        time_passes(100);
    }
    assert_true(tries_to_open());
    xenbus_opened(&device, 0);
    assert_null(played_find("error/" BACK "/error"));
    xenbus_advance(&device);
    state_is("4");
    device.ops = &ops;
}

/* --- a medium that hangs --- */

static void connect_and_hang(void)
{
    frontend("state", "4");
    state_is("4");
    medium_hangs = true;
}

static void told_of_the_medium(bool told)
{
    assert_int_equal(played_find("error/" BACK "/error") != NULL, told);
}

static void a_device_is_not_closed_before_its_medium_answers(void **state)
{
    connect_and_hang();
    frontend("state", "5");
    state_is("5");
    played_put(BACK "/online", "0");
    frontend("state", "6");
    time_passes(4000);
    told_of_the_medium(false);
    time_passes(2000);
    told_of_the_medium(true);
    time_passes(60000);
    state_is("5");
    assert_false(loop.stopped);
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
    assert_string_equal(played_find("error/" BACK "/error")->value,
                        "71 nonsense");
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

/* --- */

/* The process is another one, of a device that is in use. */
static void replace_process(const struct xenbus_ops *with)
{
    xenbus_close(&device);
    event_loop_destroy(&loop);
    memset(&device, 0, sizeof(device));
    device.record = (struct record){.head = &left, .fd = -1};
    event_loop_init(&loop);
    assert_int_equal(xenbus_open(&device, &loop, BACK, with), 0);
    xenbus_advance(&device);
}

/* Somebody else, as the kernel, holds the record of the device. */
static int hold_record(void)
{
    struct flock all = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    char path[32];
    int held = memfd_create("record", MFD_CLOEXEC);

    assert_int_equal(fcntl(held, F_OFD_SETLK, &all), 0);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", held);
    device.record.fd = open(path, O_RDWR | O_CLOEXEC);
    assert_true(device.record.fd >= 0);
    return held;
}

/* It was killed while its medium hung, and so were those after it. */
static int inherit_from_killed(const char *online, const char *front)
{
    int held;

    frontend("state", "4");
    xenbus_close(&device);
    event_loop_destroy(&loop);
    memset(&device, 0, sizeof(device));
    device.record = (struct record){.head = &left};
    held = hold_record();
    played_put(BACK "/online", online);
    played_put(FRONT "/state", front);
    event_loop_init(&loop);
    assert_int_equal(xenbus_open(&device, &loop, BACK, &ops), 0);
    xenbus_advance(&device);
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
    time_passes(4000);
    told_of_the_medium(false);
    time_passes(2000);
    told_of_the_medium(true);
    time_passes(60000);
    state_is("5");
    assert_false(loop.stopped);
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
    struct xenbus_ops opened = ops;
    int reads, watches;

    opened.opens_for = XENBUS_CONNECT;
    frontend("state", "4");
    watches = played_watches;
    replace_process(&opened);
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
    device.ops = &ops;
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

/* It may be the next process that can. */
static void device_in_use_is_not_closed_by_a_failure_to_serve_on(void **state)
{
    struct xenbus_ops opened = ops;

    opened.opens_for = XENBUS_CONNECT;
    frontend("state", "4");
    replace_process(&opened);
    assert_true(tries_to_open());
    xenbus_opened(&device, log_reason(-EIO, "/x: I/O error"));
    xenbus_advance(&device);
    assert_true(loop.stopped);
    assert_int_equal(event_loop_run(&loop), 1);
    assert_false(device.open_wanted);
    state_is("4");
    replace_process(&opened);
    connect_result = -ENOMEM;
    assert_true(tries_to_open());
    xenbus_opened(&device, 0);
    xenbus_advance(&device);
    assert_true(loop.stopped);
    assert_int_equal(event_loop_run(&loop), 1);
    state_is("4");
    connect_result = 0;
    replace_process(&opened);
    assert_true(tries_to_open());
    xenbus_opened(&device, 0);
    xenbus_advance(&device);
    assert_true(device.connected);
    state_is("4");
    connect_result = -EPROTO; /* what is left is nonsense, for each process */
    replace_process(&ops);
    state_is("6");
    assert_false(left.connected);
    device.ops = &ops;
}

/* What was announced by another process stands, but is not open here. */
static void announced_device_is_opened_to_connect(void **state)
{
    struct xenbus_ops opened_for_announce = ops;

    opened_for_announce.opens_for = XENBUS_ANNOUNCE;
    device.ops = &opened_for_announce;
    frontend("state", "4");
    assert_true(tries_to_open());
    state_is("2");
    xenbus_opened(&device, 0);
    xenbus_advance(&device);
    state_is("4");
    device.ops = &ops;
}

/* Its privileges are gone: it cannot be opened once more. */
static void open_device_stays_open_when_the_store_goes(void **state)
{
    struct xenbus_ops opened_for_connect = ops;

    opened_for_connect.opens_for = XENBUS_CONNECT;
    device.ops = &opened_for_connect;
    frontend("state", "4");
    assert_true(tries_to_open());
    played_store_error = ECONNRESET;
    xenbus_opened(&device, 0);
    played_store_error = 0;
    xenbus_advance(&device);
    assert_false(device.open_wanted);
    state_is("4");
    device.ops = &ops;
}

static void a_frontend_that_reconfigures_is_answered_afterwards(void **state)
{
    static const char *const keys[] = {"want", NULL};
    struct xenbus_ops adapting = ops;

    adapting.watched = keys;
    adapting.changed = frontend_changed;
    device.ops = &adapting;
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
    device.ops = &ops;
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
    struct xenbus_ops adapting = ops;

    adapting.changed = change_again;
    device.ops = &adapting;
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
    device.ops = &ops;
}

static void trouble_is_told_until_it_is_over(void **state)
{
    static const char node[] = "error/" BACK "/error";

    xenbus_trouble(&device, ENOSPC, "no room");
    assert_string_equal(played_find(node)->value, "28 no room");
    xenbus_trouble_over(&device);
    assert_null(played_find(node));
    state_is("2"); /* it went on */
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            a_device_goes_through_all_states_of_its_life, make_device,
            forget_device),
        cmocka_unit_test_setup_teardown(
            a_device_that_ends_is_closed_in_the_store, make_device,
            forget_device),
        cmocka_unit_test_setup_teardown(no_transaction_is_left_open,
                                        make_device, forget_device),
        cmocka_unit_test_setup_teardown(connecting_takes_one_transaction,
                                        make_device, forget_device),
        cmocka_unit_test_setup_teardown(device_is_opened_by_the_main_flow,
                                        make_device, forget_device),
        cmocka_unit_test_setup_teardown(
            a_device_is_not_closed_before_its_killed_process_is_done,
            make_device, forget_device),
        cmocka_unit_test_setup_teardown(
            a_frontend_that_closes_then_waits_as_well, make_device,
            forget_device),
        cmocka_unit_test_setup_teardown(busy_device_is_tried_again_for_a_while,
                                        make_device, forget_device),
        cmocka_unit_test_setup_teardown(
            a_device_is_not_closed_before_its_medium_answers, make_device,
            forget_device),
        cmocka_unit_test_setup_teardown(
            a_new_driver_is_served_once_the_medium_answers, make_device,
            forget_device),
        cmocka_unit_test_setup_teardown(
            a_failed_device_is_closed_once_the_medium_answers, make_device,
            forget_device),
        cmocka_unit_test_setup_teardown(
            a_device_that_is_gone_does_not_wait_for_ever, make_device,
            forget_device),
        cmocka_unit_test_setup_teardown(a_device_that_waited_is_gone_at_once,
                                        make_device, forget_device),
        cmocka_unit_test_setup_teardown(
            killed_process_is_waited_for_without_end, make_device,
            forget_device),
        cmocka_unit_test_setup_teardown(
            process_that_is_told_to_end_has_a_successor, make_device,
            forget_device),
        cmocka_unit_test_setup_teardown(successor_serves_what_was_connected,
                                        make_device, forget_device),
        cmocka_unit_test_setup_teardown(guest_waits_for_no_look_at_the_store,
                                        make_device, forget_device),
        cmocka_unit_test_setup_teardown(
            frontend_that_writes_its_state_without_end_is_seldom_looked_at,
            make_device, forget_device),
        cmocka_unit_test_setup_teardown(
            device_in_use_is_not_closed_by_a_failure_to_serve_on, make_device,
            forget_device),
        cmocka_unit_test_setup_teardown(announced_device_is_opened_to_connect,
                                        make_device, forget_device),
        cmocka_unit_test_setup_teardown(
            open_device_stays_open_when_the_store_goes, make_device,
            forget_device),
        cmocka_unit_test_setup_teardown(
            what_changes_while_connected_is_told_by_the_same_state, make_device,
            forget_device),
        cmocka_unit_test_setup_teardown(
            a_frontend_that_reconfigures_is_answered_afterwards, make_device,
            forget_device),
        cmocka_unit_test_setup_teardown(
            frontend_that_changes_without_end_is_left_for_a_while, make_device,
            forget_device),
        cmocka_unit_test_setup_teardown(trouble_is_told_until_it_is_over,
                                        make_device, forget_device),
        cmocka_unit_test_setup_teardown(
            a_device_can_be_removed_while_it_connects, make_device,
            forget_device),
        cmocka_unit_test_setup_teardown(
            a_frontends_nonsense_is_not_logged_for_ever, make_device,
            forget_device),
    };

    return cmocka_run_group_tests_name("xenbus device", tests, NULL, NULL);
}
