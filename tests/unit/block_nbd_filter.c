/* SPDX-License-Identifier: MIT */
/*
 * What the server of a medium may not ask for. Checked: no UNIX socket that can
 * reach one with a name, however its family is written; no io_uring; no other
 * table of system calls.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "../../backends/block/nbd_filter.h"

/* The exit status of a process with the filter. */
static int filtered(bool sockets, int (*then)(void))
{
    pid_t pid = fork();
    int status;

    if (!pid)
        _exit(nbd_filter_install(sockets) ? 100 : then());
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

static bool refuses(int fd, int error)
{
    return fd < 0 && errno == error;
}

static int has_no_names(void)
{
    const long unix_in_disguise = 1l << 32 | AF_UNIX;
    int pair[2], dgram = SOCK_DGRAM | SOCK_CLOEXEC;

    return !refuses(socket(AF_UNIX, SOCK_STREAM, 0), EACCES) +
           !refuses(syscall(SYS_socket, unix_in_disguise, SOCK_STREAM, 0),
                    EACCES) +
           !refuses(socketpair(AF_UNIX, dgram, 0, pair), EACCES) +
           !refuses(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), EACCES) +
           !refuses(socketpair(AF_UNIX, SOCK_RAW, 0, pair), EACCES) +
           !!socketpair(AF_UNIX, SOCK_STREAM, 0, pair) +
           (socket(AF_INET, SOCK_STREAM, 0) < 0) +
           !refuses(syscall(SYS_io_uring_setup, 0, NULL), ENOSYS);
}

static int has_names(void)
{
    return (socket(AF_UNIX, SOCK_STREAM, 0) < 0) +
           !refuses(syscall(SYS_io_uring_setup, 0, NULL), ENOSYS);
}

/* It would be behind the end, where no limit counts. */
static int takes_no_room(void)
{
    int keep = FALLOC_FL_KEEP_SIZE;

    return !refuses(fallocate(-1, keep, 0, 1), EOPNOTSUPP) +
           !refuses(fallocate(-1, keep | FALLOC_FL_ZERO_RANGE, 0, 1),
                    EOPNOTSUPP) +
           !refuses(fallocate(-1, FALLOC_FL_INSERT_RANGE, 0, 1), EOPNOTSUPP) +
           !refuses(fallocate(-1, FALLOC_FL_COLLAPSE_RANGE, 0, 1), EOPNOTSUPP) +
           !refuses(fallocate(-1, keep | FALLOC_FL_UNSHARE_RANGE, 0, 1),
                    EOPNOTSUPP) +
           !refuses(fallocate(-1, 1 << 20, 0, 1), EOPNOTSUPP) +
           !refuses(fallocate(-1, 0, 0, 1), EBADF) +
           !refuses(fallocate(-1, FALLOC_FL_ZERO_RANGE, 0, 1), EBADF) +
           !refuses(fallocate(-1, keep | FALLOC_FL_PUNCH_HOLE, 0, 1), EBADF);
}

#define X32 0x40000000

static int asks_another_table(void)
{
    syscall(X32 + SYS_getpid);
    return 0;
}

static void no_socket_reaches_a_name(void **state)
{
    assert_int_equal(filtered(false, has_no_names), 0);
}

static void it_does_for_a_medium_that_is_named_so(void **state)
{
    assert_int_equal(filtered(true, has_names), 0);
}

static void no_room_is_taken_behind_the_end(void **state)
{
    assert_int_equal(filtered(false, takes_no_room), 0);
    assert_int_equal(filtered(true, takes_no_room), 0);
}

static void another_table_of_system_calls_is_the_end(void **state)
{
    int status = filtered(true, asks_another_table);

    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_socket_reaches_a_name),
        cmocka_unit_test(it_does_for_a_medium_that_is_named_so),
        cmocka_unit_test(no_room_is_taken_behind_the_end),
        cmocka_unit_test(another_table_of_system_calls_is_the_end),
    };

    return cmocka_run_group_tests_name("block nbd filter", tests, NULL, NULL);
}
