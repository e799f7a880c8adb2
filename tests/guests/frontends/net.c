/* SPDX-License-Identifier: MIT */
/* netfront.c and a backend, which is played here, that lies. */
#include <pv/netfront.h>

#include "frontends.h"
#include "store.h"

static struct netfront net;
static uint8_t frame[NET_FRAME_MAX];

/* What the backend puts into the next slot. */
static void receive(unsigned int id, unsigned int offset, unsigned int flags,
                    int status)
{
    struct netif_rx_sring *s = net.rx.sring;

    s->ring[s->rsp_prod & (NET_RING - 1)].rsp = (struct netif_rx_response){
        .id = id, .offset = offset, .flags = flags, .status = status};
    s->rsp_prod++;
}

static void receive_extra(unsigned int type, unsigned int flags)
{
    struct netif_rx_sring *s = net.rx.sring;
    struct netif_extra_info e = {
        .type = type,
        .flags = flags,
        .u.gso = {.size = 1400, .type = XEN_NETIF_GSO_TYPE_TCPV4}};

    memcpy(&s->ring[s->rsp_prod & (NET_RING - 1)].rsp, &e, sizeof(e));
    s->rsp_prod++;
}

static unsigned int offered(unsigned int ahead)
{
    return net.rx_at[(net.rx.rsp_cons + ahead) & (NET_RING - 1)];
}

static void write_buffer(unsigned int buffer, int byte)
{
    memset(net.rx_buffer[buffer].page.base, byte, PAGE_SIZE);
}

static void net_anew(void)
{
    store_set("/b/state", "2");
    is(netfront_open(&net, 0), 0, "the interface connects");
}

static void net_given_up(const char *name)
{
    struct net_offload o;

    heard(net.rx_port);
    is(netfront_receive(&net, frame, sizeof(frame), &o), -EIO,
       "%s: the interface is given up", name);
    netfront_close(&net);
}

static void try_honest_net(void)
{
    struct net_offload o;
    uint32_t offers;

    net_anew();
    is(net.mac[2] << 16 | net.mac[3] << 8 | net.mac[4], 0x3eab0c,
       "the interface's address is read");
    offers = net.rx.sring->req_prod;
    write_buffer(offered(0), 'a');
    write_buffer(offered(2), 'b');
    receive(offered(0), 96,
            NETRXF_more_data | NETRXF_extra_info | NETRXF_csum_blank, 4000);
    receive_extra(XEN_NETIF_EXTRA_TYPE_GSO, 0);
    receive(offered(2), 0, 0, 1000);
    is(netfront_receive(&net, frame, sizeof(frame), &o), 5000,
       "a frame of two pages and extra information comes whole");
    ok(frame[3999] == 'a' && frame[4000] == 'b',
       "parts of a received frame are in order");
    ok(o.csum_blank && o.gso_size == 1400 &&
           o.gso_type == XEN_NETIF_GSO_TYPE_TCPV4,
       "offloads of a received frame are told");
    is(net.rx.sring->req_prod, offers + 3,
       "buffers of a received frame are offered again");
    receive(offered(0), 0, NETRXF_more_data, 4000);
    receive(offered(1), 0, 0, 4000);
    receive(offered(2), 0, 0, 60);
    is(netfront_receive(&net, frame, 5000, &o), 60,
       "a received frame that does not fit is passed over");
    is(net.lost, 1, "a received frame that does not fit is counted");
    is(netfront_receive(&net, frame, sizeof(frame), &o), 0,
       "nothing is received when there is nothing");
}

static union netif_tx_sring_entry *sent(unsigned int at)
{
    return &net.tx.sring->ring[at & (NET_RING - 1)];
}

static void try_sending(void)
{
    static const uint16_t sizes[] = {9000, 4096, 808};
    unsigned int bad = 0;
    struct netif_tx_sring *s = net.tx.sring;

    memset(frame, 's', sizeof(frame));
    is(netfront_send(&net, frame, 13, NULL), -EINVAL,
       "less than a header is not sent");
    is(netfront_send(&net, frame, 9000, NULL), 0, "a frame is sent");
    for (unsigned int i = 0; i < 3; i++) {
        struct netif_tx_request *r = &sent(i)->req;

        bad +=
            r->size != sizes[i] || !(r->flags & NETTXF_more_data) != (i == 2);
    }
    is(bad, 0,
       "a frame of 9000 bytes is sent in three parts, the first tells the "
       "whole size");
    for (unsigned int i = 0; i < 3; i++)
        is(netfront_send(&net, frame, NET_FRAME_MAX, NULL), 0,
           "the longest one is sent");
    is(netfront_send(&net, frame, NET_FRAME_MAX, NULL), -EAGAIN,
       "a frame for which there are no buffers is not sent yet");
    for (unsigned int i = 0; i < 3; i++)
        sent(i)->rsp = (struct netif_tx_response){.id = sent(i)->req.id};
    s->rsp_prod += 3;
    heard(net.tx_port);
    is(netfront_send(&net, frame, 3 * PAGE_SIZE, NULL), 0,
       "buffers of a frame that was answered are used again");
    sent(3)->rsp = (struct netif_tx_response){.id = NET_TX_BUFFERS};
    s->rsp_prod++;
    heard(net.tx_port);
    is(netfront_send(&net, frame, 60, NULL), -EIO,
       "an answer to no frame: the interface is given up");
    netfront_close(&net);
}

static void try_net(void)
{
    net_anew();
    receive(offered(0) + 1, 0, 0, 100);
    net_given_up("another buffer");
    net_anew();
    receive(offered(0), 4000, 0, 97);
    net_given_up("more than the page holds");
    net_anew();
    receive(offered(0), 0, NETRXF_more_data, 100);
    net_given_up("a part of a frame");
    net_anew();
    receive(offered(0), 0, NETRXF_extra_info, 100);
    receive_extra(XEN_NETIF_EXTRA_TYPE_GSO, XEN_NETIF_EXTRA_FLAG_MORE);
    net_given_up("extra information without end");
    net_anew();
    net.rx.sring->rsp_prod += NET_RX_BUFFERS + 1;
    net_given_up("more frames than buffers");
    net_anew();
    is(netfront_send(&net, frame, 60, NULL), 0, "a frame is sent");
    net.tx.sring->ring[0].rsp = (struct netif_tx_response){
        .id = net.tx.sring->ring[0].req.id, .status = NETIF_RSP_NULL};
    net.tx.sring->rsp_prod++;
    heard(net.tx_port);
    net_given_up("a status that no frame can have");
}

static void try_answers(void)
{
    static const uint8_t mac[6] = {2, 0, 0, 0, 0, 9}, ip[4] = {10, 0, 0, 2};
    static const uint8_t arp[42] = {
        255, 255, 255, 255, 255, 255, 2, 0, 0, 0, 0,  1, 8, 6,
        0,   1,   8,   0,   6,   4,   0, 1, 2, 0, 0,  0, 0, 1,
        10,  0,   0,   1,   0,   0,   0, 0, 0, 0, 10, 0, 0, 2};

    memcpy(frame, arp, sizeof(arp));
    is(net_answer(frame, sizeof(arp), mac, ip), 42,
       "an ARP request is answered");
    ok(frame[5] == 1 && frame[11] == 9 && frame[21] == 2 && frame[27] == 9 &&
           frame[31] == 2 && frame[41] == 1,
       "an ARP answer has the guest's addresses and goes to the one who has "
       "asked");
    memcpy(frame, arp, sizeof(arp));
    frame[41] = 3;
    is(net_answer(frame, sizeof(arp), mac, ip), 0,
       "an ARP request for another address is not answered");
    is(net_answer(frame, 41, mac, ip), 0,
       "a part of an ARP request is not answered");
}

void try_networks(void)
{
    make_device("vif");
    try_honest_net();
    try_sending();
    try_net();
    try_answers();
}
