/* SPDX-License-Identifier: MIT */
/*
 * Memory runs out at every allocation of every request in turn. A request that
 * fails has changed nothing: not the tree, not the accounts, and a failed
 * commit leaves none of the transaction's changes behind. And a journal, which
 * a daemon that was taken over may have written, asks for no more of it than it
 * is long.
 */
#include "store_test.h"

#include <errno.h>

#include "../../tools/xenstored/record.h"
#include "../../tools/xenstored/state.h"

static long allocations, fail_at = -1;
static size_t largest;
void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);

static bool fails(size_t size)
{
    largest = size > largest ? size : largest;
    return ++allocations == fail_at;
}

void *__wrap_malloc(size_t size)
{
    return fails(size) ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
    return fails(n * size) ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t size)
{
    return fails(size) ? NULL : __real_realloc(p, size);
}

static struct client *root, *guest, *other;
static int failures;

static int setup(void **state)
{
    fake_start();
    fake_create(5);
    root = client_new(NULL);
    other = client_new(NULL);
    guest = client_new(domain_get(5));
    client_one(root, XS_MKDIR, 0, "/local/domain/5");
    client_two(root, XS_SET_PERMS, 0, "/local/domain/5", "n5");
    failures = 0;
    return 0;
}

static int teardown(void **state)
{
    assert_accounts();
    client_free(root);
    client_free(other);
    client_free(guest);
    fake_stop();
    return 0;
}

static char *dump(void)
{
    static struct tree_walk w;
    const struct node *n;
    char *text = __real_malloc(1 << 16), *p = text;

    tree_walk_start(&w, store.root, "/");
    while ((n = tree_walk_next(&w)))
        p += sprintf(p, "%s=%.*s.%u.%u;", w.path, (int)node_value_len(n),
                     n->value ? n->value->data : "",
                     (unsigned int)n->perms->entry[0].id.domid,
                     n->perms->entry[0].bits);
    return text;
}

/* A request, repeated with the next allocation failing until none does. */
static int persist(struct client *cl, uint32_t type, uint32_t tx,
                   const char *data, size_t len)
{
    for (long n = 1;; n++) {
        char *before = dump(), *after;
        int rc;

        allocations = 0;
        fail_at = n;
        rc = client_ask(cl, type, tx, data, len, NULL, NULL);
        fail_at = -1;
        after = dump();
        if (rc)
            assert_string_equal(before, after);
        free(before);
        free(after);
        assert_accounts();
        if (allocations < n)
            return rc;
        if (rc) {
            assert_int_equal(rc, ENOMEM);
            failures++;
        }
        if (type == XS_TRANSACTION_END)
            return rc; /* it is gone */
        if (!rc && type != XS_READ)
            return 0; /* managed without */
    }
}

static const char *const paths[] = {"/local/domain/5/a",
                                    "/local/domain/5/a/b",
                                    "/local/domain/5/c/d/e",
                                    "/local/domain/5/a/f",
                                    "/tool/x",
                                    "/tool/x/y/z"};
#define PATHS (sizeof(paths) / sizeof(paths[0]))

static size_t arguments(char *out, const char *a, const char *b, bool terminate)
{
    size_t la = strlen(a) + 1, lb = strlen(b);
    memcpy(out, a, la);
    memcpy(out + la, b, lb + 1);
    return la + lb + terminate;
}

static void random_request(struct client *cl, uint32_t tx)
{
    const char *path = paths[(size_t)rand() % PATHS];
    char data[256], value[64];

    memset(value, 'v', sizeof(value));
    value[rand() % 60] = '\0';
    value[63] = '\0';
    switch (rand() % 6) {
    case 0:
        persist(cl, XS_MKDIR, tx, path, strlen(path) + 1);
        break;
    case 1:
        persist(cl, XS_RM, tx, path, strlen(path) + 1);
        break;
    case 2:
        persist(cl, XS_SET_PERMS, tx, data,
                arguments(data, path, rand() % 2 ? "n5" : "r5", true));
        break;
    case 3:
        persist(cl, XS_READ, tx, path, strlen(path) + 1);
        break;
    default:
        persist(cl, XS_WRITE, tx, data, arguments(data, path, value, false));
    }
}

static void a_request_that_runs_out_of_memory_changes_nothing(void **state)
{
    uint32_t snapshot = 0;

    srand(3);
    for (int i = 0; i < 1500; i++) {
        /* While a transaction has a snapshot, edits copy. */
        if (snapshot && rand() % 3 == 0) {
            client_end(other, snapshot);
            snapshot = 0;
        } else if (!snapshot) {
            snapshot = client_begin(other);
        }
        random_request(rand() % 2 ? root : guest, 0);
    }
    assert_true(failures > 1000);
}

/* Commits on the short way and, others having written, on the long way. */
static void a_commit_that_runs_out_of_memory_changes_nothing(void **state)
{
    int failed_commits = 0, done = 0;

    srand(4);
    for (int i = 0; i < 1500; i++) {
        struct client *cl = i % 2 ? root : guest;
        uint32_t tx = client_begin(cl);
        unsigned int seed = (unsigned int)rand();
        int rc;

        assert_true(tx != 0);
        for (int j = rand() % 5; j >= 0; j--)
            random_request(cl, tx);
        if (rand() % 4)
            client_write(other, 0, "/elsewhere", "x");
        /* The n-th allocation of the commit, for a few n. */
        allocations = 0;
        fail_at = 1 + (long)(seed % 30);
        {
            char *before = dump(), *after;
            rc = client_one(cl, XS_TRANSACTION_END, tx, "T");
            fail_at = -1;
            after = dump();
            if (rc)
                assert_string_equal(before, after);
            free(before);
            free(after);
        }
        assert_true(rc == 0 || rc == ENOMEM || rc == EAGAIN);
        failed_commits += rc == ENOMEM;
        done += rc == 0;
        assert_accounts();
    }
    assert_true(failed_commits > 100 && done > 300);
}

static void a_watch_refused_for_lack_of_memory_can_be_set_again(void **state)
{
    for (int i = 0; i < 600; i++) {
        char data[64];
        size_t len = (size_t)sprintf(data, "/w%d%ctok", i, 0) + 1;
        assert_int_equal(persist(root, XS_WATCH, 0, data, len), 0);
    }
    assert_int_equal(root->c->watches.count, 600);
    assert_true(failures >= 600);
    assert_int_equal(persist(root, XS_TRANSACTION_START, 0, "", 1), 0);
}

static void cause_an_event(int waiting)
{
    guest->room = 0;
    allocations = 0;
    assert_int_equal(client_write(root, 0, "/local/domain/5/x", ""), 0);
    assert_int_equal(guest->c->events, waiting);
}

static int read_events(void)
{
    int n = 0;

    guest->room = SIZE_MAX;
    connection_serve(guest->c);
    assert_int_equal(guest->c->event_index.count, 0);
    while (client_event(guest))
        n++;
    return n;
}

/* It is told all the same. */
static void an_event_that_waits_without_an_index_may_be_told_twice(void **state)
{
    client_two(guest, XS_WATCH, 0, "/local/domain/5", "t");
    cause_an_event(1);
    assert_int_equal(read_events(), 2);
    cause_an_event(1);
    assert_int_equal(guest->c->event_index.count, 1);
    fail_at = allocations;
    assert_int_equal(read_events(), 1);
    cause_an_event(1);
    fail_at = -1;
    assert_int_equal(guest->c->event_index.count, 0);
    cause_an_event(2);
    cause_an_event(2);
    assert_int_equal(read_events(), 2);
}

/* --- what a journal says ---------------------------------------------------
 */

static int restore(struct pack *p)
{
    struct unpack u = {.at = p->data, .end = p->data + p->used};
    int rc;

    largest = 0;
    rc = restore_frame(&u);
    pack_free(p);
    return rc;
}

/* One entry, and how many the record says there are. */
static int restore_perms(uint32_t count)
{
    struct pack p = {0};

    pack_u8(&p, RECORD_PERMS);
    pack_string(&p, "/tool");
    pack_u32(&p, count);
    pack_u16(&p, 0);
    pack_u32(&p, INCARNATION_DOM0);
    pack_u8(&p, PERM_READ);
    return restore(&p);
}

static void a_list_of_permissions_is_as_long_as_its_record(void **state)
{
    static const uint32_t many[] = {0, 2, 1000, 100000, 1u << 31, UINT32_MAX};

    client_one(root, XS_MKDIR, 0, "/tool");
    assert_int_equal(restore_perms(1), 0);
    for (size_t i = 0; i < sizeof(many) / sizeof(many[0]); i++) {
        assert_int_equal(restore_perms(many[i]), EINVAL);
        assert_true(largest < 1000);
    }
}

static int restore_transactions(uint16_t domid, uint32_t count,
                                uint32_t present)
{
    struct pack p = {0};

    pack_domain(&p, &(struct domain){.id = {domid, 1000u + domid}});
    pack_u8(&p, RECORD_RING);
    pack_u16(&p, domid);
    pack_u64(&p, 1);
    pack_u32(&p, 1);
    pack_u32(&p, 0);
    pack_u32(&p, 0);
    pack_u8(&p, RECORD_CONNECTION);
    pack_u16(&p, domid);
    pack_u8(&p, false);
    pack_u8(&p, true);
    pack_u16(&p, domid); /* its target */
    pack_u32(&p, 1000u + domid);
    for (int i = 0; i < 3; i++) /* no fault, the ring's indices */
        pack_u32(&p, 0);
    pack_blob(&p, "", 0);
    for (int i = 0; i < 3; i++) /* no messages */
        pack_u32(&p, 0);
    pack_u32(&p, count);
    pack_u32(&p, count);
    for (uint32_t id = 1; id <= present; id++)
        pack_u32(&p, id);
    return restore(&p);
}

/* However many that are. */
static void transactions_are_as_many_as_their_record_has(void **state)
{
    assert_int_equal(restore_transactions(6, 5000, 5000), 0);
    assert_int_equal(domain_known(6)->connection->transactions.count, 5000);
    assert_int_equal(restore_transactions(7, 5001, 5000), EINVAL);
    assert_int_equal(domain_known(7)->connection->transactions.count, 0);
    assert_int_equal(restore_transactions(8, UINT32_MAX, 0), EINVAL);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_request_that_runs_out_of_memory_changes_nothing),
        TEST(a_commit_that_runs_out_of_memory_changes_nothing),
        TEST(an_event_that_waits_without_an_index_may_be_told_twice),
        TEST(a_list_of_permissions_is_as_long_as_its_record),
        TEST(transactions_are_as_many_as_their_record_has),
        TEST(a_watch_refused_for_lack_of_memory_can_be_set_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
