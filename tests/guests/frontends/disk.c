/* SPDX-License-Identifier: MIT */
/* blkfront.c and a backend, which is played here, that lies. */
#include <pv/blkfront.h>

#include "../../../frontends/resume.h"
#include "frontends.h"
#include "store.h"

static struct blkfront disk;
static uint8_t data[PAGE_SIZE] __attribute__((aligned(4096)));

/* The backend's answer, not checked by anybody. */
static void answer(uint64_t id, unsigned int operation, int status)
{
    struct blkif_sring *s = disk.ring.sring;
    struct blkif_response *r =
        &s->ring[s->rsp_prod & (RING_SIZE(&disk.ring) - 1)].rsp;

    r->id = id;
    r->operation = operation;
    r->status = status;
    s->rsp_prod++;
}

static struct blk_request under_way;

static void begin_read(void)
{
    under_way = (struct blk_request){
        .operation = BLKIF_OP_READ, .sector = 0, .nr_sectors = 8, .data = data};
    is(blkfront_submit(&disk, &under_way), 0, "a read is begun");
    is(under_way.result, BLK_PENDING, "a read that was begun is under way");
}

static void disk_anew(void)
{
    store_set("/b/state", "2");
    is(blkfront_open(&disk, 0, NULL), 0, "the disk connects");
}

static uint64_t id_of_read(void)
{
    for (unsigned int i = 0; i < BLK_SLOTS; i++)
        if (disk.slot[i].request == &under_way)
            return i;
    return BLK_SLOTS;
}

static void is_given_up_with(const char *name, long result)
{
    heard(disk.port);
    is(under_way.result, result, "%s: the request ends with an error", name);
    ok(disk.dev.failed, "%s: the disk is given up", name);
    is(blkfront_submit(&disk, &under_way), -EIO,
       "%s: the disk takes no request any more", name);
    is(blkfront_close(&disk), result == -EBUSY ? -EBUSY : 0,
       "%s: closing tells whether memory is lost", name);
}

static void is_given_up(const char *name)
{
    is_given_up_with(name, -EIO);
}

static void try_honest_disk(void)
{
    unsigned int free;

    disk_anew();
    free = grants_free();
    begin_read();
    ok(grants_free() < free, "pages of a read are granted");
    answer(id_of_read(), BLKIF_OP_READ, BLKIF_RSP_OKAY);
    heard(disk.port);
    is(under_way.result, 0, "an honest answer ends a read");
    is(grants_free(), free, "pages of a read are taken back with its answer");
    begin_read();
    answer(id_of_read(), BLKIF_OP_READ, BLKIF_RSP_ERROR);
    heard(disk.port);
    is(under_way.result, -EIO,
       "a read that the backend answers with an error is -EIO");
    ok(disk.dev.online,
       "an answer with an error is no reason to give the disk up");
}

static void try_disk_again(void)
{
    begin_read();
    store_set("/b/state", "5");
    serve_all();
    ok(!strcmp(store_get("device/vbd/0/state"), "4") && disk.dev.online,
       "a backend that closes is connected to anew");
    is(under_way.result, BLK_PENDING,
       "a read stays under way when the disk is connected anew");
    answer(id_of_read(), BLKIF_OP_READ, BLKIF_RSP_OKAY);
    heard(disk.port);
    is(under_way.result, 0,
       "a read is asked for again when the disk is connected anew");
    blkfront_close(&disk);
}

static void try_disk_with_fewer_segments(void)
{
    static uint8_t pages[20 * PAGE_SIZE] __attribute__((aligned(4096)));
    const struct blkif_request *first, *second;

    disk_anew();
    under_way = (struct blk_request){.operation = BLKIF_OP_READ,
                                     .sector = 8,
                                     .nr_sectors = 20 * 8 - 1,
                                     .data = pages + BLK_SECTOR};
    is(blkfront_submit(&disk, &under_way), 0, "a read of 20 pages is begun");
    first = &disk.ring.sring->ring[0].req;
    second = &disk.ring.sring->ring[1].req;
    is(first->operation, BLKIF_OP_INDIRECT, "it is asked for indirectly");
    store_set("/b/feature-max-indirect-segments", "0");
    store_set("/b/state", "5");
    serve_all();
    ok(first->operation == BLKIF_OP_READ && first->nr_segments == 11 &&
           first->sector_number == 8 && first->seg[0].first_sect == 1,
       "a backend without indirect segments, connected to anew, gets the first "
       "11 pages of a long read alone");
    answer(id_of_read(), BLKIF_OP_READ, BLKIF_RSP_OKAY);
    heard(disk.port);
    is(under_way.result, BLK_PENDING,
       "a read of which a part was answered is under way");
    ok(second->operation == BLKIF_OP_READ && second->nr_segments == 9 &&
           second->sector_number == 8 + 11 * 8 - 1 &&
           second->seg[0].first_sect == 0 && second->seg[8].last_sect == 7,
       "the rest of a long read is asked for when its first part was answered");
    answer(id_of_read(), BLKIF_OP_READ, BLKIF_RSP_OKAY);
    heard(disk.port);
    is(under_way.result, 0, "a read ends with the answer to its last part");
    blkfront_close(&disk);
    store_set("/b/feature-max-indirect-segments", "1000");
}

static void try_disk_removed(void)
{
    disk_anew();
    begin_read();
    store_set("/b/online", "0");
    store_set("/b/state", "5");
    serve_all();
    is(under_way.result, -EIO, "a read of a disk that is removed fails");
    ok(!strcmp(store_get("device/vbd/0/state"), "6"),
       "a disk that is removed is closed");
    ok(!*store_get("error/device/vbd/0/error"),
       "a disk that is removed leaves no error in the store");
    blkfront_close(&disk);
    store_set("/b/online", "1");
}

/* Taken away while it is to be connected anew. */
static void try_disk_removed_between(void)
{
    disk_anew();
    begin_read();
    store_backend(NULL, NULL);
    store_set("/b/state", "6");
    serve_all();
    is(under_way.result, BLK_PENDING,
       "a read waits for a backend that has closed and is to come again");
    store_set("/b/online", "0");
    store_set("/b/state", "6");
    serve_all();
    is(under_way.result, -EIO, "it fails when the disk is removed meanwhile");
    store_backend("device/vbd/0/state", "/b/state");
    blkfront_close(&disk);
    store_set("/b/online", "1");
}

static void try_restless_backend(void)
{
    uint64_t before = system_time();
    unsigned int again = 0;

    disk_anew();
    store_be_restless(true);
    store_set("/b/state", "4");
    while (again <= 10 && system_time() < before + 10 * SECOND_NS) {
        events_serve(0);
        again += store_be_restless(true);
    }
    ok(disk.dev.online,
       "a backend that never rests leaves the program its turn");
    ok(again > 10, "it did not rest meanwhile");
    store_be_restless(false);
    blkfront_close(&disk);
}

/* What it works with is its ring. Ends the store. */
void try_disk_without_store(void)
{
    store_backend("device/vbd/0/state", "/b/state");
    disk_anew();
    begin_read();
    store_offer(0);
    store_play(OTHER_REQUEST);
    store_set("/b/state", "4");
    serve_all();
    ok(!xenbus_answers(), "a store that lies about a backend is given up");
    ok(disk.dev.online && under_way.result == BLK_PENDING,
       "a disk goes on without it");
    answer(id_of_read(), BLKIF_OP_READ, BLKIF_RSP_OKAY);
    heard(disk.port);
    is(under_way.result, 0, "its read ends as ever");
}

static volatile bool had_page;

static void note_page(void)
{
    had_page = disk.pages.ref[0] != GRANT_NONE;
}

/* A backend may hold them until then. */
static void try_disk_closed(void)
{
    disk_anew();
    begin_read();
    store_when_closed(note_page);
    blkfront_close(&disk);
    store_when_closed(NULL);
    ok(had_page, "pages of a disk are granted until it says that it is closed");
    is(under_way.result, -EIO, "a read that was under way fails then");
}

/* It says that it has closed, and goes on writing into the guest's memory. */
static void try_disk_again_with(const char *what, grant_ref_t ref, long result)
{
    void *va;
    grant_handle_t handle = map(ref, &va);

    store_set("/b/state", "5");
    serve_all();
    ok(disk.dev.failed, "a backend that has closed and holds %s is given up",
       what);
    is(under_way.result, result,
       "and a read of it ends with the error that tells whether its memory is "
       "held");
    unmap(handle, va);
    is(blkfront_close(&disk), -EBUSY, "and memory is lost");
}

static void try_disk_again_with_pages(void)
{
    disk_anew();
    begin_read();
    try_disk_again_with("a page of a read", disk.slot[id_of_read()].ref[0],
                        -EBUSY);
    disk_anew();
    begin_read();
    try_disk_again_with("the ring", disk.pages.ref[0], -EIO);
}

static void try_disk(void)
{
    uint64_t id;
    void *va;
    grant_handle_t handle;

    disk_anew();
    begin_read();
    answer(BLK_SLOTS, BLKIF_OP_READ, 0);
    is_given_up("an id that no request can have");
    disk_anew();
    begin_read();
    answer(id_of_read() + 1, BLKIF_OP_READ, 0);
    is_given_up("an id that no request has");
    disk_anew();
    begin_read();
    answer(id_of_read(), BLKIF_OP_WRITE, 0);
    is_given_up("another operation");
    disk_anew();
    begin_read();
    answer(id_of_read(), BLKIF_OP_READ, 1);
    is_given_up("a status that does not exist");
    disk_anew();
    begin_read();
    disk.ring.sring->rsp_prod += 2;
    is_given_up("more responses than requests");

    disk_anew();
    begin_read();
    id = id_of_read();
    handle = map(disk.slot[id].ref[0], &va);
    answer(id, BLKIF_OP_READ, 0);
    is_given_up_with("a page that is not given back", -EBUSY);
    unmap(handle, va);

    disk_anew();
    begin_read();
    id = id_of_read();
    answer(id, BLKIF_OP_READ, 0);
    heard(disk.port);
    is(under_way.result, 0, "the first of two answers to a request counts");
    answer(id, BLKIF_OP_READ, 0);
    heard(disk.port);
    ok(disk.dev.failed, "a second answer to the same request is refused");
    blkfront_close(&disk);
}

/* Until the end, by a backend that does not answer. */
static void try_disk_closed_with_page(void)
{
    grant_handle_t handle;
    void *va;

    disk_anew();
    begin_read();
    handle = map(disk.slot[id_of_read()].ref[0], &va);
    is(blkfront_close(&disk), -EBUSY,
       "a disk is closed whose backend holds a page of a read");
    is(under_way.result, -EBUSY, "which the read tells, too");
    unmap(handle, va);
}

static void try_disk_drained(void)
{
    uint64_t before = system_time();

    disk_anew();
    begin_read();
    answer(id_of_read(), BLKIF_OP_READ, BLKIF_RSP_OKAY);
    xenbus_suspend(before + SECOND_NS);
    is(under_way.result, 0,
       "a read that was answered ends before the guest is suspended");
    begin_read();
    before = system_time();
    xenbus_suspend(before + SECOND_NS / 10);
    is(under_way.result, BLK_PENDING,
       "a read that is not answered is waited for, and goes on");
    ok(system_time() - before >= SECOND_NS / 10 &&
           system_time() - before < SECOND_NS,
       "it is waited for until the time that was given");
    answer(id_of_read(), BLKIF_OP_READ, BLKIF_RSP_OKAY);
    heard(disk.port);
    is(under_way.result, 0, "it ends when the guest has not been suspended");
    blkfront_close(&disk);
}

static void try_wrong_properties(void)
{
    store_set("/b/state", "2");
    store_set("/b/sectors", "none");
    is(blkfront_open(&disk, 0, NULL), -EIO,
       "a disk that does not tell its size is given up");
    store_set("/b/sectors", "1000");
    store_set("/b/state", "2");
    store_set("/b/sector-size", "3000000");
    is(blkfront_open(&disk, 0, NULL), -EIO,
       "a disk with sectors above a page is given up");
    store_set("/b/sector-size", "512");
}

void try_disks(void)
{
    make_device("vbd");
    try_honest_disk();
    try_disk_again();
    try_disk_with_fewer_segments();
    try_disk_removed();
    try_disk_removed_between();
    try_restless_backend();
    try_disk_closed();
    try_disk_again_with_pages();
    try_disk();
    try_disk_closed_with_page();
    try_disk_drained();
    try_wrong_properties();
}
