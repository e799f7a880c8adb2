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

#include <daemon/signals.h>

#include "../common/kernel_driver.h"
#include "../common/privileges.h"
#include "../common/xenbus.h"
#include "queue.h"

struct disk_device {
    struct xenbus_device bus;
    struct event_loop loop;
    struct signal_watch signals;
    struct ports ports;
    struct grants grants;
    struct storage disk;
    struct block_queue queue;
};

static struct disk_device *device_of(struct xenbus_device *bus)
{
    return container_of(bus, struct disk_device, bus);
}

static int announce(struct xenbus_device *bus)
{
    int rc = xenbus_printf(bus, "feature-max-indirect-segments", "%d",
                           BLOCK_MAX_SEGMENTS);

    if (!rc)
        rc = xenbus_printf(bus, "max-ring-page-order", "%d",
                           BLOCK_MAX_RING_ORDER);
    return rc;
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

static int open_medium(struct disk_device *d)
{
    char *mode, *path;
    bool readonly, discard;
    int rc;

    if (d->disk.fd >= 0)
        return 0;
    mode = xenbus_read(&d->bus, "mode");
    path = medium_path(&d->bus);
    readonly = !mode || mode[0] != 'w';
    discard = !node_is(&d->bus, "discard-enable", "0");
    if (!path || path[0] != '/') {
        log_error("no path of a file or device ('%s')", path ? path : "");
        rc = -ENOENT;
    } else {
        rc = storage_open(&d->disk, path, readonly, discard, BLOCK_INFLIGHT);
    }
    if (!rc) {
        log_info("%s, %llu sectors, %s%s", path,
                 (unsigned long long)d->disk.sectors,
                 readonly ? "read-only" : "read-write",
                 d->disk.in_memory ? ", in memory" : "");
        storage_register(&d->disk, d->queue.pool.base, POOL_BYTES);
        rc = privileges_drop();
    }
    free(mode);
    free(path);
    return rc;
}

static int write_properties(struct xenbus_device *bus, const struct storage *s)
{
    char *type = xenbus_read(bus, "device-type");
    int cdrom = type && !strcmp(type, "cdrom");
    int flush = s->flush && !s->readonly;
    int rc;

    free(type);
    rc = xenbus_printf(bus, "feature-flush-cache", "%d", flush);
    rc = rc ? rc : xenbus_printf(bus, "feature-barrier", "%d", flush);
    rc = rc ? rc : xenbus_printf(bus, "feature-persistent", "1");
    rc = rc ? rc : xenbus_printf(bus, "feature-discard", "%d", s->discard);
    if (s->discard) {
        rc = rc ? rc
                : xenbus_printf(bus, "discard-granularity", "%u",
                                s->discard_granularity);
        rc = rc ? rc
                : xenbus_printf(bus, "discard-alignment", "%u",
                                s->discard_alignment);
        rc = rc ? rc : xenbus_printf(bus, "discard-secure", "0");
    }
    rc = rc ? rc
            : xenbus_printf(bus, "sectors", "%llu",
                            (unsigned long long)s->sectors);
    rc = rc ? rc
            : xenbus_printf(bus, "info", "%u",
                            (s->readonly ? VDISK_READONLY : 0) |
                                (cdrom ? VDISK_CDROM : 0));
    rc = rc ? rc : xenbus_printf(bus, "sector-size", "%u", s->sector_size);
    return rc ? rc
              : xenbus_printf(bus, "physical-sector-size", "%u",
                              s->physical_sector_size);
}

/* One ring-ref, or ring-ref0... if the frontend chose an order. */
static int read_ring_refs(struct xenbus_device *bus, uint32_t *refs,
                          unsigned int *nr)
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
    *nr = 1u << order;
    for (unsigned int i = 0; i < *nr; i++) {
        char key[24];

        if (single)
            strcpy(key, "ring-ref");
        else
            snprintf(key, sizeof(key), "ring-ref%u", i);
        /* No default: absent is refused like nonsense. */
        rc = xenbus_frontend_uint(bus, key, UINT64_MAX, UINT32_MAX, &ref);
        if (rc)
            return rc;
        refs[i] = ref;
    }
    return 0;
}

/* 32-bit frontends lay their requests out differently. */
static int check_protocol(struct xenbus_device *bus)
{
    char *p = xenbus_frontend_read(bus, "protocol");
    bool ok = !p || !strcmp(p, "x86_64-abi");

    if (!ok)
        log_error("ring protocol '%.40s' is not supported", p);
    free(p);
    return ok ? 0 : -EPROTONOSUPPORT;
}

static int connect_disk(struct xenbus_device *bus)
{
    struct disk_device *d = device_of(bus);
    uint32_t refs[1 << BLOCK_MAX_RING_ORDER];
    uint64_t port, persistent;
    unsigned int nr;
    int rc;

    rc = open_medium(d);
    rc = rc ? rc : check_protocol(bus);
    rc = rc ? rc : read_ring_refs(bus, refs, &nr);
    rc = rc ? rc
            : xenbus_frontend_uint(bus, "event-channel", UINT64_MAX, UINT32_MAX,
                                   &port);
    rc =
        rc ? rc
           : xenbus_frontend_uint(bus, "feature-persistent", 0, 1, &persistent);
    rc = rc ? rc : write_properties(bus, &d->disk);
    if (rc)
        return rc;
    d->queue.limits = (struct block_limits){
        .sectors = d->disk.sectors,
        .sector_size = d->disk.sector_size,
        .readonly = d->disk.readonly,
        .discard = d->disk.discard,
    };
    return block_queue_connect(&d->queue, &d->ports, refs, nr, port,
                               persistent);
}

static void disconnect_disk(struct xenbus_device *bus)
{
    block_queue_disconnect(&device_of(bus)->queue);
}

static void broken(struct block_queue *q, const char *why)
{
    struct disk_device *d = container_of(q, struct disk_device, queue);

    xenbus_fatal(&d->bus, EPROTO, "%s", why);
}

static const struct xenbus_ops disk_ops = {
    .announce = announce,
    .ready = ready,
    .connect = connect_disk,
    .disconnect = disconnect_disk,
};

static int run(struct disk_device *d, const char *path)
{
    int rc = event_loop_init(&d->loop);

    if (rc)
        return rc;
    rc = signals_watch(&d->signals, &d->loop);
    rc = rc ? rc : xenbus_open(&d->bus, &d->loop, path, "vbd", &disk_ops);
    rc = rc ? rc : ports_open(&d->ports, &d->loop);
    rc = rc ? rc : grants_open(&d->grants, d->bus.domid);
    rc = rc ? rc : block_queue_init(&d->queue, &d->loop, &d->grants, &d->disk);
    if (rc) {
        log_error("cannot start: %s", strerror(-rc));
        return rc;
    }
    d->queue.broken = broken;
    xenbus_advance(&d->bus);
    rc = event_loop_run(&d->loop);
    xenbus_close(&d->bus);
    storage_close(&d->disk);
    ports_close(&d->ports);
    grants_close(&d->grants);
    return rc;
}

int main(int argc, char **argv)
{
    static struct disk_device d = {.disk.fd = -1};
    bool debug = argc == 3 && !strcmp(argv[1], "--debug");

    if (argc != 2 && !debug) {
        fprintf(stderr, "usage: %s [--debug] backend/vbd/DOMID/DEVID\n",
                argv[0]);
        return 2;
    }
    log_setup("xen-block-backend", debug ? LOG_LVL_DEBUG : LOG_LVL_INFO);
    if (kernel_serves("vbd") || privileges_limit())
        return 1;
    return run(&d, argv[argc - 1]) ? 1 : 0;
}
