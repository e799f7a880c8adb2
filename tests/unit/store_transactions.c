/* SPDX-License-Identifier: MIT */
/*
 * Transactions through the protocol: isolation, what conflicts and what does
 * not, quotas and permissions at commit, death of owners, fairness; and random
 * programs of several clients checked for serial equivalence.
 */
#include "store_test.h"

#include <errno.h>

#include <daemon/clock.h>
#include "../../tools/xenstored/transaction.h"

static struct client *a, *b;

static int setup(void **state)
{
    fake_start();
    a = client_new(NULL);
    b = client_new(NULL);
    return 0;
}

static int teardown(void **state)
{
    assert_accounts();
    client_free(a);
    client_free(b);
    fake_stop();
    return 0;
}

#define assert_value(client, tx, path, value)                                  \
    do {                                                                       \
        const char *is = client_read(client, tx, path);                        \
        assert_non_null(is);                                                   \
        assert_string_equal(is, value);                                        \
    } while (0)

static void a_transaction_is_not_seen_before_its_commit(void **state)
{
    uint32_t t;

    client_write(a, 0, "/x", "1");
    t = client_begin(a);
    assert_true(t != 0);
    assert_int_equal(client_write(a, t, "/x", "2"), 0);
    assert_int_equal(client_write(a, t, "/y/z", "3"), 0);
    assert_value(a, t, "/x", "2");
    assert_value(a, 0, "/x", "1");
    assert_value(b, 0, "/x", "1");
    assert_null(client_read(b, 0, "/y"));
    assert_int_equal(client_end(a, t), 0);
    assert_value(b, 0, "/x", "2");
    assert_value(b, 0, "/y/z", "3");
    /* The id is spent. */
    assert_int_equal(client_end(a, t), ENOENT);
    assert_int_equal(client_write(a, t, "/x", "9"), ENOENT);
}

static void an_abandoned_transaction_changes_nothing(void **state)
{
    uint32_t t = client_begin(a);

    client_write(a, t, "/x", "2");
    assert_int_equal(client_one(a, XS_TRANSACTION_END, t, "F"), 0);
    assert_null(client_read(a, 0, "/x"));
    t = client_begin(a);
    assert_int_equal(client_one(a, XS_TRANSACTION_END, t, "X"), EINVAL);
    assert_int_equal(client_end(a, t), 0);
}

/* a's transaction performs @mine, b @theirs meanwhile: does it commit? */
enum step {
    READ_X,
    READ_NO,
    LIST,
    WRITE_X,
    WRITE_NEW,
    RM_X,
    MK_NO,
    WRITE_BELOW,
    PERMS_X,
    MKDIR_X,
    READ_BELOW,
    ASK_PERMS_X,
    ASK_PERMS_NO,
    WRITE_AND_ASK_PERMS_X,
    SET_AND_ASK_PERMS_X,
    SET_PERMS_AND_READ_X,
    RM_BELOW_NO,
    PERMS_NO,
    NOTHING
};

static void perform_with_rights(struct client *cl, uint32_t t, enum step s)
{
    switch (s) {
    case WRITE_AND_ASK_PERMS_X:
        client_write(cl, t, "/d/x", "mine");
        client_one(cl, XS_GET_PERMS, t, "/d/x");
        break;
    case ASK_PERMS_X:
        client_one(cl, XS_GET_PERMS, t, "/d/x");
        break;
    case ASK_PERMS_NO:
        client_one(cl, XS_GET_PERMS, t, "/d/no");
        break;
    case SET_AND_ASK_PERMS_X:
        client_two(cl, XS_SET_PERMS, t, "/d/x", "b0");
        client_one(cl, XS_GET_PERMS, t, "/d/x");
        break;
    case SET_PERMS_AND_READ_X:
        client_two(cl, XS_SET_PERMS, t, "/d/x", "b0");
        client_read(cl, t, "/d/x");
        break;
    default:
        break;
    }
}

static void perform(struct client *cl, uint32_t t, enum step s)
{
    switch (s) {
    case READ_X:
        client_read(cl, t, "/d/x");
        break;
    case READ_NO:
        client_read(cl, t, "/d/no");
        break;
    case READ_BELOW:
        client_read(cl, t, "/d/x/below");
        break;
    case LIST:
        client_one(cl, XS_DIRECTORY, t, "/d");
        break;
    case WRITE_X:
        client_write(cl, t, "/d/x", t ? "mine" : "theirs");
        break;
    case WRITE_NEW:
        client_write(cl, t, t ? "/d/mine" : "/d/theirs", "1");
        break;
    case RM_X:
        client_one(cl, XS_RM, t, "/d/x");
        break;
    case MK_NO:
        client_one(cl, XS_MKDIR, t, "/d/no");
        break;
    case MKDIR_X:
        client_one(cl, XS_MKDIR, t, "/d/x");
        break;
    case WRITE_BELOW:
        client_write(cl, t, "/d/x/below", t ? "mine" : "theirs");
        break;
    case PERMS_X:
        client_two(cl, XS_SET_PERMS, t, "/d/x", "r0");
        break;
    case RM_BELOW_NO:
        client_one(cl, XS_RM, t, "/d/no/below");
        break;
    case PERMS_NO:
        client_two(cl, XS_SET_PERMS, t, "/d/no", "r0");
        break;
    default:
        perform_with_rights(cl, t, s);
    }
}

static void a_commit_fails_when_what_it_read_has_changed(void **state)
{
    static const struct {
        enum step mine, theirs;
        int result;
    } cases[] = {
        {READ_X, WRITE_X, EAGAIN},
        {READ_X, WRITE_NEW, 0},
        {READ_X, RM_X, EAGAIN},
        {READ_X, PERMS_X, EAGAIN},
        {READ_X, WRITE_BELOW, 0},
        {READ_NO, MK_NO, EAGAIN},
        {READ_NO, WRITE_NEW, 0},
        {LIST, WRITE_NEW, EAGAIN},
        {LIST, WRITE_X, 0},
        {LIST, RM_X, EAGAIN},
        {LIST, WRITE_BELOW, 0},
        {WRITE_X, WRITE_X, 0},
        {WRITE_X, RM_X, 0},
        {WRITE_NEW, WRITE_NEW, 0},
        {WRITE_BELOW, RM_X, EAGAIN},
        {RM_X, WRITE_X, 0},
        {RM_X, RM_X, 0},
        {RM_BELOW_NO, MK_NO, EAGAIN},
        {RM_BELOW_NO, WRITE_NEW, 0},
        {MKDIR_X, WRITE_X, 0},
        {MKDIR_X, RM_X, EAGAIN},
        {PERMS_X, WRITE_X, 0},
        {PERMS_X, RM_X, EAGAIN},
        {PERMS_NO, MK_NO, EAGAIN},
        {READ_BELOW, WRITE_X, 0},
        {READ_BELOW, WRITE_BELOW, EAGAIN},
        {READ_X, NOTHING, 0},
        {ASK_PERMS_X, PERMS_X, EAGAIN},
        {ASK_PERMS_X, RM_X, EAGAIN},
        {ASK_PERMS_X, WRITE_X, 0},
        {ASK_PERMS_NO, MK_NO, EAGAIN},
        {WRITE_AND_ASK_PERMS_X, PERMS_X, EAGAIN},
        {WRITE_AND_ASK_PERMS_X, WRITE_X, 0},
        {SET_AND_ASK_PERMS_X, PERMS_X, 0},
        {SET_PERMS_AND_READ_X, WRITE_X, EAGAIN},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint32_t t;

        client_one(b, XS_RM, 0, "/d");
        client_write(b, 0, "/d/x", "old");
        t = client_begin(a);
        perform(a, t, cases[i].mine);
        /* One that has only read commits always: make it a writer. */
        client_write(a, t, "/elsewhere", "1");
        perform(b, 0, cases[i].theirs);
        assert_int_equal(client_end(a, t), cases[i].result);
        assert_accounts();
        if (cases[i].mine == WRITE_X && !cases[i].result)
            assert_value(b, 0, "/d/x", "mine");
        if (cases[i].mine == RM_X)
            assert_null(client_read(b, 0, "/d/x"));
        if (cases[i].mine == MKDIR_X && !cases[i].result)
            assert_value(b, 0, "/d/x", "theirs");
        if (cases[i].mine == PERMS_X && cases[i].theirs == WRITE_X)
            assert_value(b, 0, "/d/x", "theirs");
    }
}

/* Reading what the transaction has written itself depends on no other
 * client. */
static void own_writes_do_not_conflict(void **state)
{
    uint32_t t = client_begin(a);

    client_write(a, t, "/x", "mine");
    assert_value(a, t, "/x", "mine");
    client_write(b, 0, "/x", "theirs");
    assert_int_equal(client_end(a, t), 0);
    assert_value(b, 0, "/x", "mine");
}

static void a_node_removed_and_created_again_is_a_new_one(void **state)
{
    uint32_t t;

    client_write(a, 0, "/d/x/old", "1");
    t = client_begin(a);
    client_one(a, XS_RM, t, "/d");
    client_write(a, t, "/d/x/new", "2");
    client_write(b, 0, "/other", "1"); /* take the slow path */
    assert_int_equal(client_end(a, t), 0);
    assert_null(client_read(b, 0, "/d/x/old"));
    assert_value(b, 0, "/d/x/new", "2");
}

/* A write does not bring back a parent that others have removed. */
static void parents_stay_removed(void **state)
{
    uint32_t t;

    client_write(a, 0, "/p/q/r", "1");
    t = client_begin(a);
    assert_int_equal(client_write(a, t, "/p/q/r", "2"), 0);
    client_one(b, XS_RM, 0, "/p/q");
    assert_int_equal(client_end(a, t), EAGAIN);
    assert_null(client_read(b, 0, "/p/q"));
}

static void a_node_created_and_removed_leaves_no_trace(void **state)
{
    uint32_t t = client_begin(a);

    client_write(a, t, "/d/x", "1");
    client_one(a, XS_RM, t, "/d");
    client_write(b, 0, "/other", "1");
    assert_int_equal(client_end(a, t), 0);
    assert_null(client_read(b, 0, "/d"));
}

static void what_was_created_on_the_way_stays(void **state)
{
    uint32_t t;

    client_write(a, 0, "/old/1", "1");
    t = client_begin(a);
    client_write(a, t, "/new/x/y", "1");
    client_one(a, XS_RM, t, "/new/x");
    client_one(a, XS_RM, t, "/old");
    client_write(a, t, "/old/x", "1");
    client_one(a, XS_RM, t, "/old/x");
    client_write(b, 0, "/other", "1");
    assert_int_equal(client_end(a, t), 0);
    assert_value(b, 0, "/new", "");
    assert_null(client_read(b, 0, "/new/x"));
    assert_value(b, 0, "/old", "");
    assert_null(client_read(b, 0, "/old/1"));
}

/* A guest's transaction in which a write to its node /g was refused: there was
 * enough to note the write, not enough to perform it. */
static struct client *refused_in(uint32_t *t)
{
    struct account *account;
    struct client *g;
    char big[2000];

    memset(big, 'x', sizeof(big) - 1);
    big[sizeof(big) - 1] = '\0';
    fake_create(5);
    g = client_new(domain_get(5));
    account = &domain_known(5)->account;
    client_write(a, 0, "/g", "old");
    client_two(a, XS_SET_PERMS, 0, "/g", "n5");
    *t = client_begin(g);
    quota[QUOTA_MEMORY] = account->node_bytes + account->held + 3000;
    assert_int_equal(client_write(g, *t, "/g", big), ENOMEM);
    quota[QUOTA_MEMORY] = 2621440;
    return g;
}

/* It must not overwrite what others have written since. */
static void refused_writes_leave_no_trace(void **state)
{
    uint32_t t;
    struct client *g = refused_in(&t);

    client_write(g, t, "/g/x", "1");
    client_write(a, 0, "/g", "fresh");
    assert_int_equal(client_end(g, t), 0);
    assert_value(a, 0, "/g", "fresh");
    assert_value(a, 0, "/g/x", "1");
    client_free(g);
}

/* And what is read after one is what others have written. */
static void a_read_after_a_refused_write_can_conflict(void **state)
{
    uint32_t t;
    struct client *g = refused_in(&t);

    assert_value(g, t, "/g", "old");
    assert_int_equal(client_write(g, t, "/g/y", "1"), 0);
    client_write(a, 0, "/g", "fresh");
    assert_int_equal(client_end(g, t), EAGAIN);
    client_free(g);
}

static void events_fire_at_commit(void **state)
{
    uint32_t t;

    client_one(b, XS_MKDIR, 0, "/w");
    client_two(b, XS_WATCH, 0, "/w", "tok");
    assert_string_equal(client_event(b), "/w tok");
    t = client_begin(a);
    client_write(a, t, "/w/1", "x");
    client_write(a, t, "/w/1", "y");
    client_write(a, t, "/w/gone", "y");
    client_one(a, XS_RM, t, "/w/gone");
    assert_null(client_event(b));
    assert_int_equal(client_end(a, t), 0);
    assert_string_equal(client_event(b), "/w/1 tok");
    assert_null(client_event(b));
}

static void a_domain_has_a_limited_number_of_transactions(void **state)
{
    struct client *g;
    uint32_t t[12];
    int i;

    fake_create(5);
    g = client_new(domain_get(5));
    client_two(a, XS_SET_PERMS, 0, "/", "r0"); /* absence is told */
    for (i = 0; i < 10; i++)
        assert_true((t[i] = client_begin(g)) != 0);
    assert_int_equal(client_one(g, XS_TRANSACTION_START, 0, ""), ENOSPC);
    assert_int_equal(client_one(g, XS_TRANSACTION_START, t[0], ""), EBUSY);
    assert_int_equal(client_end(g, t[3]), 0);
    assert_true((t[3] = client_begin(g)) != 0);
    /* Paths that one transaction may touch. */
    for (i = 0; i < 1024; i++) {
        char path[32];
        sprintf(path, "/n%d", i);
        client_read(g, t[0], path);
    }
    assert_int_equal(client_one(g, XS_READ, t[0], "/one-more"), ENOSPC);
    assert_int_equal(client_one(g, XS_READ, t[0], "/n5"), ENOENT);
    assert_true(domain_known(5)->account.held > 1024 * 32);
    client_free(g);
    assert_int_equal(domain_known(5)->account.held, 0);
}

static void the_node_quota_holds_at_commit(void **state)
{
    struct client *g;
    uint32_t t;
    char path[32];

    fake_create(5);
    g = client_new(domain_get(5));
    client_one(a, XS_MKDIR, 0, "/g");
    client_two(a, XS_SET_PERMS, 0, "/g", "n5");
    t = client_begin(g);
    for (int i = 0; i < 600; i++) {
        sprintf(path, "/g/t%d", i);
        assert_int_equal(client_write(g, t, path, "1"), 0);
    }
    for (int i = 0; i < 600; i++) {
        sprintf(path, "/g/l%d", i);
        assert_int_equal(client_write(g, 0, path, "1"), 0);
    }
    assert_int_equal(client_end(g, t), ENOSPC);
    assert_int_equal(domain_known(5)->account.nodes, 601);
    assert_accounts();
    for (int i = 600; i < 1100; i++) {
        sprintf(path, "/g/l%d", i);
        assert_int_equal(client_write(g, 0, path, "1"), i < 999 ? 0 : ENOSPC);
    }
    client_free(g);
}

/* A right withdrawn before the commit is no right at commit. */
static void a_right_lost_before_the_commit_is_no_right(void **state)
{
    struct client *g;
    uint32_t t;

    fake_create(5);
    g = client_new(domain_get(5));
    client_one(a, XS_MKDIR, 0, "/g");
    client_two(a, XS_SET_PERMS, 0, "/g", "b5");
    t = client_begin(g);
    assert_int_equal(client_write(g, t, "/g", "1"), 0);
    client_two(a, XS_SET_PERMS, 0, "/g", "n0");
    assert_int_equal(client_end(g, t), EAGAIN);
    assert_value(a, 0, "/g", "");
    client_free(g);
}

/* What a dead domain owned does not come back by an old transaction. */
static void a_dead_owners_nodes_do_not_come_back_by_a_commit(void **state)
{
    uint32_t t;

    fake_create(5);
    client_one(a, XS_MKDIR, 0, "/g");
    t = client_begin(a);
    client_write(a, t, "/g/x", "1");
    client_two(a, XS_SET_PERMS, t, "/g/x", "n5");
    fake_destroy(5);
    domain_check_all();
    fake_create(5);
    domain_get(5);
    assert_int_equal(client_end(a, t), EAGAIN);
    assert_null(client_read(a, 0, "/g/x"));
}

/* A read that was refused is no part of a transaction: neither its commit nor
 * the writer's fate depends on what one may not see. */
static void refused_reads_leave_no_trace(void **state)
{
    static const uint32_t types[] = {XS_READ, XS_DIRECTORY, XS_GET_PERMS};
    struct client *g, *victim;

    fake_create(5);
    fake_create(6);
    g = client_new(domain_get(5));
    victim = client_new(domain_get(6));
    client_one(a, XS_MKDIR, 0, "/g");
    client_two(a, XS_SET_PERMS, 0, "/g", "n5");
    client_one(a, XS_MKDIR, 0, "/v");
    client_two(a, XS_SET_PERMS, 0, "/v", "n6");
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        uint32_t t = client_begin(g);

        assert_int_equal(client_one(g, types[i], t, "/v"), EACCES);
        assert_int_equal(client_one(g, types[i], t, "/v/x"), EACCES);
        assert_int_equal(client_write(g, t, "/g/x", "1"), 0);
        assert_int_equal(client_write(victim, 0, "/v", "new"), 0);
        assert_int_equal(client_write(victim, 0, "/v/x", "new"), 0);
        assert_int_equal(client_end(g, t), 0);
        assert_false(domain_held_back(domain_known(6), now_ms()));
        client_one(victim, XS_RM, 0, "/v/x");
    }
    client_free(g);
    client_free(victim);
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
        domain_known(5)->held_back_until -= 10;
        domain_known(5)->judged_again -= 10;
    }
    assert_in_range(held, 500, 100000 / 4);
    /* Domain 0 is not one of those. */
    domain_known(5)->held_back_until = 0;
    provoke(a, g, "/out");
    assert_true(is_held());
    domain_known(5)->held_back_until = 0;
    provoke(a, g, "/out");
    assert_true(is_held());
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
    domain_known(5)->held_back_until = 0;
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

/*
 * Serial equivalence: transfers between ten cells, all interleaved. Each
 * transaction reads two cells and writes both; the sum stays the same.
 */
static void interleaved_transfers_keep_their_sum(void **state)
{
    struct client *cl[6];
    uint32_t t[6] = {0};
    int from[6], to[6], value[6][2], stage[6] = {0}, commits = 0, again = 0;
    char path[16], text[16];
    long sum = 0;

    srand(5);
    for (int i = 0; i < 10; i++) {
        sprintf(path, "/cell%d", i);
        client_write(a, 0, path, "100");
    }
    for (int i = 0; i < 6; i++)
        cl[i] = client_new(NULL);
    for (int n = 0; n < 20000; n++) {
        int i = rand() % 6, rc;

        switch (stage[i]++) {
        case 0:
            t[i] = client_begin(cl[i]);
            from[i] = rand() % 10;
            to[i] = (from[i] + 1 + rand() % 9) % 10;
            break;
        case 1:
        case 2:
            sprintf(path, "/cell%d", stage[i] == 2 ? from[i] : to[i]);
            value[i][stage[i] - 2] = atoi(client_read(cl[i], t[i], path));
            break;
        case 3:
        case 4:
            sprintf(path, "/cell%d", stage[i] == 4 ? from[i] : to[i]);
            sprintf(text, "%d",
                    value[i][stage[i] - 4] + (stage[i] == 4 ? -7 : 7));
            assert_int_equal(client_write(cl[i], t[i], path, text), 0);
            break;
        default:
            rc = client_end(cl[i], t[i]);
            assert_true(rc == 0 || rc == EAGAIN);
            commits += rc == 0;
            again += rc == EAGAIN;
            stage[i] = 0;
        }
    }
    for (int i = 0; i < 10; i++) {
        sprintf(path, "/cell%d", i);
        sum += atol(client_read(a, 0, path));
    }
    assert_int_equal(sum, 1000);
    assert_true(commits > 500 && again > 100);
    for (int i = 0; i < 6; i++)
        client_free(cl[i]);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

/* Those above belong to another daemon's life. */
static void numbers_stay_in_this_life(void **state)
{
    struct client *c = client_new(NULL);
    const uint32_t last = (1u << TRANSACTION_LIFE_SHIFT) - 1;
    uint32_t first = client_begin(c), life = first & ~last, next;

    c->c->transactions.last_id = life | last;
    next = client_begin(c);
    assert_int_equal(next & ~last, life);
    assert_int_not_equal(next & last, 0);
    assert_int_not_equal(next, first);
    client_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(numbers_stay_in_this_life),
        TEST(a_transaction_is_not_seen_before_its_commit),
        TEST(an_abandoned_transaction_changes_nothing),
        TEST(a_commit_fails_when_what_it_read_has_changed),
        TEST(own_writes_do_not_conflict),
        TEST(a_node_removed_and_created_again_is_a_new_one),
        TEST(parents_stay_removed),
        TEST(a_node_created_and_removed_leaves_no_trace),
        TEST(what_was_created_on_the_way_stays),
        TEST(refused_writes_leave_no_trace),
        TEST(a_read_after_a_refused_write_can_conflict),
        TEST(events_fire_at_commit),
        TEST(a_domain_has_a_limited_number_of_transactions),
        TEST(the_node_quota_holds_at_commit),
        TEST(a_right_lost_before_the_commit_is_no_right),
        TEST(a_dead_owners_nodes_do_not_come_back_by_a_commit),
        TEST(refused_reads_leave_no_trace),
        TEST(attackers_cannot_starve),
        TEST(attackers_in_turn_cannot_starve_a_guest),
        TEST(no_guest_holds_another_back_at_will),
        TEST(an_expired_transaction_of_a_guest_fails_at_its_end),
        TEST(time_alone_ends_no_transaction),
        TEST(snapshots_of_all_domains_have_a_bound),
        TEST(interleaved_transfers_keep_their_sum),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
