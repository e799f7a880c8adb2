/* SPDX-License-Identifier: MIT */
/* See successor.h. */
#include "successor.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
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
#define MAX_LINKS     8
#define VERSION_MS    10000 /* in which a program says its version */

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

/* Root alone can write it, or whoever can write this program. */
static bool is_trusted(const struct stat *st)
{
    struct stat own;

    return !(st->st_mode & 022) &&
           (st->st_uid == 0 ||
            (!stat("/proc/self/exe", &own) && st->st_uid == own.st_uid));
}

/* The directory of the program that runs, which a package's upgrade may have
 * deleted, with the slash behind it. */
static bool own_directory(char here[PATH_MAX])
{
    ssize_t n = readlink("/proc/self/exe", here, PATH_MAX - 1);
    char *slash;

    here[n < 0 ? 0 : n] = '\0';
    slash = strrchr(here, '/');
    if (slash)
        slash[1] = '\0';
    return slash;
}

/* Takes from @path the names that lead further along @here, of which the first
 * @at characters have been gone. How many have been then. */
static size_t go_along(const char *here, size_t at, char *path)
{
    char *rest = path;
    size_t len = strcspn(rest, "/") + 1;

    if (*rest == '/')
        at = 0;
    while (rest[len - 1] == '/' && !strncmp(here + at, rest, len)) {
        at += len;
        rest += len;
        len = strcspn(rest, "/") + 1;
    }
    memmove(path, rest, strlen(rest) + 1);
    return at;
}

/* If @path begins with the name of a link in @directory, where root alone can
 * make one, the link's text takes the name's place. */
static bool follow(const char *directory, char *path)
{
    const char *rest = path + strcspn(path, "/");
    char link[2 * PATH_MAX], text[PATH_MAX], longer[2 * PATH_MAX];
    struct stat st;
    ssize_t n;

    snprintf(link, sizeof(link), "%s%.*s", directory, (int)(rest - path), path);
    n = readlink(link, text, sizeof(text) - 1);
    if (n < 0 || stat(directory, &st) || !is_trusted(&st))
        return false;
    text[n] = '\0';
    snprintf(longer, sizeof(longer), "%s%s", text, rest);
    if (strlen(longer) >= PATH_MAX)
        return false;
    strcpy(path, longer);
    return true;
}

/*
 * Makes of @program, which may go by links as /sbin is one to /usr/sbin, the
 * path of a file in the directory of the program that runs; NULL: it leads
 * elsewhere. Names are looked for in that directory and in those above it
 * alone: merely to look for a path that a guest may have made up can start a
 * device or wait for a server that is dead.
 */
static const char *find_here(const char *program)
{
    static char path[2 * PATH_MAX];
    char here[PATH_MAX], above[PATH_MAX], rest[PATH_MAX];
    size_t at = 0;

    if (!own_directory(here) || strlen(program) >= sizeof(rest))
        return NULL;
    strcpy(rest, program);
    for (int links = 0; links < MAX_LINKS; links++) {
        at = go_along(here, at, rest);
        snprintf(above, sizeof(above), "%.*s", (int)at, here);
        if (!at || !follow(above, rest))
            break;
    }
    snprintf(path, sizeof(path), "%s%s", here, rest);
    return here[at] || strchr(rest, '/') ? NULL : path;
}

/* What is no plain file is never opened. */
static int open_plain(const char *path)
{
    int fd = -1, place = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    char again[32];
    struct stat st;

    snprintf(again, sizeof(again), "/proc/self/fd/%d", place);
    if (place >= 0 && !fstat(place, &st) && S_ISREG(st.st_mode) &&
        st.st_mode & 0111)
        fd = open(again, O_RDONLY | O_CLOEXEC);
    if (place >= 0)
        close(place);
    return fd;
}

/* In a process that ends with it. The question comes first, and is answered
 * whatever follows it: an argument that takes the next one as its value would
 * make a daemon of this. */
static void ask_version(int end)
{
    char *argv[MAX_ARGUMENTS + 2] = {next.program, (char *)SUCCESSOR_QUESTION};
    int n = 2;

    for (char **word = arguments() + 1; *word && n <= MAX_ARGUMENTS; word++)
        argv[n++] = *word;
    dup2(end, STDOUT_FILENO);
    fexecve(next.fd, argv, environ);
    _exit(1);
}

/* Does it print what this one would? */
static bool is_like_this(void)
{
    char text[96] = "";
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

static const char *why_not(bool with_text)
{
    static const char begin[] = "/xenstored";
    const char *path = find_here(next.program);
    struct stat st;

    if (!path)
        return "That is not in the directory of the program that runs.";
    if (strncmp(strrchr(path, '/'), begin, sizeof(begin) - 1))
        return "A program of that name is no xenstored.";
    next.fd = open_plain(path);
    if (next.fd < 0)
        return "That is no program.";
    if (fstat(next.fd, &st) || !is_trusted(&st))
        return "Others than root can change that program.";
    if (with_text && !next.text)
        return "There is no memory.";
    if (with_text && !split())
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
    next.fd = -1;
    why = why_not(text != NULL);
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
