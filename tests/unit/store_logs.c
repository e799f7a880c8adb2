/* SPDX-License-Identifier: MIT */
/*
 * What the store's privileged parent writes for its child, and how much of it,
 * should a guest have taken that over (taken_over.h).
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../tools/xenstored/errand.h"
#include "../../tools/xenstored/log_files.h"
#include "../../tools/xenstored/parent.h"
#include "../../tools/xenstored/successor.h"
#include "taken_over.h"

static char top[] = "/tmp/store-logs.XXXXXX";
static char dir[64], trace_file[128];
static char logs[64], alias[64]; /* another way to dir */

int xen_ask_domain(uint16_t domid, struct xen_domain_info *info)
{
    return ESRCH;
}

/* The parent has looked at what is not its own: the way there may lead to a
 * server that is dead. */
static bool *has_looked;

int __real_lstat64(const char *path, struct stat *st);
int __wrap_lstat64(const char *path, struct stat *st);

int __wrap_lstat64(const char *path, struct stat *st)
{
    *has_looked |= strstr(path, "/elsewhere") != NULL;
    return __real_lstat64(path, st);
}

/* One of four at a time. */
static const char *in(const char *directory, const char *name)
{
    static char paths[4][128];
    static unsigned int next;
    char *path = paths[next++ % 4];

    snprintf(path, sizeof(paths[0]), "%s/%s", directory, name);
    return path;
}

static void make_file(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static off_t size_of(const char *path)
{
    struct stat st;

    return stat(path, &st) ? -1 : st.st_size;
}

static int run(struct pair *both)
{
    static char *argv[] = {(char *)"xenstored", NULL};
    const struct parent with = {.directory = alias,
                                .logs = logs,
                                .socket = "",
                                .journal = "journal",
                                .trace_file = trace_file};

    successor_arguments(argv, "a version");
    return parent_run(&with, both);
}

static int start(void **state)
{
    return mkdir(dir, 0755) || mkdir(logs, 0755) || taken_over_start(NULL, run);
}

static int stop(void **state)
{
    char command[128];

    taken_over_stop();
    snprintf(command, sizeof(command), "rm -rf %s/*", top);
    return system(command) || symlink("run", alias);
}

/* And waits until all is done. */
static void add_mebibytes(unsigned int n)
{
    static char text[4097];

    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 2] = '\n';
    for (unsigned int i = 0; i < 256 * n; i++)
        errand_trace_add(text);
    errand_domain(6, &(struct xen_domain_info){.handle = ""});
}

/* --- tests ---------------------------------------------------------------- */

static void is_written(const char *path)
{
    off_t before = size_of(path);

    assert_int_equal(errand_report(path, "report\n"), 0);
    assert_int_equal(size_of(path), (before < 0 ? 0 : before) + 7);
    assert_int_equal(errand_trace(path), 0);
    errand_trace_add("line\n");
    assert_int_equal(errand_trace(NULL), 0);
    assert_int_equal(size_of(path), (before < 0 ? 0 : before) + 12);
}

static void is_refused(const char *path)
{
    assert_int_equal(errand_report(path, "report\n"), EACCES);
    assert_int_equal(errand_trace(path), EACCES);
    errand_trace_add("line\n");
}

static void they_are_plain_files_in_its_directories(void **state)
{
    char path[128];

    snprintf(path, sizeof(path), "%s/link", dir);
    make_file(in(top, "passwd"), "root");
    is_written(in(dir, "log"));
    is_written(trace_file); /* the command line's, anywhere */
    assert_int_equal(mkdir(in(dir, "below"), 0755), 0);
    is_written(in(dir, "below/log"));
    is_written(in(logs, "log"));
    is_refused(in(top, "passwd"));
    is_refused("log");
    is_refused("");
    is_refused(in(dir, "../log"));
    is_refused(in(logs, "../x"));
    is_refused(in(top, "../x"));
    assert_int_equal(symlink(in(top, "passwd"), path), 0);
    is_refused(path);
    unlink(path);
    assert_int_equal(symlink(top, path), 0);
    is_refused(in(dir, "link/x"));
    unlink(path);
    assert_int_equal(link(trace_file, path), 0);
    is_refused(path);
    assert_int_equal(mkfifo(in(dir, "pipe"), 0600), 0);
    assert_int_not_equal(errand_report(in(dir, "pipe"), "report\n"), 0);
    assert_int_not_equal(errand_report(logs, "report\n"), 0);
    assert_int_equal(size_of(in(top, "passwd")), 4);
}

static void no_look_is_taken_at_others(void **state)
{
    struct stat st;

    is_refused(in(top, "elsewhere/log"));
    is_refused(in(dir, "../elsewhere/log"));
    assert_false(*has_looked);
    /* This is seen: */
    assert_int_not_equal(lstat(in(top, "elsewhere/log"), &st), 0);
    assert_true(*has_looked);
}

/* /var/run is one. */
static void its_directory_may_be_named_by_a_link(void **state)
{
    char path[128];

    is_written(in(alias, "log"));
    is_written(in(dir, "log"));
    is_refused(in(alias, "../log"));
    snprintf(path, sizeof(path), "%s2/log", dir);
    is_refused(path);
}

static void has_begun_anew(const char *path)
{
    char old[160];

    snprintf(old, sizeof(old), "%s.old", path);
    assert_in_range(size_of(path), 1, LOG_FILE_MAX);
    assert_in_range(size_of(old), LOG_FILE_MAX / 2, LOG_FILE_MAX);
}

static void a_full_trace_begins_anew(void **state)
{
    const char *path = in(logs, "trace");

    for (int i = 0; i < 2; i++) {
        assert_int_equal(errand_trace(path), 0);
        add_mebibytes(LOG_FILE_MAX * 3 / (1 << 20) - 5);
        has_begun_anew(path);
    }
    assert_int_equal(errand_report(path, "into the trace"), 0);
}

/* There, whatever has its name is a former trace, as is what it is named when
 * it is full. */
static void so_does_the_one_of_the_command_line(void **state)
{
    const char *old = in(top, "trace.old");

    make_file(trace_file, "before");
    make_file(old, "long before");
    assert_int_equal(truncate(trace_file, LOG_FILE_MAX * 2), 0);
    assert_int_equal(errand_trace(trace_file), 0);
    errand_trace_add("line\n");
    assert_int_equal(errand_trace(NULL), 0);
    assert_int_equal(size_of(trace_file), 5);
    assert_int_equal(size_of(old), LOG_FILE_MAX * 2);
}

/* Or logs of guests would be pushed out. */
static void a_file_that_was_there_keeps_its_text(void **state)
{
    const char *path = in(logs, "guest-a.log"), *moved = in(logs, "moved");

    make_file(path, "a guest");
    assert_int_equal(errand_trace(path), 0);
    add_mebibytes(LOG_FILE_MAX / (1 << 20) + 5);
    assert_in_range(size_of(path), LOG_FILE_MAX / 2, LOG_FILE_MAX + 7);
    assert_int_equal(size_of(in(logs, "guest-a.log.old")), -1);
    assert_int_equal(errand_trace(path), 0); /* nor once more */
    add_mebibytes(5);
    assert_int_equal(errand_report(path, "report\n"), ENOSPC);
    assert_in_range(size_of(path), LOG_FILE_MAX / 2, LOG_FILE_MAX + 7);
    assert_int_equal(rename(path, moved), 0);
    assert_int_equal(errand_trace(path), 0);
    add_mebibytes(LOG_FILE_MAX / (1 << 20) + 5);
    has_begun_anew(path);
}

static void nor_is_another_file_replaced(void **state)
{
    const char *path = in(logs, "trace"), *old = in(logs, "trace.old");

    make_file(old, "another log");
    assert_int_equal(errand_trace(path), 0);
    add_mebibytes(LOG_FILE_MAX / (1 << 20) + 5);
    assert_in_range(size_of(path), LOG_FILE_MAX / 2, LOG_FILE_MAX);
    assert_int_equal(size_of(old), 11);
}

static void there_is_an_end_of_files(void **state)
{
    char name[16];

    for (int i = 0; i < LOG_FILES; i++) {
        snprintf(name, sizeof(name), "%d", i);
        assert_int_equal(errand_report(in(logs, name), "report\n"), 0);
    }
    assert_int_equal(errand_report(in(logs, "another"), "report\n"), ENOSPC);
    assert_int_equal(errand_trace(in(logs, "another")), ENOSPC);
    assert_int_equal(size_of(in(logs, "another")), -1);
    assert_int_equal(errand_report(in(logs, "0"), "report\n"), 0);
    unlink(in(logs, "7"));
    assert_int_equal(errand_report(in(logs, "another"), "report\n"), 0);
    assert_int_equal(errand_report(in(logs, "7"), "report\n"), ENOSPC);
}

static void refuse(void)
{
    assert_int_equal(errand_trace("/none"), EACCES);
}

/* That it was refused is said, too. */
static void refusals_do_not_fill_the_log(void **state)
{
    taken_over_is_told_rarely("/none", refuse);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(they_are_plain_files_in_its_directories),
        TEST(no_look_is_taken_at_others),
        TEST(its_directory_may_be_named_by_a_link),
        TEST(a_full_trace_begins_anew),
        TEST(so_does_the_one_of_the_command_line),
        TEST(a_file_that_was_there_keeps_its_text),
        TEST(nor_is_another_file_replaced),
        TEST(there_is_an_end_of_files),
        TEST(refusals_do_not_fill_the_log),
    };
    char command[64];
    int rc;

    has_looked = mmap(NULL, sizeof(*has_looked), PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (has_looked == MAP_FAILED || !mkdtemp(top) || chdir(top))
        return 1;
    snprintf(dir, sizeof(dir), "%s/run", top);
    snprintf(trace_file, sizeof(trace_file), "%s/trace", top);
    snprintf(logs, sizeof(logs), "%s/logs", top);
    snprintf(alias, sizeof(alias), "%s/alias", top);
    if (symlink("run", alias))
        return 1;
    rc = cmocka_run_group_tests_name("store logs", tests, NULL, NULL);
    snprintf(command, sizeof(command), "rm -rf %s", top);
    return chdir("/") || system(command) ? 1 : rc;
}
