/* SPDX-License-Identifier: MIT */
/* See xenbus_world.h. */
#include "xenbus_world.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

/* --- time --- */

uint64_t clock_ms = 1000;

int clock_gettime(clockid_t id, struct timespec *t)
{
    *t = (struct timespec){clock_ms / 1000, clock_ms % 1000 * 1000000};
    return 0;
}

static struct event_timer *due(void)
{
    struct event_timer *t = loop.timers;

    while (t && t->deadline_ms > clock_ms)
        t = t->next;
    return t;
}

void time_passes(unsigned int ms)
{
    struct event_timer *t;

    clock_ms += ms;
    while ((t = due())) {
        event_timer_cancel(&loop, t);
        t->fire(t);
    }
}

/* --- the backend --- */

struct event_loop loop;
struct xenbus_device device;
struct record_head left;
int connect_result;
bool removed_meanwhile, medium_hangs;
unsigned int left_alone;

static void announce(struct xenbus_device *d, struct device_nodes *n)
{
    device_node_add(n, "feature", "%d", 1);
}

static bool ready(struct xenbus_device *d)
{
    return true;
}

static int connect_device(struct xenbus_device *d, struct device_nodes *n,
                          bool resume)
{
    uint64_t ref;
    int rc = xenbus_frontend_uint(d, "ring-ref", 8, UINT32_MAX, &ref);

    if (removed_meanwhile)
        played_remove_below(BACK);
    device_node_add(n, "sectors", "%d", 8);
    return rc ? rc : connect_result;
}

static void disconnect_device(struct xenbus_device *d)
{
}

static bool is_busy(struct xenbus_device *d)
{
    return medium_hangs && !d->connected;
}

static void leave_medium(struct xenbus_device *d)
{
    left_alone++;
}

const struct xenbus_ops ops = {
    .kind = "vbd",
    .announce = announce,
    .ready = ready,
    .connect = connect_device,
    .disconnect = disconnect_device,
    .busy = is_busy,
    .leave = leave_medium,
};

struct xenbus_ops *new_ops(void)
{
    static struct xenbus_ops mine;

    mine = ops;
    return &mine;
}

const struct xenbus_ops *opened_for(enum xenbus_action first)
{
    struct xenbus_ops *o = new_ops();

    o->opens_for = first;
    return o;
}

void end_process(void)
{
    xenbus_close(&device);
    event_loop_destroy(&loop);
}

void start_process(const struct xenbus_ops *with, int record)
{
    memset(&device, 0, sizeof(device));
    device.record = (struct record){.head = &left, .fd = record};
    event_loop_init(&loop);
    assert_int_equal(xenbus_open(&device, &loop, BACK, with), 0);
    xenbus_advance(&device);
}

void replace_process(const struct xenbus_ops *with)
{
    end_process();
    start_process(with, -1);
}

int make_device(void **state)
{
    played_put(BACK "/frontend", FRONT);
    played_put(BACK "/online", "1");
    played_put(BACK "/state", "1");
    played_put(FRONT "/state", "1");
    connect_result = 0;
    removed_meanwhile = medium_hangs = false;
    memset(&left, 0, sizeof(left));
    start_process(&ops, -1);
    return 0;
}

int forget_device(void **state)
{
    end_process();
    played_remove_below("");
    return 0;
}

/* --- the store --- */

void frontend(const char *key, const char *value)
{
    char path[128];

    snprintf(path, sizeof(path), "%s/%s", FRONT, key);
    played_put(path, value);
    played_watch_fired = true;
    device.store.source.ready(&device.store.source, 0);
}

void state_is(const char *state)
{
    assert_string_equal(played_find(BACK "/state")->value, state);
}

const char *error_node(void)
{
    struct played_node *n = played_find("error/" BACK "/error");

    return n ? n->value : NULL;
}

/* --- the main flow --- */

bool tries_to_open(void)
{
    event_loop_run(&loop);
    return device.open_wanted;
}

void open_gives(int rc)
{
    assert_true(tries_to_open());
    xenbus_opened(&device, rc);
}

void open_device(void)
{
    open_gives(0);
    xenbus_advance(&device);
}
