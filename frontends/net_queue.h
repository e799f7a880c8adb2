/* SPDX-License-Identifier: MIT */
/*
 * What netfront.c asks of one queue of an interface. A backend that does what
 * none may do makes the whole device fail.
 */
#ifndef PV_NET_QUEUE_H
#define PV_NET_QUEUE_H

#include <pv/netfront.h>

/* Rings, buffers and ports for the device's backend. 0, or an error after which
 * net_queue_end() undoes what was made. */
long net_queue_begin(struct net_queue *q, struct netfront *n);
/* False: the backend holds pages of it. Harmless if it was not begun. */
bool net_queue_end(struct net_queue *q);

/* flags: NETTXF_*. 0, or -EAGAIN there are not enough buffers. */
long net_queue_send(struct net_queue *q, const void *frame, size_t len,
                    uint16_t flags);
/* The length of the next frame, 0 there is none, or -EIO the device failed. */
long net_queue_receive(struct net_queue *q, void *frame, size_t size,
                       struct net_offload *o);

#endif
