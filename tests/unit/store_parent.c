/* SPDX-License-Identifier: MIT */
/*
 * The store's privileged parent, and what one would ask it for that a guest has
 * taken over (taken_over.h).
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include <daemon/daemonise.h>

#include "../../tools/xenstored/errand.h"
#include "../../tools/xenstored/errand_wire.h"
#include "../../tools/xenstored/parent.h"
#include "../../tools/xenstored/successor.h"
#include "taken_over.h"

/* All that a parent in disorder could harm is below it: paths that are to be
 * refused are, too. */
static char top[] = "/tmp/store-parent.XXXXXX";
static char dir[64], journal[128], fresh[128], sock[128], pid_file[128],
    trace_file[128];
static char logs[64], alias[64]; /* another way to dir */
static int ready[2];             /* a pipe; one byte each time */

int xen_ask_domain(uint16_t domid, struct xen_domain_info *info)
{
    info->handle[0] = 7;
    return domid == 5 ? 0 : ESRCH;
}

static const char *in_dir(const char *name)
{
    static char path[128];

    snprintf(path, sizeof(path), "%s/%s", dir, name);
    return path;
}

static const char *beside_dir(const char *name)
{
    static char path[128];

    snprintf(path, sizeof(path), "%s/%s", top, name);
    return path;
}

static void is_ready(void)
{
    assert_int_equal(write(ready[1], "", 1), 1);
    daemon_ready(NULL);
}

static int make_file(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");

    return !f || fputs(text, f) < 0 || fclose(f);
}

static int run(struct pair *both)
{
    static char *argv[] = {(char *)"xenstored", NULL};
    const struct parent with = {.directory = alias,
                                .logs = logs,
                                .socket = sock,
                                .journal = journal,
                                .trace_file = trace_file,
                                .ready = is_ready};

    successor_arguments(argv, "a version");
    return parent_run(&with, both);
}

static int start(void **state)
{
    return taken_over_start(pid_file, run);
}

static int stop(void **state)
{
    char bytes[8];

    taken_over_stop();
    unlink(pid_file);
    while (read(ready[0], bytes, sizeof(bytes)) > 0)
        ;
    return 0;
}

static void is_opened(const char *path, enum file_use use)
{
    int fd = errand_open(path, use);

    assert_true(fd >= 0);
    close(fd);
}

/* --- tests ---------------------------------------------------------------- */

static void of_files_it_opens_the_journal_alone(void **state)
{
    static const enum file_use uses[] = {FILE_READ, FILE_NEW, FILE_WRITE};
    const char *other[] = {beside_dir("passwd"), in_dir("journal2"), "journal",
                           "", dir};

    for (size_t i = 0; i < sizeof(other) / sizeof(other[0]); i++) {
        for (size_t u = 0; u < sizeof(uses) / sizeof(uses[0]); u++)
            assert_int_equal(errand_open(other[i], uses[u]), -EPERM);
        assert_int_equal(errand_remove(other[i]), EPERM);
        assert_int_equal(errand_cut(other[i], 0), EPERM);
        assert_int_equal(errand_rename(other[i], journal), EPERM);
        assert_int_equal(errand_rename(journal, other[i]), EPERM);
        assert_int_equal(errand_listen(other[i]), -EPERM);
    }
    assert_int_equal(errand_open(journal, (enum file_use)77), -EPERM);
    is_opened(fresh, FILE_NEW);
    assert_int_equal(errand_rename(fresh, journal), 0);
    is_opened(journal, FILE_READ);
    is_opened(journal, FILE_WRITE);
    assert_int_equal(errand_remove(journal), 0);
}

static void a_journal_is_only_cut(void **state)
{
    struct stat st;

    is_opened(journal, FILE_NEW);
    assert_int_equal(truncate(journal, 100), 0);
    assert_int_equal(errand_cut(journal, 101), EINVAL);
    assert_int_equal(errand_cut(journal, 7), 0);
    assert_int_equal(stat(journal, &st), 0);
    assert_int_equal(st.st_size, 7);
    unlink(journal);
    assert_int_equal(errand_cut(journal, 0), ENOENT);
    assert_int_equal(symlink(beside_dir("passwd"), journal), 0);
    assert_int_equal(errand_cut(journal, 0), ELOOP);
    unlink(journal);
}

static void a_journal_that_is_a_link_is_not_followed(void **state)
{
    assert_int_equal(symlink(beside_dir("passwd"), journal), 0);
    assert_int_equal(errand_open(journal, FILE_READ), -ELOOP);
    assert_int_equal(errand_open(journal, FILE_WRITE), -ELOOP);
    is_opened(journal, FILE_NEW);
    is_opened(journal, FILE_READ);
    unlink(journal);
}

static void nothing_else_is_opened(void **state)
{
    assert_int_equal(errand_open(in_dir("log"), FILE_LOG), -EPERM);
    assert_int_equal(errand_open(trace_file, FILE_LOG), -EPERM);
    assert_int_equal(errand_open(journal, FILE_LOG), -EPERM);
}

static void it_is_ready_once(void **state)
{
    struct xen_domain_info info;
    char bytes[8];

    errand_ready();
    errand_ready();
    assert_int_equal(errand_domain(5, &info), 0); /* now it has done both */
    assert_int_equal(read(ready[0], bytes, sizeof(bytes)), 1);
}

/* Or what is killed by its number would be another process. */
static void the_pid_file_is_no_log(void **state)
{
    struct stat st;

    errand_ready();
    assert_int_equal(errand_report(pid_file, "1"), EACCES);
    assert_int_equal(errand_trace(in_dir("./pid")), EACCES);
    assert_int_equal(stat(pid_file, &st), 0);
    assert_true(st.st_size > 0);
}

static void domains_are_told(void **state)
{
    struct xen_domain_info info;

    assert_int_equal(errand_domain(5, &info), 0);
    assert_int_equal(info.handle[0], 7);
    assert_int_equal(errand_domain(6, &info), ESRCH);
}

/* The others: store_update.c. */
static void no_program_is_run_but_of_its_directory(void **state)
{
    const char *const arguments[] = {NULL, "", "-c id", "--journal-version",
                                     "-c echo${IFS}a${IFS}version"};
    const char *link = beside_dir("xenstored");

    assert_int_equal(symlink("/bin/sh", link), 0);
    for (size_t i = 0; i < sizeof(arguments) / sizeof(arguments[0]); i++) {
        assert_non_null(errand_program("/bin/sh", arguments[i]));
        assert_non_null(errand_program(link, arguments[i]));
        assert_non_null(errand_program("sh", arguments[i]));
        assert_non_null(errand_program("", arguments[i]));
        assert_int_equal(errand_go(), EINVAL);
    }
    unlink(link);
}

static void descriptors_have_their_places(void **state)
{
    assert_int_equal(errand_hand(0, ready[0]), 0);
    assert_int_equal(errand_hand(3, ready[0]), 0);
    assert_int_equal(errand_hand(1u << 20, ready[0]), EBADF);
    assert_int_equal(errand_hand(0, -1), EBADF);
}

static bool parent_has_hung_up(int fd)
{
    char byte;

    return recv(fd, &byte, 1, MSG_DONTWAIT) == 0;
}

/* Whoever is connected to one would wait for ever. */
static void of_an_update_that_fails_no_descriptor_stays(void **state)
{
    for (int i = 0; i < 3; i++) {
        int ends[2];

        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
        assert_int_equal(errand_hand(0, ready[0]), 0);
        assert_int_equal(errand_hand(1, ends[1]), 0);
        close(ends[1]);
        assert_false(parent_has_hung_up(ends[0]));
        if (i == 0)
            assert_int_equal(errand_hand(1u << 20, ready[0]), EBADF);
        else if (i == 1)
            assert_int_equal(errand_hand(2, -1), EBADF);
        else
            assert_int_equal(errand_go(), EINVAL);
        assert_true(parent_has_hung_up(ends[0]));
        close(ends[0]);
    }
}

static void who_speaks_another_language_ends(void **state)
{
    taken_over_another_language(ERRAND_KINDS);
}

static void nor_half_an_errand(void **state)
{
    taken_over_half_an_errand();
}

/* What is not terminated, or is not there. */
static void is_refused(unsigned int what, const struct errand_answer *a,
                       int len)
{
    assert_true(a->rc || (what == ERRAND_PROGRAM && len));
}

static void a_text_has_an_end(void **state)
{
    taken_over_text_without_end(ERRAND_OWN, ERRAND_KINDS, is_refused);
}

static void the_end_of_one_is_the_end_of_the_other(void **state)
{
    taken_over_ends();
}

static void who_does_not_end_is_killed(void **state)
{
    struct xen_domain_info info;

    assert_int_equal(errand_domain(5, &info), 0);
    taken_over_does_not_end();
}

static void nobody_fills_the_log(void **state)
{
    taken_over_says_too_much(
        &(struct errand_order){.what = ERRAND_DOMAIN, .number = 6});
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(of_files_it_opens_the_journal_alone),
        TEST(a_journal_is_only_cut),
        TEST(a_journal_that_is_a_link_is_not_followed),
        TEST(nothing_else_is_opened),
        TEST(the_pid_file_is_no_log),
        TEST(it_is_ready_once),
        TEST(domains_are_told),
        TEST(no_program_is_run_but_of_its_directory),
        TEST(descriptors_have_their_places),
        TEST(of_an_update_that_fails_no_descriptor_stays),
        TEST(who_speaks_another_language_ends),
        TEST(nor_half_an_errand),
        TEST(a_text_has_an_end),
        TEST(the_end_of_one_is_the_end_of_the_other),
        TEST(who_does_not_end_is_killed),
        TEST(nobody_fills_the_log),
    };
    char command[64];
    int rc;

    if (!mkdtemp(top) || chdir(top))
        return 1;
    snprintf(dir, sizeof(dir), "%s/run", top);
    snprintf(journal, sizeof(journal), "%s/journal", dir);
    snprintf(fresh, sizeof(fresh), "%s/journal.new", dir);
    snprintf(sock, sizeof(sock), "%s/socket", dir);
    snprintf(pid_file, sizeof(pid_file), "%s/pid", dir);
    snprintf(trace_file, sizeof(trace_file), "%s/trace", top);
    snprintf(logs, sizeof(logs), "%s/logs", top);
    snprintf(alias, sizeof(alias), "%s/alias", top);
    if (mkdir(dir, 0755) || mkdir(logs, 0755) || symlink("run", alias) ||
        pipe2(ready, O_CLOEXEC | O_NONBLOCK) ||
        make_file(beside_dir("passwd"), "root"))
        return 1;
    rc = cmocka_run_group_tests_name("store parent", tests, NULL, NULL);
    snprintf(command, sizeof(command), "rm -rf %s", top);
    return chdir("/") || system(command) ? 1 : rc;
}
