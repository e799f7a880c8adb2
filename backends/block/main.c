/* SPDX-License-Identifier: MIT */
/*
 * xen-block-backend backend/vbd/DOMID/DEVID - serves one disk of one guest,
 * from the moment the toolstack creates its nodes until they are gone. Started
 * by xen-backendd. What it writes into the store, and when, is what Linux's
 * blkback writes, so that toolstacks and frontends see no difference.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <daemon/log.h>

#include "../common/backend_main.h"
#include "medium.h"
#include "nbd.h"
#include "queue.h"
#include "resize.h"
#include "settings.h"

#define TELL_AGAIN_MS 1000
#define SLOW_MS       10000 /* of a server, until somebody is told */
#define DEPTH         (BLOCK_INFLIGHT * BLOCK_MAX_QUEUES)

struct disk_device {
    struct backend backend;
    struct storage disk;
    struct resize_watch resize;
    struct event_timer tell;  /* the guest its disk's size */
    struct block_share share; /* of the queues */
    struct block_queue queue[BLOCK_MAX_QUEUES];
    unsigned int max_queues;
    bool slow; /* its server is */
};

static struct disk_device *device_of(struct xenbus_device *bus)
{
    return container_of(bus, struct disk_device, backend.bus);
}

static void announce(struct xenbus_device *bus, struct device_nodes *n)
{
    device_node_add(n, "feature-max-indirect-segments", "%d",
                    BLOCK_MAX_SEGMENTS);
    device_node_add(n, "max-ring-page-order", "%d", BLOCK_MAX_RING_ORDER);
    device_node_add(n, "multi-queue-max-queues", "%u",
                    device_of(bus)->max_queues);
}

static bool node_is(struct xenbus_device *bus, const char *key,
                    const char *value)
{
    char *v = xenbus_read(bus, key);
    bool same = v && !strcmp(v, value);

    free(v);
    return same;
}

/* A disk without a hotplug script has nothing to wait for. */
static bool ready(struct xenbus_device *bus)
{
    char *script = xenbus_read(bus, "script");
    bool needed = script && *script;

    free(script);
    return !needed || node_is(bus, "hotplug-status", "connected");
}

/* The path that the hotplug script settled on, or the one configured. */
static char *medium_path(struct xenbus_device *bus)
{
    char *path = xenbus_read(bus, "physical-device-path");

    return path ? path : xenbus_read(bus, "params");
}

/* What the script has found there, if one has said it. */
static struct medium_id medium_id_at(struct xenbus_device *bus)
{
    char *text = xenbus_read(bus, "physical-device-id");
    char *number = text ? NULL : xenbus_read(bus, "physical-device");
    struct medium_id id = medium_id_from(text, number);

    free(text);
    free(number);
    return id;
}

/* A server tells the size when it is connected to, and never again. */
static void watch_size(struct disk_device *d)
{
    int rc = 0;

    if (d->disk.fd >= 0)
        rc = resize_watch_begin(&d->resize, &d->backend.loop, d->disk.fd);
    if (rc)
        log_warning("its size is not watched: %s", strerror(-rc));
}

static void close_disk(struct backend *b)
{
    struct disk_device *d = container_of(b, struct disk_device, backend);

    d->slow = false;
    resize_watch_end(&d->resize);
    storage_close(&d->disk);
}

/* The guest's requests stay in the rings and in the record. */
static void server_lost(struct storage *s, const char *why)
{
    struct disk_device *d = container_of(s, struct disk_device, disk);

    log_error("%s", why);
    event_loop_stop(&d->backend.loop, 1);
}

static void tell_trouble(struct disk_device *d)
{
    struct xenbus_device *bus = &d->backend.bus;
    uint32_t err = d->share.record->head.waits_for;
    char what[128];

    snprintf(what, sizeof(what), "%s: the guest's requests wait until %s",
             strerror((int)err),
             err == ENOSPC || err == EDQUOT ? "there is room"
                                            : "the medium works again");
    if (d->slow)
        xenbus_trouble(bus, ETIMEDOUT,
                       "the medium's server does not answer: the guest's "
                       "requests wait until it does");
    else if (err)
        xenbus_trouble(bus, (int)err, what);
    else
        xenbus_trouble_over(bus);
}

static void server_slow(struct storage *s, bool is)
{
    struct disk_device *d = container_of(s, struct disk_device, disk);

    d->slow = is;
    tell_trouble(d);
}

static void waits(struct block_share *s, int err)
{
    struct disk_device *d = container_of(s, struct disk_device, share);

    record_store(&s->record->head.waits_for, (uint32_t)err);
    if (!d->slow)
        tell_trouble(d);
}

static int open_target(struct disk_device *d, struct nbd_ask *a)
{
    const char *name = a->target.name;

    if (name[0] != '/' && !target_is_uri(name))
        return log_reason(-ENOENT, "no path of a file or device ('%s')", name);
    if (!target_needs_server(&a->target))
        return storage_open(&d->disk, name, a->id, a->mode, a->allow_discard,
                            DEPTH);
    a->hold = d->backend.bus.record.fd;
    a->domid = d->backend.bus.domid;
    a->loop = &d->backend.loop;
    a->lost = server_lost;
    a->slow = server_slow;
    a->slow_ms = SLOW_MS;
    return nbd_storage_open(&d->disk, a);
}

static int open_medium(struct disk_device *d, const char *path)
{
    struct xenbus_device *bus = &d->backend.bus;
    bool discard = !node_is(bus, "discard-enable", "0");
    struct medium_id id = medium_id_at(bus);
    struct nbd_ask a = {.id = &id, .allow_discard = discard};
    char *mode, *format;
    int rc;

    if (path && !*path && node_is(bus, "device-type", "cdrom"))
        return storage_open(&d->disk, NULL, NULL, "r", false, DEPTH);
    mode = xenbus_read(bus, "mode");
    format = xenbus_read(bus, "format");
    a.target = (struct target){.name = path ? path : "", .format = format};
    a.mode = mode ? mode : "r";
    /* A node that could not be read is not an absent one. */
    rc = store_lost(&bus->store) ? -ENOTCONN : open_target(d, &a);
    free(mode);
    free(format);
    return rc;
}

static int open_disk(struct backend *b)
{
    struct disk_device *d = container_of(b, struct disk_device, backend);
    char *path = medium_path(&b->bus);
    int rc = open_medium(d, path);

    if (!rc) {
        log_info("%s, %llu sectors, %s%s", *path ? path : "an empty drive",
                 (unsigned long long)d->disk.limits.sectors,
                 d->disk.limits.readonly ? "read-only" : "read-write",
                 d->disk.in_memory ? ", in memory" : "");
        storage_register(&d->disk, d->share.pool.base, POOL_PINNED_BYTES);
        watch_size(d);
        if (d->disk.lost_data) {
            log_error("what the guest wrote last did not all reach the medium");
            record_store(&d->share.record->flush_lost, 1);
        }
        /* A successor serves what is owed before it looks at the store. */
        block_settings_read(&b->bus, &d->share);
        rc = storage_hold(&d->disk, b->bus.record.fd);
        if (rc)
            close_disk(b);
    }
    free(path);
    return rc;
}

static uint64_t file_bytes(struct backend *b)
{
    return storage_bytes(&container_of(b, struct disk_device, backend)->disk);
}

static int begin_disk(struct backend *b)
{
    return storage_begin(&container_of(b, struct disk_device, backend)->disk);
}

static void add_properties(struct xenbus_device *bus, const struct storage *s,
                           struct device_nodes *n)
{
    const struct block_limits *l = &s->limits;
    bool cdrom = node_is(bus, "device-type", "cdrom");
    bool flush = s->flush && !l->readonly;

    device_node_add(n, "feature-flush-cache", "%d", flush);
    device_node_add(n, "feature-barrier", "%d", flush);
    device_node_add(n, "feature-persistent", "1");
    device_node_add(n, "feature-discard", "%d", l->discard);
    if (l->discard) {
        device_node_add(n, "discard-granularity", "%u", s->discard_granularity);
        device_node_add(n, "discard-alignment", "%u", s->discard_alignment);
        device_node_add(n, "discard-secure", "%d", l->secure_discard);
    }
    device_node_add(n, "sectors", "%llu", (unsigned long long)l->sectors);
    device_node_add(n, "info", "%u",
                    (l->readonly ? VDISK_READONLY : 0) |
                        (cdrom ? VDISK_CDROM : 0));
    device_node_add(n, "sector-size", "%u", l->sector_size);
    device_node_add(n, "physical-sector-size", "%u", s->physical_sector_size);
}

/* As Linux's blkback does it: the frontend looks at the size when the state is
 * written again. */
static void tell_size(struct disk_device *d)
{
    struct xenbus_device *bus = &d->backend.bus;
    struct device_nodes n = {0};
    char sectors[32];

    snprintf(sectors, sizeof(sectors), "%llu",
             (unsigned long long)d->disk.limits.sectors);
    if (!bus->connected || node_is(bus, "sectors", sectors))
        return;
    device_node_add(&n, "sectors", "%s", sectors);
    if (xenbus_renew(bus, &n) == -EAGAIN)
        event_timer_set(&d->backend.loop, &d->tell, TELL_AGAIN_MS);
}

static void on_tell(struct event_timer *t)
{
    tell_size(container_of(t, struct disk_device, tell));
}

static void on_resize(struct resize_watch *w)
{
    struct disk_device *d = container_of(w, struct disk_device, resize);

    if (storage_resized(&d->disk))
        tell_size(d);
}

/* Of a ring: dir is "" or "queue-N/". One ring-ref, or ring-ref0... if the
 * frontend chose an order, which is the same for all. */
static int read_ring_refs(struct xenbus_device *bus, const char *dir,
                          struct block_ring_refs *refs)
{
    uint64_t order, ref;
    char *text = xenbus_frontend_read(bus, "ring-page-order");
    bool single = !text;
    int rc;

    free(text);
    rc = xenbus_frontend_uint(bus, "ring-page-order", 0, BLOCK_MAX_RING_ORDER,
                              &order);
    if (rc)
        return rc;
    refs->nr = 1u << order;
    for (unsigned int i = 0; i < refs->nr; i++) {
        char key[48];

        if (single)
            snprintf(key, sizeof(key), "%sring-ref", dir);
        else
            snprintf(key, sizeof(key), "%sring-ref%u", dir, i);
        /* No default: absent is refused like nonsense. */
        rc = xenbus_frontend_uint(bus, key, UINT64_MAX, UINT32_MAX, &ref);
        if (rc)
            return rc;
        refs->ref[i] = ref;
    }
    return 0;
}

/* 32-bit frontends lay their requests out differently. */
static int check_protocol(struct xenbus_device *bus)
{
    char *p = xenbus_frontend_read(bus, "protocol");
    int rc = 0;

    if (p && strcmp(p, "x86_64-abi"))
        rc = log_reason(-EPROTONOSUPPORT,
                        "ring protocol '%.40s' is not supported", p);
    free(p);
    return rc;
}

static int read_ring(struct xenbus_device *bus, const char *dir,
                     struct block_ring_refs *refs)
{
    uint64_t port, persistent;
    char key[48];
    int rc = read_ring_refs(bus, dir, refs);

    snprintf(key, sizeof(key), "%sevent-channel", dir);
    rc =
        rc ? rc : xenbus_frontend_uint(bus, key, UINT64_MAX, UINT32_MAX, &port);
    rc =
        rc ? rc
           : xenbus_frontend_uint(bus, "feature-persistent", 0, 1, &persistent);
    if (rc)
        return rc;
    refs->port = port;
    refs->persistent = persistent;
    return 0;
}

/* How many, or -errno. All are read before one is connected. What is connected
 * already may be more than this process would have offered. */
static int read_rings(struct xenbus_device *bus, struct block_ring_refs *refs)
{
    char dir[24] = "";
    uint64_t n;
    int rc = check_protocol(bus);

    rc = rc ? rc
            : xenbus_frontend_uint(bus, "multi-queue-num-queues", 1,
                                   BLOCK_MAX_QUEUES, &n);
    if (rc)
        return rc;
    if (!n)
        return log_reason(-EINVAL, "the frontend has no ring");
    for (unsigned int i = 0; !rc && i < n; i++) {
        if (n > 1)
            snprintf(dir, sizeof(dir), "queue-%u/", i);
        rc = read_ring(bus, dir, &refs[i]);
    }
    return rc ? rc : (int)n;
}

static int connect_rings(struct disk_device *d,
                         const struct block_ring_refs *refs, int nr,
                         bool resume)
{
    int rc = 0;

    for (int i = 0; !rc && i < nr; i++)
        rc = block_queue_connect(&d->queue[i], &d->share, &d->backend.ports,
                                 &refs[i], resume);
    if (rc)
        block_share_disconnect(&d->share);
    return rc;
}

static int connect_disk(struct xenbus_device *bus, struct device_nodes *n,
                        bool resume)
{
    struct disk_device *d = device_of(bus);
    struct block_ring_refs refs[BLOCK_MAX_QUEUES];
    int nr = read_rings(bus, refs);

    if (nr < 0)
        return nr;
    add_properties(bus, &d->disk, n);
    if (resume) /* nobody has watched meanwhile */
        event_timer_set(&d->backend.loop, &d->tell, 0);
    if (store_lost(&bus->store))
        return -ENOTCONN;
    return connect_rings(d, refs, nr, resume);
}

static void disconnect_disk(struct xenbus_device *bus)
{
    struct disk_device *d = device_of(bus);

    event_timer_cancel(&d->backend.loop, &d->tell);
    block_share_disconnect(&d->share);
}

static bool disk_busy(struct xenbus_device *bus)
{
    return block_share_busy(&device_of(bus)->share);
}

static void leave_disk(struct xenbus_device *bus)
{
    storage_leave(&device_of(bus)->disk);
}

static void quiet(struct block_share *s)
{
    struct disk_device *d = container_of(s, struct disk_device, share);

    xenbus_quiet(&d->backend.bus);
}

static void broken(struct block_share *s, const char *why)
{
    struct disk_device *d = container_of(s, struct disk_device, share);

    xenbus_fatal(&d->backend.bus, EPROTO, "%s", why);
}

static void read_settings(struct xenbus_device *bus)
{
    block_settings_read(bus, &device_of(bus)->share);
}

static int init_disk(struct backend *b)
{
    struct disk_device *d = container_of(b, struct disk_device, backend);
    long processors = sysconf(_SC_NPROCESSORS_ONLN);

    d->max_queues = processors < 1                  ? 1
                    : processors > BLOCK_MAX_QUEUES ? BLOCK_MAX_QUEUES
                                                    : processors;
    d->share = (struct block_share){
        .loop = &b->loop,
        .grants = &b->grants,
        .disk = &d->disk,
        .record = (struct block_record *)b->bus.record.head,
        .broken = broken,
        .waits = waits,
        .quiet = quiet,
    };
    d->resize.changed = on_resize;
    d->tell.fire = on_tell;
    d->share.record->head.waits_for = 0; /* a killed process's */
    medium_inherit(b->medium, b->errors);
    return block_share_init(&d->share);
}

static const struct backend_ops disk_ops = {
    .program = "xen-block-backend",
    .bus =
        {
            .kind = "vbd",
            .process = "qdisk",
            .opens_for = XENBUS_CONNECT,
            .settings = block_settings,
            .read_settings = read_settings,
            .announce = announce,
            .ready = ready,
            .connect = connect_disk,
            .disconnect = disconnect_disk,
            .busy = disk_busy,
            .leave = leave_disk,
        },
    .record_format = BLOCK_RECORD_FORMAT,
    .record_size = sizeof(struct block_record),
    .init = init_disk,
    .open = open_disk,
    .file_bytes = file_bytes,
    .begin = begin_disk,
    .close = close_disk,
};

int main(int argc, char **argv)
{
    static struct disk_device d = {
        .disk = {.fd = -1, .alive = -1, .errors = -1}};

    return backend_main(&disk_ops, &d.backend, argc, argv);
}
