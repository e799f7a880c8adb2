/* SPDX-License-Identifier: MIT */
/*
 * Guests that put anything into their rings, move any index at any time, also
 * while the daemon writes, and begin afresh when they like; local clients and
 * domain 0's kernel with many requests under way, which introduce and release
 * guests between the turns of others; deaths, small limits, and no room for the
 * journal now and then. The daemon never ends, its accounts add up, and one
 * that follows it has all that it had.
 */
#include "store_test.h"

#include <errno.h>
#include <unistd.h>

#include <base/macros.h>
#include <daemon/clock.h>

#include "../../tools/xenstored/state.h"
#include "../../tools/xenstored/transaction.h"
#include "../../tools/xenstored/turns.h"
#include "store_text.h"

static const char boot[] = "01234567-89ab-cdef-0123-456789abcdef";
static char path[64];

#define DOMAINS 4
#define CLIENTS 3
static const uint16_t number[DOMAINS] = {0, 5, 6, 7};
static struct client *client[CLIENTS];
static struct event_loop loop;
static unsigned int restarts;

static uint32_t random_state;
static uint32_t rnd(uint32_t n)
{
    random_state = random_state * 1664525 + 1013904223;
    return (random_state >> 8) % n;
}

/* --- requests ------------------------------------------------------------- */

static size_t some_number(char *out)
{
    return (size_t)sprintf(out, "%u", number[rnd(DOMAINS)]) + 1;
}

static size_t some_path(char *out)
{
    static const char *const some[] = {"a",
                                       "a/b",
                                       "a/b/c/d",
                                       "/",
                                       "/tool",
                                       "",
                                       "/x//",
                                       "@releaseDomain",
                                       "@introduceDomain",
                                       "/local/domain/5",
                                       "/local/domain/5/a",
                                       "/local/domain/6/b/c",
                                       "/local/domain/7"};

    return (size_t)sprintf(out, "%s", some[rnd(ARRAY_SIZE(some))]) + 1;
}

static size_t some_perms(char *out)
{
    size_t len = 0;

    for (uint32_t n = 1 + rnd(3); n; n--) {
        out[len++] = "nrwb"[rnd(4)];
        len += some_number(out + len);
    }
    return len;
}

static size_t some_value(char *out)
{
    size_t len = rnd(4) ? rnd(30) : rnd(2500);

    memset(out, 'v', len);
    return len;
}

static size_t some_control(char *out)
{
    static const char set[] = "quota\0set\0outstanding\0003";

    if (rnd(2)) {
        memcpy(out, set, sizeof(set));
        return sizeof(set);
    }
    return (size_t)sprintf(out, "%s", rnd(2) ? "check" : "memreport") + 1;
}

static size_t some_introduction(char *out)
{
    size_t len = some_number(out);

    len += (size_t)sprintf(out + len, "%u", rnd(3) ? 99 : rnd(3)) + 1;
    return len + (size_t)sprintf(out + len, "%u", rnd(4)) + 1;
}

static size_t payload(uint32_t type, char *out)
{
    size_t len;

    switch (type) {
    case XS_INTRODUCE:
        return some_introduction(out);
    case XS_RELEASE:
    case XS_RESUME:
    case XS_IS_DOMAIN_INTRODUCED:
    case XS_GET_DOMAIN_PATH:
        return some_number(out);
    case XS_SET_TARGET:
        len = some_number(out);
        return len + some_number(out + len);
    case XS_CONTROL:
        return some_control(out);
    case XS_TRANSACTION_END:
        return (size_t)sprintf(out, "%s", rnd(4) ? "T" : "F") + 1;
    case XS_SET_PERMS:
        len = some_path(out);
        return len + some_perms(out + len);
    case XS_WRITE:
        len = some_path(out);
        return len + some_value(out + len);
    case XS_WATCH:
    case XS_UNWATCH:
    case XS_DIRECTORY_PART:
        len = some_path(out);
        return len + (size_t)sprintf(out + len, "%u", rnd(5)) + 1;
    default:
        return some_path(out);
    }
}

static uint32_t some_type(void)
{
    static const uint32_t often[] = {XS_WRITE, XS_WRITE, XS_WRITE,
                                     XS_TRANSACTION_START, XS_TRANSACTION_END};

    return rnd(2) ? often[rnd(ARRAY_SIZE(often))] : rnd(XS_TYPE_COUNT + 2);
}

/* The bytes of one, as a rule a proper one. */
static size_t message(char *out, bool local)
{
    uint32_t life = local ? state_life() << TRANSACTION_LIFE_SHIFT : 0;
    struct xsd_sockmsg h = {some_type(), rnd(10), 0, 0};
    size_t len = payload(h.type, out + sizeof(h));

    if (h.type != XS_TRANSACTION_START && rnd(2))
        h.tx_id = life + rnd(12);
    if (rnd(60) == 0)
        len = rnd((uint32_t)len + 1);
    h.len = (uint32_t)len;
    if (!local && rnd(200) == 0)
        h.len = rnd(5000);
    memcpy(out, &h, sizeof(h));
    return sizeof(h) + len;
}

/* --- domains -------------------------------------------------------------- */

static struct xenstore_domain_interface *page_of(unsigned int g)
{
    return &fake_domain[number[g]].page;
}

static void put(struct xenstore_domain_interface *p)
{
    static char data[sizeof(struct xsd_sockmsg) + XENSTORE_PAYLOAD_MAX];
    size_t len = message(data, false);

    if (p->req_prod - p->req_cons > XENSTORE_RING_SIZE ||
        XENSTORE_RING_SIZE - (p->req_prod - p->req_cons) < len)
        return;
    for (size_t i = 0; i < len; i++)
        p->req[MASK_XENSTORE_IDX(p->req_prod + i)] = data[i];
    p->req_prod += (uint32_t)len;
}

static void lie(struct xenstore_domain_interface *p)
{
    switch (rnd(20)) {
    case 0:
        p->req_prod += rnd(2000);
        break;
    case 1:
        p->rsp_cons += rnd(2000);
        break;
    case 2:
    case 3:
    case 4:
        p->connection = XENSTORE_RECONNECT;
        break;
    default:
        p->req_cons = rnd(5000);
        p->error = rnd(5);
    }
}

static void act(unsigned int g)
{
    struct xenstore_domain_interface *p = page_of(g);
    uint32_t what = rnd(20);

    if (what < 10)
        put(p);
    else if (what < 18)
        p->rsp_cons += (p->rsp_prod - p->rsp_cons) / (1 + rnd(2));
    else if (g) /* domain 0's kernel does not lie */
        lie(p);
}

static void live_and_die(unsigned int g)
{
    unsigned int id = number[g];
    struct domain *d = domain_known((uint16_t)id);

    if (g == 0)
        return;
    if (!fake_domain[id].exists && !(d && d->connection)) {
        fake_create(id);
        if (rnd(3) == 0) /* an old page */
            memset(page_of(g), (int)rnd(256), sizeof(*page_of(g)));
    } else if (rnd(3) == 0) {
        fake_domain[id].shutdown = true;
    } else {
        fake_destroy(id);
    }
    domain_check_all();
}

/* --- the file system ------------------------------------------------------ */

static bool may_fill_up, starting;

ssize_t __real_write(int fd, const void *data, size_t len);
ssize_t __wrap_write(int fd, const void *data, size_t len);

ssize_t __wrap_write(int fd, const void *data, size_t len)
{
    for (uint32_t n = starting ? 0 : rnd(4); n; n--)
        act(rnd(DOMAINS));
    if (may_fill_up && !starting && rnd(50) == 0) {
        size_t some = rnd(2) ? rnd((uint32_t)len) : 0;

        if (some)
            return __real_write(fd, data, some);
        errno = ENOSPC;
        return -1;
    }
    return __real_write(fd, data, len);
}

/* --- local clients -------------------------------------------------------- */

static void ask(struct client *cl)
{
    char data[sizeof(struct xsd_sockmsg) + XENSTORE_PAYLOAD_MAX];

    memmove(cl->in, cl->in + cl->in_pos, cl->in_len - cl->in_pos);
    cl->in_len -= cl->in_pos;
    cl->in_pos = 0;
    for (uint32_t n = rnd(3) ? 1 : 1 + rnd(25); n; n--) {
        size_t len = message(data, true);

        if (cl->in_len + len > sizeof(cl->in))
            break;
        memcpy(cl->in + cl->in_len, data, len);
        cl->in_len += len;
    }
    connection_serve(cl->c);
}

static void act_locally(unsigned int i)
{
    struct client *cl = client[i];
    uint32_t what = rnd(10);

    if (cl->closed) {
        client_free(cl);
        client[i] = client_new(NULL);
    } else if (what < 5) {
        ask(cl);
    } else if (what < 7) {
        cl->room = rnd(2) ? SIZE_MAX : rnd(3000);
        connection_serve(cl->c);
    } else {
        cl->out_len = cl->out_pos = 0;
    }
}

/* --- the daemon ----------------------------------------------------------- */

static void start(void)
{
    for (unsigned int i = 0; i < FAKE_DOMAINS; i++)
        fake_domain[i].mapped = fake_domain[i].bound = 0;
    starting = true;
    assert_int_equal(domain_init(true), 0);
    assert_int_equal(store_init(), 0);
    assert_int_equal(state_start(path, boot), 0);
    starting = false;
}

static void serve(void)
{
    bool fresh;

    if (!domain_known(0)->connection)
        assert_int_equal(domain_introduce(0, 0, 0, &fresh), 0);
    state_resume();
    for (unsigned int i = 0; i < CLIENTS; i++)
        client[i] = client_new(NULL);
}

static void end(void)
{
    for (unsigned int i = 0; i < CLIENTS; i++)
        client_free(client[i]);
    connection_reap();
    state_commit();
    assert_accounts();
    state_stop();
    fake_stop();
    for (unsigned int i = 0; i < FAKE_DOMAINS; i++)
        assert_int_equal(fake_domain[i].mapped | fake_domain[i].bound, 0);
}

/* For a while some guests' pages cannot be mapped, and ports not be bound. */
static void hide_some(bool may)
{
    for (unsigned int g = 0; g < DOMAINS; g++)
        if (number[g]) {
            fake_domain[number[g]].no_grant = may && rnd(6) == 0;
            fake_domain[number[g]].no_port = may && rnd(6) == 0;
        }
}

/* A daemon that finds more taken than it knows of gives up what is half done:
 * the guest's own fault, if it has lied, but not what is tried here. */
static void tell_the_truth(uint32_t taken[DOMAINS], bool put)
{
    for (unsigned int g = 0; g < DOMAINS; g++) {
        const struct domain *d = domain_known(number[g]);

        if (put && taken[g])
            page_of(g)->req_cons = taken[g];
        else if (!put && d && d->connection &&
                 (d->connection->in_used || d->connection->out))
            taken[g] = ((struct ring *)d->connection->endpoint)->req_cons;
    }
}

static void another_daemon(void)
{
    uint32_t taken[DOMAINS] = {0};
    static char before[1 << 20], after[1 << 20];

    if (state_wanted()) /* there is no journal */
        return;
    for (unsigned int i = 0; i < CLIENTS; i++)
        connection_kill(client[i]->c);
    /* What a transaction held is not kept, its number is. */
    fake_swamp();
    connection_reap();
    state_commit();
    if (state_wanted())
        return;
    store_text(before, sizeof(before));
    tell_the_truth(taken, false);
    end();
    tell_the_truth(taken, true);
    hide_some(true);
    start();
    store_text(after, sizeof(after));
    assert_string_equal(after, before);
    serve();
    restarts++;
}

static void step(void)
{
    unsigned int g = rnd(DOMAINS);
    uint32_t what = rnd(100);

    if (what < 55) {
        act(g);
        if (rnd(3))
            ring_event(fake_port(number[g]));
    } else if (what < 90) {
        act_locally(rnd(CLIENTS));
    } else if (what < 96) {
        live_and_die(g);
    } else if (what == 96) {
        fake_swamp();
    } else if (what == 97) {
        state_try_again();
        hide_some(false);
        domain_attach_rings();
    } else if (what == 98 && rnd(3) == 0) {
        another_daemon();
    }
    loop.between(&loop);
}

static void play(uint32_t seed)
{
    random_state = seed * 7919;
    memset(fake_domain, 0, sizeof(fake_domain));
    fake_domain[0].exists = true;
    unlink(path);
    state_journal_min = seed % 2 ? 1 : 100000;
    may_fill_up = seed % 4 == 0;
    quota[QUOTA_OUTSTANDING] = 20;
    quota[QUOTA_CPU] = 0;
    quota[QUOTA_MEMORY] = seed % 5 ? 2 << 20 : 20000;
    quota[QUOTA_SNAPSHOT_MEMORY] = seed % 7 ? 8 << 20 : 50000;
    outstanding_timeout = seed % 3 ? 20000 : 1;
    start();
    serve();
    for (int i = 0; i < 1500; i++) {
        step();
        if (i % 20 == 0)
            assert_accounts();
    }
    end();
}

static void no_history_ends_the_daemon(void **state)
{
    assert_int_equal(turns_init(&loop), 0);
    for (uint32_t seed = 1; seed <= 150; seed++)
        play(seed);
    print_message("%u daemons have followed others\n", restarts);
    assert_true(restarts > 300);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_history_ends_the_daemon),
    };
    int rc;

    snprintf(path, sizeof(path), "/dev/shm/store-hostile-%d", (int)getpid());
    rc = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(path);
    return rc;
}
