/* SPDX-License-Identifier: MIT */
/* See successor.h. */
#include "successor.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <daemon/daemonise.h>

#include "errand.h"

#define VARIABLE      "XENSTORED_LIVE_UPDATE" /* the descriptor */
#define MAX_ARGUMENTS 64
#define VERSION_MS    2000 /* in which a program says its version */

static char **own_arguments;
static const char *own_version;

static struct {
    int fd;                         /* so that it cannot become another one */
    char *program, *text;           /* text NULL: this one's arguments */
    char *words[MAX_ARGUMENTS + 1]; /* of the text */
} next;

void successor_arguments(char **argv, const char *version)
{
    own_arguments = argv;
    own_version = version;
}

static void forget(void)
{
    if (next.program && next.fd >= 0)
        close(next.fd);
    free(next.program);
    free(next.text);
    memset(&next, 0, sizeof(next));
}

static char **arguments(void)
{
    return next.text ? next.words : own_arguments;
}

/* The words of next.text, which is changed; false: they are too many. */
static bool split(void)
{
    int n = 0;

    next.words[n++] = next.program;
    for (char *word = strtok(next.text, " \t\n"); word;
         word = strtok(NULL, " \t\n")) {
        if (n == MAX_ARGUMENTS)
            return false;
        next.words[n++] = word;
    }
    next.words[n] = NULL;
    return true;
}

/* --- may it be? ----------------------------------------------------------- */

static bool is_program(void)
{
    struct stat st;

    return *next.program == '/' && next.fd >= 0 && !fstat(next.fd, &st) &&
           S_ISREG(st.st_mode) && st.st_mode & 0111;
}

/* Where it really is; a path may lead through links. */
static bool is_xenstored(void)
{
    static const char name[] = "/xenstored";
    char link[32], path[4096];
    const char *last;
    ssize_t n;

    snprintf(link, sizeof(link), "/proc/self/fd/%d", next.fd);
    n = readlink(link, path, sizeof(path) - 1);
    path[n < 0 ? 0 : n] = '\0';
    last = strrchr(path, '/');
    return last && !strncmp(last, name, sizeof(name) - 1);
}

static bool is_trusted(void)
{
    struct stat st, own;

    return !fstat(next.fd, &st) && !(st.st_mode & 022) &&
           (st.st_uid == 0 ||
            (!stat("/proc/self/exe", &own) && st.st_uid == own.st_uid));
}

/* In a process that ends with it. */
static void ask_version(int end)
{
    char *argv[MAX_ARGUMENTS + 2] = {next.program};
    int n = 1;

    for (char **word = arguments() + 1; *word && n < MAX_ARGUMENTS; word++)
        argv[n++] = *word;
    argv[n] = (char *)"--journal-version";
    dup2(end, STDOUT_FILENO);
    fexecve(next.fd, argv, environ);
    _exit(1);
}

/* Does it print what this one would? */
static bool is_like_this(void)
{
    char text[64] = "";
    struct pollfd p = {.events = POLLIN};
    int ends[2];
    pid_t pid;

    if (pipe2(ends, O_CLOEXEC))
        return false;
    pid = fork();
    if (!pid)
        ask_version(ends[1]);
    close(ends[1]);
    p.fd = ends[0];
    if (pid > 0 && poll(&p, 1, VERSION_MS) == 1 &&
        read(ends[0], text, sizeof(text) - 1) <= 0)
        text[0] = 0;
    close(ends[0]);
    if (pid > 0) {
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
    }
    text[strcspn(text, "\n")] = 0;
    return !strcmp(text, own_version);
}

static const char *why_not(const char *text)
{
    if (!is_program())
        return "That is no program, or not by its whole path.";
    if (!is_xenstored())
        return "A program of that name is no xenstored.";
    if (!is_trusted())
        return "Others than root can change that program.";
    if (text && !next.text)
        return "There is no memory.";
    if (text && !split())
        return "There are too many arguments.";
    if (!is_like_this())
        return "It does not say that it can go on with this daemon's state.";
    return NULL;
}

const char *successor_choose(const char *program, const char *text)
{
    const char *why;

    forget();
    next.program = strdup(program);
    if (!next.program)
        return "There is no memory.";
    next.text = text ? strdup(text) : NULL;
    next.fd = open(program, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    why = why_not(text);
    if (why)
        forget();
    return why;
}

const char *successor_chosen(void)
{
    return next.program;
}

/* --- the change ----------------------------------------------------------- */

int successor_run(void)
{
    char number[16], **argv = arguments();

    snprintf(number, sizeof(number), "%d", ERRAND_HANDED);
    argv[0] = next.program;
    daemon_hand_over(true);
    setenv(VARIABLE, number, 1);
    fexecve(next.fd, argv, environ);
    return errno;
}

int successor_state(void)
{
    const char *number = getenv(VARIABLE);

    return number ? atoi(number) : -1;
}
