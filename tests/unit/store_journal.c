/* SPDX-License-Identifier: MIT */
/*
 * The daemon is killed and goes on. The same random history (store_world.h) is
 * played without any death; each guest must have received the same bytes, and
 * the daemon must have the same tree, permissions, watches, accounts, limits
 * and queues. The same without room for the journal.
 */
#include "store_world.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../tools/xenstored/state.h"
#include "store_text.h"

static void one_death_at_every_point(void **state)
{
    bool end = false;

    for (uint32_t seed = 1; seed <= 2; seed++) {
        world_reference(seed, 30);
        end = false;
        for (uint32_t fatal = 1; !end; fatal++) {
            world_begin(seed, 30);
            world->fatal = fatal;
            end = world_daemon();
            world->points = world->fatal = 0;
            if (!end)
                assert_true(world_daemon());
            world_compare();
        }
    }
}

static void many_deaths_in_long_histories(void **state)
{
    uint32_t deaths = 0, torn = 0;

    for (uint32_t seed = 1000; seed < 1060; seed++) {
        /* With a journal that is rewritten now and then, or always; a node or
         * two in each round, or all at once. */
        state_journal_min = seed % 2 ? 1 : 20000;
        state_step = seed % 3 ? 64 << 10 : 100;
        world_reference(seed, 150);
        world_begin(seed, 150);
        srand(seed);
        do {
            world->points = 0;
            world->fatal = 1 + (uint32_t)rand() % 200;
        } while (!world_daemon());
        world_compare();
        deaths += world->deaths;
        torn += world->torn;
    }
    state_journal_min = 1 << 20;
    state_step = 64 << 10;
    print_message("%u deaths, %u frames torn\n", deaths, torn);
    assert_true(deaths > 200 && torn > 10);
}

static void next_daemon(void)
{
    state_stop();
    fake_stop();
    store.generation = 0; /* as in a process of its own */
    world_start(world_boot);
}

/* One that begins cannot rewrite the journal, and must not lose it. */
static void deaths_without_room_for_a_second_file(void **state)
{
    uint32_t deaths = 0;

    world_no_second_file = true;
    for (uint32_t seed = 2000; seed < 2030; seed++) {
        world_reference(seed, 100);
        world_begin(seed, 100);
        srand(seed);
        do {
            world->points = 0;
            world->fatal = 1 + (uint32_t)rand() % 60;
        } while (!world_daemon());
        world_compare();
        deaths += world->deaths;
    }
    world_no_second_file = false;
    assert_true(deaths > 100);
}

/* By its number a transaction of a former daemon is known. */
static void each_daemon_has_a_number_without_room_as_well(void **state)
{
    uint32_t life;

    world_begin(9, 60);
    world_start(world_boot);
    life = state_life();
    for (int i = 0; i < 3; i++) {
        state_stop();
        fake_stop();
        world_no_second_file = true;
        world_start(world_boot);
        assert_int_equal(state_life(), ++life);
    }
    world_no_second_file = false;
    state_stop();
    fake_stop();
}

static void without_room_the_daemon_goes_on(void **state)
{
    world_reference(6, 60);
    for (int n = 4; n < 60; n += 9) {
        struct stat st;

        world_begin(6, 60);
        world_full_after = n;
        assert_true(world_daemon());
        world_full_after = -1;
        world_compare();
        /* An old journal would take the next daemon back in time. */
        assert_int_equal(stat(world_path, &st), -1);
    }
}

/* With room for one file alone, the old one makes it. */
static void a_full_file_system_does_not_cost_a_good_journal(void **state)
{
    struct stat st;

    world_begin(9, 60);
    assert_true(world_daemon());
    world_full_beside_old = true;
    world_start(world_boot);
    assert_false(state_wanted());
    assert_int_equal(stat(world_path, &st), 0);
    world_full_beside_old = false;
    state_stop();
    fake_stop();
}

/* What was written of another one has taken the room, and gives it back. */
static void nor_does_one_that_is_to_take_its_place(void **state)
{
    struct stat before, after;

    state_journal_min = 1;
    state_step = 100;
    world_begin(9, 60);
    assert_true(world_daemon());
    world_start(world_boot);
    world_root = client_new(NULL);
    for (int i = 0; i < 10000 && !world_full_with_two; i++) {
        assert_int_equal(client_write(world_root, 0, "/before", "1"), 0);
        world_full_with_two = world_has_two();
    }
    assert_true(world_full_with_two);
    assert_int_equal(stat(world_path, &before), 0);
    assert_int_equal(client_write(world_root, 0, "/then", "2"), 0);
    assert_false(state_wanted());
    assert_int_equal(stat(world_path, &after), 0);
    assert_int_equal(after.st_ino, before.st_ino);
    client_free(world_root);
    next_daemon();
    world_root = client_new(NULL);
    assert_string_equal(client_read(world_root, 0, "/then"), "2");
    client_free(world_root);
    world_full_with_two = false;
    state_journal_min = 1 << 20;
    state_step = 64 << 10;
    state_stop();
    fake_stop();
}

/* One that has ended for want of room begins again, with all that happened
 * meanwhile. */
static void the_journal_comes_back_with_the_room(void **state)
{
    struct stat st;

    for (int early = 0; early < 2; early++) {
        world_begin(9, 60);
        world_full_after = early ? 0 : -1;
        world_start(world_boot);
        world_full_after = 0;
        world_root = client_new(NULL);
        assert_int_equal(client_write(world_root, 0, "/before", "1"), 0);
        assert_true(state_wanted());
        assert_int_equal(stat(world_path, &st), -1);
        state_try_again();
        assert_true(state_wanted());
        world_full_after = -1;
        state_try_again();
        assert_false(state_wanted());
        assert_int_equal(client_write(world_root, 0, "/after", "2"), 0);
        client_free(world_root);
        state_stop();
        fake_stop();

        world_start(world_boot);
        world_root = client_new(NULL);
        assert_string_equal(client_read(world_root, 0, "/before"), "1");
        assert_string_equal(client_read(world_root, 0, "/after"), "2");
        client_free(world_root);
        state_stop();
        fake_stop();
    }
}

/* Their connections have ended with the daemon that knew the transaction. */
static void local_transactions_start_again(void **state)
{
    uint32_t before, after;

    world_reference(8, 60);
    world_start(world_boot);
    world_root = client_new(NULL);
    before = client_begin(world_root);
    assert_int_equal(client_write(world_root, before, "/x", "1"), 0);
    client_free(world_root);
    state_stop();
    fake_stop();

    world_start(world_boot);
    world_root = client_new(NULL);
    after = client_begin(world_root);
    assert_int_not_equal(after, before);
    assert_int_equal(client_write(world_root, before, "/x", "1"), EAGAIN);
    assert_int_equal(client_end(world_root, before), EAGAIN);
    assert_int_equal(client_write(world_root, after + 1, "/x", "1"), ENOENT);
    assert_int_equal(client_write(world_root, after, "/x", "1"), 0);
    assert_int_equal(client_end(world_root, after), 0);
    client_free(world_root);
    state_stop();
    fake_stop();
}

/* A request of a guest through its ring: the answer's type; its payload. */
static uint32_t ask(uint32_t type, uint32_t tx, const char *data, uint32_t len,
                    char *answer)
{
    struct xenstore_domain_interface *p = world_page(0);
    struct xsd_sockmsg h = {type, 1, tx, len};
    char message[sizeof(h) + 64];

    memcpy(message, &h, sizeof(h));
    memcpy(message + sizeof(h), data, len);
    for (size_t i = 0; i < sizeof(h) + len; i++)
        p->req[MASK_XENSTORE_IDX(p->req_prod++)] = message[i];
    ring_event(fake_port(FIRST_GUEST));
    fake_turns();
    for (size_t i = 0; i < sizeof(h); i++)
        ((char *)&h)[i] = p->rsp[MASK_XENSTORE_IDX(p->rsp_cons++)];
    for (uint32_t i = 0; i < h.len; i++)
        answer[i] = p->rsp[MASK_XENSTORE_IDX(p->rsp_cons++)];
    answer[h.len] = '\0';
    assert_int_equal(p->rsp_cons, p->rsp_prod);
    return h.type;
}

/* A frontend of Linux that gets EAGAIN before the end gives its device up. */
static void a_guests_transaction_fails_at_its_end_alone(void **state)
{
    char answer[XENSTORE_PAYLOAD_MAX + 1];

    for (int ends = 0; ends < 2; ends++) {
        uint32_t tx;

        world_begin(8, 0);
        world_start(world_boot);
        world_root = client_new(NULL);
        world_new_life(0);
        assert_int_equal(ask(XS_TRANSACTION_START, 0, "", 1, answer),
                         XS_TRANSACTION_START);
        tx = (uint32_t)strtoul(answer, NULL, 10);
        assert_int_equal(ask(XS_WRITE, tx, "a\0001", 3, answer), XS_WRITE);
        client_free(world_root);
        next_daemon();
        assert_int_equal(ask(XS_WRITE, tx, "b\0002", 3, answer), XS_WRITE);
        assert_int_equal(ask(XS_READ, tx, "b", 2, answer), XS_READ);
        assert_string_equal(answer, "2");
        next_daemon();
        assert_int_equal(ask(XS_MKDIR, tx, "c", 2, answer), XS_MKDIR);
        assert_int_equal(
            ask(XS_TRANSACTION_END, tx, ends ? "T" : "F", 2, answer),
            ends ? XS_ERROR : XS_TRANSACTION_END);
        assert_string_equal(answer, ends ? "EAGAIN" : "OK");
        assert_int_equal(ask(XS_READ, 0, "b", 2, answer), XS_ERROR);
        assert_int_equal(ask(XS_WRITE, tx, "b", 2, answer), XS_ERROR);
        assert_string_equal(answer, "ENOENT");
        assert_accounts();
        state_stop();
        fake_stop();
    }
}

/* However many a guest has open: what the journal says of it must not be what
 * ends the journal. */
static void any_number_of_transactions_is_kept(void **state)
{
    const long most = quota[QUOTA_TRANSACTIONS];
    char answer[XENSTORE_PAYLOAD_MAX + 1];
    const unsigned int many = 5000;
    struct connection *c;
    uint32_t id;

    world_begin(8, 0);
    world_start(world_boot);
    world_root = client_new(NULL);
    world_new_life(0);
    quota[QUOTA_TRANSACTIONS] = many;
    c = domain_known(FIRST_GUEST)->connection;
    for (unsigned int i = 0; i < many; i++)
        assert_int_equal(transaction_start(&c->transactions, &c->who, &id), 0);
    assert_int_equal(ask(XS_WRITE, 0, "a\0001", 3, answer), XS_WRITE);
    client_free(world_root);
    next_daemon();
    assert_int_equal(fake_log_lines, 0);
    assert_int_equal(ask(XS_READ, 0, "a", 2, answer), XS_READ);
    assert_string_equal(answer, "1");
    assert_int_equal(ask(XS_TRANSACTION_END, id, "T", 2, answer), XS_ERROR);
    assert_string_equal(answer, "EAGAIN");
    c = domain_known(FIRST_GUEST)->connection;
    assert_int_equal(c->transactions.count, many - 1);
    quota[QUOTA_TRANSACTIONS] = most;
    state_stop();
    fake_stop();
}

/* A daemon without the guest's page or port, and another one. */
static void start_without(bool *what)
{
    struct watch *w;

    world_begin(8, 0);
    world_start(world_boot);
    world_root = client_new(NULL);
    world_new_life(0);
    assert_int_equal(
        watch_add(domain_known(FIRST_GUEST)->connection, "/x", 0, "t", &w), 0);
    client_two(world_root, XS_SET_PERMS, 0, "/", "r0");
    client_free(world_root);
    *what = true;
    next_daemon();
    next_daemon();
    assert_true(world_introduced(0));
    world_root = client_new(NULL);
    assert_int_equal(client_write(world_root, 0, "/x", "1"), 0);
    assert_true(domain_rings_missing());
    domain_attach_rings();
    assert_true(domain_rings_missing());
}

static void end_of_world(void)
{
    client_free(world_root);
    state_stop();
    fake_stop();
}

/* What cannot be had for a moment, for want of memory or for another reason, is
 * no reason to cut a living guest off for good. */
static void a_ring_that_is_not_to_be_had_is_tried_again(void **state)
{
    struct fake_domain *guest = &fake_domain[FIRST_GUEST];
    static const char event[] = "/x\0t";
    char answer[XENSTORE_PAYLOAD_MAX + 1];

    for (int port = 0; port < 2; port++) {
        struct xenstore_domain_interface *p = world_page(0);

        start_without(port ? &guest->no_port : &guest->no_grant);
        guest->no_port = guest->no_grant = false;
        domain_attach_rings();
        assert_false(domain_rings_missing());
        fake_turns();
        assert_int_equal(p->rsp_prod - p->rsp_cons,
                         sizeof(struct xsd_sockmsg) + sizeof(event));
        p->rsp_cons = p->rsp_prod;
        assert_int_equal(ask(XS_READ, 0, "/x", 3, answer), XS_READ);
        assert_string_equal(answer, "1");
        assert_int_equal(domain_known(FIRST_GUEST)->connection->watches.count,
                         1);
        assert_int_equal(guest->mapped, 1);
        assert_int_equal(guest->bound, 1);
        end_of_world();
    }
}

/* Nothing of it was mapped: its number may be another's soon. */
static void a_guest_without_its_ring_is_not_taken_for_another(void **state)
{
    for (int introduced = 0; introduced < 2; introduced++) {
        uint32_t incarnation;

        start_without(&fake_domain[FIRST_GUEST].no_grant);
        incarnation = domain_known(FIRST_GUEST)->id.incarnation;
        fake_domain[FIRST_GUEST].handle++;
        fake_domain[FIRST_GUEST].no_grant = false;
        domain_attach_rings();
        assert_int_equal(fake_domain[FIRST_GUEST].mapped, 0);
        if (introduced)
            world_new_life(0);
        else
            domain_check_all();
        assert_int_equal(world_introduced(0), introduced);
        assert_int_not_equal(domain_incarnation(FIRST_GUEST), incarnation);
        end_of_world();
    }
}

static unsigned long number_of_list(void)
{
    char answer[XENSTORE_PAYLOAD_MAX + 1];
    size_t len;

    world_root = client_new(NULL);
    assert_int_equal(client_ask(world_root, XS_DIRECTORY_PART, 0, "/d\0000", 5,
                                answer, &len),
                     0);
    client_free(world_root);
    return strtoul(answer, NULL, 10);
}

/* Who reads a list in parts would put two together: one of before, and one of
 * after. */
static void no_list_has_the_number_of_another(void **state)
{
    unsigned long before;

    world_begin(8, 0);
    world_start(world_boot);
    world_root = client_new(NULL);
    assert_int_equal(client_write(world_root, 0, "/d/a", "1"), 0);
    client_free(world_root);
    next_daemon();
    next_daemon();
    before = number_of_list();
    world_root = client_new(NULL);
    assert_int_equal(client_one(world_root, XS_RM, 0, "/d/a"), 0);
    assert_int_equal(client_write(world_root, 0, "/d/b", "1"), 0);
    client_free(world_root);
    for (int i = 0; i < 3; i++) {
        next_daemon();
        assert_true(number_of_list() > before);
    }
    state_stop();
    fake_stop();
}

/* One that broke the protocol, and the end of another in a later frame. */
static void a_guest_that_is_not_served_stays_so(void **state)
{
    world_begin(8, 0);
    world_start(world_boot);
    world_root = client_new(NULL);
    for (unsigned int g = 0; g < GUESTS; g++)
        world_new_life(g);
    world_page(0)->req_prod = world_page(0)->req_cons + XENSTORE_RING_SIZE + 1;
    ring_event(fake_port(FIRST_GUEST));
    fake_turns();
    assert_int_equal(world_page(0)->error, XENSTORE_ERROR_RINGIDX);
    assert_int_equal(client_one(world_root, XS_RELEASE, 0, "6"), 0);
    world_death(2);
    client_free(world_root);
    state_stop();
    fake_stop();

    world_page(0)->error = XENSTORE_ERROR_NONE;
    world_start(world_boot);
    assert_int_equal(world_page(0)->error, XENSTORE_ERROR_RINGIDX);
    assert_int_equal(domain_known(FIRST_GUEST)->connection->fault,
                     XENSTORE_ERROR_RINGIDX);
    assert_false(world_introduced(1));
    world_page(0)->connection = XENSTORE_RECONNECT;
    ring_event(fake_port(FIRST_GUEST));
    assert_int_equal(world_page(0)->error, XENSTORE_ERROR_NONE);
    state_stop();
    fake_stop();
}

/* In this process, where leaks show. */
static void all_that_is_restored_is_released(void **state)
{
    world_reference(7, 60);
    world_start(world_boot);
    assert_accounts();
    state_stop();
    fake_stop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_death_at_every_point),
        cmocka_unit_test(many_deaths_in_long_histories),
        cmocka_unit_test(deaths_without_room_for_a_second_file),
        cmocka_unit_test(each_daemon_has_a_number_without_room_as_well),
        cmocka_unit_test(without_room_the_daemon_goes_on),
        cmocka_unit_test(a_full_file_system_does_not_cost_a_good_journal),
        cmocka_unit_test(nor_does_one_that_is_to_take_its_place),
        cmocka_unit_test(the_journal_comes_back_with_the_room),
        cmocka_unit_test(local_transactions_start_again),
        cmocka_unit_test(a_guests_transaction_fails_at_its_end_alone),
        cmocka_unit_test(any_number_of_transactions_is_kept),
        cmocka_unit_test(a_ring_that_is_not_to_be_had_is_tried_again),
        cmocka_unit_test(a_guest_without_its_ring_is_not_taken_for_another),
        cmocka_unit_test(no_list_has_the_number_of_another),
        cmocka_unit_test(a_guest_that_is_not_served_stays_so),
        cmocka_unit_test(all_that_is_restored_is_released),
    };
    int rc = world_create();

    if (!rc)
        rc = cmocka_run_group_tests(tests, NULL, NULL);
    world_remove();
    return rc;
}
