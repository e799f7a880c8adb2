/* SPDX-License-Identifier: MIT */
/* See xenbus_watch.h. */
#include "xenbus_watch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <daemon/log.h>

#include "xenbus_nodes.h"

/* A guest may write its state again and again: so many looks at the store in so
 * many milliseconds, and then the rest of its events are one. */
#define LOOKS   20
#define PACE_MS 1000

/* keys: up to a NULL, or none. */
static int watch_keys(struct xenbus_device *d, const char *dir,
                      const char *const *keys, const char *token)
{
    char path[PATH_LEN];
    int rc = 0;

    for (; !rc && keys && *keys; keys++) {
        snprintf(path, sizeof(path), "%s/%s", dir, *keys);
        rc = store_client_watch(&d->store, path, token);
    }
    return rc;
}

/* Keys that move the state machine, or the backend; a watch on the whole
 * directory would also report our own writes. The guest's state last, since it
 * tells that the rest is there. */
static int watch_all(struct xenbus_device *d)
{
    static const char *const mine[] = {"state", "online", "hotplug-status",
                                       NULL};
    static const char *const state[] = {"state", NULL};

    return watch_keys(d, d->path, mine, "mine")
               ?: watch_keys(d, d->path, d->ops->settings, "mine")
               ?: watch_keys(d, d->frontend, d->ops->watched, "frontend")
               ?: watch_keys(d, d->frontend, state, "frontend");
}

static void watch_frontend(struct xenbus_device *d)
{
    int rc = watch_all(d);

    d->unwatched = false;
    if (!rc)
        return;
    log_error("%s: cannot be watched: %s", d->path, strerror(-rc));
    event_loop_stop(d->loop, 1);
}

/* A successor looks first, and watches when the guest is served. Until then it
 * looks again whenever it tries something again. */
static void meet_frontend(struct xenbus_device *d)
{
    d->frontend = xenbus_read(d, "frontend");
    if (store_lost(&d->store)) {
        free(d->frontend);
        d->frontend = NULL;
        return;
    }
    if (!d->frontend) {
        log_error("%s/frontend: %s", d->path, strerror(ENOENT));
        event_loop_stop(d->loop, 1);
        return;
    }
    d->unwatched = true;
    if (!record_connected(&d->record))
        watch_frontend(d);
}

static void on_later(struct event_timer *t)
{
    struct xenbus_device *d = container_of(t, struct xenbus_device, later);

    xenbus_advance(d);
    if (d->unwatched && !d->loop->stopped && !d->busy.armed)
        watch_frontend(d);
}

static void meet_again(struct xenbus_device *d)
{
    char guest[32];

    snprintf(guest, sizeof(guest), "%u", d->domid);
    d->unknown = !xenbus_exists(d, d->path, "state") &&
                 !xenbus_exists(d, "/local/domain", guest);
    if (d->unknown) {
        log_warning("the new store does not know domain %u, serving it on",
                    d->domid);
        return;
    }
    if (d->error_unwritten)
        xenbus_publish_error(d);
    if (d->unwritten)
        xenbus_write_nodes(d);
}

static void connected(struct store_client *c)
{
    struct xenbus_device *d = container_of(c, struct xenbus_device, store);

    log_take_reason(0); /* of what failed only because the store was away */
    if (!d->frontend)
        meet_frontend(d);
    else
        meet_again(d);
    if (d->unwatched)
        event_timer_set(d->loop, &d->later, 0);
}

static void look_again(struct xenbus_device *d)
{
    if (d->ops->read_settings && !store_lost(&d->store))
        d->ops->read_settings(d);
    xenbus_advance(d);
}

static void on_pace(struct event_timer *t)
{
    struct xenbus_device *d = container_of(t, struct xenbus_device, pace);
    bool over = d->looks > LOOKS;

    d->looks = 0;
    if (!over)
        return;
    store_client_rest(&d->store, false);
    look_again(d);
}

static void settled(struct store_client *c)
{
    struct xenbus_device *d = container_of(c, struct xenbus_device, store);

    if (!d->pace.armed)
        event_timer_set(d->loop, &d->pace, PACE_MS);
    if (++d->looks <= LOOKS)
        look_again(d);
    else
        store_client_rest(c, true);
}

void xenbus_watch_begin(struct xenbus_device *d)
{
    d->later.fire = on_later;
    d->pace.fire = on_pace;
    d->store.settled = settled;
    d->store.connected = connected;
}
