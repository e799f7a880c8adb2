/* SPDX-License-Identifier: MIT */
/*
 * Transactions. The list of touched paths holds no values: what was read is
 * compared between two trees (the base and the live one) by generation, and
 * what was changed is taken from the transaction's own tree. So memory is
 * bounded by the number of different paths, however often they are written.
 */
#include "transaction.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <daemon/clock.h>

#include "domain.h"
#include "hash.h"
#include "state.h"

/* --- touched paths -------------------------------------------------------- */

/* Of the first @len characters of @path. */
static uint32_t *slot_of(const struct transaction *t, const char *path,
                         size_t len, uint64_t hash)
{
    size_t i = hash & (t->index_size - 1);
    for (;; i = (i + 1) & (t->index_size - 1)) {
        struct access *a;
        if (!t->index[i])
            return &t->index[i];
        a = t->access[t->index[i] - 1];
        if (a->hash == hash && !strncmp(a->path, path, len) && !a->path[len])
            return &t->index[i];
    }
}

/* Room for one more access, and an index at most half full. */
static int grow(struct transaction *t)
{
    size_t room = t->room ? 2 * t->room : 8;
    struct access **access;
    uint32_t *index;

    if (t->count < t->room)
        return 0;
    access = realloc(t->access, room * sizeof(access[0]));
    if (!access)
        return ENOMEM;
    t->access = access;
    index = calloc(2 * room, sizeof(index[0]));
    if (!index)
        return ENOMEM;
    free(t->index);
    t->index = index;
    t->index_size = 2 * room;
    t->room = room;
    for (size_t i = 0; i < t->count; i++) {
        const struct access *a = t->access[i];

        *slot_of(t, a->path, strlen(a->path), a->hash) = (uint32_t)i + 1;
    }
    return 0;
}

/* On the account of whoever has started it, whatever the limit. */
static void book(struct transaction *t, long bytes)
{
    t->held += bytes;
    if (!t->who.privileged)
        account_release(account_of(t->who.self), -bytes);
}

static int hold(struct transaction *t, long bytes)
{
    int rc = 0;

    if (!t->who.privileged)
        rc = account_hold(account_of(t->who.self), t->who.self, bytes);
    if (!rc)
        t->held += bytes;
    return rc;
}

/* What is kept of a written value counts until the transaction ends. */
static int hold_value(struct transaction *t, struct access *a, size_t len)
{
    int rc = 0;

    if (len > a->held) {
        rc = hold(t, (long)(len - a->held));
        if (!rc)
            a->held = (uint32_t)len;
    }
    return rc;
}

static int access_new(struct transaction *t, const char *path, uint64_t hash,
                      uint32_t *slot, struct access **out)
{
    size_t len = strlen(path);
    struct access *a;
    int rc;

    if (!t->who.privileged &&
        (long)t->count >= quota[QUOTA_TRANSACTION_NODES]) {
        quota_refused(account_of(t->who.self), t->who.self,
                      QUOTA_TRANSACTION_NODES);
        return ENOSPC;
    }
    rc = hold(t, (long)(sizeof(*a) + len + 16));
    if (rc)
        return rc;
    a = malloc(sizeof(*a) + len + 1);
    if (!a)
        return ENOMEM;
    a->hash = hash;
    a->held = 0;
    a->touch = 0;
    memcpy(a->path, path, len + 1);
    t->access[t->count++] = a;
    *slot = (uint32_t)t->count;
    *out = a;
    return 0;
}

int transaction_touch(struct transaction *t, const char *path, size_t len,
                      struct access **out)
{
    uint64_t hash = hash_path(path);
    uint32_t *slot;
    struct access *a;
    int rc = grow(t);

    if (rc)
        return rc;
    slot = slot_of(t, path, strlen(path), hash);
    if (*slot)
        a = t->access[*slot - 1];
    else
        rc = access_new(t, path, hash, slot, &a);
    if (!rc)
        rc = hold_value(t, a, len);
    if (!rc)
        *out = a;
    return rc;
}

/* Reading what the transaction has written depends on no other client. */
void transaction_note(struct access *a, unsigned int touch)
{
    if (touch == TOUCH_READ && a->touch & (TOUCH_WRITE | TOUCH_REMOVE))
        return;
    if (touch == TOUCH_RIGHTS && a->touch & (TOUCH_PERMS | TOUCH_REMOVE))
        return;
    a->touch |= touch;
}

/* --- start and end -------------------------------------------------------- */

static unsigned int can_expire;

static void forget_accesses(struct transaction *t)
{
    for (size_t i = 0; i < t->count; i++)
        free(t->access[i]);
    free(t->access);
    free(t->index);
    t->access = NULL;
    t->index = NULL;
    t->count = t->room = t->index_size = 0;
}

/* All that it has done goes; the rest is only a number that is taken. */
static void drop_trees(struct transaction *t)
{
    if (!t->root)
        return;
    can_expire -= !t->who.privileged;
    book(t, (long)sizeof(*t) - t->held);
    forget_accesses(t);
    usage_clear(&t->usage);
    node_put(t->base);
    node_put(t->root);
    t->base = t->root = NULL;
}

static void take_trees(struct transaction *t)
{
    t->base = node_get(store.root);
    t->root = node_get(store.root);
    t->deaths = domain_deaths();
    t->started = now_ms();
    t->allocated = tree_allocated;
    can_expire += !t->who.privileged;
}

static void transaction_free(struct transaction *t)
{
    drop_trees(t);
    book(t, -t->held);
    free(t);
}

bool transactions_can_expire(void)
{
    return can_expire != 0;
}

bool transactions_expire(struct transactions *set)
{
    uint64_t memory = (uint64_t)quota[QUOTA_SNAPSHOT_MEMORY];
    bool early = false;

    for (struct transaction *t = set->first; t; t = t->next) {
        if (t->who.privileged || !t->root ||
            tree_allocated - t->allocated <= memory)
            continue;
        drop_trees(t);
        t->hopeless = true;
        early |= now_ms() - t->started <= TRANSACTION_FAIR;
    }
    return early;
}

static void unlink_transaction(struct transactions *set, struct transaction *t)
{
    struct transaction **p = &set->first;
    while (*p != t)
        p = &(*p)->next;
    *p = t->next;
    set->count--;
}

struct transaction *transaction_find(struct transactions *set, uint32_t id)
{
    struct transaction *t = set->first;
    while (t && t->id != id)
        t = t->next;
    return t;
}

/* Within the numbers of this daemon's life. */
static uint32_t next_id(struct transactions *set)
{
    const uint32_t mask = (1u << TRANSACTION_LIFE_SHIFT) - 1;
    uint32_t n = set->last_id;

    do
        n = (n & ~mask) | ((n + 1) & mask);
    while (!(n & mask) || transaction_find(set, n));
    set->last_id = n;
    return n;
}

static void link_transaction(struct transactions *set, struct transaction *t)
{
    t->next = set->first;
    set->first = t;
    set->count++;
}

int transaction_start(struct transactions *set, const struct actor *who,
                      uint32_t *id)
{
    struct transaction *t;
    int rc;

    if (!who->privileged && (long)set->count >= quota[QUOTA_TRANSACTIONS]) {
        quota_refused(account_of(who->self), who->self, QUOTA_TRANSACTIONS);
        return ENOSPC;
    }
    t = calloc(1, sizeof(*t));
    if (!t)
        return ENOMEM;
    t->who = *who;
    rc = hold(t, (long)sizeof(*t));
    if (rc) {
        free(t);
        return rc;
    }
    take_trees(t);
    t->id = next_id(set);
    link_transaction(set, t);
    *id = t->id;
    return 0;
}

int transaction_restore(struct transactions *set, const struct actor *who,
                        uint32_t id)
{
    struct transaction *t = calloc(1, sizeof(*t));

    if (!t)
        return ENOMEM;
    t->who = *who;
    t->id = id;
    t->hopeless = true;
    book(t, (long)sizeof(*t));
    link_transaction(set, t);
    return 0;
}

void transaction_go_on(struct transaction *t)
{
    if (!t->root)
        take_trees(t);
}

void transactions_abort(struct transactions *set)
{
    while (set->first) {
        struct transaction *t = set->first;
        unlink_transaction(set, t);
        transaction_free(t);
    }
}

/* --- commit --------------------------------------------------------------- */

static bool same_for(unsigned int touch, const struct node *a,
                     const struct node *b)
{
    if (a == b)
        return true;
    if (!a || !b)
        return false;
    return !(touch & TOUCH_READ && a->generation != b->generation) &&
           !(touch & TOUCH_LIST && a->list_generation != b->list_generation) &&
           !(touch & TOUCH_RIGHTS && !perms_equal(a->perms, b->perms));
}

static int conflict(struct transaction *t, const char *path)
{
    const char *rest;
    uint16_t writer = tree_nearest(store.root, path, &rest)->writer;

    if (writer != t->who.self.domid)
        domain_hold_back(writer, t->who.self.domid);
    return EAGAIN;
}

static bool unchanged(const struct node *was, const struct node *mine)
{
    return was && mine && was->generation == mine->generation;
}

/* It was told that the node is there. */
static bool relied_on(struct transaction *t, const struct access *a)
{
    return a->touch & TOUCH_PERMS || (a->touch & TOUCH_CREATE &&
                                      unchanged(tree_lookup(t->base, a->path),
                                                tree_lookup(t->root, a->path)));
}

/* Is everything that the transaction has read as it was? */
static int validate(struct transaction *t)
{
    for (size_t i = 0; i < t->count; i++) {
        struct access *a = t->access[i];
        const char *was, *is;

        if (a->touch & TOUCH_READS &&
            !same_for(a->touch, tree_lookup(t->base, a->path),
                      tree_lookup(store.root, a->path)))
            return conflict(t, a->path);
        if (!(a->touch & TOUCH_CHANGES))
            continue;
        /* A parent that was there must not come back from the dead. */
        tree_nearest(t->base, a->path, &was);
        tree_nearest(store.root, a->path, &is);
        if (*was && strlen(is) > strlen(was))
            return conflict(t, a->path);
        if (!*was && *is && (strchr(is, '/') || relied_on(t, a)))
            return conflict(t, a->path);
    }
    return 0;
}

static bool may(const struct node *n, const struct transaction *t,
                unsigned int need)
{
    return (perms_of(n->perms, &t->who) & need) == need;
}

/* Creates @path in the new tree, component by component, with the permissions
 * that the transaction gave to each. */
static int merge_create(struct transaction *t, struct edit *e, const char *path)
{
    char prefix[PATH_BUFFER];
    const char *name, *end;
    struct node *near = tree_nearest(*e->root, path, &name);

    if (!may(near, t, PERM_WRITE))
        return EAGAIN;
    for (; *name; name = end + (*end == '/')) {
        int rc;

        end = strchrnul(name, '/');
        memcpy(prefix, path, (size_t)(end - path));
        prefix[end - path] = '\0';
        rc = edit_create(e, prefix, prefix + (name - path), NULL, 0,
                         tree_lookup(t->root, prefix)->perms);
        if (rc)
            return rc;
    }
    return 0;
}

/* What was made on the way to a node that was removed again. */
static int merge_above(struct transaction *t, struct edit *e, const char *path)
{
    char above[PATH_BUFFER];
    const char *rest;
    const struct node *mine = tree_nearest(t->root, path, &rest);
    size_t len = (size_t)(rest - path) - 1;

    memcpy(above, path, len);
    above[len] = '\0';
    if (len == 0 || unchanged(tree_lookup(t->base, above), mine) ||
        tree_lookup(*e->root, above))
        return 0;
    return merge_create(t, e, above);
}

static int merge_remove(struct transaction *t, struct edit *e, const char *path)
{
    struct node *n = tree_lookup(*e->root, path), *removed;
    int rc;

    if (!n)
        return 0;
    if (!may(n, t, PERM_WRITE))
        return EAGAIN;
    rc = edit_remove(e, path, n, &removed);
    if (!rc)
        node_put(removed);
    return rc;
}

/* Gives the node at @path in the new tree what the transaction gave it. */
static int merge_change(struct transaction *t, struct edit *e,
                        const struct access *a)
{
    struct node *mine = tree_lookup(t->root, a->path), *n;
    struct node *was = tree_lookup(t->base, a->path);
    int rc;

    /* Removed again later. */
    if (!mine)
        return merge_above(t, e, a->path);
    if (unchanged(was, mine))
        return 0;
    if (mine->perms->entry[0].id.incarnation != INCARNATION_NONE &&
        !account_of(mine->perms->entry[0].id))
        return EAGAIN; /* its owner has died */
    if (!tree_lookup(*e->root, a->path)) {
        if (!(a->touch & (TOUCH_CREATE | TOUCH_WRITE)))
            return EAGAIN; /* permissions of what is no longer there */
        rc = merge_create(t, e, a->path);
        if (rc)
            return rc;
    }
    n = tree_lookup(*e->root, a->path);
    if (!may(n, t, PERM_WRITE))
        return EAGAIN;
    if (a->touch & TOUCH_PERMS) {
        if (!may(n, t, PERM_OWNER))
            return EAGAIN;
        rc = edit_set_perms(e, a->path, n, mine->perms);
        if (rc)
            return rc;
        n = tree_lookup(*e->root, a->path);
    }
    if (!(a->touch & TOUCH_WRITE))
        return 0;
    return edit_set_value(e, a->path, n, mine->value ? mine->value->data : "",
                          node_value_len(mine));
}

/* The changes once more, on top of the live tree; *root is the result. */
static int merge(struct transaction *t, struct node **root, struct usage *u)
{
    struct edit e = {root, u, store_stamp(t->who.self.domid)};
    int rc = 0;

    for (size_t i = 0; i < t->count && !rc; i++)
        if (t->access[i]->touch & TOUCH_REMOVE)
            rc = merge_remove(t, &e, t->access[i]->path);
    for (size_t i = 0; i < t->count && !rc; i++)
        if (t->access[i]->touch & (TOUCH_CREATE | TOUCH_WRITE | TOUCH_PERMS))
            rc = merge_change(t, &e, t->access[i]);
    return rc;
}

/* Replaces the live tree by the result. @before keeps the old one. */
static int commit(struct transaction *t, struct node **before)
{
    struct usage merged = {0}, *usage = &t->usage;
    struct node *root;
    int rc = 0;

    if (store.root == t->base && t->deaths == domain_deaths()) {
        root = node_get(t->root);
    } else {
        rc = validate(t);
        if (rc)
            return rc;
        root = node_get(store.root);
        usage = &merged;
        rc = merge(t, &root, usage);
    }
    for (size_t i = 0; i < usage->count && !rc && !t->who.privileged; i++)
        rc = usage_check(NULL, usage->entry[i].id, usage->entry[i].nodes,
                         usage->entry[i].bytes);
    if (rc) {
        node_put(root);
    } else {
        usage_apply(usage);
        *before = store.root;
        store.root = root;
        state_commit_tree(*before, root);
    }
    usage_clear(&merged);
    return rc;
}

/* What is above it was removed, too. */
static bool gone_from_above(const struct transaction *t, const char *path)
{
    uint64_t hash = hash_add(HASH_START, path, 1);

    for (size_t i = 1; path[i]; hash = hash_add(hash, &path[i++], 1)) {
        uint32_t n = path[i] == '/' ? *slot_of(t, path, i, hash) : 0;

        if (n && t->access[n - 1]->touch & TOUCH_REMOVE)
            return true;
    }
    return false;
}

/* What is below a removed node is told of once, however many of those above it
 * were removed one by one. */
static void publish(struct transaction *t, struct node *before)
{
    for (size_t i = 0; i < t->count; i++) {
        const char *path = t->access[i]->path;
        struct node *was, *is;
        struct change c = {.path = path};

        if (!(t->access[i]->touch & TOUCH_CHANGES))
            continue;
        was = tree_lookup(before, path);
        is = tree_lookup(store.root, path);
        /* Nothing came of it, but perhaps of what is below. */
        if (was == is || (was && is && was->generation == is->generation))
            continue;
        /* Gone with what is above it, which is told. */
        if (!is && !(t->access[i]->touch & TOUCH_REMOVE))
            continue;
        c.before = was ? perms_get(was->perms) : NULL;
        c.after = is ? perms_get(is->perms) : NULL;
        if (t->access[i]->touch & TOUCH_REMOVE && was &&
            !gone_from_above(t, path))
            c.removed = node_get(was);
        store_publish(&c);
    }
}

int transaction_end(struct transactions *set, struct transaction *t,
                    bool wanted, void (*done)(void *arg, int rc), void *arg)
{
    struct node *before = NULL;
    int rc = 0;

    unlink_transaction(set, t);
    if (t->hopeless)
        rc = wanted ? EAGAIN : 0;
    else if (wanted &&
             t->changed) /* a transaction that only read is in order */
        rc = commit(t, &before);
    done(arg, rc);
    if (before) {
        publish(t, before);
        node_put(before);
    }
    transaction_free(t);
    return rc;
}
