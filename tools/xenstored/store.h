/* SPDX-License-Identifier: MIT */
/*
 * The store: the live tree, and the operations that clients perform on it or
 * on their transaction's tree. Permissions, limits and the record of what a
 * transaction has touched are dealt with here, once for all operations.
 *
 * Every function returns 0 or an errno value of the protocol.
 *
 * An operation on the live tree reports what it did as a struct change; the
 * caller answers its client and then hands the change to store_publish(). All
 * changes of the live tree pass that one function: it fires the watches. The
 * journal hears of them from edit.c and from a transaction's commit.
 */
#ifndef XENSTORED_STORE_H
#define XENSTORED_STORE_H

#include "edit.h"

struct transaction;

struct store {
    struct node *root;
    uint64_t generation;
};
extern struct store store;

/* Through whose eyes, and in which tree (a NULL transaction: the live one). */
struct view {
    const struct actor *who;
    struct transaction *t;
};

/* What happened at @path. References are dropped by store_publish(). */
struct change {
    const char *path;
    struct perms *before, *after; /* NULL: there was, there is no such node */
    struct node *removed;         /* the subtree that has gone */
};

/* The empty store: the root node, readable by dom0 only; a tree before it goes,
 * its accounts being nobody's. 0 or ENOMEM. */
int store_init(void);
/* A fresh stamp for an edit by @domid. */
struct stamp store_stamp(uint16_t domid);

/* The node stays valid until the next edit. */
int store_read(struct view *v, const char *path, struct node **out);
int store_list(struct view *v, const char *path, struct node **out);
int store_get_perms(struct view *v, const char *path, struct perms **out);

int store_write(struct view *v, const char *path, const void *data, size_t len,
                struct change *c);
int store_mkdir(struct view *v, const char *path, struct change *c);
int store_remove(struct view *v, const char *path, struct change *c);
/* @perms as they were parsed: domains are looked for only for a client that may
 * set them. */
int store_set_perms(struct view *v, const char *path, struct perms *perms,
                    struct change *c);

/* Removes what a dead domain owned and the rights that others gave it. */
void store_forget_domain(struct identity id);

void store_publish(struct change *c);

/* Whether @who may see events of the special name @path
 * ("@introduceDomain"). */
bool store_special_readable(const char *path, const struct actor *who);

/* The special names by number, NULL behind the last. */
const char *store_special(unsigned int i, const struct perms **perms);
/* 0, or EINVAL if there is no such name. */
int store_restore_special(const char *path, struct perms *perms);

#endif
