/* SPDX-License-Identifier: MIT */
/* See keeper_reach.h. */
#include "keeper_reach.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define LISTENER 3
#define ANSWER_S 5 /* the keeper does nothing that takes time */

static struct sockaddr_un address(const char *dir)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};

    snprintf(a.sun_path, sizeof(a.sun_path), "%s/keeper", dir);
    return a;
}

static int new_socket(void)
{
    return socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
}

/* A descriptor, or -errno. */
static int connect_to(const struct sockaddr_un *a)
{
    struct timeval wait = {.tv_sec = ANSWER_S};
    int fd = new_socket(), rc;

    if (fd < 0)
        return -errno;
    if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)) == 0 &&
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait)) == 0 &&
        connect(fd, (const struct sockaddr *)a, sizeof(*a)) == 0)
        return fd;
    rc = -errno;
    close(fd);
    return rc;
}

static int listen_at(const struct sockaddr_un *a)
{
    int fd = new_socket(), rc;

    if (fd < 0)
        return -errno;
    unlink(a->sun_path); /* nobody listens there */
    if (bind(fd, (const struct sockaddr *)a, sizeof(*a)) == 0 &&
        listen(fd, 4) == 0)
        return fd;
    rc = -errno;
    close(fd);
    return rc;
}

/* In a child: the keeper is nobody's child and has no terminal. */
static void run_keeper(const char *program, int listener)
{
    char *argv[] = {(char *)program, NULL}, *no_environment[] = {NULL};
    int null = open("/dev/null", O_RDWR);
    sigset_t none;

    setsid();
    if (fork())
        _exit(0);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    for (int fd = 0; fd < LISTENER; fd++)
        dup2(null, fd);
    dup2(listener, LISTENER); /* not close-on-exec, unless it was there */
    fcntl(LISTENER, F_SETFD, 0);
    if (null > LISTENER)
        close(null);
    execve(program, argv, no_environment);
    _exit(127);
}

static int start_keeper(const char *program, const struct sockaddr_un *a)
{
    int listener = listen_at(a);
    pid_t pid;

    if (listener < 0)
        return listener;
    pid = fork();
    if (!pid)
        run_keeper(program, listener);
    if (pid > 0)
        waitpid(pid, NULL, 0);
    close(listener);
    return pid < 0 ? -errno : 0;
}

int keeper_reach(const char *dir, const char *program)
{
    struct sockaddr_un a = address(dir);
    int fd = connect_to(&a), rc;

    if (fd != -ECONNREFUSED && fd != -ENOENT)
        return fd; /* one that has much to do is the only one still */
    rc = start_keeper(program, &a);
    return rc ? rc : connect_to(&a);
}
