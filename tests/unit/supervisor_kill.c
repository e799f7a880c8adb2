/* SPDX-License-Identifier: MIT */
/*
 * The supervisor is killed by SIGKILL 100 times (KILLS), at any instant, while
 * devices come and go and their processes are killed, too. No device ever has
 * two processes; in the end each that is there has one, which has inherited
 * what its predecessors left; and when all are gone, nothing is left of them.
 *
 * The backend is this program itself under another name. Whoever's child a
 * process was, it becomes this test's when its parent ends, so all are seen.
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
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include <base/macros.h>
#include <daemon/clock.h>
#include <daemon/log.h>

#include "../../backends/common/handover.h"
#include "../../backends/supervisor/devices.h"
#include "played_devices.h"

#define PROGRAM "xen-block-backend"

static char dir[] = "/tmp/supervisor-kill-XXXXXX";

/* --- a backend --- */

/* Held for as long as the process lives, whatever the supervisor thinks. One
 * that is just ending, and does nothing any more, may have it for a moment. */
static void be_the_only_one(unsigned int n)
{
    char path[96];
    int fd;

    snprintf(path, sizeof(path), "%s/one-%u", dir, n);
    fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    for (int tries = 0; flock(fd, LOCK_EX | LOCK_NB); tries++) {
        if (tries == 100) {
            played->doubles++;
            return;
        }
        usleep(1000);
    }
}

/* The record says which instance of the device it is of: none, or this. A
 * device that is new has none, which a backend sees itself: it may be made anew
 * just now. */
static bool inherits(int record, const struct played_device *d,
                     unsigned int instance)
{
    unsigned int left = 0;

    return pread(record, &left, sizeof(left), 0) == sizeof(left) &&
           (!left || left == instance || d->state <= 1) &&
           pwrite(record, &instance, sizeof(instance), 0) == sizeof(instance);
}

static bool enters(struct played_device *d, int from, int to)
{
    return __sync_bool_compare_and_swap(&d->state, from, to);
}

/* Until the device goes, or is another one. */
static void serve(struct played_device *d, unsigned int instance, int socket)
{
    if (enters(d, 1, 4) && d->instance != instance)
        enters(d, 4, 1); /* which was made in this moment */
    while (d->state && d->online && d->instance == instance) {
        close(handover_accept(socket));
        usleep(500);
    }
    if (d->instance == instance && !enters(d, 4, 6))
        enters(d, 1, 6);
}

/* --supervisor FD --record FD --lock FD backend/vbd/3/N */
static int backend(char **argv)
{
    struct played_device *d;
    unsigned int n, instance;

    snprintf(dir, sizeof(dir), "%.*s", (int)(strrchr(argv[0], '/') - argv[0]),
             argv[0]);
    played_open(dir);
    alarm(120); /* should the test not end it */
    n = (unsigned int)atoi(strrchr(argv[7], '/') + 1);
    d = &played->disk[n];
    be_the_only_one(n);
    instance = d->instance;
    if (!inherits(atoi(argv[4]), d, instance))
        played->strangers++;
    d->pid = getpid();
    serve(d, instance, atoi(argv[2]));
    return 0;
}

/* --- a supervisor --- */

static struct event_loop loop;
static struct store_client store;
static struct devices devices;

static void look(struct event_timer *t)
{
    for (int i = 0; i < DISKS; i++) {
        char path[64];

        snprintf(path, sizeof(path), "backend/vbd/%d/%d/state", DOMAIN, i);
        devices_check(&devices, path);
    }
    event_timer_set(&loop, t, 1);
}

static int supervise(void)
{
    static struct device_kind kinds[] = {
        {.name = "vbd", .program = PROGRAM, .record_size = 4096}, {0}};
    struct event_timer often = {.fire = look};
    char run_dir[64];

    snprintf(run_dir, sizeof(run_dir), "%s/run", dir);
    devices = (struct devices){.kinds = kinds,
                               .store = &store,
                               .loop = &loop,
                               .xlc = (struct xlc_handle *)&loop,
                               .program_dir = dir,
                               .run_dir = run_dir};
    if (event_loop_init(&loop) || devices_open(&devices))
        return 1;
    devices_adopt(&devices);
    devices_store_changed(&devices);
    devices_check(&devices, NULL);
    look(&often);
    return event_loop_run(&loop);
}

static pid_t start_supervisor(void)
{
    pid_t pid = fork();

    if (!pid) {
        alarm(120); /* should the test not end it */
        _exit(supervise());
    }
    return pid;
}

static void end_supervisor(pid_t pid)
{
    kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
}

/* --- the toolstack, and accidents --- */

static void make_disk(struct played_device *d)
{
    d->instance++;
    d->online = 1;
    d->state = 1;
}

static void something_happens(void)
{
    struct played_device *d = &played->disk[rand() % DISKS];

    if (!d->state)
        make_disk(d);
    else if (d->state == 6)
        d->state = 0;
    else if (rand() % 3 == 0)
        d->online = 0;
    else if (rand() % 8 == 0)
        d->state = 0; /* by force */
    else if (d->pid > 0)
        kill(d->pid, SIGKILL);
}

static void reap(void)
{
    while (waitpid(-1, NULL, WNOHANG) > 0)
        ;
}

/* Processes of this test but the supervisor; 'present': what there should be.
 */
static unsigned int backends(unsigned int *present)
{
    unsigned int n = 0;
    char command[96];
    FILE *f;

    snprintf(command, sizeof(command), "exec pgrep -cf ^%s/" PROGRAM, dir);
    f = popen(command, "r");
    assert_int_equal(fscanf(f, "%u", &n), 1);
    pclose(f);
    *present = 0;
    for (int i = 0; i < DISKS; i++)
        *present += played->disk[i].state == 4;
    return n;
}

/* So many processes, for a while. */
static void settles_at(unsigned int wanted)
{
    uint64_t end = now_ms() + 15000;
    unsigned int right = 0, present = 0;

    while (right < 20 && now_ms() < end) {
        reap();
        right =
            backends(&present) == wanted && present == wanted ? right + 1 : 0;
        usleep(10000);
    }
    assert_int_equal(right, 20);
}

/* The last process is gone before the supervisor has removed its files. */
static void files_are_removed(void)
{
    uint64_t end = now_ms() + 15000;
    char path[64];

    snprintf(path, sizeof(path), "%s/run", dir);
    while (rmdir(path) && now_ms() < end)
        usleep(10000);
    assert_int_equal(mkdir(path, 0700), 0);
}

static void supervisor_is_killed_at_any_instant(void **unused)
{
    const char *kills = getenv("KILLS");
    unsigned int wanted = 0;
    pid_t pid;

    srand((unsigned int)getpid());
    for (int i = kills ? atoi(kills) : 100; i; i--) {
        pid = start_supervisor();
        for (int n = rand() % 6; n; n--) {
            usleep((useconds_t)(rand() % 5000));
            something_happens();
            reap();
        }
        usleep((useconds_t)(rand() % 5000));
        end_supervisor(pid);
    }
    pid = start_supervisor();
    for (int i = 0; i < DISKS; i++) {
        struct played_device *d = &played->disk[i];

        if (d->online && d->state && d->state != 6)
            wanted++;
    }
    settles_at(wanted);
    for (int i = 0; i < DISKS; i++)
        played->disk[i].state = 0;
    settles_at(0);
    files_are_removed();
    end_supervisor(pid);
    assert_int_equal(played->doubles, 0);
    assert_int_equal(played->strangers, 0);
}

static int set_up(void **unused)
{
    char path[64], self[4096];
    ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

    assert_true(n > 0);
    self[n] = 0;
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof(path), "%s/" PROGRAM, dir);
    assert_int_equal(symlink(self, path), 0);
    played_open(dir);
    return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
}

static int tear_down(void **unused)
{
    static const char *const names[] = {PROGRAM, "store", "one-0",
                                        "one-1", "one-2", "one-3"};
    char path[64];

    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
        unlink(path);
    }
    snprintf(path, sizeof(path), "%s/run", dir);
    return rmdir(path) || rmdir(dir); /* nothing is left in it */
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(supervisor_is_killed_at_any_instant),
    };

    if (strstr(argv[0], "/" PROGRAM))
        return backend(argv);
    return cmocka_run_group_tests_name("supervisor_kill", tests, set_up,
                                       tear_down);
}
