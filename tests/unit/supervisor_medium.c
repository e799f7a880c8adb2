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
#include <sys/stat.h>
#include <unistd.h>

#include "../../backends/block/kept.h"
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

/* As the hotplug script has found it. */
static void name_medium(void)
{
    struct stat st;
    int fd;

    snprintf(medium, sizeof(medium), "%s.medium", program);
    fd = open(medium, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    assert_int_equal(fstat(fd, &st), 0);
    assert_int_equal(close(fd), 0);
    snprintf(disk->medium_id, sizeof(disk->medium_id), "file:%llu:%llu",
             (unsigned long long)st.st_dev, (unsigned long long)st.st_ino);
}

/* As the program does when it has begun. */
static void it_asks(void)
{
    struct worker *w = &devices.list->worker;

    w->met = true;
    w->meets(w);
}

/* The process opens and locks it, or goes on with what it is given: it tells of
 * its last arguments but one in the place of a record. */
static void begin_with_medium(void)
{
    char script[512];

    kinds[0].disk = true;
    name_medium();
    snprintf(script, sizeof(script),
             "exec bash -c 'left=new; device=${@: -1}\n"
             "[ \"$7\" != --medium ] || { left=left; exec 200<&$8; }\n"
             "[ $left = left ] || exec 200<>%s\n"
             "[ \"$9\" != --errors ] || left=both\n"
             "exec 201<%s; flock -w 5 200 || left=busy\n"
             "echo $$ $left $device >> %s; exec sleep 1000' x \"$@\"",
             medium, medium, started);
    begin(script);
    await_process(1, "new");
    it_asks();
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

static bool waits_for_another(void)
{
    return !devices.list->worker.pid && devices.list->timer.armed &&
           devices.list->wait_ms > 500;
}

/* Though its next process is not due yet. */
static void medium_is_free_at_once_when_there_is_no_process(void **unused)
{
    begin_with_medium();
    write_program("exit 1");
    kill_it();
    assert_true(within(10000, waits_for_another));
    assert_false(is_free());
    disk->online = 0;
    disk->state = XenbusStateClosed;
    devices_check(&devices, BACK "/state");
    assert_int_equal(devices.list->medium.fd, -1);
    disk->error[0] = 0;
    disk->state = 0;
    fire_timers_of_devices();
    disk->error[0] = 0;
    remove_it();
}

/* It takes from the process what the former one had. */
static void next_supervisor_has_it_as_well(void **unused)
{
    begin_with_medium();
    next_supervisor();
    it_asks();
    kill_it();
    await_process(2, "both");
    it_asks();
    fire_timers_of_devices();
    next_supervisor();
    next_supervisor();
    it_asks();
    kill_it();
    await_process(3, "both");
    remove_it();
}

/* By what the former one has noted. */
static void next_supervisor_has_it_without_a_store(void **unused)
{
    begin_with_medium();
    lose_store(true);
    next_supervisor();
    it_asks();
    assert_int_not_equal(devices.list->medium.fd, -1);
    kill_it();
    await_process(2, "both");
    lose_store(false);
    remove_it();
}

/* Until then, it may be the supervisor's own copy, with what that has there. */
static void nothing_is_kept_of_a_process_that_has_not_asked(void **unused)
{
    begin_with_medium();
    next_supervisor();
    connect_disk();
    fire_timers_of_devices();
    assert_int_equal(devices.list->medium.fd, -1);
    it_asks();
    assert_int_not_equal(devices.list->medium.fd, -1);
    kill_it();
    await_process(2, "both");
    connect_disk();
    assert_false(devices.list->medium.taken);
    it_asks();
    assert_true(devices.list->medium.taken);
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
    it_asks();
    assert_int_equal(truncate(medium, 2 << 20), 0);
    g = &devices.list->worker.gate;
    g->gate.rules->may(&g->gate, XS_WRITE, BACK "/sectors", "4096", 4);
    assert_int_equal(may_write(), 2 << 20);
    remove_it();
}

/* What it has in the place of its medium and of the other description. */
static void begin_showing(const char *shown)
{
    char script[256];

    kinds[0].disk = true;
    name_medium();
    snprintf(script, sizeof(script),
             "exec bash -c 'exec %s; echo $$ shown ${@: -1} >> %s\n"
             "exec sleep 1000' x \"$@\"",
             shown, started);
    begin(script);
    await_process(1, "shown");
    it_asks();
    connect_disk();
}

static void nothing_is_kept_of(const char *shown)
{
    begin_showing(shown);
    assert_int_equal(devices.list->medium.fd, -1);
    remove_it();
}

static void what_is_no_medium_is_not_kept(void **unused)
{
    nothing_is_kept_of("200<>/dev/null");
}

/* Who had its lock would take the dead process for a living one for ever. */
static void lock_of_the_process_is_not_kept_in_the_place_of_a_medium(void **u)
{
    begin_showing("200<&$6 201<&$6");
    assert_int_equal(devices.list->medium.fd, -1);
    kill_it();
    await_process(2, "shown");
    remove_it();
}

static void record_is_not_kept_in_the_place_of_a_medium(void **unused)
{
    nothing_is_kept_of("200<&$4");
}

static void nothing_but_the_medium_is_kept_beside_it(void **unused)
{
    char shown[120];

    snprintf(shown, sizeof(shown), "200<>%s.medium 201<&$6", program);
    begin_showing(shown);
    assert_int_not_equal(devices.list->medium.fd, -1);
    assert_int_equal(devices.list->medium.errors, -1);
    remove_it();
}

static void medium_that_no_script_has_named_is_not_kept(void **unused)
{
    char shown[100];

    snprintf(shown, sizeof(shown), "200<>%s.medium", program);
    begin_showing(shown);
    kept_medium_let_go(&devices.list->medium);
    disk->medium_id[0] = 0;
    strcpy(disk->number, "8:10"); /* by another script: a device */
    device_keep(devices.list, false);
    assert_int_equal(devices.list->medium.fd, -1);
    remove_it();
}

/* However much the supervisor has open. */
static void what_a_process_inherits_is_no_medium(void **unused)
{
    int many[KEPT_MEDIUM], n = 0;
    char script[256];

    do
        many[n] = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0);
    while (many[n++] < KEPT_MEDIUM - 2 && n < KEPT_MEDIUM);
    snprintf(script, sizeof(script),
             "exec bash -c 'f=free; for n in 200 201; do\n"
             "[ ! -e /proc/$$/fd/$n ] || f=taken; done\n"
             "echo $$ $f ${@: -1} >> %s; exec sleep 1000' x \"$@\"",
             started);
    begin(script);
    while (n--)
        close(many[n]);
    await_process(1, "free");
    remove_disk();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(medium_stays_claimed_between_two_processes),
        TEST(medium_stays_claimed_without_any_process),
        TEST(medium_is_free_at_once_when_there_is_no_process),
        TEST(next_supervisor_has_it_as_well),
        TEST(next_supervisor_has_it_without_a_store),
        TEST(nothing_is_kept_of_a_process_that_has_not_asked),
        TEST(medium_is_free_when_the_device_is_closed),
        TEST(another_device_does_not_get_it),
        TEST(process_may_write_what_its_medium_has_grown_by),
        TEST(what_is_no_medium_is_not_kept),
        TEST(lock_of_the_process_is_not_kept_in_the_place_of_a_medium),
        TEST(record_is_not_kept_in_the_place_of_a_medium),
        TEST(nothing_but_the_medium_is_kept_beside_it),
        TEST(medium_that_no_script_has_named_is_not_kept),
        TEST(what_a_process_inherits_is_no_medium),
    };

    return cmocka_run_group_tests_name("supervisor_medium", tests, world_begins,
                                       world_ends);
}
