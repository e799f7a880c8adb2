/* SPDX-License-Identifier: MIT */
/* See block_world.h. */
#include "block_world.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#define BARRIER_AREA                                                           \
    4000 /* sectors from here on: written by w.barriers only                   \
          */
#define PAGES     600
#define FIRST_REF (FAKE_FIRST_REF + 1)
#define RING_REF  FAKE_FIRST_REF
#define MAX_LIVE  32

struct block_world w = {.max_pages = BLOCK_MAX_SEGMENTS};

/* --- the medium --- */

static struct storage_io *pending[256];
static bool in_barrier;
static unsigned int flushes; /* done so far */

void storage_queue(struct storage *s, struct storage_io *io)
{
    bool barrier_write =
        io->op == STORAGE_WRITE && io->offset / 512 >= BARRIER_AREA;

    if (w.lies) {
        in_barrier = false;
    } else if (barrier_write) {
        assert_int_equal(w.nr_pending, 0);
        in_barrier = true;
    } else if (in_barrier) {
        assert_int_equal(io->op, STORAGE_FLUSH);
    }
    assert_true(w.nr_pending < 256);
    pending[w.nr_pending] = io;
    __asm__ __volatile__("" ::: "memory"); /* it may be the last store */
    w.nr_pending++;
}
/* The kernel may be short of memory. */
bool storage_kick(struct storage *s)
{
    if (w.nr_taken < w.nr_pending && rand() % 4 == 0)
        return false;
    w.nr_taken = w.nr_pending;
    return true;
}

static int carry_out(struct storage_io *io)
{
    uint64_t n = io->len;

    if (w.errors_on && rand() % 50 == 0)
        return -EIO;
    if (w.often_full && io->op == STORAGE_WRITE && rand() % 4 == 0)
        return rand() % 2 ? -ENOSPC : -EDQUOT;
    if (io->op == STORAGE_FLUSH) {
        flushes++;
        return 0;
    }
    assert_true(io->offset + io->len <= sizeof(w.medium));
    if (io->op == STORAGE_DISCARD) {
        memset(w.medium + io->offset, 0, n);
        return 0;
    }
    if (n > 512 && rand() % 4 == 0)
        n = (rand() % (n / 512) + 1) * 512;
    if (io->op == STORAGE_READ)
        memcpy(io->data, w.medium + io->offset, n);
    else
        memcpy(w.medium + io->offset, io->data, n);
    return n;
}

struct storage_io *storage_next_done(struct storage *s)
{
    struct storage_io *io;
    unsigned int i;

    if (!w.nr_taken || w.hung || rand() % 3 == 0)
        return NULL;
    i = rand() % w.nr_taken;
    io = pending[i];
    pending[i] = pending[--w.nr_taken];
    pending[w.nr_taken] = pending[w.nr_pending - 1];
    __asm__ __volatile__("" ::: "memory");
    w.nr_pending--;
    io->result = carry_out(io);
    return io;
}

/* --- the frontend --------------------------------------------------------- */

static struct live {
    bool used, bad, barrier;
    uint8_t operation; /* as it will be answered */
    uint64_t sector;
    unsigned int flushes; /* done when it was sent */
    unsigned int sectors, first_page, pages_held;
} live[MAX_LIVE];
static uint32_t req_prod, rsp_cons;
static bool sector_busy[SECTORS], page_busy[PAGES];

static struct event_loop loop;
static struct grants grants = {.domid = 1};
static struct storage disk;

static void on_broken(struct block_queue *queue, const char *why)
{
    if (!w.lies)
        fail_msg("%s", why);
    w.broken++;
}

static void on_quiet(struct block_queue *queue)
{
    assert_false(block_queue_busy(queue));
    w.quiet++;
}

static void on_wait(struct block_queue *queue, int err)
{
    assert_true(w.waiting == !err); /* begins and ends by turns */
    w.waiting = err;
    w.waits_begun += w.waiting;
}

/* n free in a row, or -1. */
static int find_free(const bool *busy, unsigned int size, unsigned int n)
{
    unsigned int at = rand() % size;

    for (unsigned int tries = 0; tries < 50; tries++, at = rand() % size) {
        unsigned int i = 0;

        while (i < n && at + i < size && !busy[at + i])
            i++;
        if (i == n)
            return at;
    }
    return -1;
}

static union block_ring_entry *next_slot(void)
{
    return (union block_ring_entry *)((uint8_t *)w.ring_page + 64 +
                                      (req_prod % 32) * BLOCK_RING_ENTRY);
}

static void fill_segments(struct blkif_request_segment *seg, unsigned int pages,
                          struct live *l)
{
    for (unsigned int i = 0; i < pages; i++)
        seg[i] = (struct blkif_request_segment){.gref = FIRST_REF +
                                                        l->first_page + i,
                                                .first_sect = 0,
                                                .last_sect = 7};
    if (l->bad)
        seg[rand() % pages].gref = FAKE_BAD_REF;
}

static void fill_data(uint8_t *to, unsigned int pages)
{
    static uint32_t x;

    for (unsigned int i = 0; i < pages * 4096; i += 4) {
        x = x * 1664525 + 1013904223;
        memcpy(to + i, &x, 4);
    }
}

/* A read or write of some pages; large ones indirect. */
static bool send_transfer(unsigned int id)
{
    struct live *l = &live[id];
    bool indirect = rand() % 4 == 0, write = rand() % 2;
    unsigned int pages =
        1 + rand() % (indirect ? (rand() % 4 ? 40 : BLOCK_MAX_SEGMENTS) : 11);

    unsigned int extra = indirect ? 1 : 0;
    int sector, page;
    union block_ring_entry e;

    if (pages > w.max_pages)
        pages = 1 + rand() % w.max_pages;
    memset(&e, 0, sizeof(e));
    l->barrier = write && !indirect && rand() % 8 == 0;
    if (l->barrier) {
        pages = 1 + rand() % 4;
        sector = BARRIER_AREA + rand() % 8 * 8;
    } else {
        sector = find_free(sector_busy, BARRIER_AREA, pages * 8);
    }
    page = find_free(page_busy, PAGES, pages + extra);
    if (sector < 0 || page < 0)
        return false;
    l->bad = rand() % 20 == 0;
    l->sector = sector;
    l->sectors = pages * 8;
    l->first_page = page;
    l->pages_held = pages + extra;
    l->operation = write ? BLKIF_OP_WRITE : BLKIF_OP_READ;
    if (l->barrier)
        l->operation = BLKIF_OP_WRITE_BARRIER;
    if (indirect) {
        e.indirect.operation = BLKIF_OP_INDIRECT;
        e.indirect.indirect_op = l->operation;
        e.indirect.nr_segments = pages;
        e.indirect.id = id;
        e.indirect.sector_number = sector;
        e.indirect.indirect_grefs[0] = FIRST_REF + page + pages;
        fill_segments((void *)fake_page(FIRST_REF + page + pages), pages, l);
    } else {
        e.rw.operation = l->operation;
        e.rw.nr_segments = pages;
        e.rw.id = id;
        e.rw.sector_number = sector;
        fill_segments(e.rw.seg, pages, l);
    }
    if (write)
        fill_data(fake_page(FIRST_REF + page), pages);
    memset(&sector_busy[sector], true, l->sectors);
    memset(&page_busy[page], true, pages + extra);
    memcpy(next_slot(), &e, sizeof(e));
    return true;
}

static bool send_other(unsigned int id)
{
    struct live *l = &live[id];
    union block_ring_entry e;
    int sector = find_free(sector_busy, BARRIER_AREA, 64);

    memset(&e, 0, sizeof(e));
    l->sectors = l->pages_held = 0;
    l->bad = l->barrier = false;
    l->operation = BLKIF_OP_FLUSH_DISKCACHE;
    e.rw.id = id;
    if (rand() % 2 && sector >= 0) {
        l->operation = BLKIF_OP_DISCARD;
        l->sector = e.discard.sector_number = sector;
        l->sectors = e.discard.nr_sectors = 64;
        e.discard.id = id;
        memset(&sector_busy[sector], true, 64);
    }
    e.rw.operation = l->operation;
    memcpy(next_slot(), &e, sizeof(e));
    return true;
}

void world_send_some(void)
{
    unsigned int n = rand() % 8;

    while (n-- && req_prod - rsp_cons < MAX_LIVE) {
        unsigned int id = 0;

        while (id < MAX_LIVE && live[id].used)
            id++;
        if (id == MAX_LIVE)
            break; /* an answer that never was */
        if (!(rand() % 5 ? send_transfer(id) : send_other(id)))
            continue;
        live[id].used = true;
        live[id].flushes = flushes;
        req_prod++;
    }
    w.ring_page[0] = req_prod;
}

static void release(struct live *l)
{
    memset(&sector_busy[l->sector], false, l->sectors);
    memset(&page_busy[l->first_page], false, l->pages_held);
    l->used = false;
}

static void check_answer(const blkif_response_t *r)
{
    struct live *l = &live[r->id % MAX_LIVE];
    uint8_t *data = fake_page(FIRST_REF + l->first_page);
    uint8_t *place = w.model + l->sector * 512;

    if (w.lies) {
        l->used = false;
        return;
    }
    assert_true(r->id < MAX_LIVE && l->used);
    assert_int_equal(r->operation, l->operation);
    w.answered++;
    if (l->barrier) {
        w.barriers++;
        in_barrier = false;
    }
    if (r->status != BLKIF_RSP_OKAY) {
        assert_true(l->bad || w.errors_on);
        w.failed++;
        memcpy(place, w.medium + l->sector * 512, l->sectors * 512);
    } else if (l->operation == BLKIF_OP_FLUSH_DISKCACHE) {
        assert_true(flushes > l->flushes);
    } else if (l->operation == BLKIF_OP_READ) {
        assert_false(l->bad);
        assert_memory_equal(data, place, l->sectors * 512);
    } else if (l->operation == BLKIF_OP_DISCARD) {
        memset(place, 0, l->sectors * 512);
    } else if (l->sectors) {
        assert_false(l->bad);
        memcpy(place, data, l->sectors * 512);
        assert_memory_equal(w.medium + l->sector * 512, place,
                            l->sectors * 512);
    }
    release(l);
}

void world_take_answers(void)
{
    while (rsp_cons != w.ring_page[2]) {
        blkif_response_t r;

        memcpy(&r,
               (uint8_t *)w.ring_page + 64 + (rsp_cons % 32) * BLOCK_RING_ENTRY,
               sizeof(r));
        rsp_cons++;
        check_answer(&r);
    }
}

static int connect_queue(bool resume)
{
    const uint32_t ref = RING_REF;

    disk.ring.ring_fd = eventfd(0, 0);
    return block_queue_connect(&w.q, NULL, &ref, 1, 5, w.persistent, resume);
}

void world_connect(void)
{
    memset(w.ring_page, 0, 4096);
    memset(live, 0, sizeof(live));
    memset(sector_busy, 0, sizeof(sector_busy));
    memset(page_busy, 0, sizeof(page_busy));
    req_prod = rsp_cons = 0;
    in_barrier = false;
    memcpy(w.model, w.medium, sizeof(w.model));
    assert_int_equal(connect_queue(false), 0);
}

static void medium_finishes(void)
{
    unsigned int quiet = w.quiet;

    for (int i = 0; block_queue_busy(&w.q); i++) {
        assert_true(i < 10000);
        assert_int_equal(w.quiet, quiet);
        if (w.nr_taken)
            w.q.completions.ready(&w.q.completions, 0);
        else
            w.q.kick.fire(&w.q.kick);
    }
    assert_in_range(w.quiet - quiet, 0, 1);
}

void world_disconnect(void)
{
    block_queue_disconnect(&w.q);
    assert_int_equal(fake_mapped, 0);
    medium_finishes();
    close(disk.ring.ring_fd);
    assert_false(w.q.kick.armed || w.q.completions.added);
    assert_int_equal(w.q.used, 0);
    assert_false(w.q.again.armed);
    for (unsigned int i = 0; i < POOL_PAGES; i++)
        assert_false(w.q.pool.used[i]);
}

void world_backend_turn(void)
{
    struct block_queue *q = &w.q;

    /* Nothing else need happen that makes the backend look again. */
    assert_true(w.nr_taken == w.nr_pending || q->kick.armed);
    if (q->again.armed && rand() % 8 == 0) {
        event_timer_cancel(&loop, &q->again);
        q->again.fire(&q->again);
    } else if (q->kick.armed && rand() % 2) {
        event_timer_cancel(&loop, &q->kick);
        q->kick.fire(&q->kick);
    } else if (q->work.queued) {
        event_work_cancel(&loop, &q->work);
        q->work.run(&q->work);
    } else if (w.nr_pending) {
        q->completions.ready(&q->completions, 0);
    } else {
        q->port.event(&q->port);
    }
}

void world_turn(void)
{
    world_backend_turn();
    world_take_answers();
}

bool world_all_answered(void)
{
    return req_prod == rsp_cons;
}

void world_finish(void)
{
    for (int i = 0; !world_all_answered(); i++) {
        world_turn();
        assert_true(i < 10000); /* everything is answered in the end */
    }
    assert_memory_equal(w.model, w.medium, sizeof(w.medium));
}

static int start_backend(void)
{
    if (event_loop_init(&loop) ||
        block_queue_init(&w.q, &loop, &grants, &disk, &w.record))
        return -1;
    w.q.broken = on_broken;
    w.q.waits = on_wait;
    w.q.quiet = on_quiet;
    return 0;
}

int world_replace_backend(void)
{
    bool errors = w.errors_on;

    w.errors_on = false;
    while (w.nr_pending)
        if (rand() % 2)
            carry_out(pending[--w.nr_pending]);
        else
            w.nr_pending--;
    w.errors_on = errors;
    w.nr_taken = 0;
    in_barrier = w.waiting = false;
    munmap(w.q.pool.base, POOL_BYTES);
    grant_batch_destroy(&w.q.batch);
    event_loop_destroy(&loop);
    close(disk.ring.ring_fd);
    fake_mapped = 0;
    assert_int_equal(start_backend(), 0);
    return connect_queue(true);
}

int world_create(void)
{
    srand(8);
    fake_guest_create();
    w.ring_page = (uint32_t *)fake_page(RING_REF);
    log_setup("test", LOG_LVL_ERROR);
    disk.limits = (struct block_limits){
        .sectors = SECTORS, .sector_size = 512, .discard = true};
    return grants_open(&grants, 1) ? -1 : start_backend();
}
