/* SPDX-License-Identifier: MIT */
/*
 * Header parsing and Internet checksums; see offload.h. Every access is
 * checked against the frame's length first.
 */
#include "offload.h"

#include <netinet/in.h>
#include <string.h>

#define ETHERTYPE_IPV4  0x0800
#define ETHERTYPE_IPV6  0x86dd
#define ETHERTYPE_VLAN  0x8100
#define ETHERTYPE_QINQ  0x88a8
#define MAX_VLAN_TAGS   2
#define MAX_V6_HEADERS  8
#define TCP_CSUM_OFFSET 16
#define UDP_CSUM_OFFSET 6

static uint16_t be16(const uint8_t *p)
{
    return p[0] << 8 | p[1];
}

/* The type behind VLAN tags, and where its header starts. 0: frame too short.
 */
static uint16_t ethertype(const uint8_t *frame, uint32_t len, uint16_t *l3)
{
    uint32_t at = 12;

    for (unsigned int tags = 0; at + 2 <= len; tags++, at += 4) {
        uint16_t type = be16(frame + at);

        if ((type != ETHERTYPE_VLAN && type != ETHERTYPE_QINQ) ||
            tags == MAX_VLAN_TAGS) {
            *l3 = at + 2;
            return type;
        }
    }
    return 0;
}

enum frame_network frame_network(const uint8_t *frame, uint32_t len,
                                 uint16_t *l3)
{
    uint16_t type = ethertype(frame, len, l3);

    if (type == ETHERTYPE_IPV4 && *l3 + 20u <= len && frame[*l3] >> 4 == 4)
        return FRAME_IPV4;
    if (type == ETHERTYPE_IPV6 && *l3 + (uint32_t)IPV6_HEADER <= len)
        return FRAME_IPV6;
    return FRAME_OTHER;
}

bool frame_is_ipv6(const uint8_t *frame, uint32_t len)
{
    uint16_t l3;

    return ethertype(frame, len, &l3) == ETHERTYPE_IPV6;
}

static bool parse_ipv4(const uint8_t *frame, uint32_t len,
                       struct frame_layout *f)
{
    const uint8_t *ip = frame + f->l3;
    unsigned int header;

    if (f->l3 + 20u > len)
        return false;
    header = (ip[0] & 15) * 4;
    if (ip[0] >> 4 != 4 || header < 20 || (be16(ip + 6) & 0x3fff))
        return false;
    f->protocol = ip[9];
    f->l4 = f->l3 + header;
    return true;
}

static bool parse_ipv6(const uint8_t *frame, uint32_t len,
                       struct frame_layout *f)
{
    uint32_t at = f->l3 + IPV6_HEADER;
    uint8_t next;

    if (at > len)
        return false;
    next = frame[f->l3 + 6];
    for (unsigned int i = 0; i < MAX_V6_HEADERS; i++) {
        if (next == IPPROTO_TCP || next == IPPROTO_UDP) {
            f->protocol = next;
            f->l4 = at;
            return true;
        }
        if (next != IPPROTO_HOPOPTS && next != IPPROTO_ROUTING &&
            next != IPPROTO_DSTOPTS)
            return false;
        if (at + 8 > len)
            return false;
        next = frame[at];
        at += (frame[at + 1] + 1u) * 8;
    }
    return false;
}

bool frame_parse(const uint8_t *frame, uint32_t len, struct frame_layout *f)
{
    uint16_t type;
    unsigned int header;

    memset(f, 0, sizeof(*f));
    type = ethertype(frame, len, &f->l3);
    f->ipv6 = type == ETHERTYPE_IPV6;
    if (type == ETHERTYPE_IPV4 ? !parse_ipv4(frame, len, f)
                               : !f->ipv6 || !parse_ipv6(frame, len, f))
        return false;
    if (f->protocol == IPPROTO_UDP)
        return f->l4 + 8u <= len;
    if (f->protocol != IPPROTO_TCP || f->l4 + 20u > len)
        return false;
    header = (frame[f->l4 + 12] >> 4) * 4;
    f->payload = f->l4 + header;
    return header >= 20 && f->payload <= len;
}

static uint32_t sum(const uint8_t *p, uint32_t len, uint32_t acc)
{
    for (; len > 1; p += 2, len -= 2) {
        acc += be16(p);
        acc = (acc & 0xffff) + (acc >> 16);
    }
    if (len)
        acc += p[0] << 8;
    return (acc & 0xffff) + (acc >> 16);
}

static uint16_t fold(uint32_t acc)
{
    acc = (acc & 0xffff) + (acc >> 16);
    return (acc & 0xffff) + (acc >> 16);
}

/* What a sender leaves in the field for the hardware: the sum of the pseudo
 * header, not inverted. */
static void put_pseudo_header(uint8_t *frame, uint32_t len,
                              const struct frame_layout *f, uint8_t *field)
{
    const uint8_t *ip = frame + f->l3;
    uint32_t acc = f->protocol + (len - f->l4);

    acc = (acc & 0xffff) + (acc >> 16);
    acc = f->ipv6 ? sum(ip + 8, 32, acc) : sum(ip + 12, 8, acc);
    acc = fold(acc);
    field[0] = acc >> 8;
    field[1] = acc;
}

uint16_t internet_checksum(const uint8_t *p, uint32_t len)
{
    return ~fold(sum(p, len, 0));
}

void offload_checksum(struct virtio_net_hdr *h, const struct frame_layout *f)
{
    h->flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
    h->csum_start = f->l4;
    h->csum_offset =
        f->protocol == IPPROTO_TCP ? TCP_CSUM_OFFSET : UDP_CSUM_OFFSET;
}

/* The segments get new checksums, so one that the sender has made is of no
 * use. */
void offload_segments(struct virtio_net_hdr *h, uint8_t *head,
                      const struct frame_layout *f, uint32_t size,
                      uint16_t segment)
{
    offload_checksum(h, f);
    h->gso_type = f->ipv6 ? VIRTIO_NET_HDR_GSO_TCPV6 : VIRTIO_NET_HDR_GSO_TCPV4;
    h->gso_size = segment;
    h->hdr_len = f->payload;
    put_pseudo_header(head, size, f, head + f->l4 + TCP_CSUM_OFFSET);
}

bool offload_complete_checksum(const struct virtio_net_hdr *h, uint8_t *frame,
                               uint32_t len)
{
    uint32_t start = h->csum_start, field = start + h->csum_offset;
    uint16_t c;

    if (start > len || field + 2 > len)
        return false;
    c = internet_checksum(frame + start, len - start);
    if (!c)
        c = 0xffff; /* UDP: zero would mean "none" */
    frame[field] = c >> 8;
    frame[field + 1] = c;
    return true;
}
