/* SPDX-License-Identifier: MIT */
/* See pair.h. */
#include <daemon/pair.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <daemon/daemonise.h>
#include <daemon/log.h>
#include <daemon/notify.h>
#include <daemon/signals.h>

/* What this process was started with beside the first three, below that one. */
static void close_inherited(int end)
{
    DIR *all = opendir("/proc/self/fd");
    struct dirent *e;

    while (all && (e = readdir(all))) {
        int fd = atoi(e->d_name), flags = fcntl(fd, F_GETFD);

        if (fd > STDERR_FILENO && fd < end && flags >= 0 &&
            !(flags & FD_CLOEXEC))
            close(fd);
    }
    if (all)
        closedir(all);
}

int pair_fork(struct pair *p, int left)
{
    int ends[2];

    p->parent = getpid();
    p->signals = signals_hold(); /* before the child: none is lost */
    if (p->signals < 0)
        return p->signals;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
        return -errno;
    p->child = fork();
    if (p->child < 0)
        return -errno;
    p->end = ends[!p->child];
    close(ends[!!p->child]);
    if (p->child)
        return 0;
    close(p->signals);
    close_inherited(left);
    daemon_in_child();
    unsetenv("NOTIFY_SOCKET"); /* the parent tells */
    return pair_end_with_parent(p);
}

/* --- the parent ----------------------------------------------------------- */

static void begin_to_end(struct pair *p)
{
    notify_manager("STOPPING=1");
    if (!p->of_end.armed)
        event_timer_set(&p->loop, &p->of_end, PAIR_END_MS);
}

static void signal_ready(struct event_source *s, uint32_t events)
{
    struct pair *p = container_of(s, struct pair, of_signals);
    struct signalfd_siginfo info;

    if (read(p->signals, &info, sizeof(info)) != sizeof(info))
        return;
    if (info.ssi_signo == SIGHUP)
        log_reopen();
    else
        begin_to_end(p);
    kill(p->child, (int)info.ssi_signo);
}

static void does_not_end(struct event_timer *t)
{
    struct pair *p = container_of(t, struct pair, of_end);

    log_error("the process that serves does not end when it is told to");
    event_loop_stop(&p->loop, 0);
}

static void child_ready(struct event_source *s, uint32_t events)
{
    struct pair *p = container_of(s, struct pair, of_child);

    if (!p->serve(p))
        event_loop_stop(&p->loop, 0);
}

int pair_end_child(const struct pair *p)
{
    int status = 0;

    kill(p->child, SIGKILL);
    while (waitpid(p->child, &status, 0) < 0 && errno == EINTR)
        ;
    return status;
}

static int exit_code(int status)
{
    if (WIFEXITED(status))
        return WEXITSTATUS(status);
    log_error("the process that serves was ended by signal %d (%s)",
              WTERMSIG(status), strsignal(WTERMSIG(status)));
    return 1;
}

static int listen_to_both(struct pair *p)
{
    int rc = event_loop_init(&p->loop);

    p->of_signals = (struct event_source){p->signals, .ready = signal_ready};
    p->of_child = (struct event_source){p->end, .ready = child_ready};
    p->of_end = (struct event_timer){.fire = does_not_end};
    rc = rc ? rc : event_source_add(&p->loop, &p->of_signals, EPOLLIN);
    return rc ? rc : event_source_add(&p->loop, &p->of_child, EPOLLIN);
}

int pair_run(struct pair *p, bool (*serve)(struct pair *p))
{
    int rc;

    close_inherited(INT_MAX); /* who hangs up there must be seen to */
    p->serve = serve;
    rc = listen_to_both(p);
    if (rc)
        log_error("an event loop: %s", strerror(-rc));
    else
        event_loop_run(&p->loop);
    return exit_code(pair_end_child(p));
}

/* --- the child ------------------------------------------------------------ */

static void leave_terminal(void)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);

    for (int fd = STDIN_FILENO; null >= 0 && fd <= STDERR_FILENO; fd++)
        dup2(null, fd);
    if (null > STDERR_FILENO)
        close(null);
}

void pair_hide(char *first_argument, const char *name)
{
    size_t room = strlen(first_argument), len = strlen(name);

    prctl(PR_SET_NAME, name);
    for (size_t i = 0; i < room; i++)
        first_argument[i] = i < len ? name[i] : '\0';
    leave_terminal();
}

/* The kernel forgets it when the user changes. */
int pair_end_with_parent(const struct pair *p)
{
    if (prctl(PR_SET_PDEATHSIG, SIGKILL))
        return -errno;
    return getppid() == p->parent ? 0 : -ESRCH;
}
