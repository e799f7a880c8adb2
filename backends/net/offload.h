/* SPDX-License-Identifier: MIT */
/*
 * Between netif's flags ("checksum blank", segment size) and the virtio-net
 * header of a tap device, which wants to know where the checksum goes. For
 * that the packet's headers are read here, from our own copy of the packet.
 */
#ifndef BACKENDS_NET_OFFLOAD_H
#define BACKENDS_NET_OFFLOAD_H

#include <linux/virtio_net.h>
#include <stdbool.h>
#include <stdint.h>

struct frame_layout {
    bool ipv6;
    uint8_t protocol; /* IPPROTO_TCP or IPPROTO_UDP */
    uint16_t l3, l4;  /* offsets of the headers */
    uint16_t payload; /* TCP only: offset behind the header */
};

/* Bytes, without what may follow it. */
#define IPV6_HEADER 40

/* Enough of a frame to hold all headers looked at here. */
#define FRAME_HEAD 512

/* len: bytes of the frame that are there. False: not an unfragmented TCP or
 * UDP packet, or its headers are not all there. */
bool frame_parse(const uint8_t *frame, uint32_t len, struct frame_layout *f);

/*
 * Fill in the header for a frame from a guest, of @size bytes, whose headers
 * lie at @head. Both may write its checksum field.
 */
/* One whose checksum the guest has left to us. */
void offload_checksum(struct virtio_net_hdr *h, const struct frame_layout *f);
/* TCP to be cut into segments of so many bytes of data. */
void offload_segments(struct virtio_net_hdr *h, uint8_t *head,
                      const struct frame_layout *f, uint32_t size,
                      uint16_t segment);

/* Of these bytes. */
uint16_t internet_checksum(const uint8_t *p, uint32_t len);

/* Completes the checksum that h asks for, for a guest that cannot. */
bool offload_complete_checksum(const struct virtio_net_hdr *h, uint8_t *frame,
                               uint32_t len);

/* What a frame carries, and where that begins: OTHER also if its header is not
 * all there. */
enum frame_network { FRAME_OTHER, FRAME_IPV4, FRAME_IPV6 };
enum frame_network frame_network(const uint8_t *frame, uint32_t len,
                                 uint16_t *l3);

bool frame_is_ipv6(const uint8_t *frame, uint32_t len);

#endif
