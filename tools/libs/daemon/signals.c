/* SPDX-License-Identifier: MIT */
/* See signals.h. */
#include <daemon/signals.h>

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <daemon/log.h>
#include <daemon/notify.h>

static void signal_ready(struct event_source *s, uint32_t events)
{
    struct signal_watch *w = container_of(s, struct signal_watch, source);
    struct signalfd_siginfo info;

    if (read(s->fd, &info, sizeof(info)) != sizeof(info))
        return;
    switch (info.ssi_signo) {
    case SIGHUP:
        log_reopen();
        if (w->hangup)
            w->hangup();
        break;
    default:
        notify_manager("STOPPING=1");
        event_loop_stop(w->loop, 0);
    }
}

int signals_hold(void)
{
    sigset_t set;
    int fd;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    signal(SIGPIPE, SIG_IGN);
    if (sigprocmask(SIG_BLOCK, &set, NULL))
        return -errno;
    fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return fd < 0 ? -errno : fd;
}

int signals_watch(struct signal_watch *w, struct event_loop *loop)
{
    w->loop = loop;
    w->source.ready = signal_ready;
    w->source.fd = signals_hold();
    return w->source.fd < 0 ? w->source.fd
                            : event_source_add(loop, &w->source, EPOLLIN);
}
