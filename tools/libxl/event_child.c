/* SPDX-License-Identifier: MIT */
/*
 * Child processes as events. A child's end is readable on its pidfd, so libxl
 * needs no SIGCHLD handler, reaps nobody else's children, and gets on with
 * whatever the application does about signals. Only an application that said
 * it reaps everything itself (sigchld_owner_mainloop) is listened to instead.
 */
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "event.h"

static bool mainloop_reaps(libxl_ctx *ctx)
{
    return ctx->ev->child_hooks &&
           ctx->ev->child_hooks->chldowner == libxl_sigchld_owner_mainloop;
}

static void child_ended(libxl_ctx *ctx, libxl__ev_child *ev, int status)
{
    pid_t pid = ev->pid;

    if (ev->exit.func) {
        int fd = ev->exit.fd;

        libxl__ev_fd_deregister(ctx, &ev->exit);
        close(fd);
    }
    EV_REMOVE(ctx->ev->children, ev);
    ev->pid = 0;
    ev->func(ctx, ev, pid, status);
}

static void try_reap(libxl_ctx *ctx, libxl__ev_child *ev)
{
    int status;
    pid_t r;

    do {
        r = waitpid(ev->pid, &status, WNOHANG);
    } while (r < 0 && errno == EINTR);
    if (r == ev->pid)
        child_ended(ctx, ev, status);
    else if (r < 0) /* reaped elsewhere in the process: status unknown */
        child_ended(ctx, ev, W_EXITCODE(255, 0));
}

static void pidfd_readable(libxl_ctx *ctx, libxl__ev_fd *fd, short revents)
{
    try_reap(ctx, CONTAINER_OF(fd, libxl__ev_child, exit));
}

pid_t libxl__ev_child_fork(libxl_ctx *ctx, libxl__ev_child *ev,
                           void (*func)(libxl_ctx *, libxl__ev_child *, pid_t,
                                        int))
{
    const libxl_childproc_hooks *hooks = ctx->ev->child_hooks;
    pid_t pid;
    int fd;

    memset(ev, 0, sizeof(*ev));
    pid = hooks && hooks->fork_replacement
              ? hooks->fork_replacement(ctx->ev->child_user)
              : fork();
    if (pid < 0)
        LIBXL__LOG(ctx, XTL_ERROR, "cannot fork: %s", strerror(errno));
    if (pid <= 0)
        return pid;

    ev->func = func;
    ev->pid = pid;
    EV_INSERT(ctx->ev->children, ev);
    if (mainloop_reaps(ctx))
        return pid;
    fd = syscall(SYS_pidfd_open, pid, 0);
    if (fd >= 0 &&
        !libxl__ev_fd_register(ctx, &ev->exit, fd, POLLIN, pidfd_readable))
        return pid;
    LIBXL__LOG(ctx, XTL_ERROR, "cannot watch child %d: %s", pid,
               strerror(errno));
    if (fd >= 0)
        close(fd);
    EV_REMOVE(ctx->ev->children, ev);
    kill(pid, SIGKILL);
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        ;
    ev->pid = 0;
    return -1;
}

void libxl_childproc_setmode(libxl_ctx *ctx, const libxl_childproc_hooks *hooks,
                             void *user)
{
    GC_INIT(ctx);

    ctx->ev->child_hooks = hooks;
    ctx->ev->child_user = user;
}

int libxl_childproc_reaped(libxl_ctx *ctx, pid_t pid, int status)
{
    GC_INIT(ctx);

    for (libxl__ev_child *ev = ctx->ev->children; ev; ev = ev->next) {
        if (ev->pid == pid) {
            child_ended(ctx, ev, status);
            return 0;
        }
    }
    return ERROR_UNKNOWN_CHILD;
}

void libxl_childproc_sigchld_occurred(libxl_ctx *ctx)
{
    GC_INIT(ctx);
    libxl__ev_child *next;

    /* 'next' may only go away by being reaped itself, which is done here. */
    for (libxl__ev_child *ev = ctx->ev->children; ev; ev = next) {
        next = ev->next;
        try_reap(ctx, ev);
    }
}

void libxl_report_child_exitstatus(libxl_ctx *ctx, xentoollog_level level,
                                   const char *what, pid_t pid, int status)
{
    if (WIFEXITED(status) && !WEXITSTATUS(status))
        LIBXL__LOG(ctx, level, "%s [%d] unexpectedly exited status zero", what,
                   pid);
    else if (WIFEXITED(status))
        LIBXL__LOG(ctx, level, "%s [%d] exited with error status %d", what, pid,
                   WEXITSTATUS(status));
    else if (WIFSIGNALED(status))
        LIBXL__LOG(ctx, level, "%s [%d] died due to fatal signal %s%s", what,
                   pid, strsignal(WTERMSIG(status)),
                   WCOREDUMP(status) ? " (core dumped)" : "");
    else
        LIBXL__LOG(ctx, level, "%s [%d] gave unknown wait status 0x%x", what,
                   pid, status);
}
