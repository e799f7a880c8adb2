/* SPDX-License-Identifier: MIT */
/* See nbd_world.h. */
#include "nbd_world.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <unistd.h>

#include <daemon/clock.h>
#include <daemon/log.h>

char dir[] = "/tmp/block-nbd-XXXXXX", image[64];
char lost_why[256];
struct event_loop loop;
unsigned int slow_began, slow_ended;
struct storage disk;
struct medium_id named;

static void on_lost(struct storage *s, const char *why)
{
    snprintf(lost_why, sizeof(lost_why), "%s", why);
}

static void on_slow(struct storage *s, bool is)
{
    if (is)
        slow_began++;
    else
        slow_ended++;
    event_loop_stop(&loop, 0);
}

int open_as(const char *name, const char *format, const char *mode)
{
    struct nbd_ask a = {.target = {.name = name, .format = format},
                        .id = &named,
                        .mode = mode,
                        .allow_discard = true,
                        .hold = -1,
                        .loop = &loop,
                        .lost = on_lost,
                        .slow = on_slow,
                        .slow_ms = 200};

    lost_why[0] = 0;
    return nbd_storage_open(&disk, &a);
}

/* A server that has just been killed or left may still be there. */
void open_again(const char *name, const char *format)
{
    uint64_t until = now_ms() + 5000;
    int rc;

    do {
        rc = open_as(name, format, "w");
    } while ((rc == -EBUSY || rc == -EAGAIN) && now_ms() < until &&
             !usleep(1000));
    if (rc)
        fail_msg("%s", log_take_reason(rc));
}

struct storage_io *next_done(void)
{
    struct pollfd p = {disk.wait_fd, POLLIN, 0};
    struct storage_io *io;

    storage_kick(&disk);
    while (!(io = storage_next_done(&disk)) && !*lost_why)
        assert_int_equal(poll(&p, 1, 10000), 1);
    return io;
}

int done(enum storage_op op, void *data, uint64_t offset, uint64_t len)
{
    struct storage_io io = {
        .op = op, .data = data, .offset = offset, .len = len};

    storage_queue(&disk, &io);
    return next_done() ? io.result : -ENOTCONN;
}

pid_t server_of(pid_t pid)
{
    char command[256], line[32] = "";
    FILE *f;

    snprintf(command, sizeof(command),
             "timeout 10 sh -c 'until pgrep -x -P "
             "\"$(pgrep -x -P \"$(pgrep -n -x -P %d xen-nbd-keeper)\" "
             "xen-nbd-guard)\" qemu-nbd; do sleep 0.01; done' 2> /dev/null",
             (int)pid);
    f = popen(command, "r");
    assert_non_null(f);
    assert_non_null(fgets(line, sizeof(line), f));
    pclose(f);
    return atoi(line);
}

pid_t server_pid(void)
{
    return server_of(getpid());
}

void await_end(int pidfd)
{
    struct pollfd ends = {.fd = pidfd, .events = POLLIN};

    assert_true(pidfd >= 0);
    assert_int_equal(poll(&ends, 1, 10000), 1);
    close(pidfd);
}

void kill_server(void)
{
    pid_t pid = server_pid();
    int pidfd = pidfd_open(pid, 0);

    kill(pid, SIGKILL);
    await_end(pidfd);
}

void run(const char *format, ...)
{
    char command[512];
    va_list ap;

    va_start(ap, format);
    vsnprintf(command, sizeof(command), format, ap);
    va_end(ap);
    assert_int_equal(system(command), 0);
}

void new_image(const char *format)
{
    unlink(image);
    run("qemu-img create -q -f %s %s 16M", format, image);
}

void refused(const char *name, const char *format, const char *mode,
             const char *why)
{
    int rc = open_as(name, format, mode);
    const char *said;

    assert_true(rc < 0);
    said = log_take_reason(rc);
    if (!strstr(said, why))
        fail_msg("'%s' does not say '%s'", said, why);
}

int nbd_world_begin(void **state)
{
    if (!mkdtemp(dir))
        return -1;
    log_setup("nbd", LOG_LVL_ERROR);
    if (event_loop_init(&loop))
        return -1;
    snprintf(image, sizeof(image), "%s/image", dir);
    return 0;
}

int nbd_world_end(void **state)
{
    run("rm -rf %s", dir);
    event_loop_destroy(&loop);
    return 0;
}

/* --- all tests --- */

#define MOST_TESTS 32

static void without_a_server(void **state)
{
    skip();
}

int nbd_world_run(const char *name, const struct CMUnitTest *tests, size_t n,
                  size_t alone, int (*begin)(void **state))
{
    struct CMUnitTest run[MOST_TESTS];
    bool servers = !geteuid() && !access(PROGRAM, X_OK);

    if (n > MOST_TESTS)
        return 1;
    for (size_t i = 0; i < n; i++)
        run[i] = servers || i < alone
                     ? tests[i]
                     : (struct CMUnitTest){.name = tests[i].name,
                                           .test_func = without_a_server};
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return _cmocka_run_group_tests(
        name, run, n, servers ? begin : nbd_world_begin, nbd_world_end);
}
