/* SPDX-License-Identifier: MIT */
/*
 * The program of an interface, over a store that is played: that the interface
 * was lost is told until it is back, by whichever process serves it.
 */
#include "../fuzz/vif_main.c"
#undef main

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "fake_xen.h"
#include "played_store.h"

#define BACK  "backend/vif/1/0"
#define FRONT "/local/domain/1/device/vif/0"
#define ERROR "error/" BACK "/error"

int backend_main(const struct backend_ops *ops, struct backend *b, int argc,
                 char **argv)
{
    return 0; /* nobody calls the program's main function */
}

static struct net_device *d;
static struct net_record record;

/* The guest is served; what is due later happens. */
static void start_process(bool made, uint32_t bridge)
{
    struct device_nodes none = {0};
    struct backend *b = vif_begin();

    d = container_of(b, struct net_device, backend);
    vif_made_anew = made;
    vif_bridge = bridge;
    b->bus.record = (struct record){.head = &record.head, .fd = -1};
    assert_int_equal(event_loop_init(&b->loop), 0);
    assert_int_equal(xenbus_open(&b->bus, &b->loop, BACK, &net_ops.bus), 0);
    assert_int_equal(grants_open(&b->grants, 1), 0);
    assert_int_equal(init_net(b), 0);
    assert_int_equal(open_net(b), 0);
    memset(fake_page(FAKE_FIRST_REF), 0, 2 * 4096);
    assert_int_equal(connect_net(&b->bus, &none, false), 0);
    if (d->tell.armed) {
        event_timer_cancel(&b->loop, &d->tell);
        d->tell.fire(&d->tell);
    }
}

/* The supervisor says so, and takes it back when the next one has lived. */
static void kill_process(void)
{
    fake_mapped = 0;
    xenbus_close(&d->backend.bus);
    event_loop_destroy(&d->backend.loop);
    played_put(ERROR, "killed by signal 9");
}

static void serve_for_a_second(void)
{
    struct played_node *n = played_find(ERROR);

    if (n && !strcmp(n->value, "killed by signal 9"))
        played_remove_below(ERROR);
}

static int begin(void **state)
{
    static const char *const nodes[][2] = {
        {BACK "/frontend", FRONT},
        {BACK "/state", "4"},
        {BACK "/hotplug-status", "connected"},
        {FRONT "/tx-ring-ref", "1000"},
        {FRONT "/rx-ring-ref", "1001"},
        {FRONT "/event-channel", "5"},
        {FRONT "/request-rx-copy", "1"},
        {FRONT "/feature-rx-notify", "1"},
        {FRONT "/state", "4"},
    };

    memset(&record, 0, sizeof(record));
    for (size_t i = 0; i < ARRAY_SIZE(nodes); i++)
        played_put(nodes[i][0], nodes[i][1]);
    return 0;
}

static int end(void **state)
{
    kill_process();
    played_remove_below("");
    vif_begin();
    return 0;
}

static void expect_loss(bool told)
{
    struct played_node *n = played_find(ERROR);

    if (told != (n && strstr(n->value, "was lost and made anew")))
        fail_msg("'%s'", n ? n->value : "");
    assert_true(told || !n);
}

static void a_loss_is_told_by_all_who_follow(void **state)
{
    start_process(true, 0);
    expect_loss(true);
    for (int i = 0; i < 3; i++) {
        kill_process();
        start_process(false, 0);
        serve_for_a_second();
        expect_loss(true);
    }
}

static void until_the_interface_is_on_a_bridge(void **state)
{
    start_process(true, 0);
    d->link.changed(&d->link); /* another MTU */
    expect_loss(true);
    d->link.bridge = 7;
    d->link.changed(&d->link);
    expect_loss(false);
    kill_process();
    start_process(false, 0); /* somebody's will */
    serve_for_a_second();
    expect_loss(false);
}

static void also_if_nobody_has_seen_it(void **state)
{
    start_process(true, 0);
    kill_process();
    start_process(false, 7);
    serve_for_a_second();
    expect_loss(false);
}

static void an_interface_that_is_new_was_not_lost(void **state)
{
    played_remove_below(BACK "/hotplug-status");
    start_process(true, 0);
    expect_loss(false);
}

/* What is wrong with the guest stays told, whatever becomes of the bridge. */
static void a_fault_is_not_covered_by_the_loss(void **state)
{
    start_process(true, 0);
    d->backend.bus.failed = true;
    played_put(ERROR, "71 the frontend is broken");
    d->link.bridge = 7;
    d->link.changed(&d->link);
    assert_string_equal(played_find(ERROR)->value, "71 the frontend is broken");
    assert_false(record.head.lost); /* all the same */
    d->backend.bus.failed = false;
}

static void what_is_not_told_yet_ends_with_the_connection(void **state)
{
    start_process(true, 0);
    event_timer_set(&d->backend.loop, &d->tell, 0);
    disconnect_net(&d->backend.bus);
    assert_false(d->tell.armed);
}

/* After an upgrade the next process goes on with what one of the version before
 * has left: a record of another size or format would cost the interface. */
static void the_record_has_kept_its_layout(void **state)
{
    assert_string_equal(NET_RECORD_FORMAT, "vif   5");
    assert_int_equal(offsetof(struct net_record, in_force),
                     sizeof(struct record_head));
    assert_int_equal(sizeof(struct net_record), 32832);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_loss_is_told_by_all_who_follow),
        TEST(until_the_interface_is_on_a_bridge),
        TEST(also_if_nobody_has_seen_it),
        TEST(an_interface_that_is_new_was_not_lost),
        TEST(a_fault_is_not_covered_by_the_loss),
        TEST(what_is_not_told_yet_ends_with_the_connection),
        cmocka_unit_test(the_record_has_kept_its_layout),
    };

    fake_guest_create();
    return cmocka_run_group_tests_name("net device", tests, NULL, NULL);
}
