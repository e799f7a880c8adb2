/* SPDX-License-Identifier: MIT */
/* Background, pid file and readiness. */
#include "daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "log.h"

static const char *pid_path;
static int pid_fd = -1, parent_fd = -1;

int daemon_lock_pid_file(const char *path)
{
    if (!path)
        return 0;
    pid_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (pid_fd < 0)
        return errno;
    /* flock() locks follow the open file over fork(). */
    if (flock(pid_fd, LOCK_EX | LOCK_NB))
        return errno == EWOULDBLOCK ? EEXIST : errno;
    pid_path = path;
    return 0;
}

void daemon_remove_pid_file(void)
{
    if (pid_path)
        unlink(pid_path);
}

void daemon_detach(void)
{
    int fd[2];
    char byte;
    pid_t pid;

    if (pipe2(fd, O_CLOEXEC) || (pid = fork()) < 0) {
        log_error("cannot fork: %s", strerror(errno));
        exit(1);
    }
    if (pid) {
        close(fd[1]);
        _exit(read(fd[0], &byte, 1) == 1 ? 0 : 1);
    }
    close(fd[0]);
    parent_fd = fd[1];
    setsid();
    if (chdir("/"))
        log_error("chdir /: %s", strerror(errno));
}

static void notify_systemd(void)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    char text[64];
    size_t len = path ? strlen(path) : 0;
    int fd, n;

    if (!len || len >= sizeof(a.sun_path))
        return;
    memcpy(a.sun_path, path, len);
    if (path[0] == '@')
        a.sun_path[0] = '\0';
    fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return;
    n = snprintf(text, sizeof(text), "MAINPID=%ld\nREADY=1", (long)getpid());
    if (sendto(fd, text, (size_t)n, MSG_NOSIGNAL, (struct sockaddr *)&a,
               (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)) < 0)
        log_warning("NOTIFY_SOCKET: %s", strerror(errno));
    close(fd);
}

static void release_parent(void)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);

    log_to_syslog();
    if (null >= 0) {
        dup2(null, STDIN_FILENO);
        dup2(null, STDOUT_FILENO);
        dup2(null, STDERR_FILENO);
        close(null);
    }
    if (write(parent_fd, "", 1) != 1)
        log_error("the parent has gone");
    close(parent_fd);
}

void daemon_ready(bool print_pid)
{
    char text[32];
    int n = snprintf(text, sizeof(text), "%ld\n", (long)getpid());

    if (print_pid) {
        fputs(text, stdout);
        fflush(stdout);
    }
    if (pid_fd >= 0 &&
        (ftruncate(pid_fd, 0) || pwrite(pid_fd, text, (size_t)n, 0) != n))
        log_error("%s: %s", pid_path, strerror(errno));
    notify_systemd();
    if (parent_fd >= 0)
        release_parent();
}
