/* SPDX-License-Identifier: MIT */
/*
 * Many frames by one system call, into a socket that plays the tap device: each
 * arrives once, whole and in order; those for which there is no room are lost,
 * and nobody waits. The same where the kernel has no io_uring, or takes less
 * than it is given.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include <daemon/log.h>

#include "../../backends/net/tap_batch.h"

#define FRAMES 100
#define DEPTH  64 /* less than there are */

static struct tap_batch batch;
static int tap[2];
static struct iovec iov[FRAMES][3];
static struct tap_frame frame[FRAMES];
static uint8_t data[FRAMES][1000];

static void make_frames(void)
{
    for (unsigned int i = 0; i < FRAMES; i++) {
        memset(data[i], i, sizeof(data[i]));
        iov[i][1] = (struct iovec){data[i], 10 + i};
        iov[i][2] = (struct iovec){data[i] + 500, 300};
        frame[i] = (struct tap_frame){
            .header = {.gso_size = i}, .iov = iov[i], .nr = 2};
    }
}

/* The number that arrived. */
static unsigned int arrived(void)
{
    uint8_t buf[2000];
    struct virtio_net_hdr h;
    unsigned int n = 0;
    ssize_t r;

    while ((r = recv(tap[1], buf, sizeof(buf), MSG_DONTWAIT)) >= 0) {
        memcpy(&h, buf, sizeof(h));
        assert_true(h.gso_size >= n && h.gso_size < FRAMES);
        assert_int_equal(r, sizeof(h) + 310 + h.gso_size);
        assert_memory_equal(buf + sizeof(h), data[h.gso_size], 300);
        n++;
    }
    return n;
}

static void frames_arrive_in_order(void **state)
{
    for (unsigned int n = 0; n <= FRAMES; n++) {
        make_frames();
        tap_batch_write(&batch, tap[0], frame, n);
        assert_int_equal(arrived(), n);
    }
}

static void frames_without_room_are_lost(void **state)
{
    unsigned int n;

    for (int i = 0; i < 20; i++) {
        make_frames();
        tap_batch_write(&batch, tap[0], frame, FRAMES);
    }
    n = 0;
    while (recv(tap[1], data, sizeof(data), MSG_DONTWAIT) >= 0)
        n++;
    assert_in_range(n, 1, 20 * FRAMES - 1);
    frames_arrive_in_order(NULL);
}

/* --- a kernel that does less than it is asked for ------------------------- */

int __real_io_uring_submit(struct io_uring *ring);
int __wrap_io_uring_submit(struct io_uring *ring);
int __wrap___io_uring_get_cqe(struct io_uring *ring, struct io_uring_cqe **c,
                              unsigned int submit, unsigned int wait, void *m);

static unsigned int at_once = UINT32_MAX; /* takes so many, */
static int refuses, calls_until;          /* then fails with this; 0: never */
static bool silent; /* takes all and never says what became of it */

int __wrap_io_uring_submit(struct io_uring *ring)
{
    unsigned int n = io_uring_sq_ready(ring), later = 0;
    int rc;

    if (silent)
        return (int)n;
    if (refuses && !calls_until--)
        return refuses;
    if (n > at_once)
        later = n - at_once;
    ring->sq.sqe_tail -= later; /* they stay in the ring */
    rc = __real_io_uring_submit(ring);
    ring->sq.sqe_tail += later;
    return rc;
}

int __wrap___io_uring_get_cqe(struct io_uring *ring, struct io_uring_cqe **c,
                              unsigned int submit, unsigned int wait, void *m)
{
    return -EBADR; /* it has lost count */
}

static void a_kernel_that_takes_some_at_a_time_gets_each_frame_once(void **s)
{
    for (at_once = 1; at_once < 20; at_once++) {
        make_frames();
        tap_batch_write(&batch, tap[0], frame, FRAMES);
        assert_int_equal(arrived(), FRAMES);
        assert_true(batch.open);
    }
    at_once = UINT32_MAX;
}

static void a_kernel_that_takes_no_more_gets_each_frame_once(void **state)
{
    refuses = -EBUSY;
    for (int i = 0; i < 6; i++) {
        tap_batch_open(&batch, DEPTH);
        at_once = 7;
        calls_until = i;
        make_frames();
        tap_batch_write(&batch, tap[0], frame, FRAMES);
        assert_int_equal(arrived(), FRAMES);
        assert_false(batch.open);
    }
    refuses = 0;
    at_once = UINT32_MAX;
}

static void memory_that_the_kernel_may_still_read_is_not_reused(void **state)
{
    int status;
    pid_t pid;

    make_frames();
    silent = true;
    pid = fork();
    if (!pid) {
        log_setup("test", LOG_LVL_ERROR - 1);
        tap_batch_write(&batch, tap[0], frame, FRAMES);
        _exit(0); /* where the memory would be used again */
    }
    silent = false;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 1);
}

static int open_tap(bool with_ring)
{
    int size = 200000;

    log_setup("test", LOG_LVL_ERROR);
    if (with_ring)
        tap_batch_open(&batch, DEPTH);
    if (batch.open != with_ring ||
        socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, tap))
        return -1;
    return setsockopt(tap[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
}

static int together(void **state)
{
    return open_tap(true);
}

static int one_by_one(void **state)
{
    return open_tap(false);
}

static int close_tap(void **state)
{
    tap_batch_close(&batch);
    tap_batch_close(&batch);
    close(tap[0]);
    close(tap[1]);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(frames_arrive_in_order, together,
                                        close_tap),
        cmocka_unit_test_setup_teardown(frames_without_room_are_lost, together,
                                        close_tap),
        cmocka_unit_test_setup_teardown(
            a_kernel_that_takes_some_at_a_time_gets_each_frame_once, together,
            close_tap),
        cmocka_unit_test_setup_teardown(
            a_kernel_that_takes_no_more_gets_each_frame_once, together,
            close_tap),
        cmocka_unit_test_setup_teardown(
            memory_that_the_kernel_may_still_read_is_not_reused, together,
            close_tap),
        {"frames_arrive_in_order_without_io_uring", frames_arrive_in_order,
         one_by_one, close_tap, NULL},
    };

    return cmocka_run_group_tests_name("net tap batch", tests, NULL, NULL);
}
