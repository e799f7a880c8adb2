/* SPDX-License-Identifier: MIT */
/*
 * What Xen's libxenstat asks of a guest's disks, by its own commands, and what
 * it takes out of the answers; and clients that are not as they should be.
 */
#include "supervisor_world.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <yajl/yajl_tree.h>

#include "../../backends/common/record.h"

/* As libxenstat writes them: without a line's end. */
#define CAPABILITIES "{ \"execute\": \"qmp_capabilities\" }"
#define BLOCK        "{ \"execute\": \"query-block\" }"
#define BLOCKSTATS   "{ \"execute\": \"query-blockstats\" }"

static struct sockaddr_un address = {.sun_family = AF_UNIX};

static int each_has_stats(void **unused)
{
    int rc = each_begins(unused);

    kinds[0].disk = true;
    devices.stats_dir = run_dir;
    snprintf(address.sun_path, sizeof(address.sun_path),
             "%.60s/qmp-libxenstat-3", run_dir);
    return rc;
}
#define STATS_TEST(f)                                                          \
    cmocka_unit_test_setup_teardown(f, each_has_stats, each_ends)

/* --- a client --- */

static int client;

static int connect_client(void)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (!connect(fd, (struct sockaddr *)&address, sizeof(address)))
        return fd;
    close(fd);
    return -errno;
}

static char heard[8192];
static size_t heard_n;
static bool over;

/* A whole line; what there is of it is in heard. */
static bool has_heard(void)
{
    ssize_t n = recv(client, heard + heard_n, sizeof(heard) - 1 - heard_n, 0);

    over |= !n || (n < 0 && errno != EAGAIN);
    heard_n += n > 0 ? (size_t)n : 0;
    heard[heard_n] = 0;
    return over || strchr(heard, '\n');
}

static const char *ask(const char *command)
{
    heard_n = 0;
    over = false;
    heard[0] = 0;
    assert_int_equal(send(client, command, strlen(command), MSG_NOSIGNAL),
                     strlen(command));
    assert_true(within(10000, has_heard));
    return heard;
}

static void hear_greeting(void)
{
    client = connect_client();
    assert_true(client >= 0);
    ask("");
    assert_non_null(strstr(heard, "\"QMP\""));
}

/* --- what it takes out of an answer --- */

static yajl_val first(yajl_val answer)
{
    const char *path[] = {"return", NULL};
    yajl_val list = yajl_tree_get(answer, path, yajl_t_array);

    assert_non_null(list);
    assert_true(YAJL_GET_ARRAY(list)->len >= 1);
    return YAJL_GET_ARRAY(list)->values[0];
}

static const char *text_of(yajl_val v, const char *key, const char *below)
{
    const char *path[] = {key, below, NULL};

    return YAJL_GET_STRING(yajl_tree_get(v, path, yajl_t_string));
}

static long long stat_of(yajl_val v, const char *key)
{
    const char *path[] = {"stats", key, NULL};

    return YAJL_GET_INTEGER(yajl_tree_get(v, path, yajl_t_number));
}

static void disk_has_done(uint64_t reads, uint64_t writes)
{
    struct record_head h = {.counts = {.to_guest = {reads, reads * 4096},
                                       .from_guest = {writes, writes * 512}}};
    char path[128];
    FILE *f;

    snprintf(path, sizeof(path), "%s/vbd-3-0.record", run_dir);
    f = fopen(path, "r+");
    assert_non_null(f);
    fwrite(&h, sizeof(h), 1, f);
    fclose(f);
}

/* In the order of libxenstat's. */
static void libxenstat_gets_counts_and_names(void **unused)
{
    yajl_val stats, names;

    begin_lasting();
    disk_has_done(7, 11);
    hear_greeting();
    assert_string_equal(ask(CAPABILITIES), "{\"return\": {}}\r\n");
    stats = yajl_tree_parse(ask(BLOCKSTATS), NULL, 0);
    names = yajl_tree_parse(ask(BLOCK), NULL, 0);
    assert_non_null(stats);
    assert_non_null(names);
    assert_int_equal(stat_of(first(stats), "rd_operations"), 7);
    assert_int_equal(stat_of(first(stats), "rd_bytes"), 7 * 4096);
    assert_int_equal(stat_of(first(stats), "wr_operations"), 11);
    assert_int_equal(stat_of(first(stats), "wr_bytes"), 11 * 512);
    assert_string_equal(text_of(first(names), "device", NULL),
                        text_of(first(stats), "device", NULL));
    /* And the same in the store, where it finds the number of the disk. */
    assert_string_equal(text_of(first(names), "inserted", "file"),
                        disk->params);
    yajl_tree_free(stats);
    yajl_tree_free(names);
    close(client);
    remove_disk();
    assert_string_equal(disk->params, "");
}

static void all_disks_of_the_guest_are_told(void **unused)
{
    begin_lasting();
    played->disk[1].online = played->disk[1].state = 1;
    devices_check(&devices, "backend/vbd/3/1/state");
    hear_greeting();
    ask(BLOCKSTATS);
    assert_non_null(strstr(heard, "\"device\": \"vbd-3-0\""));
    assert_non_null(strstr(heard, "\"device\": \"vbd-3-1\""));
    close(client);
    stop_all();
}

/* A toolstack makes something where these nodes were, while they go. */
static void nodes_go_with_the_directories_above_at_once(void **unused)
{
    begin_lasting();
    assert_string_equal(disk->params, "/vbd/3/0");
    remove_disk();
    assert_string_equal(disk->params, "");
    assert_int_equal(played->bare, 0);
}

static void another_programs_device_in_qdisk_stays(void **unused)
{
    begin_lasting();
    disk->qdisk_state = 1; /* that took our node's place */
    snprintf(disk->params, sizeof(disk->params), "qcow2:/image");
    remove_disk();
    assert_string_equal(disk->params, "qcow2:/image");
    unlink(started);
    begin_lasting();
    assert_string_equal(disk->params, "qcow2:/image");
    snprintf(disk->params, sizeof(disk->params), "/vbd/3/0");
    remove_disk();
    assert_int_equal(disk->qdisk_state, 1);
}

static void the_socket_is_there_as_long_as_a_disk(void **unused)
{
    struct stat st;

    assert_int_equal(connect_client(), -ENOENT);
    begin_lasting();
    assert_int_equal(stat(address.sun_path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    hear_greeting();
    remove_disk();
    assert_int_equal(connect_client(), -ENOENT);
    assert_true(within(10000, has_heard));
    assert_true(over);
    close(client);
}

/* The next supervisor takes the place of one that was killed. */
static void a_socket_that_was_left_is_replaced(void **unused)
{
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    bind(fd, (struct sockaddr *)&address, sizeof(address));
    close(fd);
    begin_lasting();
    hear_greeting();
    close(client);
    remove_disk();
}

static void a_qemu_that_answers_stays(void **unused)
{
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    listen(fd, 1);
    begin_lasting();
    remove_disk();
    client = connect_client();
    assert_true(client >= 0);
    close(client);
    close(fd);
    unlink(address.sun_path);
}

static ino_t inode_of_socket(void)
{
    struct stat st;

    assert_int_equal(stat(address.sun_path, &st), 0);
    return st.st_ino;
}

/* More want to connect to it than it has room for. */
static void a_qemu_that_is_busy_stays(void **unused)
{
    int fd = socket(AF_UNIX, SOCK_STREAM, 0), first;
    ino_t inode;

    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    listen(fd, 0);
    first = connect_client();
    assert_true(first >= 0);
    assert_int_equal(connect_client(), -EAGAIN);
    inode = inode_of_socket();
    begin_lasting();
    assert_int_equal(inode_of_socket(), inode);
    remove_disk();
    assert_int_equal(inode_of_socket(), inode);
    close(first);
    close(fd);
    unlink(address.sun_path);
}

/* It is started later, and takes the name. */
static void a_qemu_that_comes_later_keeps_its_socket(void **unused)
{
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    begin_lasting();
    unlink(address.sun_path);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    listen(fd, 1);
    remove_disk();
    client = connect_client();
    assert_true(client >= 0);
    close(client);
    close(fd);
    unlink(address.sun_path);
}

static void clients_may_say_anything(void **unused)
{
    char much[600];

    begin_lasting();
    hear_greeting();
    assert_non_null(strstr(ask("{\"execute\": \"quit\"}"), "CommandNotFound"));
    assert_non_null(strstr(ask("{}"), "CommandNotFound"));
    assert_non_null(strstr(ask(" ]} "), "CommandNotFound"));
    ask(CAPABILITIES CAPABILITIES);
    within(20, never);
    has_heard();
    assert_string_equal(heard, "{\"return\": {}}\r\n{\"return\": {}}\r\n");
    memset(much, '{', sizeof(much));
    much[sizeof(much) - 1] = 0;
    ask(much);
    assert_true(over);
    close(client);
    hear_greeting();
    assert_non_null(strstr(ask(BLOCKSTATS), "vbd-3-0"));
    close(client);
    remove_disk();
}

#define SEATS 8

/* Each keeps the answers that it waits for: Xen's libxenstat does not survive
 * that somebody else comes. */
static void several_clients_are_served(void **unused)
{
    int seat[SEATS];

    begin_lasting();
    for (int i = 0; i < SEATS; i++) {
        hear_greeting();
        seat[i] = client;
    }
    for (int i = 0; i < SEATS; i++) {
        client = seat[i];
        assert_non_null(strstr(ask(BLOCKSTATS), "vbd-3-0"));
        close(client);
    }
    remove_disk();
}

static void who_sits_there_keeps_nobody_out(void **unused)
{
    int seat[SEATS + 1];

    begin_lasting();
    for (int i = 0; i < SEATS; i++) {
        hear_greeting();
        seat[i] = client;
    }
    close(seat[1]); /* leaves a place, which is the next one's */
    within(20, never);
    hear_greeting();
    seat[1] = client;
    client = seat[0];
    assert_non_null(strstr(ask(BLOCKSTATS), "vbd-3-0"));
    hear_greeting();
    seat[SEATS] = client;
    assert_non_null(strstr(ask(BLOCKSTATS), "vbd-3-0"));
    client = seat[0];
    heard_n = 0;
    has_heard();
    assert_true(over);
    close(client);
    for (int i = 1; i <= SEATS; i++) {
        client = seat[i];
        assert_non_null(strstr(ask(BLOCKSTATS), "vbd-3-0"));
        close(client);
    }
    remove_disk();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STATS_TEST(libxenstat_gets_counts_and_names),
        STATS_TEST(all_disks_of_the_guest_are_told),
        STATS_TEST(nodes_go_with_the_directories_above_at_once),
        STATS_TEST(another_programs_device_in_qdisk_stays),
        STATS_TEST(the_socket_is_there_as_long_as_a_disk),
        STATS_TEST(a_socket_that_was_left_is_replaced),
        STATS_TEST(a_qemu_that_answers_stays),
        STATS_TEST(a_qemu_that_is_busy_stays),
        STATS_TEST(a_qemu_that_comes_later_keeps_its_socket),
        STATS_TEST(clients_may_say_anything),
        STATS_TEST(several_clients_are_served),
        STATS_TEST(who_sits_there_keeps_nobody_out),
    };

    return cmocka_run_group_tests(tests, world_begins, world_ends);
}
