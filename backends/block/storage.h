/* SPDX-License-Identifier: MIT */
/*
 * The medium behind a disk: a raw file or a block device. I/O goes through
 * io_uring, or threads (threads.h) if there is none, as where an administrator
 * has forbidden it; a file in memory (tmpfs, the initramfs), where io_uring
 * would hand every request to a worker thread although nothing can block, is
 * read and written at once.
 *
 * The format is never guessed from the content: what is opened is raw.
 *
 * Requests are not checked here: parsing them against 'limits' was (request.h).
 * One thread calls everything.
 */
#ifndef BACKENDS_BLOCK_STORAGE_H
#define BACKENDS_BLOCK_STORAGE_H

#include <liburing.h>
#include <stdbool.h>
#include <stdint.h>

#include "medium_id.h"
#include "request.h"
#include "storage_io.h"
#include "threads.h"

struct storage;

/* A medium of another kind (nbd.h): what it does in the place of the functions
 * below. What it has no function for it does not do. */
struct storage_ops {
    void (*queue)(struct storage *s, struct storage_io *io);
    bool (*kick)(struct storage *s);
    struct storage_io *(*next_done)(struct storage *s);
    void (*leave)(struct storage *s);
    void (*close)(struct storage *s);
};

/* 'limits' may be read by all; the rest is storage.c's. */
struct storage {
    /* See medium_open(); below 0: none, or another kind. */
    int fd, alive, errors;
    bool lost_data; /* of a former process, which a guest is not told of yet */
    const struct storage_ops *ops; /* of another kind; NULL: a plain medium */
    void *medium;                  /* theirs */
    struct block_limits limits;
    bool in_memory;
    uint8_t *registered; /* memory given to io_uring; NULL: none */
    size_t registered_bytes;
    uint32_t physical_sector_size;
    bool flush; /* there is a cache that a flush empties */
    uint32_t discard_granularity, discard_alignment;
    bool discards_device; /* it makes no zeroes, which a file's discard is */
    int wait_fd;          /* readable when something has finished */
    bool has_ring;
    struct io_uring ring;
    unsigned int in_kernel;     /* submitted, completion not seen */
    struct io_threads *threads; /* or NULL */
    unsigned int in_threads;
    int held;       /* see storage_hold(); below 0: the ring does */
    uint64_t piece; /* bytes that are joined at most */
    /* Not submitted yet: 'last' ends at this place of the medium and of memory,
     * and one that begins there becomes part of it. NULL: it cannot. */
    struct io_uring_sqe *sqe;
    struct storage_io *last;
    /* One flush at a time, and all that come meanwhile are the next one: the
     * kernel tells one flush that data was lost, and the others nothing. */
    struct storage_io *flushing, *next_flushes;
    struct storage_io *done, **done_tail;
};

/* path: NULL for a drive with no medium in it, which has no sectors. id, mode:
 * see medium_open(). depth: the most storage_io in flight. 0 or -errno, with a
 * reason. */
int storage_open(struct storage *s, const char *path,
                 const struct medium_id *id, const char *mode,
                 bool allow_discard, unsigned int depth);
/* Shows the medium to the supervisor (kept.h) and starts the threads, if any
 * are needed, before anything is queued: without the privileges that opening
 * takes. 0 or -errno, with a reason. */
int storage_begin(struct storage *s);
/* Waits for nothing. What is in flight the kernel does to its end, or what is
 * left of it, and nobody hears of it. */
void storage_close(struct storage *s);

/* The device has ended before its I/O: the medium's next user waits for what is
 * in flight, also after this process, or it is given up, and lost. May wait for
 * a file server. */
void storage_leave(struct storage *s);

/* Looks at the medium's size. True: it is another one, and so is
 * limits.sectors. What is in flight may have been checked against the former.
 */
bool storage_resized(struct storage *s);

/* Of the medium: what no file has to grow beyond. */
uint64_t storage_bytes(const struct storage *s);

/* Data of later requests that lies in this memory is moved faster. Failure is
 * not reported. */
void storage_register(struct storage *s, void *base, size_t size);

/*
 * Keeps fd (below 0: none) open until no I/O is in flight any more, even if the
 * process is killed: direct I/O goes on without it, and nobody can stop it. So
 * a lock of fd's open file description tells another process when the medium
 * is quiet, however it was opened and whatever file system it is on. Once. 0 or
 * -errno, with a reason.
 */
int storage_hold(struct storage *s, int fd);

/* Queues; nothing moves before storage_kick(). Never fails: problems come back
 * as results. Reads or writes that follow each other, on the medium and in
 * memory, are one for the kernel: guests cut up large ones. */
void storage_queue(struct storage *s, struct storage_io *io);
/* False: the kernel has not taken all of it, and is to be asked again soon,
 * whether anything finishes or not. */
bool storage_kick(struct storage *s);

/* The next finished io, or NULL; its result is set. A short read or write is no
 * error: the caller queues the rest. Of a discard 'len' tells how much was
 * done.
 */
struct storage_io *storage_next_done(struct storage *s);

#endif
