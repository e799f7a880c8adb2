/* SPDX-License-Identifier: MIT */
/*
 * The ring of a domain that plays by the rules, and of one that does not:
 * every combination of hostile indices, indices that change under way,
 * reconnection, introduction twice, release and death with a mapped ring.
 */
#include "store_test.h"

#include <errno.h>

#include <daemon/clock.h>

#define GUEST 7
static struct client *root;
static struct xenstore_domain_interface *page;

static int setup(void **state)
{
    fake_start();
    root = client_new(NULL);
    fake_create(GUEST);
    page = &fake_domain[GUEST].page;
    return 0;
}

static int teardown(void **state)
{
    assert_accounts();
    client_free(root);
    fake_stop();
    assert_int_equal(fake_domain[GUEST].mapped, 0);
    assert_int_equal(fake_domain[GUEST].bound, 0);
    return 0;
}

static int introduce(const char *text, size_t len)
{
    return client_ask(root, XS_INTRODUCE, 0, text, len, NULL, NULL);
}
#define INTRODUCE(text) introduce(text, sizeof(text) - 1)

/* --- the guest's side ----------------------------------------------------- */

static void event(void)
{
    assert_true(ring_event(fake_port(GUEST)));
    connection_reap();
}

static bool guest_put(const void *data, size_t len)
{
    if (XENSTORE_RING_SIZE - (page->req_prod - page->req_cons) < len)
        return false;
    for (size_t i = 0; i < len; i++)
        page->req[MASK_XENSTORE_IDX(page->req_prod + i)] =
            ((const char *)data)[i];
    page->req_prod += (uint32_t)len;
    return true;
}

static bool guest_get(void *data, size_t len)
{
    if (page->rsp_prod - page->rsp_cons < len)
        return false;
    for (size_t i = 0; i < len; i++)
        ((char *)data)[i] = page->rsp[MASK_XENSTORE_IDX(page->rsp_cons + i)];
    page->rsp_cons += (uint32_t)len;
    return true;
}

/* Sends in pieces that fit and reads the answer in pieces, as a kernel does. */
static uint32_t guest_ask(uint32_t type, const char *data, size_t len,
                          char *answer, size_t *answer_len)
{
    struct xsd_sockmsg h = {type, 4711, 0, (uint32_t)len};
    size_t done = 0, n;

    assert_true(guest_put(&h, sizeof(h)));
    while (done < len) {
        n = len - done > 300 ? 300 : len - done;
        while (!guest_put(data + done, n))
            event();
        done += n;
    }
    event();
    do {
        assert_true(guest_get(&h, sizeof(h)));
        for (done = 0; done < h.len; done += n) {
            n = h.len - done > 100 ? 100 : h.len - done;
            if (!guest_get(answer + done, n)) {
                event();
                assert_true(guest_get(answer + done, n));
            }
        }
    } while (h.type == XS_WATCH_EVENT);
    assert_int_equal(h.req_id, 4711);
    *answer_len = h.len;
    return h.type;
}

/* --- tests ---------------------------------------------------------------- */

static void a_guest_is_introduced_with_its_ring_and_port(void **state)
{
    assert_int_equal(client_two(root, XS_WATCH, 0, "@introduceDomain", "t"), 0);
    client_event(root);
    fake_domain[GUEST].no_grant = true;
    assert_int_equal(INTRODUCE("7\0"
                               "1\0"
                               "3\0"),
                     EINVAL); /* no page */
    fake_domain[GUEST].no_grant = false;
    assert_int_equal(INTRODUCE("7\0"
                               "1\0"
                               "0\0"),
                     EINVAL); /* no port */
    assert_int_equal(INTRODUCE("8\0"
                               "1\0"
                               "3\0"),
                     EINVAL); /* no domain */
    assert_int_equal(INTRODUCE("7\0"
                               "1\0"),
                     EINVAL);
    assert_int_equal(INTRODUCE("7\0x\0"
                               "3\0"),
                     EINVAL);
    assert_int_equal(fake_domain[GUEST].mapped, 0);
    assert_null(client_event(root));
    assert_int_equal(client_one(root, XS_RELEASE, 0, "7"), EINVAL);
    assert_int_equal(INTRODUCE("7\0"
                               "99\0"
                               "3\0"),
                     0);
    assert_string_equal(client_event(root), "@introduceDomain t");
    assert_int_equal(page->server_features, 3);
    assert_int_equal(fake_domain[GUEST].notified, 0);
    /* Once more with another port, as after a resume; not with another page. */
    assert_int_equal(INTRODUCE("7\0"
                               "99\0"
                               "4\0"),
                     0);
    assert_null(client_event(root));
    assert_int_equal(INTRODUCE("7\0"
                               "98\0"
                               "4\0"),
                     EINVAL);
    assert_int_equal(fake_domain[GUEST].mapped, 1);
    assert_int_equal(fake_domain[GUEST].bound, 1);
    assert_int_equal(client_one(root, XS_RELEASE, 0, "7"), 0);
    assert_int_equal(fake_domain[GUEST].mapped, 0);
    assert_false(ring_event(fake_port(GUEST)));
    assert_false(ring_event(-1));
    assert_false(ring_event(1 << 20));
}

/* The old one has been given up by then. */
static void a_port_that_cannot_be_bound_leaves_no_guest_without(void **state)
{
    assert_int_equal(INTRODUCE("7\0"
                               "99\0"
                               "3\0"),
                     0);
    fake_domain[GUEST].no_port = true;
    assert_int_equal(INTRODUCE("7\0"
                               "99\0"
                               "4\0"),
                     EINVAL);
    assert_int_equal(fake_domain[GUEST].bound, 0);
    assert_true(domain_rings_missing());
    fake_domain[GUEST].no_port = false;
    domain_attach_rings();
    assert_false(domain_rings_missing());
    assert_int_equal(fake_domain[GUEST].bound, 1);
}

/* Long messages wrap around the ring many times, at every offset. */
static void long_messages_wrap_around_the_ring(void **state)
{
    char path[] = "/local/domain/7", answer[XENSTORE_PAYLOAD_MAX];
    char value[XENSTORE_PAYLOAD_MAX];
    size_t len;

    client_one(root, XS_MKDIR, 0, path);
    client_two(root, XS_SET_PERMS, 0, path, "n7");
    page->req_cons = page->req_prod = 0xfffffff0u; /* about to wrap */
    page->rsp_cons = page->rsp_prod = 0x7ffffff1u;
    assert_int_equal(INTRODUCE("7\0"
                               "99\0"
                               "3\0"),
                     0);
    for (int i = 0; i < 1500; i++) {
        size_t l = 4 + (size_t)i % 1900;
        memcpy(value, "big", 4);
        for (size_t j = 4; j < l; j++)
            value[j] = (char)(j * 7 + (size_t)i);
        assert_int_equal(guest_ask(XS_WRITE, value, l, answer, &len), XS_WRITE);
        assert_int_equal(guest_ask(XS_READ, "big", 4, answer, &len), XS_READ);
        assert_int_equal(len, l - 4);
        assert_memory_equal(answer, value + 4, len);
    }
    assert_true(fake_domain[GUEST].notified > 3000);
}

/* Whatever stands in the indices: served or parked, never out of bounds. */
static void any_indices_are_served_or_park_the_guest(void **state)
{
    static const uint32_t odd[] = {
        0,          1,          15,         16,         1023,
        1024,       1025,       2048,       4096,       0x7fffffff,
        0x80000000, 0xfffffbff, 0xfffffc00, 0xfffffffe, 0xffffffff};
    const size_t n = sizeof(odd) / sizeof(odd[0]);

    for (size_t i = 0; i < n * n * n * n; i++) {
        memset(page, (int)(i * 31), sizeof(*page));
        page->req_cons = odd[i % n];
        page->req_prod = odd[i / n % n];
        page->rsp_cons = odd[i / n / n % n];
        page->rsp_prod = odd[i / n / n / n % n];
        page->connection = 0;
        assert_int_equal(INTRODUCE("7\0"
                                   "99\0"
                                   "3\0"),
                         0);
        event();
        if (page->error == XENSTORE_ERROR_NONE) {
            /* And changed behind the daemon's back. */
            page->req_prod ^= odd[(i + 3) % n];
            page->req_cons ^= odd[(i + 5) % n];
            page->rsp_prod ^= odd[(i + 9) % n];
            event();
        }
        assert_true(page->error <= XENSTORE_ERROR_PROTO);
        assert_int_equal(client_one(root, XS_RELEASE, 0, "7"), 0);
        connection_reap();
    }
}

/* The store's indices in the page are for the guest to read: what the guest
 * writes there does not move the store. */
static void indices_of_the_store_are_not_the_guests_to_move(void **state)
{
    char answer[XENSTORE_PAYLOAD_MAX];
    uint32_t cons, prod;
    size_t len;

    assert_int_equal(INTRODUCE("7\0"
                               "99\0"
                               "3\0"),
                     0);
    for (int i = 0; i < 50; i++) {
        struct xsd_sockmsg h = {XS_GET_DOMAIN_PATH, 1, 0, 2};

        assert_true(guest_put(&h, sizeof(h)));
        assert_true(guest_put("7", 2));
        cons = page->req_cons;
        prod = page->rsp_prod;
        page->req_cons += (uint32_t)rand();
        page->rsp_prod += (uint32_t)rand();
        event();
        assert_int_equal(page->error, XENSTORE_ERROR_NONE);
        assert_int_equal(page->req_cons, cons + sizeof(h) + 2);
        assert_int_equal(page->rsp_prod, prod + sizeof(h) + 16);
        assert_true(guest_get(&h, sizeof(h)));
        assert_int_equal(h.type, XS_GET_DOMAIN_PATH);
        assert_true(guest_get(answer, h.len));
        assert_string_equal(answer, "/local/domain/7");
    }
    assert_int_equal(guest_ask(XS_GET_DOMAIN_PATH, "7", 2, answer, &len),
                     XS_GET_DOMAIN_PATH);
}

static void a_guest_is_told_of_its_error_in_the_ring(void **state)
{
    struct xsd_sockmsg h = {XS_READ, 1, 0, 4097};

    assert_int_equal(INTRODUCE("7\0"
                               "99\0"
                               "3\0"),
                     0);
    page->req_prod = page->req_cons + 1025;
    event();
    assert_int_equal(page->error, XENSTORE_ERROR_RINGIDX);
    /* Reconnecting makes it good again. */
    page->connection = XENSTORE_RECONNECT;
    event();
    assert_int_equal(page->connection, XENSTORE_CONNECTED);
    assert_int_equal(page->error, XENSTORE_ERROR_NONE);
    assert_int_equal(
        page->req_prod | page->req_cons | page->rsp_prod | page->rsp_cons, 0);
    assert_true(guest_put(&h, sizeof(h)));
    event();
    assert_int_equal(page->error, XENSTORE_ERROR_PROTO);
    /* A parked domain is left alone, whatever it does. */
    h.len = 2;
    assert_true(guest_put(&h, sizeof(h)));
    event();
    assert_int_equal(page->rsp_prod, 0);
    page->connection = XENSTORE_RECONNECT;
    event();
    page->rsp_cons = 1; /* ahead of us */
    h.len = 0;
    assert_true(guest_put(&h, sizeof(h)));
    event();
    assert_int_equal(page->error, XENSTORE_ERROR_RINGIDX);
}

/* Breaking the protocol over and over must not fill the log. */
static void a_guests_faults_are_logged_once(void **state)
{
    assert_int_equal(INTRODUCE("7\0"
                               "99\0"
                               "3\0"),
                     0);
    for (int i = 0; i < 100; i++) {
        page->req_prod = page->req_cons + 5000;
        event();
        assert_int_equal(page->error, XENSTORE_ERROR_RINGIDX);
        page->connection = XENSTORE_RECONNECT;
        event();
    }
    assert_int_equal(fake_log_lines, 1);
}

static void a_guest_that_reconnects_begins_anew(void **state)
{
    char answer[XENSTORE_PAYLOAD_MAX];
    size_t len;
    struct domain *d;

    assert_int_equal(INTRODUCE("7\0"
                               "99\0"
                               "3\0"),
                     0);
    d = domain_known(GUEST);
    assert_int_equal(guest_ask(XS_WATCH, "a\0t\0", 4, answer, &len), XS_WATCH);
    assert_int_equal(guest_ask(XS_TRANSACTION_START, "", 1, answer, &len),
                     XS_TRANSACTION_START);
    assert_int_equal(d->connection->watches.count, 1);
    assert_int_equal(d->connection->transactions.count, 1);
    guest_put("half a header", 5);
    event();
    page->connection = XENSTORE_RECONNECT;
    event();
    assert_int_equal(d->connection->watches.count, 0);
    assert_int_equal(d->connection->transactions.count, 0);
    assert_int_equal(d->account.held, 0);
    assert_int_equal(guest_ask(XS_GET_DOMAIN_PATH, "7", 2, answer, &len),
                     XS_GET_DOMAIN_PATH);
}

/* Death in every state of a connection, many lives of one id. */
static void a_domain_may_die_in_every_state_of_its_connection(void **state)
{
    char answer[XENSTORE_PAYLOAD_MAX];
    size_t len;

    for (int life = 0; life < 40000; life++) {
        fake_create(GUEST);
        client_one(root, XS_MKDIR, 0, "/local/domain/7");
        client_two(root, XS_SET_PERMS, 0, "/local/domain/7", "n7");
        assert_int_equal(INTRODUCE("7\0"
                                   "99\0"
                                   "3\0"),
                         0);
        if (life % 2)
            guest_ask(XS_WRITE, "a\0x", 3, answer, &len);
        if (life % 3 == 0)
            guest_ask(XS_TRANSACTION_START, "", 1, answer, &len);
        if (life % 7 == 0)
            guest_ask(XS_WATCH, "/\0t\0", 4, answer, &len);
        if (life % 5 == 0)
            guest_put("part of a message", (size_t)(life % 16));
        if (life % 11 == 0)
            page->req_prod += 5000;
        event();
        fake_destroy(GUEST);
        if (life % 13 == 0)
            assert_int_equal(client_one(root, XS_RELEASE, 0, "7"), 0);
        else
            domain_check_all();
        connection_reap();
        assert_null(domain_known(GUEST));
        assert_null(client_read(root, 0, "/local/domain/7"));
        assert_int_equal(fake_domain[GUEST].mapped, 0);
        assert_int_equal(fake_domain[GUEST].bound, 0);
    }
}

/* By a client that has its turn just before. */
static void a_guest_may_be_released_while_it_waits_for_its_turn(void **state)
{
    struct xsd_sockmsg h = {XS_GET_DOMAIN_PATH, 1, 0, 2};

    assert_int_equal(INTRODUCE("7\0"
                               "99\0"
                               "3\0"),
                     0);
    for (int i = 0; i <= CONNECTION_TURN; i++) {
        h.type = i < CONNECTION_TURN ? XS_GET_DOMAIN_PATH : XS_RELEASE;
        memcpy(root->in + root->in_len, &h, sizeof(h));
        memcpy(root->in + root->in_len + sizeof(h), "7", 2);
        root->in_len += sizeof(h) + 2;
    }
    connection_serve(root->c);
    h.type = XS_GET_DOMAIN_PATH;
    for (int i = 0; i <= CONNECTION_TURN; i++) {
        assert_true(guest_put(&h, sizeof(h)));
        assert_true(guest_put("7", 2));
    }
    event();
    assert_true(root->c->pending && domain_known(GUEST)->connection->pending);
    fake_turns();
    assert_null(domain_known(GUEST)->connection);
}

/* Its account; the guest is new. */
static struct share *a_guests_share(void)
{
    quota[QUOTA_CPU] = 10;
    assert_int_equal(INTRODUCE("7\0"
                               "99\0"
                               "3\0"),
                     0);
    return &domain_known(GUEST)->share;
}

static void overspend(struct share *s)
{
    *s = (struct share){.left_us = -10000000, .filled_ms = now_ms()};
}

static struct share *a_guest_in_debt(void)
{
    struct share *s = a_guests_share();

    overspend(s);
    return s;
}

/* A guest that is held would else wake the daemon with each of its events. */
static void no_event_is_wanted_while_a_turn_is_to_come(void **state)
{
    struct xsd_sockmsg h = {XS_GET_DOMAIN_PATH, 1, 0, 2};
    struct share *s = a_guests_share();

    fake_domain[GUEST].masked = true;
    event();
    assert_false(fake_domain[GUEST].masked);

    overspend(s);
    assert_true(guest_put(&h, sizeof(h)) && guest_put("7", 2));
    fake_domain[GUEST].masked = true;
    event();
    assert_true(fake_domain[GUEST].masked);
    assert_int_equal(page->rsp_prod, 0);
    s->filled_ms -= 200000;
    fake_turns();
    assert_false(fake_domain[GUEST].masked);
    assert_true(page->rsp_prod > 0);

    /* One that is not spoken to any more may want to start afresh. */
    overspend(s);
    page->req_prod += 5000;
    fake_domain[GUEST].masked = true;
    event();
    s->filled_ms -= 200000;
    fake_turns();
    assert_int_equal(page->error, XENSTORE_ERROR_RINGIDX);
    assert_false(fake_domain[GUEST].masked);
    fake_domain[GUEST].masked = true;
    event();
    assert_false(fake_domain[GUEST].masked);
    page->connection = XENSTORE_RECONNECT;
    fake_domain[GUEST].masked = true;
    event();
    assert_false(fake_domain[GUEST].masked);
    assert_int_equal(page->connection, XENSTORE_CONNECTED);
}

/* That costs the daemon more than a request. */
static void starting_afresh_is_paid_for(void **state)
{
    struct share *s = a_guest_in_debt();

    page->connection = XENSTORE_RECONNECT;
    fake_domain[GUEST].masked = true;
    event();
    fake_turns();
    assert_int_equal(page->connection, XENSTORE_RECONNECT);
    assert_true(fake_domain[GUEST].masked);
    s->filled_ms -= 200000;
    fake_turns();
    assert_int_equal(page->connection, XENSTORE_CONNECTED);
    assert_false(fake_domain[GUEST].masked);
}

/* Also by one that is not spoken to any more, and sends events. */
static void a_parked_guest_in_debt_waits_as_well(void **state)
{
    struct share *s = a_guest_in_debt();

    s->left_us = 1000;
    page->req_prod += 5000;
    event();
    assert_int_equal(page->error, XENSTORE_ERROR_RINGIDX);
    s->left_us = -10000000;
    fake_domain[GUEST].masked = true;
    event();
    fake_turns();
    assert_true(fake_domain[GUEST].masked);
    s->filled_ms -= 200000;
    fake_turns();
    assert_false(fake_domain[GUEST].masked);
}

/* Its turn is to come when it is parked, and its event comes before that. */
static void a_guest_that_is_parked_before_its_turn_is_heard(void **state)
{
    struct share *s = a_guest_in_debt();
    struct xsd_sockmsg h = {XS_GET_DOMAIN_PATH, 1, 0, 2};

    assert_true(guest_put(&h, sizeof(h)) && guest_put("7", 2));
    event();
    assert_true(domain_known(GUEST)->connection->pending);
    connection_fault(domain_known(GUEST)->connection, XENSTORE_ERROR_COMM);
    connection_reap();
    fake_domain[GUEST].masked = true;
    event();
    s->filled_ms -= 200000;
    fake_turns();
    assert_false(fake_domain[GUEST].masked);
    page->connection = XENSTORE_RECONNECT;
    event();
    assert_int_equal(page->connection, XENSTORE_CONNECTED);
}

/* Its event was for nobody. */
static void what_stands_in_the_ring_is_served_at_introduction(void **state)
{
    struct xsd_sockmsg h = {XS_GET_DOMAIN_PATH, 1, 0, 2};

    for (int i = 0; i < 2; i++) {
        assert_true(guest_put(&h, sizeof(h)));
        assert_true(guest_put("7", 2));
        assert_int_equal(page->rsp_prod - page->rsp_cons, 0);
        assert_int_equal(INTRODUCE("7\0"
                                   "99\0"
                                   "3\0"),
                         0); /* and once more, with its port bound again */
        assert_int_equal(page->rsp_prod - page->rsp_cons, sizeof(h) + 16);
        page->rsp_cons = page->rsp_prod;
    }
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_guest_is_introduced_with_its_ring_and_port),
        TEST(a_port_that_cannot_be_bound_leaves_no_guest_without),
        TEST(long_messages_wrap_around_the_ring),
        TEST(any_indices_are_served_or_park_the_guest),
        TEST(indices_of_the_store_are_not_the_guests_to_move),
        TEST(a_guest_is_told_of_its_error_in_the_ring),
        TEST(a_guests_faults_are_logged_once),
        TEST(a_guest_that_reconnects_begins_anew),
        TEST(a_domain_may_die_in_every_state_of_its_connection),
        TEST(a_guest_may_be_released_while_it_waits_for_its_turn),
        TEST(no_event_is_wanted_while_a_turn_is_to_come),
        TEST(starting_afresh_is_paid_for),
        TEST(a_parked_guest_in_debt_waits_as_well),
        TEST(a_guest_that_is_parked_before_its_turn_is_heard),
        TEST(what_stands_in_the_ring_is_served_at_introduction),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
