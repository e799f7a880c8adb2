/* SPDX-License-Identifier: MIT */
/*
 * Transactions through the protocol: isolation, what conflicts and what does
 * not, quotas and permissions at commit, death of owners; and random programs
 * of several clients checked for serial equivalence. store_fairness.c has what
 * they cost others.
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
        TEST(interleaved_transfers_keep_their_sum),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
