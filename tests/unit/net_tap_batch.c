/* SPDX-License-Identifier: MIT */
/*
 * Many frames by one system call, into a socket that plays the tap device: each
 * arrives once, whole and in order; those for which there is no room are lost,
 * and nobody waits. The same where the kernel has no io_uring.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
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
        {"frames_arrive_in_order_without_io_uring", frames_arrive_in_order,
         one_by_one, close_tap, NULL},
    };

    return cmocka_run_group_tests_name("net tap batch", tests, NULL, NULL);
}
