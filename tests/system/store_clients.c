/* SPDX-License-Identifier: MIT */
/*
 * store_clients KILLS LEAST MOST PAUSE - in dom0: clients of the store, two by
 * the socket and two through dom0's kernel, which write and look whether what
 * was acknowledged is there (tests/unit/store_writers.h), and one that waits
 * for the event of each of its changes, by a watch that it sets once. Meanwhile
 * the daemon is killed KILLS times, LEAST to MOST ms after it has answered
 * again. Without kills the clients work until SIGTERM. Each rests for PAUSE ms
 * after a round.
 *
 * Prints "gap MS" for each time that the store was away, from the signal until
 * a new client has an answer, and what was done. 0 if nothing was lost.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../unit/store_writers.h"

#define PID_FILE "/run/xenstored.pid"
#define WAIT_MS  60000

static volatile sig_atomic_t over;

static void end(int signal)
{
    over = signal;
}

/* --- what is watched ------------------------------------------------------ */

/* The next message, as the client's answer: its type. */
static uint32_t message(struct client *c, const char *awaited)
{
    struct pollfd p = {c->fd, POLLIN, 0};
    struct xsd_sockmsg h;

    if (poll(&p, 1, WAIT_MS) != 1)
        give_up("there is no event for %s", awaited);
    if (!get(c->fd, &h, sizeof(h)) || h.len > XENSTORE_PAYLOAD_MAX ||
        !get(c->fd, c->answer, h.len))
        give_up("the watch has ended");
    c->answer[h.len] = '\0';
    return h.type;
}

static void await_event(struct client *c, const char *path)
{
    if (message(c, path) != XS_WATCH_EVENT || strcmp(c->answer, path))
        give_up("the event for %.40s comes in place of that for %s", c->answer,
                path);
}

/* The kernel hands on the answer and the first event in either order. */
static void watch_told(struct client *c)
{
    if (ask(c, XS_WATCH, 0, "/told\0token", 12))
        give_up("watching: %s", c->answer);
    message(c, "/told");
}

/* Through the kernel each change is made once, so each has one event. */
static void watcher(void)
{
    struct client watch = {.fd = -1, .by_kernel = true}, c = watch;
    char data[64];

    reconnect(&watch);
    reconnect(&c);
    watch_told(&watch);
    for (unsigned long i = 0; !shared->stop; i++) {
        int n = sprintf(data, "/told/%lu%c%lu", i % 8, 0, i);

        if (ask(&c, XS_WRITE, 0, data, (size_t)n))
            give_up("writing %s: %s", data, c.answer);
        await_event(&watch, data);
        shared->events = i + 1;
        usleep(shared->pause);
    }
    _exit(0);
}

/* --- the daemon ----------------------------------------------------------- */

static pid_t daemon_pid(void)
{
    FILE *f = fopen(PID_FILE, "r");
    int pid = 0;

    if (f && fscanf(f, "%d", &pid) != 1)
        pid = 0;
    if (f)
        fclose(f);
    return pid;
}

static void until_answered(struct client *c)
{
    do
        reconnect(c);
    while (ask(c, XS_DIRECTORY, 0, "/", 2));
}

/* @c is connected to it, and to the next one afterwards. Its pid file is there
 * a moment after its first answer at the latest. */
static void kill_daemon(struct client *c)
{
    unsigned long start;
    char byte;

    for (unsigned int i = 0; kill(daemon_pid(), SIGKILL); i++) {
        if (i == 1000)
            give_up("no daemon to kill: %s", strerror(errno));
        usleep(1000);
    }
    start = now_ms();
    get(c->fd, &byte, 1); /* it has ended */
    until_answered(c);
    printf("gap %lu\n", now_ms() - start);
    fflush(stdout);
}

static void kill_many(int kills, unsigned int least, unsigned int most)
{
    struct client c = {.fd = -1};

    until_answered(&c);
    for (; kills && !over && !shared->failure[0]; kills--) {
        usleep(1000 * (least + (unsigned int)rand() % (most - least + 1)));
        kill_daemon(&c);
    }
    close(c.fd);
}

/* --- all of it ------------------------------------------------------------ */

/* Another number than 0: it has not ended in order. */
static int bad_end(pid_t pid)
{
    int status = 0;

    if (waitpid(pid, &status, 0) != pid)
        return 1;
    if (WIFSIGNALED(status) && !shared->failure[0])
        snprintf(shared->failure, sizeof(shared->failure), "%s",
                 WTERMSIG(status) == SIGALRM
                     ? "a request through the kernel has no answer"
                     : "a client was killed");
    return status;
}

static void report(void)
{
    static const char *const way[] = {"by the socket", "through the kernel"};

    for (unsigned int k = 0; k < 2; k++)
        printf("%s: %lu rounds of writes, longest answer %lu ms\n", way[k],
               shared->writes[k] + shared->writes[k + 2],
               shared->longest[k] > shared->longest[k + 2]
                   ? shared->longest[k]
                   : shared->longest[k + 2]);
    printf("%lu changes, each with its event\n", shared->events);
    if (shared->failure[0])
        printf("%s\n", shared->failure);
}

/* Nothing is left of it. */
static void clear(void)
{
    struct client c = {.fd = -1};

    until_answered(&c);
    ask(&c, XS_RM, 0, "/writer", 8);
    ask(&c, XS_RM, 0, "/told", 6);
    close(c.fd);
}

int main(int argc, char **argv)
{
    pid_t pid[WRITERS + 1];
    int bad = 0;

    if (argc != 5 || writers_share())
        return 2;
    strcpy(dir, "/run/xenstored");
    shared->pause = 1000 * (unsigned int)atoi(argv[4]);
    srand((unsigned int)time(NULL));
    for (unsigned int w = 0; w <= WRITERS; w++) {
        pid[w] = fork();
        if (pid[w] == 0 && w == WRITERS)
            watcher();
        if (pid[w] == 0)
            writer(w, w % 2);
    }
    signal(SIGTERM, end);
    kill_many(atoi(argv[1]), (unsigned int)atoi(argv[2]),
              (unsigned int)atoi(argv[3]));
    while (!atoi(argv[1]) && !over && !shared->failure[0])
        usleep(100000);
    shared->stop = true;
    for (unsigned int w = 0; w <= WRITERS; w++)
        bad |= bad_end(pid[w]);
    clear();
    report();
    return bad || shared->failure[0] || !shared->events;
}
