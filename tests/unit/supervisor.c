/* SPDX-License-Identifier: MIT */
/*
 * The supervisor's devices, over a store that is played and with shell scripts
 * for backends: who gets a successor, and when; what it inherits; who goes on
 * without a supervisor; and that the device's error node says how a process
 * ended, and what it said last, also when the store was away meanwhile, or is a
 * new one.
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
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include <daemon/clock.h>
#include <daemon/log.h>

#include "../../backends/common/xenbus_state.h"
#include "../../backends/supervisor/device.h"
#include "played_devices.h"

#define BACK "backend/vbd/3/0"

static char dir[] = "/tmp/supervisor-XXXXXX", run_dir[64], program[64],
            started[40];
static struct event_loop loop;
static struct store_client store;
static struct device_kind kinds[] = {{"vbd", "xen-block-backend", 4096, NULL},
                                     {NULL, NULL, 0, NULL}};
static struct devices devices;
static struct played_device *disk;

static int set_up(void **unused)
{
    assert_non_null(mkdtemp(dir));
    snprintf(run_dir, sizeof(run_dir), "%s/run", dir);
    snprintf(program, sizeof(program), "%s/xen-block-backend", dir);
    snprintf(started, sizeof(started), "%s/started", dir);
    played_open(dir);
    disk = &played->disk[0];
    return event_loop_init(&loop);
}

static int tear_down(void **unused)
{
    char path[64];

    snprintf(path, sizeof(path), "%s/store", dir);
    unlink(path);
    unlink(program);
    unlink(started);
    event_loop_destroy(&loop);
    return rmdir(dir);
}

/* A supervisor that finds what the former has left. */
static void begin_supervisor(void)
{
    devices = (struct devices){.kinds = kinds,
                               .store = &store,
                               .loop = &loop,
                               .xlc = (struct xlc_handle *)&loop,
                               .program_dir = dir,
                               .run_dir = run_dir};
    assert_int_equal(devices_open(&devices), 0);
    devices_adopt(&devices);
    devices_store_changed(&devices);
    devices_check(&devices, NULL);
}

static int each_begins(void **unused)
{
    memset(played, 0, sizeof(*played));
    kinds[0].record_size = 4096;
    unlink(started);
    begin_supervisor();
    return 0;
}

/* Nothing is left of any device. */
static int each_ends(void **unused)
{
    devices_close(&devices);
    return rmdir(run_dir);
}

/* --- waiting --- */

static bool (*awaited)(void);

static void look(struct event_timer *t)
{
    if (awaited())
        event_loop_stop(&loop, 0);
    else
        event_timer_set(&loop, t, 2);
}

static void give_up(struct event_timer *t)
{
    event_loop_stop(&loop, 1);
}

/* The loop runs until then, or for so long. */
static bool within(unsigned int ms, bool (*condition)(void))
{
    struct event_timer often = {.fire = look}, end = {.fire = give_up};
    int rc;

    awaited = condition;
    event_timer_set(&loop, &often, 0);
    event_timer_set(&loop, &end, ms);
    rc = event_loop_run(&loop);
    event_timer_cancel(&loop, &often);
    event_timer_cancel(&loop, &end);
    return !rc;
}

static bool never(void)
{
    return false;
}

static bool nothing_left(void)
{
    return !devices.list;
}

/* --- the backend --- */

static void write_program(const char *script)
{
    int fd = open(program, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0700);

    dprintf(fd, "#!/bin/sh\n%s\n", script);
    close(fd);
}

/* The device's process is this script. */
static void begin(const char *script)
{
    write_program(script);
    disk->error[0] = 0;
    disk->online = 1;
    disk->state = 1;
    devices_check(&devices, BACK "/state");
    assert_non_null(devices.list);
}

static void run(const char *script)
{
    begin(script);
    assert_true(within(10000, nothing_left));
}

static unsigned int lines, wanted_lines;
static pid_t pid;
static char found[32], served[64];

static bool has_started(void)
{
    FILE *f = fopen(started, "r");
    char line[128];

    lines = 0; /* a former test's process may have left a part of one */
    while (f && fgets(line, sizeof(line), f))
        lines += sscanf(line, "%d %31s %63s", &pid, found, served) == 3;
    if (f)
        fclose(f);
    return lines >= wanted_lines;
}

/* The nth process since the test began is there, and has done what it does. */
static void await_process(unsigned int n, const char *record)
{
    static char comm[64];
    char path[64];

    wanted_lines = n;
    assert_true(within(10000, has_started));
    assert_int_equal(lines, n);
    assert_string_equal(found, record);
    assert_string_equal(served, BACK);
    snprintf(path, sizeof(path), "/proc/%d/comm", (int)pid);
    do {
        FILE *f = fopen(path, "r");

        within(5, never);
        assert_non_null(f);
        assert_int_equal(fscanf(f, "%63s", comm), 1);
        fclose(f);
    } while (strcmp(comm, "sleep"));
}

/* It notes its number and what the former has left in the record, leaves
 * something itself, and goes on. */
static void begin_lasting(void)
{
    char script[256];

    snprintf(script, sizeof(script),
             "r=/proc/self/fd/$4\n"
             "echo $$ $(head -c 8 $r | tr '\\0' .) $7 >> %s\n"
             "printf heirloom | dd of=$r conv=notrunc 2> /dev/null\n"
             "exec sleep 1000",
             started);
    begin(script);
    await_process(1, "........");
}

static void remove_disk(void)
{
    disk->state = 0;
    if (devices.list)
        kill(pid, SIGTERM);
    assert_true(within(10000, nothing_left));
    assert_string_equal(disk->error, "");
    assert_int_equal(disk->restarts, -1);
}

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
}

static void endless_line_is_cut(void **unused)
{
    run("head -c 500 /dev/zero | tr '\\0' x >&2; exit 1");
    assert_in_range(strlen(disk->error), 200, 300);
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

/* --- successors --- */

static bool error_is_told(void)
{
    return *disk->error;
}

/* As if a second had passed. */
static void fire_timers_of_devices(void)
{
    struct event_timer *next;

    for (struct event_timer *t = loop.timers; t; t = next) {
        next = t->next;
        if (t == &devices.look)
            continue;
        event_timer_cancel(&loop, t);
        t->fire(t);
    }
}

static void killed_process_has_a_successor_with_its_record(void **unused)
{
    begin_lasting();
    disk->state = 4;
    kill(pid, SIGKILL);
    await_process(2, "heirloom");
    assert_int_equal(disk->state, 4);
    assert_string_equal(disk->error, "killed by signal 9");
    fire_timers_of_devices();
    assert_string_equal(disk->error, "");
    remove_disk();
}

static unsigned int requests_before_fork;

pid_t __fork(void);
pid_t fork(void)
{
    requests_before_fork = played_requests;
    return __fork();
}

/* Each takes as long as a busy domain 0 makes it. */
static void successor_waits_for_one_answer_of_the_store(void **unused)
{
    begin_lasting();
    disk->state = 4;
    devices_check(&devices, BACK "/state");
    kill(pid, SIGKILL);
    played_requests = 0;
    await_process(2, "heirloom");
    assert_in_range(requests_before_fork, 0, 1);
    assert_string_equal(disk->error, "killed by signal 9");
    assert_int_equal(disk->restarts, 1);
    remove_disk();
}

static void process_that_is_told_to_end_has_a_successor(void **unused)
{
    begin_lasting();
    disk->state = 2;
    kill(pid, SIGTERM);
    await_process(2, "heirloom");
    assert_int_equal(disk->state, 2);
    remove_disk();
}

static void record_is_not_a_new_devices(void **unused)
{
    begin_lasting();
    kill(pid, SIGKILL);
    await_process(2, "........");
    remove_disk();
}

static void failure_of_a_device_in_use_is_tried_again(void **unused)
{
    char script[96];
    uint64_t start;

    begin("sleep 0.2; exit 1");
    disk->state = 4;
    assert_true(within(10000, error_is_told));
    assert_string_equal(disk->error, "failed with status 1");
    snprintf(script, sizeof(script), "echo $$ x x >> %s; exit 1", started);
    write_program(script);
    start = now_ms();
    wanted_lines = 4; /* at once, and after 100, 200, 400 ms */
    assert_true(within(10000, has_started));
    assert_in_range(now_ms() - start, 500, 2500);
    assert_int_equal(disk->state, 4);
    disk->state = 0;
    assert_true(within(10000, nothing_left));
}

static void process_of_a_dead_domain_has_no_successor(void **unused)
{
    begin_lasting();
    disk->state = 4;
    played->guest_over = true;
    kill(pid, SIGKILL);
    assert_true(within(10000, nothing_left));
    assert_int_equal(disk->state, 6);
}

/* The device is there as long as the store says so. */
static void device_that_the_store_does_not_close_is_closed_later(void **unused)
{
    begin_lasting();
    disk->state = 4;
    played->guest_over = played->refuses = true;
    kill(pid, SIGKILL);
    within(200, never);
    assert_non_null(devices.list);
    assert_int_equal(disk->state, 4);
    fire_timers_of_devices();
    assert_non_null(devices.list);
    played->refuses = false;
    fire_timers_of_devices();
    assert_null(devices.list);
    assert_int_equal(disk->state, 6);
}

static void device_that_was_closed_is_over_with_its_process(void **unused)
{
    begin_lasting();
    disk->state = 6;
    disk->online = 0;
    kill(pid, SIGTERM);
    assert_true(within(10000, nothing_left));
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

/* --- without a supervisor --- */

static void living_process_is_adopted(void **unused)
{
    pid_t first;

    begin_lasting();
    first = pid;
    disk->state = 4;
    for (int i = 0; i < 3; i++) {
        devices_close(&devices);
        begin_supervisor();
        within(50, never);
        await_process(1, "........");
    }
    assert_int_equal(kill(first, SIGKILL), 0);
    await_process(2, "heirloom");
    assert_int_equal(disk->restarts, 1);
    devices_close(&devices);
    begin_supervisor();
    kill(pid, SIGKILL);
    await_process(3, "heirloom");
    assert_int_equal(disk->restarts, 2);
    remove_disk();
}

/* The supervisor has guessed its state meanwhile. */
static void device_that_is_being_opened_is_not_another(void **unused)
{
    begin_lasting();
    devices_close(&devices);
    begin_supervisor();
    assert_false(devices.list->worker.gate.over);
    fire_timers_of_devices();
    within(100, never);
    await_process(1, "........");
    remove_disk();
}

static void process_that_died_meanwhile_is_replaced(void **unused)
{
    begin_lasting();
    disk->state = 4;
    devices_close(&devices);
    kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    begin_supervisor();
    await_process(2, "heirloom");
    remove_disk();
}

static void device_that_went_meanwhile_leaves_nothing(void **unused)
{
    begin_lasting();
    devices_close(&devices);
    kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    disk->state = 0;
    begin_supervisor();
    assert_true(within(10000, nothing_left));
}

/* Somebody has removed them: only the store knows of the device. */
static void device_in_use_without_files_has_a_process(void **unused)
{
    begin_lasting();
    remove_disk();
    for (unsigned int n = 2; n <= 3; n++) {
        disk->state =
            n == 2 ? XenbusStateReconfiguring : XenbusStateReconfigured;
        devices_check(&devices, NULL);
        assert_non_null(devices.list);
        await_process(n, "........");
        remove_disk();
    }
}

static bool pid_file_was_first;

int mkfifo(const char *path, mode_t mode)
{
    char pid_file[96];

    snprintf(pid_file, sizeof(pid_file), "%s/vbd-3-0.pid", run_dir);
    pid_file_was_first = !access(pid_file, F_OK);
    return mknod(path, S_IFIFO | mode, 0);
}

/* By that file the next supervisor finds the device, and so the others. */
static void file_that_is_found_is_made_first(void **unused)
{
    begin_lasting();
    assert_true(pid_file_was_first);
    remove_disk();
}

/* It may be killed while it writes how a process ended. */
static void what_was_half_written_is_removed(void **unused)
{
    char path[96];
    int fd;

    begin_lasting();
    snprintf(path, sizeof(path), "%s/vbd-3-0.ends.new", run_dir);
    fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    assert_int_equal(close(fd), 0);
    remove_disk();
    assert_int_equal(unlink(path), -1);
}

static void process_that_cannot_be_reached_is_replaced(void **unused)
{
    char path[96];

    begin_lasting();
    disk->state = 4;
    devices_close(&devices);
    snprintf(path, sizeof(path), "%s/vbd-3-0.socket", run_dir);
    assert_int_equal(unlink(path), 0);
    begin_supervisor();
    await_process(2, "heirloom");
    remove_disk();
}

static void what_is_said_meanwhile_goes_to_the_log(void **unused)
{
    int saved = dup(STDERR_FILENO), file = memfd_create("log", 0);
    char text[4096] = "";

    begin("while [ ! -e $0.go ]; do sleep 0.05; done; echo meanwhile >&2\n"
          "rm $0.go; exec sleep 1000");
    pid = 0;
    disk->state = 4;
    devices_close(&devices);
    snprintf(text, sizeof(text), "%s.go", program);
    close(open(text, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    while (!access(text, F_OK))
        usleep(1000);
    dup2(file, STDERR_FILENO);
    begin_supervisor();
    within(100, never);
    disk->state = 0;
    devices_stop_all(&devices);
    assert_int_equal(event_loop_run(&loop), 0);
    dup2(saved, STDERR_FILENO);
    close(saved);
    memset(text, 0, sizeof(text));
    pread(file, text, sizeof(text) - 1, 0);
    close(file);
    assert_non_null(strstr(text, "meanwhile\n"));
}

static void stop_ends_all_and_closes_the_device(void **unused)
{
    begin_lasting();
    disk->state = 4;
    devices_close(&devices);
    begin_supervisor();
    devices_stop_all(&devices);
    assert_int_equal(event_loop_run(&loop), 0);
    assert_null(devices.list);
    assert_int_equal(disk->state, 6);
    assert_int_equal(waitpid(pid, NULL, WNOHANG), -1);
}

static void stop_insists(void **unused)
{
    char script[160];

    snprintf(script, sizeof(script),
             "trap '' TERM; echo $$ x x >> %s; while :; do sleep 0.1; done",
             started);
    begin(script);
    wanted_lines = 1;
    assert_true(within(10000, has_started));
    devices_stop_all(&devices);
    within(200, never);
    assert_non_null(devices.list);
    devices.look.fire(&devices.look);
    assert_true(within(3000, nothing_left));
}

/* --- a process that the kernel does not let go --- */

static bool unkillable;

int pidfd_send_signal(int pidfd, int signal, siginfo_t *info,
                      unsigned int flags)
{
    return unkillable ? 0
                      : (int)syscall(SYS_pidfd_send_signal, pidfd, signal, info,
                                     flags);
}

static void toolstack_makes_another(void)
{
    disk->state = 0;
    devices_check(&devices, BACK);
    disk->online = 1;
    disk->state = 1;
    devices_check(&devices, BACK "/state");
}

static void process_of_a_device_before_this_one_is_ended(void **unused)
{
    begin_lasting();
    disk->state = 4;
    devices_check(&devices, BACK "/state");
    toolstack_makes_another();
    within(100, never);
    await_process(1, "........"); /* it has time */
    fire_timers_of_devices();
    await_process(2, "........");
    remove_disk();
}

static void failure_of_a_device_before_is_not_this_ones(void **unused)
{
    char script[160];

    snprintf(script, sizeof(script),
             "trap 'exit 1' TERM\necho $$ ........ $7 >> %s\n"
             "while :; do sleep 0.05; done",
             started);
    begin(script);
    wanted_lines = 1;
    assert_true(within(10000, has_started));
    disk->state = 4;
    devices_check(&devices, BACK "/state");
    toolstack_makes_another();
    assert_int_equal(kill(pid, SIGTERM), 0);
    wanted_lines = 2;
    assert_true(within(10000, has_started));
    assert_int_equal(disk->state, 1);
    assert_string_equal(disk->error, "");
    remove_disk();
}

static void process_that_cannot_be_ended_is_left(void **unused)
{
    pid_t first;

    begin_lasting();
    first = pid;
    disk->state = 4;
    devices_check(&devices, BACK "/state");
    toolstack_makes_another();
    unkillable = true;
    fire_timers_of_devices();
    within(100, never);
    await_process(1, "........");
    fire_timers_of_devices();
    fire_timers_of_devices();
    await_process(2, "........");
    unkillable = false;
    assert_int_equal(kill(first, SIGKILL), 0);
    assert_int_equal(waitpid(first, NULL, 0), first);
    within(100, never);
    await_process(2, "........");
    remove_disk();
}

/* Its guest may have taken it over. */
static void begin_that_obeys_nobody(void)
{
    char script[160];

    snprintf(script, sizeof(script),
             "trap '' TERM; echo $$ ........ $7 >> %s\n"
             "while :; do sleep 0.05; done",
             started);
    begin(script);
    wanted_lines = 1;
    assert_true(within(10000, has_started));
    disk->state = 4;
    devices_check(&devices, BACK "/state");
    assert_false(devices.list->worker.gate.over);
}

static void ends_by_force(void)
{
    assert_true(devices.list->worker.gate.over); /* at once */
    within(100, never);
    assert_non_null(devices.list); /* it has time */
    fire_timers_of_devices();
    assert_false(devices.list->worker.requests.added);
    within(100, never);
    assert_non_null(devices.list);
    fire_timers_of_devices();
    assert_true(within(3000, nothing_left));
}

static void process_does_not_outlive_its_device(void **unused)
{
    begin_that_obeys_nobody();
    disk->state = 0;
    devices_check(&devices, BACK);
    ends_by_force();
}

static void nor_one_that_was_closed_for_good(void **unused)
{
    begin_that_obeys_nobody();
    disk->state = 6;
    devices_check(&devices, BACK "/state"); /* the frontend may come again */
    assert_false(devices.list->worker.gate.over);
    disk->online = 0;
    devices_check(&devices, BACK "/state");
    ends_by_force();
}

static void nor_one_that_went_with_its_directory(void **unused)
{
    begin_that_obeys_nobody();
    disk->state = 0;
    devices_check(&devices, "backend/vbd/3");
    ends_by_force();
}

/* Which the process can do if its write is on the way. */
static void nor_one_that_it_has_brought_back(void **unused)
{
    begin_that_obeys_nobody();
    disk->state = 0;
    devices_check(&devices, BACK);
    disk->brought_back = true;
    disk->state = 4;
    devices_check(&devices, BACK "/state");
    ends_by_force();
    devices_check(&devices, BACK "/state"); /* nor does it get another */
    assert_null(devices.list);
}

static void nor_one_that_went_without_a_supervisor(void **unused)
{
    begin_that_obeys_nobody();
    devices_close(&devices);
    disk->state = 0;
    begin_supervisor();
    ends_by_force();
}

static void process_goes_on_if_the_store_has_forgotten_its_guest(void **unused)
{
    begin_that_obeys_nobody();
    disk->state = 0;
    played->unknown = true;
    devices_check(&devices, BACK);
    assert_false(devices.list->worker.gate.over);
    played->unknown = false;
    devices_check(&devices, BACK);
    ends_by_force();
}

static void process_has_no_terminal(void **unused)
{
    run("o=$(readlink /proc/$$/fd/0 /proc/$$/fd/1); echo $o >&2; exit 1");
    assert_string_equal(disk->error,
                        "failed with status 1: /dev/null /dev/null");
}

/* It is slow, but serves the device. */
static void process_that_has_gone_on_is_not_ended(void **unused)
{
    begin_lasting();
    disk->state = 4;
    devices_check(&devices, BACK "/state");
    toolstack_makes_another();
    disk->state = 2;
    devices_check(&devices, BACK "/state");
    fire_timers_of_devices();
    within(100, never);
    await_process(1, "........");
    remove_disk();
}

/* --- without a store --- */

static void lose_store(bool lost)
{
    played->away = lost;
    devices_store_changed(&devices);
}

static unsigned int kept, asked;
static bool there, was_fresh;

static int keep(struct devices *ds, const char *path, bool fresh)
{
    asked++;
    was_fresh = fresh;
    if (!there || played->away)
        return -ENODEV;
    kept++;
    return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

/* After it was lost, the process makes it; or the script gives it another name.
 */
static void device_is_kept_once_it_is_there(void **unused)
{
    kinds[0].keep = keep;
    there = false;
    kept = asked = 0;
    begin_lasting();
    assert_int_equal(asked, 1);
    assert_true(was_fresh);
    disk->state = 4;
    devices_check(&devices, BACK "/state");
    assert_int_equal(asked, 2);
    assert_false(was_fresh);
    kill(pid, SIGKILL);
    await_process(2, "heirloom");
    assert_int_equal(asked, 2);
    there = true;
    devices_check(&devices, BACK "/hotplug-status");
    assert_int_equal(kept, 1);
    assert_false(was_fresh);
    devices_check(&devices, BACK "/state");
    assert_int_equal(kept, 1);
    kinds[0].keep = NULL;
    remove_disk();
}

/* As one that was lost with its process, in no event. */
static void device_is_kept_when_its_process_has_gone_on(void **unused)
{
    kinds[0].keep = keep;
    there = false;
    kept = 0;
    begin_lasting();
    there = true;
    fire_timers_of_devices();
    assert_int_equal(kept, 1);
    kinds[0].keep = NULL;
    remove_disk();
}

/* What is to be kept is known to the store, which is reached later. */
static void adopted_device_is_kept_once_the_store_is_there(void **unused)
{
    kinds[0].keep = keep;
    there = true;
    kept = 0;
    begin_lasting();
    disk->state = 4;
    devices_check(&devices, BACK "/state");
    assert_int_equal(kept, 1);
    devices_close(&devices);
    played->away = true;
    begin_supervisor();
    assert_int_equal(kept, 1);
    lose_store(false);
    assert_int_equal(kept, 2);
    lose_store(true);
    lose_store(false);
    assert_int_equal(kept, 2);
    kinds[0].keep = NULL;
    remove_disk();
}

static int other_end;

static int keep_pipe(struct devices *ds, const char *path, bool fresh)
{
    int end[2];

    kept++;
    assert_int_equal(pipe2(end, O_CLOEXEC), 0);
    other_end = end[0];
    return end[1];
}

/* As an interface that the administrator removes. */
static void what_was_kept_and_is_removed_is_made_anew(void **unused)
{
    kinds[0].keep = keep_pipe;
    kept = 0;
    begin_lasting();
    disk->state = 4;
    devices_check(&devices, BACK "/state");
    kill(pid, SIGKILL);
    await_process(2, "heirloom");
    assert_int_equal(kept, 1);
    close(other_end);
    kill(pid, SIGKILL);
    await_process(3, "heirloom");
    fire_timers_of_devices();
    assert_int_equal(kept, 2);
    close(other_end);
    kinds[0].keep = NULL;
    remove_disk();
}

/* That of the kernel's device is there before anything is adopted. */
static void store_may_be_there_before_the_dead_are_found(void **unused)
{
    begin_lasting();
    disk->state = 4;
    devices_close(&devices);
    kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    assert_int_equal(devices_open(&devices), 0);
    devices_adopt(&devices);
    devices_check(&devices, NULL);
    await_process(2, "heirloom");
    remove_disk();
}

static void nothing_is_started_to_be_stopped(void **unused)
{
    begin_lasting();
    disk->state = 0;
    played->unknown = true;
    kill(pid, SIGKILL);
    devices_stop_all(&devices);
    assert_int_equal(event_loop_run(&loop), 0);
    assert_null(devices.list);
    wanted_lines = 2;
    assert_false(has_started());
}

static void end_is_told_when_the_store_is_back(void **unused)
{
    kinds[0].record_size = 0;
    begin("exit 1");
    disk->state = 4;
    devices_check(&devices, BACK "/state");
    lose_store(true);
    within(500, never);
    assert_string_equal(disk->error, "");
    assert_non_null(devices.list);
    lose_store(false);
    assert_null(devices.list);
    assert_string_equal(disk->error, "failed with status 1");
    assert_int_equal(disk->state, 6);
}

static void successor_does_not_wait_for_the_store(void **unused)
{
    begin_lasting();
    disk->state = 4;
    devices_check(&devices, BACK "/state");
    lose_store(true);
    kill(pid, SIGKILL);
    await_process(2, "heirloom");
    lose_store(false);
    remove_disk();
}

/* It has five seconds to come, as the processes have to end. */
static void stop_waits_no_longer_for_the_store(void **unused)
{
    begin_lasting();
    disk->state = 4;
    devices_check(&devices, BACK "/state");
    lose_store(true);
    devices_stop_all(&devices);
    within(200, never);
    assert_non_null(devices.list);
    assert_int_equal(devices.list->worker.pid, 0);
    devices.look.fire(&devices.look);
    assert_int_equal(event_loop_run(&loop), 0);
    assert_null(devices.list);
}

/* A new store has no nodes of the device, so its guest's end decides. */
static void process_ends_with_the_guest(void **unused)
{
    begin("exec sleep 100");
    disk->state = 0;
    played->unknown = true;
    lose_store(true);
    lose_store(false);
    devices.look.fire(&devices.look);
    assert_non_null(devices.list);
    played->guest_over = true;
    devices.look.fire(&devices.look);
    assert_true(within(10000, nothing_left));
    played->guest_over = false;
    devices.look.fire(&devices.look);
    event_timer_cancel(&loop, &devices.look);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, each_begins, each_ends)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(last_error_is_the_devices_error),
        TEST(last_line_will_do),
        TEST(endless_line_is_cut),
        TEST(lines_go_to_the_log),
        TEST(no_descriptor_is_left),
        TEST(killed_process_has_a_successor_with_its_record),
        TEST(successor_waits_for_one_answer_of_the_store),
        TEST(process_that_is_told_to_end_has_a_successor),
        TEST(record_is_not_a_new_devices),
        TEST(failure_of_a_device_in_use_is_tried_again),
        TEST(process_of_a_dead_domain_has_no_successor),
        TEST(device_that_the_store_does_not_close_is_closed_later),
        TEST(device_that_was_closed_is_over_with_its_process),
        TEST(program_that_is_missing_is_reported),
        TEST(living_process_is_adopted),
        TEST(device_that_is_being_opened_is_not_another),
        TEST(process_that_died_meanwhile_is_replaced),
        TEST(device_that_went_meanwhile_leaves_nothing),
        TEST(device_in_use_without_files_has_a_process),
        TEST(file_that_is_found_is_made_first),
        TEST(what_was_half_written_is_removed),
        TEST(process_that_cannot_be_reached_is_replaced),
        TEST(what_is_said_meanwhile_goes_to_the_log),
        TEST(stop_ends_all_and_closes_the_device),
        TEST(stop_insists),
        TEST(process_of_a_device_before_this_one_is_ended),
        TEST(failure_of_a_device_before_is_not_this_ones),
        TEST(process_that_cannot_be_ended_is_left),
        TEST(process_that_has_gone_on_is_not_ended),
        TEST(process_does_not_outlive_its_device),
        TEST(nor_one_that_was_closed_for_good),
        TEST(nor_one_that_went_with_its_directory),
        TEST(nor_one_that_it_has_brought_back),
        TEST(nor_one_that_went_without_a_supervisor),
        TEST(process_goes_on_if_the_store_has_forgotten_its_guest),
        TEST(process_has_no_terminal),
        TEST(end_is_told_when_the_store_is_back),
        TEST(successor_does_not_wait_for_the_store),
        TEST(stop_waits_no_longer_for_the_store),
        TEST(process_ends_with_the_guest),
        TEST(device_is_kept_once_it_is_there),
        TEST(device_is_kept_when_its_process_has_gone_on),
        TEST(adopted_device_is_kept_once_the_store_is_there),
        TEST(what_was_kept_and_is_removed_is_made_anew),
        TEST(store_may_be_there_before_the_dead_are_found),
        TEST(nothing_is_started_to_be_stopped),
    };

    return cmocka_run_group_tests_name("supervisor", tests, set_up, tear_down);
}
