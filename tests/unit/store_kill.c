/* SPDX-License-Identifier: MIT */
/*
 * The real daemon on the host, killed 200 times (KILLS) by SIGKILL while four
 * clients write (store_writers.h): its process, the one that serves, or both at
 * once. What a client has had acknowledged is there when it connects again.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "store_writers.h"

/* 0: it has none at present. */
static pid_t server_of(pid_t daemon)
{
    char path[64];
    int server = 0;
    FILE *f;

    snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)daemon,
             (int)daemon);
    f = fopen(path, "re");
    if (f && fscanf(f, "%d", &server) != 1)
        server = 0;
    if (f)
        fclose(f);
    return server;
}

static void kill_some(pid_t daemon, int i)
{
    pid_t server = i % 3 ? server_of(daemon) : 0;

    if (server)
        kill(server, SIGKILL);
    if (!server || i % 3 == 2)
        kill(daemon, SIGKILL);
}

static void acknowledged_writes_survive_kills(void **state)
{
    const char *text = getenv("KILLS");
    int kills = text ? atoi(text) : 200, status;
    pid_t pid[WRITERS], daemon = start_daemon();
    unsigned long total = 0;

    for (unsigned int w = 0; w < WRITERS; w++) {
        pid[w] = fork();
        if (pid[w] == 0)
            writer(w, false);
    }
    srand(1);
    for (int i = 0; i < kills && !shared->failure[0]; i++) {
        usleep((useconds_t)rand() % 20000);
        assert_int_equal(waitpid(daemon, &status, WNOHANG), 0);
        kill_some(daemon, i);
        waitpid(daemon, &status, 0);
        daemon = start_daemon();
    }
    usleep(50000);
    shared->stop = true;
    for (unsigned int w = 0; w < WRITERS; w++) {
        waitpid(pid[w], &status, 0);
        total += shared->writes[w];
    }
    kill(daemon, SIGTERM);
    waitpid(daemon, &status, 0);
    if (shared->failure[0])
        fail_msg("%s", shared->failure);
    assert_int_equal(status, 0);
    print_message("%d kills, %lu rounds of writes\n", kills, total);
    assert_true(total > (unsigned long)kills / 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(acknowledged_writes_survive_kills),
    };
    int rc;

    if (writers_begin())
        return 1;
    rc = cmocka_run_group_tests(tests, NULL, NULL);
    return writers_end() ? 1 : rc;
}
