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
#define FIRST_REF (FAKE_FIRST_REF + BLOCK_MAX_QUEUES)
#define RING_REF  FAKE_FIRST_REF
#define MAX_LIVE  32

struct block_world w = {
    .max_pages = BLOCK_MAX_SEGMENTS, .nr_queues = 1, .send_to = -1};

const struct other_medium *world_other_medium;
static struct storage disk;

/* --- the medium --- */

static struct storage_io *pending[256];
static const struct block_job *in_barrier[BLOCK_MAX_QUEUES];
static unsigned int flushes; /* done so far */

static int carry_out(struct storage_io *io);

static unsigned int queue_of(const struct storage_io *io)
{
    return container_of(io, struct block_job, io)->queue - w.q;
}

static unsigned int pending_of(unsigned int queue)
{
    unsigned int n = 0;

    for (unsigned int i = 0; i < w.nr_pending; i++)
        n += queue_of(pending[i]) == queue;
    return n;
}

static void queue_here(struct storage_io *io)
{
    const struct block_job **barred = &in_barrier[queue_of(io)];
    bool barrier_write =
        io->op == STORAGE_WRITE && io->offset / 512 >= BARRIER_AREA;

    if (w.lies || (*barred && (*barred)->stage == BLOCK_FREE))
        *barred = NULL; /* its answer may come later */
    if (w.lies) {
        ;
    } else if (barrier_write) {
        assert_int_equal(pending_of(queue_of(io)), 0);
        *barred = container_of(io, struct block_job, io);
    } else if (*barred) {
        assert_int_equal(io->op, STORAGE_FLUSH);
    }
    assert_true(w.nr_pending < 256);
    if (w.in_memory)
        io->result = carry_out(io);
    pending[w.nr_pending] = io;
    __asm__ __volatile__("" ::: "memory"); /* it may be the last store */
    w.nr_pending++;
}

void storage_queue(struct storage *s, struct storage_io *io)
{
    if (s != &disk)
        world_other_medium->queue(io);
    else
        queue_here(io);
}

/* The kernel may be short of memory. */
bool storage_kick(struct storage *s)
{
    if (s != &disk)
        return true;
    if (w.nr_taken < w.nr_pending && rand() % 4 == 0)
        return false;
    w.nr_taken = w.nr_pending;
    return true;
}

/* Between the medium and the caller's memory, which may be in pieces. */
static void move(const struct storage_io *io, uint64_t n)
{
    const struct iovec whole = {io->data, n}, *v = io->nr ? io->iov : &whole;
    uint8_t *at = w.medium + io->offset;

    w.in_place += io->nr > 0;
    for (size_t part; n; n -= part, at += part, v++) {
        part = v->iov_len < n ? v->iov_len : n;
        if (io->op == STORAGE_READ)
            memcpy(v->iov_base, at, part);
        else
            memcpy(at, v->iov_base, part);
    }
}

static int carry_out(struct storage_io *io)
{
    uint64_t n = io->len;

    if (w.errors_on && rand() % 50 == 0)
        return -EIO;
    if (w.often_full && io->op == STORAGE_WRITE && rand() % 4 == 0)
        return rand() % 2 ? -ENOSPC : -EDQUOT;
    w.moved += io->len;
    if (io->op == STORAGE_FLUSH) {
        flushes++;
        if (w.flush_fails) {
            w.flush_fails = false;
            w.data_lost = true;
            return -EIO;
        }
        return 0;
    }
    assert_true(io->offset + io->len <= sizeof(w.medium));
    if (io->op == STORAGE_DISCARD) {
        memset(w.medium + io->offset, 0, n);
        return 0;
    }
    if (n > 512 && rand() % 4 == 0)
        n = (rand() % (n / 512) + 1) * 512;
    move(io, n);
    return n;
}

struct storage_io *storage_next_done(struct storage *s)
{
    struct storage_io *io;
    unsigned int i;

    if (s != &disk)
        return world_other_medium->next_done();
    if (!w.nr_taken || w.hung || rand() % 3 == 0)
        return NULL;
    i = rand() % w.nr_taken;
    io = pending[i];
    pending[i] = pending[--w.nr_taken];
    pending[w.nr_taken] = pending[w.nr_pending - 1];
    __asm__ __volatile__("" ::: "memory");
    w.nr_pending--;
    if (!w.in_memory)
        io->result = carry_out(io);
    return io;
}

/* --- the frontend --------------------------------------------------------- */

static struct live {
    bool used, bad, barrier;
    uint8_t operation; /* as it will be answered */
    uint64_t sector;
    unsigned int queue;
    unsigned int flushes; /* done when it was sent */
    unsigned int sectors, first_page, pages_held;
} live[MAX_LIVE];
static bool notified[BLOCK_MAX_QUEUES];
static uint32_t req_prod[BLOCK_MAX_QUEUES], rsp_cons[BLOCK_MAX_QUEUES];
static bool sector_busy[SECTORS], page_busy[PAGES];

static struct event_loop loop;
static struct grants grants = {.domid = 1};

static void on_broken(struct block_share *s, const char *why)
{
    if (!w.lies)
        fail_msg("%s", why);
    w.broken++;
}

static void on_quiet(struct block_share *s)
{
    assert_false(block_share_busy(s));
    w.quiet++;
}

static void on_wait(struct block_share *s, int err)
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

static void *slot(unsigned int queue, uint32_t index)
{
    return (uint8_t *)w.ring_page[queue] + 64 + (index % 32) * BLOCK_RING_ENTRY;
}

static void *next_slot(const struct live *l)
{
    return slot(l->queue, req_prod[l->queue]);
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

    unsigned int extra;
    int sector, page;
    union block_ring_entry e;

    if (w.pages) {
        indirect = true;
        pages = w.pages;
    } else if (pages > w.max_pages)
        pages = 1 + rand() % w.max_pages;
    extra = indirect;
    memset(&e, 0, sizeof(e));
    l->barrier = write && !indirect && rand() % 8 == 0;
    if (l->barrier) {
        pages = 1 + rand() % 2; /* each queue has its own place */
        sector = BARRIER_AREA + l->queue * 24 + rand() % 2 * 8;
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
    memcpy(next_slot(l), &e, sizeof(e));
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
    memcpy(next_slot(l), &e, sizeof(e));
    return true;
}

/* The backend hears of it if it asked to. */
static void publish_requests(unsigned int queue)
{
    uint32_t *ring = w.ring_page[queue], new = req_prod[queue];

    if (new - ring[1] < new - ring[0])
        notified[queue] = true;
    ring[0] = new;
}

static bool ring_full(unsigned int queue)
{
    return req_prod[queue] - rsp_cons[queue] == 32;
}

void world_send_some(void)
{
    unsigned int n = rand() % 8;

    while (n--) {
        unsigned int id = 0, queue = rand() % w.nr_queues;

        if (w.send_to >= 0)
            queue = w.send_to;

        while (id < MAX_LIVE && live[id].used)
            id++;
        if (id == MAX_LIVE || ring_full(queue))
            break; /* or an answer that never was */
        live[id].queue = queue;
        if (!(rand() % 5 ? send_transfer(id) : send_other(id)))
            continue;
        live[id].used = true;
        live[id].flushes = flushes;
        req_prod[queue]++;
    }
    for (unsigned int i = 0; i < w.nr_queues; i++)
        publish_requests(i);
}

static void release(struct live *l)
{
    memset(&sector_busy[l->sector], false, l->sectors);
    memset(&page_busy[l->first_page], false, l->pages_held);
    l->used = false;
}

static bool may_fail(const struct live *l)
{
    bool flushes_too = l->barrier || l->operation == BLKIF_OP_FLUSH_DISKCACHE;

    if (w.often_full && w.s.on_error == BLOCK_REPORT)
        return true;
    return w.data_lost ||
           (w.errors_on && (w.s.on_error != BLOCK_STOP || flushes_too));
}

static void note_padding(const blkif_response_t *r)
{
    blkif_response_t plain;

    memset(&plain, 0, sizeof(plain));
    plain.id = r->id;
    plain.operation = r->operation;
    plain.status = r->status;
    w.padded += !!memcmp(&plain, r, sizeof(plain));
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
        in_barrier[l->queue] = NULL;
    }
    if (r->status != BLKIF_RSP_OKAY) {
        assert_true(l->bad || may_fail(l));
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

static void take_answers(unsigned int queue)
{
    uint32_t answers = w.ring_page[queue][2] - rsp_cons[queue];

    if (w.lies && answers > 32) /* the ring was spoiled, too */
        rsp_cons[queue] += answers;
    while (rsp_cons[queue] != w.ring_page[queue][2]) {
        blkif_response_t r;

        memcpy(&r, slot(queue, rsp_cons[queue]), sizeof(r));
        rsp_cons[queue]++;
        note_padding(&r);
        if (!w.lies)
            assert_int_equal(live[r.id % MAX_LIVE].queue, queue);
        check_answer(&r);
    }
}

void world_take_answers(void)
{
    for (unsigned int i = 0; i < w.nr_queues; i++)
        take_answers(i);
}

static int connect_queues(bool resume)
{
    int rc = 0;

    disk.wait_fd = eventfd(0, 0);
    disk.in_memory = w.in_memory;
    for (unsigned int i = 0; !rc && i < w.nr_queues; i++) {
        struct block_ring_refs refs = {
            .ref = {RING_REF + i}, 1, 5 + i, w.persistent};

        rc = block_queue_connect(&w.q[i], &w.s, NULL, &refs, resume);
    }
    if (rc)
        block_share_disconnect(&w.s);
    return rc;
}

void world_connect(void)
{
    static const uint32_t new_ring[] = {0, 1, 0, 1}; /* with its event fields */

    for (int i = 0; i < BLOCK_MAX_QUEUES; i++)
        memcpy(memset(w.ring_page[i], 0, 4096), new_ring, sizeof(new_ring));
    memset(live, 0, sizeof(live));
    memset(sector_busy, 0, sizeof(sector_busy));
    memset(page_busy, 0, sizeof(page_busy));
    memset(req_prod, 0, sizeof(req_prod));
    memset(rsp_cons, 0, sizeof(rsp_cons));
    memset(notified, 0, sizeof(notified));
    memset(in_barrier, 0, sizeof(in_barrier));
    memcpy(w.model, w.medium, sizeof(w.model));
    assert_int_equal(connect_queues(false), 0);
}

static void medium_finishes(void)
{
    unsigned int quiet = w.quiet;

    for (int i = 0; block_share_busy(&w.s); i++) {
        assert_true(i < 10000);
        assert_int_equal(w.quiet, quiet);
        if (w.nr_taken)
            w.s.completions.ready(&w.s.completions, 0);
        else
            w.s.kick.fire(&w.s.kick);
    }
    assert_in_range(w.quiet - quiet, 0, 1);
}

void world_disconnect(void)
{
    block_share_disconnect(&w.s);
    assert_int_equal(fake_mapped, 0);
    medium_finishes();
    close(disk.wait_fd);
    assert_false(w.s.kick.armed || w.s.completions.added);
    for (unsigned int i = 0; i < BLOCK_MAX_QUEUES; i++)
        assert_int_equal(w.q[i].used, 0);
    assert_false(w.s.again.armed || w.s.shrink.armed || w.s.pool.grown);
    for (unsigned int i = 0; i < POOL_PAGES; i++)
        assert_false(w.s.pool.used[i]);
}

static bool works(unsigned int queue)
{
    struct block_queue *q = &w.q[queue];

    if (!q->work.queued)
        return false;
    event_work_cancel(&loop, &q->work);
    q->work.run(&q->work);
    return true;
}

static void deliver_event(unsigned int queue)
{
    if (!notified[queue] || w.q[queue].port_masked)
        return;
    notified[queue] = false;
    w.q[queue].port.event(&w.q[queue].port);
}

void world_backend_turn(void)
{
    struct block_share *s = &w.s;
    unsigned int queue = rand() % w.nr_queues;

    /* Nothing else need happen that makes the backend look again. */
    assert_true(w.nr_taken == w.nr_pending || s->kick.armed || loop.work);
    if (s->again.armed && rand() % 8 == 0) {
        event_timer_cancel(&loop, &s->again);
        s->again.fire(&s->again);
    } else if (s->kick.armed && rand() % 2) {
        event_timer_cancel(&loop, &s->kick);
        s->kick.fire(&s->kick);
    } else if (works(queue)) {
        return;
    } else if (w.nr_pending) {
        s->completions.ready(&s->completions, 0);
    } else {
        deliver_event(queue);
    }
}

void world_turn(void)
{
    world_backend_turn();
    world_take_answers();
}

bool world_all_answered(void)
{
    return !memcmp(req_prod, rsp_cons, sizeof(req_prod));
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
    memset(w.q, 0, sizeof(w.q));
    w.s = (struct block_share){.loop = &loop,
                               .grants = &grants,
                               .disk = &disk,
                               .record = &w.record,
                               .broken = on_broken,
                               .waits = on_wait,
                               .quiet = on_quiet};
    return event_loop_init(&loop) || block_share_init(&w.s) ? -1 : 0;
}

int world_replace_backend(void)
{
    bool errors = w.errors_on;

    w.errors_on = false;
    while (w.nr_pending)
        if (rand() % 2 && !w.in_memory)
            carry_out(pending[--w.nr_pending]);
        else
            w.nr_pending--;
    w.errors_on = errors;
    w.nr_taken = 0;
    memset(in_barrier, 0, sizeof(in_barrier));
    w.waiting = false;
    munmap(w.s.pool.base, POOL_BYTES);
    for (unsigned int i = 0; i < BLOCK_MAX_QUEUES; i++)
        grant_batch_destroy(&w.q[i].batch);
    event_loop_destroy(&loop);
    close(disk.wait_fd);
    fake_mapped = 0;
    assert_int_equal(start_backend(), 0);
    return connect_queues(true);
}

int world_create(void)
{
    srand(8);
    fake_guest_create();
    for (unsigned int i = 0; i < BLOCK_MAX_QUEUES; i++)
        w.ring_page[i] = (uint32_t *)fake_page(RING_REF + i);
    log_setup("test", LOG_LVL_ERROR);
    disk.limits = (struct block_limits){
        .sectors = SECTORS, .sector_size = 512, .discard = true};
    return grants_open(&grants, 1) ? -1 : start_backend();
}
