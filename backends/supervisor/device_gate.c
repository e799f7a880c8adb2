/* SPDX-License-Identifier: MIT */
/* See device_gate.h. */
#include "device_gate.h"

#include <stdio.h>
#include <string.h>

#define VALUE_MOST 64
#define ERROR_MOST 256

/* What a backend says of itself in its device's directory. */
static const char *const announced[] = {
    "state",
    "multi-queue-max-queues",
    /* disks */
    "sectors",
    "info",
    "sector-size",
    "physical-sector-size",
    "max-ring-page-order",
    "feature-max-indirect-segments",
    "feature-flush-cache",
    "feature-barrier",
    "feature-persistent",
    "feature-discard",
    "discard-granularity",
    "discard-alignment",
    "discard-secure",
    /* network interfaces */
    "feature-sg",
    "feature-gso-tcpv4",
    "feature-gso-tcpv6",
    "feature-ipv6-csum-offload",
    "feature-rx-copy",
    "feature-rx-flip",
    "feature-split-event-channels",
    "feature-multicast-control",
    "feature-dynamic-multicast-control",
    "feature-ctrl-ring",
    "feature-xdp-headroom",
};

static bool is_announced(const char *key)
{
    for (size_t i = 0; i < ARRAY_SIZE(announced); i++)
        if (!strcmp(key, announced[i]))
            return true;
    return false;
}

/* What of path lies below dir: "" for dir itself, NULL if it is elsewhere. */
static const char *below(const char *path, const char *dir)
{
    size_t n = strlen(dir);

    if (strncmp(path, dir, n))
        return NULL;
    return !path[n] ? path + n : path[n] == '/' ? path + n + 1 : NULL;
}

static bool is_error_node(const struct device_gate *g, const char *path)
{
    const char *device = below(path, "error");
    const char *node = device ? below(device, g->device) : NULL;

    return node && !strcmp(node, "error");
}

static bool may_see(const struct device_gate *g, const char *path)
{
    char guest[32];
    unsigned int domid;

    if (below(path, g->device) || is_error_node(g, path) ||
        !strcmp(path, "domid"))
        return true;
    if (sscanf(g->device, "backend/%*[^/]/%u/", &domid) != 1)
        return false;
    snprintf(guest, sizeof(guest), "/local/domain/%u", domid);
    return below(path, guest);
}

/* The one node of its frontend's that a backend writes. */
static bool is_mtu(const struct device_gate *g, const char *path)
{
    unsigned int domid, devid;
    char mtu[64];

    if (sscanf(g->device, "backend/vif/%u/%u", &domid, &devid) != 2)
        return false;
    snprintf(mtu, sizeof(mtu), "/local/domain/%u/device/vif/%u/mtu", domid,
             devid);
    return !strcmp(path, mtu);
}

/* value: so many bytes. */
static bool may_write(const struct device_gate *g, const char *path,
                      size_t value)
{
    const char *key = below(path, g->device);

    if (is_error_node(g, path))
        return value <= ERROR_MOST;
    return !g->over && ((key && is_announced(key)) || is_mtu(g, path)) &&
           value <= VALUE_MOST;
}

/* A process may write all that its guest is told of. */
static void tell_of_size(const struct device_gate *g, const char *path)
{
    const char *key = below(path, g->device);

    if (g->resized && key && !strcmp(key, "sectors"))
        g->resized((struct device_gate *)g);
}

static const struct device_gate *of(const struct store_gate *g)
{
    return container_of(g, const struct device_gate, gate);
}

static bool may(const struct store_gate *gate, uint32_t type, const char *path,
                const char *rest, size_t n)
{
    const struct device_gate *g = of(gate);

    switch (type) {
    case XS_READ:
    case XS_WATCH:
        return may_see(g, path);
    case XS_WRITE:
        if (!may_write(g, path, n))
            return false;
        tell_of_size(g, path);
        return true;
    case XS_RM:
        return is_error_node(g, path);
    default:
        return false;
    }
}

/* What was written before the device was over is not there yet. */
static bool may_commit(const struct store_gate *gate)
{
    return !of(gate)->over;
}

void device_gate_begin(struct device_gate *g, struct event_loop *loop)
{
    static const struct store_gate_rules rules = {.may = may,
                                                  .may_commit = may_commit,
                                                  .watches = 8,
                                                  .burst = 400,
                                                  .per_tick = 20};

    g->gate.loop = loop;
    g->gate.rules = &rules;
    g->gate.name = g->device;
}
