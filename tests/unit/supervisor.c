/* SPDX-License-Identifier: MIT */
/*
 * The supervisor's devices, over a store of one device that is played here and
 * with shell scripts for backends: how a process ended, and what it said last,
 * is what the device's error node says; also when the store was away meanwhile,
 * or is a new one.
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

#include "../../backends/common/domain_over.h"
#include "../../backends/supervisor/device_log.h"
#include "../../backends/supervisor/devices.h"
#include "../../tools/libxenstore/reconnect.h"

#define BACK "backend/vbd/3/51712"

/* --- the store --- */

static char state[8], error[512];
static bool away;

bool store_lost(const struct store_client *c)
{
    return away;
}

int xs_connect(void)
{
    errno = ENOENT;
    return -1;
}

void *xs_read(struct xs_handle *h, xs_transaction_t t, const char *path,
              unsigned int *len)
{
    if (!strcmp(path, BACK "/state") && *state && !away)
        return strdup(state);
    errno = away ? ENOTCONN : ENOENT;
    return NULL;
}

bool xs_write(struct xs_handle *h, xs_transaction_t t, const char *path,
              const void *data, unsigned int len)
{
    bool is_state = !strcmp(path, BACK "/state");

    if (away)
        return false;
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

/* --- the hypervisor --- */

static bool guest_over;

bool domain_over(struct xlc_handle *h, unsigned int domid)
{
    assert_int_equal(domid, 3);
    return guest_over;
}

/* --- the backend --- */

static char dir[] = "/tmp/supervisor-XXXXXX", program[64];
static struct event_loop loop;
static struct store_client store;
static struct devices devices = {
    .store = &store, .loop = &loop, .program_dir = dir};

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

/* The device's process is this script. */
static void begin(const char *script)
{
    int fd = open(program, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0700);

    dprintf(fd, "#!/bin/sh\n%s\n", script);
    close(fd);
    error[0] = 0;
    strcpy(state, "1");
    devices_check(&devices, BACK "/state");
    assert_non_null(devices.list);
}

static void await_end(void)
{
    siginfo_t info;

    assert_int_equal(waitid(P_ALL, 0, &info, WEXITED | WNOWAIT), 0);
    devices_reap(&devices);
}

static void run(const char *script)
{
    begin(script);
    await_end();
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

static void log_of_a_backend_gone_mad_is_bounded(void **unused)
{
    int saved = dup(STDERR_FILENO), file = memfd_create("log", 0), end;
    struct device_log log;
    struct stat st;
    char text[101];

    memset(text, 'x', sizeof(text));
    text[100] = '\n';
    dup2(file, STDERR_FILENO);
    end = device_log_open(&log, &loop, "a device", 1000);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(write(end, text, sizeof(text)), sizeof(text));
        log.source.ready(&log.source, 0);
    }
    close(end);
    device_log_close(&log);
    dup2(saved, STDERR_FILENO);
    close(saved);
    assert_int_equal(fstat(file, &st), 0);
    close(file);
    assert_in_range(st.st_size, 900, 1200);
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

static void lose_store(bool lost)
{
    away = lost;
    devices_store_changed(&devices);
}

static void end_is_told_when_the_store_is_back(void **unused)
{
    begin("exit 1");
    strcpy(state, "4");
    lose_store(true);
    await_end();
    assert_string_equal(error, "");
    assert_non_null(devices.list);
    lose_store(false);
    assert_null(devices.list);
    assert_string_equal(error, "failed with status 1");
    assert_string_equal(state, "6");
}

/* A new store has no nodes of the device, so its guest's end decides. */
static void process_ends_with_the_guest(void **unused)
{
    begin("exec sleep 100");
    state[0] = 0;
    lose_store(true);
    lose_store(false);
    devices.look.fire(&devices.look);
    assert_non_null(devices.list);
    guest_over = true;
    devices.look.fire(&devices.look);
    await_end();
    assert_null(devices.list);
    guest_over = false;
    devices.look.fire(&devices.look);
    event_timer_cancel(&loop, &devices.look);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(last_error_is_the_devices_error),
        cmocka_unit_test(last_line_will_do),
        cmocka_unit_test(endless_line_is_cut),
        cmocka_unit_test(lines_go_to_the_log),
        cmocka_unit_test(end_is_told_when_the_store_is_back),
        cmocka_unit_test(process_ends_with_the_guest),
        cmocka_unit_test(log_of_a_backend_gone_mad_is_bounded),
        cmocka_unit_test(no_descriptor_is_left),
    };

    return cmocka_run_group_tests_name("supervisor", tests, set_up, tear_down);
}
