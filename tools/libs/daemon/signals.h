/* SPDX-License-Identifier: MIT */
/*
 * The signals of a daemon, taken by its event loop: TERM and INT end the loop
 * with code 0 (and the service manager is told so), HUP opens the log anew, as
 * log rotation wants, PIPE is ignored.
 */
#ifndef DAEMON_SIGNALS_H
#define DAEMON_SIGNALS_H

#include <daemon/event_loop.h>

struct signal_watch {
    struct event_source source;
    struct event_loop *loop;
    void (*hangup)(void); /* after HUP, for other files; may be NULL */
};

/*
 * A signalfd() of these that waits for nothing: they come there and in no other
 * way from now on, and SIGPIPE does not come. -errno.
 */
int signals_hold(void);

/*
 * The caller has set hangup. To be called before there are threads,
 * which inherit the signal mask (libxenstore has one). 0 or -errno.
 */
int signals_watch(struct signal_watch *w, struct event_loop *loop);

#endif
