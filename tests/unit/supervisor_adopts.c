/* SPDX-License-Identifier: MIT */
/*
 * Who goes on without a supervisor: the next one adopts the processes that
 * live, by the files of their devices, replaces those that died meanwhile, and
 * reads what was said.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../backends/common/xenbus_state.h"
#include "supervisor_world.h"

static void living_process_is_adopted(void **unused)
{
    pid_t first;

    begin_lasting();
    first = pid;
    disk->state = 4;
    for (int i = 0; i < 3; i++) {
        next_supervisor();
        within(50, never);
        await_process(1, "........");
    }
    assert_int_equal(kill(first, SIGKILL), 0);
    await_process(2, "heirloom");
    assert_int_equal(disk->restarts, 1);
    next_supervisor();
    kill(pid, SIGKILL);
    await_process(3, "heirloom");
    assert_int_equal(disk->restarts, 2);
    remove_disk();
}

/* The supervisor has guessed its state meanwhile. */
static void device_that_is_being_opened_is_not_another(void **unused)
{
    begin_lasting();
    next_supervisor();
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
    die_without_supervisor();
    begin_supervisor();
    await_process(2, "heirloom");
    remove_disk();
}

static void device_that_went_meanwhile_leaves_nothing(void **unused)
{
    begin_lasting();
    die_without_supervisor();
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
    char go[80], *text;

    begin("while [ ! -e $0.go ]; do sleep 0.05; done; echo meanwhile >&2\n"
          "rm $0.go; exec sleep 1000");
    pid = 0;
    disk->state = 4;
    devices_close(&devices);
    snprintf(go, sizeof(go), "%s.go", program);
    close(open(go, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    while (!access(go, F_OK))
        usleep(1000);
    log_begins();
    begin_supervisor();
    within(100, never);
    disk->state = 0;
    stop_all();
    text = log_ends();
    assert_non_null(strstr(text, "meanwhile\n"));
    free(text);
}

/* That of the kernel's device is there before anything is adopted. */
static void store_may_be_there_before_the_dead_are_found(void **unused)
{
    begin_lasting();
    disk->state = 4;
    die_without_supervisor();
    assert_int_equal(devices_open(&devices), 0);
    devices_adopt(&devices);
    devices_check(&devices, NULL);
    await_process(2, "heirloom");
    remove_disk();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(living_process_is_adopted),
        TEST(device_that_is_being_opened_is_not_another),
        TEST(process_that_died_meanwhile_is_replaced),
        TEST(device_that_went_meanwhile_leaves_nothing),
        TEST(device_in_use_without_files_has_a_process),
        TEST(file_that_is_found_is_made_first),
        TEST(what_was_half_written_is_removed),
        TEST(process_that_cannot_be_reached_is_replaced),
        TEST(what_is_said_meanwhile_goes_to_the_log),
        TEST(store_may_be_there_before_the_dead_are_found),
    };

    return cmocka_run_group_tests_name("supervisor_adopts", tests, world_begins,
                                       world_ends);
}
