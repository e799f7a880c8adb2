/* SPDX-License-Identifier: MIT */
/*
 * A frontend for network interfaces; see pv/netfront.h. Buffers are pages that
 * are shared as long as the device is connected, and a buffer's number is the
 * id of its request.
 */
#include <pv/netfront.h>

#define CONNECT_NS (30 * SECOND_NS)

static struct netfront *interface_of(struct xenbus_device *d)
{
    return (struct netfront *)d;
}

/* --- to the backend ------------------------------------------------------- */

static const char *take_tx_response(struct netfront *n,
                                    const struct netif_tx_response *r)
{
    if (r->id >= NET_TX_BUFFERS || !n->tx_buffer[r->id].in_ring)
        return "the backend answers a frame that is not under way";
    if (r->status > NETIF_RSP_OKAY || r->status < NETIF_RSP_DROPPED)
        return "the backend answers with a status that does not exist";
    n->tx_buffer[r->id].in_ring = false;
    return NULL;
}

/* More of them than frames: the first too many names one that is over. */
static const char *take_tx_responses(struct netfront *n)
{
    RING_IDX prod = __atomic_load_n(&n->tx.sring->rsp_prod, __ATOMIC_ACQUIRE);

    while (n->tx.rsp_cons != prod) {
        struct netif_tx_response r;
        const char *wrong;

        RING_COPY_RESPONSE(&n->tx, n->tx.rsp_cons, &r);
        n->tx.rsp_cons++;
        wrong = take_tx_response(n, &r);
        if (wrong)
            return wrong;
    }
    return NULL;
}

static void serve_tx(void *arg)
{
    struct netfront *n = arg;
    const char *wrong;
    int more;

    do {
        wrong = take_tx_responses(n);
        if (wrong) {
            xenbus_device_fail(&n->dev, wrong);
            return;
        }
        RING_FINAL_CHECK_FOR_RESPONSES(&n->tx, more);
    } while (more);
}

static unsigned int free_tx_buffers(const struct netfront *n)
{
    unsigned int free = 0;

    for (unsigned int i = 0; i < NET_TX_BUFFERS; i++)
        free += !n->tx_buffer[i].in_ring;
    return free;
}

static unsigned int free_tx_buffer(const struct netfront *n)
{
    unsigned int i = 0;

    while (n->tx_buffer[i].in_ring)
        i++;
    return i;
}

/* A part of a frame in a buffer of its own. The first request tells the size
 * of the whole frame. */
static void put_piece(struct netfront *n, const char *from, size_t len,
                      size_t size, uint16_t flags)
{
    unsigned int id = free_tx_buffer(n);
    struct net_buffer *b = &n->tx_buffer[id];

    memcpy(b->page.base, from, len);
    b->in_ring = true;
    *RING_GET_REQUEST(&n->tx, n->tx.req_prod_pvt++) = (struct netif_tx_request){
        .gref = b->page.ref[0], .flags = flags, .id = id, .size = size};
}

static void put_frame(struct netfront *n, const char *frame, size_t len,
                      uint16_t flags)
{
    for (size_t done = 0; done < len; flags = 0) {
        size_t left = len - done, piece = left < PAGE_SIZE ? left : PAGE_SIZE;

        put_piece(n, frame + done, piece, done ? piece : len,
                  flags | (piece < left ? NETTXF_more_data : 0));
        done += piece;
    }
}

long netfront_send(struct netfront *n, const void *frame, size_t len,
                   const struct net_offload *o)
{
    size_t pages = (len + PAGE_SIZE - 1) / PAGE_SIZE;
    int notify;

    if (n->dev.failed || !n->dev.driver)
        return -EIO;
    if (len < NET_FRAME_MIN || len > NET_FRAME_MAX)
        return -EINVAL;
    if (n->dev.online && pages > 1 && !n->sg)
        return -EMSGSIZE;
    if (!n->dev.online || pages > free_tx_buffers(n))
        return -EAGAIN;
    put_frame(n, frame, len,
              o && o->csum_blank ? NETTXF_csum_blank | NETTXF_data_validated
                                 : 0);
    RING_PUSH_REQUESTS_AND_CHECK_NOTIFY(&n->tx, notify);
    if (notify)
        event_send(n->tx_port);
    return 0;
}

/* --- from the backend ----------------------------------------------------- */

static void offer(struct netfront *n, unsigned int buffer)
{
    RING_IDX at = n->rx.req_prod_pvt++;

    n->rx_at[at & (NET_RING - 1)] = buffer;
    *RING_GET_REQUEST(&n->rx, at) = (struct netif_rx_request){
        .id = buffer, .gref = n->rx_buffer[buffer].page.ref[0]};
}

static void push_offers(struct netfront *n)
{
    int notify;

    RING_PUSH_REQUESTS_AND_CHECK_NOTIFY(&n->rx, notify);
    if (notify)
        event_send(n->rx_port);
}

/* A frame on its way out of the ring. */
struct taking {
    RING_IDX at, end; /* of the responses that are there */
    char *to;
    size_t size, len;
    bool lost;
    const char *wrong; /* with the backend */
};

/* A place of the ring holds one or the other. */
union rx_slot {
    struct netif_rx_response response;
    struct netif_extra_info extra;
};

/* False: the frame is not all there, which no backend may do. */
static bool take_slot(struct netfront *n, struct taking *t, union rx_slot *copy,
                      unsigned int *buffer)
{
    if (t->at == t->end) {
        t->wrong = "the backend shows a part of a frame";
        return false;
    }
    *buffer = n->rx_at[t->at & (NET_RING - 1)];
    RING_COPY_RESPONSE(&n->rx, t->at, &copy->response);
    t->at++;
    return true;
}

static void take_extras(struct netfront *n, struct taking *t,
                        struct net_offload *o)
{
    const struct netif_extra_info *e;
    union rx_slot slot;
    unsigned int buffer;

    do {
        if (!take_slot(n, t, &slot, &buffer))
            return;
        e = &slot.extra;
        if (e->type == XEN_NETIF_EXTRA_TYPE_GSO) {
            o->gso_type = e->u.gso.type;
            o->gso_size = e->u.gso.size;
        }
    } while (e->flags & XEN_NETIF_EXTRA_FLAG_MORE);
}

static void take_data(struct netfront *n, struct taking *t,
                      const struct netif_rx_response *r, unsigned int buffer)
{
    size_t bytes = r->status > 0 ? r->status : 0;

    if (r->id != buffer)
        t->wrong = "the backend answers with another buffer than was offered";
    else if (r->offset + bytes > PAGE_SIZE)
        t->wrong = "the backend has put more into a page than fits";
    else if (r->status < 0 || bytes > t->size - t->len)
        t->lost = true;
    else
        memcpy(t->to + t->len,
               (char *)n->rx_buffer[buffer].page.base + r->offset, bytes);
    if (!t->wrong && !t->lost)
        t->len += bytes;
}

static void take_frame(struct netfront *n, struct taking *t,
                       struct net_offload *o)
{
    const struct netif_rx_response *r;
    union rx_slot slot;
    unsigned int buffer;
    bool first = true;

    do {
        if (!take_slot(n, t, &slot, &buffer))
            return;
        r = &slot.response;
        take_data(n, t, r, buffer);
        if (first) {
            o->csum_blank = r->flags & NETRXF_csum_blank;
            o->csum_valid = r->flags & NETRXF_data_validated;
            if (r->flags & NETRXF_extra_info)
                take_extras(n, t, o);
        }
        first = false;
    } while ((r->flags & NETRXF_more_data) && !t->wrong);
}

/* Those that its responses stand for, the empty ones of extras too. */
static void offer_again(struct netfront *n, RING_IDX end)
{
    for (; n->rx.rsp_cons != end; n->rx.rsp_cons++)
        offer(n, n->rx_at[n->rx.rsp_cons & (NET_RING - 1)]);
    push_offers(n);
}

/* False: there is none. */
static bool find_responses(struct netfront *n, struct taking *t)
{
    int more;

    RING_FINAL_CHECK_FOR_RESPONSES(&n->rx, more);
    if (!more)
        return false;
    t->at = n->rx.rsp_cons;
    t->end = __atomic_load_n(&n->rx.sring->rsp_prod, __ATOMIC_ACQUIRE);
    if (t->end - t->at > n->rx.req_prod_pvt - t->at)
        t->wrong = "the backend claims more responses than there are buffers";
    return true;
}

long netfront_receive(struct netfront *n, void *frame, size_t size,
                      struct net_offload *o)
{
    struct taking t;

    do {
        if (n->dev.failed || !n->dev.driver)
            return -EIO;
        t = (struct taking){.to = frame, .size = size};
        *o = (struct net_offload){0};
        if (!n->dev.online || !find_responses(n, &t))
            return 0;
        if (!t.wrong)
            take_frame(n, &t, o);
        if (t.wrong)
            xenbus_device_fail(&n->dev, t.wrong);
        else
            offer_again(n, t.at);
        n->lost += t.lost;
    } while (t.wrong || t.lost || !t.len);
    return t.len;
}

/* --- connecting ----------------------------------------------------------- */

/* An event is what wakes the program up; it looks itself. */
static void serve_rx(void *arg)
{
}

static bool share_buffers(struct net_buffer *b, unsigned int nr, domid_t domid)
{
    for (unsigned int i = 0; i < nr; i++) {
        b[i].in_ring = false;
        if (!shared_pages_begin(&b[i].page, domid, 1))
            return false;
    }
    return true;
}

static bool make_ports(struct netfront *n)
{
    n->split =
        xenbus_backend_number(&n->dev, "feature-split-event-channels", 0) == 1;
    n->tx_port = event_new_unbound(n->dev.backend_id);
    n->rx_port = n->split ? event_new_unbound(n->dev.backend_id) : n->tx_port;
    if (!n->tx_port || !n->rx_port)
        return false;
    event_listen(n->tx_port, serve_tx, n);
    if (n->split)
        event_listen(n->rx_port, serve_rx, n);
    return true;
}

static long prepare(struct xenbus_device *d)
{
    struct netfront *n = interface_of(d);

    n->sg = xenbus_backend_number(d, "feature-sg", 0) == 1;
    if (!shared_pages_begin(&n->tx_page, d->backend_id, 1) ||
        !shared_pages_begin(&n->rx_page, d->backend_id, 1) ||
        !share_buffers(n->tx_buffer, NET_TX_BUFFERS, d->backend_id) ||
        !share_buffers(n->rx_buffer, NET_RX_BUFFERS, d->backend_id))
        return -ENOMEM;
    XEN_FRONT_RING_INIT(&n->tx, (struct netif_tx_sring *)n->tx_page.base,
                        PAGE_SIZE);
    XEN_FRONT_RING_INIT(&n->rx, (struct netif_rx_sring *)n->rx_page.base,
                        PAGE_SIZE);
    if (!make_ports(n))
        return -ENOSPC;
    for (unsigned int i = 0; i < NET_RX_BUFFERS; i++)
        offer(n, i);
    RING_PUSH_REQUESTS(&n->rx);
    return 0;
}

/* Those of a connection before this one, which may have been of the other
 * kind. */
static long forget_ports(struct xenbus_device *d, const struct xenbus_tx *tx)
{
    static const char *const names[] = {"event-channel", "event-channel-tx",
                                        "event-channel-rx"};
    char path[64];
    long rc = 0;

    for (unsigned int i = 0; !rc && i < 3; i++) {
        snprintf(path, sizeof(path), "%s/%s", d->path, names[i]);
        rc = xenbus_rm(tx, path);
    }
    return rc;
}

static long publish(struct xenbus_device *d, const struct xenbus_tx *tx)
{
    static const char *const features[] = {
        "request-rx-copy",   "feature-rx-notify", "feature-sg",
        "feature-gso-tcpv4", "feature-gso-tcpv6", "feature-ipv6-csum-offload"};
    struct netfront *n = interface_of(d);
    const struct {
        const char *name;
        uint32_t value;
    } nodes[] = {{"tx-ring-ref", n->tx_page.ref[0]},
                 {"rx-ring-ref", n->rx_page.ref[0]},
                 {n->split ? "event-channel-tx" : "event-channel", n->tx_port},
                 {n->split ? "event-channel-rx" : "event-channel", n->rx_port}};
    long rc = forget_ports(d, tx);

    for (unsigned int i = 0; !rc && i < 4; i++)
        rc = xenbus_printf(tx, d->path, nodes[i].name, "%u", nodes[i].value);
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

static bool end_sharing(struct net_buffer *b, unsigned int nr)
{
    bool all = true;

    for (unsigned int i = 0; i < nr; i++)
        all = shared_pages_end(&b[i].page) && all;
    return all;
}

static void end_port(uint32_t *port)
{
    if (*port) {
        event_unlisten(*port);
        event_close(*port);
    }
    *port = 0;
}

static bool stop(struct xenbus_device *d)
{
    struct netfront *n = interface_of(d);
    bool all;

    if (n->split)
        end_port(&n->rx_port);
    end_port(&n->tx_port);
    all = shared_pages_end(&n->tx_page);
    all = shared_pages_end(&n->rx_page) && all;
    all = end_sharing(n->tx_buffer, NET_TX_BUFFERS) && all;
    return end_sharing(n->rx_buffer, NET_RX_BUFFERS) && all;
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
    if (rc)
        netfront_close(n);
    return rc;
}

void netfront_close(struct netfront *n)
{
    xenbus_device_close(&n->dev);
}
