/* SPDX-License-Identifier: MIT */
/* The page and the number on the disk; see disk.h. */
#include <pv/blkfront.h>

#include "disk.h"

#define XVDA          51712
#define BLOCK_SECTORS (DISK_BLOCK / BLK_SECTOR)
#define KEEP_NS       SECOND_NS
#define CLOSE_NS      (5 * SECOND_NS) /* for a disk that does not answer */

static struct blkfront disk;
static char block[DISK_BLOCK] __attribute__((aligned(DISK_BLOCK)));
static char *page;
static size_t page_bytes;

/* Of the number: as it is, as it was or is being written, and when. */
static uint64_t requests, written, written_at;
static bool kept; /* on the disk */
static struct blk_request write, flush;

static bool read_block(unsigned int at)
{
    return !blkfront_do(&disk, BLKIF_OP_READ, at * BLOCK_SECTORS, BLOCK_SECTORS,
                        block);
}

/* In pieces that the disk takes. */
static bool read_pages(char *to, unsigned int nr)
{
    unsigned int most = disk.max_segments, n;

    for (unsigned int at = 0; at < nr; at += n) {
        n = nr - at < most ? nr - at : most;
        if (blkfront_do(&disk, BLKIF_OP_READ, (2 + at) * BLOCK_SECTORS,
                        n * BLOCK_SECTORS, to + at * DISK_BLOCK))
            return false;
    }
    return true;
}

static void read_page(void)
{
    int64_t bytes = read_block(0) ? disk_number(block, "page", PAGE_BYTES) : -1;
    unsigned int nr = (bytes + DISK_BLOCK - 1) / DISK_BLOCK;
    char *to;

    if (bytes <= 0 || disk.sectors < (uint64_t)(2 + nr) * BLOCK_SECTORS) {
        printf("demo-net: no page is on the disk\n");
        return;
    }
    to = alloc_pages(nr);
    if (!read_pages(to, nr)) {
        printf("demo-net: the page cannot be read\n");
        return;
    }
    page = to;
    page_bytes = bytes;
}

/* What cannot be read is not written over; and the backend may hold the memory
 * of a read that has failed. */
static void read_requests(void)
{
    bool can = read_block(1);
    int64_t number = can ? disk_number(block, "requests", REQUESTS_MOST) : -1;

    kept = can && !disk.readonly;
    requests = written = number < 0 ? 0 : number;
    if (number < 0)
        printf("demo-net: no number of requests is on the disk\n");
    if (!kept)
        printf("demo-net: requests are not kept, the disk cannot have them\n");
}

void disk_open(void)
{
    if (blkfront_open(&disk, XVDA, NULL)) {
        printf("demo-net: there is no disk\n");
        return;
    }
    read_page();
    read_requests();
}

const char *disk_page(size_t *bytes)
{
    *bytes = page_bytes;
    return page;
}

uint64_t disk_requests(void)
{
    return requests;
}

void disk_count(void)
{
    requests += requests < REQUESTS_MOST;
}

static void begin_write(void)
{
    memset(block, 0, sizeof(block));
    snprintf(block, sizeof(block), "requests %lu\n", requests);
    written = requests;
    written_at = system_time();
    write = (struct blk_request){.operation = BLKIF_OP_WRITE,
                                 .sector = BLOCK_SECTORS,
                                 .nr_sectors = BLOCK_SECTORS,
                                 .data = block};
    if (blkfront_submit(&disk, &write))
        kept = false;
}

void disk_serve(void)
{
    if (!kept || write.result == BLK_PENDING)
        return;
    if (write.result) {
        kept = false;
        printf("demo-net: requests are not kept, the disk has failed\n");
    } else if (written != requests && system_time() - written_at >= KEEP_NS)
        begin_write();
}

static bool is_over(const void *arg)
{
    const struct blk_request *r = arg;

    return r->result != BLK_PENDING;
}

/* False: it has failed, or there is no answer. */
static bool succeeds(const struct blk_request *r)
{
    return events_serve_until(is_over, r, CLOSE_NS) && !r->result;
}

static bool last_write(void)
{
    if (!succeeds(&write))
        return false;
    if (written == requests)
        return true;
    begin_write();
    return kept && succeeds(&write);
}

/* What was written may be in a memory of the disk's that it loses. */
static bool last_flush(void)
{
    if (!disk.flush || !written_at)
        return true;
    flush = (struct blk_request){.operation = BLKIF_OP_FLUSH_DISKCACHE};
    return !blkfront_submit(&disk, &flush) && succeeds(&flush);
}

void disk_close(void)
{
    bool good = !kept || last_write();

    if (!last_flush() || !good)
        printf("demo-net: the last requests may not be on the disk\n");
    blkfront_close(&disk);
}
