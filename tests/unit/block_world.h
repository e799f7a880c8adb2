/* SPDX-License-Identifier: MIT */
/*
 * The block backend's data path, whole, between a frontend and a medium that
 * are both played: the medium finishes what it was given in any order, in
 * pieces, and sometimes with an error or for want of room, at once if it is in
 * memory; the frontend sends
 * every kind of request, with good and bad grants. What the frontend checks:
 * each request is answered once, data arrives unchanged, a flush was done since
 * it was asked for, a barrier is alone on the medium.
 */
#ifndef TESTS_UNIT_BLOCK_WORLD_H
#define TESTS_UNIT_BLOCK_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../backends/block/queue.h"
#include "fake_xen.h"

#define SECTORS 4096

struct block_world {
    /* --- how it is to behave --- */
    bool persistent, in_memory;
    bool errors_on, often_full;
    bool hung;              /* the medium finishes nothing */
    bool flush_fails;       /* the next one, and no other: data is lost */
    bool lies;              /* nothing that the guest sees is checked */
    unsigned int max_pages; /* of a request */
    unsigned int pages;     /* of each, and no other kind; 0: any */
    unsigned int nr_queues; /* that the frontend uses */
    int send_to;            /* the only one that it sends to; -1: all */
    /* --- what has happened --- */
    unsigned int answered, failed, barriers, waits_begun, broken, quiet;
    unsigned int padded;   /* answers with something between their fields */
    unsigned int in_place; /* transfers */
    uint64_t moved;        /* bytes, by the medium */
    bool data_lost;        /* and no flush has told of it */
    bool waiting;          /* for room */
    /* --- what there is --- */
    struct block_share s;
    struct block_queue q[BLOCK_MAX_QUEUES];
    struct block_record record;
    uint32_t *ring_page[BLOCK_MAX_QUEUES];
    unsigned int nr_pending; /* at the medium */
    unsigned int nr_taken;   /* of these, by the kernel */
    uint8_t medium[SECTORS * 512], model[SECTORS * 512];
};
extern struct block_world w;

/* For another device in the same process: its medium is its test's. */
struct other_medium {
    void (*queue)(struct storage_io *io);
    struct storage_io *(*next_done)(void);
};
extern const struct other_medium *world_other_medium;

/* 0, or -1. */
int world_create(void);
void world_connect(void);
/* Nothing stays mapped, and once the medium has finished nothing allocated. */
void world_disconnect(void);

/* The frontend. */
void world_send_some(void);
bool world_all_answered(void);
/* One turn of the backend's event loop, as far as anything is due; the frontend
 * takes its answers before the next. */
void world_backend_turn(void);
void world_take_answers(void);
void world_turn(void); /* both */
/* Until all is answered, and the medium is as the frontend believes. */
void world_finish(void);

/*
 * The backend is killed where it stands: what the medium was doing ends or is
 * lost, and a new process takes up the record. Returns what connecting said.
 */
int world_replace_backend(void);

#endif
