/* SPDX-License-Identifier: MIT */
/*
 * A daemon's life, as who starts it sees it: one instance, readiness, log
 * rotation, the end. The daemon is a child process that does nothing but take
 * signals and say a word after each HUP.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include <daemon/daemonise.h>
#include <daemon/fd_message.h>
#include <daemon/log.h>
#include <daemon/pair.h>
#include <daemon/pid_lock.h>
#include <daemon/signals.h>

static char dir[] = "/tmp/daemon.XXXXXX";
static char pid_file[64], log_file[64], rotated[64];
static struct sockaddr_un manager_address = {.sun_family = AF_UNIX};
static int manager; /* the service manager's end */

/* --- the daemon --- */

static struct event_loop loop;

static void say_a_word(void)
{
    log_info("a word");
}

static struct signal_watch signals = {.hangup = say_a_word};

static int run_daemon(bool foreground)
{
    int rc;

    log_setup("child", LOG_LVL_INFO);
    if (daemon_begin(pid_file, foreground) || event_loop_init(&loop) ||
        signals_watch(&signals, &loop) || log_to_file(log_file))
        return 1;
    daemon_ready(log_file);
    rc = event_loop_run(&loop);
    event_loop_destroy(&loop);
    daemon_end();
    return rc;
}

/* Its errors go to the descriptor, if that is one. */
static pid_t start(bool foreground, int errors)
{
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (!pid) {
        alarm(30); /* should the test not end it */
        if (errors >= 0)
            dup2(errors, STDERR_FILENO);
        _exit(run_daemon(foreground));
    }
    return pid;
}

static int status_of(pid_t pid)
{
    int status;

    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

/* --- what is seen of it --- */

/* The next message that the service manager gets; a daemon has 10 s for it. */
static void manager_hears(const char *expected)
{
    struct timeval patience = {.tv_sec = 10};
    char text[128] = "";

    setsockopt(manager, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    assert_true(recv(manager, text, sizeof(text) - 1, 0) > 0);
    assert_string_equal(text, expected);
}

static void manager_hears_ready(pid_t pid)
{
    char expected[64];

    snprintf(expected, sizeof(expected), "MAINPID=%d\nREADY=1", (int)pid);
    manager_hears(expected);
}

static const char *content_of(const char *path)
{
    static char text[512];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

    close(fd);
    text[n < 0 ? 0 : n] = '\0';
    return text;
}

static bool within_10_s(bool (*condition)(void))
{
    for (int i = 0; i < 1000 && !condition(); i++)
        usleep(10000);
    return condition();
}

static int make_dir(void **state)
{
    if (!mkdtemp(dir))
        return -1;
    sprintf(pid_file, "%s/pid", dir);
    sprintf(log_file, "%s/log", dir);
    sprintf(rotated, "%s/log.1", dir);
    sprintf(manager_address.sun_path, "%s/manager", dir);
    setenv("NOTIFY_SOCKET", manager_address.sun_path, 1);
    manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    return bind(manager, (struct sockaddr *)&manager_address,
                sizeof(manager_address));
}

static int remove_dir(void **state)
{
    unlink(pid_file);
    unlink(log_file);
    unlink(rotated);
    unlink(manager_address.sun_path);
    return rmdir(dir);
}

/* A test that failed has left its daemon behind. */
static int end_daemon(void **state)
{
    pid_t pid = atoi(content_of(pid_file));

    if (pid > 0) {
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
        unlink(pid_file);
    }
    return 0;
}

/* --- tests --- */

static void manager_hears_of_start_and_end(void **state)
{
    pid_t pid = start(true, -1);

    manager_hears_ready(pid);
    assert_int_equal(atoi(content_of(pid_file)), pid);
    kill(pid, SIGTERM);
    manager_hears("STOPPING=1");
    assert_int_equal(status_of(pid), 0);
    assert_int_equal(access(pid_file, F_OK), -1);
}

static void second_instance_is_refused_with_the_pid_of_the_first(void **state)
{
    char expected[128], text[256] = "";
    int ends[2];
    pid_t pid = start(true, -1);

    manager_hears_ready(pid);
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(status_of(start(true, ends[1])), 1);
    assert_true(read(ends[0], text, sizeof(text) - 1) > 0);
    snprintf(expected, sizeof(expected),
             "child error: process %d is running already and holds %s\n",
             (int)pid, pid_file);
    assert_string_equal(text, expected);
    close(ends[0]);
    close(ends[1]);
    assert_int_equal(atoi(content_of(pid_file)), pid);
    kill(pid, SIGTERM);
    manager_hears("STOPPING=1");
    assert_int_equal(status_of(pid), 0);
}

static void killed_daemon_does_not_stand_in_the_way(void **state)
{
    pid_t pid = start(true, -1);

    manager_hears_ready(pid);
    kill(pid, SIGKILL);
    assert_int_equal(status_of(pid), -SIGKILL);
    assert_int_equal(access(pid_file, F_OK), 0);
    pid = start(true, -1);
    manager_hears_ready(pid);
    assert_int_equal(atoi(content_of(pid_file)), pid);
    kill(pid, SIGTERM);
    manager_hears("STOPPING=1");
    assert_int_equal(status_of(pid), 0);
}

static bool new_log_has_a_word(void)
{
    return !strcmp(content_of(log_file), "child info: a word\n");
}

static void hangup_opens_the_log_anew(void **state)
{
    pid_t pid = start(true, -1);

    manager_hears_ready(pid);
    assert_int_equal(rename(log_file, rotated), 0);
    kill(pid, SIGHUP);
    assert_true(within_10_s(new_log_has_a_word));
    assert_string_equal(content_of(rotated), "");
    kill(pid, SIGTERM);
    manager_hears("STOPPING=1");
    assert_int_equal(status_of(pid), 0);
}

static bool pid_file_is_gone(void)
{
    return access(pid_file, F_OK);
}

static void starting_process_ends_when_the_daemon_is_ready(void **state)
{
    pid_t starter = start(false, -1), pid;

    assert_int_equal(status_of(starter), 0);
    pid = atoi(content_of(pid_file));
    assert_true(pid > 0 && pid != starter);
    manager_hears_ready(pid);
    kill(pid, SIGTERM);
    manager_hears("STOPPING=1");
    assert_true(within_10_s(pid_file_is_gone));
}

/* Whoever may open the file can keep its lock. */
static void pid_file_is_its_users_alone(void **state)
{
    pid_t pid = start(true, -1);
    struct stat st;

    manager_hears_ready(pid);
    assert_int_equal(stat(pid_file, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    kill(pid, SIGTERM);
    manager_hears("STOPPING=1");
    assert_int_equal(status_of(pid), 0);
}

static void pid_file_of_the_callers_directory_is_removed(void **state)
{
    char absolute[sizeof(pid_file)];

    memcpy(absolute, pid_file, sizeof(absolute));
    assert_int_equal(chdir(dir), 0);
    strcpy(pid_file, "pid");
    assert_int_equal(status_of(start(false, -1)), 0);
    memcpy(pid_file, absolute, sizeof(absolute));
    assert_int_equal(chdir("/"), 0);
    manager_hears_ready(atoi(content_of(pid_file)));
    kill(atoi(content_of(pid_file)), SIGTERM);
    manager_hears("STOPPING=1");
    assert_true(within_10_s(pid_file_is_gone));
}

/* Or it writes into, and closes, what has its descriptor's number by then. */
static void ready_twice_is_ready_once(void **state)
{
    char text[2] = "";
    int ends[2];
    pid_t pid;

    assert_int_equal(pipe(ends), 0);
    pid = fork();
    if (!pid) {
        struct stat st;
        int fd[8];

        alarm(30);
        if (daemon_begin(NULL, false))
            _exit(1);
        daemon_ready(log_file);
        for (int i = 0; i < 8; i++)
            fd[i] = open(rotated, O_RDWR | O_CREAT | O_APPEND, 0600);
        daemon_ready(log_file);
        for (int i = 0; i < 8; i++)
            if (fd[i] < 0 || fstat(fd[i], &st) || st.st_size)
                _exit(1);
        _exit(write(ends[1], "+", 1) != 1);
    }
    assert_int_equal(status_of(pid), 0);
    close(ends[1]);
    assert_int_equal(read(ends[0], text, 1), 1);
    close(ends[0]);
    assert_true(recv(manager, (char[128]){0}, 128, 0) > 0);
    assert_true(recv(manager, (char[128]){0}, 128, 0) > 0);
}

/* It names the descriptors of the file, but not the file. */
static void pid_file_of_a_former_program_is_removed(void **state)
{
    char text[64];
    pid_t pid = fork();
    int lock, number;

    if (!pid) {
        alarm(30);
        lock = pid_lock_take(pid_file, &number);
        snprintf(text, sizeof(text), "%d %d 0", lock, number);
        setenv("XEN_DAEMON_HANDED_OVER", text, 1);
        _exit(run_daemon(true));
    }
    manager_hears_ready(pid);
    kill(pid, SIGTERM);
    manager_hears("STOPPING=1");
    assert_int_equal(status_of(pid), 0);
    assert_true(pid_file_is_gone());
}

static void starting_process_fails_with_the_daemon(void **state)
{
    char good[sizeof(log_file)];

    memcpy(good, log_file, sizeof(good));
    sprintf(log_file, "%s/none/log", dir);
    assert_int_equal(status_of(start(false, manager)), 1);
    memcpy(log_file, good, sizeof(good));
}

#define TEST(f) cmocka_unit_test_teardown(f, end_daemon)

/* --- messages with descriptors --- */

/* Also where the room for one has more for alignment. */
static void more_descriptors_than_were_asked_for_are_closed(void **state)
{
    int ends[2], sent[3], fds[FD_MESSAGE_MAX + 1], before;
    char word[4];

    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
    for (int i = 0; i < 3; i++)
        sent[i] = dup(ends[0]);
    before = dup(ends[0]);
    close(before);
    for (int asked = 0; asked <= 3; asked++) {
        int n = asked;

        for (int i = 0; i <= FD_MESSAGE_MAX; i++)
            fds[i] = -7;
        assert_int_equal(fd_message_send(ends[0], "abc", 4, sent, 3, 0), 0);
        assert_int_equal(fd_message_receive(ends[1], word, 4, fds, &n), 4);
        assert_int_equal(n, asked);
        for (int i = asked; i <= FD_MESSAGE_MAX; i++)
            assert_int_equal(fds[i], -7);
        while (n)
            close(fds[--n]);
        fds[0] = dup(ends[0]); /* the first that is free */
        assert_int_equal(fds[0], before);
        close(fds[0]);
    }
    for (int i = 0; i < 3; i++)
        close(sent[i]);
    close(ends[0]);
    close(ends[1]);
}

/* --- a daemon of two processes --- */

/* Of what it was started with, and none is close-on-exec, the child has these:
 * 1: what was open by chance, 2: what another program has left at 100. */
static int child_has(int left)
{
    pid_t pid = fork();
    struct pair both;
    int chance, status;

    if (pid)
        return status_of(pid);
    alarm(30);
    chance = open("/dev/null", O_RDONLY);
    dup2(chance, 100);
    if (pair_fork(&both, left))
        _exit(99);
    if (!both.child)
        _exit((fcntl(chance, F_GETFD) >= 0) + 2 * (fcntl(100, F_GETFD) >= 0));
    waitpid(both.child, &status, 0);
    _exit(WEXITSTATUS(status));
}

/* Or whoever waits for that to be closed would wait for the daemon. */
static void what_is_open_by_chance_is_not_the_childs(void **state)
{
    assert_int_equal(child_has(INT_MAX), 0);
    assert_int_equal(child_has(100), 2);
    assert_int_equal(child_has(STDERR_FILENO + 1), 3);
}

/* From the beginning: it may have opened already what is one daemon's alone. */
static void a_child_ends_with_its_parent(void **state)
{
    struct pollfd p = {.events = POLLIN};
    struct pair both;
    int ends[2];
    pid_t pid;

    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    pid = fork();
    if (!pid) {
        if (pair_fork(&both, INT_MAX))
            _exit(99);
        if (both.child)
            raise(SIGKILL);
        alarm(30);
        for (;;)
            pause();
    }
    close(ends[1]);
    assert_int_equal(status_of(pid), -SIGKILL);
    p.fd = ends[0];
    assert_int_equal(poll(&p, 1, 10000), 1);
    assert_int_equal(p.revents, POLLHUP);
    close(ends[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_child_ends_with_its_parent),
        cmocka_unit_test(what_is_open_by_chance_is_not_the_childs),
        cmocka_unit_test(more_descriptors_than_were_asked_for_are_closed),
        TEST(manager_hears_of_start_and_end),
        TEST(second_instance_is_refused_with_the_pid_of_the_first),
        TEST(killed_daemon_does_not_stand_in_the_way),
        TEST(hangup_opens_the_log_anew),
        TEST(starting_process_ends_when_the_daemon_is_ready),
        TEST(pid_file_is_its_users_alone),
        TEST(pid_file_of_the_callers_directory_is_removed),
        TEST(starting_process_fails_with_the_daemon),
        TEST(ready_twice_is_ready_once),
        TEST(pid_file_of_a_former_program_is_removed),
    };

    return cmocka_run_group_tests_name("daemon", tests, make_dir, remove_dir);
}
