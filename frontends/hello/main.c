/* SPDX-License-Identifier: MIT */
/*
 * A guest in a page: says hello, shows the first bytes of its disk, and answers
 * ARP and ping for 10.0.0.2 until it is shut down. What it has not it leaves
 * out. See frontends/README.
 */
#include <pv/blkfront.h>
#include <pv/control.h>
#include <pv/netfront.h>

#define XVDA 51712

static struct blkfront disk;
static struct netfront net;
static uint8_t sector[BLK_SECTOR] __attribute__((aligned(BLK_SECTOR)));
static uint8_t frame[NET_FRAME_MAX];
static const uint8_t address[4] = {10, 0, 0, 2};

static void show_disk(void)
{
    if (blkfront_open(&disk, XVDA, NULL)) {
        printf("no disk\n");
        return;
    }
    printf("a disk of %lu sectors\n", disk.sectors);
    if (!blkfront_do(&disk, BLKIF_OP_READ, 0, 1, sector))
        printf("it begins with %02x %02x %02x %02x\n", sector[0], sector[1],
               sector[2], sector[3]);
    blkfront_close(&disk);
}

static long answer_next(void)
{
    struct net_offload o;
    long len = netfront_receive(&net, frame, sizeof(frame), &o);
    size_t n;

    if (!len)
        events_serve(SECOND_NS);
    else if (len > 0 && (n = net_answer(frame, len, net.mac, address)))
        netfront_send(&net, frame, n, NULL);
    return len;
}

int main(void)
{
    printf("hello\n");
    control_open(NULL); /* xl shutdown, save and migrate */
    show_disk();
    if (netfront_open(&net, 0)) {
        printf("no network\n");
        return 0;
    }
    printf("answering ping as 10.0.0.2\n");
    while (answer_next() >= 0)
        ;
    return 1;
}
