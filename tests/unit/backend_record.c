/* SPDX-License-Identifier: MIT */
/*
 * What a backend process leaves to the next: found again, thrown away if it is
 * of another kind, of any length, and claimed only when the other has let go of
 * everything, which includes I/O that the kernel does for a dead process.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include <daemon/log.h>
#include "../../backends/block/storage.h"
#include "../../backends/common/record.h"

struct test_record {
    struct record_head head;
    uint32_t content[5000];
};

static int file;

static struct test_record *open_record(struct record *r, const char *format)
{
    assert_int_equal(
        record_open(r, dup(file), format, sizeof(struct test_record)), 0);
    return (struct test_record *)r->head;
}

static void a_record_is_found_again(void **state)
{
    struct record r;
    struct test_record *t = open_record(&r, "test  1");

    assert_false(record_connected(&r));
    t->content[4999] = 5;
    record_set_connected(&r, true);
    record_close(&r);
    t = open_record(&r, "test  1");
    assert_true(record_connected(&r));
    assert_int_equal(t->content[4999], 5);
    record_close(&r);
}

static void another_version_is_no_record(void **state)
{
    struct record r;
    struct test_record *t = open_record(&r, "test  1");

    record_set_connected(&r, true);
    record_close(&r);
    t = open_record(&r, "test  2");
    assert_false(record_connected(&r));
    assert_int_equal(t->content[4999], 0);
    record_close(&r);
}

/* Whoever held it last could do this. */
static void a_record_that_was_cut_is_whole_again(void **state)
{
    struct record r;
    struct test_record *t;

    assert_int_equal(ftruncate(file, 40), 0);
    t = open_record(&r, "test  1");
    t->content[4999] = 6;
    record_close(&r);
    assert_int_equal(ftruncate(file, 0), 0);
    t = open_record(&r, "test  1");
    assert_false(record_connected(&r));
    assert_int_equal(t->content[4999], 0);
    record_close(&r);
}

static void without_a_file_there_is_private_memory(void **state)
{
    struct record r;

    assert_int_equal(record_open(&r, -1, "test  1", sizeof(struct test_record)),
                     0);
    assert_int_equal(record_claim(&r), 0);
    record_set_connected(&r, true);
    assert_true(record_connected(&r));
    record_close(&r);
}

/* A guest may have taken its owner over. */
static void nobody_makes_a_record_longer(void **state)
{
    struct record r;

    open_record(&r, "test  1");
    assert_int_equal(pwrite(r.fd, "", 1, 1 << 20), -1);
    assert_int_equal(fallocate(r.fd, 0, 0, 1 << 20), -1);
    assert_int_equal(errno, EBADF);
    record_close(&r);
}

/* Of a version before, by the kind of lock that it had. */
static void a_record_may_have_an_owner_of_old(void **state)
{
    struct flock all = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    char path[32];
    struct record r;
    int old;

    snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
    old = open(path, O_RDWR | O_CLOEXEC);
    assert_int_equal(fcntl(old, F_OFD_SETLK, &all), 0);
    open_record(&r, "test  1");
    assert_int_equal(record_claim(&r), -EAGAIN);
    close(old);
    assert_int_equal(record_claim(&r), 0);
    record_close(&r);
}

static void a_record_has_one_owner(void **state)
{
    struct record first, second;
    int io[2];

    open_record(&first, "test  1");
    open_record(&second, "test  1");
    assert_int_equal(record_claim(&first), 0);
    assert_int_equal(record_claim(&first), 0);
    assert_int_equal(record_claim(&second), -EAGAIN);
    io[0] = dup(first.fd); /* as the kernel has it */
    record_close(&first);
    assert_int_equal(record_claim(&second), -EAGAIN);
    close(io[0]);
    assert_int_equal(record_claim(&second), 0);
    record_close(&second);
}

/* The descriptor is closed, the ring is not. */
static void a_ring_of_io_holds_the_record(void **state)
{
    struct record first, second;
    struct storage s;
    char path[32];
    int medium = memfd_create("medium", 0), rc = -EAGAIN;

    assert_int_equal(ftruncate(medium, 65536), 0);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", medium);
    open_record(&first, "test  1");
    open_record(&second, "test  1");
    assert_int_equal(record_claim(&first), 0);
    assert_int_equal(storage_open(&s, path, NULL, "w", false, 8), 0);
    assert_int_equal(storage_hold(&s, first.fd), 0);
    record_close(&first);
    assert_int_equal(record_claim(&second), -EAGAIN);
    storage_close(&s);
    for (int i = 0; rc == -EAGAIN && i < 500; i++) {
        rc = record_claim(&second);
        usleep(10000);
    }
    assert_int_equal(rc, 0);
    record_close(&second);
    close(medium);
}

static void found_is(const struct kept_nodes *k, const char *key,
                     const char *expected)
{
    char *value = "";

    assert_true(kept_nodes_find(k, key, &value));
    if (expected)
        assert_string_equal(value, expected);
    else
        assert_null(value);
    free(value);
}

static void nodes_of_a_frontend_are_kept(void **state)
{
    static struct kept_nodes k;
    char *value;

    kept_nodes_add(&k, "ring-ref0", "8");
    kept_nodes_add(&k, "ring-ref", NULL);
    kept_nodes_add(&k, "empty", "");
    kept_nodes_add(&k, "odd", "a=b");
    found_is(&k, "ring-ref0", "8");
    found_is(&k, "ring-ref", NULL);
    found_is(&k, "empty", "");
    found_is(&k, "odd", "a=b");
    assert_false(kept_nodes_find(&k, "ring-ref1", &value));
    assert_false(kept_nodes_find(&k, "ring", &value));
    for (int i = 0; i < 10000; i++)
        kept_nodes_add(&k, "more", "x");
    assert_in_range(k.used, sizeof(k.text) - 7, sizeof(k.text));
    found_is(&k, "more", "x");
    kept_nodes_reset(&k);
    assert_false(kept_nodes_find(&k, "more", &value));
}

/* A process that its guest had taken over has written them. */
static void nodes_may_be_a_lie(void **state)
{
    struct kept_nodes *k = malloc(sizeof(*k)); /* nothing behind it is read */
    char *value;

    memset(k, 'x', sizeof(*k));
    assert_false(kept_nodes_find(k, "x", &value));
    kept_nodes_add(k, "y", "1");
    assert_false(kept_nodes_find(k, "y", &value));
    k->used = sizeof(k->text); /* no end */
    assert_false(kept_nodes_find(k, "x", &value));
    kept_nodes_add(k, "y", "1");
    assert_false(kept_nodes_find(k, "y", &value));
    free(k);
}

static int setup(void **state)
{
    file = memfd_create("record", 0);
    log_setup("test", LOG_LVL_ERROR);
    return file < 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_is_found_again),
        cmocka_unit_test(another_version_is_no_record),
        cmocka_unit_test(a_record_that_was_cut_is_whole_again),
        cmocka_unit_test(without_a_file_there_is_private_memory),
        cmocka_unit_test(nobody_makes_a_record_longer),
        cmocka_unit_test(a_record_may_have_an_owner_of_old),
        cmocka_unit_test(a_record_has_one_owner),
        cmocka_unit_test(a_ring_of_io_holds_the_record),
        cmocka_unit_test(nodes_of_a_frontend_are_kept),
        cmocka_unit_test(nodes_may_be_a_lie),
    };

    return cmocka_run_group_tests_name("backend record", tests, setup, NULL);
}
