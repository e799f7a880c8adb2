/* SPDX-License-Identifier: MIT */
/*
 * The program of a disk, over a store that is played and a medium that does
 * everything at once. Checked: what an administrator has set is known before
 * the first request is served; what troubles a disk is told as long as it does.
 */
#include "../fuzz/vbd_main.c"
#undef main

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "fake_xen.h"
#include "played_store.h"

#define BACK  "backend/vbd/1/0"
#define FRONT "/local/domain/1/device/vbd/0"
#define ERROR "error/" BACK "/error"

int backend_main(const struct backend_ops *ops, struct backend *b, int argc,
                 char **argv)
{
    return 0; /* nobody calls the program's main function */
}

static struct disk_device *d;
static struct block_record record;

static int begin(void **state)
{
    struct backend *b = vbd_begin();

    d = container_of(b, struct disk_device, backend);
    played_put(BACK "/frontend", FRONT);
    played_put(BACK "/state", "4");
    played_put(BACK "/params", "/a/disk");
    played_put(BACK "/mode", "w");
    played_put(FRONT "/state", "4");
    b->bus.record = (struct record){.head = &record.head, .fd = -1};
    return event_loop_init(&b->loop) ||
           xenbus_open(&b->bus, &b->loop, BACK, &disk_ops.bus) ||
           grants_open(&b->grants, 1) || init_disk(b);
}

static int end(void **state)
{
    xenbus_close(&d->backend.bus);
    event_loop_destroy(&d->backend.loop);
    played_remove_below("");
    return 0;
}

/* A successor serves before it has looked at the store. */
static void settings_come_before_requests(void **state)
{
    played_put(BACK "/werror", "stop");
    played_put(BACK "/limit-iops", "7");
    assert_int_equal(open_disk(&d->backend), 0);
    assert_int_equal(d->share.on_error, BLOCK_STOP);
    assert_int_equal(d->share.limit.requests.rate, 7);
}

/* Whatever its path leads to by now. */
static void medium_is_what_the_script_has_found(void **state)
{
    assert_int_equal(open_disk(&d->backend), 0);
    assert_string_equal(asked_for.text, "");
    played_put(BACK "/physical-device", "fd:1a"); /* of another script */
    assert_int_equal(open_disk(&d->backend), 0);
    assert_string_equal(asked_for.text, "253:26");
    played_put(BACK "/physical-device-id", "file:2049:17");
    assert_int_equal(open_disk(&d->backend), 0);
    assert_string_equal(asked_for.text, "file:2049:17");
}

static void expect_error(const char *begins)
{
    struct played_node *n = played_find(ERROR);

    if (!begins)
        assert_null(n);
    else if (!n || strncmp(n->value, begins, strlen(begins)))
        fail_msg("'%s' is no '%s'", n ? n->value : "", begins);
}

static void a_trouble_hides_no_other(void **state)
{
    server_slow(&d->disk, true);
    expect_error("110 ");
    waits(&d->share, ENOSPC);
    expect_error("110 ");
    server_slow(&d->disk, false);
    expect_error("28 ");
    server_slow(&d->disk, true);
    waits(&d->share, 0);
    expect_error("110 ");
    server_slow(&d->disk, false);
    expect_error(NULL);
}

static void nor_does_its_end_hide_a_fault(void **state)
{
    server_slow(&d->disk, true);
    broken(&d->share, "nonsense");
    expect_error("71 nonsense");
    server_slow(&d->disk, false);
    expect_error("71 nonsense");
    server_slow(&d->disk, true);
    expect_error("71 nonsense");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(settings_come_before_requests),
        TEST(medium_is_what_the_script_has_found),
        TEST(a_trouble_hides_no_other),
        TEST(nor_does_its_end_hide_a_fault),
    };

    fake_guest_create();
    return cmocka_run_group_tests_name("block device", tests, NULL, NULL);
}
