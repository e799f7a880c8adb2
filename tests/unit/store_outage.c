/* SPDX-License-Identifier: MIT */
/*
 * A backend whose store goes and comes back: at each request of a device's life
 * in turn, and while the device is in use. The ring stays mapped, what happened
 * meanwhile is seen, and what there was to tell is told.
 */
#include "relay_world.h"

#include <errno.h>

#include "../../backends/common/xenbus.h"

#define PATH  "backend/vbd/3/51712"
#define BACK  "/local/domain/0/" PATH
#define ERROR "/local/domain/0/error/" PATH "/error"
#define GUEST "/local/domain/3"
#define FRONT GUEST "/device/vbd/51712"

static struct xenbus_device device;
static int mapped, resumed;
static uint64_t ring_ref;

static void announce(struct xenbus_device *d, struct device_nodes *n)
{
    device_node_add(n, "feature", "1");
}

static bool ready(struct xenbus_device *d)
{
    char *script = xenbus_read(d, "script");

    free(script);
    return !script;
}

static int map(struct xenbus_device *d, struct device_nodes *n, bool resume)
{
    int rc = xenbus_frontend_uint(d, "ring-ref", 0, UINT32_MAX, &ring_ref);

    device_node_add(n, "sectors", resume ? "9" : "8");
    if (store_lost(&d->store))
        return -ENOTCONN;
    mapped += !rc;
    resumed += resume && !rc;
    return rc;
}

static void unmap(struct xenbus_device *d)
{
    mapped--;
}

static const struct xenbus_ops ops = {
    .kind = "vbd",
    .announce = announce,
    .ready = ready,
    .connect = map,
    .disconnect = unmap,
};

static void make_nodes(void)
{
    put(GUEST "/name", "guest");
    put(FRONT "/ring-ref", "8");
    put(FRONT "/state", "1");
    put(BACK "/frontend", FRONT);
    put(BACK "/online", "1");
    put(BACK "/state", "1");
}

static void open_device(void)
{
    memset(&device, 0, sizeof(device));
    mapped = resumed = 0;
    ring_ref = 0;
    assert_int_equal(
        record_open(&device.record, -1, "test  1", sizeof(struct record_head)),
        0);
    assert_int_equal(xenbus_open(&device, &loop, PATH, &ops), 0);
}

static void close_device(void)
{
    xenbus_close(&device);
    record_close(&device.record);
}

static void remove_device(void)
{
    close_device();
    xs_rm(direct, XBT_NULL, BACK);
}

/* Its process is killed: all that is left is the record. */
static void replace_process(void)
{
    struct record record = device.record;

    event_timer_cancel(&loop, &device.pace);
    event_timer_cancel(&loop, &device.busy);
    event_timer_cancel(&loop, &device.later);
    store_client_close(&device.store);
    free(device.path);
    free(device.frontend);
    memset(&device, 0, sizeof(device));
    device.record = record;
    mapped = 0;
    assert_int_equal(xenbus_open(&device, &loop, PATH, &ops), 0);
}

static void connect_device(void)
{
    wait_until(node_is(BACK "/state", "2"));
    put(FRONT "/state", "3");
    wait_until(node_is(BACK "/state", "4"));
}

static void frontend_leaves(void)
{
    put(FRONT "/state", "5");
    wait_until(node_is(BACK "/state", "5"));
    assert_int_equal(mapped, 0);
}

/* --- at each request --- */

static void life_with_a_cut(int at, bool after)
{
    make_nodes();
    cut(at, after);
    open_device();
    hurry = &device.store;
    wait_until(node_is(BACK "/state", "2"));
    assert_true(node_is(BACK "/feature", "1"));
    put(FRONT "/state", "3");
    wait_until(node_is(BACK "/state", "4"));
    assert_true(node_is(BACK "/sectors", "8"));
    wait_until(!store_lost(&device.store));
    assert_int_equal(mapped, 1);
    assert_int_equal(ring_ref, 8);
    frontend_leaves();
    hurry = NULL;
    remove_device();
}

static void killed_with_a_cut(int at, bool after)
{
    make_nodes();
    open_device();
    connect_device();
    put(ERROR, "28 no room");
    cut(at, after);
    hurry = &device.store;
    replace_process();
    wait_until(mapped == 1 && !store_lost(&device.store));
    wait_until(!node_is(ERROR, "28 no room"));
    hurry = NULL;
    assert_true(node_is(BACK "/state", "4"));
    assert_true(node_is(BACK "/sectors", "8")); /* as announced */
    assert_int_equal(resumed, 1);
    assert_int_equal(ring_ref, 8);
    frontend_leaves();
    assert_false(record_connected(&device.record));
    remove_device();
}

/* From the first request on, each in turn is the last of its connection. */
static void cut_at_each(void (*life)(int at, bool after), int min, int max)
{
    int all;

    life(0, false);
    all = requests;
    assert_in_range(all, min, max);
    for (int at = 1; at <= all; at++) {
        life(at, false);
        life(at, true);
    }
}

static void cut_at_each_request(void **state)
{
    cut_at_each(life_with_a_cut, 20, 200);
    assert_false(xs_read(direct, XBT_NULL, ERROR, NULL));
}

static void successor_is_cut_at_each_request(void **state)
{
    cut_at_each(killed_with_a_cut, 12, 100);
}

/* --- in use --- */

static int start_device(void **state)
{
    relay_world_begin(state);
    make_nodes();
    open_device();
    connect_device();
    return 0;
}

static int stop_device(void **state)
{
    close_device();
    return relay_world_end(state);
}

static void lose_store(void)
{
    away = true;
    wait_until(store_lost(&device.store));
    away = false;
}

/* The frontend left while there was no process, or the record is lost. */
static void successor_finds_nobody_to_serve(void **state)
{
    put(FRONT "/state", "5");
    replace_process();
    wait_until(node_is(BACK "/state", "5"));
    assert_int_equal(mapped, 0);
    assert_false(record_connected(&device.record));
    put(FRONT "/state", "1");
    connect_device();
    assert_int_equal(mapped, 1);
    record_set_connected(&device.record, false);
    replace_process();
    wait_until(node_is(BACK "/state", "6"));
    assert_int_equal(mapped, 0);
}

static void ring_stays_mapped(void **state)
{
    lose_store();
    assert_int_equal(mapped, 1);
    wait_until(!store_lost(&device.store));
    assert_int_equal(mapped, 1);
    assert_true(node_is(BACK "/state", "4"));
}

static void frontend_has_closed_meanwhile(void **state)
{
    lose_store();
    frontend_leaves();
}

/* The ring broke while there was nobody to tell. */
static void failure_is_told_later(void **state)
{
    lose_store();
    xenbus_fatal(&device, EPROTO, "ring");
    assert_int_equal(mapped, 0);
    assert_true(node_is(BACK "/state", "4"));
    wait_until(node_is(BACK "/state", "6"));
    assert_true(node_is(ERROR, "71 ring"));
}

static void device_was_removed_meanwhile(void **state)
{
    lose_store();
    xs_rm(direct, XBT_NULL, BACK);
    xs_rm(direct, XBT_NULL, FRONT);
    loop_ends();
    assert_int_equal(mapped, 0);
}

static void device_was_made_anew_meanwhile(void **state)
{
    lose_store();
    xs_rm(direct, XBT_NULL, BACK);
    make_nodes();
    loop_ends();
    assert_true(node_is(BACK "/state", "1"));
}

static void new_store_takes_nothing_away(void **state)
{
    away = true;
    wait_until(store_lost(&device.store));
    stop_store();
    start_store();
    away = false;
    wait_until(!store_lost(&device.store));
    let_pass(50);
    assert_int_equal(mapped, 1);
    assert_null(xs_read(direct, XBT_NULL, BACK "/state", NULL));
    assert_int_equal(errno, ENOENT);
    /* The nodes come back, and then go: that is a removal. */
    make_nodes();
    put(FRONT "/state", "4");
    put(BACK "/state", "4");
    let_pass(50);
    assert_int_equal(mapped, 1);
    xs_rm(direct, XBT_NULL, BACK);
    loop_ends();
    assert_int_equal(mapped, 0);
}

int main(void)
{
#define IN_USE(f) cmocka_unit_test_setup_teardown(f, start_device, stop_device)
    const struct CMUnitTest tests[] = {
        TEST(cut_at_each_request),
        TEST(successor_is_cut_at_each_request),
        IN_USE(successor_finds_nobody_to_serve),
        IN_USE(ring_stays_mapped),
        IN_USE(frontend_has_closed_meanwhile),
        IN_USE(failure_is_told_later),
        IN_USE(device_was_removed_meanwhile),
        IN_USE(device_was_made_anew_meanwhile),
        IN_USE(new_store_takes_nothing_away),
    };

    return cmocka_run_group_tests_name("store_outage", tests, NULL, NULL);
}
