/* SPDX-License-Identifier: MIT */
/* See ctrl.h. */
#include "ctrl.h"

#include <errno.h>
#include <string.h>

typedef struct xen_netif_ctrl_request request_t;
typedef struct xen_netif_ctrl_response response_t;

/* Of the guest's page, from its beginning. */
static bool fetch(struct net_ctrl *c, uint32_t ref, void *to, uint32_t bytes)
{
    if (!bytes)
        return true;
    c->batch.used = 0;
    grant_batch_from_guest(&c->batch, c->grants->domid, ref, 0, to, bytes);
    grant_batch_run(c->grants, &c->batch);
    return grant_batch_ok(&c->batch, 0);
}

static uint32_t set_algorithm(struct net_ctrl *c, uint32_t algorithm)
{
    if (algorithm != XEN_NETIF_CTRL_HASH_ALGORITHM_NONE &&
        algorithm != XEN_NETIF_CTRL_HASH_ALGORITHM_TOEPLITZ)
        return XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER;
    c->hash->algorithm = algorithm;
    return XEN_NETIF_CTRL_STATUS_SUCCESS;
}

static uint32_t get_flags(struct net_ctrl *c, uint32_t *flags)
{
    if (c->hash->algorithm == XEN_NETIF_CTRL_HASH_ALGORITHM_NONE)
        return XEN_NETIF_CTRL_STATUS_NOT_SUPPORTED;
    *flags = NET_HASH_TYPES;
    return XEN_NETIF_CTRL_STATUS_SUCCESS;
}

static uint32_t set_flags(struct net_ctrl *c, uint32_t flags)
{
    if (c->hash->algorithm == XEN_NETIF_CTRL_HASH_ALGORITHM_NONE ||
        (flags & ~(uint32_t)NET_HASH_TYPES))
        return XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER;
    c->hash->flags = flags;
    return XEN_NETIF_CTRL_STATUS_SUCCESS;
}

static uint32_t set_key(struct net_ctrl *c, uint32_t ref, uint32_t bytes)
{
    uint8_t key[NET_HASH_KEY] = {0};

    if (bytes > NET_HASH_KEY)
        return XEN_NETIF_CTRL_STATUS_BUFFER_OVERFLOW;
    if (!fetch(c, ref, key, bytes))
        return XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER;
    memcpy(c->hash->key, key, sizeof(key));
    return XEN_NETIF_CTRL_STATUS_SUCCESS;
}

static uint32_t set_size(struct net_ctrl *c, uint32_t entries)
{
    if (entries > NET_HASH_MAPPING)
        return XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER;
    memset(c->hash->mapping, 0, sizeof(c->hash->mapping));
    c->hash->size = entries;
    return XEN_NETIF_CTRL_STATUS_SUCCESS;
}

static uint32_t set_mapping(struct net_ctrl *c, uint32_t ref, uint32_t n,
                            uint32_t first)
{
    uint32_t queue[NET_HASH_MAPPING];

    if (n > NET_HASH_MAPPING)
        return XEN_NETIF_CTRL_STATUS_BUFFER_OVERFLOW;
    if (first > NET_HASH_MAPPING || first + n > c->hash->size ||
        first + n > NET_HASH_MAPPING || !fetch(c, ref, queue, n * 4))
        return XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER;
    for (uint32_t i = 0; i < n; i++)
        if (queue[i] >= c->nr_queues)
            return XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER;
    memcpy(&c->hash->mapping[first], queue, n * 4);
    return XEN_NETIF_CTRL_STATUS_SUCCESS;
}

static void answer(struct net_ctrl *c, const request_t *q)
{
    response_t r = {.id = q->id, .type = q->type};

    switch (q->type) {
    case XEN_NETIF_CTRL_TYPE_SET_HASH_ALGORITHM:
        r.status = set_algorithm(c, q->data[0]);
        break;
    case XEN_NETIF_CTRL_TYPE_GET_HASH_FLAGS:
        r.status = get_flags(c, &r.data);
        break;
    case XEN_NETIF_CTRL_TYPE_SET_HASH_FLAGS:
        r.status = set_flags(c, q->data[0]);
        break;
    case XEN_NETIF_CTRL_TYPE_SET_HASH_KEY:
        r.status = set_key(c, q->data[0], q->data[1]);
        break;
    case XEN_NETIF_CTRL_TYPE_GET_HASH_MAPPING_SIZE:
        r.data = NET_HASH_MAPPING;
        break;
    case XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING_SIZE:
        r.status = set_size(c, q->data[0]);
        break;
    case XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING:
        r.status = set_mapping(c, q->data[0], q->data[1], q->data[2]);
        break;
    default:
        r.status = XEN_NETIF_CTRL_STATUS_NOT_SUPPORTED;
    }
    net_answer(&c->answers, &r);
}

static void open_port(struct net_ctrl *c)
{
    if (!c->masked)
        return;
    c->masked = false;
    port_done(&c->port);
}

static void serve(struct net_ctrl *c)
{
    int n = back_ring_pending(&c->ring);
    request_t request;

    for (int i = 0; i < n; i++) {
        back_ring_take(&c->ring, &request, sizeof(request));
        answer(c, &request);
    }
    if (n > 0)
        port_used(&c->port);
    if (net_answers_publish(&c->answers))
        port_notify(&c->port);
    if (n >= 0)
        n = back_ring_final_check(&c->ring);
    if (n < 0)
        c->broken(c, "the guest claims more control requests than the ring has "
                     "slots");
    else if (n > 0)
        event_work_queue(c->loop, &c->work);
    else
        open_port(c);
}

static void on_event(struct port *p)
{
    struct net_ctrl *c = container_of(p, struct net_ctrl, port);

    c->masked = true;
    serve(c);
}

static void on_work(struct event_work *w)
{
    serve(container_of(w, struct net_ctrl, work));
}

static int take_up(struct net_ctrl *c, bool resume)
{
    c->answers =
        (struct net_answers){&c->ring, c->sealed, sizeof(response_t), 0};
    if (resume)
        return net_answers_resume(&c->answers);
    c->sealed->count = 0;
    return 0;
}

int net_ctrl_connect(struct net_ctrl *c, struct ports *ports, uint32_t ref,
                     uint32_t port, bool resume)
{
    int rc = grant_batch_init(&c->batch, 1, NULL);

    c->masked = false;
    c->work.run = on_work;
    c->addr = rc ? NULL : grants_map(c->grants, &ref, 1);
    if (!rc && !c->addr)
        rc = -errno;
    rc = rc ? rc
            : back_ring_attach(&c->ring, c->addr, PAGE_SIZE, sizeof(request_t));
    rc = rc ? rc : take_up(c, resume);
    rc = rc ? rc : port_bind(ports, &c->port, c->grants->domid, port, on_event);
    if (rc) {
        net_ctrl_disconnect(c);
        return rc;
    }
    if (resume) /* published by who was killed before this */
        port_notify(&c->port);
    /* Requests may be waiting: their event came before the port was bound. */
    event_work_queue(c->loop, &c->work);
    return 0;
}

void net_ctrl_disconnect(struct net_ctrl *c)
{
    if (!c->addr && !c->batch.seg)
        return;
    event_work_cancel(c->loop, &c->work);
    port_unbind(&c->port);
    grants_unmap(c->grants, c->addr, 1);
    c->addr = NULL;
    grant_batch_destroy(&c->batch);
}
