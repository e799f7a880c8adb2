/* SPDX-License-Identifier: MIT */
/*
 * Journals that are damaged: torn, with a bit flipped, with a record that makes
 * no sense, half a state, of another boot. What is whole is used, what is not
 * is told. The journals are those of histories (store_world.h).
 */
#include "store_world.h"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <base/macros.h>

#include "../../tools/xenstored/record.h"
#include "../../tools/xenstored/state.h"
#include "store_text.h"

static struct fake_domain *pages; /* as they were when the journal ended */
static char *journal, *frame[4096];
static size_t journal_len, frames;

/* The journal of a history, and where its frames end. */
static void record(uint32_t seed)
{
    struct journal_scan s;
    struct unpack u;

    world_reference(seed, 60);
    free(journal);
    assert_int_equal(journal_load(world_path, &journal, &journal_len), 0);
    assert_int_equal(journal_scan_start(&s, journal, journal_len, world_boot),
                     0);
    frame[0] = journal + (s.at - s.start);
    for (frames = 0; journal_scan_next(&s, &u);)
        frame[++frames] = journal + (s.at - s.start);
    assert_ptr_equal(s.at, s.end);
    memcpy(pages, fake_domain, sizeof(fake_domain));
}

/* A daemon that is started: its tree in world->dump. How many lines it has
 * logged. */
static int start_and_count_lines(const char *boot_id)
{
    int status;
    pid_t pid = fork();

    if (pid == 0) {
        world_start(boot_id);
        store_text(world->dump, sizeof(world->dump));
        _exit(fake_log_lines);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

/* One that is started with these bytes as its journal: its tree, and how many
 * lines it has logged. */
static char *tree_from(const char *data, size_t len, const char *boot_id,
                       int *lines)
{
    FILE *file;

    unlink(world_path);
    file = fopen(world_path, "w");
    assert_int_equal(fwrite(data, 1, len, file), len);
    fclose(file);
    memcpy(fake_domain, pages, sizeof(fake_domain));
    *lines = start_and_count_lines(boot_id);
    *strstr(world->dump, "domain 0.") = '\0';
    return strdup(world->dump);
}

/* Of a journal, in bytes: see journal.c. */
#define HEAD_LEN (20 + JOURNAL_BOOT_ID + 1)

static void assert_tree(const char *data, size_t len, const char *tree)
{
    int lines;
    char *is = tree_from(data, len, world_boot, &lines);

    assert_string_equal(is, tree);
    assert_int_equal(lines, 1);
    free(is);
}

static void a_torn_end_is_told_and_left_out(void **state)
{
    int lines;

    record(3);
    for (size_t f = frames - 2; f < frames; f++) {
        size_t whole = (size_t)(frame[f] - journal);
        char *tree = tree_from(journal, whole, world_boot, &lines);

        for (size_t len = whole + 1; journal + len < frame[f + 1]; len++)
            assert_tree(journal, len, tree);
        free(tree);
    }
}

static void a_flipped_bit_ends_the_journal_before_it(void **state)
{
    int lines;

    record(4);
    srand(4);
    for (int i = 0; i < 40; i++) {
        size_t f = (size_t)rand() % frames;
        char *at = frame[f] + rand() % (frame[f + 1] - frame[f]);
        char *tree = tree_from(journal, (size_t)(frame[f] - journal),
                               world_boot, &lines);

        char was = *at;

        *at = (char)(was ^ 1 << rand() % 8);
        assert_tree(journal, journal_len, tree);
        *at = was;
        free(tree);
    }
}

/* The journal with one frame more, whose checksum is right; *len is its length.
 */
static char *with_frame(const char *head, size_t head_len, const struct pack *p,
                        size_t *len)
{
    struct journal j;
    char *data;

    unlink(world_path);
    assert_int_equal(journal_create(&j, world_path, world_boot), 0);
    pack_bytes(journal_pack(&j), p->data, p->used);
    assert_int_equal(journal_write(&j), 0);
    journal_close(&j);
    assert_int_equal(journal_load(world_path, &data, len), 0);
    *len += head_len - HEAD_LEN;
    data = realloc(data, *len + head_len);
    memmove(data + head_len, data + HEAD_LEN, *len - head_len);
    memcpy(data, head, head_len);
    return data;
}

/* A frame with a record that makes no sense, behind others that do. */
static void a_bad_record_undoes_its_frame(void **state)
{
    struct pack p = {0};
    size_t len;
    char *data, *tree;
    int lines;

    record(3);
    tree = tree_from(journal, journal_len, world_boot, &lines);
    pack_value(&p, "/", "changed", 7);
    pack_quota(&p, QUOTA_WATCHES, 4711);
    pack_u8(&p, RECORD_DOMAIN_GONE);
    pack_u16(&p, FIRST_GUEST);
    pack_value(&p, "/no/such/node", "", 0);
    data = with_frame(journal, journal_len, &p, &len);
    assert_tree(data, len, tree);
    free(data);
    free(tree);
    pack_free(&p);
}

/* The daemon was a younger one, before. */
static void a_limit_that_is_not_known_costs_nothing_else(void **state)
{
    struct pack p = {0};
    size_t len;
    char *data, *tree, *with;
    int lines;

    record(3);
    tree = tree_from(journal, journal_len, world_boot, &lines);
    pack_quota(&p, QUOTA_COUNT + 1, 20);
    pack_quota(&p, UINT8_MAX, 20);
    pack_value(&p, "/", "changed", 7);
    data = with_frame(journal, journal_len, &p, &len);
    with = tree_from(data, len, world_boot, &lines);
    assert_int_equal(lines, 2);
    assert_non_null(strstr(with, "/=changed"));
    assert_string_not_equal(with, tree);
    free(with);
    free(data);
    free(tree);
    pack_free(&p);
}

/* What is cut off the paths of a watch's events is a part of its own path:
 * beyond that an event would tell what stands behind it in memory. */
static void a_watch_cuts_no_more_off_than_its_path(void **state)
{
    static const char path[] = "/a/watch";
    char *tree, *with, *data;
    int lines;
    size_t len;

    record(3);
    tree = tree_from(journal, journal_len, world_boot, &lines);
    for (uint16_t cut = 0; cut < 2 * sizeof(path); cut++) {
        struct pack p = {0};

        pack_value(&p, "/", "changed", 7);
        pack_u8(&p, RECORD_WATCH);
        pack_u16(&p, FIRST_GUEST + 2); /* it is connected then */
        pack_u16(&p, cut);
        pack_string(&p, path);
        pack_string(&p, "token");
        data = with_frame(journal, journal_len, &p, &len);
        with = tree_from(data, len, world_boot, &lines);
        assert_int_equal(lines, cut >= sizeof(path));
        assert_int_equal(!strcmp(with, tree), cut >= sizeof(path));
        free(with);
        free(data);
        pack_free(&p);
    }
    free(tree);
}

/* The incarnation that owned a node before it was known. */
static void a_domain_that_comes_late_has_its_nodes_on_its_account(void **state)
{
    static const char handle[16];
    struct pack p = {0};
    size_t len;
    char *data, *tree;
    int lines;

    record(3);
    pages[9].exists = true;
    pack_u8(&p, RECORD_PERMS);
    pack_string(&p, "/local");
    pack_u32(&p, 1);
    pack_u16(&p, 9);
    pack_u32(&p, 50);
    pack_u8(&p, 0);
    pack_u8(&p, RECORD_DOMAIN);
    pack_u16(&p, 9);
    pack_u32(&p, 50);
    pack_bytes(&p, handle, sizeof(handle));
    data = with_frame(journal, journal_len, &p, &len);
    tree = tree_from(data, len, world_boot, &lines); /* looks at accounts */
    assert_int_equal(lines, 0);
    assert_non_null(strstr(tree, "/local= 9.50.0"));
    free(data);
    free(tree);
    pack_free(&p);
}

/* A state that was not written to its end is none. */
static void half_a_state_is_none(void **state)
{
    struct pack p = {0};
    size_t len;
    char *data, *empty;
    int lines;

    empty = tree_from(journal, HEAD_LEN - 1, world_boot, &lines);
    pack_counters(&p);
    pack_value(&p, "/", "half", 4);
    pack_quota(&p, QUOTA_WATCHES, 4711);
    data = with_frame(journal, HEAD_LEN, &p, &len);
    assert_tree(data, len, empty);
    free(empty);
    free(data);
    pack_free(&p);
}

/* What the guests have seen published is lost: they go on all the same. */
static void guests_go_on_after_damage(void **state)
{
    struct stat st;

    for (uint32_t seed = 10; seed < 14; seed++) {
        world_begin(seed, 60);
        assert_true(world_daemon());
        assert_int_equal(stat(world_path, &st), 0);
        assert_int_equal(truncate(world_path, st.st_size - 500), 0);
        world->steps = 120;
        for (unsigned int g = 0; g < GUESTS; g++)
            world->guest[g].in_len = world->guest[g].out_len = 0;
        assert_true(world_daemon());
        assert_null(strstr(world->dump, "fault 1"));
        assert_null(strstr(world->dump, "fault 3"));
    }
}

/* What a daemon that is started comes to, with the guests' rings; it may die on
 * the way. */
static bool start_once(uint32_t fatal, char **text)
{
    int status;
    pid_t pid;

    world->points = 0;
    world->fatal = fatal;
    pid = fork();
    if (pid == 0) {
        world_start(world_boot);
        store_text(world->dump, sizeof(world->dump));
        for (unsigned int g = 0; g < GUESTS; g++)
            sprintf(world->dump + strlen(world->dump), "%u %u\n",
                    world_page(g)->req_cons, world_page(g)->rsp_prod);
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    world->fatal = 0;
    if (WEXITSTATUS(status))
        return false;
    *text = strdup(world->dump);
    return true;
}

static void put_back(size_t len)
{
    FILE *file;

    unlink(world_path);
    file = fopen(world_path, "w");
    assert_int_equal(fwrite(journal, 1, len, file), len);
    fclose(file);
    memcpy(fake_domain, pages, sizeof(fake_domain));
}

/* It looks at the rings, and then writes what it has found. */
static unsigned int die_while_mending(size_t len)
{
    char *wanted, *text;
    uint32_t fatal = 1;

    put_back(len);
    assert_true(start_once(0, &wanted));
    for (;; fatal++) {
        put_back(len);
        if (start_once(fatal, &text))
            break;
        assert_true(start_once(0, &text));
        assert_string_equal(text, wanted);
        free(text);
    }
    assert_string_equal(text, wanted);
    free(text);
    assert_true(start_once(0, &text)); /* what it has written */
    assert_string_equal(text, wanted);
    free(text);
    free(wanted);
    return fatal;
}

static void damage_is_known_until_it_is_mended(void **state)
{
    static const size_t cut[] = {1, 500, 3000};
    unsigned int deaths = 0;

    for (uint32_t seed = 10; seed < 16; seed++) {
        record(seed);
        for (size_t i = 0; i < 2 * ARRAY_SIZE(cut); i++) {
            world_no_second_file = i % 2;
            deaths += die_while_mending(journal_len - cut[i / 2]);
        }
    }
    world_no_second_file = false;
    assert_true(deaths > 100);
}

static const struct message *waiting(void)
{
    world_start(world_boot);
    return domain_known(FIRST_GUEST)->connection->out;
}

static void stop(void)
{
    state_stop();
    fake_stop();
}

/* The guest has read an answer's beginning, which is lost. */
static void half_an_answer_given_up_does_not_come_back(void **state)
{
    static char big[2000];
    struct xsd_sockmsg h = {XS_READ, 1, 0, 4};
    struct stat st;

    memset(big, 'x', sizeof(big) - 1);
    world_begin(8, 0);
    world_start(world_boot);
    world_root = client_new(NULL);
    world_new_life(0);
    client_write(world_root, 0, "/local/domain/5/big", big);
    client_free(world_root);
    memcpy(world_page(0)->req, &h, sizeof(h));
    memcpy(world_page(0)->req + sizeof(h), "big", 4);
    world_page(0)->req_prod = sizeof(h) + 4;
    ring_event(fake_port(FIRST_GUEST));
    fake_turns();
    world_page(0)->rsp_cons = 500;
    ring_event(fake_port(FIRST_GUEST));
    fake_turns();
    assert_int_equal(world_page(0)->rsp_prod, XENSTORE_RING_SIZE + 500);
    stop();

    assert_int_equal(stat(world_path, &st), 0);
    assert_int_equal(truncate(world_path, st.st_size - 1), 0);
    world_no_second_file = true;
    assert_null(waiting());
    stop();
    world_no_second_file = false;
    assert_null(waiting());
    stop();
}

static void a_journal_of_another_boot_is_not_used(void **state)
{
    static const char other[] = "11234567-89ab-cdef-0123-456789abcdef";
    int lines;
    char *tree;

    record(5);
    tree = tree_from(journal, journal_len, other, &lines);
    assert_int_equal(lines, 0);
    assert_true(!strncmp(tree, "/= 0.1.0\n@", 10));
    free(tree);
}

/* Or no later daemon would ever start. */
static void a_journal_of_any_size_keeps_no_daemon_away(void **state)
{
    static const off_t sizes[] = {1 << 20, (off_t)3 << 30, (off_t)1 << 42};
    int lines;

    record(5);
    for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
        put_back(journal_len);
        assert_int_equal(truncate(world_path, sizes[i]), 0);
        lines = start_and_count_lines(world_boot);
        assert_int_equal(lines, 1);
        assert_true(!strncmp(world->dump, "/= 0.1.0\n@", 10));
    }
}

/* A journal that cannot be rewritten is good all the same. */
static void without_room_for_a_second_file_the_first_grows(void **state)
{
    int lines;
    char *tree, *end;

    world_reference(6, 60);
    state_journal_min = 1;
    world_no_second_file = true;
    world_begin(6, 60);
    assert_true(world_daemon());
    world_compare();
    world_no_second_file = false;
    state_journal_min = 1 << 20;
    free(journal);
    assert_int_equal(journal_load(world_path, &journal, &journal_len), 0);
    memcpy(pages, fake_domain, sizeof(fake_domain));
    tree = tree_from(journal, journal_len, world_boot, &lines);
    end = strstr(world_wanted, "domain 0.");
    assert_memory_equal(tree, world_wanted, (size_t)(end - world_wanted));
    assert_int_equal(lines, 0);
    free(tree);
}

/* Each frame of a few histories as a file for tests/fuzz/store_journal.c. */
static int write_seeds(const char *dir)
{
    char name[4096];

    for (uint32_t seed = 1; seed < 6; seed++) {
        record(seed);
        for (size_t f = 0; f < frames; f++) {
            FILE *file;

            snprintf(name, sizeof(name), "%s/%u-%zu", dir, seed, f);
            file = fopen(name, "w");
            if (!file)
                return 1;
            fwrite(frame[f] + 8, 1, (size_t)(frame[f + 1] - frame[f] - 8),
                   file);
            fclose(file);
        }
    }
    return 0;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_torn_end_is_told_and_left_out),
        cmocka_unit_test(a_flipped_bit_ends_the_journal_before_it),
        cmocka_unit_test(a_bad_record_undoes_its_frame),
        cmocka_unit_test(a_limit_that_is_not_known_costs_nothing_else),
        cmocka_unit_test(a_watch_cuts_no_more_off_than_its_path),
        cmocka_unit_test(a_domain_that_comes_late_has_its_nodes_on_its_account),
        cmocka_unit_test(half_a_state_is_none),
        cmocka_unit_test(guests_go_on_after_damage),
        cmocka_unit_test(damage_is_known_until_it_is_mended),
        cmocka_unit_test(half_an_answer_given_up_does_not_come_back),
        cmocka_unit_test(a_journal_of_another_boot_is_not_used),
        cmocka_unit_test(a_journal_of_any_size_keeps_no_daemon_away),
        cmocka_unit_test(without_room_for_a_second_file_the_first_grows),
    };
    int rc = world_create();

    pages = aligned_alloc(4096, sizeof(fake_domain));
    if (!rc)
        rc = argc > 1 ? write_seeds(argv[1])
                      : cmocka_run_group_tests(tests, NULL, NULL);
    free(pages);
    free(journal);
    world_remove();
    return rc;
}
