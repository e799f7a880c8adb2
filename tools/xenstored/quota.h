/* SPDX-License-Identifier: MIT */
/*
 * What a domain may hold in the store, and what it does hold.
 *
 * Every domain has an account: the nodes it owns, and the memory that its
 * nodes, watches, transactions and undelivered events take. Limits apply to
 * unprivileged domains only. What the snapshots of transactions keep of other
 * domains' nodes is on no account; one limit bounds it for all together
 * (QUOTA_SNAPSHOT_MEMORY, see transaction.h). A transaction keeps its changes
 * of the accounts in a list of its own (struct usage) until it commits.
 */
#ifndef XENSTORED_QUOTA_H
#define XENSTORED_QUOTA_H

#include <stdbool.h>
#include <stddef.h>

#include "perms.h"

/* The limits, in numbers, bytes or per cent; quota.c has the defaults. 0 is no
 * limit for QUOTA_OUTSTANDING, QUOTA_MEMORY, QUOTA_CPU and the soft one, which
 * is only logged. The journal knows them by their order. */
enum quota {
    QUOTA_NODES,
    QUOTA_WATCHES,
    QUOTA_TRANSACTIONS,
    QUOTA_OUTSTANDING,
    QUOTA_TRANSACTION_NODES,
    QUOTA_MEMORY,
    QUOTA_NODE_PERMISSIONS,
    QUOTA_PATH_LENGTH,
    QUOTA_NODE_SIZE,
    QUOTA_SNAPSHOT_MEMORY,
    QUOTA_CPU,
    QUOTA_COUNT
};

/* The same for all domains; names are those of the command line. */
extern long quota[QUOTA_COUNT];
extern long quota_soft_memory;
extern const char *const quota_name[QUOTA_COUNT];
/* What it counts, for people. */
extern const char *const quota_text[QUOTA_COUNT];

/* Sets a limit by its name; EINVAL for an unknown name or a bad number. */
int quota_set(const char *name, const char *number);

/* Of one incarnation of a domain, in its record. */
struct account {
    long nodes;      /* owned by the domain, in the live tree */
    long node_bytes; /* node_cost() of these */
    long held;       /* watches, transactions, undelivered events */
    unsigned long refused[QUOTA_COUNT];
    uint64_t told[QUOTA_COUNT]; /* ms: when a refusal was logged last */
    bool soft_known;
};

/* The account of a living domain; NULL for any other identity. */
struct account *account_of(struct identity id);

/* Counts a refusal. One line in the log for a domain and limit in a minute;
 * @a NULL is a client without one. */
void quota_refused(struct account *a, struct identity id, enum quota q);

/* Changes of accounts that are not booked yet; empty when zeroed. */
struct usage {
    /* One for each domain: there are few, so they are searched one after the
     * other. */
    struct usage_entry {
        struct identity id;
        long nodes, bytes;
    } * entry;
    size_t count, room;
};

/* In all of these a NULL usage means the live accounts. */
/* Makes sure that usage_add() for @id cannot fail. 0 or ENOMEM. */
int usage_reserve(struct usage *u, struct identity id);
void usage_add(struct usage *u, struct identity id, long nodes, long bytes);
/* May @id own that much more? 0, ENOSPC (nodes) or ENOMEM (memory). */
int usage_check(struct usage *u, struct identity id, long nodes, long bytes);
/* Books everything in @u to the live accounts; cannot fail. What was owned by a
 * domain that has died meanwhile is nobody's. */
void usage_apply(struct usage *u);
/* Forgets the changes, and gives the memory back. */
void usage_clear(struct usage *u);

/* Memory outside the tree: watches, transactions, events. 0, or ENOMEM beyond
 * the limit; @a NULL is a client without one. Each hold has its release. */
int account_check(struct account *a, struct identity id, long bytes);
int account_hold(struct account *a, struct identity id, long bytes);
static inline void account_release(struct account *a, long bytes)
{
    if (a)
        a->held -= bytes;
}

#endif
