/* SPDX-License-Identifier: MIT */
/*
 * Edits of a tree that keep the accounts of the nodes' owners right. Both the
 * live tree and a transaction's are changed through these four functions, so
 * the sum of the accounts equals the tree's contents at any time. Permissions
 * and limits are the caller's business. All return 0 or ENOMEM, and ENOMEM
 * means that nothing has changed.
 */
#ifndef XENSTORED_EDIT_H
#define XENSTORED_EDIT_H

#include "quota.h"
#include "tree.h"

/* Which tree is changed, and on whose account. Edits of the live tree go to the
 * journal, too; those of a transaction do when it is committed. */
struct edit {
    struct node **root;
    struct usage *usage; /* NULL: the live accounts */
    struct stamp stamp;
};

/* How many nodes are missing below @rest (see tree_nearest()), and what the
 * chain that fills the gap costs with @len bytes of value in its last. */
long edit_missing(const char *rest, size_t len, long *cost);

/*
 * @path is absolute. edit_create() makes the chain @rest of which only the last
 * gets the value; the others want @n, the node that is at @path now. The
 * removed subtree is the caller's reference. @perms is borrowed.
 */
int edit_create(struct edit *e, const char *path, const char *rest,
                const void *data, size_t len, struct perms *perms);
int edit_set_value(struct edit *e, const char *path, const struct node *n,
                   const void *data, size_t len);
int edit_set_perms(struct edit *e, const char *path, const struct node *n,
                   struct perms *perms);
int edit_remove(struct edit *e, const char *path, struct node *n,
                struct node **removed);

#endif
