/* SPDX-License-Identifier: MIT */
/*
 * The protocol as a client sees it: answers and errors of each request,
 * permissions, watches, limits, clients that do not read; and messages made of
 * random or mutated bytes, which must neither crash the daemon nor unbalance
 * its accounts.
 */
#include "store_test.h"

#include <errno.h>

static struct client *root, *guest, *other;

static int setup(void **state)
{
    fake_start();
    fake_create(5);
    fake_create(6);
    root = client_new(NULL);
    guest = client_new(domain_get(5));
    other = client_new(domain_get(6));
    assert_int_equal(client_one(root, XS_MKDIR, 0, "/local/domain/5"), 0);
    assert_int_equal(client_two(root, XS_SET_PERMS, 0, "/local/domain/5", "n5"),
                     0);
    return 0;
}

static int teardown(void **state)
{
    assert_accounts();
    client_free(root);
    client_free(guest);
    client_free(other);
    fake_stop();
    return 0;
}

#define ask(cl, type, text)                                                    \
    client_ask(cl, type, 0, text, sizeof(text) - 1, NULL, NULL)

/* The answer's payload, compared including NUL bytes. */
#define assert_answer(cl, type, text, wanted)                                  \
    do {                                                                       \
        char answer_[XENSTORE_PAYLOAD_MAX];                                    \
        size_t len_;                                                           \
        assert_int_equal(                                                      \
            client_ask(cl, type, 0, text, sizeof(text) - 1, answer_, &len_),   \
            0);                                                                \
        assert_int_equal(len_, sizeof(wanted) - 1);                            \
        assert_memory_equal(answer_, wanted, len_);                            \
    } while (0)

static void nodes_are_written_read_listed_and_removed(void **state)
{
    assert_answer(root, XS_WRITE, "/a/b\0val\0ue", "OK\0");
    assert_answer(root, XS_READ, "/a/b\0", "val\0ue");
    assert_answer(root, XS_READ, "/a\0", "");
    assert_answer(root, XS_MKDIR, "/a/10\0", "OK\0");
    assert_answer(root, XS_MKDIR, "/a/9\0", "OK\0");
    assert_answer(root, XS_MKDIR, "/a/b\0", "OK\0");
    assert_answer(root, XS_READ, "/a/b\0", "val\0ue");
    assert_answer(root, XS_DIRECTORY, "/a\0",
                  "9\0"
                  "10\0b\0");
    assert_answer(root, XS_DIRECTORY, "/a/b\0", "");
    assert_answer(root, XS_RM, "/a/9\0", "OK\0");
    assert_answer(root, XS_RM, "/a/9\0", "OK\0"); /* gone already */
    assert_int_equal(ask(root, XS_RM, "/no/such\0"), ENOENT);
    assert_int_equal(ask(root, XS_RM, "/\0"), EINVAL);
    assert_int_equal(ask(root, XS_READ, "/no\0"), ENOENT);
    assert_int_equal(ask(root, XS_DIRECTORY, "/no\0"), ENOENT);
    assert_int_equal(ask(root, XS_READ, "/a/b"), EINVAL);
    assert_int_equal(ask(root, XS_READ, "/a/b\0x\0"), EINVAL);
    assert_int_equal(ask(root, XS_READ, ""), EINVAL);
    assert_int_equal(ask(root, XS_READ, "/a/\0"), EINVAL);
    assert_int_equal(ask(root, XS_WRITE, "/a"), EINVAL);
    assert_int_equal(ask(root, 20, "/a\0"), ENOSYS);
    assert_int_equal(ask(root, 23, "/a\0"), ENOSYS);
    assert_int_equal(ask(root, 0xffff, ""), ENOSYS);
    assert_int_equal(ask(root, XS_WATCH_EVENT, "a\0b\0"), ENOSYS);
    assert_int_equal(client_one(root, XS_READ, 77, "/a"), ENOENT);
}

static void a_relative_path_begins_at_the_domains_own_node(void **state)
{
    assert_answer(guest, XS_WRITE,
                  "data/x\0"
                  "1",
                  "OK\0");
    assert_answer(guest, XS_READ, "/local/domain/5/data/x\0", "1");
    assert_answer(guest, XS_READ, "data/x\0", "1");
    assert_answer(root, XS_GET_DOMAIN_PATH, "5\0", "/local/domain/5\0");
    assert_int_equal(ask(root, XS_GET_DOMAIN_PATH, "x\0"), EINVAL);
    assert_int_equal(ask(root, XS_GET_DOMAIN_PATH, "40000\0"), EINVAL);
}

static void a_domain_reads_and_writes_what_permissions_allow(void **state)
{
    assert_answer(root, XS_WRITE,
                  "/secret/x\0"
                  "1",
                  "OK\0");
    assert_int_equal(ask(guest, XS_READ, "/secret/x\0"), EACCES);
    assert_int_equal(ask(guest, XS_READ, "/secret/none\0"), EACCES);
    assert_int_equal(ask(guest, XS_DIRECTORY, "/\0"), EACCES);
    assert_int_equal(ask(guest, XS_WRITE,
                         "/secret/x\0"
                         "2"),
                     EACCES);
    assert_int_equal(ask(guest, XS_MKDIR, "/mine\0"), EACCES);
    assert_int_equal(ask(guest, XS_RM, "/secret\0"), EACCES);
    assert_int_equal(ask(guest, XS_GET_PERMS, "/secret\0"), EACCES);
    assert_int_equal(ask(guest, XS_SET_PERMS, "/secret\0n5\0"), EACCES);

    assert_answer(guest, XS_WRITE,
                  "mine\0"
                  "1",
                  "OK\0");
    assert_answer(guest, XS_GET_PERMS, "mine\0", "n5\0");
    assert_int_equal(ask(other, XS_READ, "/local/domain/5/mine\0"), EACCES);
    assert_answer(guest, XS_SET_PERMS, "mine\0n5\0r6\0", "OK\0");
    assert_answer(other, XS_READ, "/local/domain/5/mine\0", "1");
    assert_int_equal(ask(other, XS_WRITE, "/local/domain/5/mine\0x"), EACCES);
    assert_int_equal(ask(other, XS_SET_PERMS, "/local/domain/5/mine\0n6\0"),
                     EACCES);
    /* No domain but domain 0 can give a node to another owner. */
    assert_int_equal(ask(guest, XS_SET_PERMS, "mine\0n6\0"), EPERM);
    assert_int_equal(ask(guest, XS_SET_PERMS, "mine\0n5\0r1\0r2\0r3\0r4\0r6\0"),
                     ENOSPC);
    assert_answer(root, XS_SET_PERMS, "/local/domain/5/mine\0n6\0b5\0", "OK\0");
    assert_int_equal(ask(guest, XS_SET_PERMS, "mine\0n5\0"), EACCES);
    /* New nodes belong to their maker; below another's node as well. */
    assert_answer(guest, XS_WRITE,
                  "mine/sub\0"
                  "1",
                  "OK\0");
    assert_answer(guest, XS_GET_PERMS, "mine/sub\0", "n5\0b5\0");
    assert_int_equal(ask(root, XS_SET_PERMS, "/no\0n6\0"), ENOENT);
    assert_int_equal(ask(root, XS_SET_PERMS, "/secret\0"), EINVAL);
    assert_int_equal(ask(root, XS_SET_PERMS, "/secret\0q6\0"), EINVAL);
}

static void privileged_requests_are_for_dom0(void **state)
{
    static const bool privileged[XS_TYPE_COUNT] = {
        [XS_CONTROL] = true, [XS_INTRODUCE] = true,
        [XS_RELEASE] = true, [XS_IS_DOMAIN_INTRODUCED] = true,
        [XS_RESUME] = true,  [XS_SET_TARGET] = true,
    };

    for (uint32_t type = 0; type < XS_TYPE_COUNT; type++) {
        int rc = ask(guest, type, "0\0");

        if ((rc == EACCES) != privileged[type])
            fail_msg("a guest's request %u: %s", type, strerror(rc));
    }
    assert_answer(root, XS_CONTROL, "check\0", "OK\0");
    assert_int_equal(ask(root, XS_CONTROL, "no-such\0"), EINVAL);
    assert_int_equal(ask(root, XS_CONTROL, ""), EINVAL);
    assert_int_equal(ask(root, XS_CONTROL, "print\0a\0b\0c\0d\0e\0"), EINVAL);
    assert_int_equal(ask(root, XS_CONTROL, "memreport\0"), 0);
    assert_int_equal(ask(root, XS_CONTROL,
                         "quota\0"
                         "5\0"),
                     0);
    assert_int_equal(ask(root, XS_CONTROL, "quota\0set\0nodes\0-1\0"), EINVAL);
}

static void a_long_directory_is_read_in_parts(void **state)
{
    char path[64], part[XENSTORE_PAYLOAD_MAX], all[20000], gen[32] = "";
    size_t len, have = 0, names = 0;

    for (int i = 0; i < 1200; i++) {
        sprintf(path, "/dir/node-%d", i);
        client_write(root, 0, path, "");
    }
    assert_int_equal(ask(root, XS_DIRECTORY, "/dir\0"), E2BIG);
    for (int i = 0; i < 10; i++) {
        size_t l = (size_t)sprintf(path, "/dir%c%zu", 0, have) + 1;
        assert_int_equal(
            client_ask(root, XS_DIRECTORY_PART, 0, path, l, part, &len), 0);
        if (i)
            assert_string_equal(gen, part);
        strcpy(gen, part);
        memcpy(all + have, part + strlen(gen) + 1, len - strlen(gen) - 1);
        have += len - strlen(gen) - 1;
        if (all[have - 1] == '\0' && all[have - 2] == '\0')
            break;
    }
    for (size_t i = 0; i < have - 1; i++)
        names += all[i] == '\0';
    assert_int_equal(names, 1200);
    assert_int_equal(ask(root, XS_DIRECTORY_PART,
                         "/dir\0"
                         "99999\0"),
                     0);
    assert_int_equal(ask(root, XS_DIRECTORY_PART, "/dir\0x\0"), EINVAL);
    assert_int_equal(ask(root, XS_DIRECTORY_PART, "/dir\0"), EINVAL);
    assert_int_equal(client_two(root, XS_DIRECTORY_PART, 0, "/local", "0"), 0);
}

/* Lists that just fit, with and without room for the mark of the end. */
static void a_list_that_just_fits_is_sent_whole(void **state)
{
    char path[256] = "/fit/", part[XENSTORE_PAYLOAD_MAX];
    size_t len;

    for (int i = 10; i < 50; i++) {
        memset(path + 5, 'n', 97);
        sprintf(path + 5 + 97, "%d", i);
        client_write(root, 0, path, "");
    }
    for (size_t l = 40; l < 110; l++) {
        memset(path + 5, 'z', l);
        path[5 + l] = '\0';
        client_write(root, 0, path, "");
        assert_int_equal(client_ask(root, XS_DIRECTORY_PART, 0,
                                    "/fit\0"
                                    "0",
                                    7, part, &len),
                         0);
        len -= strlen(part) + 1;
        /* Complete with the mark, or without the last name. */
        assert_true(len == 40 * 100 + l + 2 || len == 40 * 100);
        client_one(root, XS_RM, 0, path);
    }
}

/* --- watches -------------------------------------------------------------- */

static void a_watch_hears_of_changes_at_and_below_its_path(void **state)
{
    struct client *w = client_new(NULL);

    assert_answer(w, XS_WATCH, "/w\0t\0", "OK\0");
    assert_string_equal(client_event(w), "/w t");
    assert_int_equal(ask(w, XS_WATCH, "/w\0t\0"), EEXIST);
    assert_answer(w, XS_WATCH, "/w\0u\0", "OK\0");
    assert_string_equal(client_event(w), "/w u");
    assert_answer(w, XS_UNWATCH, "/w\0u\0", "OK\0");
    assert_int_equal(ask(w, XS_UNWATCH, "/w\0u\0"), ENOENT);

    client_write(root, 0, "/w/a/b", "1");
    assert_string_equal(client_event(w), "/w/a/b t");
    client_write(root, 0, "/wx", "1");
    assert_null(client_event(w));
    client_two(root, XS_SET_PERMS, 0, "/w/a", "r0");
    assert_string_equal(client_event(w), "/w/a t");
    client_one(root, XS_MKDIR, 0, "/w/a");
    assert_null(client_event(w));
    client_one(root, XS_RM, 0, "/w/a/b");
    assert_string_equal(client_event(w), "/w/a/b t");

    /* Watches of nodes below what is removed hear of their own path. */
    client_write(root, 0, "/w/a/deep", "");
    client_event(w);
    assert_answer(w, XS_WATCH, "/w/a/deep\0d\0", "OK\0");
    client_event(w);
    assert_answer(w, XS_WATCH, "/w/a/absent\0d\0", "OK\0");
    client_event(w);
    client_one(root, XS_RM, 0, "/w");
    assert_string_equal(client_event(w), "/w t");
    assert_string_equal(client_event(w), "/w/a/deep d");
    assert_null(client_event(w));

    assert_answer(w, XS_RESET_WATCHES, "\0", "OK\0");
    client_write(root, 0, "/w/a/b", "1");
    assert_null(client_event(w));
    client_free(w);
}

/* As the C daemon's: its differential test is tests/oracle/store_compare.c. */
static void odd_requests_have_the_c_daemons_answers(void **state)
{
    client_write(root, 0, "/odd", "");
    assert_int_equal(ask(root, XS_WATCH, "/odd\0t\0more\0"), EINVAL);
    assert_int_equal(ask(root, XS_UNWATCH, "//\0t\0"), ENOENT);
    assert_int_equal(ask(root, XS_UNWATCH, "/odd\0"), EINVAL);
    assert_int_equal(ask(root, XS_RM, "/\0"), EINVAL);
    assert_int_equal(ask(guest, XS_RM, "/\0"), EACCES);
    /* The owner must be there; an entry without an end is none. */
    assert_int_equal(ask(root, XS_SET_PERMS, "/odd\0n40\0"), ENOENT);
    assert_int_equal(ask(root, XS_SET_PERMS, "//\0n40\0"), ENOENT);
    assert_answer(root, XS_SET_PERMS, "/odd\0n0\0r40\0x", "OK\0");
    assert_int_equal(ask(root, XS_SET_PERMS, "/odd\0n0"), EINVAL);
    assert_int_equal(ask(guest, XS_SET_PERMS, "/odd\0n40\0"), EACCES);
    assert_int_equal(ask(root, XS_RESUME, "40\0"), ENOENT);
    assert_int_equal(ask(root, XS_RELEASE, "40\0"), ENOENT);
    assert_int_equal(client_one(root, XS_GET_DOMAIN_PATH, 4711, "0"), ENOENT);
}

/* What a commit has made, not what it has only made sure of, and what has gone
 * with what is above it by that alone. */
static void a_commit_tells_what_has_changed(void **state)
{
    uint32_t tx;

    client_write(root, 0, "/made/old", "");
    assert_answer(guest, XS_WATCH, "/made\0t\0", "OK\0");
    client_event(guest);
    client_two(root, XS_SET_PERMS, 0, "/made", "r0");
    client_event(guest);
    tx = client_begin(root);
    client_one(root, XS_MKDIR, tx, "/made");
    client_write(root, tx, "/made/new", "");
    assert_int_equal(client_end(root, tx), 0);
    assert_string_equal(client_event(guest), "/made/new t");
    assert_null(client_event(guest));

    tx = client_begin(root);
    client_write(root, tx, "/made/old", "2");
    client_one(root, XS_RM, tx, "/made");
    assert_int_equal(client_end(root, tx), 0);
    assert_string_equal(client_event(guest), "/made t");
    assert_null(client_event(guest));
    assert_answer(guest, XS_UNWATCH, "/made\0t\0", "OK\0");
}

/* Whoever may list the siblings of a node knows its name anyway. */
static void a_readable_parent_is_enough_for_a_watch(void **state)
{
    client_write(root, 0, "/parent/child", "");
    client_two(root, XS_SET_PERMS, 0, "/parent/child", "n0");
    client_two(root, XS_SET_PERMS, 0, "/parent", "r0");
    assert_answer(guest, XS_WATCH, "/parent\0t\0", "OK\0");
    assert_string_equal(client_event(guest), "/parent t");
    client_write(root, 0, "/parent/child", "2");
    assert_string_equal(client_event(guest), "/parent/child t");
    client_write(root, 0, "/parent/child/secret", "");
    assert_null(client_event(guest));
    assert_answer(guest, XS_UNWATCH, "/parent\0t\0", "OK\0");
}

static void a_relative_watch_hears_relative_paths(void **state)
{
    assert_answer(guest, XS_WATCH, "device\0tok\0", "OK\0");
    assert_string_equal(client_event(guest), "device tok");
    client_write(root, 0, "/local/domain/5/device/vif", "1");
    /* Made by dom0, it belongs to the guest as its parent does. */
    assert_string_equal(client_event(guest), "device/vif tok");
    assert_answer(guest, XS_UNWATCH, "device\0tok\0", "OK\0");
}

static void watches_respect_permissions(void **state)
{
    assert_answer(guest, XS_WATCH, "/\0t\0", "OK\0");
    client_event(guest);
    client_write(root, 0, "/secret/name", "1");
    client_one(root, XS_RM, 0, "/secret/name");
    assert_null(client_event(guest));
    /* Readable before or after: told. */
    client_two(root, XS_SET_PERMS, 0, "/secret", "r0");
    assert_string_equal(client_event(guest), "/secret t");
    client_two(root, XS_SET_PERMS, 0, "/secret", "n0");
    assert_string_equal(client_event(guest), "/secret t");
    client_one(root, XS_RM, 0, "/secret");
    assert_null(client_event(guest));

    /* A watch below a removed node that could not be read is silent. */
    client_write(root, 0, "/secret/deep", "1");
    assert_answer(guest, XS_WATCH, "/secret/deep\0d\0", "OK\0");
    client_event(guest);
    client_one(root, XS_RM, 0, "/secret");
    assert_null(client_event(guest));
}

static void special_watches_hear_of_domains(void **state)
{
    assert_answer(guest, XS_WATCH, "@releaseDomain\0t\0", "OK\0");
    assert_string_equal(client_event(guest), "@releaseDomain t");
    assert_answer(root, XS_WATCH, "@releaseDomain\0t\0", "OK\0");
    client_event(root);
    watch_fire_special("@releaseDomain");
    assert_string_equal(client_event(root), "@releaseDomain t");
    assert_null(client_event(guest));
    assert_int_equal(ask(guest, XS_SET_PERMS, "@releaseDomain\0r5\0"), EACCES);
    assert_int_equal(ask(root, XS_SET_PERMS, "@nonsense\0r5\0"), EINVAL);
    assert_answer(root, XS_SET_PERMS, "@releaseDomain\0n0\0r5\0", "OK\0");
    assert_answer(root, XS_GET_PERMS, "@releaseDomain\0", "n0\0r5\0");
    watch_fire_special("@releaseDomain");
    assert_string_equal(client_event(guest), "@releaseDomain t");
}

/* --- limits --------------------------------------------------------------- */

static void a_domain_cannot_exceed_its_quotas(void **state)
{
    char path[2100], value[2100];
    int i, rc = 0;

    memset(value, 'v', sizeof(value));
    value[2049] = '\0';
    assert_int_equal(client_write(guest, 0, "big", value), ENOSPC);
    value[2048] = '\0';
    assert_int_equal(client_write(guest, 0, "big", value), 0);
    memset(path, 'p', sizeof(path));
    path[2049] = '\0';
    assert_int_equal(client_write(guest, 0, path, "x"), EINVAL);

    for (i = 0; i < 200 && !rc; i++) {
        sprintf(path, "w%d", i);
        rc = client_two(guest, XS_WATCH, 0, path, "t");
    }
    assert_int_equal(rc, E2BIG);
    assert_int_equal(i, 129);
    for (i = 2, rc = 0; !rc; i++) {
        sprintf(path, "n/%d", i);
        rc = client_write(guest, 0, path, "");
    }
    assert_int_equal(rc, ENOSPC);
    assert_int_equal(domain_known(5)->account.nodes, 1000);
    /* Domain 0 may go on there. */
    assert_int_equal(client_write(root, 0, "/local/domain/5/more", ""), 0);
    assert_accounts();
    client_one(root, XS_RM, 0, "/local/domain/5/n");
    assert_int_equal(client_write(guest, 0, "again", ""), 0);
}

/* A list that is too long is not looked at: each entry would cost a hypercall.
 */
static void a_list_of_permissions_that_is_too_long_is_refused(void **state)
{
    char request[XENSTORE_PAYLOAD_MAX] = "mine";
    size_t len = 5;

    client_write(guest, 0, "mine", "");
    for (; len + 3 <= sizeof(request); len += 3)
        memcpy(request + len, "n9", 3);
    fake_lookups = 0;
    assert_int_equal(
        client_ask(guest, XS_SET_PERMS, 0, request, len, NULL, NULL), ENOSPC);
    assert_int_equal(fake_lookups, 0);
    /* No limit for domain 0. */
    memcpy(request, "/own\0n0", 7);
    client_write(root, 0, "/own", "");
    assert_int_equal(
        client_ask(root, XS_SET_PERMS, 0, request, len, NULL, NULL), 0);
}

static void a_domain_cannot_exceed_its_memory(void **state)
{
    char path[32], value[2049];
    int i, rc = 0;

    quota[QUOTA_MEMORY] = 100000;
    memset(value, 'v', 2048);
    value[2048] = '\0';
    for (i = 0; i < 100 && !rc; i++) {
        sprintf(path, "m%d", i);
        rc = client_write(guest, 0, path, value);
    }
    assert_int_equal(rc, ENOMEM);
    assert_true(i > 40 && i < 50);
    assert_true(domain_known(5)->account.node_bytes < 100000);
    quota[QUOTA_MEMORY] = 2621440;
}

/* The guest watches /open and reads no event of it. */
static void watch_in_silence(void)
{
    assert_answer(guest, XS_WATCH, "/open\0t\0", "OK\0");
    client_event(guest);
    client_write(root, 0, "/open", "");
    client_two(root, XS_SET_PERMS, 0, "/open", "r0");
    while (client_event(guest))
        ;
    guest->room = 10;
}

/* Events for a client that does not read have a fixed cost and are not
 * repeated. */
static void a_watcher_that_does_not_read_costs_a_fixed_amount(void **state)
{
    struct connection *c = guest->c;
    char path[64];

    watch_in_silence();
    for (int i = 0; i < 100; i++)
        client_write(root, 0, "/open/same", "");
    /* The first one is under way and cannot be taken back. */
    assert_true(c->events <= 2);
    for (int i = 0; i < 5000; i++) {
        sprintf(path, "/open/%d", i);
        client_write(root, 0, path, "");
    }
    assert_int_equal(c->events, CONNECTION_EVENTS_COUNT);
    assert_true(domain_known(5)->account.held < 200000);
    guest->room = SIZE_MAX;
    connection_serve(c);
    assert_int_equal(c->events, 0);
    for (int i = 0; i < CONNECTION_EVENTS_COUNT; i++)
        assert_non_null(client_event(guest));
    assert_null(client_event(guest));
}

static void a_full_queue_of_events_loses_new_ones(void **state)
{
    struct connection *c = guest->c;
    char path[64];

    watch_in_silence();
    for (int i = 0; c->events < CONNECTION_EVENTS_COUNT; i++) {
        sprintf(path, "/open/%d", i);
        client_write(root, 0, path, "");
    }
    client_write(root, 0, path, ""); /* which it has */
    assert_false(c->lost_events);
    client_write(root, 0, "/open/new", "");
    assert_int_equal(c->events, CONNECTION_EVENTS_COUNT);
    assert_true(c->lost_events);
}

/* A client that sends without reading answers is not served further. */
static void a_client_that_does_not_read_answers_is_not_served(void **state)
{
    char payload[XENSTORE_PAYLOAD_MAX];
    struct xsd_sockmsg h;
    int answers = 0;

    guest->room = 5;
    for (int i = 0; i < 50; i++)
        client_send(guest, XS_WRITE, 0,
                    "x\0"
                    "1",
                    3);
    assert_int_equal(guest->c->replies, 1);
    guest->room = SIZE_MAX;
    client_send(guest, XS_WRITE, 0,
                "x\0"
                "1",
                3);
    while (client_next(guest, &h, payload))
        answers++;
    assert_int_equal(answers, 51);
}

/* --- domains come and go -------------------------------------------------- */

static void a_dead_domain_leaves_no_node_watch_or_right(void **state)
{
    client_write(guest, 0, "mine/sub", "1");
    client_write(root, 0, "/shared", "1");
    client_two(root, XS_SET_PERMS, 0, "/shared", "n0");
    assert_answer(root, XS_SET_PERMS, "/shared\0n0\0b5\0r6\0", "OK\0");
    assert_answer(root, XS_WATCH, "/local/domain/5\0t\0", "OK\0");
    client_event(root);
    assert_int_equal(client_begin(guest) != 0, 1);
    fake_domain[5].dying = true;
    domain_check_all();
    connection_reap();
    assert_true(guest->closed);
    assert_null(domain_known(5));
    assert_null(client_read(root, 0, "/local/domain/5"));
    assert_answer(root, XS_GET_PERMS, "/shared\0", "n0\0r6\0");
    assert_accounts();

    /* The next domain of that name has nothing of the first one's. */
    fake_create(5);
    client_free(guest);
    guest = client_new(domain_get(5));
    assert_int_equal(ask(guest, XS_READ, "/shared\0"), EACCES);
    assert_int_equal(domain_known(5)->account.nodes, 0);
}

static void the_end_of_a_domain_is_announced_once(void **state)
{
    assert_answer(root, XS_WATCH, "@releaseDomain\0t\0", "OK\0");
    client_event(root);
    domain_check_all();
    assert_null(client_event(root));
    fake_domain[5].shutdown = true;
    domain_check_all();
    assert_string_equal(client_event(root), "@releaseDomain t");
    domain_check_all();
    assert_null(client_event(root));
    assert_answer(root, XS_RESUME, "5\0", "OK\0");
    domain_check_all();
    assert_string_equal(client_event(root), "@releaseDomain t");
    fake_destroy(5);
    domain_check_all();
    assert_string_equal(client_event(root), "@releaseDomain t");
    assert_null(client_event(root));
}

/* A protocol error parks a domain; it is not its death. */
static void a_message_that_is_too_long_parks_the_domain(void **state)
{
    struct client *local = client_new(NULL);
    char *junk = calloc(1, 6000);

    assert_answer(root, XS_WATCH, "@releaseDomain\0t\0", "OK\0");
    client_event(root);
    client_send(guest, XS_READ, 0, junk, 4097);
    assert_true(guest->parked);
    assert_false(guest->closed);
    client_send(guest, XS_READ, 0, "x", 2);
    assert_int_equal(guest->out_len, 0);
    client_send(local, XS_READ, 0, junk, 5000);
    assert_true(local->closed);
    assert_null(client_event(root));
    assert_non_null(domain_known(5));
    client_free(local);
    free(junk);
}

static void a_domain_may_do_what_its_target_may(void **state)
{
    client_write(guest, 0, "mine", "1");
    assert_int_equal(ask(other, XS_READ, "/local/domain/5/mine\0"), EACCES);
    assert_answer(root, XS_SET_TARGET,
                  "6\0"
                  "5\0",
                  "OK\0");
    assert_answer(other, XS_READ, "/local/domain/5/mine\0", "1");
    assert_answer(other, XS_WRITE,
                  "/local/domain/5/mine\0"
                  "2",
                  "OK\0");
    assert_int_equal(ask(root, XS_SET_TARGET,
                         "6\0"
                         "9\0"),
                     ENOENT);
    fake_create(9);
    assert_int_equal(ask(root, XS_SET_TARGET,
                         "6\0"
                         "9\0"),
                     EINVAL);
}

/* --- noise ---------------------------------------------------------------- */

static size_t sensible_message(char *out)
{
    static const char *const words[] = {"/",
                                        "/a",
                                        "a",
                                        "b/c",
                                        "/local/domain/5",
                                        "@releaseDomain",
                                        "n5",
                                        "r0",
                                        "b6",
                                        "T",
                                        "F",
                                        "5",
                                        "1",
                                        "0",
                                        "",
                                        "t",
                                        "/a/b/c/d",
                                        "check",
                                        "memreport",
                                        "//",
                                        "x/"};
    size_t used = 0;
    int n = rand() % 4;

    for (int i = 0; i < n; i++) {
        const char *w =
            words[(size_t)rand() % (sizeof(words) / sizeof(words[0]))];
        memcpy(out + used, w, strlen(w) + 1);
        used += strlen(w) + 1;
    }
    return used;
}

static void messages_of_random_contents_are_answered(void **state)
{
    char data[XENSTORE_PAYLOAD_MAX], payload[XENSTORE_PAYLOAD_MAX];
    struct client *who[3] = {root, guest, other};
    struct xsd_sockmsg h;

    srand(7);
    for (int i = 0; i < 60000; i++) {
        struct client *cl = who[rand() % 3];
        uint32_t type = (uint32_t)(rand() % 24), tx = (uint32_t)(rand() % 4);
        size_t len = sensible_message(data);

        if (type == XS_TRANSACTION_END && rand() % 2)
            memcpy(data, "T", len = 2);
        if (rand() % 4 == 0 && len)
            data[(size_t)rand() % len] = (char)rand();
        if (rand() % 8 == 0)
            for (len = (size_t)rand() % 200; len && rand() % 200;)
                data[(size_t)rand() % len] = (char)rand();
        if (type == XS_INTRODUCE)
            continue; /* would look for a ring where there is none */
        client_send(cl, type, rand() % 2 ? tx : 0, data, len);
        for (int j = 0; j < 3; j++)
            while (client_next(who[j], &h, payload))
                ;
        assert_false(root->closed || cl->parked);
        if (guest->closed || other->closed) { /* released */
            struct client **gone = guest->closed ? &guest : &other;
            client_free(*gone);
            *gone = client_new(domain_get(gone == &guest ? 5 : 6));
            who[1] = guest;
            who[2] = other;
        }
        if (i % 997 == 0)
            assert_accounts();
    }
}

/* Bytes without any structure: parked or served, never more. */
static void bytes_without_structure_do_no_harm(void **state)
{
    srand(8);
    for (int i = 0; i < 300; i++) {
        struct client *cl = client_new(NULL);
        for (int j = 0; j < 400; j++)
            cl->in[cl->in_len++] = (char)(rand() % 3   ? 0
                                          : rand() % 5 ? rand() % 30
                                                       : rand());
        if (cl->c)
            connection_serve(cl->c);
        connection_reap();
        client_free(cl);
    }
}

/* However a message is cut into pieces, the answers are the same. */
static void a_message_cut_into_pieces_is_answered_the_same(void **state)
{
    static const char request[] = "/p\0value";
    struct xsd_sockmsg h = {XS_WRITE, 1, 0, sizeof(request) - 1};
    char all[64], payload[XENSTORE_PAYLOAD_MAX];
    size_t total = sizeof(h) + sizeof(request) - 1;

    memcpy(all, &h, sizeof(h));
    memcpy(all + sizeof(h), request, sizeof(request) - 1);
    for (size_t cut = 1; cut < total; cut++) {
        for (int half = 0; half < 2; half++) {
            size_t from = half ? cut : 0, n = half ? total - cut : cut;
            root->in_pos = 0;
            memcpy(root->in, all + from, root->in_len = n);
            connection_serve(root->c);
            assert_int_equal(client_next(root, &h, payload), half);
        }
        assert_int_equal(h.type, XS_WRITE);
    }
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(nodes_are_written_read_listed_and_removed),
        TEST(a_relative_path_begins_at_the_domains_own_node),
        TEST(a_domain_reads_and_writes_what_permissions_allow),
        TEST(privileged_requests_are_for_dom0),
        TEST(a_long_directory_is_read_in_parts),
        TEST(a_list_that_just_fits_is_sent_whole),
        TEST(a_watch_hears_of_changes_at_and_below_its_path),
        TEST(odd_requests_have_the_c_daemons_answers),
        TEST(a_commit_tells_what_has_changed),
        TEST(a_readable_parent_is_enough_for_a_watch),
        TEST(a_relative_watch_hears_relative_paths),
        TEST(watches_respect_permissions),
        TEST(special_watches_hear_of_domains),
        TEST(a_domain_cannot_exceed_its_quotas),
        TEST(a_list_of_permissions_that_is_too_long_is_refused),
        TEST(a_domain_cannot_exceed_its_memory),
        TEST(a_watcher_that_does_not_read_costs_a_fixed_amount),
        TEST(a_full_queue_of_events_loses_new_ones),
        TEST(a_client_that_does_not_read_answers_is_not_served),
        TEST(a_dead_domain_leaves_no_node_watch_or_right),
        TEST(the_end_of_a_domain_is_announced_once),
        TEST(a_message_that_is_too_long_parks_the_domain),
        TEST(a_domain_may_do_what_its_target_may),
        TEST(messages_of_random_contents_are_answered),
        TEST(bytes_without_structure_do_no_harm),
        TEST(a_message_cut_into_pieces_is_answered_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
