/* SPDX-License-Identifier: MIT */
/*
 * libxl's event loop over a store that goes away and comes back, with or
 * without what was in it, while a program waits for a domain's end; and what is
 * removed from a store that does not say what it has.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/eventfd.h>

#include <cmocka.h>
#include <xentoollog.h>

#include "../../tools/libxl/domain.h"

#define DOMID 3

static libxl_ctx *ctx;

/* --- the store and the hypervisor ----------------------------------------- */

static int tried, opened, closed, watches;
static bool away;       /* cannot be reached */
static int naps;        /* while somebody waited for it */
static int naps_away;   /* so many, and it is back */
static bool ended;      /* the connection has */
static bool introduced; /* it knows the domain */
static int fired;       /* events that wait */
static int store_fd;
static bool dead;

struct xs_handle {
    char token[16];
};

struct xs_handle *xs_open(unsigned long flags)
{
    tried++;
    errno = ECONNREFUSED;
    if (away)
        return NULL;
    opened++;
    ended = false;
    return calloc(1, sizeof(struct xs_handle));
}

int usleep(useconds_t us)
{
    naps++;
    away = away && naps != naps_away;
    return 0;
}

void xs_close(struct xs_handle *h)
{
    closed++;
    free(h);
}

int xs_fileno(struct xs_handle *h)
{
    return store_fd;
}

static void tell(void)
{
    eventfd_write(store_fd, 1);
}

static bool ends_with_watch; /* at the next one */

bool xs_watch(struct xs_handle *h, const char *path, const char *token)
{
    ended |= ends_with_watch;
    ends_with_watch = false;
    errno = EPIPE;
    if (ended)
        return false;
    snprintf(h->token, sizeof(h->token), "%s", token);
    watches++;
    fired++;
    tell();
    return true;
}

bool xs_unwatch(struct xs_handle *h, const char *path, const char *token)
{
    return !ended;
}

char **xs_check_watch(struct xs_handle *h)
{
    eventfd_t n;
    char **v;

    if (ended || !fired) {
        errno = ended ? ECONNRESET : EAGAIN;
        return NULL;
    }
    if (!--fired)
        eventfd_read(store_fd, &n);
    v = calloc(2, sizeof(*v));
    v[XS_WATCH_TOKEN] = h->token;
    return v;
}

bool xs_is_domain_introduced(struct xs_handle *h, unsigned int domid)
{
    return introduced && !ended;
}

static int read_error;
static int list_error; /* of a directory; 0: it is empty */
static char removed[100];
static bool committed;

static bool there(void)
{
    errno = EPIPE;
    return !ended;
}

xs_transaction_t xs_transaction_start(struct xs_handle *h)
{
    return there();
}

bool xs_transaction_end(struct xs_handle *h, xs_transaction_t t, bool abort)
{
    committed = there() && !abort;
    return there();
}

char **xs_directory(struct xs_handle *h, xs_transaction_t t, const char *path,
                    unsigned int *num)
{
    if (!list_error)
        *num = 0;
    errno = list_error;
    return list_error ? NULL : malloc(1);
}

bool xs_rm(struct xs_handle *h, xs_transaction_t t, const char *path)
{
    strcat(strcat(removed, " "), path);
    return true;
}

void *xs_read(struct xs_handle *h, xs_transaction_t t, const char *path,
              unsigned int *len)
{
    errno = read_error;
    return NULL;
}

bool xs_write(struct xs_handle *h, xs_transaction_t t, const char *path,
              const void *data, unsigned int len)
{
    return there();
}

bool xs_mkdir(struct xs_handle *h, xs_transaction_t t, const char *path)
{
    return false;
}

bool xs_set_permissions(struct xs_handle *h, xs_transaction_t t,
                        const char *path, struct xs_permissions *perms,
                        unsigned int num_perms)
{
    return false;
}

int libxl__domain_getinfo(libxl__gc *gc, uint32_t domid,
                          struct xen_domctl_getdomaininfo *info)
{
    memset(info, 0, sizeof(*info));
    return dead ? ERROR_DOMAIN_NOTFOUND : 0;
}

int libxl__domain_uuid(libxl__gc *gc, uint32_t domid, libxl_uuid *uuid)
{
    return 0;
}

/* --- the program ---------------------------------------------------------- */

static libxl_evgen_domain_death *death;

static int setup(void **state)
{
    pthread_mutexattr_t attr;

    opened = closed = watches = fired = naps = naps_away = 0;
    away = ended = dead = false;
    introduced = true;
    store_fd = eventfd(0, EFD_NONBLOCK);
    ctx = calloc(1, sizeof(*ctx));
    pthread_mutexattr_init(&attr);
    pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_init(&ctx->lock, &attr);
    pthread_mutexattr_destroy(&attr);
    ctx->lg = (xentoollog_logger *)xtl_createlogger_stdiostream(
        stderr, XTL_CRITICAL, 0);
    ctx->xsh = xs_open(0);
    libxl__events_init(ctx);
    return libxl_evenable_domain_death(ctx, DOMID, 0, &death);
}

static int teardown(void **state)
{
    libxl_evdisable_domain_death(ctx, death);
    assert_null(ctx->ev->fds);
    assert_null(ctx->ev->times);
    libxl__events_free(ctx);
    xs_close(ctx->xsh);
    assert_int_equal(opened, closed);
    pthread_mutex_destroy(&ctx->lock);
    xtl_logger_destroy(ctx->lg);
    free(ctx);
    close(store_fd);
    return 0;
}

/* Rounds of the loop until the descriptor and the time are as wanted. */
static void turn(bool polled, bool timed)
{
    struct libxl__poller *p;

    libxl__ctx_lock(ctx);
    p = libxl__poller_get(ctx);
    do
        assert_int_equal(libxl__poll_once(ctx, p), 0);
    while (!ctx->ev->store_fd.func == polled ||
           !ctx->ev->store_retry.func == timed);
    libxl__poller_put(ctx, p);
    libxl__ctx_unlock(ctx);
}

static void lose_store(void)
{
    away = ended = true;
    fired = 0;
    tell();
    turn(false, true);
}

static void its_end(void)
{
    libxl_event *event;

    dead = true;
    assert_int_equal(
        libxl_event_wait(ctx, &event, LIBXL_EVENTMASK_ALL, NULL, NULL), 0);
    assert_int_equal(event->type, LIBXL_EVENT_TYPE_DOMAIN_DEATH);
    assert_int_equal(event->domid, DOMID);
    libxl_event_free(ctx, event);
}

static void store_tells(void **state)
{
    turn(true, false);
    fired++;
    tell();
    its_end();
}

static void end_without_a_store(void **state)
{
    lose_store();
    its_end();
    assert_int_equal(opened, 1);
}

static void watch_in_the_new_store(void **state)
{
    lose_store();
    away = false;
    turn(true, false);
    assert_int_equal(opened, 2);
    assert_int_equal(watches, 2);
    fired++;
    tell();
    its_end();
}

static void new_store_does_not_know_the_domain(void **state)
{
    lose_store();
    away = introduced = false;
    turn(true, true);
    fired = 0;
    its_end();
}

static void ended_while_nobody_watched(void **state)
{
    libxl_evdisable_domain_death(ctx, death);
    ended = true;
    assert_int_equal(libxl_evenable_domain_death(ctx, DOMID, 0, &death), 0);
    assert_int_equal(opened, 2);
    its_end();
}

static int remove_upwards(int error)
{
    libxl__gc gc = {.ctx = ctx};
    int rc;

    list_error = error;
    removed[0] = 0;
    rc = libxl__xs_rm_up(&gc, "/vbd/7/1");
    libxl__gc_free(&gc);
    return rc;
}

/* Other guests' disks are there, too. */
static void a_directory_is_empty_when_the_store_says_so(void **state)
{
    assert_int_equal(remove_upwards(0), 0);
    assert_string_equal(removed, " /vbd/7/1 /vbd/7 /vbd");
    assert_true(committed);
    assert_int_equal(remove_upwards(ENOENT), 0);
    assert_string_equal(removed, " /vbd/7/1 /vbd/7 /vbd");

    assert_int_equal(remove_upwards(ENOMEM), ERROR_FAIL);
    assert_string_equal(removed, " /vbd/7/1");
    assert_false(committed);
}

static void what_cannot_be_read_is_not_absent(void **state)
{
    libxl__gc gc = {.ctx = ctx};
    uint32_t n;

    read_error = ENOENT;
    assert_int_equal(libxl__xs_read_uint(&gc, XBT_NULL, "/n", &n),
                     ERROR_NOTFOUND);
    read_error = EIO;
    assert_int_equal(libxl__xs_read_uint(&gc, XBT_NULL, "/n", &n), ERROR_FAIL);
    libxl__gc_free(&gc);
}

/* --- requests of a store that ends ---------------------------------------- */

static int write_one(xs_transaction_t t)
{
    libxl__gc gc = {.ctx = ctx};
    int rc = libxl__xs_write(&gc, t, "/a", "1");

    libxl__gc_free(&gc);
    return rc;
}

/* It is noticed by the request, before its descriptor is looked at. */
static void a_request_waits_until_the_store_is_back(void **state)
{
    ended = away = true;
    naps_away = 7;
    assert_int_equal(write_one(XBT_NULL), 0);
    assert_int_equal(naps, 7);
    assert_int_equal(opened, 2);
    assert_int_equal(watches, 2);
    assert_non_null(ctx->ev->store_fd.func);
    its_end();
}

/* The loop has looked for it in vain, which is no reason not to wait. */
static void a_request_of_a_loop_waits_as_well(void **state)
{
    struct libxl__poller *p;
    int before;

    lose_store();
    before = tried;
    libxl__ctx_lock(ctx);
    p = libxl__poller_get(ctx);
    while (tried == before)
        assert_int_equal(libxl__poll_once(ctx, p), 0);
    libxl__poller_put(ctx, p);
    naps_away = 7;
    assert_int_equal(write_one(XBT_NULL), 0);
    libxl__ctx_unlock(ctx);
    assert_int_equal(naps, 7);
    its_end();
}

static void nobody_waits_twice_for_a_store_that_stays_away(void **state)
{
    int first;

    ended = away = true;
    assert_int_equal(write_one(XBT_NULL), ERROR_FAIL);
    first = naps;
    assert_true(first > 100);
    assert_int_equal(write_one(XBT_NULL), ERROR_FAIL);
    assert_int_equal(naps, first);
    away = false;
    assert_int_equal(write_one(XBT_NULL), 0);
    /* The next time it is awaited again. */
    ended = away = true;
    naps_away = naps + 5;
    assert_int_equal(write_one(XBT_NULL), 0);
    assert_int_equal(naps, first + 5);
    its_end();
}

static int bodies, ends_at; /* the store ends in this one */

static int body(libxl__gc *gc, xs_transaction_t t, void *arg)
{
    int rc = libxl__xs_write(gc, t, "/a", "1");

    ended |= ++bodies == ends_at;
    return rc ?: libxl__xs_write(gc, t, "/b", "2");
}

static void a_transaction_begins_anew_in_the_next_store(void **state)
{
    libxl__gc gc = {.ctx = ctx};

    bodies = 0;
    ends_at = 1;
    assert_int_equal(libxl__xs_transaction(&gc, body, NULL), 0);
    assert_int_equal(bodies, 2);
    assert_true(committed);
    ended = true; /* before its beginning */
    assert_int_equal(libxl__xs_transaction(&gc, body, NULL), 0);
    assert_int_equal(bodies, 3);
    assert_int_equal(opened, 3);
    libxl__gc_free(&gc);
}

static void ignore(libxl_ctx *c, libxl__ev_watch *w)
{
}

static void a_watch_can_be_set_in_the_next_store(void **state)
{
    libxl__ev_watch watch = {0};

    libxl_evdisable_domain_death(ctx, death);
    ends_with_watch = true;
    assert_int_equal(libxl_evenable_domain_death(ctx, DOMID, 0, &death), 0);
    assert_int_equal(opened, 2);
    assert_non_null(ctx->ev->store_fd.func);
    its_end();
    ended = true;
    assert_int_equal(libxl__ev_watch_register(ctx, &watch, "/a", ignore), 0);
    assert_int_equal(opened, 3);
    assert_non_null(ctx->ev->store_fd.func);
    libxl__ev_watch_deregister(ctx, &watch);
}

int main(void)
{
#define WITH_STORE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        WITH_STORE(store_tells),
        WITH_STORE(end_without_a_store),
        WITH_STORE(watch_in_the_new_store),
        WITH_STORE(new_store_does_not_know_the_domain),
        WITH_STORE(ended_while_nobody_watched),
        WITH_STORE(a_directory_is_empty_when_the_store_says_so),
        WITH_STORE(what_cannot_be_read_is_not_absent),
        WITH_STORE(a_request_waits_until_the_store_is_back),
        WITH_STORE(a_request_of_a_loop_waits_as_well),
        WITH_STORE(nobody_waits_twice_for_a_store_that_stays_away),
        WITH_STORE(a_transaction_begins_anew_in_the_next_store),
        WITH_STORE(a_watch_can_be_set_in_the_next_store),
    };

    return cmocka_run_group_tests_name("libxl store", tests, NULL, NULL);
}
