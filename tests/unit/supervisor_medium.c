/* SPDX-License-Identifier: MIT */
/*
 * A disk's medium stays claimed between two of its processes, whoever ends and
 * begins again, and is free at once when the device is over.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <unistd.h>

#include "../../backends/common/xenbus_state.h"
#include "supervisor_world.h"

static char medium[80];

/* Each description has a lock of its own. */
static bool is_free(void)
{
    int fd = open(medium, O_RDWR | O_CLOEXEC);
    bool got;

    assert_return_code(fd, errno);
    got = !flock(fd, LOCK_EX | LOCK_NB);
    close(fd);
    return got;
}

/* The process opens and locks it, or goes on with what it is given: it tells of
 * its last arguments but one in the place of a record. */
static void begin_with_medium(void)
{
    char script[512];
    int fd;

    kinds[0].disk = true;
    snprintf(medium, sizeof(medium), "%s.medium", program);
    fd = open(medium, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    assert_int_equal(close(fd), 0);
    snprintf(script, sizeof(script),
             "exec bash -c 'left=new; device=${@: -1}\n"
             "[ \"$7\" != --medium ] || { left=left; exec 200<&$8; }\n"
             "[ $left = left ] || exec 200<>%s\n"
             "[ \"$9\" != --errors ] || left=both\n"
             "exec 201<%s; flock -n 200 || left=busy\n"
             "echo $$ $left $device >> %s; exec sleep 1000' x \"$@\"",
             medium, medium, started);
    begin(script);
    await_process(1, "new");
    connect_disk();
}

static void kill_it(void)
{
    assert_int_equal(kill(pid, SIGKILL), 0);
}

static void remove_it(void)
{
    remove_disk();
    kinds[0].disk = false;
    assert_true(within(2000, is_free));
    unlink(medium);
}

static void medium_stays_claimed_between_two_processes(void **unused)
{
    begin_with_medium();
    for (unsigned int n = 2; n < 5; n++) {
        kill_it();
        await_process(n, "both");
        assert_false(is_free());
    }
    remove_it();
}

static void medium_stays_claimed_without_any_process(void **unused)
{
    begin_with_medium();
    write_program("exit 1");
    kill_it();
    assert_false(within(500, is_free));
    remove_it();
}

/* It takes from the process what the former one had. */
static void next_supervisor_has_it_as_well(void **unused)
{
    begin_with_medium();
    next_supervisor();
    kill_it();
    await_process(2, "both");
    fire_timers_of_devices();
    next_supervisor();
    next_supervisor();
    kill_it();
    await_process(3, "both");
    remove_it();
}

/* The toolstack waits for this state; the process takes some time to end. */
static void medium_is_free_when_the_device_is_closed(void **unused)
{
    begin_with_medium();
    disk->online = 0;
    disk->state = XenbusStateClosed;
    devices_check(&devices, BACK "/state");
    assert_int_equal(devices.list->medium.fd, -1);
    devices_check(&devices, BACK "/hotplug-status");
    fire_timers_of_devices();
    assert_int_equal(devices.list->medium.fd, -1);
    remove_it();
}

static void another_device_does_not_get_it(void **unused)
{
    begin_with_medium();
    disk->state = XenbusStateInitialising;
    devices_check(&devices, BACK "/state");
    kill_it();
    await_process(2, "new");
    assert_false(is_free());
    remove_it();
}

static rlim_t may_write(void)
{
    struct rlimit l;

    assert_int_equal(prlimit(pid, RLIMIT_FSIZE, NULL, &l), 0);
    return l.rlim_cur;
}

/* By what the process is about to tell its guest. */
static void process_may_write_what_its_medium_has_grown_by(void **unused)
{
    const struct rlimit first = {4096, RLIM_INFINITY};
    struct device_gate *g;

    begin_with_medium();
    assert_int_equal(prlimit(pid, RLIMIT_FSIZE, &first, NULL), 0);
    assert_int_equal(truncate(medium, 1 << 20), 0);
    g = &devices.list->worker.gate;
    assert_true(g->gate.rules->may(&g->gate, XS_WRITE, BACK "/state", "4", 1));
    assert_int_equal(may_write(), 4096);
    assert_true(
        g->gate.rules->may(&g->gate, XS_WRITE, BACK "/sectors", "2048", 4));
    assert_int_equal(may_write(), 1 << 20);
    assert_int_equal(truncate(medium, 8192), 0);
    g->gate.rules->may(&g->gate, XS_WRITE, BACK "/sectors", "16", 2);
    assert_int_equal(may_write(), 1 << 20);
    next_supervisor();
    assert_int_equal(truncate(medium, 2 << 20), 0);
    g = &devices.list->worker.gate;
    g->gate.rules->may(&g->gate, XS_WRITE, BACK "/sectors", "4096", 4);
    assert_int_equal(may_write(), 2 << 20);
    remove_it();
}

static void what_is_no_medium_is_not_kept(void **unused)
{
    char script[200];

    kinds[0].disk = true;
    snprintf(script, sizeof(script),
             "exec bash -c 'exec 200<>/dev/null; echo $$ null ${@: -1} >> %s\n"
             "exec sleep 1000' x \"$@\"",
             started);
    begin(script);
    await_process(1, "null");
    connect_disk();
    assert_int_equal(devices.list->medium.fd, -1);
    remove_disk();
    kinds[0].disk = false;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(medium_stays_claimed_between_two_processes),
        TEST(medium_stays_claimed_without_any_process),
        TEST(next_supervisor_has_it_as_well),
        TEST(medium_is_free_when_the_device_is_closed),
        TEST(another_device_does_not_get_it),
        TEST(process_may_write_what_its_medium_has_grown_by),
        TEST(what_is_no_medium_is_not_kept),
    };

    return cmocka_run_group_tests_name("supervisor_medium", tests, world_begins,
                                       world_ends);
}
