/* SPDX-License-Identifier: MIT */
/*
 * See daemonise.h. The two processes share a pipe; its end without a byte means
 * that the daemon is no more.
 */
#include <daemon/daemonise.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <unistd.h>

#include <base/macros.h>
#include <daemon/log.h>
#include <daemon/notify.h>
#include <daemon/pid_lock.h>

#define END_MS 10000 /* that another daemon may take to end */

/* What a program in this place was left by the one before: the two descriptors
 * of the pid file, whether it is in the background, and the pid file's path. */
#define HANDED_OVER "XEN_DAEMON_HANDED_OVER"

static char *pid_path;
static int lock_fd = -1, number_fd = -1, parent_fd = -1;
static bool in_background;

/* The pid file is another daemon's, which writes its number once it is ready.
 */
static void refuse(const char *path)
{
    pid_t pid;
    int pidfd = pid_lock_holder(path, &pid);

    if (pidfd < 0) {
        log_error("another process is starting and holds %s", path);
        return;
    }
    log_error("process %d is running already and holds %s", (int)pid, path);
    close(pidfd);
}

static int lock_pid_file(const char *path)
{
    lock_fd = pid_lock_take(path, &number_fd); /* and held to the end */
    if (lock_fd == -EWOULDBLOCK) {
        refuse(path);
        return -EEXIST;
    }
    if (lock_fd < 0) {
        log_error("cannot lock %s: %s", path, strerror(-lock_fd));
        return lock_fd;
    }
    pid_path = realpath(path, NULL); /* for another working directory */
    return 0;
}

static int go_into_background(void)
{
    int ends[2];
    pid_t pid;
    char byte;

    if (pipe2(ends, O_CLOEXEC) || (pid = fork()) < 0) {
        int rc = -errno;

        log_error("cannot fork: %s", strerror(errno));
        return rc;
    }
    if (pid) {
        close(ends[1]);
        _exit(read(ends[0], &byte, 1) == 1 ? 0 : 1);
    }
    close(ends[0]);
    parent_fd = ends[1];
    in_background = true;
    setsid();
    if (chdir("/"))
        log_warning("chdir /: %s", strerror(errno));
    return 0;
}

static void set_kept(bool yes)
{
    const int fd[] = {lock_fd, number_fd};

    for (size_t i = 0; i < ARRAY_SIZE(fd); i++)
        if (fd[i] >= 0)
            fcntl(fd[i], F_SETFD, yes ? 0 : FD_CLOEXEC);
}

void daemon_hand_over(bool yes)
{
    char text[64 + PATH_MAX];

    snprintf(text, sizeof(text), "%d %d %d %s", lock_fd, number_fd,
             in_background, pid_path ? pid_path : "");
    set_kept(yes);
    if (yes)
        setenv(HANDED_OVER, text, 1);
    else
        unsetenv(HANDED_OVER);
}

/* A program of before, which says none, has it open. NULL: there is none. */
static char *path_of(int fd)
{
    char link[32], path[PATH_MAX];
    ssize_t n;

    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    n = fd < 0 ? -1 : readlink(link, path, sizeof(path) - 1);
    return n < 0 ? NULL : strndup(path, (size_t)n);
}

/* The caller of the program before has gone long ago. */
static void take_over(const char *handed)
{
    int background = 0, path = 0;

    if (sscanf(handed, "%d %d %d %n", &lock_fd, &number_fd, &background,
               &path) != 3)
        lock_fd = number_fd = -1;
    in_background = background;
    pid_path = path && handed[path] ? strdup(handed + path) : path_of(lock_fd);
    unsetenv(HANDED_OVER);
    set_kept(false);
    if (in_background)
        log_to_syslog();
}

int daemon_begin(const char *pid_file, bool foreground)
{
    const char *handed = getenv(HANDED_OVER);
    int rc;

    if (handed) {
        take_over(handed);
        return 0;
    }
    rc = pid_file ? lock_pid_file(pid_file) : 0;
    return rc || foreground ? rc : go_into_background();
}

void daemon_in_child(void)
{
    int *const fd[] = {&lock_fd, &number_fd, &parent_fd};

    for (size_t i = 0; i < ARRAY_SIZE(fd); i++) {
        if (*fd[i] >= 0)
            close(*fd[i]);
        *fd[i] = -1;
    }
}

static void leave_terminal(const char *log_file)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);

    dup2(null, STDIN_FILENO);
    dup2(null, STDOUT_FILENO);
    if (!log_file)
        log_to_syslog();
    if (!log_file || log_to_file(log_file))
        dup2(null, STDERR_FILENO);
    close(null);
    if (write(parent_fd, "", 1) != 1)
        log_warning("the process that started this daemon has gone");
    close(parent_fd);
    parent_fd = -1;
}

void daemon_ready(const char *log_file)
{
    char text[64];
    int rc = number_fd < 0 ? 0 : pid_lock_write(number_fd, getpid());

    if (rc)
        log_error("cannot write the pid file: %s", strerror(-rc));
    snprintf(text, sizeof(text), "MAINPID=%d\nREADY=1", (int)getpid());
    notify_manager(text);
    if (parent_fd >= 0)
        leave_terminal(log_file);
}

int daemon_end_other(const char *pid_file)
{
    struct pollfd p = {.events = POLLIN};
    pid_t pid;
    int rc = -ETIMEDOUT;

    p.fd = pid_lock_holder(pid_file, &pid);
    if (p.fd < 0)
        return p.fd == -ESRCH ? 0 : p.fd;
    if (pidfd_send_signal(p.fd, SIGTERM, NULL, 0))
        rc = errno == ESRCH ? 0 : -errno;
    else if (poll(&p, 1, END_MS) == 1)
        rc = 0;
    close(p.fd);
    return rc;
}

const char *daemon_pid_file(void)
{
    return pid_path;
}

void daemon_end(void)
{
    if (pid_path)
        unlink(pid_path);
    free(pid_path);
    pid_path = NULL;
}
