/* SPDX-License-Identifier: MIT */
/*
 * Devices of the guest that lies: how each comes to a connection, and out of
 * it. Nothing waits here: each turn is a step, so that one device's backend may
 * take its time while another's is lied to.
 *
 *   IDLE       the backend is asked to begin (Initialising)
 *   OFFERED    it waits for rings (InitWait)
 *   PUBLISHED  rings and their nodes are there
 *   UP         it is connected: lies
 *   LEAVING    the guest closes the device
 */
#include "liar.h"

#define TURNS 60 /* at most, of a connection */
#define STORM 300

static void saw_state(struct xenbus_watch *w)
{
    struct device *d =
        (struct device *)((char *)w - offsetof(struct device, watch));

    d->state = xenbus_number(d->backend, "state", XenbusStateUnknown);
}

bool device_find(struct device *d, const struct device_kind *kind,
                 unsigned int id)
{
    char node[48];

    *d = (struct device){.kind = kind};
    snprintf(d->path, sizeof(d->path), "device/%s/%u", kind->name, id);
    snprintf(node, sizeof(node), "%s/backend", d->path);
    if (xenbus_open() ||
        xenbus_read(NULL, node, d->backend, sizeof(d->backend)) < 0)
        return false;
    d->pages = alloc_pages(RING_PAGES);
    d->ref = grant_ring(d->pages, RING_PAGES);
    snprintf(d->watched, sizeof(d->watched), "%s/state", d->backend);
    d->watch = (struct xenbus_watch){.path = d->watched, .changed = saw_state};
    return !xenbus_watch(&d->watch);
}

void device_write(struct device *d, const char *name, uint64_t value)
{
    xenbus_printf(NULL, d->path, name, "%lu", value);
}

void device_remove(struct device *d, const char *name)
{
    char path[80];

    snprintf(path, sizeof(path), "%s/%s", d->path, name);
    xenbus_rm(NULL, path);
}

void device_tell(struct device *d)
{
    event_send(d->port[0]);
    if (d->port[1])
        event_send(d->port[1]);
}

/* --- into a connection ---------------------------------------------------- */

static void enter(struct device *d, enum phase phase)
{
    d->phase = phase;
    d->deadline = system_time() + PATIENCE;
}

/* After games with the store, too. */
static void clear_nodes(struct device *d)
{
    for (const char *const *n = d->kind->nodes; *n; n++)
        device_remove(d, *n);
    xenbus_printf(NULL, d->path, "backend", "%s", d->backend);
    device_write(d, "backend-id", 0);
}

static void ask(struct device *d)
{
    clear_nodes(d);
    device_write(d, "state", XenbusStateInitialising);
    enter(d, OFFERED);
}

static void renew_ports(struct device *d)
{
    for (unsigned int i = 0; i < 2; i++) {
        event_close(d->port[i]);
        d->port[i] = event_new_unbound(0);
    }
}

static void publish(struct device *d)
{
    d->kind->begin(d);
    grants_renew();
    grant_ring_again(d->ref, d->pages, RING_PAGES);
    renew_ports(d);
    d->kind->publish(d);
    device_write(d, "state", d->kind->published);
    enter(d, PUBLISHED);
}

static void be_up(struct device *d)
{
    if (d->kind->published != XenbusStateConnected)
        device_write(d, "state", XenbusStateConnected);
    d->connections++;
    d->turns = 1 + below(TURNS);
    enter(d, UP);
}

static void look(struct device *d)
{
    if (d->phase == OFFERED && d->state == XenbusStateInitWait) {
        publish(d);
    } else if (d->phase == PUBLISHED && d->state == XenbusStateConnected) {
        be_up(d);
    } else if (d->phase == PUBLISHED && d->state >= XenbusStateClosing) {
        d->refusals++;
        enter(d, IDLE);
    }
}

/* --- out of it ------------------------------------------------------------ */

/* In order, or as if the guest's kernel were another one now. */
static void leave(struct device *d)
{
    meddle(NULL, 0, 0, 0);
    if (once_in(2)) {
        device_write(d, "state", XenbusStateClosing);
        device_write(d, "state", XenbusStateClosed);
    } else if (once_in(2)) {
        device_write(d, "state", XenbusStateInitialising);
    } else {
        device_remove(d, "state");
    }
    enter(d, LEAVING);
}

static bool holds_ring(const struct device *d)
{
    for (unsigned int i = 0; i < RING_PAGES; i++)
        if (grant_in_use(d->ref + i))
            return true;
    return false;
}

/* Whoever says Closed, or waits for another connection, has let go of all. What
 * it was just about to do when the guest left may come before that. */
static void see_out(struct device *d)
{
    if ((d->state == XenbusStateClosed || d->state == XenbusStateInitWait) &&
        !holds_ring(d))
        enter(d, IDLE);
}

static void stay_up(struct device *d)
{
    if (d->state != XenbusStateConnected) {
        d->given_up++;
        leave(d);
    } else if (d->turns-- && is_left(d->kind->kind)) {
        d->kind->turn(d);
    } else {
        d->leaves++;
        leave(d);
    }
}

static void wait_on(struct device *d)
{
    if (system_time() < d->deadline)
        return;
    went_wrong(d->path, d->phase == OFFERED     ? "no answer to Initialising"
                        : d->phase == PUBLISHED ? "no answer to rings"
                        : holds_ring(d)         ? "a ring is held after its end"
                                                : "it does not close");
    enter(d, IDLE);
}

/* --- turns ---------------------------------------------------------------- */

static void play_with_nodes(struct device *d)
{
    nodes_turn(d);
    leave(d);
}

static bool is_needed(const struct device *d)
{
    return is_left(d->kind->kind) || is_left(NODES) || d->honest;
}

void device_turn(struct device *d)
{
    if (d->phase == IDLE && !is_needed(d))
        return;
    if ((d->phase == IDLE || d->phase == UP) && is_left(NODES) && once_in(8))
        play_with_nodes(d);
    else if (d->phase == IDLE)
        ask(d);
    else if (d->phase == UP)
        stay_up(d);
    else if (d->phase == LEAVING)
        see_out(d);
    else
        look(d);
    if (d->phase != UP)
        wait_on(d);
}

void device_calm_down(struct device *d)
{
    leave(d);
    d->honest = true;
}

void device_serve_honestly(struct device *d)
{
    while (d->phase != UP) {
        events_serve(SECOND_NS / 1000);
        device_turn(d);
    }
    if (!d->kind->work(d))
        went_wrong(d->path, "honest work afterwards is not done");
}

/* For good: its directory belongs to the toolstack's. */
void device_delete(struct device *d)
{
    xenbus_rm(NULL, d->path);
    d->kind->turn(d);
}

/* --- lies of all kinds ---------------------------------------------------- */

static void wild_index(struct device *d, void *ring)
{
    ring_distort(ring);
    device_tell(d);
}

static void event_storm(struct device *d, void *ring)
{
    for (unsigned int i = 0; i < STORM; i++)
        device_tell(d);
}

static void revoked_ring(struct device *d, void *ring)
{
    grant_revoke(d->ref + below(d->nr_pages));
    device_tell(d);
}

static void closed_port(struct device *d, void *ring)
{
    unsigned int i = below(2);

    event_close(d->port[i]);
    d->port[i] = 0;
}

/* The indices are in the first words. */
static void other_vcpu(struct device *d, void *ring)
{
    unsigned int from = once_in(4) ? 0 : 16;

    meddle(d->pages + from, d->nr_pages * PAGE_SIZE - from, below(8),
           d->port[0]);
}

static struct lies lies = {
    .name = "devices",
    .lie =
        {
            {"wild indices", wild_index},
            {"event storms", event_storm},
            {"rings revoked", revoked_ring},
            {"ports closed", closed_port},
            {"other vcpu begins", other_vcpu},
        },
};

void device_lie(struct device *d, struct ring *r)
{
    tell_one(&lies, d, r);
    is_done(d->kind->kind);
}

void device_report(void)
{
    report(&lies);
}
