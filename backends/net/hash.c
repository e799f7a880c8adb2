/* SPDX-License-Identifier: MIT */
/* See hash.h. */
#include "hash.h"

#include <netinet/in.h>
#include <string.h>

#include "offload.h"

#define IPV4_ADDRESSES 12 /* offsets in the headers */
#define IPV6_ADDRESSES 8

/* Of each bit of the data that is set: the 32 bits of the key that begin at the
 * same place. */
static uint32_t toeplitz(const uint8_t *key, const uint8_t *data,
                         unsigned int n)
{
    uint32_t window =
                 (uint32_t)key[0] << 24 | key[1] << 16 | key[2] << 8 | key[3],
             hash = 0;

    for (unsigned int bit = 0; bit < 8 * n; bit++) {
        unsigned int next = bit + 32, mask = 0x80 >> bit % 8;

        if (data[bit / 8] & mask)
            hash ^= window;
        window =
            window << 1 | (next / 8 < NET_HASH_KEY && (key[next / 8] & mask));
    }
    return hash;
}

static bool wants(const struct net_hash *h, unsigned int type)
{
    return h->flags & 1U << type;
}

struct net_hash_value net_hash_of(const struct net_hash *h,
                                  const uint8_t *frame, uint32_t len)
{
    struct net_hash_value v = {0};
    struct frame_layout at;
    uint8_t data[36];
    enum frame_network network;
    unsigned int n;
    bool tcp;

    if (!net_hash_is_on(h))
        return v;
    tcp = frame_parse(frame, len, &at) && at.protocol == IPPROTO_TCP;
    network = frame_network(frame, len, &at.l3);
    if (network == FRAME_OTHER)
        return v;
    n = network == FRAME_IPV6 ? 32 : 8;
    v.type = network == FRAME_IPV6 ? _XEN_NETIF_CTRL_HASH_TYPE_IPV6_TCP
                                   : _XEN_NETIF_CTRL_HASH_TYPE_IPV4_TCP;
    v.there = tcp && wants(h, v.type);
    memcpy(data,
           frame + at.l3 +
               (network == FRAME_IPV6 ? IPV6_ADDRESSES : IPV4_ADDRESSES),
           n);
    if (v.there) {
        memcpy(data + n, frame + at.l4, 4);
        n += 4;
    } else {
        v.type = network == FRAME_IPV6 ? _XEN_NETIF_CTRL_HASH_TYPE_IPV6
                                       : _XEN_NETIF_CTRL_HASH_TYPE_IPV4;
        v.there = wants(h, v.type);
    }
    v.value = v.there ? toeplitz(h->key, data, n) : 0;
    return v;
}

unsigned int net_hash_queue(const struct net_hash *h,
                            const struct net_hash_value *v, unsigned int queues)
{
    uint32_t size = h->size, to;

    if (!size || size > NET_HASH_MAPPING)
        return v->value % queues;
    to = h->mapping[v->value % size];
    return to < queues ? to : 0;
}
