/* SPDX-License-Identifier: MIT */
/*
 * What a disk has under way; see blk_ring.h. A request waits in a list until
 * the ring has a slot; the slot's number is its id, so what a response names is
 * found without a search. Pages are granted while the request is in the ring.
 * One that has become too long for the backend goes piece by piece: each time
 * as much as fits, and to the end of the list with what is left.
 */
#include "blk_ring.h"

#define NONE UINT32_MAX

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

unsigned int blk_pages_of(const char *data, uint64_t nr_sectors)
{
    return (place_of(data) + nr_sectors + BLK_PER_PAGE - 1) / BLK_PER_PAGE;
}

/* Sectors of what is left that fit into one request to this backend. */
static uint64_t next_piece(const struct blkfront *b,
                           const struct blk_request *r)
{
    uint64_t left = r->nr_sectors - r->done;
    uint64_t room = b->max_segments * BLK_PER_PAGE - place_of(data_of(r));

    room -= room % (b->sector_size / BLK_SECTOR);
    return moves_data(r) && left > room ? room : left;
}

static bool is_indirect(const struct blkfront *b, const struct blk_request *r)
{
    return moves_data(r) && blk_pages_of(data_of(r), next_piece(b, r)) >
                                BLKIF_MAX_SEGMENTS_PER_REQUEST;
}

/* --- requests into the ring ----------------------------------------------- */

void blk_wait_in_line(struct blkfront *b, struct blk_request *r)
{
    r->next = NULL;
    *b->last = r;
    b->last = &r->next;
}

/* The place of the next one to go, which may be empty. Before the guest is
 * suspended nothing new begins, but of what has begun no part is left over. */
static struct blk_request **next_in_line(struct blkfront *b)
{
    struct blk_request **place = &b->waiting;

    while (*place && b->draining && !(*place)->done)
        place = &(*place)->next;
    return place;
}

static struct blk_request *take_from_line(struct blkfront *b,
                                          struct blk_request **place)
{
    struct blk_request *r = *place;

    *place = r->next;
    if (!*place)
        b->last = place;
    return r;
}

static int free_indirect_page(struct blkfront *b)
{
    for (int i = 0; i < BLK_INDIRECT_PAGES; i++)
        if (b->indirect_ref[i] == GRANT_NONE)
            return i;
    return -1;
}

static bool take_indirect_page_back(struct blkfront *b, struct blk_slot *s)
{
    bool good;

    if (s->indirect < 0)
        return true;
    good = grant_end(b->indirect_ref[s->indirect]);
    if (!good)
        b->indirect[s->indirect] = NULL; /* it is the backend's */
    b->indirect_ref[s->indirect] = GRANT_NONE;
    s->indirect = -1;
    return good;
}

/* False: the backend holds a page of it. Those it has let go are the guest's
 * again, and references to the others are never given out again. */
static bool take_pages_back(struct blkfront *b, struct blk_slot *s)
{
    bool all = true;

    while (s->nr_refs)
        all = grant_end(s->ref[--s->nr_refs]) && all;
    s->request->held = s->request->held || !all;
    all = take_indirect_page_back(b, s) && all;
    b->dev.held = b->dev.held || !all;
    return all;
}

/* The part of a piece that lies in its page i. */
static struct blkif_request_segment segment(const struct blk_slot *s,
                                            unsigned int i, grant_ref_t ref)
{
    unsigned int start = place_of(data_of(s->request));
    uint64_t last = start + s->nr_sectors - 1 - i * BLK_PER_PAGE;

    return (struct blkif_request_segment){
        .gref = ref,
        .first_sect = i ? 0 : start,
        .last_sect = last < BLK_PER_PAGE ? last : BLK_PER_PAGE - 1};
}

static bool grant_data(struct blkfront *b, struct blk_slot *s,
                       struct blkif_request_segment *seg)
{
    struct blk_request *r = s->request;
    char *page = (char *)((uint64_t)data_of(r) & PAGE_MASK);

    if (!moves_data(r))
        return true;
    for (unsigned int i = 0, n = blk_pages_of(data_of(r), s->nr_sectors); i < n;
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

/* A page that the backend holds is worse for its owner than any error. */
static void end_with(struct blk_request *r, long result)
{
    r->result = r->held ? -EBUSY : result;
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
        blk_wait_in_line(b, r);
    else
        end_with(r, result);
}

/* The disk's sectors may have become larger since the request was made, and no
 * whole one may fit into what the backend takes at a time. */
static bool is_whole(const struct blkfront *b, const struct blk_request *r)
{
    unsigned int unit = b->sector_size / BLK_SECTOR;
    uint64_t piece = next_piece(b, r);

    return !moves_data(r) ||
           (piece && piece % unit == 0 && (r->sector + r->done) % unit == 0);
}

static void put_into_ring(struct blkfront *b, struct blk_request *r)
{
    struct blk_slot *s = &b->slot[b->first_free];

    if (!is_whole(b, r)) {
        end_with(r, -EINVAL);
        return;
    }
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
void blk_ring_push(struct blkfront *b)
{
    struct blk_request **next;
    int notify;

    while (*(next = next_in_line(b)) && b->first_free != NONE) {
        if (is_indirect(b, *next) && free_indirect_page(b) < 0)
            break;
        put_into_ring(b, take_from_line(b, next));
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

void blk_ring_serve(void *arg)
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
            blk_ring_push(b);
        RING_FINAL_CHECK_FOR_RESPONSES(&b->ring, more);
    } while (more);
}

/* --- connections ---------------------------------------------------------- */

void blk_ring_begin(struct blkfront *b)
{
    b->first_free = NONE;
    for (unsigned int i = RING_SIZE(&b->ring); i--;) {
        b->slot[i] =
            (struct blk_slot){.indirect = -1, .next_free = b->first_free};
        b->first_free = i;
    }
}

/* What was in the ring goes to the front of the line. False: the backend holds
 * pages of it. */
bool blk_ring_end(struct blkfront *b)
{
    struct blk_request *line = b->waiting;
    bool all = true;

    b->waiting = NULL;
    b->last = &b->waiting;
    for (unsigned int i = 0; i < RING_SIZE(&b->ring); i++)
        if (b->slot[i].request) {
            all = take_pages_back(b, &b->slot[i]) && all;
            blk_wait_in_line(b, b->slot[i].request);
            b->slot[i].request = NULL;
        }
    for (struct blk_request *next; line; line = next) {
        next = line->next;
        blk_wait_in_line(b, line);
    }
    return all;
}

void blk_fail_all(struct blkfront *b)
{
    while (b->waiting)
        end_with(take_from_line(b, &b->waiting), -EIO);
}

static bool is_ring_empty(const struct blkfront *b)
{
    for (unsigned int i = 0; i < RING_SIZE(&b->ring); i++)
        if (b->slot[i].request)
            return false;
    return true;
}

/* So that the backend does nothing for the guest of before when the guest goes
 * on elsewhere: a write that is late there would destroy what was written here
 * since. If the guest goes on where it is, the event brings the rest. */
void blk_ring_drain(struct blkfront *b, uint64_t end)
{
    struct xenbus_device *d = &b->dev;
    uint64_t now = system_time();

    b->draining = true;
    if (d->online)
        blk_ring_serve(b);
    for (; d->online && !is_ring_empty(b) && now < end; now = system_time()) {
        wait_event(b->port, end - now);
        event_clear(b->port);
        blk_ring_serve(b);
    }
    b->draining = false;
    if (d->online)
        event_raise(b->port);
}
