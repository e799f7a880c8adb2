/* SPDX-License-Identifier: MIT */
/*
 * The block backend's data path, whole, between a frontend and a medium that
 * are both played here: the medium finishes what it was given in any order, in
 * pieces, and sometimes with an error or for want of room; the frontend sends
 * every kind of request, with good and bad grants. Checked: each request is
 * answered once, data arrives unchanged, a barrier is alone on the medium, and
 * nothing stays mapped or allocated after a disconnect in the middle of it all.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <cmocka.h>

#include "../../backends/block/queue.h"
#include "fake_xen.h"

#define SECTORS      4096
#define BARRIER_AREA 4000 /* sectors from here on: written by barriers only */
#define PAGES        600
#define FIRST_REF    (FAKE_FIRST_REF + 1)
#define RING_REF     FAKE_FIRST_REF
#define MAX_LIVE     32

static uint8_t medium[SECTORS * 512], model[SECTORS * 512];
static uint32_t *ring_page;
static bool errors_on, often_full;

/* --- the medium --- */

static struct storage_io *pending[256];
static unsigned int nr_pending;
static bool in_barrier;

void storage_queue(struct storage *s, struct storage_io *io)
{
    bool barrier_write =
        io->op == STORAGE_WRITE && io->offset / 512 >= BARRIER_AREA;

    if (barrier_write) {
        assert_int_equal(nr_pending, 0);
        in_barrier = true;
    } else if (in_barrier) {
        assert_int_equal(io->op, STORAGE_FLUSH);
    }
    assert_true(nr_pending < 256);
    pending[nr_pending++] = io;
}
void storage_kick(struct storage *s)
{
}
void storage_drain(struct storage *s)
{
    nr_pending = 0;
}

static int carry_out(struct storage_io *io)
{
    uint64_t n = io->len;

    if (errors_on && rand() % 50 == 0)
        return -EIO;
    if (often_full && io->op == STORAGE_WRITE && rand() % 4 == 0)
        return rand() % 2 ? -ENOSPC : -EDQUOT;
    if (io->op == STORAGE_FLUSH)
        return 0;
    assert_true(io->offset + io->len <= sizeof(medium));
    if (io->op == STORAGE_DISCARD) {
        memset(medium + io->offset, 0, n);
        return 0;
    }
    if (n > 512 && rand() % 4 == 0)
        n = (rand() % (n / 512) + 1) * 512;
    if (io->op == STORAGE_READ)
        memcpy(io->data, medium + io->offset, n);
    else
        memcpy(medium + io->offset, io->data, n);
    return n;
}

struct storage_io *storage_next_done(struct storage *s)
{
    struct storage_io *io;
    unsigned int i;

    if (!nr_pending || rand() % 3 == 0)
        return NULL;
    i = rand() % nr_pending;
    io = pending[i];
    pending[i] = pending[--nr_pending];
    io->result = carry_out(io);
    return io;
}

/* --- the frontend --------------------------------------------------------- */

static struct live {
    bool used, bad, barrier;
    uint8_t operation; /* as it will be answered */
    uint64_t sector;
    unsigned int sectors, first_page, pages_held;
} live[MAX_LIVE];
static uint32_t req_prod, rsp_cons;
static bool sector_busy[SECTORS], page_busy[PAGES];
static unsigned int answered, failed, barriers;

static struct event_loop loop;
static struct grants grants = {.domid = 1};
static struct storage disk;
static struct block_queue q;

static void on_broken(struct block_queue *queue, const char *why)
{
    fail_msg("%s", why);
}

static unsigned int waits_begun;
static bool waiting;

static void on_wait(struct block_queue *queue, int err)
{
    assert_true(waiting == !err); /* begins and ends by turns */
    waiting = err;
    waits_begun += waiting;
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
    return (union block_ring_entry *)((uint8_t *)ring_page + 64 +
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

static void send_some(void)
{
    unsigned int n = rand() % 8;

    while (n-- && req_prod - rsp_cons < MAX_LIVE) {
        unsigned int id = 0;

        while (live[id].used)
            id++;
        if (!(rand() % 5 ? send_transfer(id) : send_other(id)))
            continue;
        live[id].used = true;
        req_prod++;
    }
    ring_page[0] = req_prod;
}

static void release(struct live *l)
{
    memset(&sector_busy[l->sector], false, l->sectors);
    memset(&page_busy[l->first_page], false, l->pages_held);
    l->used = false;
}

static void check_answer(const blkif_response_t *r)
{
    struct live *l = &live[r->id];
    uint8_t *data = fake_page(FIRST_REF + l->first_page);
    uint8_t *place = model + l->sector * 512;

    assert_true(r->id < MAX_LIVE && l->used);
    assert_int_equal(r->operation, l->operation);
    answered++;
    if (l->barrier) {
        barriers++;
        in_barrier = false;
    }
    if (r->status != BLKIF_RSP_OKAY) {
        assert_true(l->bad || errors_on);
        failed++;
        memcpy(place, medium + l->sector * 512, l->sectors * 512);
    } else if (l->operation == BLKIF_OP_READ) {
        assert_false(l->bad);
        assert_memory_equal(data, place, l->sectors * 512);
    } else if (l->operation == BLKIF_OP_DISCARD) {
        memset(place, 0, l->sectors * 512);
    } else if (l->sectors) {
        assert_false(l->bad);
        memcpy(place, data, l->sectors * 512);
        assert_memory_equal(medium + l->sector * 512, place, l->sectors * 512);
    }
    release(l);
}

static void take_answers(void)
{
    while (rsp_cons != ring_page[2]) {
        blkif_response_t r;

        memcpy(&r,
               (uint8_t *)ring_page + 64 + (rsp_cons % 32) * BLOCK_RING_ENTRY,
               sizeof(r));
        rsp_cons++;
        check_answer(&r);
    }
}

static void connect_queue(bool persistent)
{
    const uint32_t ref = RING_REF;

    memset(ring_page, 0, 4096);
    memset(live, 0, sizeof(live));
    memset(sector_busy, 0, sizeof(sector_busy));
    memset(page_busy, 0, sizeof(page_busy));
    req_prod = rsp_cons = 0;
    in_barrier = false;
    memcpy(model, medium, sizeof(model));
    disk.ring.ring_fd = eventfd(0, 0);
    assert_int_equal(block_queue_connect(&q, NULL, &ref, 1, 5, persistent), 0);
}

static void disconnect_queue(void)
{
    block_queue_disconnect(&q);
    assert_int_equal(fake_mapped, 0);
    assert_int_equal(q.used, 0);
    assert_false(q.again.armed);
    for (unsigned int i = 0; i < POOL_PAGES; i++)
        assert_false(q.pool.used[i]);
}

/* One turn of the event loop, as far as anything is due. */
static void turn(void)
{
    if (q.again.armed && rand() % 8 == 0) {
        event_timer_cancel(&loop, &q.again);
        q.again.fire(&q.again);
    } else if (q.work.queued) {
        event_work_cancel(&loop, &q.work);
        q.work.run(&q.work);
    } else if (nr_pending) {
        q.completions.ready(&q.completions, 0);
    } else {
        q.port.event(&q.port);
    }
    take_answers();
}

static void run(bool persistent, bool errors, int rounds)
{
    errors_on = errors;
    connect_queue(persistent);
    for (int i = 0; i < rounds; i++) {
        send_some();
        turn();
    }
    for (int i = 0; req_prod != rsp_cons; i++) {
        turn();
        assert_true(i < 10000); /* everything is answered in the end */
    }
    assert_memory_equal(model, medium, sizeof(medium));
    send_some();
    turn();
    disconnect_queue();
    assert_false(waiting);
}

static void a_guest_with_mapped_pages_reads_what_it_wrote(void **state)
{
    run(true, false, 6000);
}

static void a_guest_with_copied_pages_reads_what_it_wrote(void **state)
{
    run(false, false, 6000);
}

static void each_request_is_answered_when_the_medium_fails(void **state)
{
    for (int i = 0; i < 20; i++)
        run(i % 2, true, 200);
    assert_true(failed > 100);
}

static void writes_to_a_full_medium_wait_and_succeed(void **state)
{
    often_full = true;
    for (int i = 0; i < 20; i++)
        run(i % 2, false, 200);
    often_full = false;
    assert_true(waits_begun > 20);
}

static void the_runs_before_answered_thousands_and_barriers(void **state)
{
    assert_true(answered > 5000);
    assert_true(barriers > 100);
}

static int setup(void **state)
{
    srand(8);
    fake_guest_create();
    ring_page = (uint32_t *)fake_page(RING_REF);
    event_loop_init(&loop);
    log_setup("test", LOG_LVL_ERROR);
    if (grants_open(&grants, 1) || block_queue_init(&q, &loop, &grants, &disk))
        return -1;
    q.broken = on_broken;
    q.waits = on_wait;
    disk.limits = (struct block_limits){
        .sectors = SECTORS, .sector_size = 512, .discard = true};
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_guest_with_mapped_pages_reads_what_it_wrote),
        cmocka_unit_test(a_guest_with_copied_pages_reads_what_it_wrote),
        cmocka_unit_test(each_request_is_answered_when_the_medium_fails),
        cmocka_unit_test(writes_to_a_full_medium_wait_and_succeed),
        cmocka_unit_test(the_runs_before_answered_thousands_and_barriers),
    };

    return cmocka_run_group_tests_name("block queue", tests, setup, NULL);
}
