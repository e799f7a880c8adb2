/* SPDX-License-Identifier: MIT */
/*
 * See daemonise.h. The two processes share a pipe; its end without a byte means
 * that the daemon is no more.
 */
#include <daemon/daemonise.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <daemon/log.h>

int daemonise_begin(void)
{
    int ends[2];
    pid_t pid;
    char byte;

    if (pipe2(ends, O_CLOEXEC))
        return -errno;
    pid = fork();
    if (pid < 0)
        return -errno;
    if (pid) {
        close(ends[1]);
        _exit(read(ends[0], &byte, 1) == 1 ? 0 : 1);
    }
    close(ends[0]);
    setsid();
    if (chdir("/"))
        return -errno;
    return ends[1];
}

void daemonise_ready(int token, const char *log_file)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    int log = open(log_file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);

    if (log < 0)
        log_warning("cannot open %s: %s", log_file, strerror(errno));
    dup2(null, STDIN_FILENO);
    dup2(null, STDOUT_FILENO);
    dup2(log < 0 ? null : log, STDERR_FILENO);
    close(null);
    if (log >= 0)
        close(log);
    if (write(token, "", 1) != 1)
        log_warning("who started this daemon is gone");
    close(token);
}

int write_pid_file(const char *path)
{
    FILE *f;

    if (!path)
        return 0;
    f = fopen(path, "we");
    if (!f)
        return -errno;
    fprintf(f, "%d\n", (int)getpid());
    return fclose(f) ? -errno : 0;
}
