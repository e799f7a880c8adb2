/* SPDX-License-Identifier: MIT */
/*
 * The real store daemon as it runs: what the process that serves has given up,
 * seen from outside; that it and its parent end together; and what one could
 * try that has taken it over. Not as root, the user and the root directory are
 * those of before.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include <daemon/privileges.h>

#include "../../tools/xenstored/journal.h"
#include "../../tools/xenstored/sandbox.h"
#include "prison.h"

static char dir[] = "/tmp/store-sandbox.XXXXXX";
static char program[4096];
static pid_t parent, server;

static char *content_of(const char *path)
{
    static char text[4096];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

    if (fd >= 0)
        close(fd);
    text[n < 0 ? 0 : n] = '\0';
    return text;
}

static const char *proc(pid_t pid, const char *name)
{
    static char path[128];

    snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
    return path;
}

static bool answers(void)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), rc;

    snprintf(a.sun_path, sizeof(a.sun_path), "%s/socket", dir);
    rc = connect(fd, (struct sockaddr *)&a, sizeof(a));
    close(fd);
    return !rc;
}

static bool within_10_s(bool (*condition)(void))
{
    for (int i = 0; i < 1000 && !condition(); i++)
        usleep(10000);
    return condition();
}

static int start(void **state)
{
    char children[64], trace[64];

    snprintf(trace, sizeof(trace), "%s/trace", dir);
    parent = fork();
    if (!parent) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        setenv("XENSTORED_RUNDIR", dir, 1);
        unsetenv("XENSTORED_PATH");
        execl(program, "xenstored", "--no-domains", "--no-fork", "-T", trace,
              NULL);
        _exit(1);
    }
    if (!within_10_s(answers))
        return -1;
    snprintf(children, sizeof(children), "task/%d/children", (int)parent);
    server = atoi(content_of(proc(parent, children)));
    return server > 0 ? 0 : -1;
}

static int stop(void **state)
{
    char path[64];

    if (parent) {
        kill(parent, SIGKILL);
        waitpid(parent, NULL, 0);
    }
    snprintf(path, sizeof(path), "%s/socket", dir);
    unlink(path);
    return 0;
}

static int code_of_parent(void)
{
    int status;

    assert_int_equal(waitpid(parent, &status, 0), parent);
    parent = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static bool server_is_gone(void)
{
    return access(proc(server, "status"), F_OK) != 0;
}

/* --- seen from outside ---------------------------------------------------- */

static unsigned long long status_of(const char *key, int base)
{
    const char *at = strstr(content_of(proc(server, "status")), key);

    assert_non_null(at);
    return strtoull(at + strlen(key), NULL, base);
}

static void it_has_no_privileges(void **state)
{
    assert_int_equal(status_of("\nUid:", 10),
                     geteuid() ? geteuid() : PRIVILEGES_UID_STORE);
    assert_int_equal(status_of("\nGid:", 10),
                     geteuid() ? getegid() : PRIVILEGES_UID_STORE);
    assert_int_equal(status_of("\nCapPrm:", 16), 0);
    assert_int_equal(status_of("\nCapEff:", 16), 0);
    assert_int_equal(status_of("\nNoNewPrivs:", 10), 1);
    assert_int_equal(status_of("\nSeccomp:", 10), 2);
}

static void its_root_is_empty(void **state)
{
    DIR *root;
    int n = 0;

    if (geteuid())
        skip();
    root = opendir(proc(server, "root"));
    assert_non_null(root);
    while (readdir(root))
        n++;
    closedir(root);
    assert_int_equal(n, 2); /* . and .. */
}

/* Sockets and its journal; nothing of a terminal, no log, no directory. */
static void it_has_no_file_but_its_own(void **state)
{
    char path[64], to[256];
    struct dirent *e;
    DIR *all = opendir(proc(server, "fd"));
    int files = 0;

    assert_non_null(all);
    while ((e = readdir(all))) {
        ssize_t n;

        snprintf(path, sizeof(path), "/proc/%d/fd/%.16s", (int)server,
                 e->d_name);
        n = readlink(path, to, sizeof(to) - 1);
        to[n < 0 ? 0 : n] = '\0';
        if (*to != '/' || !strcmp(to, "/dev/null"))
            continue;
        assert_int_equal(strncmp(to, dir, strlen(dir)), 0);
        files++;
    }
    closedir(all);
    assert_int_equal(files, 1);
}

/* Who looks for xenstored finds the one that is to be killed or signalled. */
static void its_name_is_another(void **state)
{
    assert_string_equal(content_of(proc(parent, "comm")), "xenstored\n");
    assert_string_not_equal(content_of(proc(server, "comm")), "xenstored\n");
    assert_string_not_equal(content_of(proc(server, "cmdline")), "xenstored");
}

/* --- life and death ------------------------------------------------------- */

static void it_ends_when_its_parent_is_killed(void **state)
{
    kill(parent, SIGKILL);
    assert_int_equal(code_of_parent(), -SIGKILL);
    assert_true(within_10_s(server_is_gone));
}

static void its_parent_fails_when_it_is_killed(void **state)
{
    kill(server, SIGKILL);
    assert_int_equal(code_of_parent(), 1);
}

static void both_end_in_order(void **state)
{
    kill(parent, SIGTERM);
    assert_int_equal(code_of_parent(), 0);
    assert_true(server_is_gone());
    assert_false(answers());
}

static bool there_is_a_trace(void)
{
    char path[64];

    snprintf(path, sizeof(path), "%s/trace", dir);
    return access(path, F_OK) == 0;
}

static void hangup_opens_its_trace_anew(void **state)
{
    char path[64], moved[64];

    assert_true(there_is_a_trace());
    snprintf(path, sizeof(path), "%s/trace", dir);
    snprintf(moved, sizeof(moved), "%s/trace.1", dir);
    assert_int_equal(rename(path, moved), 0);
    kill(parent, SIGHUP);
    assert_true(within_10_s(there_is_a_trace));
}

/* --- from inside ---------------------------------------------------------- */

static const struct prison prison = {sandbox_enter, PRIVILEGES_UID_STORE};

static void what_it_does_not_need_is_refused(void **state)
{
    prison_refuses(&prison);
}

static void what_it_needs_passes(void **state)
{
    prison_lets_serve(&prison);
}

/* As the journal does, for a journal without end; SIGXFSZ does not end it. */
static long writes_without_end(void)
{
    int fd = memfd_create("journal", 0);

    if (lseek(fd, JOURNAL_MAX - 1, SEEK_SET) < 0 || write(fd, "ab", 2) != 1)
        return 0;
    return write(fd, "b", 1);
}

static void files_have_an_end(void **state)
{
    assert_int_equal(prison_call(&prison, true, writes_without_end), EFBIG);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(it_has_no_privileges),
        TEST(its_root_is_empty),
        TEST(it_has_no_file_but_its_own),
        TEST(its_name_is_another),
        TEST(it_ends_when_its_parent_is_killed),
        TEST(its_parent_fails_when_it_is_killed),
        TEST(both_end_in_order),
        TEST(hangup_opens_its_trace_anew),
        cmocka_unit_test(what_it_does_not_need_is_refused),
        cmocka_unit_test(what_it_needs_passes),
        cmocka_unit_test(files_have_an_end),
    };
    const char *build = getenv("BUILD");
    char command[64];
    int rc;

    snprintf(program, sizeof(program), "%s/bin/xenstored",
             build ? build : "build");
    if (!mkdtemp(dir))
        return 1;
    rc = cmocka_run_group_tests_name("store sandbox", tests, NULL, NULL);
    snprintf(command, sizeof(command), "rm -rf %s", dir);
    return system(command) ? 1 : rc;
}
