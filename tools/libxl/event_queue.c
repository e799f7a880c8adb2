/* SPDX-License-Identifier: MIT */
/*
 * Events for the application: kept in a queue until it asks, or handed to its
 * callback. Callbacks never run inside libxl's work: they are noted down as
 * due, and run when the lock has been released.
 */
#include "event.h"

libxl_event *libxl__event_new(libxl_ctx *ctx, libxl_event_type type,
                              uint32_t domid, uint64_t for_user)
{
    libxl_event *event = libxl__array_nogc(ctx, 1, sizeof(*event));

    libxl_event_init(event);
    libxl_event_init_type(event, type);
    event->domid = domid;
    event->for_user = for_user;
    return event;
}

void libxl__due_add(libxl_ctx *ctx, struct libxl__due what)
{
    struct libxl__due *due = libxl__array_nogc(ctx, 1, sizeof(*due));

    *due = what;
    *ctx->ev->due_last = due;
    ctx->ev->due_last = &due->next;
    /*
     * A thread in poll() may be waiting for this operation or event: wake it,
     * so that it looks again.
     */
    libxl__wake_pollers(ctx);
}

struct libxl__due *libxl__take_due(libxl_ctx *ctx)
{
    struct libxl__due *due;

    if (!ctx->ev)
        return NULL;
    due = ctx->ev->due;
    ctx->ev->due = NULL;
    ctx->ev->due_last = &ctx->ev->due;
    return due;
}

void libxl__run_due(libxl_ctx *ctx, struct libxl__due *due)
{
    struct libxl__due *next;

    for (; due; due = next) {
        next = due->next;
        due->run(ctx, due);
        free(due);
    }
}

static void run_event_hook(libxl_ctx *ctx, struct libxl__due *due)
{
    ctx->ev->event_hooks->event_occurs(ctx->ev->event_user, due->event);
}

void libxl__event_occurred(libxl_ctx *ctx, libxl_event *event)
{
    struct libxl__event_state *es = ctx->ev;

    if (es->event_hooks &&
        es->event_hooks->event_occurs_mask & (1ULL << event->type)) {
        libxl__due_add(
            ctx, (struct libxl__due){.run = run_event_hook, .event = event});
        return;
    }
    XEN_TAILQ_INSERT_TAIL(&es->occurred, event, link);
    libxl__wake_pollers(ctx);
}

void libxl__event_disaster(libxl_ctx *ctx, const char *what, int errnoval)
{
    const libxl_event_hooks *hooks = ctx->ev->event_hooks;

    xtl_log(ctx->lg, XTL_CRITICAL, errnoval, "libxl", "event loop: %s", what);
    if (hooks && hooks->disaster) {
        hooks->disaster(ctx->ev->event_user, 0, what, errnoval);
        return;
    }
    fprintf(stderr, "libxl: event loop: %s: %s\n", what, strerror(errnoval));
    exit(-1);
}

static void run_progress(libxl_ctx *ctx, struct libxl__due *due)
{
    due->how.callback(ctx, due->event, due->how.for_callback);
}

void libxl__progress_report(libxl__ao *ao, const libxl_asyncprogress_how *how,
                            libxl_event *event)
{
    libxl_ctx *ctx = ao->gc.ctx;

    if (!how) {
        libxl_event_free(ctx, event);
        return;
    }
    event->for_user = how->for_event;
    if (!how->callback) {
        libxl__event_occurred(ctx, event);
        return;
    }
    libxl__due_add(ctx, (struct libxl__due){
                            .run = run_progress, .event = event, .how = *how});
}

void libxl_event_free(libxl_ctx *ctx, libxl_event *event)
{
    if (!event)
        return;
    libxl_event_dispose(event);
    free(event);
}

void libxl_event_register_callbacks(libxl_ctx *ctx,
                                    const libxl_event_hooks *hooks, void *user)
{
    GC_INIT(ctx);

    ctx->ev->event_hooks = hooks;
    ctx->ev->event_user = user;
}

static int take_event(libxl_ctx *ctx, libxl_event **event_r, uint64_t typemask,
                      libxl_event_predicate *pred, void *user)
{
    libxl_event *event;

    XEN_TAILQ_FOREACH(event, &ctx->ev->occurred, link)
    {
        if (!(typemask & (1ULL << event->type)))
            continue;
        if (pred && !pred(event, user))
            continue;
        XEN_TAILQ_REMOVE(&ctx->ev->occurred, event, link);
        *event_r = event;
        return 0;
    }
    return ERROR_NOT_READY;
}

int libxl_event_check(libxl_ctx *ctx, libxl_event **event_r, uint64_t typemask,
                      libxl_event_predicate *predicate, void *predicate_user)
{
    GC_INIT(ctx);

    return take_event(ctx, event_r, typemask, predicate, predicate_user);
}

int libxl_event_wait(libxl_ctx *ctx, libxl_event **event_r, uint64_t typemask,
                     libxl_event_predicate *predicate, void *predicate_user)
{
    GC_INIT(ctx);
    struct libxl__poller *p = libxl__poller_get(ctx);
    int rc = p ? 0 : ERROR_FAIL;

    while (!rc) {
        rc = take_event(ctx, event_r, typemask, predicate, predicate_user);
        if (rc != ERROR_NOT_READY)
            break;
        rc = libxl__poll_once(ctx, p);
    }
    if (p)
        libxl__poller_put(ctx, p);
    return rc;
}
