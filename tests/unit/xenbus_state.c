/* SPDX-License-Identifier: MIT */
/*
 * The backends' xenbus state machine: the usual life of a device, and frontends
 * and toolstacks that toggle at random. Whatever they do, connect and
 * disconnect alternate, the machine comes to rest after a bounded number of
 * steps, and an offline device with an idle frontend ends.
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
        v->connected = true;
        v->mine = XenbusStateConnected;
        return true;
    case XENBUS_DISCONNECT:
        v->connected = false;
        v->mine = XenbusStateClosing;
        return true;
    case XENBUS_CLOSE:
        v->connected = false;
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

static void a_device_settles_after_any_changes(void **state)
{
    struct xenbus_view v = fresh;
    unsigned int lives = 0, connections = 0;

    srand(5);
    for (int round = 0; round < 1000000; round++) {
        bool was = v.connected;

        switch (rand() % 8) {
        case 0:
            v.ready = rand() % 2;
            break;
        case 1:
            v.online = rand() % 4;
            break;
        case 2:
            v.failed = rand() % 4 == 0 && !v.connected;
            break;
        default:
            v.frontend = rand() % (XenbusStateReconfigured + 1);
        }
        if (settle(&v)) {
            lives++;
            v = fresh;
            continue;
        }
        connections += !was && v.connected;
        assert_true(!v.connected || v.mine == XenbusStateConnected);
        if (!v.online)
            assert_true(v.frontend != XenbusStateClosed &&
                        v.frontend != XenbusStateUnknown);
    }
    assert_true(lives > 1000 && connections > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_device_connects_serves_and_closes),
        cmocka_unit_test(a_device_closes_when_its_guest_is_destroyed),
        cmocka_unit_test(a_device_connects_again_when_the_driver_is_reloaded),
        cmocka_unit_test(failure_is_not_repeated),
        cmocka_unit_test(a_device_closes_when_its_nodes_vanish),
        cmocka_unit_test(a_device_settles_after_any_changes),
    };

    return cmocka_run_group_tests_name("xenbus state", tests, NULL, NULL);
}
