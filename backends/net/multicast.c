/* SPDX-License-Identifier: MIT */
/* See multicast.h. */
#include "multicast.h"

#include <string.h>

#include "../common/record.h"

static uint32_t count_of(const struct net_multicast *m)
{
    uint32_t n = m->count;

    return n <= NET_MULTICAST_MAX ? n : 0;
}

bool net_multicast_has(const struct net_multicast *m, const uint8_t *address)
{
    for (uint32_t i = 0, n = count_of(m); i < n; i++)
        if (!memcmp(m->address[i], address, NET_ADDRESS))
            return true;
    return false;
}

bool net_multicast_add(struct net_multicast *m, const uint8_t *address)
{
    uint32_t n = count_of(m);

    if (net_multicast_has(m, address))
        return true;
    if (n == NET_MULTICAST_MAX)
        return false;
    memcpy(m->address[n], address, NET_ADDRESS);
    record_store(&m->count, n + 1);
    return true;
}

/* A process that dies between the two stores leaves the last one twice. */
void net_multicast_remove(struct net_multicast *m, const uint8_t *address)
{
    for (uint32_t i = count_of(m); i--;)
        if (!memcmp(m->address[i], address, NET_ADDRESS)) {
            uint32_t last = count_of(m) - 1;

            memmove(m->address[i], m->address[last], NET_ADDRESS);
            record_store(&m->count, last);
        }
}

bool net_is_multicast(const uint8_t *frame)
{
    static const uint8_t everybody[NET_ADDRESS] = {255, 255, 255,
                                                   255, 255, 255};

    return (frame[0] & 1) && memcmp(frame, everybody, NET_ADDRESS) != 0;
}
