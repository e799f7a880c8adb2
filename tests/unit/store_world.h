/* SPDX-License-Identifier: MIT */
/*
 * Guests that live longer than the daemon. The daemon is a child process that
 * ends without any clean-up at a chosen point: before, in the middle of and
 * behind each write to the journal, at each event it sends, and around the
 * exchange of the files. Guests, with their rings and what they have received,
 * are memory that the processes share. A history is the same for the same seed,
 * whatever deaths there are.
 */
#ifndef STORE_WORLD_H
#define STORE_WORLD_H

#include "store_test.h"

#define GUESTS      3
#define FIRST_GUEST 5
#define DUMP_MAX    (256u << 10)

struct guest {
    char out[32768]; /* not yet in the ring */
    uint32_t out_len;
    char in[8192]; /* not yet a complete message */
    uint32_t in_len;
    uint32_t received, hash; /* messages, and all of their bytes */
    bool event;              /* for the daemon, on its way */
    /* A transaction: its answers depend on deaths and are not hashed. */
    bool in_transaction, committing, committed;
    uint32_t transaction;
};

/* What survives. */
extern struct world {
    struct guest guest[GUESTS];
    uint32_t seed, step, steps, phase;
    bool born;
    uint32_t frames;        /* written to the journal */
    uint32_t step_frames;   /* when the step began */
    uint32_t points, fatal; /* how many points were passed; where to die */
    uint32_t deaths, torn;
    char dump[DUMP_MAX]; /* what the last history has come to */
} * world;

extern const char world_boot[];
extern char world_path[64]; /* of the journal */

/* 0, or -1. */
int world_create(void);
void world_remove(void);

/* A history of @seed that has not begun, and no journal. */
void world_begin(uint32_t seed, uint32_t steps);
/* Plays it, or what is left of it, in a process of its own. True: to the end.
 * False: it died as it should. */
bool world_daemon(void);
/* What the history comes to without any death: world_wanted. */
void world_reference(uint32_t seed, uint32_t steps);
extern char *world_wanted;
/* Has it come to that? */
void world_compare(void);

/* Writes until the file system is full, -1 for never; or full when there are
 * two files, or as long as there is an old one. */
extern int world_full_after;
extern bool world_no_second_file, world_full_beside_old;
/* Or as long as there are two. */
extern bool world_full_with_two;
bool world_has_two(void);
/* Bytes to files, so far. */
extern uint64_t world_written;

/* --- in the daemon's process ---------------------------------------------- */

/* A daemon that finds the journal that there is. */
void world_start(const char *boot_id);
/* The toolstack. */
extern struct client *world_root;
void world_new_life(unsigned int g);
void world_death(unsigned int g);
struct xenstore_domain_interface *world_page(unsigned int g);
bool world_introduced(unsigned int g);

#endif
