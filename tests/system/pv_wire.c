/* SPDX-License-Identifier: MIT */
/*
 * pv_wire INTERFACE MAC - in dom0, for frontends.t: sends frames to the guest
 * pv_peer by its interface and compares what comes back: all lengths up to the
 * MTU's, many at once, with a checksum left blank, TCP segments that were not
 * cut, and many flows. Prints TAP.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define WAIT_MS 3000
#define LONGEST 65000
#define TCP     54 /* where its data begins */
#define OWN     14 /* where that of a frame of our own type begins */
#define NOTE    8  /* bytes there that the guest fills in */

struct wire {
    struct virtio_net_hdr header;
    unsigned char frame[LONGEST + 536];
} __attribute__((packed));

static int fd;
static unsigned char guest[6];
static unsigned int tests;

static void ok(bool good, const char *name)
{
    printf("%sok %u - %s\n", good ? "" : "not ", ++tests, name);
}

static void fill(struct wire *w, unsigned int from, unsigned int len,
                 unsigned int seed)
{
    memcpy(w->frame, guest, 6);
    memcpy(w->frame + 6, "\x02\0\0\0\0\1", 6);
    for (unsigned int i = from + NOTE; i < len; i++)
        w->frame[i] = (i * 7 + seed) ^ i >> 8;
    memset(w->frame + from, 0, NOTE);
    w->frame[from + 6] = seed >> 8;
    w->frame[from + 7] = seed;
}

static void own_frame(struct wire *w, unsigned int len, unsigned int seed)
{
    memset(&w->header, 0, sizeof(w->header));
    w->frame[12] = 0x88;
    w->frame[13] = 0xb5;
    fill(w, OWN, len, seed);
}

/* To port 7, with the checksum of the IP header and none of TCP's. */
static void tcp_frame(struct wire *w, unsigned int len, unsigned int gso_size)
{
    static const unsigned char head[] = {
        8, 0, 0x45, 0, 0, 0, 0, 0, 0x40, 0, 64, 6, 0, 0, 10, 0,    0,    1,  10,
        0, 0, 77,   0, 9, 0, 7, 0, 0,    0, 1,  0, 0, 0, 1,  0x50, 0x10, 16, 0};
    unsigned int sum = 0;

    memset(w->frame, 0, TCP);
    fill(w, TCP, len, gso_size);
    memcpy(w->frame + 12, head, sizeof(head));
    w->frame[16] = (len - 14) >> 8;
    w->frame[17] = len - 14;
    for (unsigned int i = 14; i < 34; i += 2)
        sum += w->frame[i] << 8 | w->frame[i + 1];
    sum = ~((sum & 0xffff) + (sum >> 16));
    w->frame[24] = sum >> 8;
    w->frame[25] = sum;
    w->header =
        (struct virtio_net_hdr){.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
                                .gso_type = gso_size ? VIRTIO_NET_HDR_GSO_TCPV4
                                                     : VIRTIO_NET_HDR_GSO_NONE,
                                .hdr_len = TCP,
                                .gso_size = gso_size,
                                .csum_start = 34,
                                .csum_offset = 16};
}

static bool put(const struct wire *w, unsigned int len)
{
    return send(fd, w, sizeof(w->header) + len, 0) ==
           (ssize_t)(sizeof(w->header) + len);
}

/* The next frame of the guest's that is an answer; its length, 0: none. */
static unsigned int get(struct wire *w)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};

    while (poll(&p, 1, WAIT_MS) > 0) {
        struct sockaddr_ll from;
        socklen_t size = sizeof(from);
        ssize_t n = recvfrom(fd, w, sizeof(*w), MSG_TRUNC,
                             (struct sockaddr *)&from, &size);
        unsigned int type = w->frame[12] << 8 | w->frame[13];

        if (n > (ssize_t)sizeof(w->header) + OWN &&
            from.sll_pkttype != PACKET_OUTGOING &&
            !memcmp(w->frame + 6, guest, 6) &&
            (type == 0x88b6 || (type == 0x0800 && w->frame[23] == 6)))
            return n - sizeof(w->header);
    }
    return 0;
}

static bool same_data(const struct wire *sent, const struct wire *got,
                      unsigned int from, unsigned int len)
{
    return !memcmp(sent->frame + from + 6, got->frame + from + 6,
                   len - from - 6);
}

static bool comes_back(struct wire *sent, unsigned int len, unsigned int from,
                       struct wire *got)
{
    unsigned int n;

    if (!put(sent, len)) {
        printf("# %u bytes cannot be sent: %s\n", len, strerror(errno));
        return false;
    }
    n = get(got);
    if (n == len && same_data(sent, got, from, len))
        return true;
    printf("# of %u bytes there come back %u\n", len, n);
    return false;
}

static struct wire sent, got;

static void every_length(void)
{
    bool good = true;

    for (unsigned int len = 64; good && len <= 1514; len += 29) {
        own_frame(&sent, len, len);
        good = comes_back(&sent, len, OWN, &got);
    }
    ok(good, "frames of all lengths come back as they were");
}

/* Answers come in the order of the frames. */
static void many_at_once(void)
{
    bool good = true;

    for (unsigned int round = 0; good && round < 20; round++) {
        for (unsigned int i = 0; i < 32; i++) {
            own_frame(&sent, 1000 + i, round * 32 + i);
            good = good && put(&sent, 1000 + i);
        }
        for (unsigned int i = 0; good && i < 32; i++) {
            own_frame(&sent, 1000 + i, round * 32 + i);
            good =
                get(&got) == 1000 + i && same_data(&sent, &got, OWN, 1000 + i);
            if (!good)
                printf("# frame %u of round %u\n", i, round);
        }
    }
    ok(good, "32 frames at once come back, twenty times");
}

static void blank_checksum(void)
{
    bool back;

    tcp_frame(&sent, 600, 0);
    back = comes_back(&sent, 600, TCP, &got);
    ok(back && got.frame[TCP], "the guest sees that a checksum is blank");
    ok(back && got.header.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM &&
           got.header.csum_start == 34 && got.header.csum_offset == 16,
       "a checksum that the guest leaves blank is known to be");
}

static void uncut_segments(void)
{
    unsigned int len = TCP + 43 * 1400 + 200; /* below LONGEST */
    bool back;

    tcp_frame(&sent, len, 1400);
    back = comes_back(&sent, len, TCP, &got);
    ok(back, "a frame of 60 kB comes back, over many pages each way");
    ok(back && got.frame[TCP + 2] == 1 &&
           (got.frame[TCP + 3] << 8 | got.frame[TCP + 4]) == 1400,
       "the guest sees how TCP segments are to be cut");
}

/* So many that each of some queues gets some. */
static void many_flows(void)
{
    bool good = true;

    for (unsigned int port = 1; good && port <= 32; port++) {
        tcp_frame(&sent, 600, 0);
        sent.frame[34] = port;
        good = comes_back(&sent, 600, TCP, &got) && got.frame[34] == port;
    }
    ok(good, "frames of 32 flows come back");
}

int main(int argc, char **argv)
{
    struct sockaddr_ll at = {.sll_family = AF_PACKET,
                             .sll_protocol = htons(ETH_P_ALL)};
    int on = 1;

    if (argc != 3 ||
        sscanf(argv[2], "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", guest, guest + 1,
               guest + 2, guest + 3, guest + 4, guest + 5) != 6) {
        fprintf(stderr, "usage: pv_wire INTERFACE MAC\n");
        return 2;
    }
    at.sll_ifindex = if_nametoindex(argv[1]);
    fd = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL));
    if (fd < 0 ||
        setsockopt(fd, SOL_PACKET, PACKET_VNET_HDR, &on, sizeof(on)) ||
        bind(fd, (struct sockaddr *)&at, sizeof(at))) {
        perror(argv[1]);
        return 1;
    }
    every_length();
    many_at_once();
    blank_checksum();
    uncut_segments();
    many_flows();
    printf("1..%u\n", tests);
    return 0;
}
