/* SPDX-License-Identifier: MIT */
/*
 * The guest of frontends.t: reads from its disk what dom0 wrote, writes what
 * dom0 compares, in every way that a ring can be set up; then works, and sends
 * frames back, until it is told to shut down. Its console gets TAP.
 *
 * The disk is regions of records of 16 bytes, each of which is its own number
 * in decimal and a newline: 0 is dom0's, 1 to 4 are written one in each way, 5
 * is discarded, 6 is worked with.
 */
#include <pv/blkfront.h>
#include <pv/control.h>
#include <pv/host.h>
#include <pv/netfront.h>

#define XVDA         51712
#define RECORD       16
#define BUFFER_PAGES 64
#define REGION       (BUFFER_PAGES * 8) /* sectors */
#define RECORDS      (REGION * BLK_SECTOR / RECORD)
#define DISCARDED    5
#define WORKED_WITH  6
#define PAUSE_MS     50 /* or as the command line says */

static struct blkfront disk;
static struct netfront net;
static uint8_t buffer[BUFFER_PAGES * PAGE_SIZE] __attribute__((aligned(4096)));
static uint8_t frame[NET_FRAME_MAX];
static const uint8_t address[4] = {10, 0, 0, 77};
static bool told_to_stop;
static uint64_t not_sent;

/* --- records -------------------------------------------------------------- */

static void make_record(char *to, uint64_t number)
{
    to[RECORD - 1] = '\n';
    for (unsigned int i = RECORD - 1; i--; number /= 10)
        to[i] = '0' + number % 10;
}

static void make_region(uint64_t first)
{
    for (uint64_t i = 0; i < RECORDS; i++)
        make_record((char *)buffer + i * RECORD, first + i);
}

/* How many records of the buffer are wrong, from the first one. */
static uint64_t wrong_records(uint64_t first, uint64_t nr)
{
    uint64_t wrong = 0;
    char want[RECORD];

    for (uint64_t i = 0; i < nr; i++) {
        make_record(want, first + i);
        wrong += memcmp(buffer + i * RECORD, want, RECORD) != 0;
    }
    return wrong;
}

/* --- network -------------------------------------------------------------- */

static unsigned int word_at(unsigned int at)
{
    return frame[at] << 8 | frame[at + 1];
}

/* What is known of the frame, for who has sent it. */
static void note(unsigned int at, const struct net_offload *o)
{
    frame[at] = o->csum_blank;
    frame[at + 1] = o->csum_valid;
    frame[at + 2] = o->gso_type;
    frame[at + 3] = o->gso_size >> 8;
    frame[at + 4] = o->gso_size;
}

/* Frames of pv_wire.c go back where they came from. Segments that were not cut
 * are no TCP any more then, but one long frame. */
static size_t reflect(size_t len, struct net_offload *o)
{
    bool tcp = word_at(12) == 0x0800 && frame[23] == 6 && word_at(36) == 7;

    if (len < 64 || (!tcp && word_at(12) != 0x88b5))
        return 0;
    note(tcp ? 54 : 14, o);
    memcpy(frame, frame + 6, 6);
    memcpy(frame + 6, net.mac, 6);
    if (!tcp || o->gso_type) {
        frame[12] = 0x88;
        frame[13] = 0xb6;
        o->csum_blank = false;
    }
    return len;
}

static void answer_network(void)
{
    struct net_offload o;
    long len;

    while (net.dev.online &&
           (len = netfront_receive(&net, frame, sizeof(frame), &o)) > 0) {
        size_t n = net_answer(frame, len, net.mac, address);

        n = n ? n : reflect(len, &o);
        if (!n)
            continue;
        while ((len = netfront_send(&net, frame, n, &o)) == -EAGAIN &&
               net.dev.online)
            events_serve(SECOND_NS / 100);
        not_sent += len != 0;
    }
}

/* --- disk ----------------------------------------------------------------- */

/* The buffer to or from a region, in pieces, all of them under way at once. The
 * first error. */
static long transfer(unsigned int operation, unsigned int region,
                     unsigned int pages)
{
    static struct blk_request request[BUFFER_PAGES];
    unsigned int n = 0;
    long rc = 0;

    for (unsigned int at = 0; !rc && at < BUFFER_PAGES; at += pages) {
        unsigned int left = BUFFER_PAGES - at;

        request[n] = (struct blk_request){
            .operation = operation,
            .sector = (uint64_t)region * REGION + at * 8,
            .nr_sectors = (left < pages ? left : pages) * 8,
            .data = buffer + at * PAGE_SIZE};
        rc = blkfront_submit(&disk, &request[n]);
        n += !rc;
    }
    for (unsigned int i = 0; i < n; i++) {
        while (request[i].result == BLK_PENDING) {
            events_serve(SECOND_NS);
            answer_network();
        }
        rc = rc ? rc : request[i].result;
    }
    return rc;
}

static void read_part(const char *way)
{
    unsigned int sectors = 9, first = 3; /* across the end of a page */
    uint64_t wrong;

    memset(buffer, 0, 3 * PAGE_SIZE);
    is(blkfront_do(&disk, BLKIF_OP_READ, 5, sectors,
                   buffer + first * BLK_SECTOR),
       0, "%s: sectors within pages are read", way);
    memmove(buffer, buffer + first * BLK_SECTOR, sectors * BLK_SECTOR);
    wrong =
        wrong_records(5 * BLK_SECTOR / RECORD, sectors * BLK_SECTOR / RECORD);
    is(wrong, 0, "%s: they are those that were asked for", way);
}

/* What comes of a wish: a backend without indirect segments takes 11. */
static unsigned int segments_for(unsigned int wish)
{
    uint64_t most =
        xenbus_backend_number(&disk.dev, "feature-max-indirect-segments", 0);

    return most > 11 || wish < 11 ? wish : 11;
}

static void try_way(unsigned int pages, unsigned int segments,
                    unsigned int region)
{
    struct blk_wishes wishes = {.ring_pages = pages, .segments = segments};
    char way[64];

    snprintf(way, sizeof(way), "ring of %u pages, %u segments", pages,
             segments);
    is(blkfront_open(&disk, XVDA, &wishes), 0, "%s: the disk connects", way);
    is(disk.pages.nr, pages, "%s: the ring has that many pages", way);
    is(disk.max_segments, segments_for(segments),
       "%s: requests have that many segments, if the backend can", way);
    memset(buffer, 0, sizeof(buffer));
    is(transfer(BLKIF_OP_READ, 0, 1), 0, "%s: single pages are read", way);
    is(wrong_records(0, RECORDS), 0, "%s: they are what dom0 wrote", way);
    memset(buffer, 0, sizeof(buffer));
    is(transfer(BLKIF_OP_READ, 0, disk.max_segments), 0,
       "%s: the longest requests are read", way);
    is(wrong_records(0, RECORDS), 0, "%s: that is what dom0 wrote", way);
    read_part(way);
    make_region((uint64_t)region * RECORDS);
    is(transfer(BLKIF_OP_WRITE, region, disk.max_segments), 0,
       "%s: a region is written", way);
    is(blkfront_do(&disk, BLKIF_OP_FLUSH_DISKCACHE, 0, 0, NULL), 0,
       "%s: it is flushed", way);
    blkfront_close(&disk);
}

static void try_discard(void)
{
    make_region(0);
    is(transfer(BLKIF_OP_WRITE, DISCARDED, 8), 0,
       "a region to be discarded is written");
    is(blkfront_do(&disk, BLKIF_OP_DISCARD, DISCARDED * REGION, REGION, NULL),
       disk.discard ? 0 : -EOPNOTSUPP, "it is discarded, if the backend can");
}

/* After the frames of pv_wire.c. */
static void check_queues(void)
{
    unsigned int idle = 0;

    for (unsigned int i = 0; i < net.nr_queues; i++)
        idle += !net.queue[i].sent || !net.queue[i].received;
    is(idle, 0, "frames have come and gone by each of %u queues",
       net.nr_queues);
}

static void try_nonsense(void)
{
    is(blkfront_do(&disk, BLKIF_OP_READ, disk.sectors, 1, buffer), -EINVAL,
       "a sector behind the disk's end is not asked for");
    is(blkfront_do(&disk, BLKIF_OP_READ, 0, 1, buffer + 8), -EINVAL,
       "memory that is not aligned is not read into");
    is(blkfront_do(&disk, BLKIF_OP_READ, 0, disk.max_segments * 8 + 1, buffer),
       -EINVAL, "a request of too many pages is not made");
}

/* --- work ----------------------------------------------------------------- */

static void asked(const char *how)
{
    told_to_stop = true;
}

/* What was written is read again; and the store is asked, which may be another
 * process by now. */
static void work(void)
{
    uint64_t rounds = 0, errors = 0, wrong = 0, unanswered = 0;
    uint64_t pause = option("pause_ms", PAUSE_MS) * (SECOND_NS / 1000);
    char domid[16];

    is(control_open(asked), 0, "the toolstack's wishes are followed");
    for (; !told_to_stop; rounds++) {
        make_region(rounds);
        errors += transfer(BLKIF_OP_WRITE, WORKED_WITH, 1 + rounds % 16) != 0;
        memset(buffer, 0, sizeof(buffer));
        errors += transfer(BLKIF_OP_READ, WORKED_WITH, 1 + rounds % 11) != 0;
        wrong += wrong_records(rounds, RECORDS);
        unanswered += xenbus_read(NULL, "domid", domid, sizeof(domid)) <= 0;
        events_serve(pause); /* dom0 has the same processor */
        answer_network();
    }
    diag("%lu rounds of work, %lu damaged frames, %lu not sent", rounds,
         net.lost, not_sent);
    ok(rounds > 0, "the guest works");
    is(errors, 0, "no request to the disk fails meanwhile");
    is(wrong, 0, "what was written is read again meanwhile");
    is(unanswered, 0, "no request to the store fails meanwhile");
}

int main(void)
{
    unsigned int grants;

    for (unsigned int way = 0; way < 4; way++)
        try_way(way & 1 ? 4 : 1, way & 2 ? BLK_SEGMENTS_MAX : 11, 1 + way);
    is(blkfront_open(&disk, XVDA, NULL), 0, "the disk connects once more");
    try_discard();
    try_nonsense();
    net.wanted_queues = 2;
    is(netfront_open(&net, 0), 0, "the interface connects");
    grants = grants_free();
    printf("PEER works\n");
    work();
    check_queues();
    is(grants_free(), grants, "every grant of a request was taken back");
    blkfront_close(&disk);
    netfront_close(&net);
    return 0;
}
