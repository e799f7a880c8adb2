/* SPDX-License-Identifier: MIT */
/*
 * What passes between the process that serves consoles and the store. The gate
 * itself: store_gate.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "../../backends/console/gate.h"
#include "gate_world.h"

static struct console_gate gate;

static bool lives(unsigned int domid)
{
    return domid == 5 || domid == 6;
}

static int set_up(void **state)
{
    memset(&gate, 0, sizeof(gate));
    gate.lives = lives;
    console_gate_begin(&gate, &loop);
    gate_world_open(&gate.gate);
    return 0;
}

static int tear_down(void **state)
{
    gate_world_close(&gate.gate);
    return 0;
}

static void each_passes(uint32_t type, bool expected, const char *const *paths,
                        size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (passes(type, paths[i]) != expected)
            fail_msg("request %u of '%s' %s", type, paths[i],
                     expected ? "does not pass" : "passes");
}

static void of_guests_only_what_consoles_need_is_read(void **state)
{
    static const char *const seen[] = {
        "/local/domain/1/name",          "/local/domain/5/console/port",
        "/local/domain/5/console/limit", "/local/domain/32751/console/type",
        "/local/domain/12/console/tty",
    };
    static const char *const hidden[] = {
        "",
        "/",
        "domid",
        "/local/domain",
        "/local/domain/5",
        "/local/domain/5/console",
        "/local/domain/5/console/",
        "/local/domain/5/console/port/x",
        "/local/domain/5/device/vbd/51712/state",
        "/local/domain/0/name",
        "/local/domain/0/backend/vbd/5/51712/params",
        "/local/domain/05/name",
        "/local/domain/5xname",
        "/local/domain/+5/name",
        "/local/domain/ 5/name",
        "/local/domain/4294967301/name",
        "/local/domain/32752/name",
        "local/domain/5/name",
        "/vm",
        "@releaseDomain",
    };

    each_passes(XS_READ, true, seen, ARRAY_SIZE(seen));
    each_passes(XS_READ, false, hidden, ARRAY_SIZE(hidden));
}

static void domains_are_listed_and_nothing_else(void **state)
{
    static const char *const seen[] = {"/local/domain"};
    static const char *const hidden[] = {"/", "", "/local", "/local/domain/5",
                                         "/local/domain/"};
    const uint32_t types[] = {XS_DIRECTORY, XS_DIRECTORY_PART};

    for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
        each_passes(types[i], true, seen, ARRAY_SIZE(seen));
        each_passes(types[i], false, hidden, ARRAY_SIZE(hidden));
    }
    assert_true(passes(XS_IS_DOMAIN_INTRODUCED, "5"));
}

static void ports_and_domains_are_watched(void **state)
{
    static const char *const seen[] = {"@introduceDomain", "@releaseDomain",
                                       "/local/domain/5/console/port"};
    static const char *const hidden[] = {"/",
                                         "",
                                         "@other",
                                         "/local/domain/5",
                                         "/local/domain/5/console/tty",
                                         "/local/domain/0/console/port"};

    each_passes(XS_WATCH, true, seen, ARRAY_SIZE(seen));
    each_passes(XS_WATCH, false, hidden, ARRAY_SIZE(hidden));
    each_passes(XS_UNWATCH, true, seen, ARRAY_SIZE(seen));
}

static bool writes(const char *path, const char *value)
{
    char text[128];
    int n = snprintf(text, sizeof(text), "%s%c%s", path, 0, value);

    ask_with(XS_WRITE, 0, text, n);
    return passed();
}

/* 'xl console', which is root, opens it. */
static void only_the_terminal_that_was_shown_is_written(void **state)
{
    static const char tty[] = "/local/domain/5/console/tty";
    static const char *const others[] = {
        "",           "/dev/pts/3",  "/dev/pts/",          "/dev/pts/333",
        "/dev/ttyS0", "/etc/passwd", "/dev/pts/33/../../x"};

    for (size_t i = 0; i < ARRAY_SIZE(others); i++)
        assert_false(writes(tty, others[i]));
    strcpy(gate.shown, "/dev/pts/33");
    assert_true(writes(tty, "/dev/pts/33"));
    assert_true(writes("/local/domain/6/console/tty", "/dev/pts/33"));
    assert_false(writes("/local/domain/7/console/tty", "/dev/pts/33"));
    for (size_t i = 0; i < ARRAY_SIZE(others); i++)
        if (writes(tty, others[i]))
            fail_msg("'%s' may be written", others[i]);
    assert_false(writes("/local/domain/0/console/tty", "/dev/pts/33"));
    assert_false(writes("/local/domain/5/console/port", "/dev/pts/33"));
    assert_false(writes("/local/domain/5/console/ttyS", "/dev/pts/33"));
}

static void other_requests_do_not_pass(void **state)
{
    static const uint32_t types[] = {
        XS_CONTROL,    XS_GET_PERMS, XS_SET_PERMS,     XS_MKDIR,
        XS_RM,         XS_INTRODUCE, XS_RELEASE,       XS_TRANSACTION_END,
        XS_SET_TARGET, XS_RESUME,    XS_RESET_WATCHES, XS_TRANSACTION_START};

    for (size_t i = 0; i < ARRAY_SIZE(types); i++)
        if (passes(types[i], "/local/domain/5/console/tty"))
            fail_msg("request %u passes", types[i]);
}

#define GATE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        GATE(of_guests_only_what_consoles_need_is_read),
        GATE(domains_are_listed_and_nothing_else),
        GATE(ports_and_domains_are_watched),
        GATE(only_the_terminal_that_was_shown_is_written),
        GATE(other_requests_do_not_pass),
    };

    log_setup("console_gate", LOG_LVL_ERROR);
    if (gate_world_begin())
        return 1;
    return cmocka_run_group_tests_name("console gate", tests, NULL, NULL);
}
