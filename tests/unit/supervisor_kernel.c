/* SPDX-License-Identifier: MIT */
/*
 * The supervisor beside the kernel's drivers, which take all devices of their
 * kind: none may have two backends, and an administrator learns which it has.
 */
#include "supervisor_world.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <daemon/pid_lock.h>

#include "../../backends/common/kernel_driver.h"
#include "../../backends/supervisor/kernel_choice.h"

static void disk_appears(void)
{
    disk->online = 1;
    disk->state = 1;
    devices_check(&devices, BACK "/state");
}

static void what_the_kernel_serves_has_no_process(void **unused)
{
    char *log;

    played->kernel = true;
    log_begins();
    disk_appears();
    disk->state = 4;
    devices_check(&devices, BACK "/state");
    devices_check(&devices, NULL);
    log = log_ends();
    assert_null(devices.list);
    assert_non_null(
        strstr(log, "vbd devices are left to the kernel's xen-blkback"));
    assert_null(strstr(strstr(log, "left to") + 1, "left to")); /* once */
    assert_string_equal(disk->error, "");
    assert_int_equal(disk->state, 4);
    free(log);
}

static void a_driver_that_is_unloaded_leaves_the_next_disk(void **unused)
{
    played->kernel = true;
    disk_appears();
    assert_null(devices.list);
    disk->state = 0;
    devices_check(&devices, BACK);
    played->kernel = false;
    begin_lasting();
    remove_disk();
}

/* By hand, although guests' disks are served here. */
static void a_driver_that_is_loaded_meanwhile_is_told_of(void **unused)
{
    char *log;

    begin_in_use();
    played->kernel = true;
    log_begins();
    devices_check(&devices, BACK "/state");
    devices_check(&devices, BACK "/state");
    log = log_ends();
    assert_non_null(strstr(log, "so does the kernel's xen-blkback"));
    assert_null(strstr(strstr(log, "so does") + 1, "so does"));
    assert_non_null(devices.list);
    free(log);
    kill(pid, SIGKILL);
    assert_true(within(10000, nothing_left));
    assert_int_equal(disk->state, 4);
}

static void processes_of_a_former_supervisor_are_kept(void **unused)
{
    begin_in_use();
    played->kernel = true;
    next_supervisor();
    assert_non_null(devices.list);
    assert_int_equal(devices.list->worker.pid, pid);
    played->kernel = false;
    remove_disk();
}

static void another_programs_device_is_left_alone(void **unused)
{
    kinds[0].type = "phy";
    disk->foreign = true;
    disk_appears();
    assert_null(devices.list);
    disk->state = 0;
    devices_check(&devices, BACK);
    disk->foreign = false;
    begin_lasting();
    remove_disk();
    kinds[0].type = NULL;
}

/* Made anew for QEMU, while the process of the former has not ended. */
static void a_device_that_becomes_another_programs_is_left_alone(void **unused)
{
    kinds[0].type = "phy";
    begin_in_use();
    disk->foreign = true;
    disk->state = 1;
    devices_check(&devices, BACK "/state");
    kill(pid, SIGKILL);
    assert_true(within(10000, nothing_left));
    assert_int_equal(disk->state, 1);
    assert_string_equal(disk->error, "");
    disk->foreign = false;
    kinds[0].type = NULL;
}

/* --- what xl.conf says --- */

static const char *in_run_dir(const char *name)
{
    static char path[128];

    snprintf(path, sizeof(path), "%s/%s", run_dir, name);
    return path;
}

static void write_file(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

/* What this configuration has 'modprobe' asked for, and a part of what is said:
 * "" if nothing is. */
static void chosen(const char *config, const char *modules, const char *words)
{
    char asked[256] = "", *said;
    FILE *f;

    write_file(in_run_dir("xl.conf"), config);
    unlink(started);
    log_begins();
    kernel_choice(in_run_dir("xl.conf"), run_dir);
    said = log_ends();
    f = fopen(started, "r");
    if (f) {
        fread(asked, 1, sizeof(asked) - 1, f);
        fclose(f);
    }
    unlink(in_run_dir("xl.conf"));
    assert_string_equal(asked, modules);
    assert_non_null(strstr(said, words));
    assert_true(*words || !*said);
    free(said);
}

static char *saved_path;

static void play_modprobe(void)
{
    char text[128];

    snprintf(text, sizeof(text), "#!/bin/sh\necho \"$@\" >> %s\n", started);
    write_file(in_run_dir("modprobe"), text);
    chmod(in_run_dir("modprobe"), 0700);
    saved_path = strdup(getenv("PATH"));
    setenv("PATH", run_dir, 1);
}

static void end_modprobe(void)
{
    unlink(in_run_dir("modprobe"));
    setenv("PATH", saved_path, 1);
    free(saved_path);
}

static void the_drivers_that_are_wanted_are_loaded(void **unused)
{
    play_modprobe();
    chosen("", "", "");
    chosen("vbd.default.driver=\"process\"\n", "", "");
    chosen("#vbd.default.driver=\"kernel\"\n", "", "");
    chosen("vif.default.bridge=\"kernel\"\n", "", "");
    chosen("any.default.driver=\"kernel\"\n", "", "");
    chosen("vbd.default.driver=\"kernel\"\n", "xen-blkback\n",
           "xen-blkback cannot be loaded: vbd devices are served by processes");
    chosen("claim_mode=1\n  vif.default.driver = 'kernel' # fast",
           "xen-netback\n", "xen-netback cannot be loaded");
    chosen("vbd.default.driver=\"linux\"\n", "", "not 'linux'");
    played->kernel = true;
    chosen("vbd.default.driver=\"kernel\"\n", "", "");
    end_modprobe();
}

static void a_host_without_modprobe_goes_on(void **unused)
{
    play_modprobe();
    unlink(in_run_dir("modprobe"));
    chosen("vbd.default.driver=\"kernel\"\n", "", "cannot be loaded");
    end_modprobe();
}

static void a_driver_would_take_devices_with_processes(void **unused)
{
    int number, lock;

    play_modprobe();
    lock = pid_lock_take(in_run_dir("vbd-3-0.pid"), &number);
    assert_true(lock >= 0);
    chosen("vbd.default.driver=\"kernel\"\nvif.default.driver=\"kernel\"\n",
           "xen-netback\n", "xen-blkback is not loaded");
    pid_lock_write(number, getpid());
    chosen("vbd.default.driver=\"kernel\"\n", "", "xen-blkback is not loaded");
    close(number);
    close(lock);
    /* Its process was killed, and the next one has not begun. */
    chosen("vbd.default.driver=\"kernel\"\n", "", "xen-blkback is not loaded");
    unlink(in_run_dir("vbd-3-0.pid"));
    chosen("vbd.default.driver=\"kernel\"\n", "xen-blkback\n", "cannot be");
    end_modprobe();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_the_kernel_serves_has_no_process),
        TEST(a_driver_that_is_unloaded_leaves_the_next_disk),
        TEST(a_driver_that_is_loaded_meanwhile_is_told_of),
        TEST(processes_of_a_former_supervisor_are_kept),
        TEST(another_programs_device_is_left_alone),
        TEST(a_device_that_becomes_another_programs_is_left_alone),
        TEST(the_drivers_that_are_wanted_are_loaded),
        TEST(a_host_without_modprobe_goes_on),
        TEST(a_driver_would_take_devices_with_processes),
    };

    return cmocka_run_group_tests(tests, world_begins, world_ends);
}
