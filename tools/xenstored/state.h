/* SPDX-License-Identifier: MIT */
/*
 * The daemon's state in the journal, so that a daemon that was killed at any
 * instant is followed by one that goes on in its place.
 *
 * What the code changes it also reports here, by the functions below. They put
 * a record into the frame in hand; state_commit() writes the frame, once for a
 * round of the event loop. Nobody outside sees what a frame says before it has
 * been written: indices of rings are published, and answers to local clients
 * are sent, after that (the rule of output). So a restart finds either the
 * request untouched in its ring or all of its effect, the answer and the events
 * included: each request is served exactly once.
 *
 * A ring needs no more than that: its page outlives the daemon, with the bytes
 * that were put into it, and the indices are published once more.
 *
 * Of local clients nothing is kept: they connect again. A transaction that one
 * of them has begun with an earlier daemon is told by its number, which holds
 * the daemon's (protocol.c).
 *
 * Replaying needs each step of the tree only once, so the file is rewritten
 * with the whole state when it has become much larger than that (dump.h).
 */
#ifndef XENSTORED_STATE_H
#define XENSTORED_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "journal.h"
#include "quota.h"

struct connection;
struct domain;
struct node;
struct perms;
struct watch;

/*
 * Takes over what the journal at @path says and starts a new one there. Rings
 * are connected again but not yet served: see state_resume(). 0 or ENOMEM; a
 * damaged journal is no error, what could not be used is logged, and so is that
 * a new one cannot be written.
 */
int state_start(const char *path, const char *boot_id);
/* To be called when everything is in order: looks for domains that have died in
 * between, and serves the others. */
void state_resume(void);
/* No more journal; the file stays for the next daemon. */
void state_stop(void);
/*
 * Writes what has been reported and lets the output go. A file that cannot be
 * written any more is removed, and the daemon goes on without one: it is wanted
 * from then on, and state_try_again() is to be called now and then, between
 * events.
 */
void state_commit(void);
bool state_wanted(void);
void state_try_again(void);
/* Bytes that the journal may have in any case; and so many of a new one are
 * written in a round, when it has become too long. */
extern size_t state_journal_min, state_step;
bool state_on(void);
/* Once more, from the beginning, before this program gives its place away. 0 or
 * an errno value, and then all is as it was. Nothing may be unwritten. */
int state_rewrite(void);
/* Counts frames: what was caused while this was N may be seen from outside when
 * state_batch_written(N). */
uint64_t state_batch(void);
/* How many daemons have kept this store before, as far as the journal knows. */
uint32_t state_life(void);
bool state_batch_written(uint64_t batch);

/* --- reports: nothing happens while there is no journal ------------------- */

/* The four edits of the live tree (edit.h), and a commit that made @before into
 * @after. A special name may stand for the path of permissions. */
void state_create(const char *path, const char *rest, const void *data,
                  size_t len, const struct perms *perms);
void state_set_value(const char *path, const void *data, size_t len);
void state_set_perms(const char *path, const struct perms *perms);
void state_remove(const char *path);
void state_commit_tree(const struct node *before, const struct node *after);

void state_new_domain(const struct domain *d);
void state_domain_gone(struct domain *d);
/* Its ring is connected, or bound to another port; is no longer. */
void state_ring(const struct domain *d);
void state_ring_gone(struct domain *d);
void state_watch(const struct watch *w);
void state_unwatch(const struct watch *w);
/* A limit that was set while running. */
void state_quotas(void);

/* Anything else of a domain or its connection has changed: what is in its
 * queues, transactions, target. Written once, by state_commit(). */
void state_touch(struct domain *d);

/* --- the way back (restore.c) ----------------------------------------------
 */

/* Applies the frames to a store that has just been initialised, each as a whole
 * or not at all. *lost counts the bytes that are of no use, *good those before
 * them, if they are a state of this boot. 0 or ENOMEM. */
int restore_journal(const char *path, const char *boot_id, size_t *lost,
                    size_t *good);
/* EINVAL leaves the records before the bad one applied. */
int restore_frame(struct unpack *u);
void state_restore_quota(unsigned int q, long value);
/* Those of the command line. */
void state_forget_quotas(void);
void state_restore_life(uint32_t last);

#endif
