/* SPDX-License-Identifier: MIT */
/*
 * libxenstore against the real daemon's core, which runs in a thread of this
 * program: several threads on one handle, events and xs_fileno(), long
 * directories, and a daemon that talks nonsense or goes away.
 */
#include "store_test.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <xenstore.h>

#include "../../tools/libxenstore/reconnect.h"
#include "../../tools/xenstored/socket.h"
#include "../../tools/xenstored/turns.h"

static char path[64];
static pthread_t daemon_thread;
static struct event_loop loop;

/* The loop is told to stop from inside, as a signal would. */
static void stop_ready(struct event_source *s, uint32_t events)
{
    event_loop_stop(&loop, 0);
}

static struct event_source stop_source = {.ready = stop_ready};

static void *run_daemon(void *arg)
{
    event_loop_run(&loop);
    return NULL;
}

static int start(void **state)
{
    sprintf(path, "/tmp/xs_client.%d", (int)getpid());
    setenv("XENSTORED_PATH", path, 1);
    fake_start();
    assert_int_equal(turns_init(&loop), 0);
    assert_int_equal(socket_listen(&loop, path), 0);
    stop_source.fd = eventfd(0, EFD_CLOEXEC);
    assert_int_equal(event_source_add(&loop, &stop_source, EPOLLIN), 0);
    return pthread_create(&daemon_thread, NULL, run_daemon, NULL);
}

static int stop(void **state)
{
    eventfd_write(stop_source.fd, 1);
    pthread_join(daemon_thread, NULL);
    close(stop_source.fd);
    fake_stop();
    unlink(path);
    event_loop_destroy(&loop);
    return 0;
}

static void values_are_written_read_and_removed(void **state)
{
    struct xs_handle *h = xs_open(0);
    unsigned int len;
    char *v;

    assert_non_null(h);
    assert_true(xs_write(h, XBT_NULL, "/v/x", "a\0b", 3));
    v = xs_read(h, XBT_NULL, "/v/x", &len);
    assert_int_equal(len, 3);
    assert_memory_equal(v, "a\0b", 4);
    free(v);
    assert_null(xs_read(h, XBT_NULL, "/none", &len));
    assert_int_equal(errno, ENOENT);
    assert_false(xs_rm(h, XBT_NULL, "/none/x"));
    assert_true(xs_rm(h, XBT_NULL, "/v"));
    v = calloc(1, 5000);
    assert_false(xs_write(h, XBT_NULL, "/v", v, 4095));
    assert_int_equal(errno, E2BIG);
    free(v);
    v = xs_get_domain_path(h, 12);
    assert_string_equal(v, "/local/domain/12");
    free(v);
    assert_false(xs_is_domain_introduced(h, 12));
    assert_true(xs_is_domain_introduced(h, 0));
    v = xs_control_command(h, "check", NULL, 0);
    assert_string_equal(v, "OK");
    free(v);
    assert_false(xs_restrict(h, 1));
    assert_int_equal(xs_suspend_evtchn_port(12), -1);
    xs_write(h, XBT_NULL, "/local/domain/12/device/suspend/event-channel", "",
             0);
    assert_int_equal(xs_suspend_evtchn_port(12), -1);
    xs_write(h, XBT_NULL, "/local/domain/12/device/suspend/event-channel", "7",
             1);
    assert_int_equal(xs_suspend_evtchn_port(12), 7);
    xs_close(h);
    xs_close(NULL);
}

/* Xen's test program returns errno for a write that succeeds; with watches
 * its library leaves errno alone. */
static void
errno_is_0_after_success_and_left_alone_once_there_are_watches(void **state)
{
    struct xs_handle *h = xs_open(0);

    errno = EAGAIN;
    assert_true(xs_write(h, XBT_NULL, "/v", "", 0));
    assert_int_equal(errno, 0);
    errno = EAGAIN;
    assert_true(xs_watch(h, "/v", "t"));
    assert_int_equal(errno, EAGAIN);
    assert_true(xs_rm(h, XBT_NULL, "/v"));
    assert_int_equal(errno, EAGAIN);
    xs_close(h);
}

static void permissions_are_set_and_read_back(void **state)
{
    struct xs_handle *h = xs_open(0);
    struct xs_permissions p[3] = {{0, XS_PERM_NONE},
                                  {0, XS_PERM_READ},
                                  {0, XS_PERM_READ | XS_PERM_WRITE}};
    struct xs_permissions *q;
    unsigned int n;

    xs_mkdir(h, XBT_NULL, "/p");
    assert_true(xs_set_permissions(h, XBT_NULL, "/p", p, 3));
    q = xs_get_permissions(h, XBT_NULL, "/p", &n);
    assert_int_equal(n, 3);
    assert_memory_equal(p, q, sizeof(p));
    free(q);
    p[0].perms = 77;
    assert_false(xs_set_permissions(h, XBT_NULL, "/p", p, 1));
    assert_int_equal(errno, EINVAL);
    assert_true(xs_strings_to_perms(p, 2, "b12\0n4"));
    assert_int_equal(p[0].id, 12);
    assert_int_equal(p[1].perms, 0);
    assert_false(xs_strings_to_perms(p, 1, "x1"));
    assert_false(xs_strings_to_perms(p, 1, "n"));
    assert_true(xs_path_is_subpath("/a", "/a/b"));
    assert_false(xs_path_is_subpath("/a", "/ab"));
    xs_close(h);
}

static void a_directory_longer_than_a_message_is_listed(void **state)
{
    struct xs_handle *h = xs_open(0);
    char name[64], **list;
    unsigned int n;

    for (int i = 0; i < 1000; i++) {
        sprintf(name, "/long/a-rather-long-name-%d", i);
        xs_write(h, XBT_NULL, name, "", 0);
    }
    list = xs_directory(h, XBT_NULL, "/long", &n);
    assert_non_null(list);
    assert_int_equal(n, 1000);
    for (unsigned int i = 0; i < n; i++)
        assert_memory_equal(list[i], "a-rather-long-name-", 19);
    free(list);
    xs_rm(h, XBT_NULL, "/long");
    xs_mkdir(h, XBT_NULL, "/long");
    list = xs_directory(h, XBT_NULL, "/long", &n);
    assert_non_null(list);
    assert_int_equal(n, 0);
    free(list);
    xs_close(h);
}

static bool readable(struct xs_handle *h, int ms)
{
    struct pollfd p = {.fd = xs_fileno(h), .events = POLLIN};
    return poll(&p, 1, ms) == 1;
}

static void expect_event(struct xs_handle *h, const char *p, const char *token)
{
    char **v = xs_check_watch(h);

    assert_non_null(v);
    assert_string_equal(v[XS_WATCH_PATH], p);
    assert_string_equal(v[XS_WATCH_TOKEN], token);
    free(v);
}

static void a_watchs_events_are_queued_and_wake_the_reader(void **state)
{
    struct xs_handle *h = xs_open(0), *w = xs_open(XS_UNWATCH_FILTER);
    unsigned int n;
    char **v;

    assert_null(xs_check_watch(h));
    assert_int_equal(errno, EAGAIN);
    assert_false(readable(h, 0));
    assert_true(xs_watch(h, "/e", "t"));
    assert_true(readable(h, 1000));
    expect_event(h, "/e", "t");
    assert_null(xs_check_watch(h));
    assert_false(readable(h, 0));

    /* An event that is read on the way to an answer still wakes. */
    xs_write(w, XBT_NULL, "/e/1", "", 0);
    xs_write(h, XBT_NULL, "/e/2", "", 0);
    assert_true(xs_mkdir(h, XBT_NULL, "/f"));
    assert_true(readable(h, 1000));
    expect_event(h, "/e/1", "t");
    expect_event(h, "/e/2", "t");
    assert_false(readable(h, 0));

    xs_write(w, XBT_NULL, "/e/3", "", 0);
    v = xs_read_watch(h, &n);
    assert_int_equal(n, 2);
    assert_string_equal(v[0], "/e/3");
    free(v);

    /* Filtered: nothing of a watch once it is gone. */
    xs_watch(w, "/e", "mine");
    xs_watch(w, "/f", "other");
    xs_write(h, XBT_NULL, "/e/4", "", 0);
    assert_true(xs_unwatch(w, "/e", "mine"));
    expect_event(w, "/f", "other");
    assert_null(xs_check_watch(w));
    assert_false(xs_unwatch(w, "/e", "mine"));
    assert_int_equal(errno, ENOENT);
    xs_close(h);
    xs_close(w);
}

#define THREADS 6
#define ROUNDS  300

struct job {
    struct xs_handle *h;
    int number;
    bool ok;
};

static void *worker(void *arg)
{
    struct job *j = arg;
    char node[32], text[32];

    sprintf(node, "/threads/%d", j->number);
    for (int i = 0; i < ROUNDS; i++) {
        unsigned int len;
        char *v;
        int n = sprintf(text, "%d-%d", j->number, i);
        if (!xs_write(j->h, XBT_NULL, node, text, (unsigned int)n))
            return NULL;
        v = xs_read(j->h, XBT_NULL, node, &len);
        if (!v || strcmp(v, text))
            return NULL;
        free(v);
    }
    j->ok = true;
    return NULL;
}

static void *watcher(void *arg)
{
    struct job *j = arg;

    for (int i = 0; i < THREADS * ROUNDS; i++) {
        unsigned int n;
        char **v = xs_read_watch(j->h, &n);
        if (!v)
            return NULL;
        free(v);
    }
    j->ok = true;
    return NULL;
}

/* Answers reach the threads that asked, events the thread that waits for
 * them. */
static void answers_reach_the_threads_that_asked(void **state)
{
    struct xs_handle *h = xs_open(0);
    struct job job[THREADS + 1];
    pthread_t t[THREADS + 1];

    xs_mkdir(h, XBT_NULL, "/threads");
    xs_watch(h, "/threads", "t");
    while (!readable(h, 100))
        ;
    expect_event(h, "/threads", "t");
    for (int i = 0; i <= THREADS; i++) {
        job[i] = (struct job){h, i, false};
        pthread_create(&t[i], NULL, i < THREADS ? worker : watcher, &job[i]);
    }
    for (int i = 0; i <= THREADS; i++) {
        pthread_join(t[i], NULL);
        assert_true(job[i].ok);
    }
    xs_close(h);
}

/* --- a daemon that is not one --------------------------------------------- */

static const void *junk;
static size_t junk_len;

static void *run_liar(void *arg)
{
    int listener = *(int *)arg, fd = accept(listener, NULL, NULL);
    char buf[256];

    if (read(fd, buf, sizeof(buf)) > 0 && junk_len)
        xs_write_all(fd, junk, (unsigned int)junk_len);
    close(fd);
    return NULL;
}

/* What xs_read() makes of these bytes as an answer: always an error. */
static int ask_liar(const void *data, size_t len)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    int listener = socket(AF_UNIX, SOCK_STREAM, 0), error;
    struct xs_handle *h;
    unsigned int n;
    pthread_t t;

    sprintf(a.sun_path, "%s.liar", path);
    unlink(a.sun_path);
    bind(listener, (struct sockaddr *)&a, sizeof(a));
    listen(listener, 1);
    junk = data;
    junk_len = len;
    pthread_create(&t, NULL, run_liar, &listener);
    setenv("XENSTORED_PATH", a.sun_path, 1);
    h = xs_open(0);
    setenv("XENSTORED_PATH", path, 1);
    assert_non_null(h);
    assert_null(xs_read(h, XBT_NULL, "/x", &n));
    error = errno;
    /* And it stays unusable, without hanging. */
    assert_null(xs_read_watch(h, &n));
    assert_null(xs_check_watch(h));
    assert_false(xs_write(h, XBT_NULL, "/x", "", 0));
    xs_close(h);
    pthread_join(t, NULL);
    close(listener);
    unlink(a.sun_path);
    return error;
}

static void a_store_that_breaks_the_protocol_is_an_error(void **state)
{
    struct xsd_sockmsg too_long = {XS_READ, 1, 0, 5000};
    struct xsd_sockmsg cut = {XS_READ, 1, 0, 50};
    struct {
        struct xsd_sockmsg h;
        char text[4];
    } other = {{XS_WRITE, 1, 0, 3}, "OK"},
      event = {{XS_WATCH_EVENT, 0, 0, 4}, "abc"};

    assert_int_equal(ask_liar("", 0), ECONNRESET);
    assert_int_equal(ask_liar(&too_long, sizeof(too_long)), EIO);
    assert_int_equal(ask_liar(&cut, sizeof(cut)), ECONNRESET);
    assert_int_equal(ask_liar(&other, sizeof(other.h) + 3), EIO);
    assert_int_equal(ask_liar(&event, sizeof(event)), EIO); /* no token */
}

/* Sending fails, and the store sees nothing of it. */
static void a_connection_that_fails_wakes_the_reader(void **state)
{
    struct xs_handle *h = xs_unconnected();
    struct pollfd p = {.events = POLLIN};
    unsigned int n;
    int end[2];

    assert_non_null(h);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, end), 0);
    p.fd = xs_fileno(h);
    assert_int_equal(xs_attach(h, end[0]), 0);
    assert_int_equal(shutdown(end[0], SHUT_WR), 0);
    assert_int_equal(poll(&p, 1, 0), 0);
    assert_null(xs_read(h, XBT_NULL, "/x", &n));
    assert_int_equal(errno, EPIPE);
    assert_int_equal(poll(&p, 1, 0), 1);
    xs_close(h);
    close(end[1]);
}

/* Whoever made the socket has set a limit to it. */
static void a_store_that_does_not_answer_in_time_is_lost(void **state)
{
    const struct timeval limit = {.tv_usec = 50000};
    struct xs_handle *h = xs_unconnected();
    struct pollfd p = {.events = POLLIN};
    unsigned int len;
    int ends[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    assert_int_equal(xs_attach(h, ends[0]), 0);
    p.fd = xs_fileno(h);
    assert_null(xs_check_watch(h)); /* which does not wait */
    assert_int_equal(xs_error(h), 0);
    assert_null(xs_read(h, XBT_NULL, "/v", &len));
    assert_int_equal(errno, ETIMEDOUT);
    assert_int_equal(xs_error(h), ETIMEDOUT);
    assert_int_equal(poll(&p, 1, 0), 1);
    xs_close(h);
    close(ends[1]);
}

/* It would be taken for a conflict, and the transaction be done once more. */
static void a_store_that_takes_no_request_does_not_say_again(void **state)
{
    const struct timeval limit = {.tv_usec = 50000};
    struct xs_handle *h = xs_unconnected();
    char much[4096] = "";
    int ends[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    setsockopt(ends[0], SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
    while (send(ends[0], much, sizeof(much), MSG_DONTWAIT) > 0)
        ;
    assert_int_equal(xs_attach(h, ends[0]), 0);
    assert_false(xs_transaction_end(h, 1, false));
    assert_int_equal(errno, ETIMEDOUT);
    assert_int_equal(xs_error(h), ETIMEDOUT);
    xs_close(h);
    close(ends[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_written_read_and_removed),
        cmocka_unit_test(
            errno_is_0_after_success_and_left_alone_once_there_are_watches),
        cmocka_unit_test(permissions_are_set_and_read_back),
        cmocka_unit_test(a_directory_longer_than_a_message_is_listed),
        cmocka_unit_test(a_watchs_events_are_queued_and_wake_the_reader),
        cmocka_unit_test(answers_reach_the_threads_that_asked),
        cmocka_unit_test(a_store_that_breaks_the_protocol_is_an_error),
        cmocka_unit_test(a_connection_that_fails_wakes_the_reader),
        cmocka_unit_test(a_store_that_does_not_answer_in_time_is_lost),
        cmocka_unit_test(a_store_that_takes_no_request_does_not_say_again),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
