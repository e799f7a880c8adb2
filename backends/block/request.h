/* SPDX-License-Identifier: MIT */
/*
 * A block request as the guest wrote it, checked and turned into plain
 * numbers. Pure: works on copies, touches neither guest nor disk, so that the
 * tests can feed it anything.
 */
#ifndef BACKENDS_BLOCK_REQUEST_H
#define BACKENDS_BLOCK_REQUEST_H

#include <stdbool.h>
#include <stdint.h>
#include <base/page.h>
#include <xen/xen.h>
#include <xen/grant_table.h>
#include <xen/io/blkif.h>

/* Announced as feature-max-indirect-segments: a MiB in one request, as Linux's
 * blkback has it. Linux's guests use 32 of them if they are not told otherwise.
 */
#define BLOCK_MAX_SEGMENTS 256
/* Of an indirect request: what one of its pages holds, and pages at most. */
#define SEGMENTS_PER_PAGE  (PAGE_SIZE / sizeof(struct blkif_request_segment))
#define BLOCK_MAX_INDIRECT (BLOCK_MAX_SEGMENTS / SEGMENTS_PER_PAGE + 1)
#define BLOCK_SECTOR_SIZE  512 /* bytes, for every disk */
#define BLOCK_RING_ENTRY   sizeof(union block_ring_entry)

/* One slot of the ring: any of the request kinds, or a response. The layout is
 * ABI (xen/io/blkif.h), of 64-bit guests alone. */
union block_ring_entry {
    blkif_request_t rw;
    blkif_request_discard_t discard;
    blkif_request_indirect_t indirect;
    blkif_response_t response;
};

/* What is done to the medium. A barrier without data is a flush. */
enum block_op { BLOCK_READ, BLOCK_WRITE, BLOCK_FLUSH, BLOCK_DISCARD };

/* A piece of a page that the guest granted; inside it, and not empty. */
struct block_segment {
    grant_ref_t ref;
    uint16_t offset; /* bytes into the granted page */
    uint16_t len;
};

/* What the disk is, as far as requests must respect it. */
struct block_limits {
    uint64_t sectors;     /* of 512 bytes */
    uint32_t sector_size; /* every request is a multiple of it */
    bool readonly;        /* all but reads is refused */
    bool discard;         /* it was announced */
    bool secure_discard;  /* likewise, so that nothing can be read again */
};

/*
 * After a success everything in here is true: the range lies on the disk, is a
 * multiple of its sectors, and is as long as the segments together.
 */
struct block_request {
    uint64_t id;       /* the guest's, echoed as well */
    uint8_t operation; /* echoed in the response */
    enum block_op op;
    bool barrier;     /* earlier requests first, then this, then later ones */
    bool flush_first; /* data in the volatile cache goes to the medium before */
    bool flush_after; /* and after it, so does its own */
    bool secure;      /* of a discard */
    uint64_t offset;  /* bytes */
    uint64_t len;     /* bytes */
    unsigned int nr_segments; /* of seg: the others have no content */
    unsigned int nr_indirect; /* pages of segments still to be fetched */
    grant_ref_t indirect[BLOCK_MAX_INDIRECT];
    struct block_segment seg[BLOCK_MAX_SEGMENTS];
};

/*
 * Both return BLKIF_RSP_OKAY or the status to answer with at once (id and
 * operation are filled in then, too): BLKIF_RSP_EOPNOTSUPP for what this disk
 * does not do, BLKIF_RSP_ERROR for all else. If nr_indirect is not 0 after the
 * first, the caller copies those pages and hands their segments to the second.
 * The raw request is the caller's copy, not the slot in the ring.
 */
int block_request_parse(struct block_request *r,
                        const union block_ring_entry *raw,
                        const struct block_limits *limits);
int block_request_segments(struct block_request *r,
                           const struct blkif_request_segment *segs,
                           unsigned int n, const struct block_limits *limits);

#endif
