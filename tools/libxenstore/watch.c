/* SPDX-License-Identifier: MIT */
/* Watches and the queue of their events. */
#include "internal.h"

#include <stdlib.h>
#include <string.h>

bool xs_watch(struct xs_handle *h, const char *path, const char *token)
{
    struct iovec iov[2] = {xs_iov(path), xs_iov(token)};

    h->watched = true;
    return xs_acknowledged(xs_talk(h, XS_WATCH, XBT_NULL, iov, 2, NULL));
}

/* Does the event belong to the watch of @path with @token? */
static bool event_of(const struct event *e, const char *path, const char *token)
{
    return !strcmp(e->vector[XS_WATCH_TOKEN], token) &&
           xs_path_is_subpath(path, e->vector[XS_WATCH_PATH]);
}

static void drop_events(struct xs_handle *h, const char *path,
                        const char *token)
{
    struct event **p;

    pthread_mutex_lock(&h->lock);
    for (p = &h->events; *p;) {
        struct event *e = *p;
        if (!event_of(e, path, token)) {
            p = &e->next;
            continue;
        }
        *p = e->next;
        free(e->vector);
        free(e);
    }
    h->events_tail = p;
    if (!h->events)
        xs_signal_events(h);
    pthread_mutex_unlock(&h->lock);
}

bool xs_unwatch(struct xs_handle *h, const char *path, const char *token)
{
    struct iovec iov[2] = {xs_iov(path), xs_iov(token)};

    if (!xs_acknowledged(xs_talk(h, XS_UNWATCH, XBT_NULL, iov, 2, NULL)))
        return false;
    /* The answer came after the last event of this watch. */
    if (h->filter_unwatched)
        drop_events(h, path, token);
    return true;
}

/* With the lock held; NULL if the queue is empty. */
static char **take_event(struct xs_handle *h)
{
    struct event *e = h->events;
    char **v;

    if (!e)
        return NULL;
    h->events = e->next;
    if (!h->events) {
        h->events_tail = &h->events;
        xs_signal_events(h);
    }
    v = e->vector;
    free(e);
    return v;
}

char **xs_check_watch(struct xs_handle *h)
{
    char **v;
    int error;

    pthread_mutex_lock(&h->lock);
    while (!(v = take_event(h)) && xs_wait_news(h, false))
        ;
    error = h->error ? h->error : EAGAIN;
    pthread_mutex_unlock(&h->lock);
    if (!v)
        errno = error;
    return v;
}

char **xs_read_watch(struct xs_handle *h, unsigned int *num)
{
    char **v;
    int error;

    pthread_mutex_lock(&h->lock);
    while (!(v = take_event(h)) && !h->error)
        xs_wait_news(h, true);
    error = h->error;
    pthread_mutex_unlock(&h->lock);
    if (v)
        *num = 2;
    else
        errno = error;
    return v;
}
