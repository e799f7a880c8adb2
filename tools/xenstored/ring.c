/* SPDX-License-Identifier: MIT */
/* Rings shared with domains. */
#include "ring.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <daemon/log.h>

#include "state.h"
#include "xen.h"

#define SIZE XENSTORE_RING_SIZE
#define FEATURES                                                               \
    (XENSTORE_SERVER_FEATURE_RECONNECTION | XENSTORE_SERVER_FEATURE_ERROR)

/* Rings by local port. */
static struct ring **by_port;
static size_t port_count;

static struct ring *ring_of(const struct connection *c)
{
    return c->endpoint;
}

/* Shared words: each access is one access, and data and index are ordered. The
 * acquire pairs with the guest's barrier before it publishes an index, the
 * release with the one after it has read the store's. */
static uint32_t load(const uint32_t *word)
{
    return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

static void publish(uint32_t *word, uint32_t value)
{
    __atomic_store_n(word, value, __ATOMIC_RELEASE);
}

static ssize_t ring_receive(struct connection *c, void *buf, size_t len)
{
    struct ring *r = ring_of(c);
    uint32_t used = r->page ? load(&r->page->req_prod) - r->req_cons : 0;
    uint32_t at = MASK_XENSTORE_IDX(r->req_cons), first;

    if (used > SIZE) {
        connection_fault(c, XENSTORE_ERROR_RINGIDX);
        return 0;
    }
    if (used > len)
        used = (uint32_t)len;
    if (used == 0)
        return 0;
    first = used < SIZE - at ? used : SIZE - at;
    memcpy(buf, r->page->req + at, first);
    memcpy((char *)buf + first, r->page->req, used - first);
    r->req_cons += used;
    r->worked = true;
    state_touch(c->domain);
    return used;
}

static uint32_t put(struct ring *r, const char *data, uint32_t len)
{
    uint32_t at = MASK_XENSTORE_IDX(r->rsp_prod);
    uint32_t first = len < SIZE - at ? len : SIZE - at;

    memcpy(r->page->rsp + at, data, first);
    memcpy(r->page->rsp, data + first, len - first);
    r->rsp_prod += len;
    return len;
}

static ssize_t ring_send(struct connection *c, const struct iovec *iov, int n)
{
    struct ring *r = ring_of(c);
    uint32_t used = r->page ? r->rsp_prod - load(&r->page->rsp_cons) : SIZE;
    uint32_t room = SIZE - used, sent = 0;

    if (used > SIZE) {
        connection_fault(c, XENSTORE_ERROR_RINGIDX);
        return 0;
    }
    for (int i = 0; i < n && room; i++) {
        uint32_t l = iov[i].iov_len < room ? (uint32_t)iov[i].iov_len : room;
        sent += put(r, iov[i].iov_base, l);
        room -= l;
    }
    if (sent) {
        r->worked = true;
        state_touch(c->domain);
    }
    return sent;
}

/* What has come meanwhile comes now. */
static void unmask(struct ring *r)
{
    if (!r->masked)
        return;
    r->masked = false;
    xen_unmask(r->port);
}

/* The guest notifies when it has filled or emptied something. As long as a turn
 * is to come anyway that would be of no use: a guest could have the daemon
 * woken all the time. */
static void ring_expect(struct connection *c, bool receive, bool send)
{
    (void)receive, (void)send;
    unmask(ring_of(c));
}

/*
 * A guest sends an event for what it puts into the ring only if it sees all
 * before it taken, and for what it takes only if it sees the ring full. What it
 * has moved before it saw our indices it has moved without an event, so we look
 * again when it can see them. Linux has no barrier between its index and the
 * look at ours; the notification in between is more than long enough for it.
 */
static bool moved_unseen(const struct ring *r)
{
    const struct connection *c = r->c;

    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if (c->out && r->rsp_prod - load(&r->page->rsp_cons) != SIZE)
        return true;
    return !c->replies && load(&r->page->req_prod) != r->req_cons;
}

void ring_publish(struct connection *c)
{
    struct ring *r = ring_of(c);

    if (!r->worked || !r->page)
        return;
    r->worked = false;
    publish(&r->page->req_cons, r->req_cons);
    publish(&r->page->rsp_prod, r->rsp_prod);
    publish(&r->page->error, r->error);
    if (r->port > 0)
        xen_notify(r->port);
    if (moved_unseen(r))
        connection_again(c);
}

static void ring_flush(struct connection *c)
{
    if (!state_on())
        ring_publish(c);
}

static void ring_park(struct connection *c, unsigned int error)
{
    struct ring *r = ring_of(c);

    r->error = error;
    r->worked = true;
    state_touch(c->domain);
    ring_flush(c);
}

static void unregister(struct ring *r)
{
    if (r->port > 0) {
        by_port[r->port] = NULL;
        xen_unbind(r->port);
    }
    r->port = -1;
    r->masked = false;
}

static void ring_close(struct connection *c)
{
    struct ring *r = ring_of(c);

    unregister(r);
    if (r->page)
        ring_unmap(c);
    free(r);
    c->endpoint = NULL;
}

/* The guest starts afresh: nothing of the old conversation counts. */
static void reconnect(struct connection *c)
{
    struct ring *r = ring_of(c);

    connection_reset(c);
    c->parked = false;
    c->fault = r->error = XENSTORE_ERROR_NONE;
    r->req_cons = r->rsp_prod = 0;
    /* As long as the page does not say that it is connected, this would be done
     * again after a restart. */
    state_touch(c->domain);
    state_commit();
    publish(&r->page->req_cons, 0);
    publish(&r->page->req_prod, 0);
    publish(&r->page->rsp_cons, 0);
    publish(&r->page->rsp_prod, 0);
    publish(&r->page->error, XENSTORE_ERROR_NONE);
    publish(&r->page->connection, XENSTORE_CONNECTED);
    if (r->port > 0)
        xen_notify(r->port);
}

static void ring_begin(struct connection *c)
{
    const struct ring *r = ring_of(c);

    if (r->page && load(&r->page->connection) == XENSTORE_RECONNECT)
        reconnect(c);
}

const struct transport ring_transport = {
    .begin = ring_begin,
    .receive = ring_receive,
    .send = ring_send,
    .expect = ring_expect,
    .flush = ring_flush,
    .park = ring_park,
    .close = ring_close,
    .drain = true,
};

/* --- connecting ----------------------------------------------------------- */

void ring_init(struct ring *r, struct xenstore_domain_interface *page)
{
    r->page = page;
    r->req_cons = load(&page->req_cons);
    r->rsp_prod = load(&page->rsp_prod);
    publish(&page->server_features, FEATURES);
    publish(&page->error, XENSTORE_ERROR_NONE);
    publish(&page->connection, XENSTORE_CONNECTED);
}

static int register_port(struct ring *r, uint16_t domid, uint32_t remote)
{
    int port = xen_bind_interdomain(domid, remote);

    if (port <= 0)
        return EINVAL;
    if ((size_t)port >= port_count) {
        size_t count = ((size_t)port + 256) & ~(size_t)255;
        struct ring **p = realloc(by_port, count * sizeof(p[0]));
        if (!p) {
            xen_unbind(port);
            return ENOMEM;
        }
        memset(p + port_count, 0, (count - port_count) * sizeof(p[0]));
        by_port = p;
        port_count = count;
    }
    by_port[port] = r;
    r->port = port;
    r->remote_port = remote;
    return 0;
}

struct connection *ring_connect(struct domain *d, uint64_t gfn, uint32_t port)
{
    struct xenstore_domain_interface *page;
    struct ring *r = calloc(1, sizeof(*r));

    if (!r)
        return NULL;
    r->gfn = gfn;
    r->port = -1;
    if (d->id.domid == 0)
        port = xen_dom0_port();
    page = xen_map_ring(d->id.domid);
    if (!page) {
        free(r);
        return NULL;
    }
    ring_init(r, page);
    if (register_port(r, d->id.domid, port) == 0)
        r->c = connection_new(&ring_transport, r, d);
    if (!r->c) {
        unregister(r);
        xen_unmap_ring(d->id.domid, page);
        free(r);
        return NULL;
    }
    /* dom0's kernel waits for a first event before it uses the store. A guest
     * needs none, and the smallest ones cannot take any: they would crash. */
    if (d->id.domid == 0)
        xen_notify(r->port);
    return r->c;
}

int ring_rebind(struct connection *c, uint64_t gfn, uint32_t port)
{
    struct ring *r = ring_of(c);

    if (gfn != r->gfn)
        return EINVAL;
    unregister(r);
    return register_port(r, c->domain->id.domid, port);
}

/* --- after a restart ------------------------------------------------------ */

int ring_restore(struct domain *d, const struct ring *saved)
{
    struct ring *r;

    if (d->connection) { /* bound to another port */
        ring_of(d->connection)->remote_port = saved->remote_port;
        return 0;
    }
    r = malloc(sizeof(*r));
    if (!r)
        return ENOMEM;
    *r = *saved;
    r->port = -1;
    r->c = connection_new(&ring_transport, r, d);
    if (!r->c) {
        free(r);
        return ENOMEM;
    }
    d->connection = r->c;
    return 0;
}

static bool indices_differ(const struct ring *r)
{
    return load(&r->page->req_cons) != r->req_cons ||
           load(&r->page->rsp_prod) != r->rsp_prod;
}

/* The page is never ahead of what the journal has, unless an end of that was
 * lost, at this restart or at one before the page could be mapped. */
static bool is_behind(const struct ring *r)
{
    return (int32_t)(load(&r->page->req_cons) - r->req_cons) > 0 ||
           (int32_t)(load(&r->page->rsp_prod) - r->rsp_prod) > 0;
}

/* What was published last, as the journal has lost it: the guest must not see
 * its requests served twice. */
static void believe_page(struct ring *r)
{
    r->req_cons = load(&r->page->req_cons);
    r->rsp_prod = load(&r->page->rsp_prod);
    connection_lose_halves(r->c);
}

int ring_map(struct connection *c)
{
    struct ring *r = ring_of(c);

    r->page = xen_map_ring(c->domain->id.domid);
    return r->page ? 0 : EINVAL;
}

void ring_unmap(struct connection *c)
{
    struct ring *r = ring_of(c);

    xen_unmap_ring(c->domain->id.domid, r->page);
    r->page = NULL;
}

void ring_take_up(struct connection *c, bool damaged)
{
    struct ring *r = ring_of(c);

    if (is_behind(r) || (damaged && indices_differ(r)))
        believe_page(r);
    /* What stands before rsp_prod was put there before it was in the journal.
     */
    r->error = c->fault;
    publish(&r->page->server_features, FEATURES);
}

int ring_bind(struct connection *c)
{
    struct ring *r = ring_of(c);
    uint16_t domid = c->domain->id.domid;

    /* Its event may have been lost. One that never spoke waits for none. */
    r->worked |= r->req_cons || r->rsp_prod || r->error;
    /* A port that the guest has closed is no reason to forget the guest: it may
     * be introduced again with another one. */
    return r->port < 0 ? register_port(r, domid,
                                       domid ? r->remote_port : xen_dom0_port())
                       : 0;
}

bool ring_has_page(const struct connection *c)
{
    return c->transport != &ring_transport || ring_of(c)->page;
}

bool ring_is_whole(const struct connection *c)
{
    return ring_has_page(c) &&
           (c->transport != &ring_transport || ring_of(c)->port >= 0);
}

/* --- turns ---------------------------------------------------------------- */

bool ring_event(int port)
{
    struct ring *r =
        port > 0 && (size_t)port < port_count ? by_port[port] : NULL;

    if (!r)
        return false;
    r->masked = true;
    connection_serve(r->c);
    return true;
}
