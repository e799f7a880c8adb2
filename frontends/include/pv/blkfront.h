/* SPDX-License-Identifier: MIT */
/*
 * Disks. Requests are the caller's structures; any number of them can be under
 * way. What is under way while the backend is replaced by a process of its own
 * kind goes on; if the device has to be connected anew, it is asked for again,
 * in pieces if the new backend takes fewer pages at a time.
 *
 * Before the guest is suspended (pv/control.h) what the backend has of a
 * request is waited for, up to 5 s in all, and requests that have begun come to
 * their end; others wait. What a backend does not answer in that time is asked
 * for again when the guest has been restored, from the piece on that was not
 * answered: a request has one result, wherever it comes from.
 *
 * A backend is believed nothing: each response is copied once, and must name a
 * request that is under way, its operation and a known status, and its pages
 * must have been given back. If not, the device is given up and every request
 * ends with an error.
 *
 * A request whose pages the backend still holds when it ends has the result
 * -EBUSY, whatever else has happened. Its memory belongs to the backend until
 * that unmaps it, of which the guest is not told: the backend can read it, and
 * write it if it was to be read into. It must never be used for anything else;
 * nor does the library use such pages and grants of its own again.
 *
 * One vcpu, no locks. All is done in the calls below and in events_serve().
 * Sectors have 512 bytes.
 */
#ifndef PV_BLKFRONT_H
#define PV_BLKFRONT_H

#include <pv/grant_table.h>
#include <pv/xenbus_device.h>
#include <xen/io/blkif.h>

#define BLK_SECTOR         512
#define BLK_RING_PAGES_MAX SHARED_PAGES_MAX
#define BLK_SLOTS          __CONST_RING_SIZE(blkif, BLK_RING_PAGES_MAX *PAGE_SIZE)
#define BLK_SEGMENTS_MAX   64 /* pages of one request */
#define BLK_INDIRECT_PAGES 8  /* requests of more than 11 pages at a time */

/* The caller fills in the first four and leaves all of it alone until the
 * result is another than BLK_PENDING. */
struct blk_request {
    unsigned int operation; /* BLKIF_OP_READ, WRITE, FLUSH_DISKCACHE, DISCARD */
    uint64_t sector;
    uint64_t nr_sectors; /* of a flush 0 */
    void *data;          /* of the window, at a multiple of 512; or NULL */
    /* 0; -EIO; -EOPNOTSUPP; -ENOMEM no grant is left; -EINVAL the disk was
     * connected anew and its sectors are larger now; -EBUSY see above. */
    long result;
#define BLK_PENDING 1
    /* blkfront's. */
    uint64_t done; /* sectors of it that were answered */
    bool held;     /* the backend has not let go of a page of it */
    struct blk_request *next;
};

/* What a program may want instead of the most that both sides can. */
struct blk_wishes {
    unsigned int ring_pages; /* 1, 2, 4; 0: the most */
    unsigned int segments;   /* of a request; up to 11: no indirect ones */
};

struct blk_slot {
    struct blk_request *request; /* NULL: free */
    uint64_t nr_sectors;         /* of it that this piece has */
    unsigned int nr_refs;
    grant_ref_t ref[BLK_SEGMENTS_MAX];
    int indirect; /* index of its page of segments, or -1 */
    uint32_t next_free;
};

struct blkfront {
    struct xenbus_device dev;
    /* What the disk is, while dev.online. */
    uint64_t sectors;
    unsigned int sector_size; /* bytes; what sectors come in multiples of */
    unsigned int max_segments;
    bool readonly, flush, discard;
    /* blkfront's. */
    struct blk_wishes wishes;
    uint32_t port;
    struct shared_pages pages;
    struct blkif_front_ring ring;
    struct blk_slot slot[BLK_SLOTS];
    uint32_t first_free;
    void *indirect[BLK_INDIRECT_PAGES];
    grant_ref_t indirect_ref[BLK_INDIRECT_PAGES]; /* GRANT_NONE: free */
    struct blk_request *waiting, **last;          /* for a place in the ring */
    bool draining;                                /* nothing new goes into it */
};

/* Connects the virtual device (51712: xvda) and waits up to 30 s for that.
 * wishes may be NULL. 0; -ENOENT there is none, -EIO, -ETIMEDOUT; -EBUSY it
 * failed, and so does blkfront_close(). The structure is zeroed, or was closed.
 */
long blkfront_open(struct blkfront *b, unsigned int device,
                   const struct blk_wishes *wishes);
/* Ends what is under way with -EIO, or -EBUSY. Nothing is flushed: what must be
 * on the disk is flushed by the program before. 0; or -EBUSY the backend holds
 * pages, which are lost: those of requests with that result, and the library's
 * own, so that who opens such a device again and again runs out of memory. */
long blkfront_close(struct blkfront *b);

/* Begins it. 0; -EINVAL beyond the disk, no whole sectors, or more pages than
 * max_segments; -EROFS; -EOPNOTSUPP no flush or discard here; -EIO given up. */
long blkfront_submit(struct blkfront *b, struct blk_request *r);
/* Serves events until it has a result, which is returned: as long as that
 * takes, for a disk that is being connected anew has time. */
long blkfront_wait(struct blkfront *b, struct blk_request *r);
/* Both. */
long blkfront_do(struct blkfront *b, unsigned int operation, uint64_t sector,
                 uint64_t nr_sectors, void *data);

#endif
