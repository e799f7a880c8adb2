/* SPDX-License-Identifier: MIT */
/*
 * Long operations. With ao_how NULL the calling thread runs the event loop
 * until its own operation is complete, and serves other operations meanwhile;
 * otherwise the operation completes later, in whichever thread runs the loop
 * then, by callback or event.
 */
#include "event.h"

libxl__ao *libxl__ao_create(libxl_ctx *ctx, uint32_t domid,
                            const libxl_asyncop_how *how)
{
    libxl__ao *ao = libxl__array_nogc(ctx, 1, sizeof(*ao));

    libxl__ctx_lock(ctx);
    ao->gc.ctx = ctx;
    ao->domid = domid;
    ao->synchronous = !how;
    if (how)
        ao->how = *how;
    EV_INSERT(ctx->ev->aos, ao);
    return ao;
}

static void ao_free(libxl__ao *ao)
{
    libxl__gc_free(&ao->gc);
    free(ao);
}

static void run_completion(libxl_ctx *ctx, struct libxl__due *due)
{
    libxl__ao *ao = due->ao;

    if (ao->how.callback)
        ao->how.callback(ctx, ao->rc, ao->how.u.for_callback);
    ao_free(ao);
}

void libxl__ao_complete(libxl__ao *ao, int rc)
{
    libxl_ctx *ctx = ao->gc.ctx;
    libxl_event *event;

    ao->complete = true;
    ao->rc = rc;
    EV_REMOVE(ctx->ev->aos, ao);
    if (ao->synchronous) {
        libxl__wake_pollers(ctx);
        return;
    }
    if (!ao->how.callback) {
        event = libxl__event_new(ctx, LIBXL_EVENT_TYPE_OPERATION_COMPLETE,
                                 ao->domid, ao->how.u.for_event);
        event->u.operation_complete.rc = rc;
        libxl__event_occurred(ctx, event);
    }
    /* The caller may still use the operation's memory: free it later. */
    libxl__due_add(ctx, (struct libxl__due){.run = run_completion, .ao = ao});
}

int libxl__ao_inprogress(libxl__ao *ao)
{
    libxl_ctx *ctx = ao->gc.ctx;
    struct libxl__poller *p;
    int rc = 0;

    if (ao->synchronous) {
        p = libxl__poller_get(ctx);
        while (p && !ao->complete && !libxl__poll_once(ctx, p))
            ;
        if (p)
            libxl__poller_put(ctx, p);
        rc = ao->complete ? ao->rc : ERROR_FAIL;
        /*
         * An operation that cannot be waited for is leaked: it may still be
         * running.
         */
        if (ao->complete)
            ao_free(ao);
    }
    libxl__ctx_unlock(ctx);
    return rc;
}

int libxl__ao_failed(libxl__ao *ao, int rc)
{
    libxl_ctx *ctx = ao->gc.ctx;

    EV_REMOVE(ctx->ev->aos, ao);
    ao_free(ao);
    libxl__ctx_unlock(ctx);
    return rc;
}

int libxl__ao_done(libxl__ao *ao, int rc)
{
    if (rc)
        return libxl__ao_failed(ao, rc);
    libxl__ao_complete(ao, 0);
    return libxl__ao_inprogress(ao);
}
