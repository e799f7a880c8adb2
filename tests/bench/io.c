/* SPDX-License-Identifier: MIT */
/*
 * What a request of a PV disk and a packet of a PV interface cost, in rows of a
 * fixed number of operations each. One program for both ends:
 *
 *   io disk NAME DEVICE          in the guest: rows of a disk
 *   io net ADDRESS INTERFACE     in the guest: rows of the network
 *   io peer                      in dom0: the other end of these
 *
 * Prints "BENCH <row>: <ns per operation>". Under QEMU's -icount a nanosecond
 * is an instruction of the whole machine: guest, hypervisor, dom0 and backend.
 */
#define _GNU_SOURCE /* O_DIRECT */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "measure.h"

#define PORT     5010
#define MIB      (1024 * 1024)
#define DISK     (16 * MIB) /* the part of the disk that is used */
#define MAX_DEEP 32

static void print_row(const char *group, const char *row, uint64_t ns,
                      unsigned int operations)
{
    printf("BENCH %s %s: %llu\n", group, row,
           (unsigned long long)(ns / operations));
}

/* --- the disk ------------------------------------------------------------- */
struct disk_row {
    const char *name;
    unsigned int size, deep, count;
    bool write, random;
};

static const struct disk_row disk_rows[] = {
    {"read 1 MiB", MIB, 1, 48, false, false},
    {"write 1 MiB", MIB, 1, 48, true, false},
    {"read 64 KiB", 65536, 1, 256, false, false},
    {"write 64 KiB", 65536, 1, 256, true, false},
    {"read 4 KiB", 4096, 1, 500, false, true},
    {"write 4 KiB", 4096, 1, 500, true, true},
    {"read 4 KiB, 32 at once", 4096, 32, 2000, false, true},
    {"write 4 KiB, 32 at once", 4096, 32, 2000, true, true},
};

static aio_context_t aio;
static uint8_t *disk_memory; /* MAX_DEEP buffers */

static void submit(int fd, const struct disk_row *r, unsigned int buffer,
                   unsigned int i)
{
    unsigned int place = r->random ? i * 2654435761u >> 8 : i;
    struct iocb cb, *list = &cb;

    memset(&cb, 0, sizeof(cb));
    cb.aio_data = buffer;
    cb.aio_lio_opcode = r->write ? IOCB_CMD_PWRITE : IOCB_CMD_PREAD;
    cb.aio_fildes = fd;
    cb.aio_buf = (uintptr_t)(disk_memory + (size_t)buffer * MIB);
    cb.aio_nbytes = r->size;
    cb.aio_offset = (uint64_t)(place % (DISK / r->size)) * r->size;
    if (syscall(SYS_io_submit, aio, 1, &list) != 1)
        die("io_submit");
}

static void transfer(int fd, const struct disk_row *r, unsigned int count)
{
    struct io_event done[MAX_DEEP];
    unsigned int sent = 0, over = 0;
    long n;

    while (sent < count && sent < r->deep) {
        submit(fd, r, sent, sent);
        sent++;
    }
    while (over < count) {
        n = syscall(SYS_io_getevents, aio, 1, MAX_DEEP, done, NULL);
        if (n < 1)
            die("io_getevents");
        over += n;
        for (long i = 0; i < n; i++) {
            if (done[i].res != r->size)
                die("a transfer is short");
            if (sent < count)
                submit(fd, r, done[i].data, sent++);
        }
    }
}

static void flush_row(const char *group, int fd)
{
    uint64_t start = now();

    for (unsigned int i = 0; i < 1000; i++)
        if (pwrite(fd, disk_memory, 4096, i % 200 * 4096) != 4096 ||
            fdatasync(fd))
            die("fdatasync");
    print_row(group, "write 4 KiB and flush", now() - start, 1000);
}

static void disk(const char *group, const char *device)
{
    int fd = open(device, O_RDWR | O_DIRECT);
    uint64_t start;

    if (fd < 0)
        die(device);
    if (posix_memalign((void **)&disk_memory, 4096, (size_t)MAX_DEEP * MIB))
        die("memory");
    memset(disk_memory, 'x', (size_t)MAX_DEEP * MIB);
    if (syscall(SYS_io_setup, MAX_DEEP, &aio))
        die("io_setup");
    for (size_t i = 0; i < sizeof(disk_rows) / sizeof(disk_rows[0]); i++) {
        const struct disk_row *r = &disk_rows[i];

        transfer(fd, r, r->count / 4); /* warms caches and grants */
        start = now();
        transfer(fd, r, r->count);
        print_row(group, r->name, now() - start, r->count);
    }
    flush_row(group, fd);
    close(fd);
}

/* --- the network ---------------------------------------------------------- */
/* What the peer is asked for by the first message of a connection; each kind
 * ends when the guest closes it. */
struct order {
    char kind; /* 'e'cho, 's'ink, s'o'urce, or that of datagrams: 'u' */
    uint32_t count, size;
};

static char block[65536];

static void read_all(int fd, void *buf, size_t size)
{
    for (size_t done = 0; done < size;) {
        ssize_t n = read(fd, (char *)buf + done, size - done);

        if (n <= 0)
            die("read from the peer");
        done += n;
    }
}

static void write_all(int fd, const void *buf, size_t size)
{
    for (size_t done = 0; done < size;) {
        ssize_t n = write(fd, (const char *)buf + done, size - done);

        if (n <= 0)
            die("write to the peer");
        done += n;
    }
}

/* @count messages of @size; the sender waits for a word that all came. */
static void sink(int fd, uint32_t count, uint32_t size)
{
    while (count--)
        read_all(fd, block, size);
    write_all(fd, "d", 1);
}

static void source(int fd, uint32_t count, uint32_t size)
{
    char c;

    while (count--)
        write_all(fd, block, size);
    read_all(fd, &c, 1);
}

static void echo(int fd, uint32_t count, uint32_t size)
{
    while (count--) {
        read_all(fd, block, size);
        write_all(fd, block, size);
    }
}

static int udp_socket(void)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(PORT)};
    int fd = socket(AF_INET, SOCK_DGRAM, 0), on = 1, room = 8 * MIB;

    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
    if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a)))
        die("datagram socket");
    return fd;
}

/* Datagrams may be lost: @count of them are counted as sent in bursts that the
 * other side confirms, so that what is measured has arrived. */
#define BURST 64

static void datagrams_in(int fd, uint32_t count, uint32_t size)
{
    struct sockaddr_in from;
    socklen_t len = sizeof(from);

    for (uint32_t i = 1; i <= count; i++) {
        if (recvfrom(fd, block, size, 0, (struct sockaddr *)&from, &len) !=
            (ssize_t)size)
            die("recvfrom");
        if (i % BURST == 0)
            sendto(fd, block, 1, 0, (struct sockaddr *)&from, len);
    }
}

static void datagrams_out(int fd, const struct sockaddr_in *to, uint32_t count,
                          uint32_t size)
{
    for (uint32_t i = 1; i <= count; i++) {
        if (sendto(fd, block, size, 0, (const struct sockaddr *)to,
                   sizeof(*to)) != (ssize_t)size)
            die("sendto");
        if (i % BURST == 0 && recv(fd, block, 1, 0) != 1)
            die("recv");
    }
}

static void serve(int fd, int datagrams, const struct sockaddr_in *guest)
{
    struct order o;
    int on = 1;

    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    while (recv(fd, &o, sizeof(o), MSG_WAITALL) == sizeof(o)) {
        struct sockaddr_in to = *guest;

        to.sin_port = htons(PORT);
        write_all(fd, "g", 1);
        switch (o.kind) {
        case 'e':
            echo(fd, o.count, o.size);
            break;
        case 's':
            sink(fd, o.count, o.size);
            break;
        case 'o':
            source(fd, o.count, o.size);
            break;
        case 'u':
            datagrams_in(datagrams, o.count, o.size);
            break;
        case 'v':
            datagrams_out(datagrams, &to, o.count, o.size);
            break;
        }
    }
}

static void peer(void)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(PORT)};
    int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1, c;
    int datagrams = udp_socket();
    struct sockaddr_in from;
    socklen_t len = sizeof(from);

    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a)) || listen(fd, 5))
        die("listen");
    for (;;) {
        c = accept(fd, (struct sockaddr *)&from, &len);
        if (c < 0)
            die("accept");
        serve(c, datagrams, &from);
        close(c);
    }
}

static int order(int fd, char kind, uint32_t count, uint32_t size)
{
    struct order o = {kind, count, size};
    char c;

    write_all(fd, &o, sizeof(o));
    read_all(fd, &c, 1);
    return fd;
}

static void one_message(int fd, uint32_t size)
{
    write_all(fd, block, size);
    read_all(fd, block, size);
}

/* Large segments off: a guest whose kernel makes packets of 1500 bytes. */
static void no_segmentation(const char *interface)
{
    struct ethtool_value v = {.cmd = ETHTOOL_STSO, .data = 0};
    struct ifreq r;
    int fd = socket(AF_INET, SOCK_DGRAM, 0);

    memset(&r, 0, sizeof(r));
    snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", interface);
    r.ifr_data = (char *)&v;
    if (fd < 0 || ioctl(fd, SIOCETHTOOL, &r))
        die("ethtool: tso off");
    v.cmd = ETHTOOL_SGSO;
    if (ioctl(fd, SIOCETHTOOL, &r))
        die("ethtool: gso off");
    close(fd);
}

static void stream_row(int fd, const char *name, bool out, unsigned int mib)
{
    uint64_t start = 0;

    for (int warm = 1; warm >= 0; warm--) {
        uint32_t count = (warm ? mib / 4 : mib) * 16;

        order(fd, out ? 's' : 'o', count, 65536);
        start = now();
        if (out)
            source(fd, count, 65536);
        else
            sink(fd, count, 65536);
    }
    print_row("net", name, now() - start, mib);
}

static void datagram_row(int fd, int datagrams, const struct sockaddr_in *to,
                         bool out)
{
    const uint32_t count = 128 * BURST, size = 64;
    uint64_t start = 0;

    for (int warm = 1; warm >= 0; warm--) {
        order(fd, out ? 'u' : 'v', count, size);
        start = now();
        if (out)
            datagrams_out(datagrams, to, count, size);
        else
            datagrams_in(datagrams, count, size);
    }
    print_row("net", out ? "64 bytes UDP to dom0" : "64 bytes UDP to the guest",
              now() - start, count);
}

static void net(const char *address, const char *interface)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(PORT)};
    int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    int datagrams = udp_socket();
    uint64_t start;

    inet_pton(AF_INET, address, &a.sin_addr);
    if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof(a)))
        die("connect");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    order(fd, 'e', 600, 1);
    for (int i = 0; i < 100; i++)
        one_message(fd, 1);
    start = now();
    for (int i = 0; i < 500; i++)
        one_message(fd, 1);
    print_row("net", "one byte there and back", now() - start, 500);
    stream_row(fd, "1 MiB TCP to dom0", true, 32);
    stream_row(fd, "1 MiB TCP to the guest", false, 32);
    datagram_row(fd, datagrams, &a, true);
    datagram_row(fd, datagrams, &a, false);
    no_segmentation(interface);
    stream_row(fd, "1 MiB TCP to dom0, 1500", true, 8);
}

int main(int argc, char **argv)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (argc == 4 && !strcmp(argv[1], "disk"))
        disk(argv[2], argv[3]);
    else if (argc == 4 && !strcmp(argv[1], "net"))
        net(argv[2], argv[3]);
    else if (argc == 2 && !strcmp(argv[1], "peer"))
        peer();
    else
        return 2;
    return 0;
}
