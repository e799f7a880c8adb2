/* SPDX-License-Identifier: MIT */
/*
 * Operations on the store. Each one first finds its node (find() decides
 * access), then checks limits, records the touch and edits.
 */
#include "store.h"

#include <errno.h>
#include <string.h>

#include <base/macros.h>

#include "domain.h"
#include "state.h"
#include "transaction.h"
#include "watch.h"

struct store store;

/* The permissions of the special watches: which domains may see others come and
 * go. */
static struct special {
    const char *name;
    struct perms *perms;
} special[] = {{"@introduceDomain", NULL}, {"@releaseDomain", NULL}};

static struct perms *dom0_only(void)
{
    struct perms *p = perms_alloc(1);
    if (p)
        p->entry[0].id = (struct identity){0, INCARNATION_DOM0};
    return p;
}

int store_init(void)
{
    struct perms *p = dom0_only();
    long cost = node_cost(0, 0);

    if (!p)
        return ENOMEM;
    node_put(store.root);
    store.root = tree_new(p);
    for (size_t i = 0; i < ARRAY_SIZE(special); i++) {
        perms_put(special[i].perms);
        special[i].perms = perms_get(p);
    }
    if (store.root)
        usage_add(NULL, p->entry[0].id, 1, cost);
    perms_put(p);
    return store.root ? 0 : ENOMEM;
}

struct stamp store_stamp(uint16_t domid)
{
    return (struct stamp){++store.generation, domid};
}

static struct node **tree_of(struct view *v)
{
    return v->t ? &v->t->root : &store.root;
}

static struct edit edit_of(struct view *v)
{
    return (struct edit){tree_of(v), v->t ? &v->t->usage : NULL,
                         store_stamp(v->who->self.domid)};
}

/*
 * Finds @path for an access that needs the rights @need. ENOENT is told only to
 * clients that could have seen the node: the nearest existing node above
 * decides, as it does for creating the path. *near is that node, or the node.
 */
static int find(struct view *v, const char *path, unsigned int need,
                struct node **near, const char **rest)
{
    *near = tree_nearest(*tree_of(v), path, rest);
    if ((perms_of((*near)->perms, v->who) & need) != need)
        return EACCES;
    return **rest ? ENOENT : 0;
}

/* *a is to be noted when it has happened; NULL: outside of any transaction. */
static int touch(struct view *v, const char *path, size_t len,
                 struct access **a)
{
    *a = NULL;
    return v->t ? transaction_touch(v->t, path, len, a) : 0;
}

static int note(int rc, struct access *a, unsigned int how)
{
    if (!rc && a)
        transaction_note(a, how);
    return rc;
}

static int touch_to_read(struct view *v, const char *path, unsigned int how)
{
    struct access *a;
    int rc = touch(v, path, 0, &a);

    return note(rc, a, how);
}

/*
 * A refused read tells nothing of the node, so no transaction depends on it. If
 * it did, its commit would tell that the node has changed, and would have the
 * node's writer held back for it.
 */
static int find_to_read(struct view *v, const char *path, unsigned int how,
                        struct node **out)
{
    const char *rest;
    int found = find(v, path, PERM_READ, out, &rest), rc;

    if (found && found != ENOENT)
        return found;
    rc = touch_to_read(v, path, how);
    return rc ? rc : found;
}

/* What was told of a node that is not there must be so at the commit. */
static int tell_absent(struct view *v, const char *path)
{
    int rc = touch_to_read(v, path, TOUCH_READ);
    return rc ? rc : ENOENT;
}

static int tell_no_parent(struct view *v, const char *path)
{
    char parent[PATH_BUFFER];
    size_t len = (size_t)(strrchr(path, '/') - path);

    memcpy(parent, path, len);
    parent[len] = '\0';
    return tell_absent(v, parent);
}

static struct special *find_special(const char *path)
{
    for (size_t i = 0; i < ARRAY_SIZE(special); i++)
        if (!strcmp(path, special[i].name))
            return &special[i];
    return NULL;
}

bool store_special_readable(const char *path, const struct actor *who)
{
    struct special *s = find_special(path);
    return s && perms_of(s->perms, who) & PERM_READ;
}

/* --- reading -------------------------------------------------------------- */

int store_read(struct view *v, const char *path, struct node **out)
{
    return find_to_read(v, path, TOUCH_READ, out);
}

int store_list(struct view *v, const char *path, struct node **out)
{
    return find_to_read(v, path, TOUCH_LIST, out);
}

int store_get_perms(struct view *v, const char *path, struct perms **out)
{
    struct node *n;
    int rc;

    if (path_is_special(path)) {
        struct special *s = find_special(path);
        if (!s)
            return EINVAL;
        *out = s->perms;
        return perms_of(s->perms, v->who) & PERM_READ ? 0 : EACCES;
    }
    rc = find_to_read(v, path, TOUCH_RIGHTS, &n);
    if (!rc)
        *out = n->perms;
    return rc;
}

/* --- changing ------------------------------------------------------------- */

static void report(struct view *v, struct change *c, const char *path,
                   struct perms *before, struct perms *after,
                   struct node *removed)
{
    if (v->t) {
        v->t->changed = true;
        node_put(removed);
        return;
    }
    c->path = path;
    c->before = before ? perms_get(before) : NULL;
    c->after = after ? perms_get(after) : NULL;
    c->removed = removed;
}

/* New nodes inherit their parent's permissions; only dom0 creates nodes for
 * others, everybody else owns what he creates. */
static int create(struct view *v, const char *path, struct node *near,
                  const char *rest, const void *data, size_t len,
                  struct change *c)
{
    struct edit e = edit_of(v);
    struct perms *perms = near->perms;
    int rc = 0;

    if (v->who->privileged) {
        perms_get(perms);
    } else {
        long bytes, count = edit_missing(rest, len, &bytes);
        rc = usage_check(e.usage, v->who->self, count, bytes);
        if (rc)
            return rc;
        perms = perms_with_owner(perms, v->who->self);
        if (!perms)
            return ENOMEM;
    }
    rc = edit_create(&e, path, rest, data, len, perms);
    if (!rc)
        report(v, c, path, NULL, perms, NULL);
    perms_put(perms);
    return rc;
}

static int set_value(struct view *v, const char *path, struct node *n,
                     const void *data, size_t len, struct change *c)
{
    struct edit e = edit_of(v);
    struct perms *perms;
    int rc = 0;

    if (!v->who->privileged)
        rc = usage_check(e.usage, n->perms->entry[0].id, 0,
                         (long)len - (long)node_value_len(n));
    if (rc)
        return rc;
    perms = perms_get(n->perms);
    rc = edit_set_value(&e, path, n, data, len);
    if (!rc)
        report(v, c, path, perms, perms, NULL);
    perms_put(perms);
    return rc;
}

int store_write(struct view *v, const char *path, const void *data, size_t len,
                struct change *c)
{
    struct access *a;
    struct node *n;
    const char *rest;
    bool absent;
    int rc;

    rc = find(v, path, PERM_WRITE, &n, &rest);
    if (rc && rc != ENOENT)
        return rc;
    if (!v->who->privileged && (long)len > quota[QUOTA_NODE_SIZE]) {
        quota_refused(account_of(v->who->self), v->who->self, QUOTA_NODE_SIZE);
        return ENOSPC;
    }
    absent = rc == ENOENT;
    rc = touch(v, path, len, &a);
    if (rc)
        return rc;
    rc = absent ? create(v, path, n, rest, data, len, c)
                : set_value(v, path, n, data, len, c);
    return note(rc, a, TOUCH_WRITE);
}

int store_mkdir(struct view *v, const char *path, struct change *c)
{
    struct access *a;
    struct node *n;
    const char *rest;
    bool absent;
    int rc = find(v, path, PERM_WRITE, &n, &rest);

    if (rc && rc != ENOENT)
        return rc;
    absent = rc == ENOENT;
    rc = touch(v, path, 0, &a);
    if (!rc && absent)
        rc = create(v, path, n, rest, NULL, 0, c);
    return note(rc, a, TOUCH_CREATE);
}

int store_remove(struct view *v, const char *path, struct change *c)
{
    struct access *a;
    struct edit e;
    struct node *n, *removed;
    const char *rest;
    bool absent;
    int rc;

    rc = find(v, path, PERM_WRITE, &n, &rest);
    if (!rc && !strcmp(path, "/"))
        return EINVAL;
    if (rc && rc != ENOENT)
        return rc;
    /* Removing what is not there succeeds, if it could be there. */
    absent = rc == ENOENT;
    if (absent && strchr(rest, '/'))
        return tell_no_parent(v, path);
    rc = touch(v, path, 0, &a);
    if (!rc && !absent) {
        e = edit_of(v);
        rc = edit_remove(&e, path, n, &removed);
        if (!rc)
            report(v, c, path, removed->perms, NULL, removed);
    }
    return note(rc, a, TOUCH_REMOVE);
}

static void replace_special(struct special *s, struct perms *perms)
{
    perms_get(perms);
    perms_put(s->perms);
    s->perms = perms;
    state_set_perms(s->name, perms);
}

static int set_special_perms(struct view *v, const char *path,
                             struct perms *perms)
{
    struct special *s = find_special(path);

    if (!s)
        return EINVAL;
    if (!(perms_of(s->perms, v->who) & PERM_OWNER))
        return EACCES;
    perms_resolve(perms, domain_incarnation);
    replace_special(s, perms);
    return 0;
}

const char *store_special(unsigned int i, const struct perms **perms)
{
    if (i >= ARRAY_SIZE(special))
        return NULL;
    *perms = special[i].perms;
    return special[i].name;
}

int store_restore_special(const char *path, struct perms *perms)
{
    struct special *s = find_special(path);

    if (!s)
        return EINVAL;
    replace_special(s, perms);
    return 0;
}

/* Of those that @v may change; only domain 0 gives nodes away. */
static int resolve(struct view *v, const struct node *n, struct perms *perms)
{
    struct identity owner = n->perms->entry[0].id;

    if (!v->who->privileged && perms->entry[0].id.domid != owner.domid)
        return EPERM;
    perms_resolve(perms, domain_incarnation);
    return v->who->privileged || identity_equal(perms->entry[0].id, owner)
               ? 0
               : EPERM;
}

int store_set_perms(struct view *v, const char *path, struct perms *perms,
                    struct change *c)
{
    struct access *a;
    struct edit e;
    struct node *n;
    struct perms *before;
    const char *rest;
    int rc;

    if (path_is_special(path))
        return set_special_perms(v, path, perms);
    rc = find(v, path, PERM_WRITE | PERM_OWNER, &n, &rest);
    if (rc)
        return rc == ENOENT ? tell_absent(v, path) : rc;
    rc = resolve(v, n, perms);
    rc = rc ? rc : touch(v, path, 0, &a);
    if (rc)
        return rc;
    e = edit_of(v);
    before = perms_get(n->perms);
    rc = edit_set_perms(&e, path, n, perms);
    if (!rc)
        report(v, c, path, before, perms, NULL);
    perms_put(before);
    return note(rc, a, TOUCH_PERMS);
}

void store_publish(struct change *c)
{
    if (!c->path)
        return;
    watch_fire(c);
    perms_put(c->before);
    perms_put(c->after);
    node_put(c->removed);
    c->path = NULL;
}

/* --- the end of a domain -------------------------------------------------- */

/* Goes on to the next node whose permissions name @id. */
static bool find_mention(struct tree_walk *w, struct identity id)
{
    const struct node *n;

    while ((n = tree_walk_next(w)))
        if (perms_mention(n->perms, id))
            return true;
    return false;
}

static int forget_one(struct edit *e, const char *path, struct node *n,
                      struct identity id, struct change *c)
{
    int rc;

    if (identity_equal(n->perms->entry[0].id, id) && path[1]) {
        rc = edit_remove(e, path, n, &c->removed);
        if (!rc) {
            c->path = path;
            c->before = perms_get(c->removed->perms);
        }
    } else {
        struct perms *perms = perms_without(n->perms, id);
        rc = perms ? edit_set_perms(e, path, n, perms) : ENOMEM;
        perms_put(perms);
    }
    return rc;
}

void store_forget_domain(struct identity id)
{
    /* The walk goes over a snapshot; edits copy what they change of it. */
    struct node *snapshot = node_get(store.root);
    struct edit e = {&store.root, NULL, store_stamp(0)};
    struct tree_walk w;

    for (size_t i = 0; i < ARRAY_SIZE(special); i++)
        if (perms_mention(special[i].perms, id)) {
            struct perms *p = perms_without(special[i].perms, id);
            if (p)
                replace_special(&special[i], p);
            perms_put(p);
        }
    tree_walk_start(&w, snapshot, "/");
    while (find_mention(&w, id)) {
        struct change c = {0};
        struct node *live = tree_lookup(store.root, w.path);
        /* Without memory a right stays in the list; it is worthless, its
         * incarnation having ended. */
        if (live && forget_one(&e, w.path, live, id, &c) == 0 && c.path)
            tree_walk_skip(&w);
        store_publish(&c);
    }
    node_put(snapshot);
}
