/* SPDX-License-Identifier: MIT */
/* The table of watches, and firing them. */
#include "watch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <base/macros.h>

#include "connection.h"
#include "hash.h"
#include "outstanding.h"
#include "state.h"

static struct watch **bucket;
static size_t bucket_count, watch_count;

static void insert(struct watch *w)
{
    struct watch **b = &bucket[w->hash & (bucket_count - 1)];
    w->next_in_bucket = *b;
    *b = w;
}

static int grow(void)
{
    size_t count = bucket_count ? 2 * bucket_count : 256;
    size_t old_count = bucket_count;
    struct watch **old = bucket, **fresh;

    if (watch_count < bucket_count)
        return 0;
    fresh = calloc(count, sizeof(fresh[0]));
    if (!fresh)
        return ENOMEM;
    bucket = fresh;
    bucket_count = count;
    for (size_t i = 0; i < old_count; i++)
        while (old[i]) {
            struct watch *w = old[i];
            old[i] = w->next_in_bucket;
            insert(w);
        }
    free(old);
    return 0;
}

static long cost(const struct watch *w)
{
    return (long)(sizeof(*w) + strlen(w->path) + strlen(w->token) + 2);
}

static struct watch **find(struct connection *c, const char *path,
                           const char *token)
{
    struct watch **p = &c->watches.first;
    while (*p && (strcmp((*p)->path, path) || strcmp((*p)->token, token)))
        p = &(*p)->next;
    return p;
}

static int check_limits(struct connection *c)
{
    if (!c->who.privileged && (long)c->watches.count >= quota[QUOTA_WATCHES]) {
        quota_refused(account_of(c->who.self), c->who.self, QUOTA_WATCHES);
        return E2BIG;
    }
    return grow();
}

static struct watch *watch_new(struct connection *c, const char *path,
                               size_t relative, const char *token)
{
    size_t path_len = strlen(path), token_len = strlen(token);
    struct watch *w = malloc(sizeof(*w) + path_len + token_len + 2);

    if (!w)
        return NULL;
    w->c = c;
    w->hash = hash_path(path);
    w->relative = (uint16_t)relative;
    w->token = w->path + path_len + 1;
    w->token_hash = hash_path(token);
    memcpy(w->path, path, path_len + 1);
    memcpy(w->token, token, token_len + 1);
    return w;
}

static void link_watch(struct watch *w)
{
    insert(w);
    watch_count++;
    w->next = w->c->watches.first;
    w->c->watches.first = w;
    w->c->watches.count++;
}

int watch_add(struct connection *c, const char *path, size_t relative,
              const char *token, struct watch **out)
{
    struct watch *w;
    int rc = check_limits(c);

    if (!rc && *find(c, path, token))
        rc = EEXIST;
    if (rc)
        return rc;
    w = watch_new(c, path, relative, token);
    if (!w)
        return ENOMEM;
    if (c->domain)
        rc = account_hold(&c->domain->account, c->domain->id, cost(w));
    if (rc) {
        free(w);
        return rc;
    }
    link_watch(w);
    state_watch(w);
    *out = w;
    return 0;
}

void watches_reverse(struct watches *set)
{
    struct watch *w = set->first, *next;

    for (set->first = NULL; w; w = next) {
        next = w->next;
        w->next = set->first;
        set->first = w;
    }
}

int watch_restore(struct connection *c, const char *path, size_t relative,
                  const char *token)
{
    struct watch *w;

    if (relative > strlen(path)) /* its events would begin behind their end */
        return EINVAL;
    if (grow())
        return ENOMEM;
    w = watch_new(c, path, relative, token);
    if (!w)
        return ENOMEM;
    if (c->domain)
        c->domain->account.held += cost(w);
    link_watch(w);
    return 0;
}

/* @p: the link to the watch in its connection's list. */
static void unlink_watch(struct watch **p)
{
    struct watch *w = *p;
    struct watch **b = &bucket[w->hash & (bucket_count - 1)];

    state_unwatch(w);
    while (*b != w)
        b = &(*b)->next_in_bucket;
    *b = w->next_in_bucket;
    watch_count--;
    *p = w->next;
    w->c->watches.count--;
    if (w->c->domain)
        account_release(&w->c->domain->account, cost(w));
    free(w);
}

int watch_remove(struct connection *c, const char *path, const char *token)
{
    struct watch **p = find(c, path, token);
    if (!*p)
        return ENOENT;
    unlink_watch(p);
    return 0;
}

void watch_remove_all(struct connection *c)
{
    while (c->watches.first)
        unlink_watch(&c->watches.first);
}

/* --- firing --------------------------------------------------------------- */

/* The hashes of one path as it is reported, whole or without what is cut off,
 * which is the same for all watches that see it. Each is worked out once: for
 * each watch it would be a guest's way to make all others wait. */
struct reported {
    uint64_t whole, rest; /* 0: not yet */
};

static uint64_t reported_hash(struct reported *r, const char *path,
                              size_t relative)
{
    uint64_t *hash = relative ? &r->rest : &r->whole;

    if (!*hash)
        *hash = hash_path(path + relative);
    return *hash;
}

static void send(struct watch *w, const char *path, struct reported *r)
{
    connection_event(
        w->c, path + w->relative, w->token,
        hash_pair(reported_hash(r, path, w->relative), w->token_hash));
}

void watch_fire_first(struct watch *w)
{
    struct reported r = {.whole = 0};

    send(w, w->path, &r);
}

static bool readable(const struct perms *p, const struct watch *w)
{
    return p && perms_of(p, &w->c->who) & PERM_READ;
}

/* What all watches of a change have in common: also the node above the changed
 * one, which is looked for once, as the nodes may be deep. */
struct common {
    struct reported reported;
    bool looked;
    const struct node *above;
};

static const struct node *node_above(const struct change *c)
{
    char parent[PATH_BUFFER];
    size_t len = (size_t)(strrchr(c->path, '/') - c->path);

    memcpy(parent, c->path, len + 1);
    parent[len ? len : 1] = '\0';
    return tree_lookup(store.root, parent);
}

/* Who may list a node's siblings knows its name anyway. */
static bool sees_name(const struct change *c, struct common *common,
                      const struct watch *w)
{
    if (!common->looked) {
        common->looked = true;
        common->above = node_above(c);
    }
    return common->above && readable(common->above->perms, w);
}

/* Watches of exactly the first @len characters of the changed path. */
static void fire_at(const struct change *c, uint64_t hash, size_t len,
                    struct common *common)
{
    struct watch *w = bucket[hash & (bucket_count - 1)];

    for (; w; w = w->next_in_bucket)
        if (w->hash == hash && !strncmp(w->path, c->path, len) &&
            w->path[len] == '\0' &&
            (readable(c->before, w) || readable(c->after, w) ||
             sees_name(c, common, w)))
            send(w, c->path, &common->reported);
}

/* Watches of nodes in a subtree that has gone: each hears of its own path. A
 * step for each node, which had to be made before: one for each watch, or for
 * each character of its path, would be a guest's way to make all others wait.
 */
static void fire_below(const struct change *c)
{
    static struct tree_walk walk;
    static uint64_t hash[ARRAY_SIZE(walk.level)];
    const struct node *n;

    tree_walk_start(&walk, c->removed, c->path);
    tree_walk_next(&walk); /* the node itself has been told of */
    hash[0] = hash_path(c->path);
    while ((n = tree_walk_next(&walk))) {
        const struct node *parent = walk.level[walk.depth - 1].node;
        size_t above = walk.level[walk.depth - 1].path_len;
        uint64_t h = hash_add(hash[walk.depth - 1], walk.path + above,
                              walk.level[walk.depth].path_len - above);
        struct watch *w = bucket[h & (bucket_count - 1)];
        struct reported reported = {.whole = h};

        hash[walk.depth] = h;
        for (; w; w = w->next_in_bucket)
            if (w->hash == h && !strcmp(w->path, walk.path) &&
                (readable(n->perms, w) || readable(parent->perms, w)))
                send(w, w->path, &reported);
    }
}

void watch_fire(const struct change *c)
{
    struct common common = {.looked = false};
    uint64_t h = HASH_START;

    if (!watch_count)
        return;
    outstanding_change();
    for (size_t i = 0; c->path[i]; i++) {
        h = hash_add(h, &c->path[i], 1);
        if (i == 0 || c->path[i + 1] == '/' || c->path[i + 1] == '\0')
            fire_at(c, h, i + 1, &common);
    }
    if (c->removed)
        fire_below(c);
}

void watch_fire_special(const char *name)
{
    uint64_t hash = hash_path(name);
    struct reported reported = {.whole = hash};
    struct watch *w;

    if (!watch_count)
        return;
    outstanding_change();
    for (w = bucket[hash & (bucket_count - 1)]; w; w = w->next_in_bucket)
        if (w->hash == hash && !strcmp(w->path, name) &&
            store_special_readable(name, &w->c->who))
            send(w, name, &reported);
}
