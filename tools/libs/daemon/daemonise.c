/* SPDX-License-Identifier: MIT */
/*
 * See daemonise.h. The two processes share a pipe; its end without a byte means
 * that the daemon is no more.
 */
#include <daemon/daemonise.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <daemon/log.h>
#include <daemon/notify.h>

static char *pid_path;
static int pid_fd = -1, parent_fd = -1;

/* The pid file is another daemon's, which writes its number once it is ready.
 */
static int refuse(const char *path, int fd)
{
    char text[16] = "";
    long pid = 0;

    if (pread(fd, text, sizeof(text) - 1, 0) > 0)
        pid = strtol(text, NULL, 10);
    if (pid > 0)
        log_error("process %ld is running already and holds %s", pid, path);
    else
        log_error("another process is starting and holds %s", path);
    close(fd);
    return -EEXIST;
}

/* A flock() belongs to the open file: it survives fork() and ends with the last
 * process that has the file open, however that ends. Who may read a file may
 * also lock it, so that is for root alone. */
static int lock_pid_file(const char *path)
{
    struct stat st;
    int fd, rc;

    do {
        fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        if (fd < 0)
            goto fail;
        if (flock(fd, LOCK_EX | LOCK_NB)) {
            if (errno == EWOULDBLOCK)
                return refuse(path, fd);
            goto fail;
        }
        if (fstat(fd, &st))
            goto fail;
        if (!st.st_nlink) /* a daemon that ended has just removed it */
            close(fd);
    } while (!st.st_nlink);
    pid_path = realpath(path, NULL); /* for another working directory */
    pid_fd = fd;
    return 0;
fail:
    rc = -errno;
    log_error("cannot lock %s: %s", path, strerror(errno));
    if (fd >= 0)
        close(fd);
    return rc;
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
    setsid();
    if (chdir("/"))
        log_warning("chdir /: %s", strerror(errno));
    return 0;
}

int daemon_begin(const char *pid_file, bool foreground)
{
    int rc = pid_file ? lock_pid_file(pid_file) : 0;

    return rc || foreground ? rc : go_into_background();
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
}

void daemon_ready(const char *log_file)
{
    char text[64];
    int n = snprintf(text, sizeof(text), "%d\n", (int)getpid());

    if (pid_fd >= 0 &&
        (ftruncate(pid_fd, 0) || pwrite(pid_fd, text, (size_t)n, 0) != n))
        log_error("cannot write the pid file: %s", strerror(errno));
    snprintf(text, sizeof(text), "MAINPID=%d\nREADY=1", (int)getpid());
    notify_manager(text);
    if (parent_fd >= 0)
        leave_terminal(log_file);
}

void daemon_end(void)
{
    if (pid_path)
        unlink(pid_path);
    free(pid_path);
    pid_path = NULL;
}
