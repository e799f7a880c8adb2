/* SPDX-License-Identifier: MIT */
/*
 * Events at the end of domains: DOMAIN_SHUTDOWN when a domain has shut down and
 * still exists, DOMAIN_DEATH when it is gone. The store fires @releaseDomain
 * for both and does not name the domain, so each firing checks all domains that
 * are watched.
 */
#include "domain.h"

struct libxl__evgen_domain_death {
    libxl_evgen_domain_death *prev, *next;
    uint32_t domid;
    libxl_ev_user user;
    libxl_uuid uuid; /* for the death, when it cannot be asked any more */
    bool shutdown_reported, death_reported;
};

static void report(libxl_ctx *ctx, libxl_evgen_domain_death *evg,
                   libxl_event_type type, int reason)
{
    libxl_event *event = libxl__event_new(ctx, type, evg->domid, evg->user);

    event->domuuid = evg->uuid;
    if (type == LIBXL_EVENT_TYPE_DOMAIN_SHUTDOWN)
        event->u.domain_shutdown.shutdown_reason = reason;
    libxl__event_occurred(ctx, event);
}

static void look(libxl__gc *gc, libxl_evgen_domain_death *evg)
{
    struct xen_domctl_getdomaininfo info;
    int rc = libxl__domain_getinfo(gc, evg->domid, &info);

    if (evg->death_reported || (rc && rc != ERROR_DOMAIN_NOTFOUND))
        return;
    if (!rc && info.flags & XEN_DOMINF_shutdown && !evg->shutdown_reported &&
        !(info.flags & XEN_DOMINF_dying)) {
        evg->shutdown_reported = true;
        report(CTX, evg, LIBXL_EVENT_TYPE_DOMAIN_SHUTDOWN,
               info.flags >> XEN_DOMINF_shutdownshift &
                   XEN_DOMINF_shutdownmask);
    }
    /*
     * A domain that exists only because another one maps its pages counts as
     * dead.
     */
    if (rc || info.flags & XEN_DOMINF_dying) {
        evg->death_reported = true;
        report(CTX, evg, LIBXL_EVENT_TYPE_DOMAIN_DEATH, 0);
    }
}

void libxl__look_at_deaths(libxl_ctx *ctx)
{
    libxl_evgen_domain_death *evg;
    GC_INIT(ctx);

    for (evg = ctx->ev->deaths; evg; evg = evg->next)
        look(gc, evg);
}

bool libxl__deaths_unknown(libxl_ctx *ctx)
{
    libxl_evgen_domain_death *evg = ctx->ev->deaths;

    while (evg && (evg->death_reported ||
                   xs_is_domain_introduced(ctx->xsh, evg->domid)))
        evg = evg->next;
    return evg;
}

static void released(libxl_ctx *ctx, libxl__ev_watch *ev)
{
    libxl__look_at_deaths(ctx);
}

int libxl_evenable_domain_death(libxl_ctx *ctx, uint32_t domid,
                                libxl_ev_user user,
                                libxl_evgen_domain_death **evgen_out)
{
    GC_INIT(ctx);
    libxl_evgen_domain_death *evg;
    libxl_uuid uuid;
    int rc = libxl__domain_uuid(gc, domid, &uuid);

    if (rc)
        return rc;
    evg = libxl__array_nogc(ctx, 1, sizeof(*evg));
    evg->domid = domid;
    evg->user = user;
    evg->uuid = uuid;
    /* The watch fires once by itself, which finds what has happened already. */
    if (!ctx->ev->released.func)
        rc = libxl__ev_watch_register(ctx, &ctx->ev->released, "@releaseDomain",
                                      released);
    if (rc) {
        free(evg);
        return rc;
    }
    EV_INSERT(ctx->ev->deaths, evg);
    look(gc, evg);
    *evgen_out = evg;
    return 0;
}

void libxl_evdisable_domain_death(libxl_ctx *ctx, libxl_evgen_domain_death *evg)
{
    GC_INIT(ctx);

    if (!evg)
        return;
    EV_REMOVE(ctx->ev->deaths, evg);
    free(evg);
    if (!ctx->ev->deaths)
        libxl__ev_watch_deregister(ctx, &ctx->ev->released);
}
