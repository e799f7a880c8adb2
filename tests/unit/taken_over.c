/* SPDX-License-Identifier: MIT */
/* See taken_over.h. */
#include "taken_over.h"

#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include <daemon/daemonise.h>
#include <daemon/errand.h>
#include <daemon/fd_message.h>
#include <daemon/log.h>

static pid_t parent;
static int end = -1;
static int said = -1; /* a memory file: the parent's log */

/* The child that it has does nothing. */
static int be_parent(const char *pid_file, taken_over_run *run, int to_child)
{
    struct pair both;

    log_setup("parent", LOG_LVL_WARN);
    dup2(said, STDERR_FILENO);
    if (daemon_begin(pid_file, true) || pair_fork(&both, INT_MAX))
        return 99;
    if (!both.child) {
        close(to_child);
        for (;;)
            pause();
    }
    both.end = to_child; /* the test has the other one */
    return run(&both);
}

int taken_over_start(const char *pid_file, taken_over_run *run)
{
    int ends[2];

    said = memfd_create("said", MFD_CLOEXEC);
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
        return -1;
    parent = fork();
    if (!parent) {
        alarm(60); /* should the test not end it */
        close(ends[1]);
        _exit(be_parent(pid_file, run, ends[0]));
    }
    close(ends[0]);
    end = ends[1];
    errand_begin(end);
    return 0;
}

static int code_of_parent(void)
{
    int status;

    assert_int_equal(waitpid(parent, &status, 0), parent);
    parent = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

void taken_over_stop(void)
{
    if (end >= 0)
        close(end);
    end = -1;
    if (parent)
        waitpid(parent, NULL, 0);
    parent = 0;
    close(said);
}

void taken_over_another_language(unsigned int kinds)
{
    struct errand e = {.what = kinds};

    assert_int_equal(fd_message_send(end, &e, sizeof(e), NULL, 0, 0), 0);
    assert_int_equal(code_of_parent(), 1);
}

void taken_over_half_an_errand(void)
{
    struct errand e = {.what = ERRAND_OWN};

    assert_int_equal(fd_message_send(end, &e, 5, NULL, 0, 0), 0);
    assert_int_equal(code_of_parent(), 1);
}

void taken_over_ends(void)
{
    close(end);
    end = -1;
    assert_int_equal(code_of_parent(), 1);
}

void taken_over_does_not_end(void)
{
    int code;

    assert_int_equal(kill(parent, SIGTERM), 0);
    code = code_of_parent();
    if (code != 1)
        fail_msg("a parent that is told to end waits for its child (%d)", code);
}

static unsigned int lines_said(const char *with)
{
    FILE *f = fdopen(dup(said), "r");
    unsigned int n = 0;
    char line[256];

    rewind(f);
    while (fgets(line, sizeof(line), f))
        n += strstr(line, with) != NULL;
    fclose(f);
    return n;
}

void taken_over_says_too_much(const struct errand_order *harmless)
{
    for (int i = 0; i < ERRAND_LINES + 1000; i++)
        errand_say(LOG_LVL_WARN, "a word");
    errand_say(LOG_LVL_ERROR, "what is worse");
    errand_do(harmless, NULL, NULL, NULL, 0); /* now it has done them all */
    assert_in_range(lines_said("a word"), ERRAND_LINES, ERRAND_LINES + 60);
    assert_int_equal(lines_said("what is worse"), 1);
    sleep(2);
    errand_say(LOG_LVL_WARN, "another one");
    errand_do(harmless, NULL, NULL, NULL, 0);
    assert_int_equal(lines_said("another one"), 1);
    assert_true(lines_said("dropped") > 0);
}

void taken_over_is_told_rarely(const char *what, void (*refuse)(void))
{
    for (int i = 0; i < 1000; i++)
        refuse();
    assert_in_range(lines_said(what), 1, 100);
}

void taken_over_text_without_end(unsigned int from, unsigned int to,
                                 void (*check)(unsigned int what,
                                               const struct errand_answer *a,
                                               int len))
{
    struct errand e;
    struct errand_answer a;
    const int empty = offsetof(struct errand_answer, data);
    int fd, n, len;

    memset(&e, 'x', sizeof(e));
    e.number = 1;
    for (e.what = from; e.what < to; e.what++) {
        assert_int_equal(fd_message_send(end, &e, sizeof(e), NULL, 0, 0), 0);
        n = 1;
        len = fd_message_receive(end, &a, sizeof(a), &fd, &n);
        assert_true(len >= empty);
        assert_int_equal(n, 0);
        check(e.what, &a, len - empty);
    }
}
