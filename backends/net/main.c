/* SPDX-License-Identifier: MIT */
/*
 * xen-net-backend backend/vif/DOMID/DEVID - serves one network interface of
 * one guest. Started by xen-backendd. The features announced are those that
 * Linux's netback announces, as far as we have them.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <base/macros.h>
#include <daemon/log.h>

#include "../common/backend_main.h"
#include "ctrl.h"
#include "link.h"
#include "queue.h"

#define ETHERNET_MTU 1500

struct net_device {
    struct backend backend;
    struct tap tap;
    struct tap_batch tap_batch;
    struct net_credit credit;
    struct grant_arena arena;
    struct net_wishes wishes;
    struct net_ctrl ctrl;
    struct link link;
    struct event_timer tell; /* that the interface was lost */
    uint32_t told_mtu;       /* to the frontend; 0: nothing yet */
    unsigned int refills;
    unsigned int nr_queues; /* connected */
    unsigned int nr_deaf;   /* of these, see queue.h */
    struct net_queue queue[TAP_MAX_QUEUES];
};

static struct net_device *device_of(struct xenbus_device *bus)
{
    return container_of(bus, struct net_device, backend.bus);
}

static void announce(struct xenbus_device *bus, struct device_nodes *n)
{
    static const char *const features[] = {
        "feature-sg",
        "feature-gso-tcpv4",
        "feature-gso-tcpv6",
        "feature-ipv6-csum-offload",
        "feature-rx-copy",
        "feature-split-event-channels",
        "feature-multicast-control",
        "feature-dynamic-multicast-control",
        "feature-ctrl-ring",
        "feature-xdp-headroom",
    };

    for (size_t i = 0; i < ARRAY_SIZE(features); i++)
        device_node_add(n, features[i], "1");
    device_node_add(n, "feature-rx-flip", "0");
    device_node_add(n, "multi-queue-max-queues", "%d", TAP_MAX_QUEUES);
}

static bool script_is_done(struct xenbus_device *bus)
{
    char *status = xenbus_read(bus, "hotplug-status");
    bool yes = status && !strcmp(status, "connected");

    free(status);
    return yes;
}

static bool ready(struct xenbus_device *bus)
{
    char *script = xenbus_read(bus, "script");
    bool yes = !script || !*script || script_is_done(bus);

    free(script);
    return yes;
}

static int read_flag(struct xenbus_device *bus, const char *key, bool *flag)
{
    uint64_t v;
    int rc = xenbus_frontend_uint(bus, key, 0, 1, &v);

    *flag = rc ? false : v;
    return rc;
}

static int read_features(struct xenbus_device *bus, struct net_features *f)
{
    bool copy, no_csum;
    int rc = read_flag(bus, "request-rx-copy", &copy);

    rc = rc ? rc : read_flag(bus, "feature-rx-notify", &f->rx_notify);
    rc = rc ? rc : read_flag(bus, "feature-sg", &f->sg);
    rc = rc ? rc : read_flag(bus, "feature-gso-tcpv4", &f->tso4);
    rc = rc ? rc : read_flag(bus, "feature-gso-tcpv6", &f->tso6);
    rc = rc ? rc : read_flag(bus, "feature-no-csum-offload", &no_csum);
    rc = rc ? rc : read_flag(bus, "feature-ipv6-csum-offload", &f->csum6);
    if (rc)
        return rc;
    if (!copy)
        return log_reason(-EOPNOTSUPP, "the frontend lacks request-rx-copy");
    f->csum = !no_csum;
    f->tso4 = f->tso4 && f->sg && f->csum;
    f->tso6 = f->tso6 && f->sg && f->csum && f->csum6;
    return 0;
}

/* dir: "" or "queue-N/". */
static int read_refs(struct xenbus_device *bus, const char *dir,
                     struct net_queue_refs *refs)
{
    struct {
        const char *key;
        uint32_t *to;
    } node[] = {{"tx-ring-ref", &refs->tx_ref},
                {"rx-ring-ref", &refs->rx_ref},
                {"event-channel-tx", &refs->tx_port},
                {"event-channel-rx", &refs->rx_port}};
    unsigned int n = ARRAY_SIZE(node);
    char key[64], *split;
    uint64_t v;
    int rc;

    memset(refs, 0, sizeof(*refs));
    snprintf(key, sizeof(key), "%sevent-channel-tx", dir);
    split = xenbus_frontend_read(bus, key);
    if (!split) {
        node[2].key = "event-channel";
        n = 3;
    }
    free(split);
    for (unsigned int i = 0; i < n; i++) {
        snprintf(key, sizeof(key), "%s%s", dir, node[i].key);
        /* No default: absent is refused like nonsense. */
        rc = xenbus_frontend_uint(bus, key, UINT64_MAX, UINT32_MAX, &v);
        if (rc)
            return rc;
        *node[i].to = v;
    }
    return 0;
}

/* Nonsense changes nothing. */
static void read_wishes(struct xenbus_device *bus)
{
    struct net_device *d = device_of(bus);
    bool filter;
    uint64_t headroom;
    int rc = read_flag(bus, "request-multicast-control", &filter);

    rc = rc ? rc
            : xenbus_frontend_uint(bus, "xdp-headroom", 0, UINT16_MAX,
                                   &headroom);
    if (store_lost(&bus->store))
        return;
    if (rc) {
        log_warning("%s", log_take_reason(rc));
        return;
    }
    net_wishes_set(&d->wishes, filter, headroom);
}

/* By the frontend's node, where the hotplug script has put it first. */
static void tell_mtu(struct net_device *d)
{
    struct xenbus_device *bus = &d->backend.bus;
    struct device_nodes nodes = {0};
    uint64_t known;
    int rc;

    if (!bus->connected || !d->link.mtu || d->link.mtu == d->told_mtu)
        return;
    rc = xenbus_frontend_uint(bus, "mtu", ETHERNET_MTU, UINT32_MAX, &known);
    log_take_reason(rc); /* another's nonsense is written over */
    if (rc || known != d->link.mtu) {
        device_node_add(&nodes, "mtu", "%u", d->link.mtu);
        rc = device_write(bus->store.xs, bus->frontend, &nodes);
        if (rc && !store_lost(&bus->store))
            log_warning("cannot tell of the MTU %u: %s", d->link.mtu,
                        strerror(-rc));
    }
    if (!store_lost(&bus->store))
        d->told_mtu = d->link.mtu;
}

static struct net_record *record_of(struct net_device *d)
{
    return (struct net_record *)d->backend.bus.record.head;
}

/* Who has taken it out of a bridge knows; one that was lost is told of until it
 * is on one again, whatever becomes of the process meanwhile. */
static void link_changed(struct link *l)
{
    struct net_device *d = container_of(l, struct net_device, link);

    tell_mtu(d);
    if (!record_of(d)->head.lost || !l->bridge)
        return;
    record_of(d)->head.lost = false;
    event_timer_cancel(&d->backend.loop, &d->tell);
    xenbus_trouble_over(&d->backend.bus);
}

static void look_again(struct xenbus_device *bus)
{
    read_wishes(bus);
    tell_mtu(device_of(bus));
}

static void broken(struct net_queue *q, const char *why)
{
    struct net_device *d = q->owner;

    xenbus_fatal(&d->backend.bus, EPROTO, "%s", why);
}

/* One that the guest does not serve would lose its frames for good: it is like
 * a cable that is not plugged in. */
static void deaf(struct net_queue *q, bool is_deaf)
{
    struct net_device *d = q->owner;
    unsigned int before = d->nr_deaf;

    d->nr_deaf += is_deaf ? 1 : -1;
    if (!before != !d->nr_deaf) {
        log_info("carrier %s", is_deaf ? "off" : "on");
        tap_set_carrier(&d->tap, !d->nr_deaf);
    }
}

static void ctrl_broken(struct net_ctrl *c, const char *why)
{
    struct net_device *d = container_of(c, struct net_device, ctrl);

    xenbus_fatal(&d->backend.bus, EPROTO, "%s", why);
}

/* The next process makes it anew. */
static void lose_interface(struct net_device *d)
{
    log_error("interface %s was removed, and its place in a bridge with it",
              d->tap.name);
    event_loop_stop(&d->backend.loop, 1);
}

static void lost(struct net_queue *q)
{
    lose_interface(q->owner);
}

static void disconnect_net(struct xenbus_device *bus)
{
    struct net_device *d = device_of(bus);

    event_timer_cancel(&d->backend.loop, &d->tell);
    net_ctrl_disconnect(&d->ctrl);
    while (d->nr_queues)
        net_queue_disconnect(&d->queue[--d->nr_queues]);
    d->nr_deaf = 0;
    grant_arena_give_back(&d->arena);
    tap_disconnect(&d->tap);
}

/* The toolstack's rate=: "BYTES,MICROSECONDS", absent for no limit. */
static int read_rate(struct xenbus_device *bus, struct net_credit *c)
{
    char *text = xenbus_read(bus, "rate"), trailing;
    unsigned long long bytes = 0, usec = 0;
    int rc = 0;

    if (text && sscanf(text, "%llu,%llu%c", &bytes, &usec, &trailing) != 2) {
        rc = log_reason(-EINVAL, "rate '%s' is not BYTES,MICROSECONDS", text);
    } else {
        net_credit_limit(c, bytes, usec);
    }
    free(text);
    return rc;
}

/* One busy queue could take it all: another is the first each time. */
static void refilled(struct net_credit *c)
{
    struct net_device *d = container_of(c, struct net_device, credit);
    unsigned int n = d->nr_queues, first = d->refills++;

    for (unsigned int i = 0; i < n; i++)
        event_work_queue(&d->backend.loop, &d->queue[(first + i) % n].tx_work);
}

static int connect_queue(struct net_device *d, unsigned int i,
                         unsigned int nr_queues, const struct net_features *f,
                         bool resume)
{
    struct net_record *record = record_of(d);
    struct net_queue *q = &d->queue[i];
    struct net_queue_refs refs;
    char dir[32] = "";
    int rc;

    if (nr_queues > 1)
        snprintf(dir, sizeof(dir), "queue-%u/", i);
    rc = read_refs(&d->backend.bus, dir, &refs);
    if (!rc && store_lost(&d->backend.bus.store))
        rc = -ENOTCONN;
    if (rc)
        return rc;
    q->loop = &d->backend.loop;
    q->grants = &d->backend.grants;
    q->owner = d;
    q->broken = broken;
    q->lost = lost;
    q->deaf = deaf;
    q->features = *f;
    q->wishes = &d->wishes;
    q->tap_fd = d->tap.fd[i];
    q->tap_batch = &d->tap_batch;
    q->credit = &d->credit;
    q->arena = &d->arena;
    q->all = d->queue;
    q->nr_all = nr_queues;
    q->record = &record->queue[i];
    q->counts = &record->head.counts;
    return net_queue_connect(q, &d->backend.ports, &refs, resume);
}

/* If the frontend has one. */
static int connect_ctrl(struct net_device *d, unsigned int nr_queues,
                        bool resume)
{
    struct xenbus_device *bus = &d->backend.bus;
    struct net_record *record = record_of(d);
    char *wanted = xenbus_frontend_read(bus, "ctrl-ring-ref");
    uint64_t ref = 0, port = 0;
    int rc = 0;

    if (wanted) {
        rc = xenbus_frontend_uint(bus, "ctrl-ring-ref", UINT64_MAX, UINT32_MAX,
                                  &ref);
        rc = rc ? rc
                : xenbus_frontend_uint(bus, "event-channel-ctrl", UINT64_MAX,
                                       UINT32_MAX, &port);
    }
    if (!rc && store_lost(&bus->store))
        rc = -ENOTCONN;
    if (!rc && wanted) {
        d->ctrl.loop = &d->backend.loop;
        d->ctrl.grants = &d->backend.grants;
        d->ctrl.hash = &record->hash;
        d->ctrl.sealed = &record->ctrl;
        d->ctrl.nr_queues = nr_queues;
        d->ctrl.broken = ctrl_broken;
        rc = net_ctrl_connect(&d->ctrl, &d->backend.ports, ref, port, resume);
    }
    free(wanted);
    return rc;
}

static uint32_t own_domid(struct xenbus_device *bus)
{
    unsigned int len;
    char *text = xs_read(bus->store.xs, XBT_NULL, "domid", &len);
    uint32_t domid = text ? strtoul(text, NULL, 10) : 0;

    free(text);
    return domid;
}

/* A successor looks later whether they have changed (look_again()). */
static void begin_wishes(struct net_device *d, bool resume)
{
    struct net_record *record = record_of(d);

    net_wishes_begin(&d->wishes, record, resume);
    if (!resume)
        read_wishes(&d->backend.bus);
}

static int connect_net(struct xenbus_device *bus, struct device_nodes *none,
                       bool resume)
{
    struct net_device *d = device_of(bus);
    struct net_features f;
    struct tap_offloads o;
    uint32_t self = own_domid(bus);
    uint64_t queues;
    int rc = read_features(bus, &f);

    rc = rc ? rc
            : xenbus_frontend_uint(bus, "multi-queue-num-queues", 1,
                                   TAP_MAX_QUEUES, &queues);
    if (!rc && !queues)
        rc = -EINVAL;
    rc = rc ? rc : read_rate(bus, &d->credit);
    if (!rc && store_lost(&bus->store))
        rc = -ENOTCONN;
    if (rc)
        return rc;
    begin_wishes(d, resume);
    o = (struct tap_offloads){.csum = f.csum, .tso4 = f.tso4, .tso6 = f.tso6};
    rc = grant_arena_take(&d->arena, d->backend.grants.handle, self,
                          NET_ARENA_PAGES);
    rc = rc ? rc : tap_connect(&d->tap, queues, &o);
    for (d->nr_queues = 0; !rc && d->nr_queues < queues; d->nr_queues++) {
        rc = connect_queue(d, d->nr_queues, queues, &f, resume);
        if (rc)
            break;
    }
    rc = rc ? rc : connect_ctrl(d, queues, resume);
    if (rc == -EBADFD)
        lose_interface(d);
    if (rc)
        disconnect_net(bus);
    else if (record_of(d)->head.lost)
        event_timer_set(&d->backend.loop, &d->tell, 0);
    return rc;
}

/* Once the guest is served: until then, the error node says why the process
 * before this one ended. */
static void tell_of_loss(struct event_timer *t)
{
    struct net_device *d = container_of(t, struct net_device, tell);
    char text[128];

    snprintf(text, sizeof(text),
             "interface %s was lost and made anew: its place in a bridge is "
             "lost until it is attached again",
             d->tap.name);
    xenbus_trouble(&d->backend.bus, ENODEV, text);
}

static int init_net(struct backend *b)
{
    struct net_device *d = container_of(b, struct net_device, backend);

    d->credit.loop = &b->loop;
    d->credit.refilled = refilled;
    d->tell.fire = tell_of_loss;
    return 0;
}

/* The hotplug script looks for the interface once we are announced, and may
 * rename it; an interface that has the name before is another's. */
static int open_net(struct backend *b)
{
    struct net_device *d = container_of(b, struct net_device, backend);
    bool in_use = record_connected(&b->bus.record);
    bool placed = script_is_done(&b->bus);
    char *renamed = placed ? xenbus_read(&b->bus, "vifname") : NULL;
    int rc = tap_open(&d->tap, b->bus.domid, b->bus.devid, TAP_MAX_QUEUES,
                      renamed, in_use);

    free(renamed);
    d->link.changed = link_changed;
    if (!rc)
        link_open(&d->link, &b->loop, d->tap.name);
    if (d->tap.made && (placed || in_use))
        record_of(d)->head.lost = true;
    else if (d->link.bridge)
        record_of(d)->head.lost = false;
    if (!rc)
        tap_batch_open(&d->tap_batch, NET_RING_SIZE);
    if (!rc)
        grant_arena_open(&d->arena);
    return rc;
}

static void close_net(struct backend *b)
{
    struct net_device *d = container_of(b, struct net_device, backend);

    link_close(&d->link);
    tap_batch_close(&d->tap_batch);
    grant_arena_close(&d->arena);
    tap_close(&d->tap);
}

static const char *const watched[] = {"request-multicast-control",
                                      "xdp-headroom", NULL};

static const struct backend_ops net_ops = {
    .program = "xen-net-backend",
    .bus =
        {
            .kind = "vif",
            .opens_for = XENBUS_ANNOUNCE,
            .announce = announce,
            .ready = ready,
            .connect = connect_net,
            .watched = watched,
            .changed = look_again,
            .disconnect = disconnect_net,
        },
    .record_format = NET_RECORD_FORMAT,
    .record_size = sizeof(struct net_record),
    .init = init_net,
    .open = open_net,
    .close = close_net,
};

int main(int argc, char **argv)
{
    static struct net_device d;

    return backend_main(&net_ops, &d.backend, argc, argv);
}
