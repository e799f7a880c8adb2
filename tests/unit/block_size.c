/* SPDX-License-Identifier: MIT */
/*
 * The size of a medium is announced in whole sectors, and another size is
 * noticed: of a file without being woken by the guest's own writes, of a device
 * as soon as the kernel tells it.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "../../backends/block/resize.h"
#include "media_world.h"

static void a_size_is_rounded_down_to_sectors(void **state)
{
    struct storage s;

    make_file(image, 1000001);
    assert_int_equal(open_it(&s, image, "r"), 0);
    assert_int_equal(s.limits.sectors, 1953);
    storage_close(&s);
    make_file(image, 511);
    assert_int_equal(opened(image, "r"), -ENOSPC);
    make_file(image, MIB);
}

struct noticed {
    struct resize_watch watch;
    struct event_timer end;
    struct event_loop loop;
    struct storage s;
    int changes;
};

static void look(struct resize_watch *w)
{
    struct noticed *n = container_of(w, struct noticed, watch);

    n->changes += storage_resized(&n->s);
}

static void stop(struct event_timer *t)
{
    event_loop_stop(&container_of(t, struct noticed, end)->loop, 0);
}

/* How often another size is seen within half a second after the command. */
static int changes(struct noticed *n, const char *format, const char *arg)
{
    n->changes = 0;
    assert_int_equal(run(format, arg), 0);
    event_timer_set(&n->loop, &n->end, 500);
    assert_int_equal(event_loop_run(&n->loop), 0);
    return n->changes;
}

static void begin_to_watch(struct noticed *n, const char *path)
{
    memset(n, 0, sizeof(*n));
    n->watch.changed = look;
    n->end.fire = stop;
    assert_int_equal(open_it(&n->s, path, "w"), 0);
    assert_int_equal(event_loop_init(&n->loop), 0);
    assert_int_equal(resize_watch_begin(&n->watch, &n->loop, n->s.fd), 0);
}

static void end_to_watch(struct noticed *n)
{
    resize_watch_end(&n->watch);
    event_loop_destroy(&n->loop);
    storage_close(&n->s);
}

static void another_size_of_a_file_is_noticed(void **state)
{
    struct noticed n;

    begin_to_watch(&n, image);
    assert_int_equal(changes(&n, "truncate -s 2M %s", image), 1);
    assert_int_equal(n.s.limits.sectors, 2 * MIB / 512);
    assert_int_equal(changes(&n, "truncate -s 2097200 %s", image), 0);
    assert_int_equal(changes(&n, "truncate -s 1000001 %s", image), 1);
    assert_int_equal(n.s.limits.sectors, 1953);
    end_to_watch(&n);
    make_file(image, MIB);
}

/* Or the guest's own writes would wake the backend. */
static void writing_to_a_file_is_no_news(void **state)
{
    static char data[512] __attribute__((aligned(512)));
    struct noticed n;
    char none;

    begin_to_watch(&n, image);
    assert_int_equal(transfer(&n.s, STORAGE_WRITE, data, 512, 512), 512);
    assert_int_equal(read(n.watch.source.fd, &none, 1), -1);
    assert_int_equal(errno, EAGAIN);
    end_to_watch(&n);
}

static void another_size_of_a_device_is_noticed(void **state)
{
    struct noticed n;

    needs_loop(1);
    begin_to_watch(&n, loop[1]);
    assert_int_equal(changes(&n, "truncate -s 20M %s/disk-4096", dir), 0);
    assert_int_equal(changes(&n, "losetup -c %s", loop[1]), 1);
    assert_int_equal(n.s.limits.sectors, 20 * MIB / 512);
    end_to_watch(&n);
}

/* A file's server may be asked by that, and wait for ever. */
static void size_of_a_file_is_not_asked_as_of_a_device(void **state)
{
    struct storage s;

    assert_int_equal(open_it(&s, image, "r"), 0);
    sizes_asked = 0;
    assert_int_equal(storage_bytes(&s), MIB);
    assert_false(storage_resized(&s));
    assert_int_equal(sizes_asked, 0);
    storage_close(&s);
}

static void a_size_that_is_not_told_is_no_other(void **state)
{
    struct storage s;

    needs_loop(0);
    assert_int_equal(open_it(&s, loop[0], "w"), 0);
    size_refused = true;
    assert_false(storage_resized(&s));
    size_refused = false;
    assert_int_equal(s.limits.sectors, 16 * MIB / 512);
    storage_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_size_is_rounded_down_to_sectors),
        cmocka_unit_test(another_size_of_a_file_is_noticed),
        cmocka_unit_test(writing_to_a_file_is_no_news),
        cmocka_unit_test(another_size_of_a_device_is_noticed),
        cmocka_unit_test(size_of_a_file_is_not_asked_as_of_a_device),
        cmocka_unit_test(a_size_that_is_not_told_is_no_other),
    };

    return cmocka_run_group_tests_name("block_size", tests, media_world_begin,
                                       media_world_end);
}
