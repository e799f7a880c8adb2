/* SPDX-License-Identifier: MIT */
/*
 * A frontend for disks; see pv/blkfront.h. Here are the device's nodes and what
 * programs call; what is under way is in blk_ring.c.
 */
#include "blk_ring.h"

#define CONNECT_NS (30 * SECOND_NS)

static struct blkfront *disk_of(struct xenbus_device *d)
{
    return (struct blkfront *)d;
}

/* --- connecting ----------------------------------------------------------- */

static unsigned int at_most(uint64_t offered, unsigned int most,
                            unsigned int wish)
{
    unsigned int n = offered < most ? offered : most;

    return wish && wish < n ? wish : n;
}

static unsigned int ring_pages(struct blkfront *b)
{
    uint64_t order = xenbus_backend_number(&b->dev, "max-ring-page-order", 0);

    return at_most(order < 8 ? 1u << order : BLK_RING_PAGES_MAX,
                   BLK_RING_PAGES_MAX, b->wishes.ring_pages);
}

static long prepare(struct xenbus_device *d)
{
    struct blkfront *b = disk_of(d);
    unsigned int n = ring_pages(b);

    if (!shared_pages_begin(&b->pages, d->backend_id, n))
        return -ENOMEM;
    XEN_FRONT_RING_INIT(&b->ring, (struct blkif_sring *)b->pages.base,
                        n * PAGE_SIZE);
    blk_ring_begin(b);
    b->port = event_new_unbound(d->backend_id);
    if (!b->port)
        return -ENOSPC;
    event_listen(b->port, blk_ring_serve, b);
    return 0;
}

/* One that a connection before this one has left must not stay. */
static long publish_order(struct xenbus_device *d, const struct xenbus_tx *tx,
                          unsigned int order)
{
    char path[64];

    snprintf(path, sizeof(path), "%s/ring-page-order", d->path);
    return order ? xenbus_printf(tx, d->path, "ring-page-order", "%u", order)
                 : xenbus_rm(tx, path);
}

static long publish(struct xenbus_device *d, const struct xenbus_tx *tx)
{
    struct blkfront *b = disk_of(d);
    unsigned int n = b->pages.nr;
    char name[16] = "ring-ref";
    long rc;

    for (unsigned int i = 0; i < n; i++) {
        if (n > 1)
            snprintf(name, sizeof(name), "ring-ref%u", i);
        rc = xenbus_printf(tx, d->path, name, "%u", b->pages.ref[i]);
        if (rc)
            return rc;
    }
    rc = publish_order(d, tx, __builtin_ctz(n));
    rc = rc ? rc : xenbus_printf(tx, d->path, "event-channel", "%u", b->port);
    return rc ? rc : xenbus_printf(tx, d->path, "protocol", "x86_64-abi");
}

static void read_limits(struct blkfront *b)
{
    uint64_t n =
        xenbus_backend_number(&b->dev, "feature-max-indirect-segments", 0);

    b->max_segments = at_most(
        n > BLKIF_MAX_SEGMENTS_PER_REQUEST ? n : BLKIF_MAX_SEGMENTS_PER_REQUEST,
        BLK_SEGMENTS_MAX, b->wishes.segments);
}

/* Again whenever the disk has another size. */
static long start(struct xenbus_device *d)
{
    struct blkfront *b = disk_of(d);
    uint64_t info = xenbus_backend_number(d, "info", 0);
    uint64_t size = xenbus_backend_number(d, "sector-size", BLK_SECTOR);

    b->sectors = xenbus_backend_number(d, "sectors", 0);
    if (!b->sectors || size < BLK_SECTOR || size > PAGE_SIZE ||
        size & (size - 1))
        return -EINVAL;
    b->sector_size = size;
    b->readonly = info & VDISK_READONLY;
    b->flush = xenbus_backend_number(d, "feature-flush-cache", 0) == 1;
    b->discard = xenbus_backend_number(d, "feature-discard", 0) == 1;
    read_limits(b);
    blk_ring_push(b);
    return 0;
}

static bool stop(struct xenbus_device *d)
{
    struct blkfront *b = disk_of(d);
    bool all = true;

    if (b->port) {
        event_end(b->port);
        all = blk_ring_end(b);
    }
    b->port = 0;
    all = shared_pages_end(&b->pages) && all;
    if (d->failed)
        blk_fail_all(b);
    return all;
}

static void drain(struct xenbus_device *d, uint64_t end)
{
    blk_ring_drain(disk_of(d), end);
}

static const struct xenbus_driver driver = {
    .kind = "vbd",
    .published = XenbusStateInitialised,
    .prepare = prepare,
    .publish = publish,
    .start = start,
    .stop = stop,
    .drain = drain,
};

/* --- for programs --------------------------------------------------------- */

long blkfront_open(struct blkfront *b, unsigned int device,
                   const struct blk_wishes *wishes)
{
    long rc;

    b->wishes = wishes ? *wishes : (struct blk_wishes){0};
    b->waiting = NULL;
    b->last = &b->waiting;
    rc = xenbus_device_open(&b->dev, &driver, device);
    rc = rc ? rc : xenbus_device_wait(&b->dev, CONNECT_NS);
    if (rc && blkfront_close(b))
        rc = -EBUSY;
    return rc;
}

long blkfront_close(struct blkfront *b)
{
    long rc = xenbus_device_close(&b->dev);

    blk_fail_all(b);
    return rc;
}

static bool fits(const struct blkfront *b, const struct blk_request *r)
{
    unsigned int unit = b->sector_size / BLK_SECTOR;

    return r->sector <= b->sectors && r->nr_sectors <= b->sectors - r->sector &&
           r->sector % unit == 0 && r->nr_sectors % unit == 0;
}

static long check(const struct blkfront *b, const struct blk_request *r)
{
    if (b->dev.failed || !b->dev.driver)
        return -EIO;
    if (r->operation != BLKIF_OP_READ && b->readonly)
        return -EROFS;
    switch (r->operation) {
    case BLKIF_OP_READ:
    case BLKIF_OP_WRITE:
        return fits(b, r) && r->nr_sectors &&
                       !((uint64_t)r->data % BLK_SECTOR) &&
                       r->nr_sectors <= b->max_segments * BLK_PER_PAGE &&
                       blk_pages_of(r->data, r->nr_sectors) <= b->max_segments
                   ? 0
                   : -EINVAL;
    case BLKIF_OP_FLUSH_DISKCACHE:
        return b->flush ? 0 : -EOPNOTSUPP;
    case BLKIF_OP_DISCARD:
        return !b->discard                   ? -EOPNOTSUPP
               : fits(b, r) && r->nr_sectors ? 0
                                             : -EINVAL;
    default:
        return -EINVAL;
    }
}

long blkfront_submit(struct blkfront *b, struct blk_request *r)
{
    long rc = check(b, r);

    if (rc)
        return rc;
    r->result = BLK_PENDING;
    r->done = 0;
    r->held = false;
    blk_wait_in_line(b, r);
    if (b->dev.online)
        blk_ring_push(b);
    return 0;
}

static bool is_done(const void *arg)
{
    return ((const struct blk_request *)arg)->result != BLK_PENDING;
}

long blkfront_wait(struct blkfront *b, struct blk_request *r)
{
    while (!events_serve_until(is_done, r, SECOND_NS))
        ;
    return r->result;
}

long blkfront_do(struct blkfront *b, unsigned int operation, uint64_t sector,
                 uint64_t nr_sectors, void *data)
{
    struct blk_request r = {.operation = operation,
                            .sector = sector,
                            .nr_sectors = nr_sectors,
                            .data = data};
    long rc = blkfront_submit(b, &r);

    return rc ? rc : blkfront_wait(b, &r);
}
