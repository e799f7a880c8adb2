/* SPDX-License-Identifier: MIT */
/*
 * Which multicast frames a guest wants. Its frontend sends the addresses among
 * its packets, so a process that is killed leaves the list to its successor:
 * it is part of the record, where a guest that has taken the process over may
 * have left anything.
 */
#ifndef BACKENDS_NET_MULTICAST_H
#define BACKENDS_NET_MULTICAST_H

#include <stdbool.h>
#include <stdint.h>

#define NET_MULTICAST_MAX 64 /* as many as Linux's netback remembers */
#define NET_ADDRESS       6  /* bytes */

struct net_multicast {
    uint32_t count;
    uint8_t address[NET_MULTICAST_MAX][NET_ADDRESS];
};

/* Again changes nothing. False: the list is full. */
bool net_multicast_add(struct net_multicast *m, const uint8_t *address);
/* Also one that is not there. */
void net_multicast_remove(struct net_multicast *m, const uint8_t *address);
bool net_multicast_has(const struct net_multicast *m, const uint8_t *address);

/* Of a frame: is it for a group? Broadcasts are for everybody. */
bool net_is_multicast(const uint8_t *frame);

#endif
