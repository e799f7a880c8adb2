/* SPDX-License-Identifier: MIT */
/*
 * A console's log that cannot be opened for a while, at first or when it is
 * full, because its parent has no descriptors left, for instance.
 */
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

#include "../../backends/console/log_file.h"
#include "console_errands.h"

static char dir[] = "/dev/shm/console-log-XXXXXX";
static char path[64], old[sizeof(path) + 2];
static struct log_file file;
static int said, stderr_was;

/* A line of ten bytes. */
static void prints(const char *line)
{
    struct log_mark m;

    log_file_mark(&file, &m);
    log_file_write(&file, &m, false, line, 10);
}

static const char *content(void)
{
    static char text[128];
    FILE *f = fopen(path, "r");

    assert_non_null(f);
    text[fread(text, 1, sizeof(text) - 1, f)] = 0;
    fclose(f);
    return text;
}

static void is_said(const char *expected)
{
    char text[512];
    ssize_t n = pread(said, text, sizeof(text) - 1, 0);

    assert_true(n >= 0);
    text[n] = 0;
    assert_string_equal(text, expected);
}

static int begin(void **state)
{
    errands_logs = dir;
    errands_logs_asked = 0;
    unlink(path);
    unlink(old);
    said = memfd_create("said", 0);
    return dup2(said, STDERR_FILENO) < 0;
}

static int end(void **state)
{
    log_file_close(&file);
    dup2(stderr_was, STDERR_FILENO);
    return close(said);
}

/* --- tests ---------------------------------------------------------------- */

/* Nobody would open it again but logrotate, a day later. */
static void a_full_log_is_opened_again_with_the_next_text(void **state)
{
    struct stat st;

    log_file_open(&file, 5, "guest", false);
    prints("line one.\n");
    assert_int_equal(truncate(path, LOG_FILE_MAX), 0);
    errands_logs = NULL;
    prints("line two.\n");
    prints("and three\n");
    is_said("test warning: cannot write guest.log: No such file or directory; "
            "what is printed now is missing in it\n");
    errands_logs = dir;
    usleep((LOG_AGAIN_MS + 100) * 1000);
    prints("and four.\n");
    assert_string_equal(content(), "and four.\n");
    assert_int_equal(stat(old, &st), 0);
    assert_int_equal(st.st_size, LOG_FILE_MAX);
    is_said("test warning: cannot write guest.log: No such file or directory; "
            "what is printed now is missing in it\n"
            "test warning: guest.log is written again; 20 bytes are missing in "
            "it\n");
}

static void a_log_that_cannot_be_opened_at_first_is_neither_lost(void **state)
{
    errands_logs = NULL;
    log_file_open(&file, 5, "guest", false);
    prints("line one.\n");
    errands_logs = dir;
    usleep((LOG_AGAIN_MS + 100) * 1000);
    prints("line two.\n");
    assert_string_equal(content(), "line two.\n");
    is_said("test warning: cannot write guest.log: No such file or directory; "
            "what is printed now is missing in it\n"
            "test warning: guest.log is written again; 10 bytes are missing in "
            "it\n");
}

/* The parent has other work. */
static void it_is_tried_once_in_a_second(void **state)
{
    errands_logs = NULL;
    log_file_open(&file, 5, "guest", false);
    errands_logs_asked = 0;
    for (int i = 0; i < 100; i++)
        prints("a line...\n");
    assert_in_range(errands_logs_asked, 0, 1); /* on a busy host */
    usleep((LOG_AGAIN_MS + 100) * 1000);
    prints("a line...\n");
    prints("a line...\n");
    assert_in_range(errands_logs_asked, 1, 2);
}

/* No log is wanted. */
static void what_was_never_opened_is_not_opened_by_text(void **state)
{
    file = (struct log_file){.fd = -1};
    prints("a line...\n");
    assert_int_equal(errands_logs_asked, 0);
    is_said("");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_full_log_is_opened_again_with_the_next_text),
        TEST(a_log_that_cannot_be_opened_at_first_is_neither_lost),
        TEST(it_is_tried_once_in_a_second),
        TEST(what_was_never_opened_is_not_opened_by_text),
    };
    int rc;

    log_setup("test", LOG_LVL_INFO);
    stderr_was = dup(STDERR_FILENO);
    if (!mkdtemp(dir))
        return 1;
    snprintf(path, sizeof(path), "%s/guest.log", dir);
    snprintf(old, sizeof(old), "%s.1", path);
    rc = cmocka_run_group_tests_name("console log", tests, NULL, NULL);
    unlink(path);
    unlink(old);
    return rmdir(dir) ? 1 : rc;
}
