/* SPDX-License-Identifier: MIT */
/* See store_watch.h. */
#include "store_watch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include <daemon/log.h>

static void store_ready(struct event_source *s, uint32_t events)
{
    struct store_watch *w = container_of(s, struct store_watch, source);
    bool any = false;
    char **event;

    while ((event = xs_check_watch(w->xs))) {
        any = true;
        if (w->event)
            w->event(w, event[XS_WATCH_PATH], event[XS_WATCH_TOKEN]);
        free(event);
    }
    if (!any && errno != EAGAIN) {
        log_error("lost the connection to xenstored");
        event_loop_stop(w->loop, 1);
    } else if (any && w->settled) {
        w->settled(w);
    }
}

int store_watch_open(struct store_watch *w, struct event_loop *loop)
{
    w->loop = loop;
    w->xs = xs_open(0);
    if (!w->xs) {
        int rc = -errno;

        log_error("cannot reach xenstored: %s", strerror(errno));
        return rc;
    }
    w->source.fd = xs_fileno(w->xs);
    w->source.ready = store_ready;
    return event_source_add(loop, &w->source, EPOLLIN);
}
