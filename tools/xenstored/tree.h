/* SPDX-License-Identifier: MIT */
/*
 * The store's contents: an immutable tree with structural sharing.
 *
 * A reference to a root is a snapshot of the whole store that never changes;
 * taking one costs nothing. An edit works on a root pointer: it copies the
 * nodes on the way from the root to the change that another root still
 * references, and changes the others in place. So with no snapshot around a
 * write allocates nothing, and with one it copies a handful of nodes. A
 * transaction is two root pointers; comparing versions starts with comparing
 * pointers.
 *
 * An edit that fails (ENOMEM) leaves the tree as it was.
 */
#ifndef XENSTORED_TREE_H
#define XENSTORED_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "path.h"
#include "perms.h"

/* The bytes of a node, shared by its versions while they are the same. It may
 * be changed in place by the only one who refers to it. */
struct value {
    unsigned int refs;
    uint32_t len, room;
    char data[];
};

/* One version of a node. For all but tree.c it is constant while a reference is
 * held, or until the next edit of the tree in which it was found. */
struct node {
    unsigned int refs;
    uint32_t child_count, child_room;
    struct node **child; /* sorted, see compare_name() in tree.c */
    struct perms *perms;
    union {
        struct value *value;    /* NULL: empty */
        struct node *next_dead; /* only while being freed */
    };
    uint64_t generation;      /* of value and permissions */
    uint64_t list_generation; /* of the list of children */
    uint16_t writer;          /* domain behind the last of these changes */
    uint16_t order, name_len;
    char name[];
};

/* Marks an edit: generations never repeat. */
struct stamp {
    uint64_t generation;
    uint16_t writer;
};

/* Bytes taken for nodes and values so far, whatever was freed since. All trees
 * together cannot have grown by more than this has. */
extern uint64_t tree_allocated;

/* The order of children: below, equal or above 0. */
int node_compare(const struct node *a, const struct node *b);

/* A lone root node, with one reference that is the caller's; NULL without
 * memory. node_get() returns its argument; node_put() takes NULL, and frees all
 * that no other tree has. */
struct node *tree_new(struct perms *perms);
struct node *node_get(struct node *n);
void node_put(struct node *n);

/* The node at @path (absolute and valid), or NULL. The reference is borrowed.
 */
struct node *tree_lookup(struct node *root, const char *path);
/* The deepest existing node on the way to @path. *rest is what is left of the
 * path below it: "" if the node itself was found. */
struct node *tree_nearest(struct node *root, const char *path,
                          const char **rest);

/* All return 0 or ENOMEM; which nodes must exist is the caller's care: @path,
 * or for tree_create() what is in front of @rest. *root may be another node
 * afterwards. @perms is borrowed, @data copied. */
int tree_set_value(struct node **root, const char *path, const void *data,
                   size_t len, struct stamp s);
int tree_set_perms(struct node **root, const char *path, struct perms *perms,
                   struct stamp s);
/* Creates @path, of which @rest is missing (see tree_nearest()): one node or a
 * chain of them, all with @perms. */
int tree_create(struct node **root, const char *path, const char *rest,
                const void *data, size_t len, struct perms *perms,
                struct stamp s);
/* Takes @path and all below it out; the caller gets the reference to it. */
int tree_remove(struct node **root, const char *path, struct stamp s,
                struct node **removed);

/* All nodes become as new as @s says; the tree is nobody else's. */
void tree_stamp(struct node *root, struct stamp s);

/* Bytes; the value may hold any. */
static inline size_t node_value_len(const struct node *n)
{
    return n->value ? n->value->len : 0;
}

/* What a node costs its owner (for quotas). */
static inline long node_cost(size_t name_len, size_t value_len)
{
    return (long)(sizeof(struct node) + name_len + value_len);
}

/*
 * Walks a subtree, parents before children, without recursion: depth is
 * bounded by the length of a path. tree_walk_skip() leaves out what is below
 * the node returned last. walk->path is its path, starting with the one given.
 * The tree must not be edited meanwhile; there is nothing to give back. NULL:
 * done.
 */
struct tree_walk {
    unsigned int depth;
    struct {
        const struct node *node;
        uint32_t next;
        uint16_t path_len;
    } level[PATH_BUFFER / 2 + 2];
    char path[PATH_BUFFER];
};
void tree_walk_start(struct tree_walk *w, const struct node *top,
                     const char *path);
const struct node *tree_walk_next(struct tree_walk *w);
void tree_walk_skip(struct tree_walk *w);

#endif
