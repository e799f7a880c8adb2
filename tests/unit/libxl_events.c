/* SPDX-License-Identifier: MIT */
/*
 * libxl's event core without hypervisor and store: times, descriptors,
 * children, operations that end at once or later, and an application with
 * event hooks of its own that is slow to notice deregistrations.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "../../tools/libxl/event.h"

static libxl_ctx *ctx;

static int setup(void **state)
{
    pthread_mutexattr_t attr;

    ctx = calloc(1, sizeof(*ctx));
    pthread_mutexattr_init(&attr);
    pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_init(&ctx->lock, &attr);
    pthread_mutexattr_destroy(&attr);
    libxl__events_init(ctx);
    return 0;
}

static int teardown(void **state)
{
    assert_int_equal(ctx->depth, 0);
    assert_null(ctx->ev->fds);
    assert_null(ctx->ev->times);
    assert_null(ctx->ev->children);
    assert_null(ctx->ev->aos);
    libxl__events_free(ctx);
    pthread_mutex_destroy(&ctx->lock);
    free(ctx);
    return 0;
}

static void turn(int rounds)
{
    struct libxl__poller *p;

    libxl__ctx_lock(ctx);
    p = libxl__poller_get(ctx);
    while (rounds--)
        assert_int_equal(libxl__poll_once(ctx, p), 0);
    libxl__poller_put(ctx, p);
    libxl__ctx_unlock(ctx);
}

/* --- times --- */

static char order[16];

struct timer {
    libxl__ev_time ev;
    char name;
    libxl__ev_time *cancels;
};

static void timer_fired(libxl_ctx *c, libxl__ev_time *ev)
{
    struct timer *t = CONTAINER_OF(ev, struct timer, ev);

    order[strlen(order)] = t->name;
    if (t->cancels)
        libxl__ev_time_deregister(c, t->cancels);
}

static void timers_fire_in_order_of_their_times(void **state)
{
    struct timer a = {.name = 'a'}, b = {.name = 'b'}, c = {.name = 'c'};

    memset(order, 0, sizeof(order));
    libxl__ctx_lock(ctx);
    a.cancels = &c.ev;
    libxl__ev_time_register(ctx, &c.ev, 30, timer_fired);
    libxl__ev_time_register(ctx, &a.ev, 2, timer_fired);
    libxl__ev_time_register(ctx, &b.ev, 20, timer_fired);
    libxl__ctx_unlock(ctx);
    while (!order[1])
        turn(1);
    usleep(20000);
    libxl__ctx_lock(ctx);
    assert_null(ctx->ev->times);
    libxl__ctx_unlock(ctx);
    assert_string_equal(order, "ab");
}

/* --- descriptors --- */

static int reads;
static libxl__ev_fd second;

static void readable(libxl_ctx *c, libxl__ev_fd *ev, short revents)
{
    char byte;

    assert_true(revents & POLLIN);
    assert_int_equal(read(ev->fd, &byte, 1), 1);
    reads++;
    libxl__ev_fd_deregister(c, ev);
    /* The other one was readable in the same round, too. */
    libxl__ev_fd_deregister(c, &second);
}

static void descriptors_call_back_until_they_are_deregistered(void **state)
{
    libxl__ev_fd first;
    int one[2], two[2];

    reads = 0;
    assert_int_equal(pipe(one) | pipe(two), 0);
    assert_int_equal(write(one[1], "x", 1) + write(two[1], "x", 1), 2);
    libxl__ctx_lock(ctx);
    libxl__ev_fd_register(ctx, &second, two[0], POLLIN, readable);
    libxl__ev_fd_register(ctx, &first, one[0], POLLIN, readable);
    libxl__ctx_unlock(ctx);
    turn(1);
    assert_int_equal(reads, 1);
    close(one[0]);
    close(one[1]);
    close(two[0]);
    close(two[1]);
}

/* --- operations around a child --- */

struct run {
    libxl__ao *ao;
    libxl__ev_child child;
    int status;
};

static void run_ended(libxl_ctx *c, libxl__ev_child *ev, pid_t pid, int status)
{
    struct run *r = CONTAINER_OF(ev, struct run, child);

    r->status = status;
    libxl__ao_complete(r->ao, WEXITSTATUS(status) ? ERROR_FAIL : 0);
}

static int run_child(int code, const libxl_asyncop_how *how)
{
    libxl__ao *ao = libxl__ao_create(ctx, 7, how);
    libxl__gc *gc = &ao->gc;
    struct run *r;
    pid_t pid;

    GCNEW(r);
    r->ao = ao;
    pid = libxl__ev_child_fork(ctx, &r->child, run_ended);
    if (!pid)
        _exit(code);
    if (pid < 0)
        return libxl__ao_failed(ao, ERROR_FAIL);
    return libxl__ao_inprogress(ao);
}

static void a_synchronous_operation_returns_its_result(void **state)
{
    assert_int_equal(run_child(0, NULL), 0);
    assert_int_equal(run_child(3, NULL), ERROR_FAIL);
}

static void an_operation_reports_its_end_by_an_event(void **state)
{
    libxl_asyncop_how how = {.u.for_event = 1234};
    libxl_event *event;

    assert_int_equal(run_child(3, &how), 0);
    assert_int_equal(
        libxl_event_check(ctx, &event, LIBXL_EVENTMASK_ALL, NULL, NULL),
        ERROR_NOT_READY);
    assert_int_equal(
        libxl_event_wait(ctx, &event, LIBXL_EVENTMASK_ALL, NULL, NULL), 0);
    assert_int_equal(event->type, LIBXL_EVENT_TYPE_OPERATION_COMPLETE);
    assert_int_equal(event->for_user, 1234);
    assert_int_equal(event->domid, 7);
    assert_int_equal(event->u.operation_complete.rc, ERROR_FAIL);
    libxl_event_free(ctx, event);
}

static int called, called_rc;

static void completed(libxl_ctx *c, int rc, void *user)
{
    assert_int_equal(c->depth, 0); /* it may use any libxl function */
    assert_ptr_equal(user, &called);
    called++;
    called_rc = rc;
    if (called == 1)
        assert_int_equal(run_child(0, NULL), 0);
}

static void an_operation_reports_its_end_by_a_callback(void **state)
{
    libxl_asyncop_how how = {.callback = completed, .u.for_callback = &called};

    called = 0;
    assert_int_equal(run_child(3, &how), 0);
    while (!called)
        turn(1);
    assert_int_equal(called_rc, ERROR_FAIL);

    /* One that is over at once calls back, too, and a refusal does not. */
    assert_int_equal(libxl__ao_done(libxl__ao_create(ctx, 1, &how), 0), 0);
    assert_int_equal(called, 2);
    assert_int_equal(
        libxl__ao_done(libxl__ao_create(ctx, 1, &how), ERROR_INVAL),
        ERROR_INVAL);
    assert_int_equal(called, 2);
}

/* --- an application that reaps all children itself --- */

static void children_are_reaped_by_an_application_that_does_so(void **state)
{
    static const libxl_childproc_hooks hooks = {
        .chldowner = libxl_sigchld_owner_mainloop};
    libxl_asyncop_how how = {.callback = completed, .u.for_callback = &called};
    int status;
    pid_t pid;

    called = 1;
    libxl_childproc_setmode(ctx, &hooks, NULL);
    assert_int_equal(run_child(3, &how), 0);
    pid = wait(&status);
    assert_int_equal(libxl_childproc_reaped(ctx, pid + 1, status),
                     ERROR_UNKNOWN_CHILD);
    assert_int_equal(libxl_childproc_reaped(ctx, pid, status), 0);
    assert_int_equal(called, 2);
    assert_int_equal(called_rc, ERROR_FAIL);
}

/* --- an application with event hooks --- */

static void *late_timeout, *late_fd;
static int late_fd_number, deregistered;

static int hook_fd(void *user, int fd, void **for_app, short events,
                   void *for_libxl)
{
    late_fd = for_libxl;
    late_fd_number = fd;
    *for_app = &late_fd;
    return 0;
}

static int hook_fd_modify(void *user, int fd, void **for_app, short events)
{
    return 0;
}

static void hook_fd_deregister(void *user, int fd, void *for_app)
{
    assert_ptr_equal(for_app, &late_fd);
    deregistered++;
}

static int hook_timeout(void *user, void **for_app, struct timeval abs,
                        void *for_libxl)
{
    late_timeout = for_libxl;
    return 0;
}

static int hook_timeout_modify(void *user, void **for_app, struct timeval abs)
{
    assert_false(timerisset(&abs)); /* only ever "now" */
    return 0;
}

static void hook_timeout_deregister(void *user, void *for_app)
{
    fail();
}

static void an_applications_hooks_drive_the_events(void **state)
{
    static const libxl_osevent_hooks os_hooks = {
        hook_fd,      hook_fd_modify,      hook_fd_deregister,
        hook_timeout, hook_timeout_modify, hook_timeout_deregister};
    struct timer a = {.name = 'a'}, b = {.name = 'b'};
    libxl__ev_fd fd;
    int p[2];

    memset(order, 0, sizeof(order));
    memset(&second, 0, sizeof(second));
    reads = deregistered = 0;
    assert_int_equal(pipe(p), 0);
    libxl_osevent_register_hooks(ctx, &os_hooks, NULL);

    libxl__ctx_lock(ctx);
    libxl__ev_time_register(ctx, &a.ev, 3600000, timer_fired);
    libxl__ctx_unlock(ctx);
    libxl_osevent_occurred_timeout(ctx, late_timeout);
    assert_string_equal(order, "a");

    /* Deregistered, and then it fires all the same. */
    libxl__ctx_lock(ctx);
    libxl__ev_time_register(ctx, &b.ev, 3600000, timer_fired);
    libxl__ev_time_deregister(ctx, &b.ev);
    libxl__ctx_unlock(ctx);
    libxl_osevent_occurred_timeout(ctx, late_timeout);
    assert_string_equal(order, "a");

    libxl__ctx_lock(ctx);
    libxl__ev_fd_register(ctx, &fd, p[0], POLLIN, readable);
    libxl__ctx_unlock(ctx);
    /* A wrong alarm reads nothing, and so does not block. */
    libxl_osevent_occurred_fd(ctx, late_fd, late_fd_number, POLLIN, POLLIN);
    assert_int_equal(reads, 0);
    assert_int_equal(write(p[1], "x", 1), 1);
    libxl_osevent_occurred_fd(ctx, late_fd, late_fd_number, POLLIN, POLLIN);
    assert_int_equal(reads, 1);
    assert_int_equal(deregistered, 1);
    libxl_osevent_occurred_fd(ctx, late_fd, late_fd_number, POLLIN, POLLIN);
    assert_int_equal(reads, 1);
    close(p[0]);
    close(p[1]);
}

/* --- an application that polls for libxl --- */

static void an_application_that_polls_for_libxl_gets_its_events(void **state)
{
    struct timer a = {.name = 'a'};
    struct timeval now;
    struct pollfd fds[4];
    int n = 0, timeout = -1;

    memset(order, 0, sizeof(order));
    libxl__ctx_lock(ctx);
    libxl__ev_time_register(ctx, &a.ev, 5, timer_fired);
    libxl__ctx_unlock(ctx);
    gettimeofday(&now, NULL);
    assert_int_equal(libxl_osevent_beforepoll(ctx, &n, NULL, &timeout, now),
                     ERROR_BUFFERFULL);
    assert_in_range(n, 1, 4);
    assert_int_equal(libxl_osevent_beforepoll(ctx, &n, fds, &timeout, now), 0);
    assert_in_range(timeout, 0, 6);
    poll(fds, n, timeout);
    usleep(6000);
    gettimeofday(&now, NULL);
    libxl_osevent_afterpoll(ctx, n, fds, now);
    assert_string_equal(order, "a");
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(timers_fire_in_order_of_their_times),
        T(descriptors_call_back_until_they_are_deregistered),
        T(a_synchronous_operation_returns_its_result),
        T(an_operation_reports_its_end_by_an_event),
        T(an_operation_reports_its_end_by_a_callback),
        T(children_are_reaped_by_an_application_that_does_so),
        T(an_applications_hooks_drive_the_events),
        T(an_application_that_polls_for_libxl_gets_its_events),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
