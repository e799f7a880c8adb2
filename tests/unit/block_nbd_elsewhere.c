/* SPDX-License-Identifier: MIT */
/*
 * Disks that somebody's NBD server has, by way of a server of our own. Checked:
 * who is away is waited for, as long as somebody wants the disk.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <base/macros.h>

#include "nbd_world.h"

static char name[128];

static void somebody_serves(void)
{
    new_image("raw");
    run("qemu-nbd --fork -t -e 4 --pid-file=%s/pid -f raw -x disk -k %s/socket "
        "%s",
        dir, dir, image);
    snprintf(name, sizeof(name), "nbd:unix:%s/socket:exportname=disk", dir);
}

/* And does not answer. */
static void somebody_sleeps(void)
{
    run("kill -STOP $(cat %s/pid)", dir);
}

static int somebody_ends(void **state)
{
    run("kill -9 $(cat %s/pid); rm -f %s/pid %s/socket", dir, dir, dir);
    return 0;
}

/* Else it would write what nobody wants when another guest has the disk. */
static void when_the_device_ends_nothing_is_written(void **state)
{
    char data[512] = "too late";
    struct storage_io io = {.op = STORAGE_WRITE, .data = data, .len = 512};
    int server;

    somebody_serves();
    open_again(name, NULL);
    somebody_sleeps();
    server = pidfd_open(server_pid(), 0);
    storage_queue(&disk, &io);
    storage_leave(&disk);
    await_end(server);
    assert_null(next_done());
    storage_close(&disk);
}

/* Whatever its server does then, it ends. */
static void kill_with_server(pid_t pid)
{
    int server = pidfd_open(server_of(pid), 0);

    kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    await_end(server);
}

/* Its successor does the rest, or nobody. */
static void a_process_that_is_killed_takes_its_server_along(void **state)
{
    char data[512] = "in time";
    struct storage_io io = {.op = STORAGE_WRITE, .data = data, .len = 512};
    int ready[2];
    pid_t pid;
    char c;

    assert_int_equal(pipe(ready), 0);
    somebody_serves();
    pid = fork();
    if (!pid) {
        open_again(name, NULL);
        somebody_sleeps();
        storage_queue(&disk, &io);
        if (write(ready[1], "", 1) == 1)
            pause();
    }
    assert_int_equal(read(ready[0], &c, 1), 1);
    kill_with_server(pid);
    close(ready[0]);
    close(ready[1]);
}

/* A server that nobody has spoken to does not end with its client. */
static void so_does_one_that_waits_for_it(void **state)
{
    pid_t pid;

    somebody_serves();
    somebody_sleeps();
    pid = fork();
    if (!pid)
        _exit(open_as(name, NULL, "w"));
    kill_with_server(pid);
}

/* Once; it tells of this loss at one flush alone. */
static void somebody_loses_what_was_written(void)
{
    char data[512] = "lost";

    new_image("raw");
    run("qemu-nbd --fork -t -e 4 --pid-file=%s/pid -x disk -k %s/socket "
        "--image-opts driver=raw,file.driver=blkdebug,"
        "file.image.driver=file,file.image.filename=%s,"
        "file.inject-error.0.event=flush_to_disk,"
        "file.inject-error.0.errno=5,file.inject-error.0.once=on",
        dir, dir, image);
    snprintf(name, sizeof(name), "nbd:unix:%s/socket:exportname=disk", dir);
    open_again(name, NULL);
    assert_int_equal(done(STORAGE_WRITE, data, 0, 512), 512);
}

static void all_flushes_that_may_tell_of_a_loss_do(void **state)
{
    struct storage_io first = {.op = STORAGE_FLUSH}, second = first;

    somebody_loses_what_was_written();
    storage_queue(&disk, &first);
    storage_kick(&disk);
    storage_queue(&disk, &second);
    assert_int_equal(next_done()->result, -EIO);
    assert_int_equal(next_done()->result, -EIO);
    assert_int_equal(done(STORAGE_FLUSH, NULL, 0, 0), 0);
    storage_close(&disk);
}

/* The process that ends then writes it into the record. */
static void a_loss_is_told_at_the_servers_end(void **state)
{
    struct storage_io flush = {.op = STORAGE_FLUSH};
    struct pollfd answer = {.events = POLLIN};

    somebody_loses_what_was_written();
    storage_queue(&disk, &flush);
    storage_kick(&disk);
    answer.fd = disk.wait_fd;
    assert_int_equal(poll(&answer, 1, 10000), 1);
    kill_server();
    assert_ptr_equal(storage_next_done(&disk), &flush);
    assert_int_equal(flush.result, -EIO);
    assert_null(next_done());
    storage_close(&disk);
}

static void who_goes_is_waited_for(void **state)
{
    char data[512] = "over there", back[512];

    somebody_serves();
    open_again(name, NULL);
    assert_int_equal(disk.limits.sectors, 16 * MIB / 512);
    assert_true(disk.flush);
    assert_int_equal(done(STORAGE_WRITE, data, 0, 512), 512);
    /* It goes and comes back while somebody waits. */
    run("kill -9 $(cat %s/pid); rm %s/socket; (sleep 1; exec qemu-nbd -t -e 4 "
        "--pid-file=%s/pid -f raw -x disk -k %s/socket %s > /dev/null 2>&1) &",
        dir, dir, dir, dir, image);
    assert_int_equal(done(STORAGE_READ, back, 0, 512), 512);
    assert_string_equal(back, data);
    assert_int_equal(done(STORAGE_FLUSH, NULL, 0, 0), 0);
    storage_close(&disk);
}

#define TEST(f) cmocka_unit_test_teardown(f, somebody_ends)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(who_goes_is_waited_for),
        TEST(all_flushes_that_may_tell_of_a_loss_do),
        TEST(a_loss_is_told_at_the_servers_end),
        TEST(when_the_device_ends_nothing_is_written),
        TEST(a_process_that_is_killed_takes_its_server_along),
        TEST(so_does_one_that_waits_for_it),
    };

    return nbd_world_run("block_nbd_elsewhere", tests, ARRAY_SIZE(tests), 0,
                         nbd_world_begin);
}
