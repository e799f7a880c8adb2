/* SPDX-License-Identifier: MIT */
/*
 * TCP segments that follow each other become one large frame, as if the guest's
 * kernel had made it so: the host's network then handles one frame, not forty.
 * The rules are those by which network cards and kernels join what they have
 * received: cutting the frame up again gives the segments back, but for the
 * identification of IPv4, which nobody may look at where fragments are
 * forbidden. No frame becomes longer than a guest may send by itself, which is
 * what its receivers have room for. Pure: works on copies of headers.
 */
#ifndef BACKENDS_NET_JOIN_H
#define BACKENDS_NET_JOIN_H

#include "offload.h"

/* A frame whose headers lie at @head, all of them; @size bytes in all. */
struct joined {
    uint8_t *head;
    struct frame_layout at;
    uint32_t size;
    uint16_t segment; /* bytes of data in each, the last may have fewer */
    bool open;        /* another may follow */
    bool several;
};

/* Of a frame without segments whose checksum is the host's to compute. */
void join_begin(struct joined *j, uint8_t *head, const struct frame_layout *at,
                uint32_t size);
/* Is this frame, of which the same holds, the next segment? Then j is larger by
 * the frame's data, which begins at at->payload. */
bool join_next(struct joined *j, const uint8_t *head,
               const struct frame_layout *at, uint32_t size);
/* Lengths and checksums for what has become of it; fills in the header. For
 * joined frames (j->several) alone. */
void join_end(struct joined *j, struct virtio_net_hdr *h);

#endif
