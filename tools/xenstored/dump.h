/* SPDX-License-Identifier: MIT */
/*
 * The whole state as a journal of its own, made in steps between which the
 * store serves: no client waits for all of it. What it says of one moment would
 * have to be kept for that long, so it is of several, and each part is followed
 * by what has changed since:
 *
 * - the domains, one by one, with what their connections have; records of those
 *   that are in the file go into it as well as into the journal before
 *   (dump_follows());
 * - the tree, of which a snapshot is written, which costs nothing to have
 *   (tree.h);
 * - all that was written into the journal before since that snapshot.
 */
#ifndef XENSTORED_DUMP_H
#define XENSTORED_DUMP_H

#include "journal.h"
#include "tree.h"

struct dump {
    bool on;           /* one is under way */
    uint32_t next;     /* domains below it are in the file */
    struct node *tree; /* NULL: not all domains are */
    struct tree_walk walk;
    uint64_t seen; /* of the journal before, as far as it is in the file */
    uint64_t size; /* of the file, without what comes from there */
    struct journal journal;
};

/* All return 0 or an errno value, and after that dump_abandon() is due. */
int dump_begin(struct dump *d, const char *path, const char *boot_id);
/* At least so many bytes more, or all; nothing that was reported may be missing
 * in @before. *whole: it is all. */
int dump_step(struct dump *d, const struct journal *before, uint64_t bytes,
              bool *whole);
/* It is all, but for what the caller has packed into the journal, and special
 * names. The file is complete then. */
int dump_end(struct dump *d);
/* Whether records of this domain go into d->journal, too. */
bool dump_follows(const struct dump *d, uint16_t domid);
/* It is the caller's journal now. */
struct journal dump_take(struct dump *d);
void dump_abandon(struct dump *d);

#endif
