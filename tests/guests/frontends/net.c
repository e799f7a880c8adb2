/* SPDX-License-Identifier: MIT */
/* netfront.c and a backend, which is played here, that lies. */
#include <pv/netfront.h>

#include "frontends.h"
#include "store.h"

static struct netfront net;
static struct net_queue *queue = &net.queue[0]; /* that is talked about */
static uint8_t frame[NET_FRAME_MAX];

/* What the backend puts into the next slot. */
static void receive(unsigned int id, unsigned int offset, unsigned int flags,
                    int status)
{
    struct netif_rx_sring *s = queue->rx.sring;

    s->ring[s->rsp_prod & (NET_RING - 1)].rsp = (struct netif_rx_response){
        .id = id, .offset = offset, .flags = flags, .status = status};
    s->rsp_prod++;
}

static void receive_extra(unsigned int type, unsigned int flags)
{
    struct netif_rx_sring *s = queue->rx.sring;
    struct netif_extra_info e = {
        .type = type,
        .flags = flags,
        .u.gso = {.size = 1400, .type = XEN_NETIF_GSO_TYPE_TCPV4}};

    memcpy(&s->ring[s->rsp_prod & (NET_RING - 1)].rsp, &e, sizeof(e));
    s->rsp_prod++;
}

static unsigned int offered(unsigned int ahead)
{
    return queue->rx_at[(queue->rx.rsp_cons + ahead) & (NET_RING - 1)];
}

static void write_buffer(unsigned int buffer, int byte)
{
    memset(queue->rx_buffer[buffer].page.base, byte, PAGE_SIZE);
}

static void net_anew(void)
{
    store_set("/b/state", "2");
    is(netfront_open(&net, 0), 0, "the interface connects");
}

static void net_given_up(const char *name)
{
    struct net_offload o;

    heard(queue->rx_port);
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
    offers = queue->rx.sring->req_prod;
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
    is(queue->rx.sring->req_prod, offers + 3,
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
    return &queue->tx.sring->ring[at & (NET_RING - 1)];
}

static void try_sending(void)
{
    static const uint16_t sizes[] = {9000, 4096, 808};
    unsigned int bad = 0;
    struct netif_tx_sring *s = queue->tx.sring;

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
    heard(queue->tx_port);
    is(netfront_send(&net, frame, 3 * PAGE_SIZE, NULL), 0,
       "buffers of a frame that was answered are used again");
    sent(3)->rsp = (struct netif_tx_response){.id = NET_TX_BUFFERS};
    s->rsp_prod++;
    heard(queue->tx_port);
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
    queue->rx.sring->rsp_prod += NET_RX_BUFFERS + 1;
    net_given_up("more frames than buffers");
    net_anew();
    is(netfront_send(&net, frame, 60, NULL), 0, "a frame is sent");
    queue->tx.sring->ring[0].rsp = (struct netif_tx_response){
        .id = queue->tx.sring->ring[0].req.id, .status = NETIF_RSP_NULL};
    queue->tx.sring->rsp_prod++;
    heard(queue->tx_port);
    net_given_up("a status that no frame can have");
}

static void try_net_closed_with_buffer(void)
{
    grant_handle_t handle;
    void *va, *page;

    net_anew();
    page = queue->rx_buffer[0].page.base;
    handle = map(queue->rx_buffer[0].page.ref[0], &va);
    is(netfront_close(&net), -EBUSY,
       "an interface is closed whose backend holds a buffer");
    net_anew();
    ok(queue->rx_buffer[0].page.base != page,
       "a buffer that the backend holds is not used again");
    unmap(handle, va);
    is(netfront_close(&net), 0,
       "an interface is closed whose backend holds nothing");
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

/* --- several queues ------------------------------------------------------- */

static void connect_queues(const char *offered)
{
    store_set("/b/multi-queue-max-queues", offered);
    store_set("/b/state", "2");
    is(netfront_open(&net, 0), 0, "the interface connects, %s queues offered",
       offered);
}

static bool is_published(unsigned int i)
{
    char path[48], want[16];

    snprintf(path, sizeof(path), "device/vif/0/queue-%u/tx-ring-ref", i);
    snprintf(want, sizeof(want), "%u", net.queue[i].tx_page.ref[0]);
    return !strcmp(store_get(path), want);
}

static bool is_flat(void)
{
    return net.nr_queues == 1 && *store_get("device/vif/0/tx-ring-ref") &&
           !*store_get("device/vif/0/multi-queue-num-queues") &&
           !*store_get("device/vif/0/queue-0/tx-ring-ref") &&
           !*store_get("device/vif/0/queue-1/tx-ring-ref");
}

static void receive_by(unsigned int i, unsigned int frames, unsigned int len)
{
    queue = &net.queue[i];
    for (unsigned int ahead = 0; ahead < frames; ahead++)
        receive(offered(ahead), 0, 0, len);
    queue = &net.queue[0];
}

static void try_turns(void)
{
    uint64_t before = net.queue[0].received;
    struct net_offload o;
    long sum = 0;

    receive_by(0, 5, 100);
    receive_by(1, 1, 200);
    for (unsigned int i = 0; i < 2; i++)
        sum += netfront_receive(&net, frame, sizeof(frame), &o);
    is(sum, 300, "a queue with one frame has its turn beside one with many");
    for (unsigned int i = 0; i < 4; i++)
        sum += netfront_receive(&net, frame, sizeof(frame), &o);
    is(sum, 700, "all frames of a busy queue are received");
    is(netfront_receive(&net, frame, sizeof(frame), &o), 0,
       "nothing is received when no queue has a frame");
    ok(net.queue[0].received - before == 5 && net.queue[1].received == 1,
       "frames that were received are counted by queue");
}

static uint64_t sent_by_second(unsigned int source_port)
{
    static const uint8_t udp[] = {8, 0, 0x45, 0, 0, 46, 0, 0, 0, 0, 64, 17, 0,
                                  0, 9, 8,    7, 6, 5,  4, 3, 2, 0, 0,  0,  7};
    uint64_t before = net.queue[1].sent;

    memcpy(frame + 12, udp, sizeof(udp));
    frame[35] = source_port;
    is(netfront_send(&net, frame, 60, NULL), 0, "a frame of port %u is sent",
       source_port);
    return net.queue[1].sent - before;
}

static void try_flows(void)
{
    uint64_t once = 0, again = 0;

    for (unsigned int port = 0; port < 16; port++)
        once |= sent_by_second(port) << port;
    for (unsigned int port = 0; port < 16; port++)
        again |= sent_by_second(port) << port;
    ok(once && once != 0xffff, "flows are sent by both queues");
    ok(once == again, "frames of a flow are sent by one queue");
    ok(net.queue[0].tx.sring->req_prod + net.queue[1].tx.sring->req_prod == 32,
       "both queues together have all frames that were sent");
    once = net.queue[0].sent;
    is(netfront_send_by(&net, 2, frame, 60, NULL), 0,
       "a frame is sent by the queue that the caller wants");
    is(net.queue[0].sent - once, 1, "the third of two queues is the first");
}

static void try_queues(void)
{
    net.wanted_queues = 2;
    connect_queues("3");
    is(net.nr_queues, 2, "there are as many queues as the program wants");
    ok(!strcmp(store_get("device/vif/0/multi-queue-num-queues"), "2") &&
           is_published(0) && is_published(1) &&
           !*store_get("device/vif/0/tx-ring-ref"),
       "two queues are published in directories of their own");
    try_turns();
    try_flows();
    store_set("/b/multi-queue-max-queues", "1");
    store_set("/b/state", "5");
    serve_all();
    ok(net.dev.online && is_flat(),
       "two queues become one in the old way if the backend that is connected "
       "to anew takes no more");
    netfront_close(&net);
    connect_queues("0");
    ok(is_flat(), "a backend that offers no queue gets one in the old way");
    netfront_close(&net);
    connect_queues("1000000000000");
    is(net.nr_queues, 2, "a backend that offers too many gets those wanted");
    queue = &net.queue[1];
    receive(offered(0) + 1, 0, 0, 100);
    net_given_up("another buffer in the second queue");
    queue = &net.queue[0];
    net.wanted_queues = 0;
    connect_queues("3");
    ok(is_flat(), "a program that wants no more gets one queue in the old way");
    netfront_close(&net);
}

void try_networks(void)
{
    make_device("vif");
    try_honest_net();
    try_sending();
    try_net();
    try_net_closed_with_buffer();
    try_answers();
    try_queues();
}
