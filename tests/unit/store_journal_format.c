/* SPDX-License-Identifier: MIT */
/*
 * The journal's format: what was written is read, a tail that was cut off at
 * any byte and every flipped bit are noticed, and the frames before the damage
 * are read all the same.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <base/macros.h>

#include "../../tools/xenstored/journal.h"

static const char boot[] = "01234567-89ab-cdef-0123-456789abcdef";
static const char other_boot[] = "01234567-89ab-cdef-0123-456789abcdeF";
static char path[] = "/tmp/journal-test-XXXXXX";

/* Some frames of growing length; the first holds one value of each kind. */
#define FRAMES 5
static size_t write_some(size_t end[FRAMES])
{
    struct journal j;
    struct pack *p;

    assert_int_equal(journal_create(&j, path, boot), 0);
    assert_false(journal_has_frame(&j));
    assert_int_equal(journal_write(&j), 0);
    p = journal_pack(&j);
    pack_u8(p, 0x12);
    pack_u16(p, 0x3456);
    pack_u32(p, 0x789abcde);
    pack_u64(p, 0x1122334455667788);
    pack_string(p, "a string");
    pack_string(p, "");
    pack_blob(p, "a\0b", 3);
    pack_blob(p, NULL, 0);
    for (int i = 0; i < FRAMES; i++) {
        if (i)
            for (int k = 0; k < i * 1000; k++)
                pack_u32(journal_pack(&j), (uint32_t)k);
        assert_true(journal_has_frame(&j));
        assert_int_equal(journal_write(&j), 0);
        end[i] = j.size;
    }
    journal_close(&j);
    return end[FRAMES - 1];
}

static int count(const char *data, size_t len, size_t *good)
{
    struct journal_scan s;
    struct unpack u;
    int n = 0;

    assert_int_equal(journal_scan_start(&s, data, len, boot), 0);
    while (journal_scan_next(&s, &u))
        n++;
    *good = (size_t)(s.at - data);
    return n;
}

static void what_is_written_is_read(void **state)
{
    size_t end[FRAMES], len, n;
    struct journal_scan s;
    struct unpack u;
    struct stat st;
    char *data;

    write_some(end);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(journal_load(path, &data, &len), 0);
    assert_int_equal(len, end[FRAMES - 1]);
    assert_int_equal(journal_scan_start(&s, data, len, boot), 0);
    assert_true(journal_scan_next(&s, &u));
    assert_int_equal(unpack_u8(&u), 0x12);
    assert_int_equal(unpack_u16(&u), 0x3456);
    assert_int_equal(unpack_u32(&u), 0x789abcde);
    assert_true(unpack_u64(&u) == 0x1122334455667788);
    assert_string_equal(unpack_string(&u), "a string");
    assert_string_equal(unpack_string(&u), "");
    assert_memory_equal(unpack_blob(&u, &n), "a\0b", 3);
    assert_int_equal(n, 3);
    unpack_blob(&u, &n);
    assert_int_equal(n, 0);
    assert_false(u.failed);
    assert_ptr_equal(u.at, u.end);
    /* And nothing beyond the end. */
    assert_int_equal(unpack_u32(&u), 0);
    assert_true(u.failed);
    assert_string_equal(unpack_string(&u), "");
    for (uint32_t i = 1; i < FRAMES; i++) {
        assert_true(journal_scan_next(&s, &u));
        for (uint32_t k = 0; k < i * 1000; k++)
            assert_int_equal(unpack_u32(&u), k);
        assert_ptr_equal(u.at, u.end);
    }
    assert_false(journal_scan_next(&s, &u));
    assert_ptr_equal(s.at, s.end);
    free(data);
}

static void a_torn_tail_is_noticed_at_every_byte(void **state)
{
    size_t end[FRAMES], len, good;
    char *data;

    write_some(end);
    assert_int_equal(journal_load(path, &data, &len), 0);
    for (size_t cut = end[0]; cut < len; cut++) {
        int whole = 0;
        while (end[whole] <= cut)
            whole++;
        /* Behind the cut nothing may be read: the copy ends there. */
        char *copy = malloc(cut);
        memcpy(copy, data, cut);
        assert_int_equal(count(copy, cut, &good), whole);
        assert_int_equal(good, end[whole - 1]);
        free(copy);
    }
    free(data);
}

static void a_flipped_bit_is_noticed(void **state)
{
    size_t end[FRAMES], len, good;
    char *data;

    write_some(end);
    assert_int_equal(journal_load(path, &data, &len), 0);
    /* All bits of the first three frames, and some behind them. */
    for (size_t i = end[0] - 40; i < len; i += i < end[1] + 64 ? 1 : 97)
        for (int bit = 0; bit < 8; bit++) {
            int before = 0;
            while (end[before] <= i)
                before++;
            data[i] = (char)(data[i] ^ 1 << bit);
            assert_int_equal(count(data, len, &good), before);
            if (before)
                assert_int_equal(good, end[before - 1]);
            data[i] = (char)(data[i] ^ 1 << bit);
        }
    free(data);
}

static void a_foreign_journal_is_refused(void **state)
{
    size_t end[FRAMES], len;
    struct journal_scan s;
    char *data;

    write_some(end);
    assert_int_equal(journal_load(path, &data, &len), 0);
    assert_int_equal(journal_scan_start(&s, data, len, other_boot), ESTALE);
    for (size_t cut = 0; cut < 57; cut++)
        assert_int_equal(journal_scan_start(&s, data, cut, boot), EINVAL);
    data[3] = (char)(data[3] ^ 1);
    assert_int_equal(journal_scan_start(&s, data, len, boot), EINVAL);
    free(data);
}

/* A full file system: the frame is not in the file, and a later one is. */
static void a_failed_write_leaves_a_good_end(void **state)
{
    struct journal j;
    char *data;
    size_t len, good;
    int null = open("/dev/full", O_WRONLY), keep;

    assert_int_equal(journal_create(&j, path, boot), 0);
    pack_u32(journal_pack(&j), 1);
    assert_int_equal(journal_write(&j), 0);
    keep = j.fd;
    j.fd = null;
    pack_u32(journal_pack(&j), 2);
    assert_int_not_equal(journal_write(&j), 0);
    j.fd = keep;
    assert_true(journal_has_frame(&j));
    assert_int_equal(journal_write(&j), 0);
    journal_close(&j);
    close(null);
    assert_int_equal(journal_load(path, &data, &len), 0);
    assert_int_equal(count(data, len, &good), 2);
    assert_int_equal(good, len);
    free(data);
}

static void a_link_is_not_followed(void **state)
{
    struct journal j;
    char target[64], *data;
    struct stat st;
    size_t len;

    snprintf(target, sizeof(target), "%s.target", path);
    unlink(path);
    assert_int_equal(symlink(target, path), 0);
    assert_int_equal(journal_load(path, &data, &len), ELOOP);
    assert_int_equal(journal_create(&j, path, boot), 0);
    journal_close(&j);
    assert_int_equal(lstat(path, &st), 0);
    assert_true(S_ISREG(st.st_mode));
    assert_int_equal(stat(target, &st), -1);
}

/* Opening a pipe waits for its other end. */
static void what_is_no_file_is_refused(void **state)
{
    char *data;
    size_t len;

    unlink(path);
    assert_int_equal(mkfifo(path, 0600), 0);
    alarm(10);
    assert_int_equal(journal_load(path, &data, &len), EPERM);
    alarm(0);
    unlink(path);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(journal_load(path, &data, &len), EPERM);
    rmdir(path);
}

static void a_file_that_no_daemon_writes_is_not_loaded(void **state)
{
    static const off_t sizes[] = {1 << 20, (off_t)JOURNAL_MAX + 1,
                                  (off_t)1 << 42};
    size_t end[FRAMES], len;
    char *data = NULL;

    for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
        write_some(end);
        assert_int_equal(truncate(path, sizes[i]), 0);
        assert_int_equal(journal_load(path, &data, &len), EFBIG);
    }
}

/* What could not be read again is not written. */
static void nor_is_it_written(void **state)
{
    struct journal j;

    assert_int_equal(journal_create(&j, path, boot), 0);
    pack_u32(journal_pack(&j), 1);
    j.size = JOURNAL_MAX;
    assert_int_equal(journal_write(&j), EFBIG);
    journal_close(&j);
}

/* The rest of a frame that was written half. */
static void a_journal_that_goes_on_is_cut_first(void **state)
{
    size_t end[FRAMES], len, good;
    struct journal j;
    char *data;

    write_some(end);
    assert_int_equal(journal_append(&j, path, end[1]), 0);
    assert_int_equal(journal_load(path, &data, &len), 0);
    assert_int_equal(len, end[1] + 1);
    free(data);
    pack_u32(journal_pack(&j), 7);
    assert_int_equal(journal_write(&j), 0);
    journal_close(&j);
    assert_int_equal(journal_load(path, &data, &len), 0);
    assert_int_equal(count(data, len, &good), 3);
    assert_int_equal(good, len);
    free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(a_torn_tail_is_noticed_at_every_byte),
        cmocka_unit_test(a_flipped_bit_is_noticed),
        cmocka_unit_test(a_foreign_journal_is_refused),
        cmocka_unit_test(a_failed_write_leaves_a_good_end),
        cmocka_unit_test(a_link_is_not_followed),
        cmocka_unit_test(what_is_no_file_is_refused),
        cmocka_unit_test(a_file_that_no_daemon_writes_is_not_loaded),
        cmocka_unit_test(nor_is_it_written),
        cmocka_unit_test(a_journal_that_goes_on_is_cut_first),
    };
    int rc;

    close(mkstemp(path));
    rc = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(path);
    return rc;
}
