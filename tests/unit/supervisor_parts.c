/* SPDX-License-Identifier: MIT */
/*
 * What lies between a supervisor and a backend process: the pipe with its log,
 * which has a bound, and the socket at which each new supervisor finds it.
 */
#include <errno.h>
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

#include "../../backends/common/handover.h"
#include "../../backends/supervisor/device_log.h"

static char dir[] = "/tmp/supervisor-parts-XXXXXX";
static struct event_loop loop;

static int set_up(void **unused)
{
    assert_non_null(mkdtemp(dir));
    return event_loop_init(&loop);
}

static int tear_down(void **unused)
{
    event_loop_destroy(&loop);
    return rmdir(dir);
}

static void log_of_a_backend_gone_mad_is_bounded(void **unused)
{
    int saved = dup(STDERR_FILENO), file = memfd_create("log", 0), end;
    struct device_log log;
    struct stat st;
    char text[101], path[64];

    memset(text, 'x', sizeof(text));
    text[100] = '\n';
    dup2(file, STDERR_FILENO);
    snprintf(path, sizeof(path), "%s/pipe", dir);
    assert_int_equal(device_log_open(&log, &loop, path, "a device", 1000), 0);
    end = device_log_end(path);
    unlink(path);
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

static void supervisor_can_come_again(void **unused)
{
    char path[64];
    int listener, first, second, end;

    snprintf(path, sizeof(path), "%s/socket", dir);
    listener = handover_listen(path);
    assert_true(listener >= 0);
    assert_int_equal(handover_accept(listener), -EAGAIN);
    first = handover_connect(path);
    end = handover_accept(listener);
    assert_int_equal(handover_take(end), -EAGAIN);
    close(first);
    assert_int_equal(handover_take(end), -ENOTCONN);
    close(end);
    first = handover_connect(path);
    second = handover_connect(path);
    end = handover_accept(listener); /* the newest */
    assert_int_equal(handover_serve(first), -ENOTCONN);
    assert_int_equal(handover_ask(end), 0);
    assert_int_equal(handover_serve(second), 0);
    assert_int_equal(handover_take(end), -ENOENT);
    close(end);
    close(first);
    close(second);
    close(listener);
    assert_int_equal(handover_connect(path), -ECONNREFUSED);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(log_of_a_backend_gone_mad_is_bounded),
        cmocka_unit_test(supervisor_can_come_again),
    };

    return cmocka_run_group_tests_name("supervisor_parts", tests, set_up,
                                       tear_down);
}
