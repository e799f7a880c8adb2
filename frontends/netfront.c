/* SPDX-License-Identifier: MIT */
/*
 * A frontend for network interfaces; see pv/netfront.h. Here is what concerns
 * all queues: the device's nodes, and which queue a frame goes by. What a queue
 * does with it is in net_queue.c.
 */
#include "net_queue.h"

#define CONNECT_NS (30 * SECOND_NS)

static struct netfront *interface_of(struct xenbus_device *d)
{
    return (struct netfront *)d;
}

/* --- frames --------------------------------------------------------------- */

static uint32_t mix(uint32_t hash, const uint8_t *bytes, size_t n)
{
    while (n--)
        hash = (hash ^ *bytes++) * 16777619u;
    return hash;
}

/* Addresses, and the ports of TCP and UDP behind a header of ip_len bytes. */
static uint32_t mix_flow(const uint8_t *frame, size_t len,
                         const uint8_t *addresses, size_t addresses_len,
                         uint8_t protocol, size_t ip_len)
{
    uint32_t hash = mix(2166136261u, addresses, addresses_len);

    if ((protocol == 6 || protocol == 17) && len >= 14 + ip_len + 4)
        hash = mix(hash, frame + 14 + ip_len, 4);
    return hash ^ hash >> 16;
}

/* The same number for all frames of a flow, which keep their order in one
 * queue. A fragment has no ports. */
static uint32_t flow_of(const uint8_t *frame, size_t len)
{
    unsigned int type = len < 14 ? 0 : frame[12] << 8 | frame[13];
    bool whole =
        len >= 34 && frame[14] == 0x45 && !(frame[20] & 0x3f) && !frame[21];

    if (type == 0x0800 && len >= 34)
        return mix_flow(frame, len, frame + 26, 8, whole ? frame[23] : 0, 20);
    if (type == 0x86dd && len >= 54)
        return mix_flow(frame, len, frame + 22, 32, frame[20], 40);
    return len < 12 ? 0 : mix_flow(frame, len, frame, 12, 0, 0);
}

long netfront_send_by(struct netfront *n, unsigned int queue, const void *frame,
                      size_t len, const struct net_offload *o)
{
    uint16_t flags = 0;

    if (n->dev.failed || !n->dev.driver)
        return -EIO;
    if (len < NET_FRAME_MIN || len > NET_FRAME_MAX)
        return -EINVAL;
    if (!n->dev.online)
        return -EAGAIN;
    if (len > PAGE_SIZE && !n->sg)
        return -EMSGSIZE;
    if (o && o->csum_blank)
        flags = NETTXF_csum_blank | NETTXF_data_validated;
    return net_queue_send(&n->queue[queue % n->nr_queues], frame, len, flags);
}

long netfront_send(struct netfront *n, const void *frame, size_t len,
                   const struct net_offload *o)
{
    return netfront_send_by(n, flow_of(frame, len), frame, len, o);
}

long netfront_receive(struct netfront *n, void *frame, size_t size,
                      struct net_offload *o)
{
    long len = 0;

    if (n->dev.failed || !n->dev.driver)
        return -EIO;
    for (unsigned int i = 0; n->dev.online && !len && i < n->nr_queues; i++)
        len = net_queue_receive(&n->queue[n->turn++ % n->nr_queues], frame,
                                size, o);
    return len;
}

/* --- connecting ----------------------------------------------------------- */

static unsigned int at_most(unsigned int n, uint64_t limit)
{
    return n < limit ? n : limit;
}

/* A backend that offers none takes one. */
static unsigned int queues_for(struct netfront *n)
{
    uint64_t offered =
        xenbus_backend_number(&n->dev, "multi-queue-max-queues", 0);
    unsigned int wanted = at_most(n->wanted_queues, NET_QUEUES_MAX);

    return wanted && offered ? at_most(wanted, offered) : 1;
}

static long prepare(struct xenbus_device *d)
{
    struct netfront *n = interface_of(d);
    long rc = 0;

    n->sg = xenbus_backend_number(d, "feature-sg", 0) == 1;
    n->split = xenbus_backend_number(d, "feature-split-event-channels", 0) == 1;
    n->nr_queues = queues_for(n);
    for (unsigned int i = 0; !rc && i < n->nr_queues; i++)
        rc = net_queue_begin(&n->queue[i], n);
    return rc;
}

/* What a connection before this one has left, which may have had other ports
 * and another number of queues. */
static long forget_queues(struct xenbus_device *d, const struct xenbus_tx *tx)
{
    static const char *const names[] = {
        "multi-queue-num-queues", "tx-ring-ref",      "rx-ring-ref",
        "event-channel",          "event-channel-tx", "event-channel-rx"};
    char path[64];
    long rc = 0;

    for (unsigned int i = 0; !rc && i < 6; i++) {
        snprintf(path, sizeof(path), "%s/%s", d->path, names[i]);
        rc = xenbus_rm(tx, path);
    }
    for (unsigned int i = 0; !rc && i < NET_QUEUES_MAX; i++) {
        snprintf(path, sizeof(path), "%s/queue-%u", d->path, i);
        rc = xenbus_rm(tx, path);
    }
    return rc;
}

static long publish_queue(struct netfront *n, unsigned int i,
                          const struct xenbus_tx *tx)
{
    const struct net_queue *q = &n->queue[i];
    const struct {
        const char *name;
        uint32_t value;
    } nodes[] = {{"tx-ring-ref", q->tx_page.ref[0]},
                 {"rx-ring-ref", q->rx_page.ref[0]},
                 {n->split ? "event-channel-tx" : "event-channel", q->tx_port},
                 {n->split ? "event-channel-rx" : "event-channel", q->rx_port}};
    char queue[16] = "", dir[48];
    long rc = 0;

    /* A single queue's nodes are in the device's own directory. */
    if (n->nr_queues > 1)
        snprintf(queue, sizeof(queue), "/queue-%u", i);
    snprintf(dir, sizeof(dir), "%s%s", n->dev.path, queue);
    for (unsigned int k = 0; !rc && k < 4; k++)
        rc = xenbus_printf(tx, dir, nodes[k].name, "%u", nodes[k].value);
    return rc;
}

static long publish(struct xenbus_device *d, const struct xenbus_tx *tx)
{
    static const char *const features[] = {
        "request-rx-copy",   "feature-rx-notify", "feature-sg",
        "feature-gso-tcpv4", "feature-gso-tcpv6", "feature-ipv6-csum-offload"};
    struct netfront *n = interface_of(d);
    long rc = forget_queues(d, tx);

    if (!rc && n->nr_queues > 1)
        rc = xenbus_printf(tx, d->path, "multi-queue-num-queues", "%u",
                           n->nr_queues);
    for (unsigned int i = 0; !rc && i < n->nr_queues; i++)
        rc = publish_queue(n, i, tx);
    for (unsigned int i = 0; !rc && i < 6; i++)
        rc = xenbus_printf(tx, d->path, features[i], "1");
    return rc;
}

static bool parse_mac(const char *s, uint8_t mac[6])
{
    for (unsigned int i = 0; i < 6; i++, s += 3) {
        unsigned int v = 0;

        for (unsigned int j = 0; j < 2; j++) {
            char c = s[j];

            if (c >= '0' && c <= '9')
                v = v * 16 + c - '0';
            else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
                v = v * 16 + (c | 0x20) - 'a' + 10;
            else
                return false;
        }
        if (s[2] != (i < 5 ? ':' : '\0'))
            return false;
        mac[i] = v;
    }
    return true;
}

/* The toolstack's node on this side. */
static long start(struct xenbus_device *d)
{
    struct netfront *n = interface_of(d);
    char path[48], text[32];

    snprintf(path, sizeof(path), "%s/mac", d->path);
    if (xenbus_read(NULL, path, text, sizeof(text)) < 0 ||
        !parse_mac(text, n->mac))
        return -EINVAL;
    return 0;
}

static bool stop(struct xenbus_device *d)
{
    struct netfront *n = interface_of(d);
    bool all = true;

    for (unsigned int i = 0; i < n->nr_queues; i++)
        all = net_queue_end(&n->queue[i]) && all;
    return all;
}

static const struct xenbus_driver driver = {
    .kind = "vif",
    .published = XenbusStateConnected,
    .prepare = prepare,
    .publish = publish,
    .start = start,
    .stop = stop,
};

long netfront_open(struct netfront *n, unsigned int id)
{
    long rc = xenbus_device_open(&n->dev, &driver, id);

    rc = rc ? rc : xenbus_device_wait(&n->dev, CONNECT_NS);
    if (rc && netfront_close(n))
        rc = -EBUSY;
    return rc;
}

long netfront_close(struct netfront *n)
{
    return xenbus_device_close(&n->dev);
}
