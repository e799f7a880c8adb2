/* SPDX-License-Identifier: MIT */
/*
 * The program of a disk, over a store that is played and a medium that does
 * everything at once. Checked: what an administrator has set is known before
 * the first request is served.
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

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(settings_come_before_requests),
    };

    fake_guest_create();
    return cmocka_run_group_tests_name("block device", tests, NULL, NULL);
}
