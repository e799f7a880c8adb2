/* SPDX-License-Identifier: MIT */
/*
 * The monitor of one domain: waits for its end and acts on the reason, as
 * on_poweroff, on_reboot, on_crash and on_watchdog say. A restart continues
 * with the new domain in the same process.
 */
#include <time.h>

#include "xl.h"

/*
 * A domain that restarts sooner than this after its creation has to wait, so
 * that a guest that crashes at its start does not occupy the host.
 */
#define RESTART_SECONDS 3
#define STORE_SECONDS   5 /* between two tries to reach it */

static libxl_action_on_shutdown action_for(const libxl_domain_config *config,
                                           int reason)
{
    switch (reason) {
    case LIBXL_SHUTDOWN_REASON_POWEROFF:
        return config->on_poweroff;
    case LIBXL_SHUTDOWN_REASON_REBOOT:
        return config->on_reboot;
    case LIBXL_SHUTDOWN_REASON_SUSPEND: /* the program that asked for it acts */
        return LIBXL_ACTION_ON_SHUTDOWN_PRESERVE;
    case LIBXL_SHUTDOWN_REASON_CRASH:
        return config->on_crash;
    case LIBXL_SHUTDOWN_REASON_WATCHDOG:
        return config->on_watchdog;
    default:
        printf("shutdown reason %d has no action of its own: destroy\n",
               reason);
        return LIBXL_ACTION_ON_SHUTDOWN_DESTROY;
    }
}

/* Replaces an unsupported action by the nearest supported one. */
static libxl_action_on_shutdown supported(libxl_action_on_shutdown action)
{
    switch (action) {
    case LIBXL_ACTION_ON_SHUTDOWN_COREDUMP_DESTROY:
        printf("Core dumps are not supported by xen-lite\n");
        return LIBXL_ACTION_ON_SHUTDOWN_DESTROY;
    case LIBXL_ACTION_ON_SHUTDOWN_COREDUMP_RESTART:
        printf("Core dumps are not supported by xen-lite\n");
        return LIBXL_ACTION_ON_SHUTDOWN_RESTART;
    case LIBXL_ACTION_ON_SHUTDOWN_SOFT_RESET:
        printf("Soft reset is not supported by xen-lite\n");
        return LIBXL_ACTION_ON_SHUTDOWN_DESTROY;
    default:
        return action;
    }
}

static bool store_knows(uint32_t domid)
{
    char *name = libxl_domid_to_name(ctx, domid);
    bool known = name;

    free(name);
    return known;
}

/* What follows the end needs a store, and the connection may have ended: then
 * this waits for a new one. */
static void need_store(uint32_t domid)
{
    libxl_ctx *fresh;

    if (store_knows(domid))
        return;
    printf("the store does not know domain %u, connecting again\n", domid);
    while (
        libxl_ctx_alloc(&fresh, LIBXL_VERSION, 0, (xentoollog_logger *)logger))
        sleep(STORE_SECONDS);
    libxl_ctx_free(ctx);
    ctx = fresh;
}

/* Renames, a changed memory size and the like are to survive the restart; what
 * a store says that has forgotten the domain is not. */
static void refresh_config(libxl_domain_config *config, uint32_t domid)
{
    libxl_domain_config now;

    if (!store_knows(domid))
        return;
    libxl_domain_config_init(&now);
    if (libxl_retrieve_domain_configuration(ctx, domid, &now, NULL)) {
        libxl_domain_config_dispose(&now);
        return;
    }
    libxl_domain_config_dispose(config);
    *config = now;
}

static int preserve(libxl_domain_config *config, uint32_t domid)
{
    char suffix[32];
    libxl_uuid uuid;
    time_t now = time(NULL);
    struct tm tm;

    strftime(suffix, sizeof(suffix), "-%Y%m%dT%H%MZ", gmtime_r(&now, &tm));
    libxl_uuid_generate(&uuid);
    return libxl_domain_preserve(ctx, domid, &config->c_info, suffix, uuid);
}

/* 0: it has a successor, *domid. */
static int restart(libxl_domain_config *config, uint32_t *domid, bool rename,
                   time_t created)
{
    int rc;

    refresh_config(config, *domid);
    if (rename)
        rc = preserve(config, *domid);
    else
        rc = libxl_domain_destroy(ctx, *domid, NULL);
    if (rc) {
        printf("domain %u is in the way of its successor, giving up\n", *domid);
        return rc;
    }
    if (time(NULL) - created < RESTART_SECONDS)
        sleep(RESTART_SECONDS);
    printf("starting its successor\n");
    config->c_info.domid = INVALID_DOMID;
    rc = make_domain(config, domid, NULL);
    if (rc)
        return rc;
    rc = libxl_domain_unpause(ctx, *domid, NULL);
    if (rc)
        libxl_domain_destroy(ctx, *domid, NULL); /* nobody would run it */
    return rc;
}

/* The reason, or -1: it is gone. */
static int wait_for_end(uint32_t domid)
{
    libxl_evgen_domain_death *death = NULL;
    libxl_event *event;
    int reason = -1;

    if (libxl_evenable_domain_death(ctx, domid, 0, &death))
        return -1;
    if (!libxl_event_wait(ctx, &event, LIBXL_EVENTMASK_ALL, NULL, NULL)) {
        if (event->type == LIBXL_EVENT_TYPE_DOMAIN_SHUTDOWN)
            reason = event->u.domain_shutdown.shutdown_reason;
        libxl_event_free(ctx, event);
    }
    libxl_evdisable_domain_death(ctx, death);
    /* Its death may have been noticed beside its shutdown. */
    while (!libxl_event_check(ctx, &event, LIBXL_EVENTMASK_ALL, NULL, NULL))
        libxl_event_free(ctx, event);
    return reason;
}

int monitor_domain(libxl_domain_config *config, uint32_t domid,
                   const struct create_options *options)
{
    libxl_action_on_shutdown action;
    time_t created = time(NULL);
    int reason;

    for (;;) {
        printf("watching domain %s (%u), as process %ld\n", config->c_info.name,
               domid, (long)getpid());
        reason = wait_for_end(domid);
        if (reason < 0) {
            printf("domain %u is gone\n", domid);
            return EXIT_SUCCESS;
        }
        need_store(domid);
        action = supported(action_for(config, reason));
        printf("domain %u has shut down, reason %d, action %s\n", domid, reason,
               libxl_action_on_shutdown_to_string(action));
        switch (action) {
        case LIBXL_ACTION_ON_SHUTDOWN_RESTART:
        case LIBXL_ACTION_ON_SHUTDOWN_RESTART_RENAME:
            if (restart(config, &domid,
                        action == LIBXL_ACTION_ON_SHUTDOWN_RESTART_RENAME,
                        created))
                return EXIT_FAILURE;
            created = time(NULL);
            break;
        case LIBXL_ACTION_ON_SHUTDOWN_PRESERVE:
            printf("domain %u stays as it is\n", domid);
            return EXIT_SUCCESS;
        default:
            printf("destroying domain %u\n", domid);
            return exit_status(libxl_domain_destroy(ctx, domid, NULL));
        }
    }
}
