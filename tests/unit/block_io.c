/* SPDX-License-Identifier: MIT */
/*
 * How I/O gets to the kernel: by io_uring, which does nothing else, or by
 * threads that do the same; and nothing waits for a medium that hangs, nor for
 * a kernel that takes nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "media_world.h"

/* --- io_uring --- */

/* Reads from it never end: the kernel waits for a pipe. */
static void open_hanging(struct storage *s, int pipe_ends[2])
{
    alarm(10);
    assert_int_equal(open_it(s, image, "r"), 0);
    assert_int_equal(pipe2(pipe_ends, O_CLOEXEC), 0);
    assert_int_equal(dup2(pipe_ends[0], s->fd), s->fd);
    s->in_memory = false;
}

static void close_hanging(struct storage *s, int pipe_ends[2])
{
    storage_close(s);
    alarm(0);
    close(pipe_ends[0]);
    close(pipe_ends[1]);
}

static void nothing_waits_for_a_medium_that_hangs(void **state)
{
    static char data[512];
    struct storage_io io = {.op = STORAGE_READ, .data = data, .len = 512};
    struct storage s;
    int ends[2];

    open_hanging(&s, ends);
    storage_queue(&s, &io);
    assert_true(storage_kick(&s));
    assert_null(storage_next_done(&s));
    close_hanging(&s, ends);
}

/* When it is short of memory, nobody knows for how long. */
static void a_kernel_that_takes_nothing_is_not_waited_for(void **state)
{
    static char data[512];
    struct storage_io io = {.op = STORAGE_READ, .data = data, .len = 512};
    struct storage s;
    int ends[2];

    open_hanging(&s, ends);
    assert_int_equal(write(ends[1], "x", 1), 1);
    refusals = 1000000000;
    submissions = 0;
    storage_queue(&s, &io);
    assert_false(storage_kick(&s));
    assert_int_equal(submissions, 1);
    assert_null(storage_next_done(&s));
    refusals = 0;
    assert_true(storage_kick(&s)); /* of what was left */
    while (!storage_next_done(&s))
        ;
    assert_int_equal(io.result, 1);
    close_hanging(&s, ends);
}

/* It would need no system call that a filter could refuse. */
static void a_ring_does_nothing_but_io(void **state)
{
    struct storage s;
    struct io_uring_sqe *e;
    struct io_uring_cqe *c;

    open_with(&s, image, false, 8);
    for (int opens = 0; opens < 2; opens++) {
        e = io_uring_get_sqe(&s.ring);
        if (opens)
            io_uring_prep_openat(e, AT_FDCWD, "/etc/passwd", O_RDONLY, 0);
        else
            io_uring_prep_fsync(e, s.fd, IORING_FSYNC_DATASYNC);
        assert_int_equal(io_uring_submit_and_wait(&s.ring, 1), 1);
        assert_int_equal(io_uring_peek_cqe(&s.ring, &c), 0);
        assert_int_equal(c->res, opens ? -EACCES : 0);
        io_uring_cqe_seen(&s.ring, c);
    }
    storage_close(&s);
}

/* --- threads, without io_uring or beside it --- */

static void threads_do_what_io_uring_does(void **state)
{
    no_ring = true;
    takes_announced_sectors(image);
    for (int i = 0; i < 2; i++)
        if (loop[i][0])
            takes_announced_sectors(loop[i]);
    no_ring = false;
}

static bool is_readable(int fd, int ms)
{
    struct pollfd p = {fd, POLLIN, 0};

    return poll(&p, 1, ms) == 1;
}

static void open_with_threads(struct storage *s, const char *path, bool discard,
                              unsigned int depth)
{
    no_ring = true;
    open_with(s, path, discard, depth);
    no_ring = false;
    s->in_memory = false;
}

/* Each comes back once, and is told of until it is taken. */
static void many_requests_at_once(bool ring)
{
    static char data[64][512] __attribute__((aligned(512)));
    struct storage_io io[64], *done;
    struct storage s;
    unsigned int n = 0;

    if (ring)
        open_with(&s, image, false, 64);
    else
        open_with_threads(&s, image, false, 64);
    s.in_memory = false;
    for (int i = 0; i < 64; i++) {
        io[i] = (struct storage_io){.op = STORAGE_WRITE,
                                    .data = data[i],
                                    .offset = i * 512,
                                    .len = 512,
                                    .result = -1};
        storage_queue(&s, &io[i]);
    }
    assert_true(storage_kick(&s));
    while (n < 64) {
        assert_true(is_readable(s.wait_fd, 10000));
        while ((done = storage_next_done(&s))) {
            assert_int_equal(done->result, 512);
            done->result = -1;
            n++;
        }
    }
    assert_false(is_readable(s.wait_fd, 0));
    storage_close(&s);
}

static void threads_tell_of_each_request_once(void **state)
{
    many_requests_at_once(true);
    many_requests_at_once(false);
}

/* And its next user waits for it. */
static void nothing_waits_for_a_thread_that_hangs(void **state)
{
    static char data[512] __attribute__((aligned(512)));
    struct storage_io io = {.op = STORAGE_READ, .data = data, .len = 512};
    struct storage s;

    open_with_threads(&s, image, false, 4);
    alarm(10);
    reads_hang = true;
    storage_queue(&s, &io);
    assert_null(storage_next_done(&s));
    while (!read_hangs)
        usleep(1000);
    storage_close(&s);
    assert_int_equal(opened(image, "r"), -EAGAIN);
    reads_hang = false;
    while (opened(image, "w"))
        usleep(1000);
    alarm(0);
}

/* The first is in flight when the others come. */
static void flush_thrice(int error, int results[3])
{
    struct storage_io io[3], *done;
    struct storage s;

    open_with_threads(&s, image, false, 4);
    flushes = 0;
    flushes_hang = true;
    flush_error = error;
    for (int i = 0; i < 3; i++) {
        io[i] = (struct storage_io){.op = STORAGE_FLUSH, .result = 1};
        storage_queue(&s, &io[i]);
    }
    usleep(20000);
    assert_int_equal(flushes, 1);
    flushes_hang = false;
    for (int n = 0; n < 3; n++) {
        while (!(done = storage_next_done(&s)))
            assert_true(is_readable(s.wait_fd, 10000));
        results[done - io] = done->result;
    }
    assert_null(storage_next_done(&s));
    storage_close(&s);
}

static void flushes_at_once_are_one(void **state)
{
    int result[3];

    flush_thrice(0, result);
    assert_int_equal(flushes, 2);
    for (int i = 0; i < 3; i++)
        assert_int_equal(result[i], 0);
}

/* Of the data that is lost all have been asked to tell. */
static void a_flush_that_fails_fails_those_beside_it(void **state)
{
    int result[3];

    flush_thrice(EIO, result);
    for (int i = 0; i < 3; i++)
        assert_int_equal(result[i], -EIO);
}

static void what_io_uring_cannot_do_is_done_beside_it(void **state)
{
    struct storage_io io = {.op = STORAGE_DISCARD_SECURE, .len = 4096};
    struct storage s;

    needs_loop(0);
    open_with(&s, loop[0], true, 4);
    assert_false(s.limits.secure_discard);
    storage_close(&s);
    secure = true;
    open_with(&s, loop[0], true, 4);
    assert_true(s.limits.secure_discard);
    assert_int_equal(secure_discards, 0);
    storage_queue(&s, &io);
    assert_true(is_readable(s.wait_fd, 10000));
    assert_ptr_equal(storage_next_done(&s), &io);
    assert_int_equal(io.result, 0);
    assert_int_equal(secure_discards, 1);
    assert_false(is_readable(s.wait_fd, 0));
    io.op = STORAGE_FLUSH;
    storage_queue(&s, &io);
    assert_true(storage_kick(&s));
    assert_true(is_readable(s.wait_fd, 10000));
    assert_ptr_equal(storage_next_done(&s), &io);
    storage_close(&s);
    secure = false;
}

/* As a disk that makes no zeroes is told to. */
static void a_device_is_told_to_discard(void **state)
{
    static char data[4096] __attribute__((aligned(4096)));
    struct storage s;

    needs_loop(1);
    open_with_threads(&s, loop[1], true, 4);
    assert_false(s.discards_device);
    s.discards_device = true;
    memset(data, 'x', sizeof(data));
    assert_int_equal(transfer(&s, STORAGE_WRITE, data, 8192, 4096), 4096);
    assert_int_equal(transfer(&s, STORAGE_DISCARD, NULL, 8192, 4096), 0);
    assert_int_equal(transfer(&s, STORAGE_READ, data, 8192, 4096), 4096);
    assert_int_equal(data[0], 0);
    storage_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_waits_for_a_medium_that_hangs),
        cmocka_unit_test(a_kernel_that_takes_nothing_is_not_waited_for),
        cmocka_unit_test(threads_do_what_io_uring_does),
        cmocka_unit_test(threads_tell_of_each_request_once),
        cmocka_unit_test(nothing_waits_for_a_thread_that_hangs),
        cmocka_unit_test(flushes_at_once_are_one),
        cmocka_unit_test(a_flush_that_fails_fails_those_beside_it),
        cmocka_unit_test(what_io_uring_cannot_do_is_done_beside_it),
        cmocka_unit_test(a_device_is_told_to_discard),
        cmocka_unit_test(a_ring_does_nothing_but_io),
    };

    return cmocka_run_group_tests_name("block_io", tests, media_world_begin,
                                       media_world_end);
}
