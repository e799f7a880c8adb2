/* SPDX-License-Identifier: MIT */
/*
 * The whole state as a journal of its own, made in steps between which the
 * store serves: no client waits for all of it. Of the tree a snapshot is
 * written, which costs nothing to have (tree.h). At the end comes what is
 * another by then, as the changes of a commit, and what there is of domains and
 * their connections.
 */
#ifndef XENSTORED_DUMP_H
#define XENSTORED_DUMP_H

#include "journal.h"
#include "tree.h"

struct dump {
    struct node *tree; /* NULL: none is under way */
    struct tree_walk walk;
    struct journal journal;
};

/* All return 0 or an errno value, and after that dump_abandon() is due. */
int dump_begin(struct dump *d, const char *path, const char *boot_id);
/* At least so many bytes more, or all. *whole: it is all of the snapshot. */
int dump_step(struct dump *d, uint64_t bytes, bool *whole);
/* All of the snapshot is written; what the caller has packed into the journal
 * since goes in front of domains. The file is complete then. */
int dump_end(struct dump *d);
/* It is the caller's journal now. */
struct journal dump_take(struct dump *d);
void dump_abandon(struct dump *d);

#endif
