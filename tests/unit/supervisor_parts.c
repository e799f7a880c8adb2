/* SPDX-License-Identifier: MIT */
/*
 * What lies between a supervisor and a backend process: the pipe with its log,
 * which has a bound, and the socket at which each new supervisor finds it; and
 * what an administrator is told of it.
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
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include <daemon/pid_lock.h>

#include "../../backends/common/handover.h"
#include "../../backends/supervisor/device_log.h"
#include "../../backends/common/record.h"
#include "../../backends/supervisor/device_status.h"
#include "../../backends/supervisor/worker.h"
#include "played_devices.h"

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
    struct device_log log = {0};
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

/* What so many processes of a device have said, each in its turn. */
static char *said(const char *text, size_t n, unsigned int processes)
{
    int saved = dup(STDERR_FILENO), file = memfd_create("log", 0), end;
    struct device_log log = {0};
    char path[64], *all = calloc(1, 8192);

    dup2(file, STDERR_FILENO);
    snprintf(path, sizeof(path), "%s/pipe", dir);
    while (processes--) {
        assert_int_equal(device_log_open(&log, &loop, path, "a device", 1000),
                         0);
        end = device_log_end(path);
        assert_int_equal(write(end, text, n), n);
        close(end);
        device_log_close(&log);
    }
    unlink(path);
    dup2(saved, STDERR_FILENO);
    close(saved);
    pread(file, all, 8191, 0);
    close(file);
    return all;
}

/* It cannot speak in another's name, nor to a terminal. */
static void what_a_backend_says_is_seen_to_be_its_own(void **unused)
{
    static const char forged[] =
        "x\nxenstored error: \33[2J\300 no\rroom\n\nrest";
    char *all = said(forged, strlen(forged), 1);

    assert_string_equal(all, "a device: x\n"
                             "a device: xenstored error: ?[2J? no?room\n"
                             "a device: \n"
                             "a device: rest\n");
    free(all);
}

/* Whatever of it is dropped or cut, and whoever else writes in between. */
static void every_line_of_a_backend_begins_with_its_name(void **unused)
{
    static char text[1000];
    struct device_log log = {0};
    int saved = dup(STDERR_FILENO), file = memfd_create("log", 0), end;
    char path[64], all[8192] = "";

    snprintf(path, sizeof(path), "%s/pipe", dir);
    memset(text, 'x', sizeof(text));
    dup2(file, STDERR_FILENO);
    assert_int_equal(device_log_open(&log, &loop, path, "a device", 600), 0);
    end = device_log_end(path);
    assert_int_equal(write(end, text, 500), 500);
    log.source.ready(&log.source, 0);
    assert_int_equal(write(STDERR_FILENO, "another\n", 8), 8);
    assert_int_equal(write(end, text, sizeof(text)), sizeof(text));
    log.source.ready(&log.source, 0); /* dropped */
    log.minute_ms -= 60000;
    assert_int_equal(write(end, "xenstored error: no\n", 20), 20);
    log.source.ready(&log.source, 0);
    device_log_close(&log);
    close(end);
    unlink(path);
    dup2(saved, STDERR_FILENO);
    close(saved);
    pread(file, all, sizeof(all) - 1, 0);
    close(file);
    assert_non_null(strstr(all, "x\nanother\n"));
    assert_non_null(strstr(all, "\na device: xenstored error: no\n"));
}

/* Who ends again and again has as much to say as one that goes on. */
static void successors_have_no_more_to_say(void **unused)
{
    char text[301], *all;

    memset(text, 'x', sizeof(text));
    text[300] = '\n';
    all = said(text, sizeof(text), 20);
    assert_in_range(strlen(all), 900, 1200);
    free(all);
}

/* What is copied to standard error is the next to be read. */
static void log_that_goes_on_is_closed(void **unused)
{
    int saved = dup(STDERR_FILENO), end;
    struct device_log log = {0};
    char path[64];

    snprintf(path, sizeof(path), "%s/pipe", dir);
    assert_int_equal(device_log_open(&log, &loop, path, "a device", 0), 0);
    end = device_log_end(path);
    unlink(path);
    assert_int_equal(write(end, "again\n", 6), 6);
    dup2(end, STDERR_FILENO);
    close(end);
    device_log_close(&log);
    dup2(saved, STDERR_FILENO);
    close(saved);
    assert_non_null(strstr(log.complaint, "again"));
}

/* --- a backend that its guest has taken over does what it can --- */

static int flooded; /* the supervisor's end of it is at work */

static void ask_often(struct event_timer *t)
{
    for (int i = 0; i < 20; i++)
        handover_ask(flooded);
    event_timer_set(&loop, t, 1);
}

static void write_often(struct event_timer *t)
{
    static const char text[4096] = "\n";

    while (write(flooded, text, sizeof(text)) > 0)
        ;
    event_timer_set(&loop, t, 1);
}

static void end_it(struct event_timer *t)
{
    event_loop_stop(&loop, 0);
}

static void flood_for(unsigned int ms, void (*flood)(struct event_timer *t))
{
    struct event_timer often = {.fire = flood}, end = {.fire = end_it};

    event_timer_set(&loop, &often, 0);
    event_timer_set(&loop, &end, ms);
    event_loop_run(&loop);
    event_timer_cancel(&loop, &often);
}

static void backend_that_asks_without_end_is_served_now_and_then(void **unused)
{
    struct worker w = {.dir = dir, .name = "vbd-3-1", .loop = &loop};
    int listener, lock, number;
    char path[64];

    snprintf(path, sizeof(path), "%s/vbd-3-1.pid", dir);
    lock = pid_lock_take(path, &number);
    assert_true(lock >= 0);
    assert_int_equal(pid_lock_write(number, getpid()), 0);
    snprintf(path, sizeof(path), "%s/vbd-3-1.socket", dir);
    listener = handover_listen(path);
    assert_true(listener >= 0);
    assert_int_equal(worker_adopt(&w, false), 0);
    flooded = handover_accept(listener);
    played_connects = 0;
    assert_false(w.met);
    flood_for(500, ask_often);
    assert_true(w.met);
    assert_in_range(played_connects, 2, 20);
    close(flooded);
    close(listener);
    worker_leave(&w);
    worker_remove_files(&w);
    close(number);
    close(lock);
}

static void what_a_backend_gone_mad_says_is_not_even_read(void **unused)
{
    int saved = dup(STDERR_FILENO), null = open("/dev/null", O_WRONLY), left;
    struct device_log log = {0};
    char path[64];

    snprintf(path, sizeof(path), "%s/pipe", dir);
    assert_int_equal(device_log_open(&log, &loop, path, "a device", 1000), 0);
    flooded = device_log_end(path);
    unlink(path);
    dup2(null, STDERR_FILENO);
    flood_for(200, write_often);
    dup2(saved, STDERR_FILENO);
    close(saved);
    close(null);
    assert_int_equal(ioctl(flooded, FIONREAD, &left), 0);
    assert_true(left > 0); /* nobody has come for it */
    assert_in_range(log.used, 1000, 200000);
    close(flooded);
    device_log_close(&log);
    assert_null(loop.timers);
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
    assert_int_equal(handover_asked(first), -ENOTCONN);
    assert_int_equal(handover_asked(second), 0);
    assert_int_equal(handover_ask(end), 0);
    assert_int_equal(handover_asked(second), 1);
    assert_int_equal(handover_answer(second, -ENOENT), 0);
    assert_int_equal(handover_take(end), -ENOENT);
    /* Neither "nothing yet" nor the supervisor's end. */
    assert_int_equal(handover_answer(second, -EAGAIN), 0);
    assert_int_equal(handover_take(end), -EIO);
    assert_int_equal(handover_answer(second, -ENOTCONN), 0);
    assert_int_equal(handover_take(end), -EIO);
    close(end);
    close(first);
    close(second);
    close(listener);
    assert_int_equal(handover_connect(path), -ECONNREFUSED);
    unlink(path);
}

static void status_is_json(void **unused)
{
    struct device_status s = {.restarts = 2, .why = "it said \"no\""}, again;
    const struct device_status none_ended = {.medium = {"file:2049:17"}};
    char *text, path[64], expected[400];
    const struct record_head left = {
        .counts = {.to_guest = {3, 4096}, .from_guest = {UINT64_MAX, 1}},
        .waits_for = ENOSPC};
    int number, lock;
    size_t n;
    FILE *f = open_memstream(&text, &n);

    snprintf(path, sizeof(path), "%s/vbd-3-0.record", dir);
    number = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    assert_int_equal(write(number, &left, sizeof(left)), sizeof(left));
    close(number);
    device_status_save(&none_ended, dir, "vbd-3-0");
    device_status_load(&again, dir, "vbd-3-0");
    assert_memory_equal(&again, &none_ended, sizeof(again));
    device_status_save(&s, dir, "vbd-3-0");
    device_status_load(&again, dir, "vbd-3-0");
    assert_int_equal(again.restarts, 2);
    assert_string_equal(again.why, s.why);
    snprintf(path, sizeof(path), "%s/vbd-3-0.pid", dir);
    lock = pid_lock_take(path, &number);
    assert_true(lock >= 0);
    assert_int_equal(pid_lock_write(number, getpid()), 0);
    assert_int_equal(device_status_print(f, dir, "/nowhere"), 0);
    close(number);
    close(lock);
    assert_int_equal(device_status_print(f, dir, "/nowhere"), 0);
    fclose(f);
    snprintf(expected, sizeof(expected),
             "{\n  \"supervisor\": null,\n  \"devices\": [\n"
             "    { \"device\": \"backend/vbd/3/0\", \"pid\": %d, "
             "\"restarts\": 2, \"reason\": \"it said \\\"no\\\"\", "
             "\"to_guest\": { \"operations\": 3, \"bytes\": 4096 }, "
             "\"from_guest\": { \"operations\": 18446744073709551615, "
             "\"bytes\": 1 }, \"waits\": \"No space left on device\" }\n"
             "  ]\n}\n",
             (int)getpid());
    assert_memory_equal(text, expected, strlen(expected));
    assert_non_null(strstr(text + strlen(expected), "\"pid\": null"));
    free(text);
    unlink(path);
    snprintf(path, sizeof(path), "%s/vbd-3-0.ends", dir);
    unlink(path);
    snprintf(path, sizeof(path), "%s/vbd-3-0.record", dir);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(log_of_a_backend_gone_mad_is_bounded),
        cmocka_unit_test(what_a_backend_says_is_seen_to_be_its_own),
        cmocka_unit_test(successors_have_no_more_to_say),
        cmocka_unit_test(log_that_goes_on_is_closed),
        cmocka_unit_test(every_line_of_a_backend_begins_with_its_name),
        cmocka_unit_test(backend_that_asks_without_end_is_served_now_and_then),
        cmocka_unit_test(what_a_backend_gone_mad_says_is_not_even_read),
        cmocka_unit_test(supervisor_can_come_again),
        cmocka_unit_test(status_is_json),
    };

    return cmocka_run_group_tests_name("supervisor_parts", tests, set_up,
                                       tear_down);
}
