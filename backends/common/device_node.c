/* SPDX-License-Identifier: MIT */
/*
 * See device_node.h. A device without a state node is none.
 */
#include "device_node.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATH_LEN 256

void device_node_add(struct device_nodes *n, const char *key, const char *fmt,
                     ...)
{
    va_list ap;
    int len;

    if (n->count == DEVICE_NODES && !n->error)
        n->error = -ENOSPC;
    if (n->error)
        return;
    n->node[n->count].key = key;
    va_start(ap, fmt);
    len = vsnprintf(n->node[n->count].value, sizeof(n->node[0].value), fmt, ap);
    va_end(ap);
    if (len >= (int)sizeof(n->node[0].value))
        n->error = -ENAMETOOLONG;
    n->count++;
}

static bool exists(struct xs_handle *xs, xs_transaction_t t, const char *device)
{
    char path[PATH_LEN];
    unsigned int len;
    void *state;

    snprintf(path, sizeof(path), "%s/state", device);
    state = xs_read(xs, t, path, &len);
    free(state);
    return state;
}

static bool write_node(struct xs_handle *xs, xs_transaction_t t,
                       const char *device, const char *key, const char *value)
{
    char path[PATH_LEN];

    if (snprintf(path, sizeof(path), "%s/%s", device, key) < PATH_LEN)
        return xs_write(xs, t, path, value, strlen(value));
    errno = ENAMETOOLONG;
    return false;
}

/* The supervisor's gate refuses what a device that is over commits, and the
 * transaction is still there then. */
static bool end(struct xs_handle *xs, xs_transaction_t t, bool commit)
{
    bool done = xs_transaction_end(xs, t, !commit);

    if (!done && errno == EACCES) {
        xs_transaction_end(xs, t, true);
        errno = EACCES;
    }
    return done;
}

int device_write(struct xs_handle *xs, const char *device,
                 const struct device_nodes *n)
{
    bool good, done;
    int rc;

    if (n->error)
        return n->error;
    do {
        xs_transaction_t t = xs_transaction_start(xs);

        if (t == XBT_NULL)
            return -errno;
        good = exists(xs, t, device);
        for (unsigned int i = 0; good && i < n->count; i++)
            good = write_node(xs, t, device, n->node[i].key, n->node[i].value);
        rc = good ? 0 : -errno;
        done = end(xs, t, good);
    } while (!done && errno == EAGAIN);
    return rc || done ? rc : -errno;
}

int device_set_state(struct xs_handle *xs, const char *device, int state)
{
    struct device_nodes n = {0};

    device_node_add(&n, "state", "%d", state);
    return device_write(xs, device, &n);
}
