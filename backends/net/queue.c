/* SPDX-License-Identifier: MIT */
/*
 * Connecting and disconnecting a queue, and what wakes it.
 */
#include "queue.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>

#define OWN_MEMORY (NET_MAX_FRAME + NET_RING_SIZE * FRAME_HEAD)

/* Buffers that are not enough yet are no reason to come so often. */
static void serve_held(struct net_queue *q, struct port *p)
{
    net_rx_serve(q);
    if (!q->held)
        port_used(p);
}

/* The guest's new buffers first, if its one port tells of them, too, and may be
 * masked for as long as it sends. The transmit side last: it may find the ring
 * broken and close everything, as the other may. */
static void serve_port(struct net_queue *q)
{
    struct port *p = &q->tx_port;

    if (!q->rx_port.local && q->held)
        serve_held(q, p);
    if (p->local)
        net_tx_serve(q);
}

static void on_tx_event(struct port *p)
{
    struct net_queue *q = container_of(p, struct net_queue, tx_port);

    q->tx_masked = true;
    serve_port(q);
}

static void on_rx_event(struct port *p)
{
    struct net_queue *q = container_of(p, struct net_queue, rx_port);

    if (q->held)
        serve_held(q, p);
    if (p->local)
        port_done(p);
}

static void on_tx_work(struct event_work *w)
{
    serve_port(container_of(w, struct net_queue, tx_work));
}

static void on_rx_work(struct event_work *w)
{
    net_rx_serve(container_of(w, struct net_queue, rx_work));
}

static void on_tap(struct event_source *s, uint32_t events)
{
    struct net_queue *q = container_of(s, struct net_queue, tap);

    if (events & EPOLLERR) { /* and for ever */
        event_source_remove(q->loop, s);
        q->lost(q);
    } else {
        net_rx_gather(q);
    }
}

static int map_rings(struct net_queue *q, const struct net_queue_refs *refs)
{
    int rc;

    q->tx_addr = grants_map(q->grants, &refs->tx_ref, 1);
    if (!q->tx_addr)
        return -errno;
    q->rx_addr = grants_map(q->grants, &refs->rx_ref, 1);
    if (!q->rx_addr)
        return -errno;
    rc = back_ring_attach(&q->tx, q->tx_addr, PAGE_SIZE,
                          sizeof(union net_tx_slot));
    return rc ? rc
              : back_ring_attach(&q->rx, q->rx_addr, PAGE_SIZE,
                                 sizeof(union net_rx_slot));
}

/* The other process's, or none. */
static int take_up_answers(struct net_queue *q, bool resume)
{
    int rc;

    q->tx_answers = (struct net_answers){&q->tx, &q->record->tx,
                                         sizeof(netif_tx_response_t), 0};
    q->rx_answers = (struct net_answers){&q->rx, &q->record->rx,
                                         sizeof(netif_rx_response_t), 0};
    if (!resume) {
        q->record->tx.count = q->record->rx.count = 0;
        return 0;
    }
    rc = net_answers_resume(&q->tx_answers);
    rc = rc ? rc : net_answers_resume(&q->rx_answers);
    return rc ? log_reason(rc, "the record of its answers does not fit the "
                               "rings")
              : 0;
}

static int bind_ports(struct net_queue *q, struct ports *ports,
                      const struct net_queue_refs *refs)
{
    int rc = port_bind(ports, &q->tx_port, q->grants->domid, refs->tx_port,
                       on_tx_event);

    if (!rc && refs->rx_port)
        rc = port_bind(ports, &q->rx_port, q->grants->domid, refs->rx_port,
                       on_rx_event);
    return rc;
}

static int allocate(struct net_queue *q)
{
    void *m = mmap(NULL, OWN_MEMORY, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    int rc;

    if (m == MAP_FAILED)
        return -errno;
    q->held_data = m;
    q->tx_head = q->held_data + NET_MAX_FRAME;
    rc = grant_batch_init(&q->tx_batch, NET_RING_SIZE, q->arena);
    return rc ? rc : grant_batch_init(&q->rx_batch, NET_RING_SIZE, q->arena);
}

int net_queue_connect(struct net_queue *q, struct ports *ports,
                      const struct net_queue_refs *refs, bool resume)
{
    int rc;

    q->tx_work.run = on_tx_work;
    q->rx_work.run = on_rx_work;
    q->tap.ready = on_tap;
    q->tap.fd = q->tap_fd;
    q->stall.fire = net_rx_wait_is_over;
    q->held = q->tap_paused = q->stalled = q->tx_masked = false;
    q->is_deaf = false;
    q->rx_taken = 0;
    rc = allocate(q);
    rc = rc ? rc : map_rings(q, refs);
    rc = rc ? rc : take_up_answers(q, resume);
    rc = rc ? rc : bind_ports(q, ports, refs);
    rc = rc ? rc : event_source_add(q->loop, &q->tap, EPOLLIN);
    if (rc) {
        net_queue_disconnect(q);
        return rc;
    }
    /* Packets may be waiting: their event came before the port was bound. */
    event_work_queue(q->loop, &q->tx_work);
    if (resume) { /* published by who was killed before this */
        port_notify(&q->tx_port);
        net_notify_rx(q);
    }
    return 0;
}

void net_queue_disconnect(struct net_queue *q)
{
    event_work_cancel(q->loop, &q->tx_work);
    event_work_cancel(q->loop, &q->rx_work);
    event_timer_cancel(q->loop, &q->stall);
    event_source_remove(q->loop, &q->tap);
    port_unbind(&q->tx_port);
    port_unbind(&q->rx_port);
    grants_unmap(q->grants, q->tx_addr, 1);
    grants_unmap(q->grants, q->rx_addr, 1);
    q->tx_addr = q->rx_addr = NULL;
    grant_batch_destroy(&q->tx_batch);
    grant_batch_destroy(&q->rx_batch);
    if (q->held_data)
        munmap(q->held_data, OWN_MEMORY);
    q->held_data = NULL;
}
