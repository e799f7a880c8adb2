/* SPDX-License-Identifier: MIT */
/*
 * frontends/blkfront.c, blk_ring.c and xenbus_device.c with a store, grants and
 * a backend that are played here: what becomes of requests whose pages a
 * backend does not let go, of requests that have to be cut, and of those that
 * are under way when the guest is suspended.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <pv/blkfront.h>

/* Its skip() is another one. */
#include <cmocka.h>

#define NR_REFS  4096
#define NR_PAGES 512
#define PORT     5
#define DRAIN_NS (5 * SECOND_NS)

static struct blkfront disk;
static char data[32 * PAGE_SIZE] __attribute__((aligned(4096)));
static uint64_t now;

uint64_t system_time(void)
{
    return now;
}

void *alloc_pages(unsigned int n)
{
    static char pages[NR_PAGES][PAGE_SIZE] __attribute__((aligned(4096)));
    static unsigned int used;

    /* Tests are many, and each begins with a device that has none. */
    if (used + n > NR_PAGES)
        used = 0;
    used += n;
    return pages[used - n];
}

void *alloc_page(void)
{
    return alloc_pages(1);
}

/* --- grants --------------------------------------------------------------- */

static bool granted[NR_REFS], held[NR_REFS];
static unsigned int last_ref, grants_left;
static bool takes_at_once; /* the backend maps what it is not told of yet */

grant_ref_t grant_page(domid_t domid, const void *page, bool readonly)
{
    if (!grants_left)
        return GRANT_NONE;
    grants_left--;
    last_ref = last_ref % (NR_REFS - 1) + 1;
    assert_false(granted[last_ref]);
    granted[last_ref] = true;
    held[last_ref] = takes_at_once;
    return last_ref;
}

bool grant_end(grant_ref_t ref)
{
    assert_true(ref && granted[ref]);
    if (held[ref])
        return false;
    granted[ref] = false;
    grants_left++;
    return true;
}

bool shared_pages_begin(struct shared_pages *s, domid_t domid, unsigned int nr)
{
    s->base = s->base ? s->base : alloc_pages(SHARED_PAGES_MAX);
    memset(s->base, 0, nr * PAGE_SIZE);
    s->nr = nr;
    for (unsigned int i = 0; i < nr; i++)
        s->ref[i] = grant_page(domid, s->base, false);
    return true;
}

bool shared_pages_end(struct shared_pages *s)
{
    bool all = true;

    for (unsigned int i = 0; i < s->nr; i++) {
        all = (!s->ref[i] || grant_end(s->ref[i])) && all;
        s->ref[i] = GRANT_NONE;
    }
    return all;
}

/* --- the store ------------------------------------------------------------ */

/* What the backend's directory has. */
static struct {
    uint64_t state, online, size, indirect;
} store;
static struct xenbus_watch *watch;
static unsigned int front_state;

uint64_t xenbus_number(const char *dir, const char *name, uint64_t otherwise)
{
    const struct {
        const char *name;
        uint64_t value;
    } nodes[] = {{"state", store.state},
                 {"online", store.online},
                 {"backend-id", 0},
                 {"sectors", 100000},
                 {"sector-size", store.size},
                 {"feature-flush-cache", 1},
                 {"feature-max-indirect-segments", store.indirect}};

    for (size_t i = 0; i < sizeof(nodes) / sizeof(nodes[0]); i++)
        if (!strcmp(nodes[i].name, name))
            return nodes[i].value;
    return otherwise;
}

bool xenbus_answers(void)
{
    return true;
}

long xenbus_open(void)
{
    return 0;
}

long xenbus_read(const struct xenbus_tx *tx, const char *path, char *value,
                 size_t size)
{
    return snprintf(value, size, "/backend");
}

long xenbus_printf(const struct xenbus_tx *tx, const char *dir,
                   const char *name, const char *format, ...)
{
    va_list ap;

    va_start(ap, format);
    if (!strcmp(name, "state"))
        front_state = va_arg(ap, unsigned int);
    va_end(ap);
    return 0;
}

long xenbus_rm(const struct xenbus_tx *tx, const char *path)
{
    return 0;
}

long xenbus_transaction(xenbus_tx_fn fn, void *arg)
{
    struct xenbus_tx tx = {0};

    return fn(&tx, arg);
}

long xenbus_watch(struct xenbus_watch *w)
{
    watch = w;
    return 0;
}

void xenbus_unwatch(struct xenbus_watch *w)
{
    watch = NULL;
}

/* The backend's state follows the frontend's. */
static void backend_follows(void)
{
    static const unsigned int answer[] = {
        [XenbusStateInitialising] = XenbusStateInitWait,
        [XenbusStateInitialised] = XenbusStateConnected,
        [XenbusStateConnected] = XenbusStateConnected,
        [XenbusStateClosing] = XenbusStateClosing,
        [XenbusStateClosed] = XenbusStateClosed,
    };

    for (unsigned int i = 0; i < 4; i++) {
        store.state = answer[front_state];
        watch->changed(watch);
    }
}

/* --- events --------------------------------------------------------------- */

static event_listener_t listener;
static bool pending;

static void answer(unsigned int nr, int status);
static unsigned int answers_in_time; /* while the disk is drained */
static uint64_t event_ns;            /* until an event without sense */

bool events_serve_until(bool (*done)(const void *arg), const void *arg,
                        uint64_t ns)
{
    backend_follows();
    if (!done(arg))
        now += ns;
    return done(arg);
}

uint32_t event_new_unbound(domid_t remote)
{
    return PORT;
}

void event_listen(uint32_t port, event_listener_t fn, void *arg)
{
    assert_ptr_equal(arg, &disk);
    listener = fn;
}

void event_end(uint32_t port)
{
    listener = NULL;
}

void event_send(uint32_t port)
{
}

void event_raise(uint32_t port)
{
    assert_int_equal(port, PORT);
    pending = true;
}

void event_clear(uint32_t port)
{
    pending = false;
}

bool wait_event(uint32_t port, uint64_t ns)
{
    assert_int_equal(port, PORT);
    assert_true(ns <= DRAIN_NS);
    if (answers_in_time) {
        answers_in_time--;
        answer(1, BLKIF_RSP_OKAY);
    } else {
        now += event_ns && event_ns < ns ? event_ns : ns;
    }
    return true;
}

/* --- the backend ---------------------------------------------------------- */

static RING_IDX taken;
static struct blkif_request last; /* that was answered */
static uint64_t sectors_asked;    /* by those that were answered */

static uint64_t sectors_of(const struct blkif_request *r)
{
    const struct blkif_request_segment *seg = r->seg;
    unsigned int nr = r->nr_segments;
    uint64_t sum = 0;

    if (r->operation == BLKIF_OP_INDIRECT) {
        nr = ((const struct blkif_request_indirect *)r)->nr_segments;
        seg = disk.indirect[disk.slot[r->id].indirect];
    }
    for (unsigned int i = 0; i < nr; i++) {
        assert_in_range(seg[i].last_sect, seg[i].first_sect, 7);
        sum += seg[i].last_sect - seg[i].first_sect + 1;
    }
    return sum;
}

static unsigned int asked(void)
{
    return disk.ring.sring->req_prod - taken;
}

static void answer(unsigned int nr, int status)
{
    struct blkif_sring *s = disk.ring.sring;

    for (; nr; nr--) {
        struct blkif_response *r =
            &s->ring[s->rsp_prod & (RING_SIZE(&disk.ring) - 1)].rsp;

        assert_true(asked());
        last = s->ring[taken++ & (RING_SIZE(&disk.ring) - 1)].req;
        sectors_asked += sectors_of(&last);
        *r = (struct blkif_response){.id = last.id, .status = status};
        r->operation = disk.slot[last.id].request->operation;
        s->rsp_prod++;
    }
}

static void answer_and_tell(unsigned int nr)
{
    answer(nr, BLKIF_RSP_OKAY);
    listener(&disk);
}

static void open_disk(unsigned int segments)
{
    struct blk_wishes wishes = {.segments = segments};

    memset(&disk, 0, sizeof(disk));
    memset(granted, 0, sizeof(granted));
    memset(held, 0, sizeof(held));
    grants_left = NR_REFS - 1;
    takes_at_once = pending = false;
    answers_in_time = 0;
    event_ns = taken = sectors_asked = 0;
    store.online = 1;
    store.size = BLK_SECTOR;
    store.indirect = 1000;
    assert_int_equal(blkfront_open(&disk, 51712, &wishes), 0);
}

/* The backend closes and comes again, and knows nothing of what was. */
static void connect_anew(void)
{
    store.state = XenbusStateClosing;
    taken = 0;
    watch->changed(watch);
    backend_follows();
    assert_true(disk.dev.online || disk.dev.failed);
}

static struct blk_request a_request(unsigned int operation, uint64_t sector,
                                    uint64_t nr_sectors, unsigned int place)
{
    return (struct blk_request){.operation = operation,
                                .sector = sector,
                                .nr_sectors = nr_sectors,
                                .data = data + place * BLK_SECTOR};
}

static void begin(struct blk_request *r, unsigned int operation,
                  uint64_t sector, uint64_t nr_sectors)
{
    *r = a_request(operation, sector, nr_sectors, 0);
    assert_int_equal(blkfront_submit(&disk, r), 0);
}

/* The backend keeps the first page of the request. */
static void hold(const struct blk_request *r)
{
    for (unsigned int i = 0; i < BLK_SLOTS; i++)
        if (disk.slot[i].request == r)
            held[disk.slot[i].ref[0]] = true;
}

/* --- pages that are held -------------------------------------------------- */

static void an_answered_request_whose_page_is_held_is_busy(void **state)
{
    struct blk_request first, second;

    open_disk(0);
    begin(&first, BLKIF_OP_READ, 0, 16);
    begin(&second, BLKIF_OP_READ, 0, 8);
    hold(&first);
    answer_and_tell(1);
    assert_true(disk.dev.failed);
    assert_int_equal(first.result, -EBUSY);
    assert_int_equal(second.result, -EIO);
    assert_int_equal(blkfront_close(&disk), -EBUSY);
}

static void a_request_whose_page_is_held_at_the_end_is_busy(void **state)
{
    struct blk_request first, second;

    open_disk(0);
    begin(&first, BLKIF_OP_WRITE, 0, 8);
    begin(&second, BLKIF_OP_WRITE, 8, 8);
    hold(&second);
    assert_int_equal(blkfront_close(&disk), -EBUSY);
    assert_int_equal(first.result, -EIO);
    assert_int_equal(second.result, -EBUSY);
}

static void a_request_whose_page_is_held_is_busy_when_connected_anew(void **s)
{
    struct blk_request r;

    open_disk(0);
    begin(&r, BLKIF_OP_READ, 0, 8);
    hold(&r);
    connect_anew();
    assert_true(disk.dev.failed);
    assert_int_equal(r.result, -EBUSY);
    assert_int_equal(blkfront_close(&disk), -EBUSY);
}

static void what_is_under_way_is_finished_before_the_end_is_told(void **state)
{
    struct blk_request r, late;

    open_disk(0);
    begin(&r, BLKIF_OP_READ, 0, 8);
    answers_in_time = 1;
    store.state = XenbusStateClosing;
    watch->changed(watch);
    assert_int_equal(front_state, XenbusStateClosed);
    assert_int_equal(r.result, 0);
    begin(&late, BLKIF_OP_READ, 8, 8); /* it is for the next connection */
    assert_int_equal(asked(), 0);
    taken = 0;
    backend_follows();
    assert_true(disk.dev.online);
    answer_and_tell(1);
    assert_int_equal(late.result, 0);
    assert_int_equal(blkfront_close(&disk), 0);
}

/* The second of two pages finds no grant. */
static void a_request_that_cannot_be_granted_tells_what_is_held(void **state)
{
    struct blk_request r;

    open_disk(0);
    grants_left = 1;
    begin(&r, BLKIF_OP_READ, 0, 16);
    assert_int_equal(r.result, -ENOMEM);
    assert_int_equal(grants_left, 1);
    takes_at_once = true;
    begin(&r, BLKIF_OP_READ, 0, 16);
    assert_int_equal(r.result, -EBUSY);
    assert_int_equal(asked(), 0);
    grants_left = NR_REFS;
    takes_at_once = false;
    assert_int_equal(blkfront_close(&disk), -EBUSY);
}

static void a_ring_that_is_held_is_no_request_that_is_busy(void **state)
{
    struct blk_request r;

    open_disk(0);
    begin(&r, BLKIF_OP_READ, 0, 8);
    held[disk.pages.ref[0]] = true;
    assert_int_equal(blkfront_close(&disk), -EBUSY);
    assert_int_equal(r.result, -EIO);
}

static void a_disk_that_lets_go_is_closed_without_an_error(void **state)
{
    struct blk_request r;

    open_disk(0);
    begin(&r, BLKIF_OP_READ, 0, 8);
    answer_and_tell(1);
    assert_int_equal(r.result, 0);
    assert_int_equal(blkfront_close(&disk), 0);
    assert_int_equal(blkfront_close(&disk), 0);
}

/* --- pieces --------------------------------------------------------------- */

/* Whatever the disk has become, each piece is whole sectors. */
static void cut(unsigned int segments, unsigned int size, unsigned int place,
                unsigned int first, unsigned int nr)
{
    unsigned int unit = size / BLK_SECTOR, answers = 0;
    struct blk_request r = a_request(BLKIF_OP_WRITE, first, nr, place);
    uint64_t before;

    open_disk(0);
    assert_int_equal(blkfront_submit(&disk, &r), 0);
    store.indirect = 0;
    store.size = size;
    disk.wishes.segments = segments;
    connect_anew();
    for (; r.result == BLK_PENDING; answers++) {
        before = sectors_asked;
        assert_true(answers < nr);
        answer_and_tell(1);
        assert_true(sectors_asked > before);
        assert_int_equal((sectors_asked - before) % unit, 0);
        assert_int_equal(last.sector_number, first + before);
        assert_int_equal(last.sector_number % unit, 0);
    }
    assert_true(r.result == -EINVAL || sectors_asked == nr);
    assert_true(r.result == 0 || unit > 1);
    blkfront_close(&disk);
}

static void no_piece_is_empty_or_has_a_part_of_a_sector(void **state)
{
    static const unsigned int most[] = {1, 2, 3, 11};

    for (unsigned int i = 0; i < 4; i++)
        for (unsigned int size = 512; size <= 4096; size *= 2)
            for (unsigned int place = 0; place < 8; place++)
                for (unsigned int nr = 1; nr <= 96; nr += nr < 18 ? 1 : 13) {
                    cut(most[i], size, place, 24, nr);
                    cut(most[i], size, place, 25, nr);
                }
}

/* One page at a time, of which only a part is left for a sector of 4 KiB. */
static void a_request_that_no_piece_fits_is_invalid(void **state)
{
    struct blk_request r = a_request(BLKIF_OP_READ, 8, 8, 1);

    open_disk(0);
    assert_int_equal(blkfront_submit(&disk, &r), 0);
    store.indirect = 0;
    store.size = 4096;
    disk.wishes.segments = 1;
    connect_anew();
    assert_int_equal(r.result, -EINVAL);
    assert_int_equal(asked(), 0);
    begin(&r, BLKIF_OP_FLUSH_DISKCACHE, 0, 0);
    assert_int_equal(asked(), 1);
    answer_and_tell(1);
    assert_int_equal(r.result, 0);
    assert_int_equal(blkfront_close(&disk), 0);
}

/* --- suspending ----------------------------------------------------------- */

static void suspend(void)
{
    watch->suspending(watch, now + DRAIN_NS);
}

/* In a new domain, with another backend. */
static void resume(void)
{
    memset(held, 0, sizeof(held));
    listener = NULL;
    pending = false;
    taken = 0;
    watch->resumed(watch);
    backend_follows();
    assert_true(disk.dev.online);
}

static void what_is_in_the_ring_is_answered_before(void **state)
{
    struct blk_request r[3];

    open_disk(0);
    for (unsigned int i = 0; i < 3; i++)
        begin(&r[i], BLKIF_OP_WRITE, 8 * i, 8);
    answer(1, BLKIF_RSP_OKAY); /* nobody has looked yet */
    answers_in_time = 2;
    suspend();
    for (unsigned int i = 0; i < 3; i++)
        assert_int_equal(r[i].result, 0);
    resume();
    assert_int_equal(asked(), 0);
    assert_int_equal(blkfront_close(&disk), 0);
}

static void what_waits_is_asked_for_afterwards(bool cancelled)
{
    static struct blk_request r[40];
    unsigned int slots, waiting;

    open_disk(0);
    slots = RING_SIZE(&disk.ring);
    waiting = 40 - slots;
    for (unsigned int i = 0; i < 40; i++)
        begin(&r[i], BLKIF_OP_WRITE, 8 * i, 8);
    assert_int_equal(asked(), slots);
    answers_in_time = 40;
    suspend();
    assert_int_equal(asked(), 0);
    assert_int_equal(answers_in_time, waiting);
    assert_true(pending);
    if (cancelled)
        listener(&disk);
    else
        resume();
    assert_int_equal(asked(), waiting);
    answer_and_tell(waiting);
    for (unsigned int i = 0; i < 40; i++)
        assert_int_equal(r[i].result, 0);
    assert_int_equal(sectors_asked, 40 * 8);
    assert_int_equal(blkfront_close(&disk), 0);
}

static void what_waits_is_asked_for_after_a_restore(void **state)
{
    what_waits_is_asked_for_afterwards(false);
}

static void what_waits_is_asked_for_if_the_guest_stays(void **state)
{
    what_waits_is_asked_for_afterwards(true);
}

/* A write of two pieces, of which the first is in the ring; and others that
 * wait, before it when its rest goes back into the line. */
static void begin_cut_write(struct blk_request *r, struct blk_request *others,
                            unsigned int nr)
{
    open_disk(0);
    begin(r, BLKIF_OP_WRITE, 80, 20 * 8);
    store.indirect = 0;
    connect_anew();
    assert_int_equal(asked(), 1);
    for (unsigned int i = 0; i < nr; i++)
        begin(&others[i], BLKIF_OP_READ, 0, 8);
}

static void a_write_that_has_begun_comes_to_its_end(void **state)
{
    static struct blk_request r, others[40];

    begin_cut_write(&r, others, 40);
    assert_int_equal(asked(), RING_SIZE(&disk.ring));
    answers_in_time = 100;
    suspend();
    assert_int_equal(r.result, 0);
    assert_int_equal(last.sector_number, 80 + 11 * 8);
    assert_int_equal(others[38].result, BLK_PENDING);
    assert_int_equal(others[39].result, BLK_PENDING);
    resume();
    answer_and_tell(asked());
    assert_int_equal(others[39].result, 0);
    assert_int_equal(sectors_asked, 20 * 8 + 40 * 8);
    assert_int_equal(blkfront_close(&disk), 0);
}

static void what_is_not_answered_is_asked_for_again(void **state)
{
    static struct blk_request r, other;
    uint64_t before;

    begin_cut_write(&r, &other, 1);
    answers_in_time = 1;
    before = now;
    suspend();
    assert_int_equal(now - before, DRAIN_NS);
    assert_int_equal(r.result, BLK_PENDING);
    assert_int_equal(other.result, BLK_PENDING);
    resume();
    assert_int_equal(asked(), 2);
    answer_and_tell(2);
    assert_int_equal(r.result, 0);
    assert_int_equal(other.result, 0);
    assert_int_equal(sectors_asked, 20 * 8 + 8);
    assert_int_equal(blkfront_close(&disk), 0);
}

/* An event each millisecond, and no answer. */
static void a_restless_backend_holds_nothing_up(void **state)
{
    uint64_t before = now;
    struct blk_request r;

    open_disk(0);
    begin(&r, BLKIF_OP_READ, 0, 8);
    event_ns = SECOND_NS / 1000;
    suspend();
    assert_int_equal(now - before, DRAIN_NS);
    answer_and_tell(1); /* the guest stays, and the answer is late */
    assert_int_equal(r.result, 0);
    assert_int_equal(blkfront_close(&disk), 0);
}

static void a_backend_that_lies_meanwhile_is_given_up(void **state)
{
    struct blk_request r;

    open_disk(0);
    begin(&r, BLKIF_OP_READ, 0, 8);
    hold(&r);
    answers_in_time = 1;
    suspend();
    assert_true(disk.dev.failed);
    assert_int_equal(r.result, -EBUSY);
    assert_false(pending);
    assert_int_equal(blkfront_close(&disk), -EBUSY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answered_request_whose_page_is_held_is_busy),
        cmocka_unit_test(a_request_whose_page_is_held_at_the_end_is_busy),
        cmocka_unit_test(
            a_request_whose_page_is_held_is_busy_when_connected_anew),
        cmocka_unit_test(what_is_under_way_is_finished_before_the_end_is_told),
        cmocka_unit_test(a_request_that_cannot_be_granted_tells_what_is_held),
        cmocka_unit_test(a_ring_that_is_held_is_no_request_that_is_busy),
        cmocka_unit_test(a_disk_that_lets_go_is_closed_without_an_error),
        cmocka_unit_test(no_piece_is_empty_or_has_a_part_of_a_sector),
        cmocka_unit_test(a_request_that_no_piece_fits_is_invalid),
        cmocka_unit_test(what_is_in_the_ring_is_answered_before),
        cmocka_unit_test(what_waits_is_asked_for_after_a_restore),
        cmocka_unit_test(what_waits_is_asked_for_if_the_guest_stays),
        cmocka_unit_test(a_write_that_has_begun_comes_to_its_end),
        cmocka_unit_test(what_is_not_answered_is_asked_for_again),
        cmocka_unit_test(a_restless_backend_holds_nothing_up),
        cmocka_unit_test(a_backend_that_lies_meanwhile_is_given_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
