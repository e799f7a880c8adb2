/* SPDX-License-Identifier: MIT */
/* Requests of disks: an honest one, of which some lies make another. */
#include "liar.h"

#include <xen/io/blkif.h>

#define SLOT      112
#define SECTORS   8192 /* of the disk, as hostile_peers.dom0 makes it */
#define LIES      3    /* at most, in a request */
#define HONEST    200  /* requests at the end */
#define WORK_NS   (30 * SECOND_NS)
#define SEG_MAX   BLKIF_MAX_SEGMENTS_PER_REQUEST
#define PAGE_SEGS (PAGE_SIZE / sizeof(struct blkif_request_segment))

union request {
    struct blkif_request rw;
    struct blkif_request_indirect indirect;
    struct blkif_request_discard discard;
    uint8_t bytes[SLOT];
};

static struct blkif_request_segment honest_segment(bool readonly)
{
    unsigned int first = below(8);

    return (struct blkif_request_segment){
        .gref = data_ref(below(DATA_PAGES), readonly),
        .first_sect = first,
        .last_sect = first + below(8 - first)};
}

static void make_honest(union request *q, unsigned int operation, uint64_t id)
{
    memset(q, 0, sizeof(*q));
    q->rw.operation = operation;
    q->rw.nr_segments = 1 + below(SEG_MAX);
    q->rw.id = id;
    q->rw.sector_number = below(SECTORS - 8 * SEG_MAX);
    for (unsigned int i = 0; i < q->rw.nr_segments; i++)
        q->rw.seg[i] = honest_segment(operation == BLKIF_OP_WRITE);
}

/* --- lies ----------------------------------------------------------------- */

static void number_of_segments(struct device *d, void *request)
{
    union request *q = request;

    q->rw.nr_segments = odd(SEG_MAX);
}

static void first_behind_last(struct device *d, void *request)
{
    union request *q = request;
    struct blkif_request_segment *s = &q->rw.seg[below(SEG_MAX)];

    s->first_sect = odd(7);
    s->last_sect = once_in(2) ? odd(7) : s->first_sect - 1u;
}

static void beyond_the_end(struct device *d, void *request)
{
    static const uint64_t places[] = {SECTORS,   SECTORS - 1, 1UL << 55,
                                      1UL << 63, ~0UL,        ~0UL - 7};
    union request *q = request;

    q->rw.sector_number = once_in(2) ? places[below(6)] : odd(SECTORS);
}

static void wrong_grant(struct device *d, void *request)
{
    union request *q = request;

    q->rw.seg[below(q->rw.nr_segments % SEG_MAX + 1)].gref = odd_ref();
}

static void grant_to_read(struct device *d, void *request)
{
    union request *q = request;

    q->rw.operation = BLKIF_OP_READ;
    for (unsigned int i = 0; i < SEG_MAX; i++)
        q->rw.seg[i].gref = data_ref(below(DATA_PAGES), true);
}

static void grant_ended(struct device *d, void *request)
{
    union request *q = request;

    grant_revoke(data_ref(below(DATA_PAGES), q->rw.operation));
}

static void unknown_operation(struct device *d, void *request)
{
    union request *q = request;

    q->rw.operation = any();
}

static void flush_with_data(struct device *d, void *request)
{
    union request *q = request;

    q->rw.operation =
        once_in(2) ? BLKIF_OP_WRITE_BARRIER : BLKIF_OP_FLUSH_DISKCACHE;
    q->rw.nr_segments = once_in(2) ? 0 : q->rw.nr_segments;
}

static void odd_discard(struct device *d, void *request)
{
    union request *q = request;

    q->discard.operation = BLKIF_OP_DISCARD;
    q->discard.flag = below(4);
    q->discard.nr_sectors = once_in(2) ? odd(SECTORS) : ~0UL - below(SECTORS);
}

/* The page of segments is rubbish, or looks as if it were good. */
static void indirect(struct device *d, void *request)
{
    union request *q = request;
    unsigned int page = below(DATA_PAGES);
    struct blkif_request_segment *s = (void *)data_page(page);
    uint64_t id = q->rw.id, sector = q->rw.sector_number;

    if (once_in(2))
        fill_with_rubbish(s, PAGE_SIZE);
    else
        for (unsigned int i = 0; i < PAGE_SEGS; i++)
            s[i] = honest_segment(false);
    q->indirect = (struct blkif_request_indirect){
        .operation = BLKIF_OP_INDIRECT,
        .indirect_op = once_in(4) ? any() : below(2),
        .nr_segments = once_in(2) ? below(256) : odd(256),
        .id = id,
        .sector_number = sector};
    for (unsigned int i = 0; i < BLKIF_MAX_INDIRECT_PAGES_PER_REQUEST; i++)
        q->indirect.indirect_grefs[i] =
            once_in(4) ? odd_ref() : data_ref(page, once_in(2));
}

static void rubbish(struct device *d, void *request)
{
    fill_with_rubbish(request, SLOT);
}

static struct lies lies = {
    .name = "block",
    .lie =
        {
            {"numbers of segments", number_of_segments},
            {"first behind last", first_behind_last},
            {"beyond the end", beyond_the_end},
            {"wrong grants", wrong_grant},
            {"grants to read alone", grant_to_read},
            {"grants ended", grant_ended},
            {"unknown operations", unknown_operation},
            {"flushes with data", flush_with_data},
            {"odd discards", odd_discard},
            {"indirect", indirect},
            {"rubbish", rubbish},
        },
};

/* --- a device ------------------------------------------------------------- */

static void begin(struct device *d)
{
    d->nr_pages = 1 << below(3);
    ring_begin(&d->ring[0], d->pages, d->nr_pages, SLOT);
}

static void publish(struct device *d)
{
    static const char *const refs[] = {"ring-ref0", "ring-ref1", "ring-ref2",
                                       "ring-ref3"};

    if (d->nr_pages == 1) {
        device_write(d, "ring-ref", d->ref);
    } else {
        device_write(d, "ring-page-order", d->nr_pages / 2);
        for (unsigned int i = 0; i < d->nr_pages; i++)
            device_write(d, refs[i], d->ref + i);
    }
    device_write(d, "feature-persistent", below(2));
    device_write(d, "event-channel", d->port[0]);
}

static void put(struct device *d)
{
    struct ring *r = &d->ring[0];
    union request q;

    make_honest(&q, below(2), r->prod);
    for (unsigned int n = below(LIES + 1); n; n--)
        tell_one(&lies, d, &q);
    memcpy(ring_slot(r, r->prod++), &q, SLOT);
    is_done(BLOCK);
}

static void turn(struct device *d)
{
    struct ring *r = &d->ring[0];
    unsigned int n = below(ring_room(r) + 1);

    while (n-- && is_left(BLOCK))
        put(d);
    ring_push(r);
    device_tell(d);
    if (once_in(8))
        grants_renew();
    if (once_in(4))
        device_lie(d, r);
}

/* Reads, which every disk can. */
static bool work(struct device *d)
{
    struct ring *r = &d->ring[0];
    uint64_t end = system_time() + WORK_NS;
    unsigned int bad = 0;

    for (unsigned int asked = 0; r->cons < HONEST && system_time() < end;) {
        for (; asked < HONEST && r->prod - r->cons < r->slots; asked++)
            make_honest(ring_slot(r, r->prod++), BLKIF_OP_READ, asked);
        ring_push(r);
        device_tell(d);
        for (; r->cons != ring_answers(r); r->cons++)
            bad += ((struct blkif_response *)ring_slot(r, r->cons))->status !=
                   BLKIF_RSP_OKAY;
        wait_event(d->port[0], SECOND_NS / 100);
        event_clear(d->port[0]);
    }
    return r->cons == HONEST && !bad;
}

static const char *const nodes[] = {"ring-ref",
                                    "ring-ref0",
                                    "ring-ref1",
                                    "ring-ref2",
                                    "ring-ref3",
                                    "ring-page-order",
                                    "event-channel",
                                    "protocol",
                                    "feature-persistent",
                                    "multi-queue-num-queues",
                                    "queue-0",
                                    "queue-1",
                                    NULL};

const struct device_kind block_device = {
    .name = "vbd",
    .kind = BLOCK,
    .published = XenbusStateInitialised,
    .begin = begin,
    .publish = publish,
    .turn = turn,
    .work = work,
    .nodes = nodes,
};

void block_report(void)
{
    report(&lies);
}
