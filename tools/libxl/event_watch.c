/* SPDX-License-Identifier: MIT */
/*
 * Store watches as events. The token of a watch is a number that is never
 * reused, so that an event which arrives after its watch was removed matches no
 * other watch.
 *
 * A store that ends is no disaster: every second it is looked for, and by the
 * next request at once; then the watches are set again, each reports once, and
 * whoever waits for a node reads it. Meanwhile the ends of domains are asked of
 * the hypervisor, and also afterwards if the new store does not know a domain:
 * it would not tell. Requests wait some seconds for the store, once; then they
 * fail as long as there is none.
 */
#include "domain.h"

#define STORE_RETRY_MS 1000
/* A request waits so long. */
#define STORE_WAIT_MS 20000
#define STORE_STEP_MS 10

static libxl__ev_watch *find_watch(libxl_ctx *ctx, const char *token)
{
    libxl__ev_watch *ev;
    uint32_t id;

    if (libxl__parse_uint(token, UINT32_MAX, &id))
        return NULL;
    for (ev = ctx->ev->watches; ev && ev->id != id; ev = ev->next)
        ;
    return ev;
}

static void store_readable(libxl_ctx *ctx, libxl__ev_fd *fd, short revents);
static void store_tick(libxl_ctx *ctx, libxl__ev_time *ev);

static bool set_watch(libxl_ctx *ctx, libxl__ev_watch *ev)
{
    char token[16];

    snprintf(token, sizeof(token), "%" PRIu32, ev->id);
    return xs_watch(ctx->xsh, ev->path, token);
}

static int poll_store(libxl_ctx *ctx)
{
    return libxl__ev_fd_register(ctx, &ctx->ev->store_fd, xs_fileno(ctx->xsh),
                                 POLLIN, store_readable);
}

struct xs_handle *libxl__store_open(bool (*wait)(int error))
{
    struct xs_handle *h;

    for (int ms = 0; !(h = xs_open(0)) && wait(errno) && ms < STORE_WAIT_MS;
         ms += STORE_STEP_MS)
        usleep(STORE_STEP_MS * 1000);
    return h;
}

/* With the lock, so no other thread is in the middle of a request. A store that
 * ends again meanwhile is noticed by its descriptor. */
static bool reopen_store(libxl_ctx *ctx, bool (*wait)(int error))
{
    struct xs_handle *xsh = libxl__store_open(wait);
    libxl__ev_watch *ev;

    if (!xsh)
        return false;
    xs_close(ctx->xsh);
    ctx->xsh = xsh;
    ctx->ev->store_missed = false;
    for (ev = ctx->ev->watches; ev; ev = ev->next)
        set_watch(ctx, ev);
    return true;
}

static bool never(int error)
{
    return false;
}

static bool ever(int error)
{
    return true;
}

bool libxl__store_again(libxl_ctx *ctx)
{
    struct libxl__event_state *es = ctx->ev;
    bool polled = es->store_fd.func || es->watches;
    int error = errno;

    if (!libxl__store_ended(error))
        return false;
    if (reopen_store(ctx, es->store_missed ? never : ever)) {
        libxl__ev_fd_deregister(ctx, &es->store_fd);
        if (!polled || !poll_store(ctx))
            return true;
    } else {
        es->store_missed = true;
    }
    errno = error;
    return false;
}

static void store_tick(libxl_ctx *ctx, libxl__ev_time *ev)
{
    struct libxl__event_state *es = ctx->ev;

    if (!es->store_fd.func && es->watches && reopen_store(ctx, never) &&
        !poll_store(ctx))
        LIBXL__LOG(ctx, XTL_NOTICE, "the store is back");
    libxl__look_at_deaths(ctx);
    if (!es->store_fd.func || libxl__deaths_unknown(ctx))
        libxl__ev_time_register(ctx, ev, STORE_RETRY_MS, store_tick);
}

/* With no event left to take. */
static bool store_ended(libxl_ctx *ctx)
{
    char **event;

    while ((event = xs_check_watch(ctx->xsh)))
        free(event);
    return errno != EAGAIN;
}

static void store_readable(libxl_ctx *ctx, libxl__ev_fd *fd, short revents)
{
    libxl__ev_watch *ev;
    char **event;

    /* Without watches there is no registration, and 'fd' is history. */
    while (fd->func && (event = xs_check_watch(ctx->xsh))) {
        ev = find_watch(ctx, event[XS_WATCH_TOKEN]);
        free(event);
        if (ev)
            ev->func(ctx, ev);
    }
    if (!fd->func || errno == EAGAIN)
        return;
    LIBXL__LOG(ctx, XTL_WARN, "the store is away: %s", strerror(errno));
    libxl__ev_fd_deregister(ctx, fd);
    if (!ctx->ev->store_retry.func)
        libxl__ev_time_register(ctx, &ctx->ev->store_retry, STORE_RETRY_MS,
                                store_tick);
}

/* The first watch. A store that has ended while nobody looked may be back. */
static int begin_watching(libxl_ctx *ctx)
{
    if (store_ended(ctx))
        reopen_store(ctx, never);
    return poll_store(ctx);
}

static void stop_watching(libxl_ctx *ctx)
{
    libxl__ev_fd_deregister(ctx, &ctx->ev->store_fd);
    libxl__ev_time_deregister(ctx, &ctx->ev->store_retry);
}

int libxl__ev_watch_register(libxl_ctx *ctx, libxl__ev_watch *ev,
                             const char *path,
                             void (*func)(libxl_ctx *, libxl__ev_watch *))
{
    struct libxl__event_state *es = ctx->ev;
    int rc = es->watches ? 0 : begin_watching(ctx);
    bool set;

    if (rc)
        return rc;
    *ev = (libxl__ev_watch){.func = func, .id = ++es->next_watch_id};
    ev->path = libxl__strdup_nogc(ctx, path);
    do
        set = set_watch(ctx, ev);
    while (!set && libxl__store_again(ctx));
    if (!set) {
        LIBXL__LOG(ctx, XTL_ERROR, "cannot watch %s in the store: %s", path,
                   strerror(errno));
        free(ev->path);
        memset(ev, 0, sizeof(*ev));
        if (!es->watches)
            stop_watching(ctx);
        return ERROR_FAIL;
    }
    EV_INSERT(es->watches, ev);
    return 0;
}

void libxl__ev_watch_deregister(libxl_ctx *ctx, libxl__ev_watch *ev)
{
    struct libxl__event_state *es = ctx->ev;
    char token[16];

    if (!ev->func)
        return;
    snprintf(token, sizeof(token), "%" PRIu32, ev->id);
    xs_unwatch(ctx->xsh, ev->path, token); /* gone with the store, if so */
    EV_REMOVE(es->watches, ev);
    free(ev->path);
    memset(ev, 0, sizeof(*ev));
    if (!es->watches)
        stop_watching(ctx);
}
