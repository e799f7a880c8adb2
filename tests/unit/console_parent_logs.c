/* SPDX-License-Identifier: MIT */
/*
 * The console daemon's privileged parent opens logs: what one would ask it for
 * that a guest has taken over.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include <xen/xen.h>

#include "../../backends/console/errand.h"
#include "../../backends/console/log_file.h"
#include "console_world.h"

static const char *in_logs(const char *name)
{
    static char path[128];

    snprintf(path, sizeof(path), "%s/%s", world_logs, name);
    return path;
}

static void is_opened(const char *name)
{
    int fd = errand_log(strcmp(name, "hypervisor") ? CHANGING : 0, name, false);

    assert_true(fd >= 0);
    assert_int_equal(fcntl(fd, F_GETFL) & (O_ACCMODE | O_APPEND),
                     O_WRONLY | O_APPEND);
    close(fd);
}

static void logs_are_those_of_guests_and_the_hypervisor(void **state)
{
    static const char *const other[] = {
        "",           "guest",           "guests-a", "../guest-a",
        "guest-/a",   "guest-../../x",   "passwd",   "hypervisor2",
        "guest-a\nb", "hypervisor.log/", "/passwd",  "guest-a\x1b[1m"};

    is_opened("guest-a");
    is_opened("hypervisor");
    assert_int_equal(access(in_logs("guest-a.log"), F_OK), 0);
    for (size_t i = 0; i < sizeof(other) / sizeof(other[0]); i++)
        if (errand_log(HERE, other[i], false) != -EPERM ||
            errand_log(0, other[i], false) != -EPERM)
            fail_msg("a log '%s' is opened", other[i]);
    assert_int_equal(errand_log(HERE, "hypervisor", false), -EPERM);
    assert_int_equal(errand_log(0, "guest-a", false), -EPERM);
}

/* Or files without end could be made. */
static void a_domain_has_one_log(void **state)
{
    struct domain_state d;

    close(errand_log(HERE, "guest-one", false));
    assert_int_equal(errand_log(HERE, "guest-two", false), -EPERM);
    assert_int_equal(access(in_logs("guest-two.log"), F_OK), -1);
    assert_true(errand_log(HERE, "guest-one", false) >= 0);
    assert_int_equal(errand_log(NOWHERE, "guest-one", false), -ESRCH);
    assert_int_equal(errand_log(DYING, "guest-one", false), -ESRCH);
    assert_int_equal(errand_log(DOMID_FIRST_RESERVED, "guest-one", false),
                     -EINVAL);
    assert_int_equal(errand_log(UINT32_MAX, "guest-one", false), -EINVAL);
    /* What comes and goes has its own, and the last words, too. */
    assert_true(errand_log(REBORN, "guest-first", false) >= 0);
    assert_int_equal(errand_domain(REBORN, &d), 0);
    assert_true(d.over);
    assert_true(errand_log(REBORN, "guest-first", false) >= 0);
    assert_true(errand_log(REBORN, "guest-second", false) >= 0);
    assert_int_equal(errand_log(REBORN, "guest-third", false), -EPERM);
}

static void logs_are_plain_files(void **state)
{
    char target[128];
    int fd;

    snprintf(target, sizeof(target), "%s/passwd", world_top);
    assert_int_equal(symlink(target, in_logs("guest-link.log")), 0);
    assert_int_equal(errand_log(CHANGING, "guest-link", false), -EXDEV);
    assert_int_equal(access(target, F_OK), -1);
    assert_int_equal(symlink("guest-a.log", in_logs("guest-inside.log")), 0);
    assert_int_equal(errand_log(CHANGING, "guest-inside", false), -EXDEV);
    fd = open(target, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    close(fd);
    assert_int_equal(link(target, in_logs("guest-name.log")), 0);
    assert_int_equal(errand_log(CHANGING, "guest-name", false), -EXDEV);
    assert_int_equal(mkfifo(in_logs("guest-pipe.log"), 0600), 0);
    assert_true(errand_log(CHANGING, "guest-pipe", false) < 0);
    assert_int_equal(mkdir(in_logs("guest-dir.log"), 0700), 0);
    assert_true(errand_log(CHANGING, "guest-dir", false) < 0);
}

/* Or what it has of a guest's log could be pushed out of it. */
static void only_a_full_log_makes_room(void **state)
{
    struct stat st;

    is_opened("guest-full");
    assert_int_equal(truncate(in_logs("guest-full.log"), LOG_FILE_MAX - 1), 0);
    close(errand_log(CHANGING, "guest-full", true));
    assert_int_equal(access(in_logs("guest-full.log.1"), F_OK), -1);
    assert_int_equal(truncate(in_logs("guest-full.log"), LOG_FILE_MAX), 0);
    close(errand_log(CHANGING, "guest-full", false));
    assert_int_equal(access(in_logs("guest-full.log.1"), F_OK), -1);
    close(errand_log(CHANGING, "guest-full", true));
    assert_int_equal(stat(in_logs("guest-full.log.1"), &st), 0);
    assert_int_equal(st.st_size, LOG_FILE_MAX);
    assert_int_equal(stat(in_logs("guest-full.log"), &st), 0);
    assert_int_equal(st.st_size, 0);
}

/* One that is open still, without a name, could fill the disk. */
static void no_log_loses_its_name(void **state)
{
    struct stat first, third;
    int fds[3];

    fds[0] = errand_log(HERE, "guest-held", false);
    for (int i = 1; i < 3; i++) {
        assert_int_equal(truncate(in_logs("guest-held.log"), LOG_FILE_MAX), 0);
        fds[i] = errand_log(HERE, "guest-held", true);
        assert_true(fds[i] >= 0);
    }
    assert_int_equal(fstat(fds[0], &first), 0);
    assert_int_equal(fstat(fds[2], &third), 0);
    assert_int_equal(first.st_ino, third.st_ino);
    assert_int_equal(third.st_size, 0);
    assert_int_equal(stat(in_logs("guest-held.log"), &third), 0);
    assert_int_equal(first.st_ino, third.st_ino);
    assert_int_equal(fstat(fds[1], &first), 0);
    assert_int_equal(first.st_nlink, 1);
    assert_int_equal(first.st_size, LOG_FILE_MAX);
    for (int i = 0; i < 3; i++)
        close(fds[i]);
}

/* Nor is what a link leads to emptied. */
static void a_former_log_that_is_a_link_is_replaced(void **state)
{
    struct stat st;
    char target[128];
    int fd;

    snprintf(target, sizeof(target), "%s/kept", world_top);
    fd = open(target, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    assert_int_equal(write(fd, "text", 4), 4);
    close(fd);
    assert_int_equal(link(target, in_logs("guest-old.log.1")), 0);
    for (int i = 0; i < 2; i++) {
        close(errand_log(CHANGING, "guest-old", false));
        assert_int_equal(truncate(in_logs("guest-old.log"), LOG_FILE_MAX), 0);
        fd = errand_log(CHANGING, "guest-old", true);
        assert_true(fd >= 0);
        close(fd);
        assert_int_equal(stat(target, &st), 0);
        assert_int_equal(st.st_size, 4);
        unlink(in_logs("guest-old.log.1"));
        assert_int_equal(symlink(target, in_logs("guest-old.log.1")), 0);
    }
}

static void without_logs_there_is_none(void **state)
{
    uint32_t position = 0;
    char text[8];

    assert_int_equal(errand_log(HERE, "guest-a", false), -EPERM);
    assert_int_equal(errand_log(0, "hypervisor", false), -EPERM);
    assert_int_equal(errand_hypervisor(&position, text, sizeof(text)), -EPERM);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(logs_are_those_of_guests_and_the_hypervisor),
        WORLD_TEST(a_domain_has_one_log),
        WORLD_TEST(logs_are_plain_files),
        WORLD_TEST(only_a_full_log_makes_room),
        WORLD_TEST(no_log_loses_its_name),
        WORLD_TEST(a_former_log_that_is_a_link_is_replaced),
        cmocka_unit_test_setup_teardown(without_logs_there_is_none,
                                        world_start_without_logs, world_stop),
    };
    int rc;

    if (world_begin())
        return 1;
    rc = cmocka_run_group_tests_name("console parent, logs", tests, NULL, NULL);
    return world_end() ? 1 : rc;
}
