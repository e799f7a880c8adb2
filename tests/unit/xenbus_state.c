/* SPDX-License-Identifier: MIT */
/*
 * The backends' xenbus state machine: the usual life of a device, and frontends
 * and toolstacks that toggle at random. Whatever they do, connect and
 * disconnect alternate, the machine comes to rest after a bounded number of
 * steps, and an offline device with an idle frontend ends. A process that is
 * killed, which can happen in any state, costs a frontend that stays nothing as
 * long as there is a record.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "../../backends/common/xenbus_state.h"

/* Does what xenbus.c does with an action. True: there may be more to do. */
static bool apply(struct xenbus_view *v, enum xenbus_action a, bool *over)
{
    switch (a) {
    case XENBUS_NOTHING:
        return false;
    case XENBUS_ANNOUNCE:
        assert_false(v->connected);
        v->mine = XenbusStateInitWait;
        return true;
    case XENBUS_CONNECT:
        assert_false(v->connected);
        assert_true(v->online && v->ready);
        v->connected = v->recorded = true;
        v->mine = XenbusStateConnected;
        return true;
    case XENBUS_RESUME:
        assert_false(v->connected);
        assert_true(v->recorded);
        v->connected = true;
        if (v->mine != XenbusStateReconfigured)
            v->mine = XenbusStateConnected;
        return true;
    case XENBUS_ADAPT:
        assert_true(v->connected && v->adapts);
        v->mine = v->frontend == XenbusStateReconfiguring
                      ? XenbusStateReconfigured
                      : XenbusStateConnected;
        return true;
    case XENBUS_DISCONNECT:
        v->connected = v->recorded = false;
        v->mine = XenbusStateClosing;
        return true;
    case XENBUS_CLOSE:
        v->connected = v->recorded = false;
        v->mine = XenbusStateClosed;
        return true;
    case XENBUS_FINISH:
        *over = true;
        return false;
    }
    fail();
    return false;
}

static bool settle(struct xenbus_view *v)
{
    bool over = false;
    int steps = 0;

    while (apply(v, xenbus_next(v), &over))
        assert_true(++steps < 8);
    return over;
}

static const struct xenbus_view fresh = {
    .mine = XenbusStateInitialising,
    .frontend = XenbusStateInitialising,
    .present = true,
    .online = true,
};

static void a_device_connects_serves_and_closes(void **state)
{
    struct xenbus_view v = fresh;

    assert_false(settle(&v));
    assert_int_equal(v.mine, XenbusStateInitWait);
    v.frontend = XenbusStateInitialised;
    settle(&v);
    assert_int_equal(v.mine, XenbusStateInitWait); /* hotplug is not done */
    v.ready = true;
    settle(&v);
    assert_true(v.connected && v.mine == XenbusStateConnected);
    v.frontend = XenbusStateConnected;
    settle(&v);
    assert_true(v.connected);
    v.online = false; /* unplug: the frontend is asked first */
    assert_false(settle(&v));
    assert_true(v.connected);
    v.frontend = XenbusStateClosing;
    assert_false(settle(&v));
    assert_false(v.connected);
    v.frontend = XenbusStateClosed;
    assert_true(settle(&v));
    assert_int_equal(v.mine, XenbusStateClosed);
}

static void a_frontend_that_reconfigures_is_answered(void **state)
{
    struct xenbus_view v = fresh;

    v.ready = true;
    v.frontend = XenbusStateConnected;
    settle(&v);
    v.frontend = XenbusStateReconfiguring;
    settle(&v);
    assert_int_equal(v.mine, XenbusStateConnected); /* by who can */
    v.adapts = true;
    settle(&v);
    assert_int_equal(v.mine, XenbusStateReconfigured);
    v.connected = false; /* killed */
    settle(&v);
    assert_true(v.connected && v.mine == XenbusStateReconfigured);
    v.frontend = XenbusStateConnected;
    settle(&v);
    assert_true(v.connected && v.mine == XenbusStateConnected);
    v.frontend = XenbusStateReconfiguring;
    settle(&v);
    v.frontend = XenbusStateClosing;
    settle(&v);
    assert_int_equal(v.mine, XenbusStateClosing);
}

static void a_device_closes_when_its_guest_is_destroyed(void **state)
{
    struct xenbus_view v = fresh;

    v.ready = true;
    v.frontend = XenbusStateConnected;
    settle(&v);
    assert_true(v.connected);
    v.online = false;
    v.frontend = XenbusStateUnknown; /* the toolstack removed it */
    assert_true(settle(&v));
    assert_false(v.connected);
}

static void a_device_connects_again_when_the_driver_is_reloaded(void **state)
{
    struct xenbus_view v = fresh;

    v.ready = true;
    v.frontend = XenbusStateConnected;
    settle(&v);
    v.frontend = XenbusStateClosed;
    assert_false(settle(&v));
    assert_int_equal(v.mine, XenbusStateClosed);
    v.frontend = XenbusStateInitialising;
    settle(&v);
    assert_int_equal(v.mine, XenbusStateInitWait);
    v.frontend = XenbusStateConnected;
    settle(&v);
    assert_true(v.connected);
    /* The same without our seeing the states in between. */
    v.frontend = XenbusStateInitialising;
    settle(&v);
    assert_true(!v.connected && v.mine == XenbusStateInitWait);
}

static void failure_is_not_repeated(void **state)
{
    struct xenbus_view v = fresh;

    v.mine = XenbusStateClosed;
    v.failed = true;
    assert_int_equal(xenbus_next(&v), XENBUS_NOTHING);
    v.online = false;
    assert_true(settle(&v));
}

static void a_device_closes_when_its_nodes_vanish(void **state)
{
    for (int mine = 0; mine <= XenbusStateReconfigured; mine++)
        for (int front = 0; front <= XenbusStateReconfigured; front++) {
            struct xenbus_view v = {.mine = mine, .frontend = front};

            assert_int_equal(xenbus_next(&v), XENBUS_FINISH);
        }
}

/* Whatever the frontend and the toolstack do meanwhile. */
static void nothing_is_closed_or_begun_before_the_medium_is_done(void **state)
{
    for (unsigned int i = 0; i < 8 * 9; i++) {
        struct xenbus_view v = fresh;

        v.ready = true;
        v.mine = XenbusStateClosing;
        v.frontend = i / 8;
        v.online = i & 1;
        v.failed = i & 2;
        v.overwritten = i & 4;
        v.busy = true;
        assert_int_equal(xenbus_next(&v), XENBUS_NOTHING);
        v.present = false;
        assert_int_equal(xenbus_next(&v), XENBUS_FINISH);
        v.present = true;
        v.busy = v.overwritten = false;
        if (v.online)
            settle(&v);
        else if (v.frontend == XenbusStateClosed)
            assert_true(settle(&v));
    }
}

static void a_failure_is_closed_in_the_end(void **state)
{
    struct xenbus_view v = fresh;

    v.frontend = XenbusStateConnected;
    v.mine = XenbusStateClosing;
    v.failed = v.busy = true;
    assert_int_equal(xenbus_next(&v), XENBUS_NOTHING);
    v.busy = false;
    assert_false(settle(&v));
    assert_int_equal(v.mine, XenbusStateClosed);
}

/* What a process that was killed leaves in the store, and its successor. */
static struct xenbus_view after_a_kill(enum xenbus_state mine,
                                       enum xenbus_state frontend)
{
    struct xenbus_view v = fresh;

    v.mine = mine;
    v.frontend = frontend;
    v.ready = v.recorded = true;
    return v;
}

static void
a_killed_process_is_replaced_without_the_frontends_notice(void **state)
{
    static const enum xenbus_state stays[] = {
        XenbusStateInitWait, XenbusStateInitialised, XenbusStateConnected,
        XenbusStateReconfiguring, XenbusStateReconfigured};

    for (unsigned int i = 0; i < sizeof(stays) / sizeof(*stays); i++)
        for (int online = 0; online < 2; online++)
            for (int ready = 0; ready < 2; ready++)
                for (int asked = 0; asked < 2; asked++) {
                    struct xenbus_view v = after_a_kill(
                        asked ? XenbusStateClosing : XenbusStateConnected,
                        stays[i]);

                    v.online = online;
                    v.ready = ready;
                    assert_int_equal(xenbus_next(&v), XENBUS_RESUME);
                    assert_false(settle(&v));
                    assert_true(v.connected && v.mine == XenbusStateConnected);
                }
}

static void a_frontend_that_left_meanwhile_closes_as_ever(void **state)
{
    struct xenbus_view v =
        after_a_kill(XenbusStateConnected, XenbusStateClosing);

    assert_int_equal(xenbus_next(&v), XENBUS_DISCONNECT);
    assert_false(settle(&v));
    assert_int_equal(v.mine, XenbusStateClosing);
    v.frontend = XenbusStateClosed;
    assert_false(settle(&v));
    assert_int_equal(v.mine, XenbusStateClosed);

    v = after_a_kill(XenbusStateConnected, XenbusStateClosed);
    assert_false(settle(&v));
    assert_int_equal(v.mine, XenbusStateClosed);

    v = after_a_kill(XenbusStateConnected, XenbusStateInitialising);
    assert_false(settle(&v)); /* a new driver */
    assert_int_equal(v.mine, XenbusStateInitWait);

    v = after_a_kill(XenbusStateConnected, XenbusStateUnknown);
    v.online = false;
    assert_true(settle(&v));
    assert_int_equal(v.mine, XenbusStateClosed);
}

static void without_a_record_the_device_is_closed(void **state)
{
    struct xenbus_view v =
        after_a_kill(XenbusStateConnected, XenbusStateConnected);

    v.recorded = false;
    assert_int_equal(xenbus_next(&v), XENBUS_CLOSE);
    assert_false(settle(&v));
    assert_int_equal(v.mine, XenbusStateClosed);
    v.frontend = XenbusStateInitialising; /* it begins anew */
    settle(&v);
    assert_int_equal(v.mine, XenbusStateInitWait);
}

static void a_killed_process_is_replaced_before_it_connects(void **state)
{
    struct xenbus_view v =
        after_a_kill(XenbusStateInitWait, XenbusStateInitialised);

    assert_int_equal(xenbus_next(&v), XENBUS_CONNECT);
    v.frontend = XenbusStateInitialising;
    assert_int_equal(xenbus_next(&v), XENBUS_NOTHING);
    v.mine = XenbusStateInitialising;
    assert_int_equal(xenbus_next(&v), XENBUS_ANNOUNCE);
    v.mine = XenbusStateClosed; /* the guest knows that it is over */
    v.frontend = XenbusStateConnected;
    assert_int_equal(xenbus_next(&v), XENBUS_NOTHING);
}

/* Bit by bit, and both states. */
static void every_view_settles(void **state)
{
    unsigned int resumed = 0;

    for (unsigned int i = 0; i < 64 * 81; i++) {
        struct xenbus_view v = {
            .mine = i / 64 % 9,
            .frontend = i / 64 / 9,
            .present = i & 1,
            .online = i & 2,
            .ready = i & 4,
            .connected = i & 8,
            .recorded = i & 16,
            .failed = i & 32,
            .adapts = true,
        };
        bool resumes;

        if (v.connected && v.mine != XenbusStateConnected &&
            v.mine != XenbusStateReconfigured)
            continue; /* there is no such process */
        resumes = xenbus_next(&v) == XENBUS_RESUME;
        resumed += resumes;
        settle(&v);
        if (resumes)
            assert_true(v.connected);
        if (v.present && v.mine == XenbusStateConnected)
            assert_true(v.connected);
    }
    assert_int_equal(resumed, 5 * 3 * 8); /* frontend, mine, three bits */
}

static void a_device_settles_after_any_changes(void **state)
{
    struct xenbus_view v = fresh;
    unsigned int lives = 0, connections = 0, kills = 0;

    srand(5);
    for (int round = 0; round < 1000000; round++) {
        bool was = v.connected;

        switch (rand() % 9) {
        case 0:
            v.ready = rand() % 2;
            break;
        case 1:
            v.online = rand() % 4;
            break;
        case 2:
            v.failed = rand() % 4 == 0 && !v.connected;
            break;
        case 3: /* killed */
            kills += v.connected;
            v.connected = v.failed = was = false;
            v.recorded = v.recorded && rand() % 4;
            break;
        default:
            v.frontend = rand() % (XenbusStateReconfigured + 1);
        }
        if (settle(&v)) {
            lives++;
            v = fresh;
            v.adapts = lives & 1;
            continue;
        }
        connections += !was && v.connected;
        assert_true(!v.connected || v.mine == XenbusStateConnected ||
                    (v.adapts && v.mine == XenbusStateReconfigured));
        if (!v.online)
            assert_true(v.frontend != XenbusStateClosed &&
                        v.frontend != XenbusStateUnknown);
    }
    assert_true(lives > 1000 && connections > 1000 && kills > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_device_connects_serves_and_closes),
        cmocka_unit_test(a_frontend_that_reconfigures_is_answered),
        cmocka_unit_test(a_device_closes_when_its_guest_is_destroyed),
        cmocka_unit_test(a_device_connects_again_when_the_driver_is_reloaded),
        cmocka_unit_test(nothing_is_closed_or_begun_before_the_medium_is_done),
        cmocka_unit_test(a_failure_is_closed_in_the_end),
        cmocka_unit_test(failure_is_not_repeated),
        cmocka_unit_test(a_device_closes_when_its_nodes_vanish),
        cmocka_unit_test(
            a_killed_process_is_replaced_without_the_frontends_notice),
        cmocka_unit_test(a_frontend_that_left_meanwhile_closes_as_ever),
        cmocka_unit_test(without_a_record_the_device_is_closed),
        cmocka_unit_test(a_killed_process_is_replaced_before_it_connects),
        cmocka_unit_test(every_view_settles),
        cmocka_unit_test(a_device_settles_after_any_changes),
    };

    return cmocka_run_group_tests_name("xenbus state", tests, NULL, NULL);
}
