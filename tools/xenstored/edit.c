/* SPDX-License-Identifier: MIT */
/*
 * Accounted edits: first reserve all bookkeeping that could fail, then change
 * the tree (which fails as a whole or not at all), then book and report.
 */
#include "edit.h"

#include <string.h>

#include "state.h"

static struct identity owner(const struct node *n)
{
    return n->perms->entry[0].id;
}

/* A transaction's edits are reported when it is committed. */
static bool live(const struct edit *e)
{
    return !e->usage;
}

static long cost(const struct node *n)
{
    return node_cost(n->name_len, node_value_len(n));
}

long edit_missing(const char *rest, size_t len, long *total)
{
    long count = 0;

    *total = (long)len;
    while (*rest) {
        size_t l = (size_t)(strchrnul(rest, '/') - rest);
        *total += node_cost(l, 0);
        count++;
        rest += l;
        rest += *rest == '/';
    }
    return count;
}

int edit_create(struct edit *e, const char *path, const char *rest,
                const void *data, size_t len, struct perms *perms)
{
    struct identity id = perms->entry[0].id;
    long bytes, count = edit_missing(rest, len, &bytes);
    int rc = usage_reserve(e->usage, id);

    if (!rc)
        rc = tree_create(e->root, path, rest, data, len, perms, e->stamp);
    if (rc)
        return rc;
    usage_add(e->usage, id, count, bytes);
    if (live(e))
        state_create(path, rest, data, len, perms);
    return 0;
}

int edit_set_value(struct edit *e, const char *path, const struct node *n,
                   const void *data, size_t len)
{
    struct identity id = owner(n);
    long grown = (long)len - (long)node_value_len(n);
    int rc = usage_reserve(e->usage, id);

    if (!rc)
        rc = tree_set_value(e->root, path, data, len, e->stamp);
    if (rc)
        return rc;
    usage_add(e->usage, id, 0, grown);
    if (live(e))
        state_set_value(path, data, len);
    return 0;
}

int edit_set_perms(struct edit *e, const char *path, const struct node *n,
                   struct perms *perms)
{
    struct identity from = owner(n), to = perms->entry[0].id;
    long bytes = cost(n);
    int rc = usage_reserve(e->usage, from);

    if (!rc)
        rc = usage_reserve(e->usage, to);
    if (!rc)
        rc = tree_set_perms(e->root, path, perms, e->stamp);
    if (rc)
        return rc;
    usage_add(e->usage, from, -1, -bytes);
    usage_add(e->usage, to, 1, bytes);
    if (live(e))
        state_set_perms(path, perms);
    return 0;
}

int edit_remove(struct edit *e, const char *path, struct node *n,
                struct node **removed)
{
    struct tree_walk w;
    const struct node *i;
    int rc = 0;

    tree_walk_start(&w, n, path);
    while (!rc && e->usage && (i = tree_walk_next(&w)))
        rc = usage_reserve(e->usage, owner(i));
    if (!rc)
        rc = tree_remove(e->root, path, e->stamp, removed);
    if (rc)
        return rc;
    tree_walk_start(&w, *removed, path);
    while ((i = tree_walk_next(&w)))
        usage_add(e->usage, owner(i), -1, -cost(i));
    if (live(e))
        state_remove(path);
    return 0;
}
