/* SPDX-License-Identifier: MIT */
/*
 * frontends/demo-net/disk.c, which this file includes, and a disk that is
 * played here: what is written and flushed before it is closed, and how long a
 * disk is waited for that does not answer.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include "../../frontends/demo-net/disk.c"

/* Its skip() is another one. */
#include <cmocka.h>

static char done[16]; /* a letter for each that the disk was asked for */
static bool silent;   /* it does not answer */
static long read_result, write_result;
static uint64_t now;

uint64_t system_time(void)
{
    return now;
}

void *alloc_pages(unsigned int n)
{
    abort();
}

static void note(char what)
{
    size_t n = strlen(done);

    assert_true(n < sizeof(done) - 1);
    done[n] = what;
}

long blkfront_open(struct blkfront *b, unsigned int device,
                   const struct blk_wishes *wishes)
{
    return b->sectors ? 0 : -ENOENT;
}

long blkfront_close(struct blkfront *b)
{
    note('c');
    return 0;
}

long blkfront_do(struct blkfront *b, unsigned int operation, uint64_t sector,
                 uint64_t nr_sectors, void *data)
{
    memset(data, 0, DISK_BLOCK);
    if (sector == BLOCK_SECTORS)
        memcpy(data, "requests 7\n", 11);
    return read_result;
}

long blkfront_submit(struct blkfront *b, struct blk_request *r)
{
    note(r->operation == BLKIF_OP_WRITE ? 'w' : 'f');
    r->result = silent                           ? BLK_PENDING
                : r->operation == BLKIF_OP_WRITE ? write_result
                                                 : 0;
    return 0;
}

bool events_serve_until(bool (*is_done)(const void *arg), const void *arg,
                        uint64_t ns)
{
    if (!is_done(arg))
        now += ns;
    return is_done(arg);
}

/* A disk that can flush, and has a number. */
static int begin(void **state)
{
    memset(&disk, 0, sizeof(disk));
    memset(done, 0, sizeof(done));
    write = flush = (struct blk_request){0};
    requests = written = written_at = 0;
    kept = silent = false;
    read_result = write_result = 0;
    now = 10 * SECOND_NS;
    disk.sectors = 1000;
    disk.flush = true;
    return 0;
}

static void what_was_counted_is_written_and_flushed(void **state)
{
    disk_open();
    assert_int_equal(disk_requests(), 7);
    disk_count();
    disk_close();
    assert_string_equal(done, "wfc");
}

static void what_was_written_before_is_flushed(void **state)
{
    disk_open();
    disk_count();
    disk_serve();
    assert_string_equal(done, "w");
    disk_close();
    assert_string_equal(done, "wfc");
}

static void what_was_written_is_flushed_if_the_last_write_fails(void **state)
{
    disk_open();
    disk_count();
    disk_serve();
    disk_count();
    write_result = -EIO;
    disk_close();
    assert_string_equal(done, "wwfc");
}

static void nothing_is_flushed_if_nothing_was_written(void **state)
{
    disk_open();
    disk_close();
    assert_string_equal(done, "c");
}

static void a_disk_that_cannot_flush_is_not_asked(void **state)
{
    disk.flush = false;
    disk_open();
    disk_count();
    disk_close();
    assert_string_equal(done, "wc");
}

static void a_disk_that_does_not_answer_is_closed(void **state)
{
    uint64_t before = now;

    disk_open();
    disk_count();
    silent = true;
    disk_close();
    assert_int_equal(done[strlen(done) - 1], 'c');
    assert_in_range(now - before, 1, 3 * CLOSE_NS);
}

/* The backend may hold the block, too. */
static void a_number_that_cannot_be_read_is_not_written_over(void **state)
{
    read_result = -EBUSY;
    disk_open();
    disk_count();
    now += 2 * KEEP_NS;
    disk_serve();
    disk_close();
    assert_string_equal(done, "c");
}

static void without_a_disk_nothing_is_asked_for(void **state)
{
    disk.sectors = 0;
    disk.flush = false;
    disk_open();
    disk_count();
    disk_serve();
    disk_close();
    assert_string_equal(done, "c");
    assert_int_equal(disk_requests(), 1);
}

#define TEST(name) cmocka_unit_test_setup(name, begin)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_was_counted_is_written_and_flushed),
        TEST(what_was_written_before_is_flushed),
        TEST(what_was_written_is_flushed_if_the_last_write_fails),
        TEST(nothing_is_flushed_if_nothing_was_written),
        TEST(a_disk_that_cannot_flush_is_not_asked),
        TEST(a_disk_that_does_not_answer_is_closed),
        TEST(a_number_that_cannot_be_read_is_not_written_over),
        TEST(without_a_disk_nothing_is_asked_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
