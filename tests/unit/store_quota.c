/* SPDX-License-Identifier: MIT */
/*
 * Limits of guests as an administrator sees them: refusals are counted, and
 * logged now and then; events that a guest causes and nobody reads stop it, but
 * not for ever; and one that takes all of the daemon's time waits.
 */
#include "store_test.h"

#include <errno.h>
#include <unistd.h>

#include <daemon/clock.h>

#include "../../tools/xenstored/record.h"
#include "../../tools/xenstored/state.h"

static struct client *root, *guest, *reader;

static int setup(void **state)
{
    fake_start();
    fake_create(5);
    fake_create(6);
    root = client_new(NULL);
    guest = client_new(domain_get(5));
    reader = client_new(domain_get(6));
    client_one(root, XS_MKDIR, 0, "/local/domain/5");
    client_ask(root, XS_SET_PERMS, 0, "/local/domain/5\0n5\0r6", 22, NULL,
               NULL);
    return 0;
}

static int teardown(void **state)
{
    assert_accounts();
    client_free(root);
    client_free(guest);
    client_free(reader);
    fake_stop();
    return 0;
}

static const char *control(const char *command, size_t len)
{
    static char text[XENSTORE_PAYLOAD_MAX + 1];

    assert_int_equal(client_ask(root, XS_CONTROL, 0, command, len, text, &len),
                     0);
    text[len] = '\0';
    return text;
}

static unsigned long refused(enum quota q)
{
    return domain_known(5)->account.refused[q];
}

/* --- events by a guest that wait -------------------------------------------
 */

/* The reader watches the guest's nodes and takes nothing. */
static void do_not_read(void)
{
    client_two(reader, XS_WATCH, 0, "/local/domain/5", "t");
    while (client_event(reader))
        ;
    reader->room = 0;
}

static void read_all(void)
{
    reader->room = SIZE_MAX;
    connection_serve(reader->c);
}

static bool write_number(int i)
{
    char request[32];
    int len = sprintf(request, "n%d%cx", i, 0);
    size_t before = guest->out_len;

    client_send(guest, XS_WRITE, 0, request, (size_t)len);
    return guest->out_len != before;
}

static int writes_until_stopped(int first)
{
    int i = first;

    while (i < first + 500 && write_number(i))
        i++;
    return i - first;
}

static void unread_events_stop_their_guest(void **state)
{
    int n, events = 0;

    do_not_read();
    n = writes_until_stopped(0);
    assert_int_equal(n, quota[QUOTA_OUTSTANDING]);
    assert_int_equal(reader->c->events, n);
    assert_true(refused(QUOTA_OUTSTANDING) > 0);
    /* Others go on. */
    assert_int_equal(client_write(root, 0, "/local/domain/5/root", ""), 0);

    /* When they have been read, the request that waited is served. */
    read_all();
    fake_turns();
    while (client_event(reader))
        events++;
    assert_int_equal(events, n + 2);
    assert_int_equal(domain_known(5)->outstanding.requests, 0);
    assert_int_equal(writes_until_stopped(100), 500);
}

/* However many watches see a change. */
static void a_request_counts_once_for_each_reader(void **state)
{
    char token[16];

    for (int i = 0; i < 30; i++) {
        sprintf(token, "%d", i);
        client_two(reader, XS_WATCH, 0, "/local/domain/5", token);
    }
    do_not_read();
    assert_int_equal(writes_until_stopped(0), quota[QUOTA_OUTSTANDING]);
    assert_int_equal(reader->c->events, 31 * quota[QUOTA_OUTSTANDING]);
    read_all();
    fake_turns();
    assert_int_equal(domain_known(5)->outstanding.requests, 0);
    assert_int_equal(writes_until_stopped(100), 500);
}

static void commit(int nodes)
{
    uint32_t t = client_begin(guest);
    char path[32];

    for (int i = 0; i < nodes; i++) {
        sprintf(path, "c%d", i);
        assert_int_equal(client_write(guest, t, path, "x"), 0);
    }
    assert_int_equal(client_end(guest, t), 0);
}

/* One of a few nodes is a request like another, one of many is no way around.
 */
static void a_commit_counts_by_its_changes(void **state)
{
    do_not_read();
    commit(25);
    assert_int_equal(domain_known(5)->outstanding.requests, 1);
    assert_int_equal(writes_until_stopped(0), quota[QUOTA_OUTSTANDING] - 1);
    read_all();
    fake_turns();
    assert_int_equal(domain_known(5)->outstanding.requests, 0);
    guest->out_len = guest->out_pos = 0;

    do_not_read();
    commit(500);
    assert_int_equal(domain_known(5)->outstanding.requests, 500 / 25);
    assert_false(write_number(0));
    read_all();
    fake_turns();
    assert_int_equal(domain_known(5)->outstanding.requests, 0);
}

/* A guest may set many before it reads the first event. */
static void a_watch_that_is_set_counts_for_nobody(void **state)
{
    outstanding_begin(domain_known(5));
    for (int i = 0; i < 2; i++) {
        outstanding_change();
        outstanding_begin(domain_known(5));
        assert_int_equal(outstanding_add(guest->c).epoch, 0);
        assert_int_equal(domain_known(5)->outstanding.requests, 0);
        assert_false(outstanding_is_paid(reader->c));
    }
    outstanding_end();
}

/* As if so much time had gone by, in milliseconds. */
static void pass(uint64_t ms)
{
    domain_known(5)->outstanding.since -= ms;
    reader->c->deaf.found_ms -= ms;
    for (struct message *m = reader->c->out; m; m = m->next)
        m->since_ms -= ms;
}

static void pass_timeouts(unsigned int n)
{
    pass(n * (uint64_t)outstanding_timeout);
    fake_turns();
}

/* The guest is stopped until a timeout has gone by. */
static void is_found_deaf(void)
{
    do_not_read();
    assert_int_equal(writes_until_stopped(0), quota[QUOTA_OUTSTANDING]);
    pass_timeouts(1);
    assert_int_equal(domain_known(5)->outstanding.requests, 0);
    assert_int_equal(writes_until_stopped(100), 500);
    /* The guest has not paid for more of its events. */
    assert_int_equal(reader->c->paid_events, quota[QUOTA_OUTSTANDING]);
}

static void a_reader_that_never_reads_stops_nobody_for_ever(void **state)
{
    is_found_deaf();
    pass_timeouts(1000);
    assert_int_equal(writes_until_stopped(0), 500);
    /* Those that are forgiven do not count when they go after all. */
    read_all();
    assert_int_equal(domain_known(5)->outstanding.requests, 0);
}

static void one_that_has_read_all_is_waited_for_again(void **state)
{
    is_found_deaf();
    read_all();
    do_not_read();
    assert_int_equal(writes_until_stopped(0), quota[QUOTA_OUTSTANDING]);
    read_all();
}

static void but_not_at_once_if_it_makes_that_a_habit(void **state)
{
    unsigned int deaf = 0;

    for (int times = 1; times <= 8; times++) {
        is_found_deaf();
        for (deaf = 0; deaf < 100; deaf++, pass_timeouts(1)) {
            read_all();
            do_not_read();
            if (writes_until_stopped(0) < 500)
                break;
        }
        assert_int_equal(deaf, (1 << (times < 5 ? times - 1 : 4)) - 1);
        read_all();
    }
    /* It was good for long. */
    pass_timeouts(32);
    is_found_deaf();
    read_all();
    is_found_deaf();
    read_all();
}

/* Some of what waits, now and then. */
static void read_bytes(size_t n)
{
    pass((uint64_t)outstanding_timeout / 10);
    reader->room = n;
    connection_serve(reader->c);
    reader->room = 0;
    fake_turns();
    while (client_event(reader))
        ;
}

/* It may take one event from time to time for no other reason. */
static void nor_does_one_that_hardly_reads(void **state)
{
    do_not_read();
    for (int i = 0; i < 200 && !reader->c->deaf.is; i++) {
        writes_until_stopped(0);
        read_bytes(40);
    }
    assert_true(reader->c->deaf.is);
    assert_int_equal(writes_until_stopped(0), 500);
    read_all();
}

/* Something waits at any time, but nothing for long. */
static void a_slow_reader_is_waited_for(void **state)
{
    uint32_t epoch = domain_known(5)->outstanding.epoch;
    unsigned int i = 0, stopped = 0;

    do_not_read();
    while (domain_known(5)->outstanding.epoch == epoch) {
        while (write_number((int)(i++ % 400)))
            assert_true(i < 10000);
        stopped++;
        read_bytes(600);
    }
    assert_true(stopped > 3);
    assert_false(reader->c->deaf.is);
    read_all();
}

/* The reader's end, and the guest's. */
static void events_may_outlive_who_has_caused_them(void **state)
{
    do_not_read();
    writes_until_stopped(0);
    client_free(reader);
    reader = client_new(domain_known(6));
    assert_int_equal(domain_known(5)->outstanding.requests, 0);

    do_not_read();
    writes_until_stopped(50);
    fake_destroy(5);
    domain_check_all();
    reader->room = SIZE_MAX;
    connection_serve(reader->c);
}

/* --- the daemon's time ------------------------------------------------------
 */

static struct share *share_of(uint16_t domid)
{
    return &domain_known(domid)->share;
}

/* Requests until one is not answered, in a time that fills no bucket. */
static void write_until_held(int64_t left_us)
{
    share_of(5)->left_us = left_us;
    for (int i = 0; i < 10000000; i++) {
        share_of(5)->filled_ms = now_ms();
        guest->out_len = guest->out_pos = 0;
        if (!write_number(i % 400))
            return;
    }
    fail_msg("no request is refused");
}

static void a_guest_that_has_spent_its_time_waits(void **state)
{
    size_t answered;

    quota[QUOTA_CPU] = 10;
    write_until_held(5000);
    answered = guest->out_len;
    assert_true(share_of(5)->held);
    assert_int_equal(refused(QUOTA_CPU), 1);
    assert_int_equal(fake_log_lines, 1);
    /* A tenth of a millisecond in each: 2 ms at least, and what it owes. */
    share_of(5)->left_us = -20000000;
    assert_int_equal(connection_next_turn(share_of(5)->filled_ms), 200020);
    assert_int_equal(connection_next_turn(share_of(5)->filled_ms + 200019), 1);
    assert_int_equal(connection_next_turn(share_of(5)->filled_ms + 200020), 0);

    /* Others go on. */
    assert_int_equal(client_write(root, 0, "/local/domain/5/root", ""), 0);
    assert_int_equal(client_write(reader, 0, "/local/domain/6", ""), EACCES);
    fake_turns();
    assert_int_equal(guest->out_len, answered);
    assert_int_equal(refused(QUOTA_CPU), 1);

    share_of(5)->filled_ms -= 300000;
    fake_turns();
    assert_true(guest->out_len > answered);
    assert_false(share_of(5)->held);
    assert_non_null(
        strstr(control("quota", 6), "domain 5 refused cpu: 1 times\n"));
}

static void nobody_pays_for_others(void **state)
{
    quota[QUOTA_CPU] = 10;
    *share_of(6) = (struct share){.left_us = 900000, .filled_ms = now_ms()};
    write_until_held(100000);
    for (int i = 0; i < 20000; i++)
        client_write(root, 0, "/local/domain/5/root", "");
    assert_int_equal(client_write(reader, 0, "/local/domain/6", ""), EACCES);
    assert_int_equal(client_write(root, 0, "/local/domain/5/root", ""), 0);
    assert_in_range(share_of(6)->left_us, 899000, 1000 * SHARE_BURST_MS);
}

static int set_perms(const char *path)
{
    char data[64];
    size_t len = (size_t)sprintf(data, "%s%cn5%cn60%cn61%cn62%cn63", path, 0, 0,
                                 0, 0, 0);

    return client_ask(guest, XS_SET_PERMS, 0, data, len + 1, NULL, NULL);
}

/* The process that asks the hypervisor is another one, and on nobody's share.
 */
static void domains_are_looked_for_by_whoever_pays(void **state)
{
    int64_t left;
    int lookups;

    quota[QUOTA_CPU] = 1;
    assert_int_equal(client_write(guest, 0, "own", ""), 0);
    client_one(root, XS_MKDIR, 0, "/foreign");
    lookups = fake_lookups;
    assert_int_equal(set_perms("/foreign"), EACCES);
    assert_int_equal(set_perms("/local/domain/5/no"), ENOENT);
    assert_int_equal(set_perms("/local/domain/5/no//path"), EINVAL);
    assert_int_equal(set_perms("@releaseDomain"), EACCES);
    assert_int_equal(fake_lookups, lookups);

    share_of(5)->left_us = 1000 * SHARE_BURST_MS / 2;
    left = share_of(5)->left_us;
    for (int i = 0; i < 100; i++) {
        share_of(5)->filled_ms = now_ms();
        assert_int_equal(set_perms("own"), 0);
    }
    assert_int_equal(fake_lookups, lookups + 400);
    assert_true(left - share_of(5)->left_us > 300 * LOOK_UP_US);
}

/* Its turns come again and again while it waits. */
static void one_that_waits_does_not_pay_for_others(void **state)
{
    int64_t owed;

    quota[QUOTA_CPU] = 10;
    write_until_held(1000);
    share_of(5)->left_us = -20000000;
    share_of(5)->filled_ms = now_ms();
    fake_turns();
    owed = share_of(5)->left_us;
    for (int i = 0; i < 20000; i++) {
        assert_int_equal(client_write(root, 0, "/local/domain/5/root", ""), 0);
        fake_turns();
    }
    assert_true(share_of(5)->held);
    assert_true(share_of(5)->left_us >= owed);
}

static void a_bucket_has_an_edge(void **state)
{
    struct share *s = share_of(5);

    quota[QUOTA_CPU] = 10;
    assert_true(write_number(0)); /* full at first */
    client_write(root, 0, "/local/domain/5/root", "");
    assert_in_range(s->left_us, 990000, 1000 * SHARE_BURST_MS);
    s->filled_ms -= 3600000;
    assert_true(write_number(0));
    client_write(root, 0, "/local/domain/5/root", "");
    assert_in_range(s->left_us, 990000, 1000 * SHARE_BURST_MS);
}

/* Nor when that is set meanwhile. */
static void no_limit_holds_nobody(void **state)
{
    quota[QUOTA_CPU] = 10;
    write_until_held(1000);
    assert_string_equal(control("quota\0set\0cpu\0000", 16), "OK");
    assert_int_equal(connection_next_turn(now_ms()), -1);
    assert_int_equal(writes_until_stopped(0), 500);
    share_of(5)->left_us = -1000000;
    assert_int_equal(writes_until_stopped(0), 500);
}

/* Neither its kernel nor its programs. */
static void domain_0_is_never_held(void **state)
{
    struct client *kernel = client_new(domain_get(0));

    quota[QUOTA_CPU] = 1;
    share_of(0)->left_us = -1000000;
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(client_write(kernel, 0, "/local/domain/5/k", ""), 0);
        assert_int_equal(client_write(root, 0, "/local/domain/5/k", ""), 0);
    }
    assert_int_equal(share_of(0)->left_us, -1000000);
    client_free(kernel);
}

/* --- refusals ---------------------------------------------------------------
 */

static void refuse_everything(void)
{
    char big[2100], path[32];

    memset(big, 'v', sizeof(big));
    big[2049] = '\0';
    client_write(guest, 0, "big", big);
    big[0] = '/';
    client_write(guest, 0, big, "");
    client_ask(guest, XS_SET_PERMS, 0, "x\0n5\0r1\0r1\0r1\0r1\0r1", 20, NULL,
               NULL);
    for (int i = 0; i < 130; i++) {
        sprintf(path, "w%d", i);
        client_two(guest, XS_WATCH, 0, path, "");
    }
    for (int i = 0; i < 11; i++)
        client_begin(guest);
    for (int i = 0; i < 1000; i++) {
        sprintf(path, "n%d", i);
        client_write(guest, 0, path, "");
    }
}

static void refusals_are_counted_and_told(void **state)
{
    const char *text;

    refuse_everything();
    assert_int_equal(refused(QUOTA_NODE_SIZE), 1);
    assert_int_equal(refused(QUOTA_PATH_LENGTH), 1);
    assert_int_equal(refused(QUOTA_NODE_PERMISSIONS), 1);
    assert_int_equal(refused(QUOTA_WATCHES), 2);
    assert_int_equal(refused(QUOTA_TRANSACTIONS), 1);
    assert_int_equal(refused(QUOTA_NODES), 1);
    assert_int_equal(fake_log_lines, 6);

    /* The next line about the same in a minute. */
    for (int i = 0; i < 100; i++)
        client_write(guest, 0, "one/more", "");
    assert_int_equal(refused(QUOTA_NODES), 101);
    assert_int_equal(fake_log_lines, 6);
    domain_known(5)->account.told[QUOTA_NODES] -= 60001;
    client_write(guest, 0, "one/more", "");
    assert_int_equal(fake_log_lines, 7);

    text = control("quota", 6);
    assert_non_null(strstr(text, "domain 5 refused nodes: 102 times\n"));
    assert_non_null(strstr(text, "domain 5 refused path-max: 1 times\n"));
    assert_null(strstr(text, "domain 5 refused memory"));
    assert_null(strstr(text, "domain 6"));
}

/* --- the words of Xen's -----------------------------------------------------
 */

static void quotas_are_shown_as_xens_are(void **state)
{
    const char *text = control("quota", 6);
    char wanted[200];

    assert_int_equal(
        strncmp(text, "Quota settings:\nnodes            :     1000 ", 43), 0);
    assert_non_null(strstr(text, "\npath-max         :     2048 "));
    assert_non_null(strstr(text, "\npermissions      :        5 "));
    text = control("quota\0005", 8);
    sprintf(wanted,
            "Domain 5:\nnodes           :        1\n"
            "watches         :        0\ntransactions    :        0\n"
            "outstanding     :        0\nmemory          : %8ld\n",
            node_cost(1, 0));
    assert_string_equal(text, wanted);
    assert_string_equal(control("quota\0set\0permissions\0007", 24), "OK");
    assert_int_equal(quota[QUOTA_NODE_PERMISSIONS], 7);
    assert_string_equal(control("quota\0set\0node-permissions\0005", 29), "OK");
    assert_int_equal(quota[QUOTA_NODE_PERMISSIONS], 5);
    text = control("quota-soft", 11);
    assert_int_equal(
        strncmp(text, "Quota settings:\nmemory           :  2097152 ", 43), 0);
    assert_int_equal(strncmp(control("help", 5), "check\t\nlog\ton|off\n", 18),
                     0);
}

/* A daemon goes on with the journal of an older one. */
static void the_journal_knows_limits_by_their_numbers(void **state)
{
    long were[QUOTA_COUNT], soft = quota_soft_memory;
    struct pack p = {0};
    struct unpack u;

    memcpy(were, quota, sizeof(were));
    for (unsigned int i = 0; i < 12; i++)
        pack_quota(&p, i, 1000 + i);
    u = (struct unpack){.at = p.data, .end = p.data + p.used};
    assert_int_equal(restore_frame(&u), 0);
    assert_int_equal(quota[QUOTA_NODES], 1000);
    assert_int_equal(quota[QUOTA_MEMORY], 1005);
    assert_int_equal(quota[QUOTA_SNAPSHOT_MEMORY], 1009);
    assert_int_equal(quota_soft_memory, 1010);
    assert_int_equal(quota[QUOTA_CPU], 1011);
    pack_free(&p);
    memcpy(quota, were, sizeof(were));
    quota_soft_memory = soft;
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(unread_events_stop_their_guest),
        TEST(a_request_counts_once_for_each_reader),
        TEST(a_commit_counts_by_its_changes),
        TEST(a_watch_that_is_set_counts_for_nobody),
        TEST(a_reader_that_never_reads_stops_nobody_for_ever),
        TEST(one_that_has_read_all_is_waited_for_again),
        TEST(but_not_at_once_if_it_makes_that_a_habit),
        TEST(nor_does_one_that_hardly_reads),
        TEST(a_slow_reader_is_waited_for),
        TEST(events_may_outlive_who_has_caused_them),
        TEST(a_guest_that_has_spent_its_time_waits),
        TEST(nobody_pays_for_others),
        TEST(domains_are_looked_for_by_whoever_pays),
        TEST(one_that_waits_does_not_pay_for_others),
        TEST(a_bucket_has_an_edge),
        TEST(no_limit_holds_nobody),
        TEST(domain_0_is_never_held),
        TEST(refusals_are_counted_and_told),
        TEST(quotas_are_shown_as_xens_are),
        TEST(the_journal_knows_limits_by_their_numbers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
