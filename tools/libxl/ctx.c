/* SPDX-License-Identifier: MIT */
/*
 * The context: one connection each to the hypervisor and the store, the
 * application's logger, the lock, and the state of the event loop.
 */
#include "event.h"

/* Nobody serves the socket: the store was killed and comes again. One that was
 * never there, or has been stopped, has none. */
static bool comes_again(int error)
{
    return error == ECONNREFUSED;
}

int libxl_ctx_alloc(libxl_ctx **pctx, int version, unsigned int flags,
                    xentoollog_logger *lg)
{
    libxl_ctx *ctx;
    pthread_mutexattr_t attr;

    *pctx = NULL;
    if (version != LIBXL_VERSION)
        return ERROR_VERSION;
    ctx = libxl__array_nogc(NULL, 1, sizeof(*ctx));
    ctx->lg = lg;
    pthread_mutexattr_init(&attr);
    pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_init(&ctx->lock, &attr);
    pthread_mutexattr_destroy(&attr);
    libxl__events_init(ctx);

    ctx->xch = xlc_open(lg);
    ctx->xsh = ctx->xch ? libxl__store_open(comes_again) : NULL;
    if (ctx->xsh) {
        *pctx = ctx;
        return 0;
    }
    if (ctx->xch)
        LIBXL__LOG(
            ctx, XTL_ERROR,
            "cannot connect to xenstored: %s (systemctl status xenstored)",
            strerror(errno));
    else
        LIBXL__LOG(ctx, XTL_ERROR, "cannot reach the hypervisor: %s",
                   strerror(errno));
    libxl_ctx_free(ctx);
    return ERROR_FAIL;
}

int libxl_ctx_free(libxl_ctx *ctx)
{
    if (!ctx)
        return 0;
    libxl__ctx_lock(ctx);
    while (ctx->ev->deaths)
        libxl_evdisable_domain_death(ctx, ctx->ev->deaths);
    libxl__events_free(ctx);
    libxl__ctx_unlock(ctx);

    xlc_close(ctx->xch);
    if (ctx->xsh)
        xs_close(ctx->xsh);
    libxl_version_info_dispose(&ctx->version);
    pthread_mutex_destroy(&ctx->lock);
    free(ctx);
    return 0;
}

/*
 * For a forked child that does not exec: it must not use what its parent
 * opened. All descriptors of libxl are close-on-exec and harmless while only
 * held; the store connection would be shared, so it is closed.
 */
void libxl_postfork_child_noexec(libxl_ctx *ctx)
{
    xs_daemon_destroy_postfork(ctx->xsh);
    ctx->xsh = NULL;
}

const char *libxl__domain_label(libxl__gc *gc, uint32_t domid)
{
    const char *path = GCSPRINTF("/local/domain/%u/name", domid);
    char *name = libxl__own(gc, xs_read(CTX->xsh, XBT_NULL, path, NULL));

    return name ? name : GCSPRINTF("%u", domid);
}
