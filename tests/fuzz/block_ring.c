/* SPDX-License-Identifier: MIT */
/*
 * The block backend's data path with a guest that writes anything into its
 * ring, its indirect pages and its data, by a thread of its own while the
 * backend looks, beside a guest that is none of that (block_world.h) and finds
 * its data unharmed. Each request is answered at most once, by the number that
 * it was made with, and none waits for ever; indices that cannot be end the
 * connection, with a reason.
 */
#include "../unit/block_world.h"

#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "meddler.h"

#define RING_REF  FAKE_FIRST_REF
#define DATA_REF  (FAKE_FIRST_REF + 1)
#define PAGES     40 /* of data and of indirect segments */
#define SLOTS     32
#define LIFE      3000 /* requests of a connection, about */
#define MAX_TURNS 20000

static const uint64_t seeds[] = {1, 2, 3, 4, 5, 6, 7, 8};

/* What the thread writes into. */
enum mode {
    PLACES, /* pages, and places and references of requests: numbers stay */
    SLOTS_ALL,
    INDICES, /* too */
};

static struct {
    enum mode mode;
    bool large; /* its requests */
    struct block_share share;
    struct block_queue q;
    struct block_record record;
    struct storage disk;
    struct event_loop loop;
    struct grants grants;
    uint32_t *ring; /* as the guest sees it */
    uint32_t req_prod, rsp_cons;
    bool absurd; /* are its indices now */
    bool down;   /* the connection has been ended, for this reason: */
    const char *why;
    uint64_t owed[SLOTS], next_id; /* numbers of requests; 0: none */
    struct storage_io *pending[BLOCK_INFLIGHT * 2];
    unsigned int nr_pending;
    unsigned long requests, answers, refused, ends;
} g = {.grants = {.domid = FAKE_OTHER_DOMAIN}};

/* --- its medium ----------------------------------------------------------- */

static void medium_queue(struct storage_io *io)
{
    uint8_t *data = io->data;

    assert_true(g.nr_pending < ARRAY_SIZE(g.pending));
    assert_true(io->offset + io->len <= SECTORS * 512 &&
                io->offset + io->len >= io->offset);
    if (io->op == STORAGE_READ || io->op == STORAGE_WRITE)
        assert_true(data >= g.share.pool.base &&
                    data + io->len <= g.share.pool.base + POOL_BYTES);
    g.pending[g.nr_pending++] = io;
}

static struct storage_io *medium_next_done(void)
{
    struct storage_io *io;
    unsigned int i;

    if (!g.nr_pending || fuzz_once_in(4))
        return NULL;
    i = fuzz_random() % g.nr_pending;
    io = g.pending[i];
    g.pending[i] = g.pending[--g.nr_pending];
    io->result = fuzz_once_in(40)   ? -EIO
                 : fuzz_once_in(40) ? -ENOSPC
                 : fuzz_once_in(10) ? (int)(io->len / 1024 * 512)
                                    : (int)io->len;
    return io;
}

static const struct other_medium medium = {medium_queue, medium_next_done};

/* --- the guest that lies -------------------------------------------------- */

static union block_ring_entry *slot(uint32_t i)
{
    return (union block_ring_entry *)((uint8_t *)g.ring + 64 +
                                      i % SLOTS * BLOCK_RING_ENTRY);
}

static uint32_t some_ref(void)
{
    return fuzz_once_in(30) ? fuzz_random() : DATA_REF + fuzz_random() % PAGES;
}

static struct blkif_request_segment some_segment(void)
{
    uint8_t first = fuzz_mostly_below(8);

    return (struct blkif_request_segment){
        .gref = some_ref(),
        .first_sect = first,
        .last_sect = fuzz_once_in(50)
                         ? fuzz_random()
                         : first + fuzz_random() % (8 - first % 8)};
}

static uint64_t some_sector(void)
{
    return fuzz_once_in(50) ? (uint64_t)fuzz_random() << fuzz_random() % 33
                            : fuzz_random() % SECTORS;
}

static void make_indirect(union block_ring_entry *e)
{
    uint32_t ref = DATA_REF + fuzz_random() % PAGES;
    struct blkif_request_segment *seg = (void *)fake_other_page(ref);
    unsigned int n = 1 + fuzz_random() % (fuzz_once_in(8) ? 200 : 16);

    if (g.large) /* many of these are more than there is memory for */
        n = BLOCK_MAX_SEGMENTS;
    for (unsigned int i = 0; i < n && i < BLOCK_MAX_SEGMENTS; i++)
        seg[i] = g.large ? (struct blkif_request_segment){ref, 0, 7}
                         : some_segment();
    e->indirect.operation = BLKIF_OP_INDIRECT;
    e->indirect.indirect_op = fuzz_mostly_below(2);
    e->indirect.nr_segments = n;
    e->indirect.sector_number = g.large ? 0 : some_sector();
    e->indirect.indirect_grefs[0] = fuzz_once_in(30) ? fuzz_random() : ref;
}

static void make_direct(union block_ring_entry *e)
{
    e->rw.operation = fuzz_mostly_below(4);
    e->rw.nr_segments = fuzz_once_in(50) ? fuzz_random() : fuzz_random() % 5;
    e->rw.sector_number = some_sector();
    for (unsigned int i = 0; i < 4; i++)
        e->rw.seg[i] = some_segment();
}

static void make_request(union block_ring_entry *e)
{
    uint32_t kind = fuzz_random() % 16;

    memset(e, 0, sizeof(*e));
    if (kind == 0)
        fuzz_fill(e, sizeof(*e));
    else if (kind == 1)
        e->discard =
            (blkif_request_discard_t){.operation = BLKIF_OP_DISCARD,
                                      .flag = fuzz_mostly_below(2),
                                      .sector_number = some_sector(),
                                      .nr_sectors = fuzz_mostly_below(64)};
    else if (kind < 5 || (g.large && kind < 12))
        make_indirect(e);
    else
        make_direct(e);
    e->rw.id = ++g.next_id; /* at this place in each kind */
}

static bool room(void)
{
    return g.req_prod - g.rsp_cons < SLOTS;
}

static uint64_t *find_owed(uint64_t id)
{
    for (unsigned int i = 0; i < SLOTS; i++)
        if (g.owed[i] == id)
            return &g.owed[i];
    fail_msg("number %llu was not asked for", (unsigned long long)id);
    return NULL;
}

static void send_one(void)
{
    union block_ring_entry e;

    make_request(&e);
    memcpy(slot(g.req_prod++), &e, sizeof(e));
    if (g.mode == PLACES)
        *find_owed(0) = e.rw.id;
    g.requests++;
}

static void send_some(void)
{
    for (uint32_t n = fuzz_random() % 8; n-- && room();)
        send_one();
    g.ring[0] = g.req_prod;
}

static void take_answer(void)
{
    blkif_response_t r;

    memcpy(&r, slot(g.rsp_cons++), sizeof(r));
    g.answers++;
    g.refused += g.mode == PLACES && r.status != BLKIF_RSP_OKAY;
    if (g.mode == PLACES)
        *find_owed(r.id) = 0;
}

/* The ring's own number may be the thread's. */
static void take_answers(void)
{
    uint32_t published = g.mode == INDICES ? g.q.ring.rsp_prod : g.ring[2];

    assert_true(back_ring_unanswered(&g.q.ring) <= SLOTS);
    if (g.mode == INDICES && published - g.rsp_cons > g.req_prod - g.rsp_cons)
        g.req_prod = published; /* the thread has sent some, too */
    assert_true(published - g.rsp_cons <= g.req_prod - g.rsp_cons);
    while (g.rsp_cons != published)
        take_answer();
}

/* --- connecting ----------------------------------------------------------- */

static void disconnect(void)
{
    block_share_disconnect(&g.share);
    assert_int_equal(fake_other_mapped, 0);
    assert_false(g.share.again.armed || g.q.work.queued);
}

/* As the device does, at once. */
static void on_broken(struct block_share *s, const char *why)
{
    assert_true(why && *why);
    assert_true(g.absurd || g.mode == INDICES);
    g.why = why;
    g.down = true;
    g.ends++;
    disconnect();
}

static void on_wait(struct block_share *s, int err)
{
}

static void on_quiet(struct block_share *s)
{
}

/* What is at the medium ends, and then nothing is held. */
static void await_quiet(void)
{
    for (int i = 0; block_share_busy(&g.share); i++) {
        assert_true(i < MAX_TURNS);
        g.share.completions.ready(&g.share.completions, 0);
    }
    for (unsigned int i = 0; i < POOL_PAGES; i++)
        assert_false(g.share.pool.used[i]);
}

static void let_meddle(void)
{
    struct meddled areas[PAGES + SLOTS];
    unsigned int n = 0;

    for (; n < PAGES; n++)
        areas[n] = (struct meddled){fake_other_page(DATA_REF + n), 4096};
    for (uint32_t i = 0; g.mode == PLACES && i < SLOTS; i++)
        areas[n++] =
            (struct meddled){(uint8_t *)slot(i) + 16, BLOCK_RING_ENTRY - 16};
    if (g.mode == SLOTS_ALL)
        areas[n++] = (struct meddled){slot(0), SLOTS * BLOCK_RING_ENTRY};
    if (g.mode == INDICES)
        areas[n++] = (struct meddled){g.ring, 4096};
    meddle(areas, n);
}

static void connect_again(enum mode mode)
{
    const struct block_ring_refs refs = {
        .ref = {RING_REF}, .nr = 1, .port = 6, .persistent = fuzz_random() % 2};

    await_quiet();
    meddle(NULL, 0);
    memset(g.ring, 0, 4096);
    memset(g.owed, 0, sizeof(g.owed));
    g.req_prod = g.rsp_cons = 0;
    g.down = false;
    g.mode = mode;
    g.large = fuzz_once_in(16);
    fake_other_hidden = 0;
    assert_int_equal(block_queue_connect(&g.q, &g.share, NULL, &refs, false),
                     0);
    fake_other_hidden = RING_REF; /* or a read would write over the ring */
    let_meddle();
}

static void turn(void)
{
    struct block_queue *q = &g.q;
    struct event_timer *t = &g.share.again;

    if (t->armed && fuzz_once_in(4)) {
        event_timer_cancel(&g.loop, t);
        t->fire(t);
    } else if (q->work.queued) {
        event_work_cancel(&g.loop, &q->work);
        q->work.run(&q->work);
    } else if (g.nr_pending) {
        g.share.completions.ready(&g.share.completions, 0);
    } else {
        q->port.event(&q->port);
    }
    if (!g.down)
        take_answers();
}

/* The thread goes on meanwhile. */
static void all_is_answered(void)
{
    for (int i = 0; !g.down && g.mode != INDICES && g.req_prod != g.rsp_cons;
         i++) {
        assert_true(i < MAX_TURNS);
        turn();
    }
}

static void the_innocent_goes_on(void)
{
    world_send_some();
    for (int i = 0; i < 4; i++)
        world_turn();
}

static void absurd_index(void)
{
    meddle(NULL, 0);
    if (g.down)
        connect_again(PLACES);
    meddle(NULL, 0);
    g.why = NULL;
    g.ring[0] = g.q.ring.rsp_prod + SLOTS + 1 +
                (fuzz_once_in(2) ? fuzz_random() % 8 : fuzz_random() / 2);
    g.absurd = true;
    g.q.port.event(&g.q.port);
    assert_true(g.down && g.why);
    g.absurd = false;
}

/* Sooner or later something is sent or answered. */
static void goes_on(void)
{
    static unsigned long last, turns;

    turns = g.requests + g.answers == last ? turns + 1 : 0;
    last = g.requests + g.answers;
    assert_true(turns < MAX_TURNS);
}

static void live(enum mode mode)
{
    connect_again(mode);
    for (unsigned long end = g.requests + LIFE; g.requests < end && !g.down;) {
        send_some();
        turn();
        goes_on();
        if (fuzz_once_in(200))
            the_innocent_goes_on();
        if (mode == INDICES && fuzz_once_in(400))
            break;
    }
    all_is_answered();
    if (fuzz_once_in(2))
        absurd_index();
    else if (!g.down)
        disconnect();
}

static void a_guest_that_lies_harms_nobody_but_itself(void **state)
{
    unsigned long count = fuzz_count(300000) / ARRAY_SIZE(seeds), begun;

    world_connect();
    for (size_t i = 0; i < ARRAY_SIZE(seeds); i++) {
        fuzz_seed(seeds[i]);
        begun = g.requests;
        while (g.requests - begun < count)
            live(fuzz_random() % 8 ? PLACES + (fuzz_random() & 1) : INDICES);
    }
    meddle(NULL, 0);
    world_finish();
    world_disconnect();
    print_message("# %lu requests, %lu answers, %lu refusals, %lu connections "
                  "ended; the other guest: %u answers\n",
                  g.requests, g.answers, g.refused, g.ends, w.answered);
    assert_true(g.answers > g.requests / 2 && g.refused && g.ends);
    assert_true(w.answered > 100);
}

static int setup(void **state)
{
    if (world_create())
        return -1;
    world_other_medium = &medium;
    fake_other_guest_create();
    g.ring = (uint32_t *)fake_other_page(RING_REF);
    g.disk.limits = (struct block_limits){
        .sectors = SECTORS, .sector_size = 512, .discard = true};
    g.disk.wait_fd = eventfd(0, 0);
    g.share = (struct block_share){.loop = &g.loop,
                                   .grants = &g.grants,
                                   .disk = &g.disk,
                                   .record = &g.record,
                                   .broken = on_broken,
                                   .waits = on_wait,
                                   .quiet = on_quiet};
    if (event_loop_init(&g.loop) || grants_open(&g.grants, FAKE_OTHER_DOMAIN) ||
        block_share_init(&g.share))
        return -1;
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_guest_that_lies_harms_nobody_but_itself),
    };

    return cmocka_run_group_tests_name("fuzz block", tests, setup, NULL);
}
