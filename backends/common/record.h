/* SPDX-License-Identifier: MIT */
/*
 * What a backend process leaves behind if it is killed: a file in memory that
 * it maps shared, with what its successor must know to serve the rings on as if
 * nothing had happened. The supervisor keeps the file; a process that is
 * started without one has private memory in its place, and no successor.
 *
 * The content behind the head is the backend's own. A process that its guest
 * has taken over may have left anything there: as root nothing but the head is
 * looked at, without its nodes, and every field behind it is judged before it
 * is used.
 *
 * A process dies between two instructions, so the order of stores is all that
 * counts: record_store() is for those that others must precede.
 */
#ifndef BACKENDS_COMMON_RECORD_H
#define BACKENDS_COMMON_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kept_nodes.h"

/* What has gone each way since the device was made: requests that were done, or
 * frames. For people to look at (xen-backendd --status). */
struct record_counts {
    struct record_count {
        uint64_t operations, bytes;
    } to_guest, from_guest;
};

/* The first member of each backend's own structure. */
struct record_head {
    char format[8];     /* of what follows, with its version */
    uint32_t size;      /* bytes of all */
    uint32_t connected; /* rings are in use; what follows is true */
    struct record_counts counts;
    uint32_t
        waits_for; /* an errno: requests wait because of it; 0: none does */
    uint32_t lost; /* the host's end of it was made anew: what the hotplug
                    * script had done with it, as its bridge, is missing */
    struct kept_nodes nodes;
};

static inline void record_count(struct record_count *c, uint64_t bytes)
{
    c->operations++;
    c->bytes += bytes;
}

struct record {
    struct record_head *head;
    size_t size;
    int fd; /* -1: private memory */
};

/*
 * fd: from the supervisor, and the record's from now on; below 0: none. format:
 * 7 characters. A file with anything else in it is emptied; one that cannot be
 * given its size, or mapped, is not used, which is logged. 0, or -errno: no
 * memory.
 */
int record_open(struct record *r, int fd, const char *format, size_t size);
void record_close(struct record *r);

/*
 * Takes possession. -EAGAIN: the process before this one has ended, but I/O
 * that it began has not, because somebody holds r->fd for it (storage_hold()).
 */
int record_claim(struct record *r);

/* Whether somebody was connected and has not closed. */
static inline bool record_connected(const struct record *r)
{
    return r->head && r->head->connected;
}

/* After all stores before it, as the program is written. */
static inline void record_store(uint32_t *to, uint32_t value)
{
    __atomic_store_n(to, value, __ATOMIC_RELEASE);
}

/* The connection's content is written: from now on it can be resumed; or it
 * has ended. */
void record_set_connected(struct record *r, bool connected);

#endif
