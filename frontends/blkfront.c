/* SPDX-License-Identifier: MIT */
/*
 * A frontend for disks; see pv/blkfront.h. A request waits in a list until the
 * ring has a slot; the slot's number is its id, so what a response names is
 * found without a search. Pages are granted while the request is in the ring.
 * One that has become too long for the backend goes piece by piece: each time
 * as much as fits, and to the end of the list with what is left.
 */
#include <pv/blkfront.h>

#define PER_PAGE   (PAGE_SIZE / BLK_SECTOR)
#define CONNECT_NS (30 * SECOND_NS)
#define NONE       UINT32_MAX

static struct blkfront *disk_of(struct xenbus_device *d)
{
    return (struct blkfront *)d;
}

static bool moves_data(const struct blk_request *r)
{
    return r->operation == BLKIF_OP_READ || r->operation == BLKIF_OP_WRITE;
}

/* Where the next piece of it begins. */
static char *data_of(const struct blk_request *r)
{
    return (char *)r->data + r->done * BLK_SECTOR;
}

/* The first sector's place in its page. */
static unsigned int place_of(const char *data)
{
    return ((uint64_t)data & ~PAGE_MASK) / BLK_SECTOR;
}

static unsigned int pages_of(const char *data, uint64_t nr_sectors)
{
    return (place_of(data) + nr_sectors + PER_PAGE - 1) / PER_PAGE;
}

/* Sectors of what is left that fit into one request to this backend. */
static uint64_t next_piece(const struct blkfront *b,
                           const struct blk_request *r)
{
    uint64_t left = r->nr_sectors - r->done;
    uint64_t room = b->max_segments * PER_PAGE - place_of(data_of(r));

    room -= room % (b->sector_size / BLK_SECTOR);
    return moves_data(r) && left > room ? room : left;
}

static bool is_indirect(const struct blkfront *b, const struct blk_request *r)
{
    return moves_data(r) && pages_of(data_of(r), next_piece(b, r)) >
                                BLKIF_MAX_SEGMENTS_PER_REQUEST;
}

/* --- requests into the ring ----------------------------------------------- */

static void wait_in_line(struct blkfront *b, struct blk_request *r)
{
    r->next = NULL;
    *b->last = r;
    b->last = &r->next;
}

static struct blk_request *first_in_line(struct blkfront *b)
{
    struct blk_request *r = b->waiting;

    b->waiting = r->next;
    if (!b->waiting)
        b->last = &b->waiting;
    return r;
}

static int free_indirect_page(struct blkfront *b)
{
    for (int i = 0; i < BLK_INDIRECT_PAGES; i++)
        if (b->indirect_ref[i] == GRANT_NONE)
            return i;
    return -1;
}

/* False: the backend holds a page of it. Those it has let go are the guest's
 * again. */
static bool take_pages_back(struct blkfront *b, struct blk_slot *s)
{
    bool all = true;

    while (s->nr_refs)
        all = grant_end(s->ref[--s->nr_refs]) && all;
    if (s->indirect < 0)
        return all;
    if (!grant_end(b->indirect_ref[s->indirect])) {
        b->indirect[s->indirect] = NULL; /* it is the backend's */
        all = false;
    }
    b->indirect_ref[s->indirect] = GRANT_NONE;
    s->indirect = -1;
    return all;
}

/* The part of a piece that lies in its page i. */
static struct blkif_request_segment segment(const struct blk_slot *s,
                                            unsigned int i, grant_ref_t ref)
{
    unsigned int start = place_of(data_of(s->request));
    uint64_t last = start + s->nr_sectors - 1 - i * PER_PAGE;

    return (struct blkif_request_segment){
        .gref = ref,
        .first_sect = i ? 0 : start,
        .last_sect = last < PER_PAGE ? last : PER_PAGE - 1};
}

static bool grant_data(struct blkfront *b, struct blk_slot *s,
                       struct blkif_request_segment *seg)
{
    struct blk_request *r = s->request;
    char *page = (char *)((uint64_t)data_of(r) & PAGE_MASK);

    if (!moves_data(r))
        return true;
    for (unsigned int i = 0, n = pages_of(data_of(r), s->nr_sectors); i < n;
         i++) {
        grant_ref_t ref = grant_page(b->dev.backend_id, page + i * PAGE_SIZE,
                                     r->operation == BLKIF_OP_WRITE);

        if (ref == GRANT_NONE)
            return false;
        s->ref[s->nr_refs++] = ref;
        seg[i] = segment(s, i, ref);
    }
    return true;
}

static bool grant_segments(struct blkfront *b, struct blk_slot *s)
{
    int i = free_indirect_page(b);

    if (!b->indirect[i])
        b->indirect[i] = alloc_page();
    b->indirect_ref[i] = grant_page(b->dev.backend_id, b->indirect[i], true);
    if (b->indirect_ref[i] == GRANT_NONE)
        return false;
    s->indirect = i;
    return grant_data(b, s, b->indirect[i]);
}

static bool fill_indirect(struct blkfront *b, struct blk_slot *s,
                          struct blkif_request_indirect *to)
{
    if (!grant_segments(b, s))
        return false;
    *to = (struct blkif_request_indirect){
        .operation = BLKIF_OP_INDIRECT,
        .indirect_op = s->request->operation,
        .nr_segments = s->nr_refs,
        .id = s - b->slot,
        .sector_number = s->request->sector + s->request->done,
        .indirect_grefs = {b->indirect_ref[s->indirect]}};
    return true;
}

static bool fill_direct(struct blkfront *b, struct blk_slot *s,
                        struct blkif_request *to)
{
    *to = (struct blkif_request){.operation = s->request->operation,
                                 .id = s - b->slot,
                                 .sector_number =
                                     s->request->sector + s->request->done};
    if (!grant_data(b, s, to->seg))
        return false;
    to->nr_segments = s->nr_refs;
    return true;
}

static bool fill_discard(struct blkfront *b, struct blk_slot *s,
                         struct blkif_request_discard *to)
{
    *to = (struct blkif_request_discard){.operation = BLKIF_OP_DISCARD,
                                         .id = s - b->slot,
                                         .sector_number = s->request->sector,
                                         .nr_sectors = s->request->nr_sectors};
    return true;
}

static bool fill(struct blkfront *b, struct blk_slot *s, void *to)
{
    if (s->request->operation == BLKIF_OP_DISCARD)
        return fill_discard(b, s, to);
    return is_indirect(b, s->request) ? fill_indirect(b, s, to)
                                      : fill_direct(b, s, to);
}

/* The piece that this slot holds. */
static void finish(struct blkfront *b, struct blk_slot *s, long result)
{
    struct blk_request *r = s->request;

    s->request = NULL;
    s->next_free = b->first_free;
    b->first_free = s - b->slot;
    r->done += s->nr_sectors;
    if (!result && r->done < r->nr_sectors)
        wait_in_line(b, r);
    else
        r->result = result;
}

static void put_into_ring(struct blkfront *b, struct blk_request *r)
{
    struct blk_slot *s = &b->slot[b->first_free];

    b->first_free = s->next_free;
    s->request = r;
    s->nr_sectors = next_piece(b, r);
    if (fill(b, s, RING_GET_REQUEST(&b->ring, b->ring.req_prod_pvt))) {
        b->ring.req_prod_pvt++;
        return;
    }
    take_pages_back(b, s);
    finish(b, s, -ENOMEM);
}

/* As many as there is room for. Each slot of the ring has one here, so a free
 * one here is one there. */
static void push(struct blkfront *b)
{
    int notify;

    while (b->waiting && b->first_free != NONE) {
        if (is_indirect(b, b->waiting) && free_indirect_page(b) < 0)
            break;
        put_into_ring(b, first_in_line(b));
    }
    RING_PUSH_REQUESTS_AND_CHECK_NOTIFY(&b->ring, notify);
    if (notify)
        event_send(b->port);
}

/* --- responses ------------------------------------------------------------ */

static long result_of(const struct blkif_response *r)
{
    switch (r->status) {
    case BLKIF_RSP_OKAY:
        return 0;
    case BLKIF_RSP_ERROR:
        return -EIO;
    case BLKIF_RSP_EOPNOTSUPP:
        return -EOPNOTSUPP;
    default:
        return BLK_PENDING;
    }
}

/* NULL, or what is wrong with it. */
static const char *take_response(struct blkfront *b,
                                 const struct blkif_response *r)
{
    struct blk_slot *s = &b->slot[r->id < BLK_SLOTS ? r->id : 0];

    if (r->id >= BLK_SLOTS || !s->request)
        return "the backend answers a request that is not under way";
    if (r->operation != s->request->operation)
        return "the backend answers another operation than was asked for";
    if (result_of(r) == BLK_PENDING)
        return "the backend answers with a status that does not exist";
    if (!take_pages_back(b, s))
        return "the backend holds pages of a request that it has answered";
    finish(b, s, result_of(r));
    return NULL;
}

/* More of them than requests: the first too many names one that is over. */
static const char *take_responses(struct blkfront *b)
{
    RING_IDX prod = __atomic_load_n(&b->ring.sring->rsp_prod, __ATOMIC_ACQUIRE);

    while (b->ring.rsp_cons != prod) {
        struct blkif_response r;
        const char *wrong;

        RING_COPY_RESPONSE(&b->ring, b->ring.rsp_cons, &r);
        b->ring.rsp_cons++;
        wrong = take_response(b, &r);
        if (wrong)
            return wrong;
    }
    return NULL;
}

static void serve(void *arg)
{
    struct blkfront *b = arg;
    const char *wrong;
    int more;

    do {
        wrong = take_responses(b);
        if (wrong) {
            xenbus_device_fail(&b->dev, wrong);
            return;
        }
        if (b->dev.online)
            push(b);
        RING_FINAL_CHECK_FOR_RESPONSES(&b->ring, more);
    } while (more);
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

static void free_slots(struct blkfront *b)
{
    b->first_free = NONE;
    for (unsigned int i = RING_SIZE(&b->ring); i--;) {
        b->slot[i] =
            (struct blk_slot){.indirect = -1, .next_free = b->first_free};
        b->first_free = i;
    }
}

static long prepare(struct xenbus_device *d)
{
    struct blkfront *b = disk_of(d);
    unsigned int n = ring_pages(b);

    if (!shared_pages_begin(&b->pages, d->backend_id, n))
        return -ENOMEM;
    XEN_FRONT_RING_INIT(&b->ring, (struct blkif_sring *)b->pages.base,
                        n * PAGE_SIZE);
    free_slots(b);
    b->port = event_new_unbound(d->backend_id);
    if (!b->port)
        return -ENOSPC;
    event_listen(b->port, serve, b);
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
    push(b);
    return 0;
}

/* What was in the ring goes to the front of the line. False: the backend holds
 * pages of it. */
static bool take_out_of_ring(struct blkfront *b)
{
    struct blk_request *line = b->waiting;
    bool all = true;

    b->waiting = NULL;
    b->last = &b->waiting;
    for (unsigned int i = 0; i < RING_SIZE(&b->ring); i++)
        if (b->slot[i].request) {
            all = take_pages_back(b, &b->slot[i]) && all;
            wait_in_line(b, b->slot[i].request);
            b->slot[i].request = NULL;
        }
    for (struct blk_request *next; line; line = next) {
        next = line->next;
        wait_in_line(b, line);
    }
    return all;
}

static void fail_all(struct blkfront *b)
{
    while (b->waiting)
        first_in_line(b)->result = -EIO;
}

static bool stop(struct xenbus_device *d)
{
    struct blkfront *b = disk_of(d);
    bool all = true;

    if (b->port) {
        event_end(b->port);
        all = take_out_of_ring(b);
    }
    b->port = 0;
    all = shared_pages_end(&b->pages) && all;
    if (d->failed)
        fail_all(b);
    return all;
}

static const struct xenbus_driver driver = {
    .kind = "vbd",
    .published = XenbusStateInitialised,
    .prepare = prepare,
    .publish = publish,
    .start = start,
    .stop = stop,
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
    if (rc)
        blkfront_close(b);
    return rc;
}

void blkfront_close(struct blkfront *b)
{
    xenbus_device_close(&b->dev);
    fail_all(b);
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
                       r->nr_sectors <= b->max_segments * PER_PAGE &&
                       pages_of(r->data, r->nr_sectors) <= b->max_segments
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
    wait_in_line(b, r);
    if (b->dev.online)
        push(b);
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
