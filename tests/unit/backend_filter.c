/* SPDX-License-Identifier: MIT */
/*
 * The system calls that are left to a backend process, each tried by a process
 * that has given up the others.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <cmocka.h>
#include <xen/xen.h>
#include <xen/sys/evtchn.h>

#include "../../backends/common/syscall_filter.h"
#include "tried_call.h"

#define X32 0x40000000 /* another table of calls, in the same machine */

static int lock = -1, record = -1, other; /* descriptors */

static int install_filter(const void *unused)
{
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
           syscall_filter_install(lock, record);
}

static int with_filter(long (*call)(void))
{
    return tried_call(install_filter, NULL, call);
}

static long opens(void)
{
    return open("/dev/null", O_RDONLY);
}

static long asks_for_a_socket(void)
{
    return syscall(SYS_socket, 1, 1, 0);
}

static long uses_another_table(void)
{
    return syscall(X32 + SYS_write, 2, "", 0);
}

static long kills_its_parent(void)
{
    return syscall(SYS_tgkill, getppid(), getppid(), 0);
}

static long maps_code(void)
{
    return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS,
                -1, 0) == MAP_FAILED
               ? -1
               : 0;
}

static void *data(void)
{
    return mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
                -1, 0);
}

static long makes_code(void)
{
    return mprotect(data(), 4096, PROT_READ | PROT_EXEC);
}

static long takes_room(void)
{
    return fallocate(-1, FALLOC_FL_KEEP_SIZE, 1l << 40, 1l << 40);
}

static long makes_a_file_longer(void)
{
    return fallocate(-1, 0, 1l << 40, 1l << 40);
}

static long raises_a_limit(void)
{
    const struct rlimit all = {RLIM_INFINITY, RLIM_INFINITY};

    return setrlimit(RLIMIT_FSIZE, &all);
}

static long makes_a_hole(void)
{
    return fallocate(-1, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 4096);
}

static long asks_a_terminal(void)
{
    char size[64];

    return ioctl(2, TIOCGWINSZ, size);
}

/* --- what a supervisor knows a process by --- */

static long closes_its_lock(void)
{
    return close(lock);
}

static long closes_its_record(void)
{
    return close(record);
}

/* As the kernel takes it, it is the same. */
static long closes_a_larger_number(void)
{
    return syscall(SYS_close, (1ul << 32) + (unsigned long)lock);
}

static long lets_go_with(int command)
{
    struct flock none = {.l_type = F_UNLCK, .l_whence = SEEK_SET};

    return fcntl(record, command, &none);
}

static long lets_its_record_go(void)
{
    return lets_go_with(F_OFD_SETLK);
}

static long lets_its_record_go_and_would_wait(void)
{
    return lets_go_with(F_OFD_SETLKW);
}

static long replaces_its_lock(void)
{
    return dup2(other, lock);
}

static long closes_another(void)
{
    return close(other);
}

/* As if it were what a supervisor keeps of a process. */
static long gives_its_lock_another_number(void)
{
    return fcntl(lock, F_DUPFD, 200);
}

static long gives_its_lock_another_number_for_itself(void)
{
    return fcntl(lock, F_DUPFD_CLOEXEC, 200);
}

static void process_cannot_leave_its_supervisor(void **state)
{
    lock = open("/dev/null", O_RDONLY | O_CLOEXEC);
    record = memfd_create("record", MFD_CLOEXEC);
    other = open("/dev/null", O_RDONLY | O_CLOEXEC);
    assert_int_equal(with_filter(closes_its_lock), EPERM);
    assert_int_equal(with_filter(closes_its_record), EPERM);
    assert_int_equal(with_filter(closes_a_larger_number), EPERM);
    assert_int_equal(with_filter(lets_its_record_go), EPERM);
    assert_int_equal(with_filter(lets_its_record_go_and_would_wait), EPERM);
    assert_int_equal(with_filter(replaces_its_lock), EPERM);
    assert_int_equal(with_filter(gives_its_lock_another_number), EPERM);
    assert_int_equal(with_filter(gives_its_lock_another_number_for_itself),
                     EPERM);
    assert_int_equal(with_filter(closes_another), 0);
    close(other);
    close(record);
    close(lock);
    other = lock; /* if it is none, its number is like the others */
    lock = record = -1;
    assert_int_equal(with_filter(closes_another), EBADF);
}

static void what_is_not_allowed_is_refused(void **state)
{
    assert_int_equal(with_filter(opens), EPERM);
    assert_int_equal(with_filter(asks_for_a_socket), EPERM);
    assert_int_equal(with_filter(uses_another_table), -SIGSYS);
    assert_int_equal(with_filter(kills_its_parent), EPERM);
    assert_int_equal(with_filter(maps_code), EPERM);
    assert_int_equal(with_filter(makes_code), EPERM);
    assert_int_equal(with_filter(asks_a_terminal), EPERM);
}

static long writes(void)
{
    return syscall(SYS_write, 2, "", 0);
}

static long signals_itself(void)
{
    return syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), 0);
}

static long maps_data(void)
{
    void *at = data();

    return at == MAP_FAILED ? -1 : mprotect(at, 4096, PROT_READ);
}

/* BLKDISCARD: it passes, and the kernel knows no disk there. */
static long asks_a_disk(void)
{
    return ioctl(-1, _IO(0x12, 119), NULL);
}

static long binds_a_channel(void)
{
    return ioctl(-1, IOCTL_EVTCHN_BIND_INTERDOMAIN, NULL);
}

static void what_is_allowed_passes(void **state)
{
    assert_int_equal(with_filter(writes), 0);
    assert_int_equal(with_filter(signals_itself), 0);
    assert_int_equal(with_filter(maps_data), 0);
    assert_int_equal(with_filter(asks_a_disk), EBADF);
    assert_int_equal(with_filter(makes_a_hole), EBADF);
    assert_int_equal(with_filter(takes_room), EPERM);
    assert_int_equal(with_filter(raises_a_limit), EPERM);
    assert_int_equal(with_filter(makes_a_file_longer), EPERM);
    assert_int_equal(with_filter(binds_a_channel), EBADF);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_not_allowed_is_refused),
        cmocka_unit_test(what_is_allowed_passes),
        cmocka_unit_test(process_cannot_leave_its_supervisor),
    };

    return cmocka_run_group_tests_name("backend filter", tests, NULL, NULL);
}
