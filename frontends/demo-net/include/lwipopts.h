/* SPDX-License-Identifier: MIT */
/*
 * How lwIP is built here: IPv4, TCP, ping and DHCP, called from one loop, all
 * memory in pools whose sizes stand below. A pool that is empty costs a frame
 * or refuses a connection; nothing grows.
 */
#ifndef LWIPOPTS_H
#define LWIPOPTS_H

#define NO_SYS               1
#define SYS_LIGHTWEIGHT_PROT 0
#define LWIP_NETCONN         0
#define LWIP_SOCKET          0

#define LWIP_IPV4     1
#define LWIP_IPV6     0
#define LWIP_ARP      1
#define LWIP_ETHERNET 1
#define LWIP_ICMP     1
#define LWIP_RAW      0
#define LWIP_UDP      1
#define LWIP_DHCP     1
#define LWIP_DNS      0
#define LWIP_TCP      1
#define LWIP_STATS    0
/* Neither a web server nor its clients need fragments. */
#define IP_REASSEMBLY 0
#define IP_FRAG       0
#define IP_FORWARD    0
#define ARP_QUEUEING  0
/* An address is used as soon as it is given: 2.1 and 2.2 have different names
 * for asking around first. */
#define DHCP_DOES_ARP_CHECK      0
#define LWIP_DHCP_DOES_ACD_CHECK 0
/* An address is judged when it is there, and one that is no good given back;
 * for that port.c has a timeout of its own. */
#define MEMP_NUM_SYS_TIMEOUT       (LWIP_NUM_SYS_TIMEOUT_INTERNAL + 1)
#define LWIP_NETIF_STATUS_CALLBACK 1
#define LWIP_NETIF_LINK_CALLBACK   0
#define LWIP_NETIF_HOSTNAME        1

/* Which checksums are left to the other side is decided by frame, see port.c.
 */
#define LWIP_CHECKSUM_CTRL_PER_NETIF 1

/* --- connections ---------------------------------------------------------- */
#define MEMP_NUM_TCP_PCB        64
#define MEMP_NUM_TCP_PCB_LISTEN 1
#define MEMP_NUM_UDP_PCB        1
#define TCP_LISTEN_BACKLOG      1
#define TCP_MSS                 1460
#define TCP_SND_BUF             (12 * TCP_MSS)
#define TCP_SND_QUEUELEN        (2 * 12)
#define TCP_WND                 (4 * TCP_MSS)
#define TCP_QUEUE_OOSEQ         0
#define TCP_MSL                 5000UL
/* The sequence number that a connection begins with cannot be guessed. */
#define LWIP_HOOK_FILENAME "hooks.h"
#define LWIP_HOOK_TCP_ISN  isn_of
/* Nor do other segments than the first say how long segments may be. */
#define LWIP_HOOK_TCP_INPACKET_PCB(pcb, h, options, first, second, p)          \
    look_at_segment(h, options, second)

/* --- memory --------------------------------------------------------------- */
#define MEM_ALIGNMENT 8
/* All connections can have under way all that they may, and their ends: clients
 * that read nothing keep nobody else from a beginning. A segment has its
 * headers in the heap and a reference to the page's bytes; other texts are in
 * the heap. */
#define MEMP_NUM_TCP_SEG (MEMP_NUM_TCP_PCB * 13)
#define MEMP_NUM_PBUF    MEMP_NUM_TCP_SEG
#define MEM_SIZE         (MEMP_NUM_TCP_SEG * 160 + MEMP_NUM_TCP_PCB * 640)
/* What has come and is being looked at: a frame of several segments at most. */
#define PBUF_POOL_SIZE    24
#define PBUF_POOL_BUFSIZE 1536

#endif
