/* SPDX-License-Identifier: MIT */
/* See net_flow.h. */
#include "net_flow.h"

#include <stdlib.h>
#include <string.h>

static void put16(uint8_t *p, unsigned int v)
{
    p[0] = v >> 8;
    p[1] = v;
}

static void put32(uint8_t *p, uint32_t v)
{
    put16(p, v >> 16);
    put16(p + 2, v & 0xffff);
}

static unsigned int get16(const uint8_t *p)
{
    return p[0] << 8 | p[1];
}

static unsigned int sum16(const uint8_t *p, unsigned int len, unsigned int acc)
{
    for (unsigned int i = 0; i < len; i += 2)
        acc += get16(p + i);
    while (acc >> 16)
        acc = (acc & 0xffff) + (acc >> 16);
    return acc;
}

/* What depends on the length, in a frame whose IP header is at @ip. */
static void fill_in(uint8_t *frame, unsigned int len, unsigned int ip)
{
    uint8_t *h = frame + ip, *tcp;

    if (h[0] >> 4 == 6) {
        tcp = h + 40;
        put16(h + 4, len - ip - 40);
        put16(tcp + 16, sum16(h + 8, 32, 6 + (len - ip - 40)));
        return;
    }
    tcp = h + 20;
    put16(h + 2, len - ip);
    put16(h + 10, 0);
    put16(h + 10, ~sum16(h, 20, 0));
    put16(tcp + 16, sum16(h + 12, 8, 6 + (len - ip - 20)));
}

static unsigned int ethernet(const struct flow *f, uint8_t *frame)
{
    unsigned int at = 12;

    memset(frame, 2, 12);
    if (f->vlan) {
        put16(frame + at, 0x8100);
        put16(frame + at + 2, f->vlan);
        at += 4;
    }
    put16(frame + at, f->ipv6 ? 0x86dd : 0x0800);
    return at + 2;
}

static unsigned int ip_header(const struct flow *f, uint8_t *h)
{
    memset(h, 0, 40);
    if (f->ipv6) {
        h[0] = 0x60 | f->tos >> 4;
        h[1] = f->tos << 4;
        h[6] = 6;
        h[7] = f->ttl;
        memset(h + 8, 0xfd, 32);
        return 40;
    }
    h[0] = 0x45;
    h[1] = f->tos;
    put16(h + 6, 0x4000);
    h[8] = f->ttl;
    h[9] = 6;
    memset(h + 12, 10, 8);
    return 20;
}

unsigned int flow_segment(struct flow *f, uint8_t *frame, unsigned int data,
                          uint8_t tcp_flags)
{
    unsigned int ip = ethernet(f, frame), at = ip + ip_header(f, frame + ip);
    uint8_t *tcp = frame + at;
    unsigned int header = 20 + f->options;

    memset(tcp, 0, header);
    put16(tcp, f->port);
    put16(tcp + 2, 80);
    put32(tcp + 4, f->seq);
    put32(tcp + 8, f->ack);
    tcp[12] = header / 4 << 4;
    tcp[13] = tcp_flags;
    put16(tcp + 14, f->window);
    memset(tcp + 20, 1, f->options);
    for (unsigned int i = 0; i < data; i++)
        tcp[header + i] = rand();
    f->seq += data;
    fill_in(frame, at + header + data, ip);
    return at + header + data;
}

unsigned int flow_cut(const struct virtio_net_hdr *h, const uint8_t *large,
                      unsigned int len, unsigned int i, uint8_t *frame)
{
    unsigned int from = h->hdr_len + i * h->gso_size, data;
    unsigned int ip = get16(large + 12) == 0x8100 ? 18 : 14;
    uint8_t *tcp = frame + h->csum_start;

    if (from >= len)
        return 0;
    data = len - from < h->gso_size ? len - from : h->gso_size;
    memcpy(frame, large, h->hdr_len);
    memcpy(frame + h->hdr_len, large + from, data);
    put32(tcp + 4,
          ((uint32_t)get16(tcp + 4) << 16 | get16(tcp + 6)) + i * h->gso_size);
    if (from + data < len)
        tcp[13] &= ~8; /* the push belongs to the last */
    fill_in(frame, h->hdr_len + data, ip);
    return h->hdr_len + data;
}
