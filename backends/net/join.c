/* SPDX-License-Identifier: MIT */
/* See join.h. */
#include "join.h"

#include <netinet/in.h>
#include <string.h>
#include <xen/xen.h>
#include <xen/grant_table.h>
#include <xen/io/netif.h>

#define IPV4_HEADER 20
#define TCP_ACK     0x10
#define TCP_PSH     0x08
/* Offsets in the TCP header. */
#define TCP_SEQ     4
#define TCP_FLAGS   13
#define TCP_WINDOW  14
#define TCP_OPTIONS 20

static uint32_t be16(const uint8_t *p)
{
    return p[0] << 8 | p[1];
}

static uint32_t be32(const uint8_t *p)
{
    return be16(p) << 16 | be16(p + 2);
}

static void put16(uint8_t *p, uint16_t v)
{
    p[0] = v >> 8;
    p[1] = v;
}

static bool same(const uint8_t *a, const uint8_t *b, unsigned int from,
                 unsigned int to)
{
    return !memcmp(a + from, b + from, to - from);
}

/* No options, never to be fragmented, and not padded. */
static bool plain_ipv4(const uint8_t *ip, const struct frame_layout *at,
                       uint32_t size)
{
    return at->l4 - at->l3 == IPV4_HEADER && be16(ip + 6) == 0x4000 &&
           be16(ip + 2) == size - at->l3;
}

static bool plain_ipv6(const uint8_t *ip, const struct frame_layout *at,
                       uint32_t size)
{
    return at->l4 - at->l3 == IPV6_HEADER && be16(ip + 4) == size - at->l4;
}

static bool plain(const uint8_t *head, const struct frame_layout *at,
                  uint32_t size)
{
    const uint8_t *ip = head + at->l3, *tcp = head + at->l4;

    return at->protocol == IPPROTO_TCP && size > at->payload &&
           (tcp[TCP_FLAGS] & ~TCP_PSH) == TCP_ACK && !(tcp[12] & 15) &&
           (at->ipv6 ? plain_ipv6(ip, at, size) : plain_ipv4(ip, at, size));
}

static bool same_ip(const uint8_t *a, const uint8_t *b, bool ipv6)
{
    /* all but the length, the identification and the checksum */
    return ipv6 ? same(a, b, 0, 4) && same(a, b, 6, IPV6_HEADER)
                : same(a, b, 0, 2) && same(a, b, 6, 10) &&
                      same(a, b, 12, IPV4_HEADER);
}

static bool same_flow(const struct joined *j, const uint8_t *head,
                      const struct frame_layout *at)
{
    const uint8_t *a = j->head + at->l4, *b = head + at->l4;

    return j->at.ipv6 == at->ipv6 && j->at.l3 == at->l3 && j->at.l4 == at->l4 &&
           j->at.payload == at->payload && same(j->head, head, 0, at->l3) &&
           same_ip(j->head + at->l3, head + at->l3, at->ipv6) &&
           same(a, b, 0, TCP_SEQ) && same(a, b, 8, TCP_FLAGS) &&
           same(a, b, TCP_WINDOW, TCP_WINDOW + 2) &&
           same(a, b, TCP_OPTIONS, at->payload - at->l4);
}

/* A push is the end of what the sender had to say. */
static bool may_go_on(const uint8_t *head, const struct frame_layout *at)
{
    return !(head[at->l4 + TCP_FLAGS] & TCP_PSH);
}

void join_begin(struct joined *j, uint8_t *head, const struct frame_layout *at,
                uint32_t size)
{
    *j = (struct joined){.head = head, .at = *at, .size = size};
    j->open = plain(head, at, size) && may_go_on(head, at);
    j->segment = j->open ? size - at->payload : 0;
}

bool join_next(struct joined *j, const uint8_t *head,
               const struct frame_layout *at, uint32_t size)
{
    uint32_t data = size - at->payload;

    if (!j->open || !plain(head, at, size) || data > j->segment ||
        j->size + data > UINT16_MAX || !same_flow(j, head, at) ||
        be32(head + at->l4 + TCP_SEQ) !=
            (uint32_t)(be32(j->head + at->l4 + TCP_SEQ) +
                       (j->size - at->payload)))
        return false;
    j->size += data;
    j->several = true;
    j->head[at->l4 + TCP_FLAGS] |= head[at->l4 + TCP_FLAGS];
    j->open = data == j->segment && may_go_on(head, at);
    return true;
}

void join_end(struct joined *j, struct virtio_net_hdr *h)
{
    uint8_t *ip = j->head + j->at.l3;

    if (j->at.ipv6) {
        put16(ip + 4, j->size - j->at.l4);
    } else {
        put16(ip + 2, j->size - j->at.l3);
        put16(ip + 10, 0);
        put16(ip + 10, internet_checksum(ip, IPV4_HEADER));
    }
    offload_segments(h, j->head, &j->at, j->size, j->segment);
}
