/* SPDX-License-Identifier: MIT */
/*
 * A disk and an interface as their backends' programs serve them, one of a
 * guest that writes anything into its nodes, in any order, changes its state as
 * it likes and writes into its rings meanwhile; the other of a guest that is
 * none of that, and notices nothing. The liar's process is killed now and then,
 * and so is the store. Whatever it has done, a frontend that behaves connects
 * afterwards; and when a device is closed for a fault, the store says why.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <daemon/log.h>

#include "../unit/fake_xen.h"
#include "../unit/played_store.h"
#include "backend_mains.h"
#include "meddler.h"

#define RINGS 8 /* pages of them, of each guest */

static const uint64_t seeds[] = {31, 32, 33, 34, 35, 36, 37, 38};

/* What frontends write, and what is fine. */
struct key {
    const char *name, *good;
};

static const struct key vbd_keys[] = {
    {"ring-ref", "1000"},
    {"event-channel", "5"},
    {"protocol", "x86_64-abi"},
    {"feature-persistent", "1"},
    {"ring-page-order", NULL},
    {"ring-ref0", NULL},
    {"ring-ref1", NULL},
    {"multi-queue-num-queues", NULL},
    {NULL, NULL},
};

static const struct key vif_keys[] = {
    {"tx-ring-ref", "1000"},
    {"rx-ring-ref", "1001"},
    {"event-channel", "5"},
    {"request-rx-copy", "1"},
    {"feature-rx-notify", "1"},
    {"feature-sg", "1"},
    {"feature-gso-tcpv4", "1"},
    {"event-channel-tx", NULL},
    {"event-channel-rx", NULL},
    {"feature-no-csum-offload", NULL},
    {"request-multicast-control", NULL},
    {"xdp-headroom", NULL},
    {"mtu", NULL},
    {"ctrl-ring-ref", NULL},
    {"event-channel-ctrl", NULL},
    {"multi-queue-num-queues", NULL},
    {"queue-0/tx-ring-ref", NULL},
    {"queue-0/rx-ring-ref", NULL},
    {"queue-0/event-channel", NULL},
    {"queue-1/tx-ring-ref", NULL},
    {"queue-1/rx-ring-ref", NULL},
    {"queue-1/event-channel-tx", NULL},
    {"queue-1/event-channel-rx", NULL},
    {NULL, NULL},
};

static struct played_device {
    const char *kind;
    const struct key *keys;
    struct backend *(*begin)(void);
    const struct backend_ops *ops;
    unsigned int nr_keys, domid;
    char back[64], front[64];
    struct backend *b;
    struct record_head *record; /* outlives the process */
} vbd = {.kind = "vbd", .keys = vbd_keys, .begin = vbd_begin},
  vif = {.kind = "vif", .keys = vif_keys, .begin = vif_begin};

static struct played_device *liar, *honest;
static unsigned long writes, connections, faults, deaths;

/* --- processes ------------------------------------------------------------ */

static const char *node_of(const char *dir, const char *key)
{
    static char path[160];

    snprintf(path, sizeof(path), "%s/%s", dir, key);
    return path;
}

static const char *state_of(const struct played_device *d)
{
    struct played_node *n = played_find(node_of(d->back, "state"));

    return n ? n->value : "";
}

static void start_process(struct played_device *d)
{
    struct backend *b = d->b = d->begin();

    b->bus.record = (struct record){.head = d->record, .fd = -1};
    assert_int_equal(event_loop_init(&b->loop), 0);
    assert_int_equal(xenbus_open(&b->bus, &b->loop, d->back, &d->ops->bus), 0);
    assert_int_equal(grants_open(&b->grants, d->domid), 0);
    assert_int_equal(d->ops->init(b), 0);
}

/* It ends where it stands: what the kernel ends with it. */
static void end_process(struct played_device *d)
{
    struct backend *b = d->b;

    xenbus_close(&b->bus);
    event_loop_destroy(&b->loop);
    *(d == liar ? &fake_other_mapped : &fake_mapped) = 0;
    deaths++;
}

/* What is due. */
static void run_loop(struct event_loop *l)
{
    struct event_work *w = l->work;
    struct event_timer *t = l->timers;

    if (w) {
        event_work_cancel(l, w);
        w->run(w);
    }
    while (t && t->next) /* the one that was set before the others */
        t = t->next;
    if (t && fuzz_once_in(4)) {
        event_timer_cancel(l, t);
        t->fire(t);
    }
}

/* As the programs' main function: opens the device when it is wanted. */
static void serve(struct played_device *d)
{
    struct backend *b = d->b;

    xenbus_advance(&b->bus);
    run_loop(&b->loop);
    while (b->bus.open_wanted) {
        b->loop.stopped = false;
        xenbus_opened(&b->bus, d->ops->open(b));
        xenbus_advance(&b->bus);
    }
    if (!b->loop.stopped)
        return;
    end_process(d); /* and has a successor, for a new device or an old one */
    start_process(d);
}

static void tell(struct played_device *d)
{
    struct event_source *s = &d->b->bus.store.source;

    played_watch_fired = true;
    s->ready(s, 0);
    serve(d);
}

/* The toolstack's. */
static void make_device(struct played_device *d)
{
    played_put(node_of(d->back, "frontend"), d->front);
    played_put(node_of(d->back, "online"), "1");
    played_put(node_of(d->back, "params"), "/medium");
    played_put(node_of(d->back, "mode"), "w");
    played_put(node_of(d->back, "state"), "1");
    memset(d->record, 0, sizeof(*d->record));
}

static void frontend_state(struct played_device *d, const char *state)
{
    played_put(node_of(d->front, "state"), state);
    tell(d);
}

static void let_meddle(void)
{
    struct meddled areas[RINGS];

    for (unsigned int i = 0; i < RINGS; i++)
        areas[i] = (struct meddled){fake_other_page(FAKE_FIRST_REF + i), 4096};
    meddle(areas, RINGS);
}

/* A frontend that behaves, on a device in any state and with rings of any
 * content. */
static void connect_well(struct played_device *d)
{
    meddle(NULL, 0);
    memset(d == liar ? fake_other_page(FAKE_FIRST_REF)
                     : fake_page(FAKE_FIRST_REF),
           0, 4096 * RINGS);
    played_remove_below(d->front);
    frontend_state(d, "6");
    frontend_state(d, "1");
    for (const struct key *k = d->keys; k->name; k++)
        if (k->good)
            played_put(node_of(d->front, k->name), k->good);
    frontend_state(d, "4");
    for (int i = 0; strcmp(state_of(d), "4"); i++) {
        assert_true(i < 100);
        tell(d);
    }
    assert_true(d->b->bus.connected);
    connections++;
    let_meddle();
}

/* --- the liar ------------------------------------------------------------- */

static void any_text(char *text, size_t size)
{
    size_t n = 1 + fuzz_random() % (fuzz_once_in(20) ? size - 2 : 12);

    for (size_t i = 0; i < n; i++)
        text[i] = (char)(fuzz_once_in(4) ? 1 + fuzz_random() % 255
                                         : '0' + fuzz_random() % 10);
    text[n] = 0;
}

static void any_value(const struct key *k, char *text, size_t size)
{
    static const char *const odd[] = {
        "",   "-1",         " 1",         "0x10",
        "1 ", "4294967295", "4294967296", "18446744073709551616"};

    switch (fuzz_random() % 8) {
    case 0:
        any_text(text, size);
        break;
    case 1:
        snprintf(text, size, "%s", odd[fuzz_random() % ARRAY_SIZE(odd)]);
        break;
    case 2:
    case 3:
        snprintf(text, size, "%u", fuzz_random() % 9);
        break;
    case 4:
    case 5:
        snprintf(text, size, "%u", FAKE_FIRST_REF + fuzz_random() % RINGS);
        break;
    default:
        snprintf(text, size, "%s", k->good ? k->good : "1");
    }
}

static void write_any_node(void)
{
    const struct key state = {"state", "4"},
                     *k = fuzz_once_in(2)
                              ? &state
                              : &liar->keys[fuzz_random() % liar->nr_keys];
    char path[160], text[600];

    writes++;
    snprintf(path, sizeof(path), "%s", node_of(liar->front, k->name));
    if (fuzz_once_in(12)) {
        played_remove_below(path);
        return;
    }
    if (k == &state && !fuzz_once_in(16))
        snprintf(text, sizeof(text), "%u", fuzz_random() % 9);
    else
        any_value(k, text, sizeof(text));
    played_put(path, text);
}

/* The toolstack may want the device gone, and make it anew. */
static void toolstack(void)
{
    if (!fuzz_once_in(300))
        return;
    played_put(node_of(liar->back, "online"), "0");
    if (fuzz_once_in(2))
        played_put(node_of(liar->back, "state"), "5");
    tell(liar);
    if (fuzz_once_in(2))
        played_remove_below(liar->front);
    tell(liar);
    played_remove_below(liar->back);
    tell(liar);
    make_device(liar);
    end_process(liar);
    start_process(liar);
}

/* The store ends as anything is read, and there is another. */
static void lose_store(void)
{
    played_store_error = ECONNRESET;
    tell(liar);
    write_any_node();
    run_loop(&liar->b->loop);
    played_store_error = 0;
    for (int i = 0; store_lost(&liar->b->bus.store); i++) {
        assert_true(i < 1000);
        run_loop(&liar->b->loop);
    }
    serve(liar);
}

static void is_told_why(void)
{
    char path[160];
    struct played_node *n;

    if (!liar->b->bus.failed)
        return;
    faults++;
    snprintf(path, sizeof(path), "error/%s/error", liar->back);
    n = played_find(path);
    assert_true(n && strlen(n->value) > 4);
}

static void step(void)
{
    struct played_node *n;

    for (uint32_t i = fuzz_random() % 4; i--;)
        write_any_node();
    tell(liar);
    is_told_why();
    if (!liar->b->bus.connected)
        assert_int_equal(fake_other_mapped, 0);
    toolstack();
    if (fuzz_once_in(200)) {
        end_process(liar);
        start_process(liar);
    }
    if (fuzz_once_in(100))
        lose_store();
    if (fuzz_once_in(50))
        connect_well(liar);
    assert_true(honest->b->bus.connected);
    if (!fuzz_once_in(100))
        return;
    tell(honest);
    assert_string_equal(state_of(honest), "4");
    n = played_find(node_of(honest->front, "state"));
    assert_true(n && !strcmp(n->value, "4"));
}

/* --- the test ------------------------------------------------------------- */

static void set_up_device(struct played_device *d, unsigned int domid)
{
    d->domid = domid;
    snprintf(d->back, sizeof(d->back), "backend/%s/%u/0", d->kind, domid);
    snprintf(d->front, sizeof(d->front), "/local/domain/%u/device/%s/0", domid,
             d->kind);
    d->ops = d == &vbd ? vbd_ops : vif_ops;
    d->record = d->record ? d->record : calloc(1, d->ops->record_size);
    for (d->nr_keys = 0; d->keys[d->nr_keys].name;)
        d->nr_keys++;
    make_device(d);
    start_process(d);
}

static void forget_device(struct played_device *d)
{
    end_process(d);
    played_remove_below(d->back);
    played_remove_below(d->front);
}

static void live(struct played_device *bad, struct played_device *good,
                 unsigned long count)
{
    unsigned long end = writes + count;

    liar = bad;
    honest = good;
    set_up_device(liar, FAKE_OTHER_DOMAIN);
    set_up_device(honest, 1);
    connect_well(honest);
    while (writes < end)
        step();
    meddle(NULL, 0);
    forget_device(liar);
    forget_device(honest);
}

static void a_guest_that_lies_harms_nobody_but_itself(void **state)
{
    unsigned long count = fuzz_count(40000) / ARRAY_SIZE(seeds);

    played_put("domid", "5");
    for (size_t i = 0; i < ARRAY_SIZE(seeds); i++) {
        fuzz_seed(seeds[i]);
        live(i % 2 ? &vbd : &vif, i % 2 ? &vif : &vbd, count);
    }
    print_message("# %lu nodes written, %lu good connections, %lu looks at a "
                  "fault, %lu processes\n",
                  writes, connections, faults, deaths);
    assert_true(connections > 100 && faults > 100 && deaths > 100);
}

int backend_main(const struct backend_ops *ops, struct backend *b, int argc,
                 char **argv)
{
    return 1; /* not called */
}

static int setup(void **state)
{
    log_setup("test", LOG_LVL_ERROR);
    fake_guest_create();
    fake_other_guest_create();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_guest_that_lies_harms_nobody_but_itself),
    };

    return cmocka_run_group_tests_name("fuzz nodes", tests, setup, NULL);
}
