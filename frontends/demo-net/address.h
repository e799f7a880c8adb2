/* SPDX-License-Identifier: MIT */
/*
 * The guest's address, as its command line has it:
 *
 *     ip=dhcp  or no ip= at all              asked for by DHCP
 *     ip=ADDRESS[:[SERVER]:[GATEWAY][:MASK]]   this one
 *
 * as in Linux's ip=, whose further fields may follow and mean nothing here, as
 * does SERVER. Without a mask it is 255.255.255.0.
 */
#ifndef DEMO_ADDRESS_H
#define DEMO_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>

struct address {
    bool dhcp;
    uint32_t ip, gateway, mask; /* of the host's byte order; no gateway: 0 */
};

/* False: there is an ip= that cannot be used. The line is up to size bytes
 * long, or to its NUL. */
bool address_parse(const char *line, unsigned int size, struct address *a);

/* Can a host have it? It is no network's name, no broadcast, no loopback and no
 * group, and the mask is one. */
bool address_usable(uint32_t ip, uint32_t mask);

#endif
