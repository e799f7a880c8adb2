/* SPDX-License-Identifier: MIT */
/*
 * Descriptors and times, and the three ways to learn of them: libxl's own
 * poll(), the application's poll() for us, and the application's event hooks.
 *
 * poll() runs without the lock, so that what it reports may be about a
 * descriptor number that meanwhile belongs to something else. Therefore every
 * callback has to live with a wrong alarm, and none reads blockingly.
 */
#include "event.h"

/*
 * The handle that an application's event system holds. It may call late, from
 * another thread, about a registration that has been removed: so a hook is
 * reused, but never freed before the context.
 */
struct libxl__hook {
    struct libxl__hook *next;
    libxl__ev_fd *fd; /* at most one of both; none: not for us any more */
    libxl__ev_time *time;
    void *for_app;
};

struct libxl__poller {
    struct libxl__poller *next;
    int wakeup[2];
    struct pollfd *fds;
    int space;
    bool waiting;
};

static struct libxl__hook *hook_get(struct libxl__event_state *es)
{
    struct libxl__hook *h = es->idle_hooks;

    if (h)
        es->idle_hooks = h->next;
    else
        h = libxl__array_nogc(NULL, 1, sizeof(*h));
    memset(h, 0, sizeof(*h));
    return h;
}

static void hook_put(struct libxl__event_state *es, struct libxl__hook *h)
{
    h->fd = NULL;
    h->time = NULL;
    h->next = es->idle_hooks;
    es->idle_hooks = h;
}

static int os_failed(libxl_ctx *ctx, const char *what, int r)
{
    LIBXL__LOG(ctx, XTL_ERROR, "application's %s hook failed: %d", what, r);
    return r > 0 ? r : ERROR_OSEVENT_REG_FAIL;
}

int libxl__ev_fd_register(libxl_ctx *ctx, libxl__ev_fd *ev, int fd,
                          short events,
                          void (*func)(libxl_ctx *, libxl__ev_fd *, short))
{
    struct libxl__event_state *es = ctx->ev;
    int r;

    *ev = (libxl__ev_fd){.fd = fd, .events = events};
    if (es->os_hooks) {
        ev->hook = hook_get(es);
        ev->hook->fd = ev;
        r = es->os_hooks->fd_register(es->os_user, fd, &ev->hook->for_app,
                                      events, ev->hook);
        if (r) {
            hook_put(es, ev->hook);
            return os_failed(ctx, "fd_register", r);
        }
    }
    ev->func = func;
    EV_INSERT(es->fds, ev);
    libxl__wake_pollers(ctx);
    return 0;
}

void libxl__ev_fd_deregister(libxl_ctx *ctx, libxl__ev_fd *ev)
{
    struct libxl__event_state *es = ctx->ev;

    if (!ev->func)
        return;
    if (ev->hook) {
        es->os_hooks->fd_deregister(es->os_user, ev->fd, ev->hook->for_app);
        hook_put(es, ev->hook);
    }
    EV_REMOVE(es->fds, ev);
    memset(ev, 0, sizeof(*ev));
    libxl__wake_pollers(ctx);
}

/* Ascending; equal times in the order in which they were registered. */
static void insert_time(struct libxl__event_state *es, libxl__ev_time *ev)
{
    libxl__ev_time *at = es->times;

    if (!at || timercmp(&ev->abs, &at->abs, <)) {
        EV_INSERT(es->times, ev);
        return;
    }
    while (at->next && !timercmp(&ev->abs, &at->next->abs, <))
        at = at->next;
    ev->prev = at;
    ev->next = at->next;
    if (at->next)
        at->next->prev = ev;
    at->next = ev;
}

int libxl__ev_time_register(libxl_ctx *ctx, libxl__ev_time *ev, int ms,
                            void (*func)(libxl_ctx *, libxl__ev_time *))
{
    struct libxl__event_state *es = ctx->ev;
    struct timeval now, in = {ms / 1000, ms % 1000 * 1000};
    int r;

    memset(ev, 0, sizeof(*ev));
    gettimeofday(&now, NULL);
    timeradd(&now, &in, &ev->abs);
    if (es->os_hooks) {
        ev->hook = hook_get(es);
        ev->hook->time = ev;
        r = es->os_hooks->timeout_register(es->os_user, &ev->hook->for_app,
                                           ev->abs, ev->hook);
        if (r) {
            hook_put(es, ev->hook);
            return os_failed(ctx, "timeout_register", r);
        }
    }
    ev->func = func;
    insert_time(es, ev);
    libxl__wake_pollers(ctx);
    return 0;
}

static void forget_time(libxl_ctx *ctx, libxl__ev_time *ev)
{
    EV_REMOVE(ctx->ev->times, ev);
    memset(ev, 0, sizeof(*ev));
}

void libxl__ev_time_deregister(libxl_ctx *ctx, libxl__ev_time *ev)
{
    struct libxl__event_state *es = ctx->ev;

    if (!ev->func)
        return;
    if (ev->hook) {
        /* It cannot be called back, only be made to fire into nothing: the
         * hook is idle again when that has happened. */
        ev->hook->time = NULL;
        es->os_hooks->timeout_modify(es->os_user, &ev->hook->for_app,
                                     (struct timeval){0, 0});
    }
    forget_time(ctx, ev);
}

static void fire_time(libxl_ctx *ctx, libxl__ev_time *ev)
{
    void (*func)(libxl_ctx *, libxl__ev_time *) = ev->func;

    libxl__ev_time_deregister(ctx, ev);
    func(ctx, ev);
}

static void deliver_fds(libxl_ctx *ctx)
{
    libxl__ev_fd *ev;

    do { /* from the start: a callback may have changed the list anywhere */
        for (ev = ctx->ev->fds; ev && !ev->revents; ev = ev->next)
            ;
        if (ev) {
            short revents = ev->revents;

            ev->revents = 0;
            ev->func(ctx, ev, revents);
        }
    } while (ev);
}

static void deliver_times(libxl_ctx *ctx, struct timeval now)
{
    while (ctx->ev->times && !timercmp(&ctx->ev->times->abs, &now, >))
        fire_time(ctx, ctx->ev->times);
}

/* --- poll() --- */

static int fill_pollfds(libxl_ctx *ctx, struct libxl__poller *p,
                        struct pollfd *fds, int space)
{
    int n = 0;

    if (n < space)
        fds[n] = (struct pollfd){.fd = p->wakeup[0], .events = POLLIN};
    n++;
    for (libxl__ev_fd *ev = ctx->ev->fds; ev; ev = ev->next, n++)
        if (n < space)
            fds[n] = (struct pollfd){.fd = ev->fd, .events = ev->events};
    return n;
}

static int next_timeout(libxl_ctx *ctx, int timeout, struct timeval now)
{
    struct timeval in;
    long ms;

    if (!ctx->ev->times)
        return timeout;
    if (!timercmp(&ctx->ev->times->abs, &now, >))
        return 0;
    timersub(&ctx->ev->times->abs, &now, &in);
    ms = in.tv_sec > 3600 ? 3600000 : in.tv_sec * 1000 + in.tv_usec / 1000 + 1;
    return timeout < 0 || ms < timeout ? ms : timeout;
}

static void take_results(libxl_ctx *ctx, struct libxl__poller *p,
                         const struct pollfd *fds, int n, struct timeval now)
{
    char drain[64];

    for (int i = 0; i < n; i++) {
        if (!fds[i].revents)
            continue;
        if (fds[i].fd == p->wakeup[0]) {
            while (read(p->wakeup[0], drain, sizeof(drain)) > 0)
                ;
            continue;
        }
        for (libxl__ev_fd *ev = ctx->ev->fds; ev; ev = ev->next)
            if (ev->fd == fds[i].fd)
                ev->revents |= fds[i].revents &
                               (ev->events | POLLERR | POLLHUP | POLLNVAL);
    }
    deliver_fds(ctx);
    deliver_times(ctx, now);
}

static struct libxl__poller *poller_new(void)
{
    struct libxl__poller *p = libxl__array_nogc(NULL, 1, sizeof(*p));

    if (pipe2(p->wakeup, O_CLOEXEC | O_NONBLOCK)) {
        free(p);
        return NULL;
    }
    return p;
}

struct libxl__poller *libxl__poller_get(libxl_ctx *ctx)
{
    struct libxl__poller *p;

    for (p = ctx->ev->pollers; p && p->waiting; p = p->next)
        ;
    if (!p) {
        p = poller_new();
        if (!p) {
            libxl__event_disaster(ctx, "cannot create a pipe", errno);
            return NULL;
        }
        p->next = ctx->ev->pollers;
        ctx->ev->pollers = p;
    }
    p->waiting = true;
    return p;
}

void libxl__poller_put(libxl_ctx *ctx, struct libxl__poller *p)
{
    p->waiting = false;
}

void libxl__wake_pollers(libxl_ctx *ctx)
{
    struct libxl__poller *p;
    ssize_t r = 0;

    for (p = ctx->ev->pollers; p; p = p->next)
        if (p->waiting)
            r |= write(p->wakeup[1], "", 1); /* full is awake enough */
    if (ctx->ev->app_poller)
        r |= write(ctx->ev->app_poller->wakeup[1], "", 1);
    (void)r;
}

int libxl__poll_once(libxl_ctx *ctx, struct libxl__poller *p)
{
    struct timeval now;
    int n, r, timeout;

    n = fill_pollfds(ctx, p, p->fds, p->space);
    if (n > p->space) {
        free(p->fds);
        p->space = n + 8;
        p->fds = libxl__array_nogc(ctx, p->space, sizeof(*p->fds));
        fill_pollfds(ctx, p, p->fds, p->space);
    }
    gettimeofday(&now, NULL);
    timeout = next_timeout(ctx, ctx->ev->due ? 0 : -1, now);
    libxl__ctx_unlock(ctx);
    r = poll(p->fds, n, timeout);
    libxl__ctx_lock(ctx);
    if (r < 0 && errno != EINTR) {
        LIBXL__LOG(ctx, XTL_ERROR, "poll: %s", strerror(errno));
        return ERROR_FAIL;
    }
    gettimeofday(&now, NULL);
    take_results(ctx, p, p->fds, r < 0 ? 0 : n, now);
    return 0;
}

/* --- the application polls for us --- */

int libxl_osevent_beforepoll(libxl_ctx *ctx, int *nfds_io, struct pollfd *fds,
                             int *timeout_upd, struct timeval now)
{
    GC_INIT(ctx);
    int space = *nfds_io;

    if (!ctx->ev->app_poller)
        ctx->ev->app_poller = poller_new();
    if (!ctx->ev->app_poller)
        return ERROR_FAIL;
    *nfds_io = fill_pollfds(ctx, ctx->ev->app_poller, fds, space);
    *timeout_upd = next_timeout(ctx, *timeout_upd, now);
    return *nfds_io > space ? ERROR_BUFFERFULL : 0;
}

void libxl_osevent_afterpoll(libxl_ctx *ctx, int nfds, const struct pollfd *fds,
                             struct timeval now)
{
    GC_INIT(ctx);

    if (ctx->ev->app_poller)
        take_results(ctx, ctx->ev->app_poller, fds, nfds, now);
}

/* --- the application's event system --- */

void libxl_osevent_register_hooks(libxl_ctx *ctx,
                                  const libxl_osevent_hooks *hooks, void *user)
{
    GC_INIT(ctx);

    ctx->ev->os_hooks = hooks;
    ctx->ev->os_user = user;
}

void libxl_osevent_occurred_fd(libxl_ctx *ctx, void *for_libxl, int fd,
                               short events, short revents)
{
    GC_INIT(ctx);
    struct libxl__hook *h = for_libxl;
    struct pollfd now;

    if (!h->fd || h->fd->fd != fd)
        return; /* it crossed with our deregistration */
    now = (struct pollfd){.fd = fd, .events = h->fd->events};
    if (poll(&now, 1, 0) > 0)
        h->fd->func(ctx, h->fd, now.revents);
}

void libxl_osevent_occurred_timeout(libxl_ctx *ctx, void *for_libxl)
{
    GC_INIT(ctx);
    struct libxl__hook *h = for_libxl;
    libxl__ev_time *ev = h->time;
    void (*func)(libxl_ctx *, libxl__ev_time *);

    hook_put(ctx->ev, h);
    if (!ev)
        return;
    func = ev->func;
    forget_time(ctx, ev);
    func(ctx, ev);
}

/* --- life --- */

void libxl__events_init(libxl_ctx *ctx)
{
    ctx->ev = libxl__array_nogc(ctx, 1, sizeof(*ctx->ev));
    XEN_TAILQ_INIT(&ctx->ev->occurred);
    ctx->ev->due_last = &ctx->ev->due;
}

static void poller_free(struct libxl__poller *p)
{
    if (!p)
        return;
    close(p->wakeup[0]);
    close(p->wakeup[1]);
    free(p->fds);
    free(p);
}

void libxl__events_free(libxl_ctx *ctx)
{
    struct libxl__event_state *es = ctx->ev;
    struct libxl__poller *p;
    struct libxl__hook *h;
    libxl_event *event;

    libxl__ev_fd_deregister(ctx, &es->store_fd);
    while ((event = XEN_TAILQ_FIRST(&es->occurred))) {
        XEN_TAILQ_REMOVE(&es->occurred, event, link);
        libxl_event_free(ctx, event);
    }
    while ((p = es->pollers)) {
        es->pollers = p->next;
        poller_free(p);
    }
    poller_free(es->app_poller);
    while ((h = es->idle_hooks)) {
        es->idle_hooks = h->next;
        free(h);
    }
    free(es);
    ctx->ev = NULL;
}
