/* SPDX-License-Identifier: MIT */
/* See supervisor_world.h. */
#include "supervisor_world.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static char dir[] = "/tmp/supervisor-XXXXXX";
char run_dir[64], program[64], started[40];
struct event_loop loop;
static struct store_client store;
struct device_kind kinds[2] = {
    {.name = "vbd", .program = "xen-block-backend", .record_size = 4096}};
struct devices devices;
struct played_device *disk;

int world_begins(void **unused)
{
    assert_non_null(mkdtemp(dir));
    snprintf(run_dir, sizeof(run_dir), "%s/run", dir);
    snprintf(program, sizeof(program), "%s/xen-block-backend", dir);
    snprintf(started, sizeof(started), "%s/started", dir);
    played_open(dir);
    disk = &played->disk[0];
    return event_loop_init(&loop);
}

int world_ends(void **unused)
{
    char path[64];

    snprintf(path, sizeof(path), "%s/store", dir);
    unlink(path);
    unlink(program);
    unlink(started);
    event_loop_destroy(&loop);
    return rmdir(dir);
}

void begin_supervisor(void)
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

void next_supervisor(void)
{
    devices_close(&devices);
    begin_supervisor();
}

void stop_all(void)
{
    devices_stop_all(&devices);
    assert_int_equal(event_loop_run(&loop), 0);
    assert_null(devices.list);
}

int each_begins(void **unused)
{
    memset(played, 0, sizeof(*played));
    for (int i = 0; i < DISKS; i++)
        played->disk[i].restarts = -1;
    kinds[0].record_size = 4096;
    kinds[0].keep = NULL;
    kinds[0].left = false;
    unlink(started);
    begin_supervisor();
    return 0;
}

int each_ends(void **unused)
{
    devices_close(&devices);
    return rmdir(run_dir);
}

void fire_timers_of_devices(void)
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

void lose_store(bool lost)
{
    played->away = lost;
    devices_store_changed(&devices);
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

bool within(unsigned int ms, bool (*condition)(void))
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

bool never(void)
{
    return false;
}

bool nothing_left(void)
{
    return !devices.list;
}

/* --- the log --- */

static int saved_stderr, log_file;

void log_begins(void)
{
    saved_stderr = dup(STDERR_FILENO);
    log_file = memfd_create("log", 0);
    dup2(log_file, STDERR_FILENO);
}

char *log_ends(void)
{
    char *text = calloc(1, 4096);

    dup2(saved_stderr, STDERR_FILENO);
    close(saved_stderr);
    pread(log_file, text, 4095, 0);
    close(log_file);
    return text;
}

/* --- the backend --- */

/* In the place of one that is just starting, which cannot be written to. */
void write_program(const char *script)
{
    char path[sizeof(program) + 4];
    int fd;

    snprintf(path, sizeof(path), "%s.new", program);
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0700);
    assert_return_code(fd, errno);
    dprintf(fd, "#!/bin/sh\n%s\n", script);
    close(fd);
    assert_return_code(rename(path, program), errno);
}

void begin(const char *script)
{
    write_program(script);
    disk->error[0] = 0;
    disk->online = 1;
    disk->state = 1;
    devices_check(&devices, BACK "/state");
    assert_non_null(devices.list);
}

void run(const char *script)
{
    begin(script);
    assert_true(within(10000, nothing_left));
}

pid_t pid;
unsigned int wanted_lines;
static unsigned int lines;
static char found[32], served[64];

bool has_started(void)
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

void await_process(unsigned int n, const char *record)
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

void begin_lasting(void)
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

void connect_disk(void)
{
    disk->state = 4;
    devices_check(&devices, BACK "/state");
}

void begin_in_use(void)
{
    begin_lasting();
    connect_disk();
}

void begin_with_trap(const char *command)
{
    char script[160];

    snprintf(script, sizeof(script),
             "trap '%s' TERM; echo $$ ........ $7 >> %s\n"
             "while :; do sleep 0.05; done",
             command, started);
    begin(script);
    wanted_lines = 1;
    assert_true(within(10000, has_started));
}

void die_without_supervisor(void)
{
    devices_close(&devices);
    kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
}

void remove_disk(void)
{
    disk->state = 0;
    if (devices.list)
        kill(pid, SIGTERM);
    assert_true(within(10000, nothing_left));
    assert_string_equal(disk->error, "");
    assert_int_equal(disk->restarts, -1);
}
