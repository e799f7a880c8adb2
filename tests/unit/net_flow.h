/* SPDX-License-Identifier: MIT */
/*
 * TCP segments as a sender makes them who leaves the checksum to others, and
 * large frames cut into such segments again, by rules written down here alone.
 */
#ifndef TESTS_UNIT_NET_FLOW_H
#define TESTS_UNIT_NET_FLOW_H

#include <linux/virtio_net.h>
#include <stdbool.h>
#include <stdint.h>

/* A sender; fields may be changed between its segments. */
struct flow {
    bool ipv6;
    uint8_t vlan, tos, ttl;
    uint16_t port, window;
    uint32_t seq, ack;
    uint8_t options; /* bytes of them, of 4 */
};

/* The next segment with so many bytes of random data; its length. */
unsigned int flow_segment(struct flow *f, uint8_t *frame, unsigned int data,
                          uint8_t tcp_flags);
/* Of segment number i of a large frame: its length, 0 if there is none. */
unsigned int flow_cut(const struct virtio_net_hdr *h, const uint8_t *large,
                      unsigned int len, unsigned int i, uint8_t *frame);

#endif
