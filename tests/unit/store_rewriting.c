/* SPDX-License-Identifier: MIT */
/*
 * A journal that has become long is rewritten in steps: no client waits for
 * more than one, and what the file says in the end is what there is. Deaths in
 * the middle are in store_journal.c.
 */
#include "store_world.h"

#include <inttypes.h>
#include <sys/stat.h>

#include "../../tools/xenstored/state.h"
#include "store_text.h"

#define TEXT_MAX (64u << 20)

static int setup(void **state)
{
    world_begin(8, 0);
    world_start(world_boot);
    world_root = client_new(NULL);
    return 0;
}

static int teardown(void **state)
{
    state_step = 64 << 10;
    state_stop();
    fake_stop();
    return 0;
}

static off_t size_of_journal(void)
{
    struct stat st;

    return stat(world_path, &st) ? 0 : st.st_size;
}

/* Values of @len bytes into so many nodes, one after the other. */
static void write_one(int i, int nodes, size_t len)
{
    char path[32], value[2001];

    snprintf(path, sizeof(path), "/%d/%d", i % nodes % 37, i % nodes);
    memset(value, 'a' + i % 26, len);
    value[len] = '\0';
    assert_int_equal(client_write(world_root, 0, path, value), 0);
}

/* Until the journal was rewritten so many times: the most bytes that were
 * written before a client was answered. */
static uint64_t longest_wait(unsigned int times, int nodes, size_t len,
                             void (*besides)(int i))
{
    uint64_t longest = 0, before;
    unsigned int rewritten = 0;
    off_t largest = 0, size;

    for (int i = 0; i < 200000 && rewritten < times; i++) {
        if (besides)
            besides(i);
        before = world_written;
        write_one(i, nodes, len);
        before = world_written - before;
        longest = before > longest ? before : longest;
        size = size_of_journal();
        rewritten += size < largest;
        largest = size < largest ? 0 : size;
    }
    assert_int_equal(rewritten, times);
    return longest;
}

/* By the next daemon. */
static void assert_all_is_kept(void)
{
    char *wanted = malloc(TEXT_MAX), *got = malloc(TEXT_MAX);

    client_free(world_root);
    fake_turns();
    store_text(wanted, TEXT_MAX);
    state_stop();
    fake_stop();
    store.generation = 0; /* as in a process of its own */
    world_start(world_boot);
    store_text(got, TEXT_MAX);
    assert_int_equal(fake_log_lines, 0);
    assert_true(!strcmp(got, wanted));
    free(wanted);
    free(got);
}

static void no_client_waits_for_the_whole_tree(void **state)
{
    assert_in_range(longest_wait(2, 10000, 100, NULL), 0, 200 << 10);
    assert_true(size_of_journal() > 400 << 10);
    assert_all_is_kept();
}

/* It takes long, so that most nodes are others in the end. */
static void nor_for_what_has_changed_meanwhile(void **state)
{
    state_step = 2000;
    assert_in_range(longest_wait(2, 1500, 2000, NULL), 0, 200 << 10);
    assert_all_is_kept();
}

#define EVENTS 900

/* Guests that leave so many events of 2000 bytes unread. */
static void fill_queues(void)
{
    char token[2001], path[32];
    struct watch *w;

    memset(token, 't', sizeof(token) - 1);
    token[sizeof(token) - 1] = '\0';
    client_two(world_root, XS_SET_PERMS, 0, "/", "r0");
    for (unsigned int g = 0; g < GUESTS; g++) {
        world_new_life(g);
        assert_int_equal(
            watch_add(domain_known((uint16_t)(FIRST_GUEST + g))->connection,
                      "/event", 0, token, &w),
            0);
    }
    for (int i = 0; i < EVENTS; i++) {
        snprintf(path, sizeof(path), "/event/%d", i);
        assert_int_equal(client_write(world_root, 0, path, ""), 0);
    }
    for (unsigned int g = 0; g < GUESTS; g++)
        assert_in_range(
            domain_known((uint16_t)(FIRST_GUEST + g))->connection->event_bytes,
            (EVENTS - 2) * 2000, 3 << 20);
}

/* And go on reading, while there is more to read now and then. */
static void read_some(int i)
{
    char path[32];

    snprintf(path, sizeof(path), "/event/more/%d", i % 50);
    if (i % 9 == 0)
        assert_int_equal(client_write(world_root, 0, path, ""), 0);
    for (unsigned int g = 0; g < GUESTS; g++) {
        struct xenstore_domain_interface *p = world_page(g);

        p->rsp_cons += (p->rsp_prod - p->rsp_cons) / 2;
        ring_event(fake_port(FIRST_GUEST + g));
    }
    fake_turns();
}

static void nor_for_the_queues_of_all_guests(void **state)
{
    state_journal_min = 64 << 20;
    fill_queues();
    state_journal_min = 1 << 20;
    state_step = 1000;
    assert_in_range(longest_wait(1, 300, 1000, read_some), 0,
                    (EVENTS + 200) * 2100);
    for (unsigned int g = 0; g < GUESTS; g++)
        assert_true(
            domain_known((uint16_t)(FIRST_GUEST + g))->connection->events >
            EVENTS / 2);
    assert_all_is_kept();
}

/* Nor does the old file grow without end meanwhile. */
static void a_busy_store_does_not_outrun_its_rewriting(void **state)
{
    off_t most = 0, size;

    state_step = 100; /* less than a round writes */
    for (int i = 0; i < 6000; i++) {
        write_one(i, 400, 2000);
        size = size_of_journal();
        most = size > most ? size : most;
    }
    /* It may be four times the state, and grows while that is written. */
    assert_in_range(most, 1 << 20, 400 * 2100 * 7);
    assert_all_is_kept();
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(no_client_waits_for_the_whole_tree),
        TEST(nor_for_what_has_changed_meanwhile),
        TEST(nor_for_the_queues_of_all_guests),
        TEST(a_busy_store_does_not_outrun_its_rewriting),
    };
    int rc = world_create();

    if (!rc)
        rc = cmocka_run_group_tests(tests, NULL, NULL);
    world_remove();
    return rc;
}
