/* SPDX-License-Identifier: MIT */
/*
 * The real daemon on the host, replaced 100 times (UPDATES) by itself while
 * four clients write (store_writers.h) and one watches: nobody is disconnected,
 * nothing is lost, no event is missing.
 */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "store_writers.h"

/* Its program, with room for others beside it. */
static char top[] = "/tmp/store-update.XXXXXX", programs[64];
static pid_t daemon_pid;
static struct client admin = {.fd = -1};

/* The words of a control command, and the answer's text. */
static const char *control(struct client *c, const char *const *words)
{
    char data[1024];
    size_t used = 0;

    for (; *words; words++) {
        strcpy(data + used, *words);
        used += strlen(*words) + 1;
    }
    switch (ask(c, XS_CONTROL, 0, data, used)) {
    case 0:
        return c->answer;
    case 1:
        return "no answer";
    default:
        return strcmp(c->answer, "EINVAL") ? "another error" : "";
    }
}
#define ELSEWHERE "That is not in the directory of the program that runs."
#define OTHER     "A program of that name is no xenstored."
#define NONE      "That is no program."
#define UNLIKE    "It does not say that it can go on with this daemon's state."
#define CONTROL(c, ...)                                                        \
    control(c, (const char *const[]){"live-update", __VA_ARGS__, NULL})

static void update(void)
{
    assert_string_equal(CONTROL(&admin, "-f", daemon_path), "OK");
    assert_string_equal(CONTROL(&admin, "-s"), "OK");
}

/* All that happens to the nodes whose changes are counted; slowly, so that
 * events wait in the daemon. */
static void watcher(void)
{
    struct client c = {.fd = -1};
    struct xsd_sockmsg h;
    char data[XENSTORE_PAYLOAD_MAX + 1];

    reconnect(&c);
    if (ask(&c, XS_WATCH, 0, "/writer\0token", 14))
        give_up("watching: %s", c.answer);
    for (unsigned int i = 0;; i++) {
        if (!get(c.fd, &h, sizeof(h)) || !get(c.fd, data, h.len))
            give_up("the watcher was disconnected");
        data[h.len] = 0;
        if (strcmp(data + strlen(data) + 1, "token"))
            give_up("the event's token is %s", data + strlen(data) + 1);
        if (strstr(data, "/single"))
            shared->events++;
        if (i % 2000 == 1999)
            usleep(100000);
    }
}

static unsigned long sum(const volatile unsigned long n[WRITERS])
{
    unsigned long total = 0;

    for (unsigned int w = 0; w < WRITERS; w++)
        total += n[w];
    return total;
}

static void nobody_notices_an_update(void **state)
{
    const char *text = getenv("UPDATES");
    int updates = text ? atoi(text) : 100, status;
    pid_t pid[WRITERS + 1];

    for (unsigned int w = 0; w <= WRITERS; w++) {
        if (w == 1) /* it watches before anybody writes */
            usleep(100000);
        pid[w] = fork();
        if (pid[w] == 0) {
            srand(w);
            if (w)
                writer(w - 1, false);
            else
                watcher();
        }
    }
    for (int i = 0; i < updates && !shared->failure[0]; i++) {
        usleep((useconds_t)rand() % 10000);
        update();
    }
    shared->stop = true;
    for (unsigned int w = 1; w <= WRITERS; w++)
        waitpid(pid[w], &status, 0);
    for (int i = 0; i < 500 && shared->events < sum(shared->changes); i++)
        usleep(20000);
    kill(pid[0], SIGTERM);
    waitpid(pid[0], &status, 0);
    if (shared->failure[0])
        fail_msg("%s", shared->failure);
    assert_int_equal(waitpid(daemon_pid, &status, WNOHANG), 0);
    print_message("%d updates, %lu rounds of writes, %lu events\n", updates,
                  sum(shared->writes), shared->events);
    assert_int_equal(shared->events, sum(shared->changes));
    assert_true(sum(shared->writes) > (unsigned long)updates / 2);
}

static void assert_event(struct client *c, const char *path)
{
    struct xsd_sockmsg h;

    alarm(20);
    assert_true(get(c->fd, &h, sizeof(h)));
    alarm(0);
    assert_true(h.len < sizeof(c->answer) && get(c->fd, c->answer, h.len));
    assert_int_equal(h.type, XS_WATCH_EVENT);
    assert_string_equal(c->answer, path);
}

static void a_relative_watch_stays_relative(void **state)
{
    struct client c = {.fd = -1};

    reconnect(&c);
    assert_int_equal(ask(&c, XS_WATCH, 0, "near\0token", 11), 0);
    assert_event(&c, "near");
    update();
    assert_int_equal(ask(&admin, XS_WRITE, 0, "near/er\0", 8), 0);
    assert_event(&c, "near/er");
    close(c.fd);
}

static uint32_t begin(struct client *c)
{
    assert_int_equal(ask(c, XS_TRANSACTION_START, 0, "", 1), 0);
    return (uint32_t)strtoul(c->answer, NULL, 10);
}

static void a_transaction_is_waited_for_or_fails(void **state)
{
    struct client c = {.fd = -1};
    uint32_t tx;

    reconnect(&c);
    tx = begin(&c);
    assert_int_equal(ask(&c, XS_WRITE, tx, "/a\0b", 4), 0);
    assert_string_equal(CONTROL(&admin, "-f", daemon_path), "OK");
    assert_string_equal(CONTROL(&admin, "-s", "-t", "0"),
                        "There are transactions that do not end.");
    assert_int_equal(ask(&c, XS_TRANSACTION_END, tx, "T", 2), 0);
    tx = begin(&c);
    assert_string_equal(CONTROL(&admin, "-f", daemon_path), "OK");
    assert_string_equal(CONTROL(&admin, "-s", "-F"), "OK");
    assert_int_equal(ask(&c, XS_TRANSACTION_END, tx, "T", 2), -1);
    assert_string_equal(c.answer, "EAGAIN");
    assert_int_equal(ask(&c, XS_READ, 0, "/a", 3), 0);
    assert_string_equal(c.answer, "b");
    close(c.fd);
}

static void what_cannot_go_on_is_refused(void **state)
{
    struct client other = {.fd = -1};

    reconnect(&other);
    assert_string_equal(CONTROL(&admin, "-s"),
                        "No live update has been prepared by this connection.");
    assert_string_equal(CONTROL(&admin, "-f", "xenstored"), ELSEWHERE);
    assert_string_equal(CONTROL(&admin, "-f", "/bin/true"), ELSEWHERE);
    assert_string_equal(CONTROL(&admin, "-x"), "");
    assert_string_equal(CONTROL(&admin, "-f", daemon_path), "OK");
    assert_string_equal(CONTROL(&admin, "-s", "-F", "-t", "soon"), "");
    assert_string_equal(CONTROL(&admin, "-c", "--nonsense"), UNLIKE);
    assert_string_equal(CONTROL(&admin, "-f", daemon_path), "OK");
    assert_string_equal(CONTROL(&admin, "-c", "--no-domains --no-journal"),
                        UNLIKE);
    assert_string_equal(CONTROL(&admin, "-f", daemon_path), "OK");
    assert_string_equal(CONTROL(&admin, "-a"), "OK");
    assert_string_equal(CONTROL(&admin, "-s"),
                        "No live update has been prepared by this connection.");
    /* Who has only prepared one is not waited for. */
    assert_string_equal(CONTROL(&admin, "-f", daemon_path), "OK");
    assert_string_equal(CONTROL(&other, "-f", daemon_path), "OK");
    assert_string_equal(CONTROL(&admin, "-s"),
                        "No live update has been prepared by this connection.");
    close(other.fd);
}

static const char *program(const char *name)
{
    static char path[128];

    snprintf(path, sizeof(path), "%s/%s", programs, name);
    return path;
}

static void copy(const char *from, const char *name, mode_t mode)
{
    char command[4096 + 256];

    snprintf(command, sizeof(command), "cp --remove-destination %s %s", from,
             program(name));
    assert_int_equal(system(command), 0);
    assert_int_equal(chmod(program(name), mode), 0);
}

/* What is run is root's: whoever has the daemon could name it. */
static void another_program_is_not_run(void **state)
{
    assert_int_equal(mkdir(program("sub"), 0755), 0);
    copy(daemon_path, "sub/xenstored", 0755);
    copy("/bin/true", "true", 0755);
    assert_string_equal(CONTROL(&admin, "-f", program("true")), OTHER);
    assert_string_equal(CONTROL(&admin, "-f", program("sub/xenstored")),
                        ELSEWHERE);
    assert_string_equal(CONTROL(&admin, "-f", program("sub/../xenstored")),
                        ELSEWHERE);
    assert_string_equal(CONTROL(&admin, "-f", program("xenstored.none")), NONE);
    copy("/bin/true", "xenstored.true", 0755);
    assert_string_equal(CONTROL(&admin, "-f", program("xenstored.true")),
                        UNLIKE);
    copy(daemon_path, "xenstored.other", 0775);
    assert_string_equal(CONTROL(&admin, "-f", program("xenstored.other")),
                        "Others than root can change that program.");
    assert_int_equal(chmod(program("xenstored.other"), 0644), 0);
    assert_string_equal(CONTROL(&admin, "-f", program("xenstored.other")),
                        NONE);
    assert_int_equal(chmod(program("xenstored.other"), 0755), 0);
    assert_string_equal(CONTROL(&admin, "-f", program("xenstored.other")),
                        "OK");
}

static const char *above(const char *name)
{
    static char path[128];

    snprintf(path, sizeof(path), "%s/%s", top, name);
    return path;
}

/* As /sbin is a link on most hosts, and the program one where several are
 * installed. */
static void links_of_root_are_followed(void **state)
{
    char by_links[160];

    assert_int_equal(symlink("bin", above("sbin")), 0);
    snprintf(by_links, sizeof(by_links), "%s", above("sbin"));
    assert_int_equal(symlink(by_links, above("far")), 0);
    assert_int_equal(symlink("xenstored", program("xenstored.link")), 0);
    assert_string_equal(CONTROL(&admin, "-f", above("sbin/xenstored")), "OK");
    assert_string_equal(CONTROL(&admin, "-f", program("xenstored.link")), "OK");
    snprintf(by_links, sizeof(by_links), "%s/xenstored.link", above("far"));
    assert_string_equal(CONTROL(&admin, "-f", by_links), "OK");
    assert_string_equal(CONTROL(&admin, "-s"), "OK");
    assert_int_equal(ask(&admin, XS_READ, 0, "/", 2), 0);

    /* Where others can make links these say nothing. */
    assert_int_equal(chmod(top, 0777), 0);
    assert_string_equal(CONTROL(&admin, "-f", by_links), ELSEWHERE);
    assert_int_equal(chmod(top, 0700), 0);
}

static void links_that_lead_elsewhere_are_refused(void **state)
{
    assert_int_equal(symlink("/bin/true", program("xenstored.bin")), 0);
    assert_int_equal(symlink("sub/xenstored", program("xenstored.sub")), 0);
    assert_int_equal(symlink("true", program("xenstored.word")), 0);
    assert_int_equal(symlink("xenstored.round", program("xenstored.round")), 0);
    assert_int_equal(symlink("/proc/self", above("self")), 0);
    assert_string_equal(CONTROL(&admin, "-f", program("xenstored.bin")),
                        ELSEWHERE);
    assert_string_equal(CONTROL(&admin, "-f", program("xenstored.sub")),
                        ELSEWHERE);
    assert_string_equal(CONTROL(&admin, "-f", above("self/exe")), ELSEWHERE);
    assert_string_equal(CONTROL(&admin, "-f", program("xenstored.word")),
                        OTHER);
    assert_string_equal(CONTROL(&admin, "-f", program("xenstored.round")),
                        NONE);
}

/* A watchdog that is opened and closed resets its machine. */
static void what_is_no_file_is_not_even_opened(void **state)
{
    int events = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    char event[4096];

    assert_int_equal(mkfifo(program("xenstored.pipe"), 0755), 0);
    assert_int_equal(mkfifo(program("sub/xenstored"), 0755) && errno != EEXIST,
                     0);
    assert_true(inotify_add_watch(events, program("xenstored.pipe"), IN_OPEN) >=
                0);
    assert_true(inotify_add_watch(events, program("sub/xenstored"), IN_OPEN) >=
                0);
    assert_string_equal(CONTROL(&admin, "-f", program("xenstored.pipe")), NONE);
    assert_string_equal(CONTROL(&admin, "-f", program("sub/xenstored")),
                        ELSEWHERE);
    assert_int_equal(read(events, event, sizeof(event)), -1);
    assert_int_equal(errno, EAGAIN);
    close(events);
}

/* The option that takes the question for its value. */
static void no_arguments_make_a_daemon_of_the_question(void **state)
{
    static const char *const last[] = {"--no-domains -F", "--no-domains -T",
                                       "--no-domains --pid-file", "-- -F"};

    for (size_t i = 0; i < sizeof(last) / sizeof(*last); i++) {
        assert_string_equal(CONTROL(&admin, "-f", daemon_path), "OK");
        assert_string_equal(CONTROL(&admin, "-c", last[i]), UNLIKE);
        assert_int_equal(access("--journal-version", F_OK), -1);
    }
}

/* One whose only process is root's; beside this one after an upgrade. It would
 * go on with the same journal. */
static void one_of_the_former_kind_is_refused(void **state)
{
    char this[4096] = "";

    assert_true(readlink("/proc/self/exe", this, sizeof(this) - 1) > 0);
    copy(this, "xenstored.old", 0755);
    assert_string_equal(CONTROL(&admin, "-f", program("xenstored.old")),
                        UNLIKE);
}

static int speak_as_the_former_kind(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (!strcmp(argv[i], "--journal-version"))
            return puts("4 no domains") < 0;
    return 1;
}

/* It asks with the last argument. */
static void one_of_the_former_kind_may_be_followed(void **state)
{
    char command[4096 + 64], answer[64] = "";
    FILE *f;

    snprintf(command, sizeof(command), "%s --no-domains --journal-version",
             daemon_path);
    f = popen(command, "r");
    assert_non_null(f);
    assert_non_null(fgets(answer, sizeof(answer), f));
    pclose(f);
    assert_string_equal(answer, "4 no domains\n");
}

/* Somebody has removed the journal, which nobody needs as long as the daemon
 * lives, and the directory of its trace. */
static void it_depends_on_no_file_but_the_program(void **state)
{
    char path[64];

    assert_int_equal(ask(&admin, XS_WRITE, 0, "/kept\0yes", 9), 0);
    snprintf(path, sizeof(path), "%s/trace", dir);
    assert_int_equal(mkdir(path, 0755), 0);
    strcat(path, "/file");
    assert_string_equal(
        control(&admin, (const char *const[]){"logfile", path, NULL}), "OK");
    unlink(path);
    *strrchr(path, '/') = 0;
    assert_int_equal(rmdir(path), 0);
    snprintf(path, sizeof(path), "%s/journal", dir);
    assert_int_equal(unlink(path), 0);
    update();
    assert_int_equal(ask(&admin, XS_READ, 0, "/kept", 6), 0);
    assert_string_equal(admin.answer, "yes");
    assert_int_equal(access(path, F_OK), 0);
}

/* Those that were given, which must be a daemon's, in place of its own. */
static void it_may_have_other_arguments(void **state)
{
    assert_string_equal(CONTROL(&admin, "-f", daemon_path), "OK");
    assert_string_equal(
        CONTROL(&admin, "-c", "--no-domains --no-fork --quota nodes=77"), "OK");
    assert_string_equal(CONTROL(&admin, "-s"), "OK");
    assert_int_equal(ask(&admin, XS_CONTROL, 0, "quota", 6), 0);
    assert_non_null(strstr(admin.answer, "nodes            :       77"));
    update();
    assert_int_equal(ask(&admin, XS_CONTROL, 0, "quota", 6), 0);
    assert_non_null(strstr(admin.answer, "nodes            :       77"));
}

static int setup(void **state)
{
    char command[2 * 4096];

    if (writers_begin() || !mkdtemp(top))
        return -1;
    snprintf(programs, sizeof(programs), "%s/bin", top);
    snprintf(command, sizeof(command), "mkdir %s && cp -r %.*s/../lib %s",
             programs, (int)(strrchr(daemon_path, '/') - daemon_path),
             daemon_path, top);
    if (system(command))
        return -1;
    copy(daemon_path, "xenstored", 0755);
    snprintf(daemon_path, sizeof(daemon_path), "%s", program("xenstored"));
    if (chdir(programs))
        return -1;
    shared->faithful = true;
    daemon_pid = start_daemon();
    reconnect(&admin);
    return 0;
}

static int teardown(void **state)
{
    char command[64];
    int status;

    kill(daemon_pid, SIGTERM);
    waitpid(daemon_pid, &status, 0);
    close(admin.fd);
    snprintf(command, sizeof(command), "rm -rf %s", top);
    return chdir("/") || system(command) || writers_end() || status ? -1 : 0;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_notices_an_update),
        cmocka_unit_test(a_relative_watch_stays_relative),
        cmocka_unit_test(a_transaction_is_waited_for_or_fails),
        cmocka_unit_test(what_cannot_go_on_is_refused),
        cmocka_unit_test(another_program_is_not_run),
        cmocka_unit_test(links_of_root_are_followed),
        cmocka_unit_test(links_that_lead_elsewhere_are_refused),
        cmocka_unit_test(what_is_no_file_is_not_even_opened),
        cmocka_unit_test(no_arguments_make_a_daemon_of_the_question),
        cmocka_unit_test(one_of_the_former_kind_is_refused),
        cmocka_unit_test(one_of_the_former_kind_may_be_followed),
        cmocka_unit_test(it_depends_on_no_file_but_the_program),
        cmocka_unit_test(it_may_have_other_arguments),
    };

    if (argc > 1)
        return speak_as_the_former_kind(argc, argv);
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, setup, teardown);
}
