/* SPDX-License-Identifier: MIT */
/*
 * Nodes with reference counts. own() is the heart: it makes sure that the node
 * in a slot belongs to this tree alone before it is changed. A node may be
 * changed in place only if it and all nodes above it have one reference;
 * copying a parent gives each child one more, so owning from the root down
 * keeps that rule.
 */
#include "tree.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

uint64_t tree_allocated;

/* Children are sorted: numbers by size first, then other names bytewise, so
 * that device 2 is listed before device 10. */
#define ORDER_WORD UINT16_MAX

static uint16_t name_order(const char *name, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (!isdigit((unsigned char)name[i]))
            return ORDER_WORD;
    return (uint16_t)len;
}

static int compare_name(const struct node *n, uint16_t order, const char *name,
                        size_t len)
{
    size_t common = n->name_len < len ? n->name_len : len;
    int d;

    if (n->order != order)
        return n->order < order ? -1 : 1;
    d = memcmp(n->name, name, common);
    if (d)
        return d;
    return n->name_len < len ? -1 : n->name_len > len;
}

int node_compare(const struct node *a, const struct node *b)
{
    return compare_name(a, b->order, b->name, b->name_len);
}

/* --- values --------------------------------------------------------------- */

static struct value *value_new(const void *data, size_t len)
{
    /* Room to grow a little: counters and states change their length. */
    size_t room = (len + 15) & ~(size_t)15;
    struct value *v = malloc(sizeof(*v) + room);
    if (v) {
        tree_allocated += sizeof(*v) + room;
        v->refs = 1;
        v->room = (uint32_t)room;
        v->len = (uint32_t)len;
        memcpy(v->data, data, len);
    }
    return v;
}

static void value_put(struct value *v)
{
    if (v && --v->refs == 0)
        free(v);
}

/* --- nodes ---------------------------------------------------------------- */

static struct node *node_new(const char *name, size_t len, struct perms *perms)
{
    struct node *n = calloc(1, sizeof(*n) + len + 1);
    if (n) {
        tree_allocated += sizeof(*n) + len + 1;
        n->refs = 1;
        n->perms = perms_get(perms);
        n->name_len = (uint16_t)len;
        n->order = name_order(name, len);
        memcpy(n->name, name, len);
    }
    return n;
}

struct node *tree_new(struct perms *perms)
{
    return node_new("", 0, perms);
}

struct node *node_get(struct node *n)
{
    n->refs++;
    return n;
}

void node_put(struct node *n)
{
    struct node *dead = NULL;

    if (!n || --n->refs)
        return;
    value_put(n->value);
    n->next_dead = NULL;
    for (dead = n; dead;) {
        n = dead;
        dead = n->next_dead;
        for (uint32_t i = 0; i < n->child_count; i++) {
            struct node *c = n->child[i];
            if (--c->refs)
                continue;
            value_put(c->value);
            c->next_dead = dead;
            dead = c;
        }
        perms_put(n->perms);
        free(n->child);
        free(n);
    }
}

static struct node *node_copy(const struct node *n)
{
    struct node *c = malloc(sizeof(*c) + n->name_len + 1u);
    if (!c)
        return NULL;
    memcpy(c, n, sizeof(*c) + n->name_len + 1u);
    c->refs = 1;
    c->child_room = n->child_count;
    c->child = NULL;
    if (n->child_count) {
        c->child = malloc(n->child_count * sizeof(c->child[0]));
        if (!c->child) {
            free(c);
            return NULL;
        }
        memcpy(c->child, n->child, n->child_count * sizeof(c->child[0]));
        for (uint32_t i = 0; i < n->child_count; i++)
            c->child[i]->refs++;
    }
    perms_get(c->perms);
    if (c->value)
        c->value->refs++;
    tree_allocated +=
        sizeof(*c) + n->name_len + 1u + n->child_count * sizeof(c->child[0]);
    return c;
}

/* Caller owns the node that holds @slot (or @slot is the root pointer). */
static struct node *own(struct node **slot)
{
    struct node *n = *slot, *copy;

    if (n->refs == 1)
        return n;
    copy = node_copy(n);
    if (copy) {
        n->refs--;
        *slot = copy;
    }
    return copy;
}

/* Index of the child with this name, or where it belongs (*found false). */
static uint32_t child_index(const struct node *n, const char *name, size_t len,
                            bool *found)
{
    uint16_t order = name_order(name, len);
    uint32_t low = 0, high = n->child_count;

    *found = false;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int d = compare_name(n->child[middle], order, name, len);
        if (d == 0) {
            *found = true;
            return middle;
        }
        if (d < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static int child_reserve(struct node *n)
{
    uint32_t room;
    struct node **child;

    if (n->child_count < n->child_room)
        return 0;
    room = n->child_room ? n->child_room * 2 : 4;
    child = realloc(n->child, room * sizeof(child[0]));
    if (!child)
        return ENOMEM;
    tree_allocated += (room - n->child_room) * sizeof(child[0]);
    n->child = child;
    n->child_room = room;
    return 0;
}

/* Needs a successful child_reserve(). */
static void child_insert(struct node *n, struct node *c)
{
    bool found;
    uint32_t i = child_index(n, c->name, c->name_len, &found);

    memmove(n->child + i + 1, n->child + i,
            (n->child_count - i) * sizeof(n->child[0]));
    n->child[i] = c;
    n->child_count++;
}

static void child_take_out(struct node *n, uint32_t i)
{
    n->child_count--;
    memmove(n->child + i, n->child + i + 1,
            (n->child_count - i) * sizeof(n->child[0]));
    /* An emptied directory must not keep the memory of its best days. */
    if (n->child_room > 16 && n->child_count < n->child_room / 4) {
        struct node **child =
            realloc(n->child, n->child_room / 2 * sizeof(child[0]));
        if (child) {
            n->child = child;
            n->child_room /= 2;
        }
    }
}

/* --- paths ---------------------------------------------------------------- */

/* Length of the first component of @p, which has no slash in front. */
static size_t component(const char *p)
{
    return (size_t)(strchrnul(p, '/') - p);
}

struct node *tree_nearest(struct node *root, const char *path,
                          const char **rest)
{
    struct node *n = root;
    const char *p = path + 1;

    while (*p) {
        size_t len = component(p);
        bool found;
        uint32_t i = child_index(n, p, len, &found);
        if (!found)
            break;
        n = n->child[i];
        p += len;
        p += *p == '/';
    }
    *rest = p;
    return n;
}

struct node *tree_lookup(struct node *root, const char *path)
{
    const char *rest;
    struct node *n = tree_nearest(root, path, &rest);
    return *rest ? NULL : n;
}

/* Owns every node down to the one @len characters into @path; that one is
 * returned. It exists. */
static struct node *own_path(struct node **root, const char *path, size_t len)
{
    const char *p = path + 1, *end = path + len;
    struct node *n = own(root);

    while (n && p < end) {
        size_t l = component(p);
        bool found;
        uint32_t i = child_index(n, p, l, &found);
        n = own(&n->child[i]);
        p += l + 1;
    }
    return n;
}

static void touch(struct node *n, struct stamp s)
{
    n->generation = s.generation;
    n->writer = s.writer;
}

static void touch_list(struct node *n, struct stamp s)
{
    n->list_generation = s.generation;
    n->writer = s.writer;
}

/* --- edits ---------------------------------------------------------------- */

int tree_set_value(struct node **root, const char *path, const void *data,
                   size_t len, struct stamp s)
{
    struct node *n = own_path(root, path, strlen(path));
    struct value *v;

    if (!n)
        return ENOMEM;
    v = n->value;
    if (v && v->refs == 1 && len <= v->room && v->room <= 2 * len + 32) {
        memcpy(v->data, data, len);
        v->len = (uint32_t)len;
    } else {
        v = NULL;
        if (len) {
            v = value_new(data, len);
            if (!v)
                return ENOMEM;
        }
        value_put(n->value);
        n->value = v;
    }
    touch(n, s);
    return 0;
}

int tree_set_perms(struct node **root, const char *path, struct perms *perms,
                   struct stamp s)
{
    struct node *n = own_path(root, path, strlen(path));

    if (!n)
        return ENOMEM;
    perms_get(perms);
    perms_put(n->perms);
    n->perms = perms;
    touch(n, s);
    return 0;
}

/* The chain of new nodes for @rest, the value in its last one. */
static struct node *build_chain(const char *rest, const void *data, size_t len,
                                struct perms *perms, struct stamp s)
{
    struct node *top = NULL, *above = NULL;

    while (*rest) {
        size_t l = component(rest);
        struct node *n = node_new(rest, l, perms);
        if (!n || (above && child_reserve(above))) {
            node_put(n);
            node_put(top);
            return NULL;
        }
        touch(n, s);
        touch_list(n, s);
        if (above)
            child_insert(above, n);
        else
            top = n;
        above = n;
        rest += l;
        rest += *rest == '/';
    }
    if (len) {
        above->value = value_new(data, len);
        if (!above->value) {
            node_put(top);
            return NULL;
        }
    }
    return top;
}

int tree_create(struct node **root, const char *path, const char *rest,
                const void *data, size_t len, struct perms *perms,
                struct stamp s)
{
    struct node *parent, *chain = build_chain(rest, data, len, perms, s);

    if (!chain)
        return ENOMEM;
    parent = own_path(root, path, (size_t)(rest - path) - 1);
    if (!parent || child_reserve(parent)) {
        node_put(chain);
        return ENOMEM;
    }
    child_insert(parent, chain);
    touch_list(parent, s);
    return 0;
}

int tree_remove(struct node **root, const char *path, struct stamp s,
                struct node **removed)
{
    const char *name = strrchr(path, '/') + 1;
    struct node *parent = own_path(root, path, (size_t)(name - path) - 1);
    bool found;
    uint32_t i;

    if (!parent)
        return ENOMEM;
    i = child_index(parent, name, strlen(name), &found);
    *removed = parent->child[i];
    child_take_out(parent, i);
    touch_list(parent, s);
    return 0;
}

/* Recursion is as deep as a path has components. */
void tree_stamp(struct node *root, struct stamp s)
{
    touch(root, s);
    touch_list(root, s);
    for (uint32_t i = 0; i < root->child_count; i++)
        tree_stamp(root->child[i], s);
}

/* --- walking -------------------------------------------------------------- */

void tree_walk_start(struct tree_walk *w, const struct node *top,
                     const char *path)
{
    w->depth = 0;
    w->level[0].node = top;
    w->level[0].next = UINT32_MAX; /* not yet returned itself */
    w->level[0].path_len = (uint16_t)strlen(path);
    memcpy(w->path, path, w->level[0].path_len + 1u);
}

const struct node *tree_walk_next(struct tree_walk *w)
{
    if (w->level[0].next == UINT32_MAX) {
        w->level[0].next = 0;
        return w->level[0].node;
    }
    for (;;) {
        const struct node *n = w->level[w->depth].node;
        size_t len = w->level[w->depth].path_len;
        if (w->level[w->depth].next < n->child_count) {
            n = n->child[w->level[w->depth].next++];
            if (len > 1)
                w->path[len++] = '/';
            memcpy(w->path + len, n->name, n->name_len + 1u);
            w->depth++;
            w->level[w->depth].node = n;
            w->level[w->depth].next = 0;
            w->level[w->depth].path_len = (uint16_t)(len + n->name_len);
            return n;
        }
        if (w->depth == 0)
            return NULL;
        w->depth--;
    }
}

void tree_walk_skip(struct tree_walk *w)
{
    w->level[w->depth].next = w->level[w->depth].node->child_count;
}
