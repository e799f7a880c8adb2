/* SPDX-License-Identifier: MIT */
/*
 * The data path of a disk: its rings, their requests in flight, and the medium.
 *
 * One thread, that of the event loop, does everything. The guest is trusted in
 * nothing: every request is copied and parsed (request.h) and then answered
 * exactly once, unless the ring itself is nonsense. Memory is fixed:
 * BLOCK_INFLIGHT jobs for each ring and the pool for all, beyond which requests
 * wait in the ring. A medium in memory needs no pool for pages that are mapped:
 * its data is copied from there or to there at once, and that the guest can
 * change it meanwhile harms none but itself.
 *
 * A frontend may use several rings, so that its processors are not in each
 * other's way. Each is served by a queue of its own; a barrier concerns its
 * ring alone, as in Linux's blkback, and a flush all that was answered before.
 *
 * What the guest has not been answered stands in the record (record.h), from
 * which another process takes it up if this one is killed.
 */
#ifndef BACKENDS_BLOCK_QUEUE_H
#define BACKENDS_BLOCK_QUEUE_H

#include <daemon/log.h>

#include "../common/ports.h"
#include "../common/ring.h"
#include "limit.h"
#include "pages.h"
#include "pool.h"
#include "record.h"
#include "request.h"
#include "storage.h"

#define BLOCK_MAX_RING_ORDER 4  /* pages: 16, requests: 512 */
#define BLOCK_BUDGET         64 /* requests per turn of the event loop */
/* Likewise bytes that a medium in memory copies or frees, but for the last
 * request. Other media's are bounded by the pool. */
#define BLOCK_COPY_BUDGET (512 * 1024)

/* What becomes of a request that the medium has failed. */
enum block_on_error {
    BLOCK_WAIT_FOR_ROOM, /* a write waits if only room is missing */
    BLOCK_REPORT,        /* the guest is told of all */
    BLOCK_STOP,          /* all but flushes wait */
};

/* How far a job has come; it goes through them in this order, leaving out what
 * its request does not ask for. */
enum block_stage {
    BLOCK_FREE, /* nothing, or owed, or answered but not published */
    BLOCK_COPYING_IN,
    BLOCK_TAKEN, /* its data is here; a barrier may wait to be alone */
    BLOCK_FLUSH_FIRST,
    BLOCK_TRANSFER,
    BLOCK_NO_ROOM, /* or another trouble; tried again after a while */
    BLOCK_FLUSH_AFTER,
    BLOCK_FORGOTTEN, /* the guest has gone, but the medium is not done */
};

/* A request taken from the ring but not answered: a copy, since its slot there
 * is reused by responses, and how far it has come. */
struct block_job {
    struct block_queue *queue;
    enum block_stage stage;
    struct block_record_job *record; /* with the request as it was */
    struct block_request request;
    struct storage_io io;
    uint8_t *data;       /* in the pool; NULL: in place */
    uint64_t done;       /* bytes transferred so far */
    bool at_medium;      /* io is; so data must stay as it is */
    bool waited;         /* for room, say, and is not done yet */
    unsigned int piece;  /* its pieces in the copy batch */
    unsigned int pieces; /* none: all its pages are mapped */
};

/*
 * What the queues of a disk share. The first part is the caller's to set before
 * block_share_init(), the functions also later; the rest is the queues'.
 */
struct block_share {
    struct event_loop *loop;
    struct grants *grants;
    struct storage *disk;
    struct block_record *record;
    /* A ring is nonsense, for this reason: the caller disconnects all. */
    void (*broken)(struct block_share *s, const char *why);
    /* err: requests begin to wait, for that reason; 0: none does any more. */
    void (*waits)(struct block_share *s, int err);
    /* After a disconnect: it is quiet now (block_share_busy()). */
    void (*quiet)(struct block_share *s);

    enum block_on_error on_error; /* may change at any time */
    struct block_limit limit;     /* likewise */

    struct event_source completions; /* of the medium */
    struct event_timer again;        /* armed while there is a BLOCK_NO_ROOM */
    struct event_timer kick;   /* armed while the kernel takes no more I/O */
    struct event_timer shrink; /* armed while the pool is large */
    unsigned int waiting;      /* jobs that have waited so */
    uint64_t copied;           /* in this turn, by a medium in memory */
    struct block_job *starved; /* waits for memory: others wait behind it */
    struct block_pool pool;
    struct block_queue *queue[BLOCK_MAX_QUEUES]; /* connected, or busy */
    unsigned int nr_queues;
};

/* One ring; all of it is the queue's. */
struct block_queue {
    struct block_share *share;
    struct block_queue_record *record;
    bool persistent;
    struct back_ring ring;
    void *ring_addr; /* NULL: not connected */
    unsigned int ring_pages;
    struct port port;
    bool port_masked;       /* its event was taken, and not opened again */
    struct event_work work; /* another turn */

    struct block_job job[BLOCK_INFLIGHT];
    struct block_job *free[BLOCK_INFLIGHT]; /* a stack */
    unsigned int nr_free;
    struct block_job *answered[BLOCK_INFLIGHT]; /* free once published */
    unsigned int nr_answered;
    struct block_job *owed[BLOCK_INFLIGHT]; /* from another process, in order */
    unsigned int nr_owed, next_owed;
    unsigned int used;         /* jobs that are under way */
    struct block_job *barrier; /* waits to be alone, or is alone */
    struct block_pages pages;
    struct iovec iov[BLOCK_MAX_SEGMENTS]; /* of one that is being queued */
    struct grant_copy_batch batch;
    struct block_job *copying[BLOCK_INFLIGHT]; /* with pieces in the batch */
    unsigned int nr_copying;
};

/* Once, before privileges go: takes the memory for data. The record is mapped,
 * not looked at yet. 0 or -errno. */
int block_share_init(struct block_share *s);

/* What the frontend says of one ring. refs: its pages, checked for number only.
 * persistent: pages stay mapped from one request to the next. */
struct block_ring_refs {
    uint32_t ref[1 << BLOCK_MAX_RING_ORDER];
    unsigned int nr;
    uint32_t port;
    bool persistent;
};

/*
 * Maps a ring and begins to serve it, as the next queue of s. q is zero or has
 * been used before. resume: the ring is in use, and what the record says is
 * owed is done first. 0; -errno, and then it is not connected; -EPROTO: the
 * record or the ring is nonsense.
 */
int block_queue_connect(struct block_queue *q, struct block_share *s,
                        struct ports *ports, const struct block_ring_refs *refs,
                        bool resume);
/*
 * Of all queues: nothing stays mapped. Requests that were not answered are
 * forgotten: the frontend asks again after it has reconnected. But what is at
 * the medium cannot be taken back, and for as long as that lasts the queues are
 * busy: what another connection writes could be overwritten by it. A medium
 * that hangs makes that any time, in which nothing else waits.
 */
void block_share_disconnect(struct block_share *s);
/* Requests of a connection that has ended are at the medium. */
bool block_share_busy(const struct block_share *s);

#endif
