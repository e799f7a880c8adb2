/* SPDX-License-Identifier: MIT */
/*
 * By which clients, and the next daemon, see that a console daemon serves: as
 * long as one of its two processes lives.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include <daemon/clock.h>
#include <daemon/log.h>

#include "../../backends/console/serving.h"

static char dir[] = "/tmp/console-serving-XXXXXX";

static off_t bytes(void)
{
    char path[64];
    struct stat st;

    snprintf(path, sizeof(path), "%s/serving", dir);
    assert_int_equal(stat(path, &st), 0);
    return st.st_size;
}

/* A daemon, of which the process that serves lives for so long after its
 * parent: its number. */
static pid_t daemon_ends(unsigned int child_ms)
{
    int ends[2];
    pid_t pid, child = 0;

    assert_int_equal(pipe(ends), 0);
    pid = fork();
    if (!pid) {
        if (serving_claim(dir))
            _exit(1);
        serving_announce();
        serving_announce();
        child = fork();
        if (!child) {
            usleep(child_ms * 1000);
            _exit(0);
        }
        if (write(ends[1], &child, sizeof(child)) != sizeof(child))
            _exit(1);
        _exit(0);
    }
    close(ends[1]);
    assert_int_equal(read(ends[0], &child, sizeof(child)), sizeof(child));
    close(ends[0]);
    waitpid(pid, NULL, 0);
    return child;
}

/* In a process of its own: the claim ends with it. 0 or -errno. */
static int next_claims(void)
{
    pid_t pid = fork();
    int status;

    if (!pid)
        _exit(-serving_claim(dir));
    waitpid(pid, &status, 0);
    assert_true(WIFEXITED(status));
    return -WEXITSTATUS(status);
}

/* Both would move the same text. */
static void next_daemon_waits_for_the_process_that_serves(void **state)
{
    uint64_t begin = now_ms();

    daemon_ends(500);
    assert_int_equal(bytes(), 1);
    assert_int_equal(next_claims(), 0);
    assert_true(now_ms() - begin >= 500);
    assert_int_equal(bytes(), 0); /* names are not right yet */
}

static void next_daemon_gives_up_if_it_lives(void **state)
{
    pid_t child = daemon_ends(60000);
    int rc = next_claims();

    assert_true(rc == -EAGAIN || rc == -EACCES);
    assert_int_equal(bytes(), 1);
    kill(child, SIGKILL);
    assert_int_equal(next_claims(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(next_daemon_waits_for_the_process_that_serves),
        cmocka_unit_test(next_daemon_gives_up_if_it_lives),
    };
    char command[64];
    int rc;

    if (!mkdtemp(dir))
        return 1;
    rc = cmocka_run_group_tests_name("console serving", tests, NULL, NULL);
    snprintf(command, sizeof(command), "rm -rf %s", dir);
    return system(command) ? 1 : rc;
}
