/* SPDX-License-Identifier: MIT */
/*
 * What a backend device reads from the store and writes there: nodes, its
 * state, its trouble.
 */
#include "xenbus_nodes.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <base/number.h>
#include <daemon/log.h>

char *xenbus_read_at(struct xenbus_device *d, const char *dir, const char *key)
{
    char path[PATH_LEN];
    unsigned int len;

    if (snprintf(path, sizeof(path), "%s/%s", dir, key) >= (int)sizeof(path)) {
        errno = ENAMETOOLONG;
        return NULL;
    }
    return xs_read(d->store.xs, XBT_NULL, path, &len);
}

char *xenbus_read(struct xenbus_device *d, const char *key)
{
    return xenbus_read_at(d, d->path, key);
}

/* While it connects each node is read once, and stays as it was for this
 * connection, also for a successor. */
char *xenbus_frontend_read(struct xenbus_device *d, const char *key)
{
    struct kept_nodes *kept = d->connecting ? &d->record.head->nodes : NULL;
    char *value;

    if (kept && kept_nodes_find(kept, key, &value)) {
        errno = ENOENT;
        return value;
    }
    value = xenbus_read_at(d, d->frontend, key);
    if (kept && (value || errno == ENOENT)) {
        kept_nodes_add(kept, key, value);
        errno = ENOENT;
    }
    return value;
}

int xenbus_frontend_uint(struct xenbus_device *d, const char *key,
                         uint64_t absent, uint64_t max, uint64_t *value)
{
    char *text = xenbus_frontend_read(d, key);
    int rc = 0;

    if (!text) {
        *value = absent;
        return absent <= max
                   ? 0
                   : log_reason(-EINVAL, "no node %s/%s", d->frontend, key);
    }
    if (!parse_uint(text, max, value))
        rc =
            log_reason(-EINVAL, "%s/%s = '%.40s': expected a number up to %llu",
                       d->frontend, key, text, (unsigned long long)max);
    free(text);
    return rc;
}

bool xenbus_exists(struct xenbus_device *d, const char *dir, const char *key)
{
    char *value = xenbus_read_at(d, dir, key);
    bool yes = value || errno != ENOENT;

    free(value);
    return yes;
}

int xenbus_write_nodes(struct xenbus_device *d)
{
    int rc = device_write(d->store.xs, d->path, &d->nodes);

    d->unwritten = store_lost(&d->store);
    return d->unwritten ? 0 : rc;
}

int xenbus_enter_state(struct xenbus_device *d, enum xenbus_state state,
                       const struct device_nodes *nodes)
{
    d->state = state;
    log_debug("state %d", (int)state);
    d->nodes = *nodes;
    device_node_add(&d->nodes, "state", "%d", (int)state);
    return xenbus_write_nodes(d);
}

bool xenbus_set_state(struct xenbus_device *d, enum xenbus_state state)
{
    struct device_nodes none = {0};

    return !xenbus_enter_state(d, state, &none);
}

int xenbus_renew(struct xenbus_device *d, const struct device_nodes *nodes)
{
    if (d->unwritten || store_lost(&d->store)) /* with nodes of its own */
        return -EAGAIN;
    return xenbus_enter_state(d, d->state, nodes);
}

void xenbus_publish_error(struct xenbus_device *d)
{
    char path[PATH_LEN + 16];

    snprintf(path, sizeof(path), "error/%s/error", d->path);
    if (*d->error)
        xs_write(d->store.xs, XBT_NULL, path, d->error, strlen(d->error));
    else
        xs_rm(d->store.xs, XBT_NULL, path);
    d->error_unwritten = store_lost(&d->store);
}

void xenbus_write_error(struct xenbus_device *d, const char *text)
{
    snprintf(d->error, sizeof(d->error), "%s", text);
    xenbus_publish_error(d);
}

void xenbus_trouble(struct xenbus_device *d, int err, const char *what)
{
    char text[256];

    snprintf(text, sizeof(text), "%d %s", err, what);
    log_warning("%s", text);
    if (!d->failed)
        xenbus_write_error(d, text);
}

void xenbus_trouble_over(struct xenbus_device *d)
{
    log_info("this trouble is over");
    if (!d->failed)
        xenbus_write_error(d, "");
}
