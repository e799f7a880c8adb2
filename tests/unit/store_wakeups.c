/* SPDX-License-Identifier: MIT */
/*
 * Guests that send no event that they need not send, as Linux does: of a
 * request only if the store has said that it took all before it, of what they
 * have read only if the store has said that the ring was full. They act on
 * other CPUs, so also while the daemon writes its journal and before it sends
 * an event. They die, and their numbers are used again; the daemon ends and is
 * followed by another one; now and then a guest has spent its time. Whatever
 * the order: when no event is on its way any more, no request waits, and no
 * answer.
 */
#include "store_test.h"

#include <errno.h>
#include <unistd.h>

#include <daemon/clock.h>

#include "../../tools/xenstored/state.h"
#include "../../tools/xenstored/turns.h"

static const char boot[] = "01234567-89ab-cdef-0123-456789abcdef";
static char path[64];

#define PLAYERS 4 /* domain 0 and three guests */
#define THREADS 4 /* each with one request at a time */

static struct player {
    struct xenstore_domain_interface *page;
    char out[THREADS * (sizeof(struct xsd_sockmsg) + XENSTORE_PAYLOAD_MAX)];
    uint32_t out_len; /* not yet in the ring */
    char in[sizeof(struct xsd_sockmsg) + XENSTORE_PAYLOAD_MAX];
    uint32_t in_len;    /* not yet a complete message */
    unsigned int asked; /* requests without an answer */
    bool woken; /* by an event of the store, or by a thread of its own */
    bool event; /* for the store, on its way */
} player[PLAYERS];

static const uint16_t number[PLAYERS] = {0, 5, 6, 7};
static struct event_loop loop;
static unsigned int answers, held;
static bool history, busy;

static uint32_t random_state;
static uint32_t rnd(uint32_t n)
{
    random_state = random_state * 1664525 + 1013904223;
    return (random_state >> 8) % n;
}

/* --- a guest's kernel ----------------------------------------------------- */

static void ask(struct player *p)
{
    static const char *const where[] = {"a", "b", "/local/domain/5/a",
                                        "/local/domain/6/b", "/local/domain/7"};
    static const uint32_t type[] = {XS_WRITE, XS_WRITE, XS_READ,
                                    XS_READ,  XS_WATCH, XS_UNWATCH};
    struct xsd_sockmsg h = {type[rnd(6)], 1, 0, 0};
    char *data = p->out + p->out_len + sizeof(h);

    h.len = (uint32_t)sprintf(data, "%s", where[rnd(5)]) + 1;
    if (h.type == XS_WRITE) {
        uint32_t n = rnd(3) ? rnd(60) : rnd(2000);
        memset(data + h.len, 'v', n);
        h.len += n;
    } else if (h.type != XS_READ) {
        memcpy(data + h.len, "token", 6);
        h.len += 6;
    }
    memcpy(p->out + p->out_len, &h, sizeof(h));
    p->out_len += (uint32_t)sizeof(h) + h.len;
    p->asked++;
}

static void write_some(struct player *p)
{
    struct xenstore_domain_interface *r = p->page;
    uint32_t at = r->req_prod;
    uint32_t n = XENSTORE_RING_SIZE - (at - r->req_cons);

    if (n > p->out_len)
        n = p->out_len;
    if (n > 16 && rnd(2))
        n = 16; /* a header goes by itself */
    if (n == 0)
        return;
    for (uint32_t i = 0; i < n; i++)
        r->req[MASK_XENSTORE_IDX(at + i)] = p->out[i];
    memmove(p->out, p->out + n, p->out_len - n);
    p->out_len -= n;
    r->req_prod = at + n;
    if ((int32_t)(r->req_cons - at) >= 0)
        p->event = true;
}

/* What is left of the message in hand, as far as it is known. */
static uint32_t wanted(const struct player *p)
{
    struct xsd_sockmsg h;

    if (p->in_len < sizeof(h))
        return (uint32_t)sizeof(h) - p->in_len;
    memcpy(&h, p->in, sizeof(h));
    assert_true(h.len <= XENSTORE_PAYLOAD_MAX);
    return (uint32_t)sizeof(h) + h.len - p->in_len;
}

static void take_message(struct player *p)
{
    struct xsd_sockmsg h;

    memcpy(&h, p->in, sizeof(h));
    p->in_len = 0;
    if (h.type == XS_WATCH_EVENT)
        return;
    assert_true(p->asked);
    p->asked--;
    answers++;
}

static void read_some(struct player *p)
{
    struct xenstore_domain_interface *r = p->page;
    uint32_t at = r->rsp_cons, n = r->rsp_prod - at;

    if (n > wanted(p))
        n = wanted(p);
    for (uint32_t i = 0; i < n; i++)
        p->in[p->in_len++] = r->rsp[MASK_XENSTORE_IDX(at + i)];
    r->rsp_cons = at + n;
    if (n && r->rsp_prod - at >= XENSTORE_RING_SIZE)
        p->event = true;
    if (p->in_len >= sizeof(struct xsd_sockmsg) && wanted(p) == 0)
        take_message(p);
}

static bool can_go_on(const struct player *p)
{
    const struct xenstore_domain_interface *r = p->page;

    return r->rsp_prod != r->rsp_cons ||
           (p->out_len && r->req_prod - r->req_cons != XENSTORE_RING_SIZE);
}

/* One that sleeps does not look at its ring. */
static void run_some(struct player *p)
{
    if (!p->woken)
        return;
    if (rnd(2))
        write_some(p);
    else
        read_some(p);
    p->woken = can_go_on(p);
}

/* --- the other CPUs ------------------------------------------------------- */

static void meanwhile(void)
{
    if (busy)
        return;
    for (uint32_t i = rnd(12); i; i--) {
        struct player *p = &player[rnd(PLAYERS)];

        if (!p->page)
            continue;
        if (history && p->asked < THREADS && rnd(4) == 0) {
            ask(p);
            p->woken = true;
        }
        run_some(p);
    }
}

ssize_t __real_write(int fd, const void *data, size_t len);
ssize_t __wrap_write(int fd, const void *data, size_t len);

ssize_t __wrap_write(int fd, const void *data, size_t len)
{
    ssize_t n;

    meanwhile();
    n = __real_write(fd, data, len);
    meanwhile();
    return n;
}

static void notified(int port)
{
    meanwhile();
    for (unsigned int i = 0; i < PLAYERS; i++)
        if (fake_port(number[i]) == port)
            player[i].woken = true;
}

/* --- the daemon ----------------------------------------------------------- */

static void introduce(struct client *root, unsigned int i)
{
    char text[64], perms[8];
    unsigned int id = number[i];

    sprintf(text, "/local/domain/%u", id);
    sprintf(perms, "r%u", id);
    client_one(root, XS_MKDIR, 0, text);
    client_two(root, XS_SET_PERMS, 0, text, perms);
    assert_int_equal(
        client_ask(root, XS_INTRODUCE, 0, text,
                   (size_t)sprintf(text, "%u%c99%c3", id, 0, 0) + 1, NULL,
                   NULL),
        0);
    memset(&player[i], 0, sizeof(player[i]));
    player[i].page = &fake_domain[id].page;
}

static void new_life(unsigned int i)
{
    struct client *root;
    bool fresh;

    busy = true; /* the toolstack's requests are not what this is about */
    if (i == 0) {
        assert_int_equal(domain_introduce(0, 0, 0, &fresh), 0);
        player[0].page = &fake_domain[0].page;
    } else {
        root = client_new(NULL);
        fake_create(number[i]);
        introduce(root, i);
        client_free(root);
    }
    busy = false;
}

static void death(unsigned int i)
{
    player[i].page = NULL;
    player[i].event = false;
    fake_destroy(number[i]);
    domain_check_all();
}

static void start(void)
{
    for (unsigned int i = 0; i < FAKE_DOMAINS; i++)
        fake_domain[i].mapped = fake_domain[i].bound = 0;
    assert_int_equal(domain_init(true), 0);
    assert_int_equal(store_init(), 0);
    assert_int_equal(state_start(path, boot), 0);
    state_resume();
}

/* The next daemon hears nothing of events that this one did not see. */
static void another_daemon(void)
{
    busy = true;
    state_stop();
    fake_stop();
    for (unsigned int i = 0; i < PLAYERS; i++)
        player[i].event = false;
    busy = false;
    start();
}

/* What has come, and what is done before the next wait; true if that would not
 * be for ever. */
static bool one_round(void)
{
    for (unsigned int i = 0; i < PLAYERS; i++)
        if (player[i].event && !fake_domain[number[i]].masked) {
            player[i].event = false;
            fake_domain[number[i]].masked = true;
            assert_true(ring_event(fake_port(number[i])));
        }
    return loop.between(&loop) >= 0;
}

/* A guest has nothing left, and is held when it asks for something. */
static void spend(unsigned int i)
{
    struct domain *d = domain_known(number[i]);

    if (d && !d->share.held)
        d->share = (struct share){.left_us = -1, .filled_ms = now_ms()};
}

/* For those that are held; they are counted. */
static void time_passes(void)
{
    for (unsigned int i = 1; i < PLAYERS; i++) {
        struct domain *d = domain_known(number[i]);

        if (!d || !d->share.held)
            continue;
        held++;
        d->share.filled_ms -= rnd(5);
    }
}

static bool settle(void)
{
    bool more = false;

    for (int quiet = 0, i = 0; quiet < 50 && i < 100000; i++) {
        more = one_round();
        meanwhile();
        time_passes();
        for (unsigned int p = 0; p < PLAYERS; p++)
            more |= player[p].page && (player[p].woken || player[p].event);
        quiet = more ? 0 : quiet + 1;
    }
    return !more;
}

/* --- the test ------------------------------------------------------------- */

static void play(uint32_t seed)
{
    random_state = seed * 7919;
    memset(fake_domain, 0, sizeof(fake_domain));
    memset(player, 0, sizeof(player));
    fake_domain[0].exists = true;
    unlink(path);
    start();
    for (unsigned int i = 0; i < PLAYERS; i++)
        new_life(i);
    history = true;
    for (int i = 0; i < 300; i++) {
        unsigned int p = 1 + rnd(PLAYERS - 1);
        uint32_t what = rnd(60);

        if (what == 0 && player[p].page)
            death(p);
        else if (what < 5 && !player[p].page)
            new_life(p);
        else if (what == 5)
            another_daemon();
        else if (what < 10)
            spend(p);
        one_round();
        meanwhile();
        time_passes();
    }
    history = false;
}

static void nobody_waits_for_ever(void **state)
{
    unsigned int waiting = 0, histories = 300;

    fake_notify = notified;
    /* What waits for a slow reader is no part of this. */
    quota[QUOTA_OUTSTANDING] = 0;
    quota[QUOTA_CPU] = 50;
    assert_int_equal(turns_init(&loop), 0);
    for (uint32_t seed = 1; seed <= histories; seed++) {
        bool stuck = false;

        play(seed);
        assert_true(settle());
        for (unsigned int i = 0; i < PLAYERS; i++)
            stuck |= player[i].page &&
                     (player[i].asked || player[i].out_len || player[i].in_len);
        waiting += stuck;
        busy = true;
        state_stop();
        fake_stop();
        busy = false;
    }
    print_message("%u answers, %u looks at a guest that is held\n", answers,
                  held);
    assert_true(answers > 100 * histories && held > 10 * histories);
    if (waiting)
        fail_msg("in %u of %u histories somebody waits for ever", waiting,
                 histories);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_waits_for_ever),
    };
    int rc;

    snprintf(path, sizeof(path), "/dev/shm/store-wakeups-%d", (int)getpid());
    rc = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(path);
    return rc;
}
