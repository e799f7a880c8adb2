/* SPDX-License-Identifier: MIT */
/*
 * The supervisor's devices, over a store of one device that is played here and
 * with shell scripts for backends: how a process ended, and what it said last,
 * is what the device's error node says.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include <daemon/log.h>

#include "../../backends/supervisor/devices.h"

#define BACK "backend/vbd/3/51712"

/* --- the store --- */

static char state[8], error[512];

void *xs_read(struct xs_handle *h, xs_transaction_t t, const char *path,
              unsigned int *len)
{
    if (!strcmp(path, BACK "/state") && *state)
        return strdup(state);
    errno = ENOENT;
    return NULL;
}

bool xs_write(struct xs_handle *h, xs_transaction_t t, const char *path,
              const void *data, unsigned int len)
{
    bool is_state = !strcmp(path, BACK "/state");

    if (!is_state)
        assert_string_equal(path, "error/" BACK "/error");
    snprintf(is_state ? state : error, is_state ? sizeof(state) : sizeof(error),
             "%.*s", (int)len, (const char *)data);
    return true;
}

char **xs_directory(struct xs_handle *h, xs_transaction_t t, const char *path,
                    unsigned int *n)
{
    return NULL;
}

bool xs_rm(struct xs_handle *h, xs_transaction_t t, const char *path)
{
    return false;
}

xs_transaction_t xs_transaction_start(struct xs_handle *h)
{
    return 1;
}

bool xs_transaction_end(struct xs_handle *h, xs_transaction_t t, bool abort)
{
    return true;
}

/* --- the backend --- */

static char dir[] = "/tmp/supervisor-XXXXXX", program[64];
static struct event_loop loop;
static struct devices devices = {.loop = &loop, .program_dir = dir};

static int set_up(void **unused)
{
    assert_non_null(mkdtemp(dir));
    snprintf(program, sizeof(program), "%s/xen-block-backend", dir);
    return event_loop_init(&loop);
}

static int tear_down(void **unused)
{
    unlink(program);
    event_loop_destroy(&loop);
    return rmdir(dir);
}

/* Until the device's process, which is this script, has ended. */
static void run(const char *script)
{
    int fd = open(program, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0700);
    siginfo_t info;

    dprintf(fd, "#!/bin/sh\n%s\n", script);
    close(fd);
    error[0] = 0;
    strcpy(state, "1");
    devices_check(&devices, BACK "/state");
    assert_non_null(devices.list);
    assert_int_equal(waitid(P_ALL, 0, &info, WEXITED | WNOWAIT), 0);
    devices_reap(&devices);
    assert_null(devices.list);
}

static void last_error_is_the_devices_error(void **unused)
{
    run("echo 'b[vbd-3-51712] error: cannot start: no luck' >&2\n"
        "echo 'b[vbd-3-51712] warning: 3 more lines dropped' >&2\n"
        "exit 1");
    assert_string_equal(error, "failed with status 1: cannot start: no luck");
    assert_string_equal(state, "6");
    run("echo 'b error: one' >&2; echo 'b error: two' >&2; kill -9 $$");
    assert_string_equal(error, "killed by signal 9: two");
}

static void last_line_will_do(void **unused)
{
    run("printf 'first\\nlibx.so: no such file' >&2; exit 127");
    assert_string_equal(error, "failed with status 127: libx.so: no such file");
    run("exit 3");
    assert_string_equal(error, "failed with status 3");
}

static void endless_line_is_cut(void **unused)
{
    run("head -c 500 /dev/zero | tr '\\0' x >&2; exit 1");
    assert_in_range(strlen(error), 200, 300);
}

static void lines_go_to_the_log(void **unused)
{
    int saved = dup(STDERR_FILENO), file = memfd_create("log", 0);
    char text[512] = "";

    dup2(file, STDERR_FILENO);
    run("echo one >&2; echo two >&2; exit 1");
    dup2(saved, STDERR_FILENO);
    close(saved);
    pread(file, text, sizeof(text) - 1, 0);
    close(file);
    assert_non_null(strstr(text, "one\ntwo\n"));
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(last_error_is_the_devices_error),
        cmocka_unit_test(last_line_will_do),
        cmocka_unit_test(endless_line_is_cut),
        cmocka_unit_test(lines_go_to_the_log),
        cmocka_unit_test(no_descriptor_is_left),
    };

    return cmocka_run_group_tests_name("supervisor", tests, set_up, tear_down);
}
