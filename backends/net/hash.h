/* SPDX-License-Identifier: MIT */
/*
 * Receive-side scaling as the guest wants it: a hash of a frame's addresses and
 * ports says which of its queues the frame goes to, and goes along with it.
 * What the guest has set by its control ring (ctrl.h) is part of the record,
 * where a guest that has taken the process over may have left anything. Pure.
 */
#ifndef BACKENDS_NET_HASH_H
#define BACKENDS_NET_HASH_H

#include <stdbool.h>
#include <stdint.h>
#include <xen/xen.h>
#include <xen/grant_table.h>
#include <xen/io/netif.h>

/* As Linux's netback has them. */
#define NET_HASH_KEY     40  /* bytes; those that are not set are zero */
#define NET_HASH_MAPPING 128 /* entries */

#define NET_HASH_TYPES                                                         \
    (XEN_NETIF_CTRL_HASH_TYPE_IPV4 | XEN_NETIF_CTRL_HASH_TYPE_IPV4_TCP |       \
     XEN_NETIF_CTRL_HASH_TYPE_IPV6 | XEN_NETIF_CTRL_HASH_TYPE_IPV6_TCP)

/* All zero at first: no hash, and the host chooses a frame's queue. */
struct net_hash {
    uint32_t algorithm; /* XEN_NETIF_CTRL_HASH_ALGORITHM_* */
    uint32_t flags;     /* XEN_NETIF_CTRL_HASH_TYPE_* that are wanted */
    uint32_t size;      /* of the mapping; 0: the hash modulo the queues */
    uint8_t key[NET_HASH_KEY];
    uint32_t mapping[NET_HASH_MAPPING]; /* queues */
};

struct net_hash_value {
    bool there;
    uint8_t type; /* _XEN_NETIF_CTRL_HASH_TYPE_* */
    uint32_t value;
};

static inline bool net_hash_is_on(const struct net_hash *h)
{
    return h->algorithm == XEN_NETIF_CTRL_HASH_ALGORITHM_TOEPLITZ && h->flags;
}

/* Of a frame of so many bytes; none if no type that is wanted fits it. */
struct net_hash_value net_hash_of(const struct net_hash *h,
                                  const uint8_t *frame, uint32_t len);
/* Which of so many queues it belongs to; without a hash as one of zero. */
unsigned int net_hash_queue(const struct net_hash *h,
                            const struct net_hash_value *v,
                            unsigned int queues);

#endif
