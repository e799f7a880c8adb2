/* SPDX-License-Identifier: MIT */
/*
 * One queue of an interface: its rings, buffers and ports; see net_queue.h.
 * Buffers are pages that are shared as long as the device is connected, and a
 * buffer's number is the id of its request.
 */
#include "net_queue.h"

/* --- to the backend ------------------------------------------------------- */

static const char *take_tx_response(struct net_queue *q,
                                    const struct netif_tx_response *r)
{
    if (r->id >= NET_TX_BUFFERS || !q->tx_buffer[r->id].in_ring)
        return "the backend answers a frame that is not under way";
    if (r->status > NETIF_RSP_OKAY || r->status < NETIF_RSP_DROPPED)
        return "the backend answers with a status that does not exist";
    q->tx_buffer[r->id].in_ring = false;
    return NULL;
}

/* More of them than frames: the first too many names one that is over. */
static const char *take_tx_responses(struct net_queue *q)
{
    RING_IDX prod = __atomic_load_n(&q->tx.sring->rsp_prod, __ATOMIC_ACQUIRE);

    while (q->tx.rsp_cons != prod) {
        struct netif_tx_response r;
        const char *wrong;

        RING_COPY_RESPONSE(&q->tx, q->tx.rsp_cons, &r);
        q->tx.rsp_cons++;
        wrong = take_tx_response(q, &r);
        if (wrong)
            return wrong;
    }
    return NULL;
}

static void serve_tx(void *arg)
{
    struct net_queue *q = arg;
    const char *wrong;
    int more;

    do {
        wrong = take_tx_responses(q);
        if (wrong) {
            xenbus_device_fail(&q->net->dev, wrong);
            return;
        }
        RING_FINAL_CHECK_FOR_RESPONSES(&q->tx, more);
    } while (more);
}

static unsigned int free_tx_buffers(const struct net_queue *q)
{
    unsigned int free = 0;

    for (unsigned int i = 0; i < NET_TX_BUFFERS; i++)
        free += !q->tx_buffer[i].in_ring;
    return free;
}

static unsigned int free_tx_buffer(const struct net_queue *q)
{
    unsigned int i = 0;

    while (q->tx_buffer[i].in_ring)
        i++;
    return i;
}

/* A part of a frame in a buffer of its own. The first request tells the size
 * of the whole frame. */
static void put_piece(struct net_queue *q, const char *from, size_t len,
                      size_t size, uint16_t flags)
{
    unsigned int id = free_tx_buffer(q);
    struct net_buffer *b = &q->tx_buffer[id];

    memcpy(b->page.base, from, len);
    b->in_ring = true;
    *RING_GET_REQUEST(&q->tx, q->tx.req_prod_pvt++) = (struct netif_tx_request){
        .gref = b->page.ref[0], .flags = flags, .id = id, .size = size};
}

static void put_frame(struct net_queue *q, const char *frame, size_t len,
                      uint16_t flags)
{
    for (size_t done = 0; done < len; flags = 0) {
        size_t left = len - done, piece = left < PAGE_SIZE ? left : PAGE_SIZE;

        put_piece(q, frame + done, piece, done ? piece : len,
                  flags | (piece < left ? NETTXF_more_data : 0));
        done += piece;
    }
}

long net_queue_send(struct net_queue *q, const void *frame, size_t len,
                    uint16_t flags)
{
    int notify;

    if ((len + PAGE_SIZE - 1) / PAGE_SIZE > free_tx_buffers(q))
        return -EAGAIN;
    put_frame(q, frame, len, flags);
    RING_PUSH_REQUESTS_AND_CHECK_NOTIFY(&q->tx, notify);
    if (notify)
        event_send(q->tx_port);
    q->sent++;
    return 0;
}

/* --- from the backend ----------------------------------------------------- */

static void offer(struct net_queue *q, unsigned int buffer)
{
    RING_IDX at = q->rx.req_prod_pvt++;

    q->rx_at[at & (NET_RING - 1)] = buffer;
    *RING_GET_REQUEST(&q->rx, at) = (struct netif_rx_request){
        .id = buffer, .gref = q->rx_buffer[buffer].page.ref[0]};
}

static void push_offers(struct net_queue *q)
{
    int notify;

    RING_PUSH_REQUESTS_AND_CHECK_NOTIFY(&q->rx, notify);
    if (notify)
        event_send(q->rx_port);
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
static bool take_slot(struct net_queue *q, struct taking *t,
                      union rx_slot *copy, unsigned int *buffer)
{
    if (t->at == t->end) {
        t->wrong = "the backend shows a part of a frame";
        return false;
    }
    *buffer = q->rx_at[t->at & (NET_RING - 1)];
    RING_COPY_RESPONSE(&q->rx, t->at, &copy->response);
    t->at++;
    return true;
}

static void take_extras(struct net_queue *q, struct taking *t,
                        struct net_offload *o)
{
    const struct netif_extra_info *e;
    union rx_slot slot;
    unsigned int buffer;

    do {
        if (!take_slot(q, t, &slot, &buffer))
            return;
        e = &slot.extra;
        if (e->type == XEN_NETIF_EXTRA_TYPE_GSO) {
            o->gso_type = e->u.gso.type;
            o->gso_size = e->u.gso.size;
        }
    } while (e->flags & XEN_NETIF_EXTRA_FLAG_MORE);
}

static void take_data(struct net_queue *q, struct taking *t,
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
               (char *)q->rx_buffer[buffer].page.base + r->offset, bytes);
    if (!t->wrong && !t->lost)
        t->len += bytes;
}

static void take_frame(struct net_queue *q, struct taking *t,
                       struct net_offload *o)
{
    const struct netif_rx_response *r;
    union rx_slot slot;
    unsigned int buffer;
    bool first = true;

    do {
        if (!take_slot(q, t, &slot, &buffer))
            return;
        r = &slot.response;
        take_data(q, t, r, buffer);
        if (first) {
            o->csum_blank = r->flags & NETRXF_csum_blank;
            o->csum_valid = r->flags & NETRXF_data_validated;
            if (r->flags & NETRXF_extra_info)
                take_extras(q, t, o);
        }
        first = false;
    } while ((r->flags & NETRXF_more_data) && !t->wrong);
}

/* Those that its responses stand for, the empty ones of extras too. */
static void offer_again(struct net_queue *q, RING_IDX end)
{
    for (; q->rx.rsp_cons != end; q->rx.rsp_cons++)
        offer(q, q->rx_at[q->rx.rsp_cons & (NET_RING - 1)]);
    push_offers(q);
}

/* False: there is none. */
static bool find_responses(struct net_queue *q, struct taking *t)
{
    int more;

    RING_FINAL_CHECK_FOR_RESPONSES(&q->rx, more);
    if (!more)
        return false;
    t->at = q->rx.rsp_cons;
    t->end = __atomic_load_n(&q->rx.sring->rsp_prod, __ATOMIC_ACQUIRE);
    if (t->end - t->at > q->rx.req_prod_pvt - t->at)
        t->wrong = "the backend claims more responses than there are buffers";
    return true;
}

long net_queue_receive(struct net_queue *q, void *frame, size_t size,
                       struct net_offload *o)
{
    struct taking t;

    /* Frames that are lost must not keep the program here for ever. */
    for (unsigned int i = 0; i < NET_RING; i++) {
        t = (struct taking){.to = frame, .size = size};
        *o = (struct net_offload){0};
        if (!find_responses(q, &t))
            return 0;
        if (!t.wrong)
            take_frame(q, &t, o);
        if (t.wrong) {
            xenbus_device_fail(&q->net->dev, t.wrong);
            return -EIO;
        }
        offer_again(q, t.at);
        q->net->lost += t.lost;
        if (t.len && !t.lost) {
            q->received++;
            return t.len;
        }
    }
    event_raise(q->rx_port);
    return 0;
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

static uint32_t listen_to_new(domid_t domid, event_listener_t fn,
                              struct net_queue *q)
{
    uint32_t port = event_new_unbound(domid);

    if (port)
        event_listen(port, fn, q);
    return port;
}

static bool make_ports(struct net_queue *q, domid_t domid, bool split)
{
    q->tx_port = listen_to_new(domid, serve_tx, q);
    q->rx_port = split ? listen_to_new(domid, serve_rx, q) : q->tx_port;
    return q->tx_port && q->rx_port;
}

long net_queue_begin(struct net_queue *q, struct netfront *n)
{
    domid_t domid = n->dev.backend_id;

    q->net = n;
    if (!shared_pages_begin(&q->tx_page, domid, 1) ||
        !shared_pages_begin(&q->rx_page, domid, 1) ||
        !share_buffers(q->tx_buffer, NET_TX_BUFFERS, domid) ||
        !share_buffers(q->rx_buffer, NET_RX_BUFFERS, domid))
        return -ENOMEM;
    XEN_FRONT_RING_INIT(&q->tx, (struct netif_tx_sring *)q->tx_page.base,
                        PAGE_SIZE);
    XEN_FRONT_RING_INIT(&q->rx, (struct netif_rx_sring *)q->rx_page.base,
                        PAGE_SIZE);
    if (!make_ports(q, domid, n->split))
        return -ENOSPC;
    for (unsigned int i = 0; i < NET_RX_BUFFERS; i++)
        offer(q, i);
    RING_PUSH_REQUESTS(&q->rx);
    return 0;
}

static bool end_sharing(struct net_buffer *b, unsigned int nr)
{
    bool all = true;

    for (unsigned int i = 0; i < nr; i++)
        all = shared_pages_end(&b[i].page) && all;
    return all;
}

bool net_queue_end(struct net_queue *q)
{
    bool all;

    event_end(q->rx_port);
    event_end(q->tx_port);
    q->tx_port = q->rx_port = 0;
    all = shared_pages_end(&q->tx_page);
    all = shared_pages_end(&q->rx_page) && all;
    all = end_sharing(q->tx_buffer, NET_TX_BUFFERS) && all;
    return end_sharing(q->rx_buffer, NET_RX_BUFFERS) && all;
}
