/* SPDX-License-Identifier: MIT */
/*
 * Limits with the default values of the C xenstored (which has no snapshots),
 * and the bookkeeping that they are compared with.
 */
#include "quota.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <daemon/clock.h>
#include <daemon/log.h>

/* Between two lines on the same refusal. */
#define TOLD_MS 60000

long quota[QUOTA_COUNT] = {
    [QUOTA_NODES] = 1000,
    [QUOTA_WATCHES] = 128,
    [QUOTA_TRANSACTIONS] = 10,
    [QUOTA_OUTSTANDING] = 20,
    [QUOTA_TRANSACTION_NODES] = 1024,
    [QUOTA_MEMORY] = 2 * 1024 * 1024 + 512 * 1024,
    [QUOTA_NODE_PERMISSIONS] = 5,
    [QUOTA_PATH_LENGTH] = 2048,
    [QUOTA_NODE_SIZE] = 2048,
    [QUOTA_SNAPSHOT_MEMORY] = 8 * 1024 * 1024,
    [QUOTA_CPU] = 10,
};
long quota_soft_memory = 2 * 1024 * 1024;

const char *const quota_name[QUOTA_COUNT] = {
    [QUOTA_NODES] = "nodes",
    [QUOTA_WATCHES] = "watches",
    [QUOTA_TRANSACTIONS] = "transactions",
    [QUOTA_OUTSTANDING] = "outstanding",
    [QUOTA_TRANSACTION_NODES] = "transaction-nodes",
    [QUOTA_MEMORY] = "memory",
    [QUOTA_NODE_PERMISSIONS] = "permissions",
    [QUOTA_PATH_LENGTH] = "path-max",
    [QUOTA_NODE_SIZE] = "node-size",
    [QUOTA_SNAPSHOT_MEMORY] = "snapshot-memory",
    [QUOTA_CPU] = "cpu",
};

const char *const quota_text[QUOTA_COUNT] = {
    [QUOTA_NODES] = "Nodes of a domain",
    [QUOTA_WATCHES] = "Watches of a domain",
    [QUOTA_TRANSACTIONS] = "Open transactions of a domain",
    [QUOTA_OUTSTANDING] = "Requests by a domain whose events wait for a reader",
    [QUOTA_TRANSACTION_NODES] = "Nodes that a transaction touches",
    [QUOTA_MEMORY] = "Bytes that a domain holds (refused beyond it)",
    [QUOTA_NODE_PERMISSIONS] = "Permissions of a node",
    [QUOTA_PATH_LENGTH] = "Characters of a path",
    [QUOTA_NODE_SIZE] = "Bytes of a node's value",
    [QUOTA_SNAPSHOT_MEMORY] = "Bytes that transactions keep, of all domains",
    [QUOTA_CPU] = "Per cent of a CPU that serving a domain takes for long",
};

/* Names that were ours alone. */
static const char *known_name(const char *name)
{
    if (!strcmp(name, "node-permissions"))
        return quota_name[QUOTA_NODE_PERMISSIONS];
    if (!strcmp(name, "path-length"))
        return quota_name[QUOTA_PATH_LENGTH];
    return name;
}

int quota_set(const char *name, const char *number)
{
    char *end;
    long n;

    name = known_name(name);
    errno = 0;
    n = strtol(number, &end, 10);
    if (errno || end == number || *end || n < 0)
        return EINVAL;
    for (int q = 0; q < QUOTA_COUNT; q++)
        if (!strcmp(name, quota_name[q])) {
            quota[q] = n;
            return 0;
        }
    return EINVAL;
}

void quota_refused(struct account *a, struct identity id, enum quota q)
{
    uint64_t now;

    if (!a)
        return;
    a->refused[q]++;
    now = now_ms();
    if (a->told[q] && now - a->told[q] < TOLD_MS)
        return;
    a->told[q] = now;
    log_warning("domain %u has reached its limit of %ld for %s, refused %lu "
                "times so far",
                (unsigned int)id.domid, quota[q], quota_name[q], a->refused[q]);
}

static struct usage_entry *find(const struct usage *u, struct identity id)
{
    for (size_t i = 0; i < u->count; i++)
        if (identity_equal(u->entry[i].id, id))
            return &u->entry[i];
    return NULL;
}

int usage_reserve(struct usage *u, struct identity id)
{
    if (!u || find(u, id))
        return 0;
    if (u->count == u->room) {
        size_t room = u->room ? 2 * u->room : 4;
        struct usage_entry *e = realloc(u->entry, room * sizeof(*e));
        if (!e)
            return ENOMEM;
        u->entry = e;
        u->room = room;
    }
    u->entry[u->count++] = (struct usage_entry){.id = id};
    return 0;
}

void usage_add(struct usage *u, struct identity id, long nodes, long bytes)
{
    if (u) {
        struct usage_entry *e = find(u, id);
        e->nodes += nodes;
        e->bytes += bytes;
    } else {
        struct account *a = account_of(id);
        if (a) {
            a->nodes += nodes;
            a->node_bytes += bytes;
        }
    }
}

static void soft_limit(struct account *a, struct identity id, long total)
{
    if (quota_soft_memory && total > quota_soft_memory && !a->soft_known) {
        a->soft_known = true;
        log_warning("domain %u uses more than %ld bytes of the store",
                    (unsigned int)id.domid, quota_soft_memory);
    }
}

int usage_check(struct usage *u, struct identity id, long nodes, long bytes)
{
    struct account *a = account_of(id);
    struct usage_entry *e = u ? find(u, id) : NULL;
    long total;

    if (!a || id.domid == 0)
        return 0;
    if (e) {
        nodes += e->nodes;
        bytes += e->bytes;
    }
    if (nodes > 0 && a->nodes + nodes > quota[QUOTA_NODES]) {
        quota_refused(a, id, QUOTA_NODES);
        return ENOSPC;
    }
    total = a->node_bytes + a->held + bytes;
    if (bytes > 0 && quota[QUOTA_MEMORY] && total > quota[QUOTA_MEMORY]) {
        quota_refused(a, id, QUOTA_MEMORY);
        return ENOMEM;
    }
    soft_limit(a, id, total);
    return 0;
}

void usage_apply(struct usage *u)
{
    for (size_t i = 0; i < u->count; i++)
        usage_add(NULL, u->entry[i].id, u->entry[i].nodes, u->entry[i].bytes);
}

void usage_clear(struct usage *u)
{
    free(u->entry);
    memset(u, 0, sizeof(*u));
}

int account_check(struct account *a, struct identity id, long bytes)
{
    if (a && id.domid != 0 && quota[QUOTA_MEMORY] &&
        a->node_bytes + a->held + bytes > quota[QUOTA_MEMORY]) {
        quota_refused(a, id, QUOTA_MEMORY);
        return ENOMEM;
    }
    return 0;
}

int account_hold(struct account *a, struct identity id, long bytes)
{
    int rc = account_check(a, id, bytes);

    if (a && !rc)
        a->held += bytes;
    return rc;
}
