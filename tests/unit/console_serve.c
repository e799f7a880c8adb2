/* SPDX-License-Identifier: MIT */
/*
 * A guest's console that cannot be served at first, because its ring cannot be
 * mapped or its port not bound, is served when it can: nobody tells again.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "played_consoles.h"

static void a_second_passes(struct console *c)
{
    assert_true(c->retry.armed);
    event_timer_cancel(&played_loop, &c->retry);
    c->retry.fire(&c->retry);
}

static void what_fails_once_is_tried_again(void **state)
{
    struct console *c = console_new(&played_services, 5, 77);
    struct xencons_interface *page = played_guest[0].page;

    assert_non_null(c);
    assert_false(c->port.local);
    played_maps = true;
    a_second_passes(c);
    assert_false(c->port.local || c->ring); /* nothing by halves */
    played_binds = true;
    memcpy(page->out, "hello", 5);
    page->out_prod = 5;
    a_second_passes(c);
    assert_int_equal(c->port.local, 9);
    assert_int_equal(page->out_cons, 5);
    assert_true(played_notified > 0);
    assert_false(c->retry.armed);
    console_refresh(c); /* what is served stays as it is */
    assert_int_equal(page->out_cons, 5);
    console_free(c);
}

static void a_console_that_ends_is_not_tried_again(void **state)
{
    struct console *c;

    played_maps = played_binds = false;
    c = console_new(&played_services, 5, 77);
    assert_true(c->retry.armed);
    console_domain_gone(c);
    assert_false(c->retry.armed);
    console_free(c);
}

static int setup(void **state)
{
    return played_begin();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_fails_once_is_tried_again),
        cmocka_unit_test(a_console_that_ends_is_not_tried_again),
    };

    return cmocka_run_group_tests_name("console serve", tests, setup, NULL);
}
