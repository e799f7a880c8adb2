/* SPDX-License-Identifier: MIT */
/*
 * A backend process that ends: the device's error node says how, and what it
 * said last; all that it said is in the log; and nothing of it is left.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "supervisor_world.h"

static void last_error_is_the_devices_error(void **unused)
{
    run("echo 'b[vbd-3-51712] error: cannot start: no luck' >&2\n"
        "echo 'b[vbd-3-51712] warning: 3 more lines dropped' >&2\n"
        "exit 1");
    assert_string_equal(disk->error,
                        "failed with status 1: cannot start: no luck");
    assert_int_equal(disk->state, 6);
    kinds[0].record_size = 0;
    begin("sleep 0.3; echo 'b error: one' >&2; echo 'b error: two' >&2; "
          "kill -9 $$");
    disk->state = 4;
    assert_true(within(10000, nothing_left));
    assert_string_equal(disk->error, "killed by signal 9: two");
}

static void last_line_will_do(void **unused)
{
    run("printf 'first\\nlibx.so: no such file' >&2; exit 127");
    assert_string_equal(disk->error,
                        "failed with status 127: libx.so: no such file");
    run("exit 3");
    assert_string_equal(disk->error, "failed with status 3");
    run("echo 'libx: no luck' >&2; echo 'b[vbd-3-51712] info: the store is "
        "back' >&2; echo 'b[vbd-3-51712] warning: it is slow' >&2; exit 1");
    assert_string_equal(disk->error, "failed with status 1: libx: no luck");
}

static void endless_line_is_cut(void **unused)
{
    run("head -c 500 /dev/zero | tr '\\0' x >&2; exit 1");
    assert_in_range(strlen(disk->error), 200, 300);
}

static void lines_go_to_the_log(void **unused)
{
    char *text;

    log_begins();
    run("echo one >&2; echo two >&2; exit 1");
    text = log_ends();
    assert_non_null(strstr(text, "vbd-3-0: one\nvbd-3-0: two\n"));
    free(text);
}

static void no_descriptor_is_left(void **unused)
{
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC), next;

    close(fd);
    for (int i = 0; i < 50; i++)
        run("exit 1");
    next = open("/dev/null", O_RDONLY | O_CLOEXEC);
    close(next);
    assert_int_equal(next, fd);
}

static void program_that_is_missing_is_reported(void **unused)
{
    write_program("");
    unlink(program);
    disk->state = 1;
    devices_check(&devices, BACK);
    assert_true(within(10000, nothing_left));
    assert_non_null(strstr(disk->error, "No such file"));
    assert_int_equal(disk->state, 6);
}

static void process_has_no_terminal(void **unused)
{
    run("o=$(readlink /proc/$$/fd/0 /proc/$$/fd/1); echo $o >&2; exit 1");
    assert_string_equal(disk->error,
                        "failed with status 1: /dev/null /dev/null");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(last_error_is_the_devices_error),
        TEST(last_line_will_do),
        TEST(endless_line_is_cut),
        TEST(lines_go_to_the_log),
        TEST(no_descriptor_is_left),
        TEST(program_that_is_missing_is_reported),
        TEST(process_has_no_terminal),
    };

    return cmocka_run_group_tests_name("supervisor_errors", tests, world_begins,
                                       world_ends);
}
