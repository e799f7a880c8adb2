/* SPDX-License-Identifier: MIT */
/*
 * The keeper of the console daemon's descriptors, the real program, and one
 * daemon after the other.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include <daemon/privileges.h>

#include "../../backends/console/keep.h"
#include "../../backends/console/keeper_reach.h"

#define MANY 700 /* more than a socket lets wait in both directions */

static char dir[] = "/tmp/console-keep-XXXXXX";
static char program[64];
static struct event_loop loop;

static int reach(void)
{
    return keeper_reach(dir, program);
}

static int reach_nothing(void)
{
    return keeper_reach(dir, "/nowhere");
}

/* What the last keep_open() has found. */
static struct {
    char name[32];
    int fds[KEEP_FDS], n;
} found[MANY + 1];
static int found_n;

static struct keep *drops;    /* what it finds */
static unsigned int kills_at; /* so much found, the keeper */
static pid_t keeper(void);

static void on_found(const char *name, const int *fds, int n)
{
    if (drops)
        keep_drop(drops, name);
    if (kills_at && found_n + 1u == kills_at)
        kill(keeper(), SIGKILL);
    snprintf(found[found_n].name, sizeof(found[0].name), "%s", name);
    memcpy(found[found_n].fds, fds, n * sizeof(int));
    found[found_n++].n = n;
}

static unsigned int renewals;

static void on_renewed(struct keep *k)
{
    renewals++;
    event_loop_stop(&loop, 0);
}

static void open_keep(struct keep *k)
{
    *k = (struct keep){.reach = reach, .renewed = on_renewed};
    for (int i = 0; i < found_n; i++)
        for (int f = 0; f < found[i].n; f++)
            close(found[i].fds[f]);
    found_n = 0;
    keep_open(k, &loop, on_found);
    assert_true(k->source.fd >= 0);
}

/* As a daemon's death does. */
static void close_keep(struct keep *k)
{
    event_source_remove(&loop, &k->source);
    close(k->source.fd);
}

/* A pipe with a word in it, and a terminal. */
enum { WORD_READ, WORD_WRITE, WORD_MASTER, WORD_SLAVE, WORD_FDS };

static void make_word(int fds[WORD_FDS], const char *word)
{
    assert_int_equal(pipe2(fds, O_NONBLOCK), 0);
    assert_int_equal(write(fds[WORD_WRITE], word, strlen(word)), strlen(word));
    assert_int_equal(
        openpty(&fds[WORD_MASTER], &fds[WORD_SLAVE], NULL, NULL, NULL), 0);
}

static void close_all(const int *fds, int n)
{
    for (int i = 0; i < n; i++)
        close(fds[i]);
}

static void put_word(struct keep *k, const char *name, const char *word)
{
    int fds[WORD_FDS];

    make_word(fds, word);
    keep_put(k, name, fds, WORD_FDS);
    close_all(fds, WORD_FDS);
}

static void holds_word(int i, const char *name, const char *word)
{
    char text[16] = "";

    assert_string_equal(found[i].name, name);
    assert_int_equal(found[i].n, WORD_FDS);
    assert_true(read(found[i].fds[0], text, sizeof(text) - 1) > 0);
    assert_string_equal(text, word);
}

/* The process of this name, which is this test's alone. */
static pid_t keeper(void)
{
    char path[300], name[300];
    DIR *proc = opendir("/proc");
    struct dirent *e;
    pid_t pid = 0;

    while (!pid && (e = readdir(proc))) {
        int fd;
        ssize_t n;

        snprintf(path, sizeof(path), "/proc/%s/cmdline", e->d_name);
        fd = open(path, O_RDONLY);
        n = read(fd, name, sizeof(name) - 1);
        close(fd);
        name[n < 0 ? 0 : n] = 0;
        if (!strcmp(name, program))
            pid = atoi(e->d_name);
    }
    closedir(proc);
    assert_true(pid > 0);
    return pid;
}

/* A line of its status, as a number. */
static unsigned long long status(const char *key, int base)
{
    char path[64], text[4096];
    const char *at;
    ssize_t n;
    int fd;

    snprintf(path, sizeof(path), "/proc/%d/status", (int)keeper());
    fd = open(path, O_RDONLY);
    n = read(fd, text, sizeof(text) - 1);
    close(fd);
    text[n < 0 ? 0 : n] = 0;
    at = strstr(text, key);
    assert_non_null(at);
    return strtoull(at + strlen(key), NULL, base);
}

static bool listens(void)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_SEQPACKET, 0), rc;

    snprintf(a.sun_path, sizeof(a.sun_path), "%s/keeper", dir);
    rc = connect(fd, (struct sockaddr *)&a, sizeof(a));
    close(fd);
    return rc == 0;
}

static void ends_within_a_second(void)
{
    for (int i = 0; i < 100 && listens(); i++)
        usleep(10000);
    assert_false(listens());
}

static void a_killed_daemons_descriptors_are_handed_on(void **state)
{
    struct keep k;
    pid_t pid = fork();

    if (!pid) {
        open_keep(&k);
        put_word(&k, "7", "seven");
        put_word(&k, "8", "eight");
        put_word(&k, "7", "SEVEN");
        put_word(&k, "9", "nine");
        keep_drop(&k, "9");
        keep_drop(&k, "10");
        raise(SIGKILL);
    }
    waitpid(pid, NULL, 0);
    open_keep(&k);
    assert_int_equal(found_n, 2);
    holds_word(0, "7", "SEVEN");
    holds_word(1, "8", "eight");
    keep_drop(&k, "7");
    close_keep(&k);

    open_keep(&k);
    assert_int_equal(found_n, 1);
    keep_drop(&k, "8");
    close_keep(&k);
    ends_within_a_second(); /* nothing to keep */
}

/* Continues the keeper after a moment. */
static pid_t stop_for_a_moment(pid_t who)
{
    pid_t pid;

    kill(who, SIGSTOP);
    pid = fork();
    if (!pid) {
        usleep(300000);
        kill(who, SIGCONT);
        _exit(0);
    }
    return pid;
}

/* Also if all come at once, and the keeper gets no CPU meanwhile. */
static void two_hundred_consoles_are_kept(void **state)
{
    struct keep k;
    char name[16];
    pid_t pid;

    open_keep(&k);
    pid = stop_for_a_moment(keeper());
    for (int i = 0; i < 600; i++) {
        sprintf(name, "%d", i % 200);
        put_word(&k, name, i < 400 ? "old" : "new");
    }
    waitpid(pid, NULL, 0);
    close_keep(&k);
    open_keep(&k);
    assert_int_equal(found_n, 200);
    for (int i = 0; i < 200; i++) {
        holds_word(i, found[i].name, "new");
        keep_drop(&k, found[i].name);
    }
    close_keep(&k);
    ends_within_a_second();
}

static void a_keeper_that_ends_is_replaced(void **state)
{
    struct keep k;
    open_keep(&k);
    put_word(&k, "7", "seven");
    kill(keeper(), SIGKILL);
    event_loop_run(&loop);
    assert_int_equal(renewals, 1);
    put_word(&k, "7", "again");
    close_keep(&k);
    open_keep(&k);
    assert_int_equal(found_n, 1);
    holds_word(0, "7", "again");
    keep_drop(&k, "7");
    close_keep(&k);
    ends_within_a_second();
}

/* Those of domains that are others' by now, or of a daemon that was taken over.
 * However many there are, the next one does not wait. */
static void what_is_not_wanted_is_dropped(void **state)
{
    time_t begin;
    struct keep k;
    char name[16];

    open_keep(&k);
    for (int i = 0; i < MANY; i++) {
        sprintf(name, "%d", i);
        put_word(&k, name, "word");
    }
    close_keep(&k);
    begin = time(NULL);
    drops = &k;
    open_keep(&k);
    drops = NULL;
    assert_int_equal(found_n, MANY);
    assert_in_range(time(NULL) - begin, 0, 4); /* or it has waited in vain */
    close_keep(&k);
    ends_within_a_second();
}

/* Or one that was taken over could leave names without end. */
static void each_name_has_a_terminal_of_its_own(void **state)
{
    int fds[WORD_FDS];
    struct keep k;

    open_keep(&k);
    make_word(fds, "one");
    keep_put(&k, "1", fds, WORD_FDS);
    keep_put(&k, "2", fds, WORD_FDS);
    keep_put(&k, "3", fds, WORD_MASTER); /* has none */
    keep_put(&k, "4", fds, WORD_MASTER);
    keep_put(&k, "1", fds, WORD_FDS); /* once more */
    close_all(fds, WORD_FDS);
    close_keep(&k);
    open_keep(&k);
    assert_int_equal(found_n, 2);
    assert_string_equal(found[0].name, "1");
    assert_string_equal(found[1].name, "3");
    keep_drop(&k, "1");
    keep_drop(&k, "3");
    close_keep(&k);
    ends_within_a_second();
}

/* It would have to begin again. */
static void who_waits_already_is_served(void **state)
{
    struct keep_message m = {.op = KEEP_LIST};
    int second, fds[KEEP_FDS];
    struct keep k;

    open_keep(&k);
    kill(keeper(), SIGSTOP);
    second = keeper_reach(dir, "/nowhere");
    assert_true(second >= 0);
    assert_int_equal(keep_send(second, &m, NULL, 0), 0);
    kill(keeper(), SIGCONT);
    close_keep(&k); /* there is nothing to keep */
    assert_int_equal(keep_receive(second, &m, fds), 0);
    assert_int_equal(m.op, KEEP_LIST);
    close(second);
    ends_within_a_second();
}

/* A lock, a connection or a device would outlive there whom it belongs to. */
static void what_is_no_terminal_is_not_kept(void **state)
{
    struct keep k;
    int fds[3], ends[2];

    fds[0] = open("/dev/null", O_RDWR);
    fds[1] = open("/proc/self/exe", O_RDONLY); /* a file with a name */
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
    fds[2] = ends[0];
    open_keep(&k);
    put_word(&k, "1", "one");
    for (int i = 0; i < 3; i++)
        keep_put(&k, i ? "2" : "3", &fds[i], 1);
    close(fds[0]);
    close(fds[1]);
    close(ends[0]);
    close_keep(&k);
    open_keep(&k);
    assert_int_equal(found_n, 1);
    holds_word(0, "1", "one");
    assert_int_equal(read(ends[1], &(char){0}, 1), 0); /* nobody has it open */
    keep_drop(&k, "1");
    close(ends[1]);
    close_keep(&k);
    ends_within_a_second();
}

/* A daemon that was taken over can make any number of any size. */
static void of_memory_a_page_is_kept_that_does_not_grow(void **state)
{
    static const struct {
        off_t size;
        int seals, n;
    } files[] = {
        {4096, F_SEAL_GROW, 1},   {4096, F_SEAL_GROW | F_SEAL_SHRINK, 1},
        {4097, F_SEAL_GROW, 1},   {4096, 0, 1},
        {4096, F_SEAL_SHRINK, 1}, {4096, F_SEAL_GROW, 2}};
    struct keep k;
    char name[16];

    open_keep(&k);
    for (unsigned int i = 0; i < 6; i++) {
        int fd = memfd_create("page", MFD_ALLOW_SEALING), fds[4] = {fd, fd};

        assert_int_equal(ftruncate(fd, files[i].size), 0);
        assert_int_equal(fcntl(fd, F_ADD_SEALS, files[i].seals), 0);
        sprintf(name, "%u", i);
        assert_int_equal(
            openpty(&fds[files[i].n], &fds[files[i].n + 1], NULL, NULL, NULL),
            0);
        keep_put(&k, name, fds, files[i].n + 2);
        close_all(&fds[files[i].n], 2);
        close(fd);
    }
    close_keep(&k);
    open_keep(&k);
    assert_int_equal(found_n, 2);
    assert_string_equal(found[0].name, "1"); /* the last comes first */
    assert_string_equal(found[1].name, "0");
    keep_drop(&k, "0");
    keep_drop(&k, "1");
    close_keep(&k);
    ends_within_a_second();
}

static void give_up(struct event_timer *t)
{
    event_loop_stop(&loop, 1);
}

/* The next one has nothing of what was found. */
static void a_keeper_that_ends_as_it_lists_is_replaced(void **state)
{
    struct event_timer end = {.fire = give_up};
    struct keep k;
    char name[16];

    open_keep(&k);
    for (int i = 0; i < MANY; i++) {
        sprintf(name, "%d", i);
        put_word(&k, name, "word");
    }
    close_keep(&k);
    renewals = 0;
    kills_at = 3;
    k = (struct keep){.reach = reach, .renewed = on_renewed};
    found_n = 0;
    keep_open(&k, &loop, on_found);
    kills_at = 0;
    assert_in_range(found_n, 3, MANY - 1); /* it was waiting */
    event_timer_set(&loop, &end, 5000);
    assert_int_equal(event_loop_run(&loop), 0);
    event_timer_cancel(&loop, &end);
    assert_int_equal(renewals, 1);
    assert_true(k.source.fd >= 0);
    close_keep(&k);
    ends_within_a_second();
}

/* Nor does it stay without one for ever. */
static void without_a_keeper_the_daemon_goes_on(void **state)
{
    struct keep k = {.reach = reach_nothing, .renewed = on_renewed};
    struct event_timer end = {.fire = give_up};

    found_n = 0;
    keep_open(&k, &loop, on_found);
    assert_int_equal(k.source.fd, -1);
    keep_put(&k, "7", NULL, 0);
    keep_drop(&k, "7");
    k.reach = reach;
    event_timer_set(&loop, &end, 20000);
    assert_int_equal(event_loop_run(&loop), 0);
    event_timer_cancel(&loop, &end);
    assert_true(k.source.fd >= 0);
    close_keep(&k);
    ends_within_a_second();
}

static int setup(void **state)
{
    const char *build = getenv("BUILD");
    char path[4096], *real;

    const struct rlimit files = {8 * MANY, 8 * MANY};

    if (!mkdtemp(dir) || event_loop_init(&loop) ||
        setrlimit(RLIMIT_NOFILE, &files))
        return -1;
    snprintf(path, sizeof(path), "%s/bin/xen-console-keeper",
             build ? build : "build");
    snprintf(program, sizeof(program), "%s/program", dir);
    real = realpath(path, NULL);
    if (!real || symlink(real, program))
        return -1;
    free(real);
    return 0;
}

static int teardown(void **state)
{
    char path[64];

    snprintf(path, sizeof(path), "%s/keeper", dir);
    unlink(path);
    unlink(program);
    return rmdir(dir);
}

/* Not as root, the user is the one of before. */
static void keeper_has_no_privileges(void **state)
{
    struct keep k;

    open_keep(&k);
    put_word(&k, "1", "a word");
    assert_int_equal(status("\nUid:", 10),
                     geteuid() ? geteuid() : PRIVILEGES_UID_KEEPER);
    assert_int_equal(status("\nCapEff:", 16), 0);
    assert_int_equal(status("\nNoNewPrivs:", 10), 1);
    assert_int_equal(status("\nSeccomp:", 10), 2);
    keep_drop(&k, "1");
    close_keep(&k);
    ends_within_a_second();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_killed_daemons_descriptors_are_handed_on),
        cmocka_unit_test(keeper_has_no_privileges),
        cmocka_unit_test(two_hundred_consoles_are_kept),
        cmocka_unit_test(a_keeper_that_ends_is_replaced),
        cmocka_unit_test(what_is_not_wanted_is_dropped),
        cmocka_unit_test(each_name_has_a_terminal_of_its_own),
        cmocka_unit_test(who_waits_already_is_served),
        cmocka_unit_test(what_is_no_terminal_is_not_kept),
        cmocka_unit_test(of_memory_a_page_is_kept_that_does_not_grow),
        cmocka_unit_test(a_keeper_that_ends_as_it_lists_is_replaced),
        cmocka_unit_test(without_a_keeper_the_daemon_goes_on),
    };
    return cmocka_run_group_tests_name("console keeper", tests, setup,
                                       teardown);
}
