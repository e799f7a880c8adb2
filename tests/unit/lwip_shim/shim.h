/* SPDX-License-Identifier: MIT */
/*
 * As much of lwIP's interface as frontends/demo-net/port.c names, for a test
 * that plays lwIP: the real one is there only where demo-net is built. The
 * headers around this one have its names.
 */
#ifndef LWIP_SHIM_H
#define LWIP_SHIM_H

#include <stddef.h>
#include <stdint.h>

typedef uint8_t u8_t;
typedef uint16_t u16_t;
typedef uint32_t u32_t;
typedef int8_t err_t;
enum { ERR_OK = 0, ERR_MEM = -1, ERR_VAL = -6, ERR_IF = -12 };

/* Of demo-net's own for lwIP: arch/cc.h. */
void port_assert(const char *what, const char *file, int line)
    __attribute__((noreturn));
u32_t port_random(void);

u32_t sys_now(void);
void sys_check_timeouts(void);
u32_t sys_timeouts_sleeptime(void);
void sys_timeout(u32_t ms, void (*fn)(void *arg), void *arg);
void lwip_init(void);

struct ip4_addr {
    u32_t addr;
};
#define lwip_htonl(x) __builtin_bswap32(x)
#define lwip_ntohl(x) __builtin_bswap32(x)

struct pbuf {
    size_t len;
    u8_t bytes[2048];
};
enum { PBUF_RAW, PBUF_POOL };
struct pbuf *pbuf_alloc(int layer, u16_t len, int type);
u8_t pbuf_free(struct pbuf *p);
err_t pbuf_take(struct pbuf *p, const void *from, u16_t len);
u16_t pbuf_copy_partial(const struct pbuf *p, void *to, u16_t len, u16_t at);

struct netif {
    char name[2];
    const char *hostname;
    u16_t mtu;
    u8_t hwaddr_len, hwaddr[6], flags;
    struct ip4_addr ip, mask;
    err_t (*input)(struct pbuf *p, struct netif *n);
    err_t (*output)(struct netif *n, struct pbuf *p, const struct ip4_addr *to);
    err_t (*linkoutput)(struct netif *n, struct pbuf *p);
    void (*changed)(struct netif *n);
};
#define netif_ip4_addr(n)                ((const struct ip4_addr *)&(n)->ip)
#define netif_ip4_netmask(n)             ((const struct ip4_addr *)&(n)->mask)
#define netif_set_status_callback(n, fn) ((n)->changed = (fn))
#define netif_set_default(n)             ((void)(n))
#define netif_set_up(n)                  ((void)(n))
#define NETIF_SET_CHECKSUM_CTRL(n, f)    ((void)(n), (void)(f))
enum {
    NETIF_FLAG_BROADCAST = 1,
    NETIF_FLAG_ETHARP = 2,
    NETIF_FLAG_ETHERNET = 4,
    NETIF_FLAG_LINK_UP = 8,
    NETIF_CHECKSUM_GEN_TCP = 1,
    NETIF_CHECKSUM_CHECK_TCP = 2,
    NETIF_CHECKSUM_CHECK_UDP = 4,
    NETIF_CHECKSUM_ENABLE_ALL = 7,
};
struct netif *netif_add(struct netif *n, const struct ip4_addr *ip,
                        const struct ip4_addr *mask,
                        const struct ip4_addr *gateway, void *state,
                        err_t (*init)(struct netif *n),
                        err_t (*input)(struct pbuf *p, struct netif *n));
err_t ethernet_input(struct pbuf *p, struct netif *n);
err_t etharp_output(struct netif *n, struct pbuf *p, const struct ip4_addr *to);
err_t dhcp_start(struct netif *n);
void dhcp_release_and_stop(struct netif *n);

enum { TCP_SYN = 2, TCP_RST = 4, TCP_ACK = 16 };
struct tcp_hdr {
    u16_t src, dest;
    u32_t seqno, ackno;
    u16_t offset_flags, wnd, chksum, urgp;
};
#define TCPH_FLAGS(h) (__builtin_bswap16((h)->offset_flags) & 63)

enum tcp_state { CLOSED, LISTEN, SYN_RCVD, ESTABLISHED };
struct tcp_pcb {
    struct tcp_pcb *next;
    enum tcp_state state;
};
struct tcp_pcb_listen {
    struct tcp_pcb *next;
    enum tcp_state state;
    u8_t backlog, accepts_pending;
};
extern struct tcp_pcb *tcp_active_pcbs;
void tcp_abandon(struct tcp_pcb *pcb, int reset);

#endif
