/* SPDX-License-Identifier: MIT */
/*
 * Whether to let frames gather before they are fetched. Where the sender runs
 * on our processor, each frame wakes us and is fetched alone, which costs two
 * switches of process and a call of each kind for it, unless we wait for a
 * moment, as network cards do before they interrupt. Nobody tells whether more
 * frames will come, so waiting is tried now and then and kept up as long as it
 * gathers some; for a guest that answers one question at a time it hardly ever
 * happens. Pure.
 */
#ifndef BACKENDS_NET_GATHER_H
#define BACKENDS_NET_GATHER_H

#include <stdbool.h>

#define GATHER_US   100 /* how long to wait */
#define GATHER_SOME 4   /* frames that are worth it */
#define GATHER_TRY  16  /* looks until it is tried; after each failure twice */
#define GATHER_MAX  512 /* as many, up to this */

/* Zeroed at first. */
struct gather {
    unsigned int looks; /* in a row that found few frames, since the last try */
    unsigned int until; /* how many of them are to be; 0: never tried */
    unsigned int failed; /* waits in a row that gathered few */
    bool going;          /* waiting has been worth it */
};

/* Before a look for frames that are known to be there. */
bool gather_wait(struct gather *g);
/* After it: how many there were, and what gather_wait() had said. */
void gather_seen(struct gather *g, bool waited, unsigned int frames);

#endif
