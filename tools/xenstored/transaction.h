/* SPDX-License-Identifier: MIT */
/*
 * Transactions: a snapshot of the store as it was at the start (a root
 * pointer), a tree with the transaction's own changes (another one), and the
 * list of paths it has touched and how.
 *
 * Commit is one pointer assignment. If the live tree has not changed meanwhile,
 * the transaction's tree becomes the live one. Otherwise every node it has read
 * must be unchanged, node by node, and its changes are made again on a copy of
 * the live tree, which then becomes the live one. Blind writes never conflict,
 * nor do changes to different nodes. What it was told of a node, that it exists
 * or that it does not, must hold as well, also if it was told so by a change
 * that failed or had nothing to do.
 *
 * A snapshot keeps everybody's old nodes in memory, which are on no account, so
 * an unprivileged domain's transaction expires when trees have taken
 * QUOTA_SNAPSHOT_MEMORY since its start: it loses its own. All trees together
 * are never larger than when the oldest of these transactions started, plus
 * that limit.
 *
 * One that has expired, or was open when the daemon before this one ended,
 * cannot be committed any more. It is told so (EAGAIN) at its end alone:
 * kernels take no such answer before, and give a device up if they get one.
 * Until then its requests work on new trees, which may be taken from it as the
 * first were.
 *
 * Fairness: a client that makes another's commit fail, by a conflict or by
 * using up that memory, is held back for a moment (see domain_hold_back()), so
 * that a commit succeeds in the end.
 */
#ifndef XENSTORED_TRANSACTION_H
#define XENSTORED_TRANSACTION_H

#include "quota.h"
#include "store.h"

/* In ms. For one that lasts longer than this nobody is held back: whoever
 * leaves it open could choose whom. */
#define TRANSACTION_FAIR 10000

/* How a path was touched. */
#define TOUCH_READ    1u  /* the value, or its absence */
#define TOUCH_LIST    2u  /* the list of children */
#define TOUCH_CREATE  4u  /* made sure that it exists */
#define TOUCH_WRITE   8u  /* set the value */
#define TOUCH_PERMS   16u /* set the permissions */
#define TOUCH_REMOVE  32u
#define TOUCH_RIGHTS  64u /* read the permissions */
#define TOUCH_READS   (TOUCH_READ | TOUCH_LIST | TOUCH_RIGHTS)
#define TOUCH_CHANGES (TOUCH_CREATE | TOUCH_WRITE | TOUCH_PERMS | TOUCH_REMOVE)

struct access {
    uint64_t hash;
    uint32_t held; /* memory booked for it */
    unsigned int touch;
    char path[];
};

struct transaction {
    struct transaction *next;
    uint32_t id;
    struct actor who;
    struct node *base, *root; /* NULL: it has none at the moment */
    struct usage usage;
    uint64_t deaths; /* domain_deaths() at the start */
    uint64_t started;
    uint64_t allocated; /* tree_allocated at the start */
    bool changed;
    bool hopeless; /* cannot be committed any more */
    struct access **access;
    size_t count, room;
    uint32_t *index; /* open hash table of access numbers + 1 */
    size_t index_size;
    long held;
};

/* The numbers of local clients' transactions begin anew with each daemon: what
 * is above these bits is state_life(). */
#define TRANSACTION_LIFE_SHIFT 20

/* A connection's open transactions. */
struct transactions {
    struct transaction *first;
    unsigned int count;
    uint32_t last_id;
};

int transaction_start(struct transactions *set, const struct actor *who,
                      uint32_t *id);
struct transaction *transaction_find(struct transactions *set, uint32_t id);
/* The transaction is gone afterwards, whatever the result. EAGAIN: conflict.
 * Watches fire only after @done has been called with the result. */
int transaction_end(struct transactions *set, struct transaction *t,
                    bool commit, void (*done)(void *arg, int rc), void *arg);
void transactions_abort(struct transactions *set);
/* One that was open when the daemon before this one ended. 0 or ENOMEM. */
int transaction_restore(struct transactions *set, const struct actor *who,
                        uint32_t id);
/* A request in it is to come: makes sure that it has trees. */
void transaction_go_on(struct transaction *t);
/* Takes the trees from those that have seen too much memory taken; true: from
 * one that was not older than TRANSACTION_FAIR. */
bool transactions_expire(struct transactions *set);
/* Whether there are any that can expire, in all sets. */
bool transactions_can_expire(void);

/* Makes room for a touch before it happens; @len is the size of a value
 * written. It is noted only when it has happened: what is read after a change
 * that was refused has been written by others. */
int transaction_touch(struct transaction *t, const char *path, size_t len,
                      struct access **out);
void transaction_note(struct access *a, unsigned int touch);

#endif
