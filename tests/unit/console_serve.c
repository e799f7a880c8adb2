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
#include <unistd.h>
#include <cmocka.h>

#include "console_errands.h"
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

/* Nor is it the console of the domain that has its number then. */
static void it_is_not_tried_for_another_domain(void **state)
{
    struct console *c;

    played_maps = played_binds = false;
    c = console_new(&played_services, 5, 77);
    played_maps = played_binds = true;
    errands_frame = 78;
    a_second_passes(c);
    assert_null(c->ring);
    errands_frame = 77;
    console_free(c);
    played_maps = played_binds = false;
    c = console_new(&played_services, 5, 77);
    played_maps = played_binds = true;
    a_second_passes(c);
    assert_non_null(c->ring);
    console_free(c);
    errands_frame = 0;
}

/* A node that is missing because the store ends then is not taken for absent:
 * the log would have another name, as long as the guest lives. */
static void a_store_that_ends_meanwhile_is_waited_for(void **state)
{
    static const char *const nodes[] = {"port", "type", "limit", "name"};
    struct console *c;

    played_maps = played_binds = true;
    for (unsigned int i = 0; i < 4; i++) {
        played_end = nodes[i];
        c = console_new(&played_services, 5, 77);
        assert_null(c->out.progress);
        assert_int_equal(c->remote_port, 0);
        played_end = NULL;
        played_lost = false;
        console_refresh(c); /* as its watch says when the store is back */
        assert_string_equal(c->out.progress->log_name, "guest-g");
        assert_int_equal(c->port.local, 9);
        console_free(c);
    }
}

/* Nor does it cost a console that a predecessor has served. */
static void the_log_of_an_adopted_console_can_wait(void **state)
{
    struct console *c, *heir;
    int fds[KEPT_PROGRESS + 1];

    c = console_new(&played_services, 5, 77);
    fds[KEPT_MASTER] = dup(c->master.fd);
    fds[KEPT_SLAVE] = dup(c->slave);
    fds[KEPT_PIPE_OUT] = dup(c->out.pipe[0]);
    fds[KEPT_PIPE_IN] = dup(c->out.pipe[1]);
    fds[KEPT_PROGRESS] = dup(c->progress_fd);
    c->out.progress->log_name[0] = 0; /* it kept no logs */
    console_free(c);
    played_lost = true;
    heir = console_adopt(&played_services, 5, fds, 5);
    assert_non_null(heir);
    assert_string_equal(heir->out.progress->log_name, "");
    played_lost = false;
    console_refresh(heir);
    assert_string_equal(heir->out.progress->log_name, "guest-g");
    console_free(heir);
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
        cmocka_unit_test(it_is_not_tried_for_another_domain),
        cmocka_unit_test(a_store_that_ends_meanwhile_is_waited_for),
        cmocka_unit_test(the_log_of_an_adopted_console_can_wait),
    };

    return cmocka_run_group_tests_name("console serve", tests, setup, NULL);
}
