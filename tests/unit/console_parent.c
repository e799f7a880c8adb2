/* SPDX-License-Identifier: MIT */
/*
 * The console daemon's privileged parent, and what one would ask it for that a
 * guest has taken over (taken_over.h). Its logs: console_parent_logs.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>
#include <cmocka.h>

#include <xen/xen.h>
#include <xen/io/xs_wire.h>

#include "../../backends/console/errand_wire.h"
#include "../../backends/console/keep_wire.h"
#include "../../backends/console/terminal.h"
#include "console_world.h"
#include "taken_over.h"

/* --- terminals ------------------------------------------------------------ */

static void close_all(const int *fds)
{
    for (int i = 0; i < TERMINAL_FDS; i++)
        close(fds[i]);
}

static void a_terminal_is_for_a_domain_that_is_there(void **state)
{
    static const unsigned int none[] = {0, DOMID_FIRST_RESERVED, 65536 + HERE,
                                        UINT32_MAX};
    struct termios t;
    int fds[TERMINAL_FDS];
    char name[32];

    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
        assert_int_equal(errand_terminal(none[i], 4096, fds), -EINVAL);
    assert_int_equal(errand_terminal(NOWHERE, 4096, fds), -ESRCH);
    assert_int_equal(errand_terminal(HERE, 65536, fds), 0);
    assert_int_equal(terminal_name(fds[TERMINAL_MASTER], name, sizeof(name)),
                     0);
    assert_int_equal(tcgetattr(fds[TERMINAL_SLAVE], &t), 0);
    assert_int_equal(t.c_lflag & (ICANON | ECHO), 0);
    assert_int_equal(fcntl(fds[TERMINAL_PIPE_IN], F_GETPIPE_SZ), 65536);
    assert_int_equal(write(fds[TERMINAL_PIPE_IN], "x", 1), 1);
    assert_int_equal(read(fds[TERMINAL_PIPE_OUT], name, 2), 1);
    close_all(fds);
}

/* With one descriptor of each held, of this kind. */
static void so_many_are_open(int kind)
{
    const int most = 2 * LIVING + 256;
    int fds[TERMINAL_FDS], *held = calloc(most, sizeof(*held));

    for (int i = 0; i < most; i++) {
        assert_int_equal(errand_terminal(i % 2 ? HERE : CHANGING, 4096, fds),
                         0);
        held[i] = fds[kind];
        fds[kind] = -1;
        close_all(fds);
    }
    assert_int_equal(errand_terminal(HERE, 4096, fds), -EAGAIN);
    close(held[0]);
    assert_int_equal(errand_terminal(HERE, 4096, fds), 0);
    close_all(fds);
    for (int i = 1; i < most; i++)
        close(held[i]);
    free(held);
}

/* The host has only some thousand, and root's pipes may be of any size. Those
 * that are closed do not count, however many there were. */
static void so_many_are_open_at_a_time(void **state)
{
    int fds[TERMINAL_FDS];

    assert_int_equal(errand_terminal(HERE, TERMINAL_WAITING + 1, fds), -EPERM);
    for (int kind = 0; kind < TERMINAL_FDS; kind++)
        so_many_are_open(kind);
}

/* A child that was taken over could keep a domain dying, by its pages. */
static void a_domain_that_has_ended_has_none(void **state)
{
    struct domain_state d;
    int fds[TERMINAL_FDS];

    assert_int_equal(errand_terminal(DYING, 4096, fds), -ESRCH);
    assert_int_equal(errand_domain(DYING, &d), 0);
    assert_true(d.over);
}

/* --- the store ------------------------------------------------------------ */

static void send_write(int fd, unsigned int domid, const char *value)
{
    char path[64];
    size_t n = 1 + (size_t)snprintf(path, sizeof(path),
                                    "/local/domain/%u/console/tty", domid);
    struct {
        struct xsd_sockmsg header;
        char payload[128];
    } m = {.header = {.type = XS_WRITE}};

    m.header.len = n + strlen(value);
    memcpy(m.payload, path, n);
    memcpy(m.payload + n, value, strlen(value));
    assert_true(write(fd, &m, sizeof(m.header) + m.header.len) > 0);
}

/* Does it come to the store? The answer is given. */
static bool is_written_of(unsigned int domid, int fd, int store,
                          const char *value)
{
    struct xsd_sockmsg h = {0}, answer = {.type = XS_WRITE};
    char payload[128];

    send_write(fd, domid, value);
    for (int i = 0; i < 2000; i++) {
        if (recv(store, &h, sizeof(h), MSG_DONTWAIT) == sizeof(h)) {
            assert_int_equal(read(store, payload, h.len), h.len);
            assert_int_equal(write(store, &answer, sizeof(answer)),
                             sizeof(answer));
            assert_int_equal(read(fd, &h, sizeof(h)), sizeof(h));
            return true;
        }
        if (recv(fd, &h, sizeof(h), MSG_DONTWAIT) == sizeof(h)) {
            assert_int_equal(h.type, XS_ERROR);
            assert_int_equal(read(fd, payload, h.len), h.len);
            return false;
        }
        usleep(1000);
    }
    fail_msg("no answer");
    return false;
}

static bool is_written(int fd, int store, const char *value)
{
    return is_written_of(HERE, fd, store, value);
}

/* Whoever has the master has the terminal. */
static void a_terminal_is_shown_by_its_master(void **state)
{
    int store = errand_store(), fds[TERMINAL_FDS], others[2], ends[2];
    char name[32], other[32];

    assert_true(store >= 0);
    assert_int_equal(terminal_open(&others[0], &others[1]), 0);
    assert_int_equal(terminal_name(others[0], other, sizeof(other)), 0);
    assert_int_equal(errand_terminal(HERE, 4096, fds), 0);
    assert_int_equal(terminal_name(fds[TERMINAL_MASTER], name, sizeof(name)),
                     0);
    assert_false(is_written(store, world_stores[0][0], name));
    assert_int_equal(errand_show(fds[TERMINAL_MASTER]), 0);
    assert_true(is_written(store, world_stores[0][0], name));
    assert_false(is_written_of(NOWHERE, store, world_stores[0][0], name));
    assert_false(is_written_of(DYING, store, world_stores[0][0], name));
    assert_false(is_written(store, world_stores[0][0], other));
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    assert_true(errand_show(ends[0]) < 0);
    assert_true(errand_show(0) < 0);
    assert_true(errand_show(others[1]) < 0); /* a slave is open to many */
    assert_false(is_written(store, world_stores[0][0], other));
    assert_int_equal(errand_show(others[0]), 0); /* of a former daemon */
    assert_true(is_written(store, world_stores[0][0], other));
    assert_false(is_written(store, world_stores[0][0], name));
    close_all(fds);
}

static void there_is_one_connection_to_the_store(void **state)
{
    int first = errand_store(), second = errand_store();
    char byte;

    assert_true(first >= 0 && second >= 0);
    assert_int_equal(read(first, &byte, 1), 0);
    assert_int_equal(recv(second, &byte, 1, MSG_DONTWAIT), -1);
    assert_int_equal(errno, EAGAIN);
    assert_true(errand_store() < 0); /* the store is away */
    close(first);
    close(second);
}

/* --- the rest ------------------------------------------------------------- */

static void domains_are_told(void **state)
{
    struct domain_state d;

    assert_int_equal(errand_domain(HERE, &d), 0);
    assert_int_equal(d.frame, 77);
    assert_false(d.over);
    assert_int_equal(errand_domain(DYING, &d), 0);
    assert_true(d.over);
    assert_int_equal(errand_domain(NOWHERE, &d), -ESRCH);
    assert_int_equal(errand_domain(0, &d), -EINVAL);
    assert_int_equal(errand_domain(DOMID_FIRST_RESERVED, &d), -EINVAL);
}

static void what_the_hypervisor_prints_is_told(void **state)
{
    uint32_t position = 0;
    char text[HYPERVISOR_MAX];

    assert_int_equal(errand_hypervisor(&position, text, sizeof(text)), 3);
    assert_memory_equal(text, "Xen", 3);
    assert_int_equal(position, 3);
    assert_int_equal(errand_hypervisor(&position, text, sizeof(text)), 0);
    assert_int_equal(errand_hypervisor(&position, text, sizeof(text) + 1),
                     -EPERM);
}

/* And stays one. */
static void a_page_is_made(void **state)
{
    int fd = errand_page();
    struct stat st;

    assert_true(fd >= 0);
    assert_int_equal(fstat(fd, &st), 0);
    assert_int_equal(st.st_size, 4096);
    assert_int_equal(pwrite(fd, "", 1, 4096), -1);
    assert_int_equal(ftruncate(fd, 0), -1);
    close(fd);
}

/* It ends with the parent, as it has nothing to keep. */
static void the_keeper_is_reached(void **state)
{
    int fd = errand_keeper();
    struct stat st;

    assert_true(fd >= 0);
    assert_int_equal(fstat(fd, &st), 0);
    assert_true(S_ISSOCK(st.st_mode));
    close(fd);
}

/* A connection to one that has something to keep. One that has not ends with
 * its last connection, perhaps of the test before. */
static int keeper_that_stays(void)
{
    struct keep_message m = {.op = KEEP_PUT, .name = "5"};
    int fd, n, ends[2], got[KEEP_FDS];

    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    do {
        fd = errand_keeper();
        m.op = KEEP_PUT;
        keep_send(fd, &m, ends, 2);
        m.op = KEEP_LIST;
        keep_send(fd, &m, NULL, 0);
        n = keep_receive(fd, &m, got);
    } while (n < 0);
    assert_int_equal(n, 2);
    close(got[0]);
    close(got[1]);
    assert_int_equal(keep_receive(fd, &m, got), 0); /* the list's end */
    close(ends[0]);
    close(ends[1]);
    return fd;
}

/* Or the parent would wait for it, as it serves one at a time. */
static void of_its_connections_the_last_lasts(void **state)
{
    struct keep_message m = {.op = KEEP_DROP, .name = "5"};
    int fds[20];
    char byte;

    fds[0] = keeper_that_stays();
    for (int i = 1; i < 20; i++) {
        fds[i] = errand_keeper();
        assert_true(fds[i] >= 0);
    }
    for (int i = 0; i < 19; i++) {
        assert_int_equal(read(fds[i], &byte, 1), 0);
        close(fds[i]);
    }
    assert_int_equal(recv(fds[19], &byte, 1, MSG_DONTWAIT), -1);
    assert_int_equal(errno, EAGAIN);
    assert_int_equal(keep_send(fds[19], &m, NULL, 0), 0);
    close(fds[19]);
}

static void it_is_ready_once(void **state)
{
    struct domain_state d;
    char bytes[8];

    errand_ready();
    errand_ready();
    assert_int_equal(errand_domain(HERE, &d), 0); /* now it has done both */
    assert_int_equal(read(world_ready[0], bytes, sizeof(bytes)), 1);
}

static void who_speaks_another_language_ends(void **state)
{
    taken_over_another_language(ERRAND_KINDS);
}

static void nor_half_an_errand(void **state)
{
    taken_over_half_an_errand();
}

static void is_refused(unsigned int what, const struct errand_answer *a,
                       int len)
{
    assert_int_equal(a->rc, -EPERM);
    assert_int_equal(len, 0);
}

static void a_name_has_an_end(void **state)
{
    taken_over_text_without_end(ERRAND_LOG, ERRAND_LOG + 1, is_refused);
}

static void the_end_of_one_is_the_end_of_the_other(void **state)
{
    taken_over_ends();
}

static void who_does_not_end_is_killed(void **state)
{
    struct domain_state d;

    assert_int_equal(errand_domain(HERE, &d), 0);
    taken_over_does_not_end();
}

static void nobody_fills_the_log(void **state)
{
    taken_over_says_too_much(
        &(struct errand_order){.what = ERRAND_DOMAIN, .number = NOWHERE});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(a_terminal_is_for_a_domain_that_is_there),
        WORLD_TEST(so_many_are_open_at_a_time),
        WORLD_TEST(a_domain_that_has_ended_has_none),
        WORLD_TEST(a_terminal_is_shown_by_its_master),
        WORLD_TEST(there_is_one_connection_to_the_store),
        WORLD_TEST(domains_are_told),
        WORLD_TEST(what_the_hypervisor_prints_is_told),
        WORLD_TEST(a_page_is_made),
        WORLD_TEST(the_keeper_is_reached),
        WORLD_TEST(of_its_connections_the_last_lasts),
        WORLD_TEST(it_is_ready_once),
        WORLD_TEST(who_speaks_another_language_ends),
        WORLD_TEST(nor_half_an_errand),
        WORLD_TEST(a_name_has_an_end),
        WORLD_TEST(the_end_of_one_is_the_end_of_the_other),
        WORLD_TEST(who_does_not_end_is_killed),
        WORLD_TEST(nobody_fills_the_log),
    };
    int rc;

    if (world_begin())
        return 1;
    rc = cmocka_run_group_tests_name("console parent", tests, NULL, NULL);
    return world_end() ? 1 : rc;
}
