/* SPDX-License-Identifier: MIT */
/*
 * Events that wait for a guest: another like one that waits is found at once,
 * and no guest fills another's queue.
 */
#include "store_test.h"

#include <errno.h>

#include "../../tools/xenstored/hash.h"

static struct client *root, *guest, *other, *reader;

static struct client *new_guest(unsigned int domid, const char *may_read)
{
    char path[32], perms[64];
    size_t len;

    sprintf(path, "/local/domain/%u", domid);
    client_one(root, XS_MKDIR, 0, path);
    len = (size_t)sprintf(perms, "%s%cn%u%c%s", path, 0, domid, 0, may_read);
    assert_int_equal(
        client_ask(root, XS_SET_PERMS, 0, perms, len + 1, NULL, NULL), 0);
    return client_new(domain_get((uint16_t)domid));
}

static int setup(void **state)
{
    fake_start();
    for (unsigned int i = 5; i <= 7; i++)
        fake_create(i);
    root = client_new(NULL);
    guest = new_guest(5, "r6");
    other = new_guest(7, "r6");
    reader = new_guest(6, "r5");
    return 0;
}

static int teardown(void **state)
{
    assert_accounts();
    client_free(root);
    client_free(guest);
    client_free(other);
    client_free(reader);
    fake_stop();
    return 0;
}

static void watch(struct client *cl, const char *path, const char *token)
{
    assert_int_equal(client_two(cl, XS_WATCH, 0, path, token), 0);
    while (client_event(cl))
        ;
}

/* Numbered children of @dir, in a transaction that is to be committed. */
static uint32_t prepare(struct client *cl, const char *dir, int n)
{
    char path[XENSTORE_PAYLOAD_MAX];
    uint32_t t = client_begin(cl);

    for (int i = 0; i < n; i++) {
        sprintf(path, "%s/%d", dir, i);
        assert_int_equal(client_write(cl, t, path, ""), 0);
    }
    return t;
}

static void commit(struct client *cl, const char *dir, int n)
{
    assert_int_equal(client_end(cl, prepare(cl, dir, n)), 0);
}

/* Reads everything; true if there was this event. */
static bool reads(struct client *cl, const char *wanted)
{
    const char *event;
    bool found = false;

    cl->room = SIZE_MAX;
    do {
        connection_serve(cl->c);
        fake_turns();
        while ((event = client_event(cl)))
            found |= !strcmp(event, wanted);
        /* More than there is room for at once. */
        cl->out_len -= cl->out_pos;
        memmove(cl->out, cl->out + cl->out_pos, cl->out_len);
        cl->out_pos = 0;
    } while (cl->c->events);
    return found;
}

/* --- the same event again ---------------------------------------------------
 */

/* How many events a look-up may pass. */
static unsigned int longest_way(const struct connection *c)
{
    unsigned int longest = 0;

    for (size_t i = 0; i < c->event_index.size; i++) {
        const struct message *m = c->event_index.bucket[i];
        unsigned int n = 0;

        for (; m; m = m->next_in_bucket)
            n++;
        longest = n > longest ? n : longest;
    }
    return longest;
}

/* On all nodes of a path, so that each change below is told by each watch. */
static void watch_a_path(struct client *cl, char *path, const char *token)
{
    strcpy(path, "/local/domain/5/data");
    for (int i = 0; i < quota[QUOTA_WATCHES]; i++) {
        strcat(path, "/x");
        watch(cl, path, token);
    }
}

static void an_event_like_one_that_waits_is_found_at_once(void **state)
{
    char path[512];

    watch_a_path(guest, path, "t");
    assert_int_equal(client_write(guest, 0, path, ""), 0);
    while (client_event(guest))
        ;
    guest->room = 0;
    commit(root, path, 800);
    assert_int_equal(guest->c->events, 800);
    assert_int_equal(guest->c->event_index.count, 800);
    assert_in_range(longest_way(guest->c), 1, 10);
    commit(root, path, 800);
    assert_int_equal(guest->c->events, 800);

    reads(guest, "");
    assert_null(guest->c->event_index.bucket);
    assert_int_equal(guest->c->event_index.count, 0);
}

/* The way in which a watch was set, by the whole path or not, and its token
 * make another event of it. */
static void what_is_told_otherwise_is_another_event(void **state)
{
    watch(guest, "data", "t");
    watch(guest, "data/x", "t");
    watch(guest, "data", "u");
    watch(guest, "/local", "t");
    watch(guest, "/local/domain/5", "t");
    watch(guest, "/local/domain/5/data/x", "v");
    guest->room = 0;
    for (int i = 0; i < 3; i++) {
        client_write(root, 0, "/local/domain/5/data/x", "");
        assert_int_equal(guest->c->events, 4);
    }
    /* Whoever watches what is below hears of that, which is nothing new. */
    client_one(root, XS_RM, 0, "/local/domain/5/data");
    assert_int_equal(guest->c->events, 4 + 3);
    client_write(root, 0, "/local/domain/5/data/x", "");
    client_one(root, XS_RM, 0, "/local/domain/5/data");
    assert_int_equal(guest->c->events, 4 + 3);
    assert_true(reads(guest, "data/x u"));
}

static int restore(enum message_kind kind, const char *text, size_t len)
{
    char message[64];
    struct xsd_sockmsg h = {.type = XS_WATCH_EVENT, .len = (uint32_t)len};

    memcpy(message, &h, sizeof(h));
    memcpy(message + sizeof(h), text, len);
    return connection_restore_message(reader->c, kind, message,
                                      sizeof(h) + len);
}

static void one_from_the_journal_is_found_as_well(void **state)
{
    static const char whole[] = "/local/domain/5/n\0t", rest[] = "n\0u";

    watch(reader, "/local/domain/5", "t");
    watch(reader, "n", "u");
    watch(reader, "/local/domain/6", "v");
    reader->room = 0;
    assert_int_equal(restore(MESSAGE_EVENT, "/without an end", 15), 0);
    assert_int_equal(restore(MESSAGE_KINDS, whole, sizeof(whole)), EINVAL);
    assert_int_equal(restore(MESSAGE_PAID_EVENT, whole, sizeof(whole)), 0);
    assert_int_equal(restore(MESSAGE_EVENT, rest, sizeof(rest)), 0);
    assert_int_equal(reader->c->paid_events, 1);
    assert_int_equal(reader->c->events, 3);
    client_write(guest, 0, "n", "");
    assert_int_equal(reader->c->events, 3);
    client_write(root, 0, "/local/domain/6/n", ""); /* but "v" is new */
    assert_int_equal(reader->c->events, 3 + 1);
    client_write(guest, 0, "m", "");
    assert_int_equal(reader->c->events, 3 + 2);
    reads(reader, "");
    assert_int_equal(reader->c->paid_bytes, 0);
}

/* Each daemon has another secret. */
static void nobody_knows_which_strings_collide(void **state)
{
    const uint64_t point = hash_point, hash = hash_path("/local");

    assert_int_equal(hash_init(), 0);
    assert_in_range(hash_point, 2, HASH_PRIME - 1);
    assert_int_not_equal(hash_path("/local"), hash);
    hash_point = HASH_PRIME - 1;
    assert_in_range(hash_add(HASH_PRIME - 1, "\377\377", 2), 0, HASH_PRIME - 1);
    hash_point = point;
}

/* --- whose affair it is ----------------------------------------------------
 */

/* As much as the guest may do before it is held up. */
static void do_the_worst(struct client *cl, const char *dir)
{
    char path[XENSTORE_PAYLOAD_MAX];

    for (int i = 1; i < quota[QUOTA_OUTSTANDING]; i++) {
        sprintf(path, "w%d", i);
        assert_int_equal(client_write(cl, 0, path, ""), 0);
    }
    commit(cl, dir, 900);
    client_send(cl, XS_WRITE, 0, "held", 5);
    assert_true(outstanding_full(cl->c->domain));
}

static void loses_nothing_for(const char *dir)
{
    const struct account *a = &domain_known(6)->account;
    long held;

    watch(reader, "/local/domain/5", "one");
    watch(reader, "/local/domain/5", "two");
    watch(reader, "/local/domain/7", "t");
    held = a->held;
    reader->room = 0;
    do_the_worst(guest, dir);
    assert_int_equal(a->held, held);
    assert_int_equal(client_write(other, 0, "state", "4"), 0);
    assert_int_equal(client_write(root, 0, "/local/domain/7/x", ""), 0);
    assert_int_equal(reader->c->events - reader->c->paid_events, 1);
    assert_false(reader->c->lost_events);
    assert_true(reads(reader, "/local/domain/7/state t"));
    assert_int_equal(reader->c->paid_events, 0);
    assert_int_equal(reader->c->paid_bytes, 0);
    assert_int_equal(a->held, held);
    assert_int_equal(client_write(guest, 0, "again", ""), 0);
}

static void no_guest_fills_the_queue_of_another(void **state)
{
    loses_nothing_for("state");
}

static void nor_its_memory(void **state)
{
    static char dir[1900];

    memset(dir, 'd', sizeof(dir) - 1);
    loses_nothing_for(dir);
}

static void for_its_own_events_nobody_else_pays(void **state)
{
    uint32_t t;

    watch(guest, "/local/domain/5", "one");
    watch(guest, "/local/domain/5", "two");
    t = prepare(guest, "state", 900);
    guest->room = sizeof(struct xsd_sockmsg) + sizeof("OK");
    client_send(guest, XS_TRANSACTION_END, t, "T", 2);
    assert_int_equal(guest->c->replies, 0);
    assert_int_equal(guest->c->paid_events, 0);
    assert_int_equal(guest->c->events, CONNECTION_EVENTS_COUNT);
}

/* The reader may set watches and tokens as it likes. */
static void what_others_pay_for_has_an_end(void **state)
{
    static char token[1900];
    const struct account *a = &domain_known(6)->account;
    long held;

    memset(token, 't', sizeof(token) - 1);
    for (int i = 0; i < 100; i++) {
        sprintf(token, "%3d", i);
        token[3] = 't';
        watch(reader, "/local/domain/5", token);
    }
    held = a->held;
    reader->room = 0;
    do_the_worst(guest, "state");
    assert_int_equal(a->held, held);
    assert_in_range(reader->c->paid_bytes, CONNECTION_PAID_MAX - 10000,
                    CONNECTION_PAID_MAX);
    assert_true(reader->c->lost_events);
    reads(reader, "");
}

/* Nobody is held up then, so nobody has paid. */
static void without_that_limit_each_has_its_own_queue(void **state)
{
    long limit = quota[QUOTA_OUTSTANDING];

    quota[QUOTA_OUTSTANDING] = 0;
    watch(reader, "/local/domain/5", "one");
    watch(reader, "/local/domain/5", "two");
    reader->room = 0;
    commit(guest, "state", 900);
    quota[QUOTA_OUTSTANDING] = limit;
    assert_int_equal(reader->c->paid_events, 0);
    assert_int_equal(reader->c->events, CONNECTION_EVENTS_COUNT);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_event_like_one_that_waits_is_found_at_once),
        TEST(what_is_told_otherwise_is_another_event),
        TEST(one_from_the_journal_is_found_as_well),
        TEST(nobody_knows_which_strings_collide),
        TEST(no_guest_fills_the_queue_of_another),
        TEST(nor_its_memory),
        TEST(for_its_own_events_nobody_else_pays),
        TEST(what_others_pay_for_has_an_end),
        TEST(without_that_limit_each_has_its_own_queue),
    };

    return cmocka_run_group_tests_name("queues", tests, NULL, NULL);
}
