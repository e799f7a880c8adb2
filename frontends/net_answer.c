/* SPDX-License-Identifier: MIT */
/* ARP and ICMP echo, as far as a guest with one address needs them. */
#include <pv/netfront.h>

/* Offsets in an Ethernet frame. */
enum {
    TYPE = 12,
    ARP_OPERATION = 20,
    ARP_SENDER = 22, /* MAC, then address */
    ARP_TARGET = 32,
    ARP_END = 42,
    IP_VERSION = 14,
    IP_FRAGMENT = 20,
    IP_PROTOCOL = 23,
    IP_SOURCE = 26,
    IP_DESTINATION = 30,
    ICMP_TYPE = 34,
    ICMP_CHECKSUM = 36,
    ICMP_END = 42,
};

static unsigned int word(const uint8_t *p)
{
    return p[0] << 8 | p[1];
}

static void address_back(uint8_t *frame, const uint8_t mac[6])
{
    memcpy(frame, frame + 6, 6);
    memcpy(frame + 6, mac, 6);
}

static size_t answer_arp(uint8_t *f, const uint8_t mac[6], const uint8_t ip[4])
{
    static const uint8_t request[] = {0, 1, 8, 0, 6, 4, 0, 1};

    if (memcmp(f + IP_VERSION, request, sizeof(request)) ||
        memcmp(f + ARP_TARGET + 6, ip, 4))
        return 0;
    address_back(f, mac);
    f[ARP_OPERATION + 1] = 2;
    memcpy(f + ARP_TARGET, f + ARP_SENDER, 10);
    memcpy(f + ARP_SENDER, mac, 6);
    memcpy(f + ARP_SENDER + 6, ip, 4);
    return ARP_END;
}

/* Only the type changes, from 8 to 0, and the checksum with it; addresses may
 * change places under one. */
static size_t answer_echo(uint8_t *f, size_t len, const uint8_t mac[6],
                          const uint8_t ip[4])
{
    unsigned int sum = word(f + ICMP_CHECKSUM) + 0x800;

    if (f[IP_VERSION] != 0x45 || (word(f + IP_FRAGMENT) & 0x3fff) ||
        f[IP_PROTOCOL] != 1 || memcmp(f + IP_DESTINATION, ip, 4) ||
        f[ICMP_TYPE] != 8)
        return 0;
    sum = (sum & 0xffff) + (sum >> 16);
    address_back(f, mac);
    memcpy(f + IP_DESTINATION, f + IP_SOURCE, 4);
    memcpy(f + IP_SOURCE, ip, 4);
    f[ICMP_TYPE] = 0;
    f[ICMP_CHECKSUM] = sum >> 8;
    f[ICMP_CHECKSUM + 1] = sum;
    return len;
}

size_t net_answer(uint8_t *frame, size_t len, const uint8_t mac[6],
                  const uint8_t ip[4])
{
    if (len >= ARP_END && word(frame + TYPE) == 0x0806)
        return answer_arp(frame, mac, ip);
    if (len >= ICMP_END && word(frame + TYPE) == 0x0800)
        return answer_echo(frame, len, mac, ip);
    return 0;
}
