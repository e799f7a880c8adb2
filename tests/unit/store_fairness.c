/* SPDX-License-Identifier: MIT */
/*
 * What transactions cost others: who is held back for whose sake and for how
 * long, and what open ones may keep in memory.
 */
#include "store_test.h"

#include <errno.h>
#include <time.h>

#include <daemon/clock.h>
#include "../../tools/xenstored/transaction.h"

static struct client *a;

/* Time passes when a test says so. */
static uint64_t clock_ms = 1000000;

int __real_clock_gettime(clockid_t id, struct timespec *t);
int __wrap_clock_gettime(clockid_t id, struct timespec *t);

int __wrap_clock_gettime(clockid_t id, struct timespec *t)
{
    if (id != CLOCK_MONOTONIC)
        return __real_clock_gettime(id, t);
    t->tv_sec = (time_t)(clock_ms / 1000);
    t->tv_nsec = (long)(clock_ms % 1000 * 1000000);
    return 0;
}

static int setup(void **state)
{
    clock_ms += 100000; /* nobody remembers anything */
    fake_start();
    a = client_new(NULL);
    return 0;
}

static int teardown(void **state)
{
    assert_accounts();
    client_free(a);
    fake_stop();
    return 0;
}

/* An attacker that writes as often as possible delays a victim by few tries. */
static void attackers_cannot_starve(void **state)
{
    struct client *g;
    int tries = 0, rc;

    fake_create(5);
    g = client_new(domain_get(5));
    client_one(a, XS_MKDIR, 0, "/g");
    client_two(a, XS_SET_PERMS, 0, "/g", "n5");
    do {
        uint32_t t = client_begin(a);
        client_read(a, t, "/g");
        client_write(a, t, "/out", "1");
        if (!domain_held_back(domain_known(5), now_ms()))
            client_write(g, 0, "/g", "attack");
        rc = client_end(a, t);
    } while (rc == EAGAIN && ++tries < 100);
    assert_int_equal(rc, 0);
    assert_true(tries <= 2);
    client_free(g);
}

/* Nor several that take turns, a guest as little as domain 0. */
static void attackers_in_turn_cannot_starve_a_guest(void **state)
{
    struct client *g[3], *victim;
    int tries = 0, rc;

    fake_create(4);
    victim = client_new(domain_get(4));
    client_one(a, XS_MKDIR, 0, "/out");
    client_two(a, XS_SET_PERMS, 0, "/out", "n4");
    client_one(a, XS_MKDIR, 0, "/g");
    client_two(a, XS_SET_PERMS, 0, "/g", "b5");
    for (unsigned int i = 0; i < 3; i++) {
        fake_create((uint16_t)(5 + i));
        g[i] = client_new(domain_get((uint16_t)(5 + i)));
    }
    client_ask(a, XS_SET_PERMS, 0, "/g\0n0\0b5\0b6\0b7\0r4", 16, NULL, NULL);
    do {
        uint32_t t = client_begin(victim);

        client_read(victim, t, "/g");
        client_write(victim, t, "/out", "1");
        for (uint16_t i = 0; i < 3; i++)
            if (!domain_held_back(domain_known(5 + i), now_ms())) {
                client_write(g[i], 0, "/g", "attack");
                break;
            }
        rc = client_end(victim, t);
    } while (rc == EAGAIN && ++tries < 100);
    assert_int_equal(rc, 0);
    assert_true(tries <= 4);
    for (unsigned int i = 0; i < 3; i++)
        client_free(g[i]);
    client_free(victim);
}

/* --- in league ------------------------------------------------------------ */

#define MOST 5

/* Each has a node that all may read; /shared all may write. */
static struct client *guest[MOST];

static const char *own(unsigned int i)
{
    static char path[2][16];
    static unsigned int n;

    n = !n;
    sprintf(path[n], "/own/%u", i);
    return path[n];
}

static void make_guests(unsigned int n)
{
    client_one(a, XS_MKDIR, 0, "/shared");
    client_two(a, XS_SET_PERMS, 0, "/shared", "b0");
    for (unsigned int i = 0; i < n; i++) {
        char perms[8];

        fake_create(5 + i);
        guest[i] = client_new(domain_get((uint16_t)(5 + i)));
        sprintf(perms, "r%u", 5 + i);
        client_one(a, XS_MKDIR, 0, own(i));
        client_two(a, XS_SET_PERMS, 0, own(i), perms);
    }
}

static void free_guests(unsigned int n)
{
    for (unsigned int i = 0; i < n; i++)
        client_free(guest[i]);
}

static bool waits(unsigned int i)
{
    return domain_held_back(guest[i]->c->domain, now_ms());
}

/* A write of @writer makes a transaction of @judge fail. */
static void accuse(unsigned int judge, unsigned int writer)
{
    uint32_t t;

    if (waits(judge) || waits(writer))
        return;
    t = client_begin(guest[judge]);
    client_read(guest[judge], t, own(writer));
    client_write(guest[judge], t, own(judge), "1");
    client_write(guest[writer], 0, own(writer), "2");
    assert_int_equal(client_end(guest[judge], t), EAGAIN);
}

/* A transaction of guest 0, which takes 5 ms. If 1 or 2 is free, it fails; they
 * may be the first to complain. */
static bool commits(bool accused)
{
    uint32_t t;

    while (waits(0))
        clock_ms++;
    t = client_begin(guest[0]);
    client_read(guest[0], t, "/shared");
    client_write(guest[0], t, own(0), "mine");
    clock_ms += 5;
    if (accused) {
        accuse(1, 2);
        accuse(2, 0);
    }
    while (waits(0))
        clock_ms++;
    for (unsigned int i = 1; i <= 2; i++)
        if (!waits(i)) {
            client_write(guest[i], 0, "/shared", "spoilt");
            break;
        }
    return !client_end(guest[0], t);
}

/* Two who take turns in having each other held, so that one is free always and
 * neither may be held for the victim's sake. */
static void two_against_one(bool accused)
{
    uint64_t end, next;
    unsigned int turn, n = 0;

    make_guests(3);
    for (turn = 0; turn < 12; turn++) {
        accuse(1 + turn % 2, 2 - turn % 2);
        clock_ms += 500;
    }
    next = clock_ms;
    for (end = clock_ms + 20000; clock_ms < end; n += commits(accused)) {
        if (clock_ms < next)
            continue;
        accuse(1 + turn % 2, 2 - turn % 2);
        turn++;
        next += 500;
    }
    assert_in_range(n, 100, 2000);
    free_guests(3);
}

static void those_who_judge_each_other_cannot_starve_a_guest(void **state)
{
    two_against_one(false);
}

static void nor_by_judging_it(void **state)
{
    two_against_one(true);
}

/* Each has itself held for another's sake as soon as it has made domain 0's
 * transaction fail. */
static void those_held_for_guests_cannot_starve_domain_0(void **state)
{
    unsigned int tries = 0;
    int rc;

    make_guests(MOST);
    for (unsigned int i = 0; i < 4 * MOST; i++) {
        accuse((i + 1) % MOST, i % MOST);
        clock_ms += 200;
    }
    do {
        unsigned int i = tries % MOST;
        uint32_t t = client_begin(a);

        client_read(a, t, "/shared");
        client_write(a, t, "/out", "1");
        clock_ms += 199;
        if (!waits(i)) {
            client_write(guest[i], 0, "/shared", "spoilt");
            accuse((i + 1) % MOST, i);
        }
        clock_ms++;
        rc = client_end(a, t);
    } while (rc == EAGAIN && ++tries < 100);
    assert_int_equal(rc, 0);
    assert_in_range(tries, 1, 40);
    free_guests(MOST);
}

/* --- at will -------------------------------------------------------------- */

/* @judge reads what domain 5 has written, and makes it write that once more. */
static void provoke(struct client *judge, struct client *g, const char *out)
{
    uint32_t t = client_begin(judge);

    client_read(judge, t, "/g");
    assert_int_equal(client_write(judge, t, out, "1"), 0);
    assert_int_equal(client_write(g, 0, "/g", "provoked"), 0);
    assert_int_equal(client_end(judge, t), EAGAIN);
}

static bool is_held(void)
{
    return domain_held_back(domain_known(5), now_ms());
}

/* Who can make a driver domain write must not be able to stop it by that. */
static void no_guest_holds_another_back_at_will(void **state)
{
    struct client *g, *judge;
    uint64_t held = 0;

    fake_create(5);
    fake_create(6);
    g = client_new(domain_get(5));
    judge = client_new(domain_get(6));
    client_one(a, XS_MKDIR, 0, "/g");
    client_ask(a, XS_SET_PERMS, 0, "/g\0n5\0r6", 9, NULL, NULL);
    client_one(a, XS_MKDIR, 0, "/out");
    client_two(a, XS_SET_PERMS, 0, "/out", "n6");
    provoke(judge, g, "/out");
    assert_true(is_held());
    /* In its next 100 seconds. */
    for (int i = 0; i < 10000; i++) {
        if (is_held()) {
            held += 10;
        } else {
            provoke(judge, g, "/out");
        }
        clock_ms += 10;
    }
    assert_in_range(held, 500, 100000 / 4);
    /* Domain 0 is not one of those, and they add nothing to what it does. */
    clock_ms += 1000;
    for (int ms = 50; ms <= 200; ms *= 2) {
        provoke(a, g, "/out");
        assert_true(is_held());
        clock_ms += (uint64_t)ms - 1;
        assert_true(is_held());
        clock_ms++;
        assert_false(is_held());
    }
    client_free(g);
    client_free(judge);
}

/* An unprivileged domain cannot keep old trees for ever. Its kernel hears of it
 * at the end alone: a device's start that gets EAGAIN before is its end. */
static void an_expired_transaction_of_a_guest_fails_at_its_end(void **state)
{
    const long least = (long)sizeof(struct transaction);
    struct client *g;
    uint32_t t, u;

    fake_create(5);
    g = client_new(domain_get(5));
    client_one(a, XS_MKDIR, 0, "/g");
    client_two(a, XS_SET_PERMS, 0, "/g", "n5");
    u = client_begin(a);
    for (int ends = 0; ends < 2; ends++) {
        t = client_begin(g);
        assert_int_equal(client_write(g, t, "/g/x", "1"), 0);
        for (int i = 0; i < 3; i++) {
            assert_true(transactions_can_expire());
            fake_swamp();
            assert_false(transactions_can_expire());
            assert_int_equal(domain_known(5)->account.held, least);
            assert_int_equal(client_write(g, t, "/g/y", "2"), 0);
            assert_string_equal(client_read(g, t, "/g/y"), "2");
            assert_int_equal(client_one(g, XS_READ, t, "/"), EACCES);
        }
        assert_int_equal(client_one(g, XS_TRANSACTION_END, t, ends ? "T" : "F"),
                         ends ? EAGAIN : 0);
        assert_int_equal(client_end(g, t), ENOENT);
        assert_int_equal(domain_known(5)->account.held, 0);
        assert_false(transactions_can_expire());
        assert_null(client_read(a, 0, "/g/y"));
    }
    assert_int_equal(client_write(a, u, "/x", "1"), 0);
    assert_int_equal(client_end(a, u), 0);
    client_free(g);
}

/* A guest may be paused in the middle of one. */
static void time_alone_ends_no_transaction(void **state)
{
    struct client *g;
    uint32_t t;

    fake_create(5);
    g = client_new(domain_get(5));
    client_one(a, XS_MKDIR, 0, "/g");
    client_two(a, XS_SET_PERMS, 0, "/g", "n5");
    t = client_begin(g);
    assert_int_equal(client_write(g, t, "/g/x", "1"), 0);
    g->c->transactions.first->started -= 86400000;
    tree_allocated += (uint64_t)quota[QUOTA_SNAPSHOT_MEMORY] / 4;
    client_write(a, 0, "/other", "1");
    assert_int_equal(client_end(g, t), 0);
    assert_value(a, 0, "/g/x", "1");
    client_free(g);
}

/* Writes 500 nodes of 2000 bytes below @path anew; false once held back. */
static bool rewrite(struct client *cl, const char *path)
{
    char name[32], value[2001];

    memset(value, 'v', 2000);
    value[2000] = '\0';
    for (int i = 0; i < 500; i++) {
        if (domain_held_back(cl->c->domain, now_ms()))
            return false;
        sprintf(name, "%s/%d", path, i);
        assert_int_equal(client_write(cl, 0, name, value), 0);
    }
    return true;
}

/* What the snapshots of all domains together keep in memory has a bound: the
 * oldest go, and others' writes cost them nothing else. */
static void snapshots_of_all_domains_have_a_bound(void **state)
{
    struct client *g, *other;
    uint32_t t[10], u, own;

    fake_create(5);
    fake_create(6);
    g = client_new(domain_get(5));
    other = client_new(domain_get(6));
    client_one(a, XS_MKDIR, 0, "/g");
    client_two(a, XS_SET_PERMS, 0, "/g", "n5");
    rewrite(g, "/g");
    for (int i = 0; i < 10; i++) {
        t[i] = client_begin(g);
        assert_true(rewrite(g, "/g"));
    }
    assert_int_equal(client_end(g, t[0]), EAGAIN);
    assert_int_equal(client_one(g, XS_READ, t[9], "/g"), 0);
    assert_int_equal(client_end(g, t[9]), 0);
    /* Without a snapshot nothing is kept: no end to the writing. */
    for (int i = 1; i < 9; i++)
        client_end(g, t[i]);
    own = client_begin(a);
    client_write(a, own, "/own", "1");
    u = client_begin(other);
    for (int i = 0; i < 40; i++)
        assert_true(rewrite(g, "/g"));
    assert_int_equal(client_end(other, u), 0);

    /* Snapshot after snapshot: the writer is held back for another's sake. */
    u = client_begin(other);
    for (int i = 0; i < 10; i++) {
        client_end(g, client_begin(g));
        t[0] = client_begin(g);
        if (!rewrite(g, "/g"))
            break;
    }
    assert_true(domain_held_back(domain_known(5), now_ms()));
    assert_int_equal(client_end(other, u), EAGAIN);
    u = client_begin(other);
    assert_int_equal(client_end(other, u), 0);

    /* But not for that of one that is left open. */
    clock_ms += 20000;
    u = client_begin(other);
    other->c->transactions.first->started -= TRANSACTION_FAIR + 1;
    assert_int_equal(client_one(g, XS_RESET_WATCHES, 0, ""), 0);
    for (int i = 0; i < 10; i++) {
        t[0] = client_begin(g);
        assert_true(rewrite(g, "/g"));
        assert_int_equal(client_end(g, t[0]), 0);
    }
    assert_int_equal(client_end(other, u), EAGAIN);
    /* Domain 0 is trusted not to leave transactions open. */
    assert_int_equal(client_end(a, own), 0);
    client_free(g);
    client_free(other);
}

/* From the bottom to the top, each with a request of its own: once for its own
 * removal, once for that of all. */
static void nodes_removed_one_by_one_are_told_of_twice_at_most(void **state)
{
    struct client *b = client_new(NULL);
    char path[2 * 500 + 1];
    unsigned int events;
    uint32_t t;

    for (size_t i = 0; i < sizeof(path) - 1; i += 2)
        memcpy(path + i, "/d", 3);
    client_write(a, 0, path, "deep");
    client_two(b, XS_WATCH, 0, path, "tok");
    assert_non_null(client_event(b));
    t = client_begin(a);
    for (size_t len = sizeof(path) - 1; len; len -= 2) {
        path[len] = '\0';
        assert_int_equal(client_one(a, XS_RM, t, path), 0);
    }
    assert_int_equal(client_end(a, t), 0);
    for (events = 0; client_event(b); events++)
        ;
    assert_in_range(events, 1, 2);
    assert_null(client_read(a, 0, "/d"));
    client_free(b);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(attackers_cannot_starve),
        TEST(attackers_in_turn_cannot_starve_a_guest),
        TEST(those_who_judge_each_other_cannot_starve_a_guest),
        TEST(nor_by_judging_it),
        TEST(those_held_for_guests_cannot_starve_domain_0),
        TEST(no_guest_holds_another_back_at_will),
        TEST(an_expired_transaction_of_a_guest_fails_at_its_end),
        TEST(time_alone_ends_no_transaction),
        TEST(snapshots_of_all_domains_have_a_bound),
        TEST(nodes_removed_one_by_one_are_told_of_twice_at_most),
    };

    return cmocka_run_group_tests_name("fairness", tests, NULL, NULL);
}
