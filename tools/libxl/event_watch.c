/* SPDX-License-Identifier: MIT */
/*
 * Store watches as events. The token of a watch is a number that is never
 * reused, so that an event which arrives after its watch was removed matches no
 * other watch.
 */
#include "event.h"

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
    if (fd->func && errno != EAGAIN) {
        libxl__ev_fd_deregister(ctx, fd);
        libxl__event_disaster(ctx, "cannot read events from the store", errno);
    }
}

int libxl__ev_watch_register(libxl_ctx *ctx, libxl__ev_watch *ev,
                             const char *path,
                             void (*func)(libxl_ctx *, libxl__ev_watch *))
{
    struct libxl__event_state *es = ctx->ev;
    char token[16];
    int rc;

    if (!es->store_fd.func) {
        rc = libxl__ev_fd_register(ctx, &es->store_fd, xs_fileno(ctx->xsh),
                                   POLLIN, store_readable);
        if (rc)
            return rc;
    }
    *ev = (libxl__ev_watch){.func = func, .id = ++es->next_watch_id};
    snprintf(token, sizeof(token), "%" PRIu32, ev->id);
    if (!xs_watch(ctx->xsh, path, token)) {
        LIBXL__LOG(ctx, XTL_ERROR, "cannot watch %s in the store: %s", path,
                   strerror(errno));
        memset(ev, 0, sizeof(*ev));
        return ERROR_FAIL;
    }
    ev->path = libxl__strdup_nogc(ctx, path);
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
        libxl__ev_fd_deregister(ctx, &es->store_fd);
}
