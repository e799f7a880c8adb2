/* SPDX-License-Identifier: MIT */
/*
 * lwIP over netfront; see port.h. Frames are copied between netfront's buffer
 * here and lwIP's, so neither knows the other's memory.
 */
#include <lwip/dhcp.h>
#include <lwip/etharp.h>
#include <lwip/init.h>
#include <lwip/prot/tcp.h>
#include <lwip/netif.h>
#include <lwip/sys.h>
#include <lwip/timeouts.h>
#include <netif/ethernet.h>
#include <pv/netfront.h>

#include "address.h"
#include "hooks.h"
#include "port.h"
#include "random.h"
#include "segment.h"

#define MTU          1500
#define FRAME_SENT   (MTU + NET_FRAME_MIN)
#define FRAME_MAX    16384 /* several segments that came as one */
#define AT_ONCE      64    /* frames, before timers get their turn */
#define LINES        20    /* about addresses, on the console */
#define ASK_AGAIN_MS 10000
#define TRIES        20 /* of a millisecond, to find room for a frame */
#define TRY_NS       (SECOND_NS / 1000)

static struct netfront vif;
static struct netif netif;
static uint64_t no_memory;
static bool no_address; /* DHCP has given one that cannot be */

/* --- what lwIP asks the platform for -------------------------------------- */

u32_t sys_now(void)
{
    return system_time() / 1000000;
}

void port_assert(const char *what, const char *file, int line)
{
    printf("demo-net: lwIP: %s (%s, line %d)\n", what, file, line);
    shutdown(SHUTDOWN_crash);
}

u32_t port_random(void)
{
    static uint64_t nr;

    return keyed_hash(nr++, 0);
}

/* RFC 6528: a clock of 4 us, and what only this guest can add to it. */
u32_t isn_of(const struct ip4_addr *local, u16_t local_port,
             const struct ip4_addr *remote, u16_t remote_port)
{
    return system_time() / 4096 +
           keyed_hash((uint64_t)local->addr << 32 | remote->addr,
                      1UL << 32 | (uint32_t)local_port << 16 | remote_port);
}

int8_t look_at_segment(const struct tcp_hdr *h, uint16_t options,
                       const uint8_t *second)
{
    struct segment s = {.syn = TCPH_FLAGS(h) & TCP_SYN,
                        .window = h->wnd,
                        .options = (const uint8_t *)(h + 1),
                        .bytes = options};

    return !second && segment_is_sound(&s) ? ERR_OK : ERR_VAL;
}

/* --- frames --------------------------------------------------------------- */

/* Offsets in a frame whose IP header has no options. */
enum {
    IP = 14,
    IP_LENGTH = 16,
    IP_FRAGMENT = 20,
    IP_PROTOCOL = 23,
    IP_ADDRESSES = 26,
    TCP = 34,
    TCP_CHECKSUM = 50,
    TCP_END = 54,
};

static unsigned int word_at(const uint8_t *frame, unsigned int at)
{
    return frame[at] << 8 | frame[at + 1];
}

/* lwIP leaves TCP's checksum to this. If the other side can finish it, it gets
 * that of the pseudo-header: a frame for another guest or for dom0 needs no
 * more. */
static bool leave_checksum(uint8_t *frame, size_t len)
{
    unsigned int sum;

    if (len < TCP_END || word_at(frame, 12) != 0x0800 || frame[IP] != 0x45 ||
        word_at(frame, IP_FRAGMENT) & 0x3fff || frame[IP_PROTOCOL] != 6)
        return false;
    sum = 6 + word_at(frame, IP_LENGTH) - (TCP - IP);
    for (unsigned int at = IP_ADDRESSES; at < TCP; at += 2)
        sum += word_at(frame, at);
    sum = (sum & 0xffff) + (sum >> 16);
    sum += sum >> 16;
    frame[TCP_CHECKSUM] = sum >> 8;
    frame[TCP_CHECKSUM + 1] = sum;
    return true;
}

/* A backend that is behind gets some time; then the frame is lost, as on any
 * network. What runs meanwhile are the frontends' listeners, never lwIP. */
static err_t send_frame(struct netif *n, struct pbuf *p)
{
    static uint8_t frame[FRAME_SENT];
    struct net_offload o = {0};
    size_t len = pbuf_copy_partial(p, frame, sizeof(frame), 0);
    long rc;

    o.csum_blank = leave_checksum(frame, len);
    rc = netfront_send(&vif, frame, len, &o);
    for (unsigned int i = 0; rc == -EAGAIN && i < TRIES; i++) {
        events_serve(TRY_NS);
        rc = netfront_send(&vif, frame, len, &o);
    }
    return rc ? ERR_IF : ERR_OK;
}

/* A checksum that is not there, or was looked at by the backend, is not looked
 * at again: for this frame alone. */
static void take_frame(const uint8_t *frame, size_t len,
                       const struct net_offload *o)
{
    struct pbuf *p = pbuf_alloc(PBUF_RAW, len, PBUF_POOL);
    u16_t flags = NETIF_CHECKSUM_ENABLE_ALL & ~NETIF_CHECKSUM_GEN_TCP;

    if (!p) {
        no_memory++;
        return;
    }
    if (o->csum_blank || o->csum_valid)
        flags &= ~(NETIF_CHECKSUM_CHECK_TCP | NETIF_CHECKSUM_CHECK_UDP);
    NETIF_SET_CHECKSUM_CTRL(&netif, flags);
    pbuf_take(p, frame, len);
    if (netif.input(p, &netif) != ERR_OK)
        pbuf_free(p);
}

/* 0: none is left; 1: some may be; -EIO the interface was given up. */
static long take_frames(void)
{
    static uint8_t frame[FRAME_MAX];
    struct net_offload o;
    long len;

    for (unsigned int i = 0; i < AT_ONCE; i++) {
        len = netfront_receive(&vif, frame, sizeof(frame), &o);
        if (len <= 0)
            return len;
        take_frame(frame, len, &o);
    }
    return 1;
}

uint64_t net_lost(void)
{
    return vif.lost + no_memory;
}

/* --- the interface and its address ---------------------------------------- */

/* Whoever answers DHCP's questions may say anything, as often as he likes. */
static void address_changed(struct netif *n)
{
    static unsigned int lines;
    uint32_t ip = lwip_ntohl(netif_ip4_addr(n)->addr);

    if (!ip)
        return;
    no_address = !address_usable(ip, lwip_ntohl(netif_ip4_netmask(n)->addr));
    if (lines++ < LINES)
        printf("demo-net: address %u.%u.%u.%u%s\n", ip >> 24, ip >> 16 & 255,
               ip >> 8 & 255, ip & 255,
               no_address ? ", which no host can have" : "");
}

static void ask_again(void *arg)
{
    if (dhcp_start(&netif) != ERR_OK)
        sys_timeout(ASK_AGAIN_MS, ask_again, NULL);
}

static void give_address_back(void)
{
    no_address = false;
    dhcp_release_and_stop(&netif);
    sys_timeout(ASK_AGAIN_MS, ask_again, NULL);
}

static err_t interface_up(struct netif *n)
{
    n->name[0] = 'p';
    n->name[1] = 'v';
    n->hostname = "demo-net";
    n->mtu = MTU;
    n->hwaddr_len = sizeof(vif.mac);
    memcpy(n->hwaddr, vif.mac, sizeof(vif.mac));
    n->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_ETHERNET |
               NETIF_FLAG_LINK_UP;
    n->output = etharp_output;
    n->linkoutput = send_frame;
    NETIF_SET_CHECKSUM_CTRL(n, NETIF_CHECKSUM_ENABLE_ALL &
                                   ~NETIF_CHECKSUM_GEN_TCP);
    return ERR_OK;
}

long net_open(const struct address *a)
{
    struct ip4_addr ip = {lwip_htonl(a->ip)}, mask = {lwip_htonl(a->mask)},
                    gateway = {lwip_htonl(a->gateway)};
    long rc = netfront_open(&vif, 0);

    if (rc)
        return rc;
    lwip_init();
    if (a->dhcp)
        ip.addr = mask.addr = gateway.addr = 0;
    if (!netif_add(&netif, &ip, &mask, &gateway, NULL, interface_up,
                   ethernet_input))
        return -ENOMEM;
    netif_set_status_callback(&netif, address_changed);
    netif_set_default(&netif);
    netif_set_up(&netif);
    if (a->dhcp && dhcp_start(&netif) != ERR_OK)
        return -ENOMEM;
    return 0;
}

void net_close(void)
{
    netfront_close(&vif);
}

/* What is sent on the way may have to wait for room, and what comes meanwhile
 * must not be slept over: another frame, or the end of a write to the disk. */
bool net_serve(uint64_t ns)
{
    uint64_t before = events_served(), due;
    long more = take_frames();

    if (more < 0)
        return false;
    sys_check_timeouts();
    if (no_address)
        give_address_back();
    due = sys_timeouts_sleeptime() * (SECOND_NS / 1000);
    events_serve_since(before, more ? 0 : due < ns ? due : ns);
    return true;
}
