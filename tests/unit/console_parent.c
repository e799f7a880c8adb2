/* SPDX-License-Identifier: MIT */
/*
 * The console daemon's privileged parent, and what one would ask it for that a
 * guest has taken over (taken_over.h).
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
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>
#include <cmocka.h>

#include <xen/xen.h>
#include <xen/io/xs_wire.h>
#include <xlctrl.h>

#include "../../backends/console/errand.h"
#include "../../backends/console/errand_wire.h"
#include "../../backends/console/log_file.h"
#include "../../backends/console/parent.h"
#include "../../backends/console/terminal.h"
#include "../../tools/libxenstore/reconnect.h"
#include "taken_over.h"

#define HERE     5 /* domains */
#define NOWHERE  6
#define CHANGING 7 /* another one, whenever it is looked at */
#define DYING    8
#define REBORN   9  /* the second time it dies, then it is there again */
#define LIVING   40 /* of those that a list has; as many die */

/* All that a parent in disorder could harm is below it: paths that are to be
 * refused are, too. */
static char top[] = "/tmp/console-parent.XXXXXX";
static char logs[64], keeper[4096];
static bool with_logs = true;
static int ready[2];     /* a pipe; one byte each time */
static int stores[2][2]; /* the test's ends, and the parent's */

/* --- what the parent finds ------------------------------------------------ */

int xs_connect(void)
{
    static unsigned int n;

    return n < 2 ? stores[n++][1] : -1;
}

xlc_handle *xlc_open(struct xentoollog_logger *logger)
{
    return (xlc_handle *)(uintptr_t)1;
}

int xlc_domain_getinfo(xlc_handle *h, uint32_t domid,
                       struct xen_domctl_getdomaininfo *info)
{
    static uint64_t frame = 100;
    static int looks;

    if (domid == NOWHERE) {
        errno = ESRCH;
        return -1;
    }
    memset(info, 0, sizeof(*info));
    info->shared_info_frame = domid == CHANGING ? frame++ : 77;
    if (domid == DYING || (domid == REBORN && ++looks == 2))
        info->flags = XEN_DOMINF_dying;
    return 0;
}

/* Every other one lives. */
int xlc_domain_getinfolist(xlc_handle *h, uint32_t first, uint32_t max,
                           struct xen_domctl_getdomaininfo *info)
{
    uint32_t n = 0;

    for (; n < max && first <= 2 * LIVING; n++, first++)
        info[n] = (struct xen_domctl_getdomaininfo){
            .domain = (domid_t)first,
            .flags = first % 2 ? XEN_DOMINF_dying : 0};
    return (int)n;
}

/* All but what begins at 0 is lost, and of that there are three bytes. */
int xlc_readconsole(xlc_handle *h, char *text, uint32_t size, bool clear,
                    bool incremental, uint32_t *position)
{
    if (clear || !incremental || *position)
        return 0;
    memcpy(text, "Xen", size < 3 ? size : 3);
    *position = 3;
    return 3;
}

static void is_ready(void)
{
    assert_int_equal(write(ready[1], "", 1), 1);
}

/* --- the parent ----------------------------------------------------------- */

static int run(struct pair *both)
{
    const struct parent with = {.log_dir = logs,
                                .log_guests = with_logs,
                                .log_hypervisor = with_logs,
                                .run_dir = top,
                                .keeper = keeper,
                                .ready = is_ready};

    return parent_run(&with, both);
}

static int start(void **state)
{
    for (int i = 0; i < 2; i++)
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, stores[i]))
            return -1;
    return taken_over_start(NULL, run);
}

static int start_without_logs(void **state)
{
    with_logs = false;
    return start(state);
}

static int stop(void **state)
{
    char bytes[8];

    taken_over_stop();
    with_logs = true;
    for (int i = 0; i < 4; i++)
        close(stores[i / 2][i % 2]);
    while (read(ready[0], bytes, sizeof(bytes)) > 0)
        ;
    return 0;
}

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
    assert_false(is_written(store, stores[0][0], name));
    assert_int_equal(errand_show(fds[TERMINAL_MASTER]), 0);
    assert_true(is_written(store, stores[0][0], name));
    assert_false(is_written_of(NOWHERE, store, stores[0][0], name));
    assert_false(is_written_of(DYING, store, stores[0][0], name));
    assert_false(is_written(store, stores[0][0], other));
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    assert_true(errand_show(ends[0]) < 0);
    assert_true(errand_show(0) < 0);
    assert_true(errand_show(others[1]) < 0); /* a slave is open to many */
    assert_false(is_written(store, stores[0][0], other));
    assert_int_equal(errand_show(others[0]), 0); /* of a former daemon */
    assert_true(is_written(store, stores[0][0], other));
    assert_false(is_written(store, stores[0][0], name));
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

/* --- logs ----------------------------------------------------------------- */

static const char *in_logs(const char *name)
{
    static char path[128];

    snprintf(path, sizeof(path), "%s/%s", logs, name);
    return path;
}

static void is_opened(const char *name)
{
    int fd = errand_log(strcmp(name, "hypervisor") ? CHANGING : 0, name, false);

    assert_true(fd >= 0);
    assert_int_equal(fcntl(fd, F_GETFL) & (O_ACCMODE | O_APPEND),
                     O_WRONLY | O_APPEND);
    close(fd);
}

static void logs_are_those_of_guests_and_the_hypervisor(void **state)
{
    static const char *const other[] = {
        "",           "guest",           "guests-a", "../guest-a",
        "guest-/a",   "guest-../../x",   "passwd",   "hypervisor2",
        "guest-a\nb", "hypervisor.log/", "/passwd",  "guest-a\x1b[1m"};

    is_opened("guest-a");
    is_opened("hypervisor");
    assert_int_equal(access(in_logs("guest-a.log"), F_OK), 0);
    for (size_t i = 0; i < sizeof(other) / sizeof(other[0]); i++)
        if (errand_log(HERE, other[i], false) != -EPERM ||
            errand_log(0, other[i], false) != -EPERM)
            fail_msg("a log '%s' is opened", other[i]);
    assert_int_equal(errand_log(HERE, "hypervisor", false), -EPERM);
    assert_int_equal(errand_log(0, "guest-a", false), -EPERM);
}

/* Or files without end could be made. */
static void a_domain_has_one_log(void **state)
{
    struct domain_state d;

    close(errand_log(HERE, "guest-one", false));
    assert_int_equal(errand_log(HERE, "guest-two", false), -EPERM);
    assert_int_equal(access(in_logs("guest-two.log"), F_OK), -1);
    assert_true(errand_log(HERE, "guest-one", false) >= 0);
    assert_int_equal(errand_log(NOWHERE, "guest-one", false), -ESRCH);
    assert_int_equal(errand_log(DYING, "guest-one", false), -ESRCH);
    assert_int_equal(errand_log(DOMID_FIRST_RESERVED, "guest-one", false),
                     -EINVAL);
    assert_int_equal(errand_log(UINT32_MAX, "guest-one", false), -EINVAL);
    /* What comes and goes has its own, and the last words, too. */
    assert_true(errand_log(REBORN, "guest-first", false) >= 0);
    assert_int_equal(errand_domain(REBORN, &d), 0);
    assert_true(d.over);
    assert_true(errand_log(REBORN, "guest-first", false) >= 0);
    assert_true(errand_log(REBORN, "guest-second", false) >= 0);
    assert_int_equal(errand_log(REBORN, "guest-third", false), -EPERM);
}

static void logs_are_plain_files(void **state)
{
    char target[128];
    int fd;

    snprintf(target, sizeof(target), "%s/passwd", top);
    assert_int_equal(symlink(target, in_logs("guest-link.log")), 0);
    assert_int_equal(errand_log(CHANGING, "guest-link", false), -EXDEV);
    assert_int_equal(access(target, F_OK), -1);
    assert_int_equal(symlink("guest-a.log", in_logs("guest-inside.log")), 0);
    assert_int_equal(errand_log(CHANGING, "guest-inside", false), -EXDEV);
    fd = open(target, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    close(fd);
    assert_int_equal(link(target, in_logs("guest-name.log")), 0);
    assert_int_equal(errand_log(CHANGING, "guest-name", false), -EXDEV);
    assert_int_equal(mkfifo(in_logs("guest-pipe.log"), 0600), 0);
    assert_true(errand_log(CHANGING, "guest-pipe", false) < 0);
    assert_int_equal(mkdir(in_logs("guest-dir.log"), 0700), 0);
    assert_true(errand_log(CHANGING, "guest-dir", false) < 0);
}

/* Or what it has of a guest's log could be pushed out of it. */
static void only_a_full_log_makes_room(void **state)
{
    struct stat st;

    is_opened("guest-full");
    assert_int_equal(truncate(in_logs("guest-full.log"), LOG_FILE_MAX - 1), 0);
    close(errand_log(CHANGING, "guest-full", true));
    assert_int_equal(access(in_logs("guest-full.log.1"), F_OK), -1);
    assert_int_equal(truncate(in_logs("guest-full.log"), LOG_FILE_MAX), 0);
    close(errand_log(CHANGING, "guest-full", false));
    assert_int_equal(access(in_logs("guest-full.log.1"), F_OK), -1);
    close(errand_log(CHANGING, "guest-full", true));
    assert_int_equal(stat(in_logs("guest-full.log.1"), &st), 0);
    assert_int_equal(st.st_size, LOG_FILE_MAX);
    assert_int_equal(stat(in_logs("guest-full.log"), &st), 0);
    assert_int_equal(st.st_size, 0);
}

static void without_logs_there_is_none(void **state)
{
    uint32_t position = 0;
    char text[8];

    assert_int_equal(errand_log(HERE, "guest-a", false), -EPERM);
    assert_int_equal(errand_log(0, "hypervisor", false), -EPERM);
    assert_int_equal(errand_hypervisor(&position, text, sizeof(text)), -EPERM);
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

static void it_is_ready_once(void **state)
{
    struct domain_state d;
    char bytes[8];

    errand_ready();
    errand_ready();
    assert_int_equal(errand_domain(HERE, &d), 0); /* now it has done both */
    assert_int_equal(read(ready[0], bytes, sizeof(bytes)), 1);
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

#define TEST(f) cmocka_unit_test_setup_teardown(f, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_terminal_is_for_a_domain_that_is_there),
        TEST(so_many_are_open_at_a_time),
        TEST(a_domain_that_has_ended_has_none),
        TEST(a_terminal_is_shown_by_its_master),
        TEST(there_is_one_connection_to_the_store),
        TEST(logs_are_those_of_guests_and_the_hypervisor),
        TEST(a_domain_has_one_log),
        TEST(logs_are_plain_files),
        TEST(only_a_full_log_makes_room),
        cmocka_unit_test_setup_teardown(without_logs_there_is_none,
                                        start_without_logs, stop),
        TEST(domains_are_told),
        TEST(what_the_hypervisor_prints_is_told),
        TEST(the_keeper_is_reached),
        TEST(it_is_ready_once),
        TEST(who_speaks_another_language_ends),
        TEST(nor_half_an_errand),
        TEST(a_name_has_an_end),
        TEST(the_end_of_one_is_the_end_of_the_other),
        TEST(who_does_not_end_is_killed),
        TEST(nobody_fills_the_log),
    };
    const char *build = getenv("BUILD");
    char command[64];
    int rc;

    snprintf(keeper, sizeof(keeper), "%s/bin/xen-console-keeper",
             build ? build : "build");
    if (!mkdtemp(top))
        return 1;
    snprintf(logs, sizeof(logs), "%s/logs", top);
    if (mkdir(logs, 0755) || pipe2(ready, O_CLOEXEC | O_NONBLOCK))
        return 1;
    rc = cmocka_run_group_tests_name("console parent", tests, NULL, NULL);
    snprintf(command, sizeof(command), "rm -rf %s", top);
    return system(command) ? 1 : rc;
}
