/* SPDX-License-Identifier: MIT */
/*
 * stream send|receive PORT MIB [ADDRESS] - moves bytes over one TCP connection
 * and sums them up at either end, for the demo. With an address it connects,
 * without one it listens. The sender makes the bytes up from the clock, so no
 * run repeats another; the receiver answers with its sum when it has them all.
 *
 * Prints "bytes=N sum=HEX ms=N" and exits with 0 if sender and receiver agree.
 */
#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CHUNK 65536

static uint64_t buffer[CHUNK / 8];

static uint64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000ull + t.tv_nsec;
}

/* Any changed, lost or exchanged word changes the result. */
static uint64_t sum_up(uint64_t sum, unsigned words)
{
    for (unsigned i = 0; i < words; i++)
        sum = ((sum << 23 | sum >> 41) ^ buffer[i]) * 0x9e3779b97f4a7c15ull;
    return sum;
}

static int transfer_all(int fd, int send, void *p, size_t len)
{
    char *at = p;

    while (len) {
        ssize_t n = send ? write(fd, at, len) : read(fd, at, len);

        if (n <= 0)
            return -1;
        at += n;
        len -= n;
    }
    return 0;
}

static int connection(const char *address, int port)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
    int one = 1, fd = socket(AF_INET, SOCK_STREAM, 0);

    if (fd < 0)
        return -1;
    if (address)
        return inet_pton(AF_INET, address, &to.sin_addr) == 1 &&
                       !connect(fd, (struct sockaddr *)&to, sizeof(to))
                   ? fd
                   : -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    if (bind(fd, (struct sockaddr *)&to, sizeof(to)) || listen(fd, 1))
        return -1;
    return accept(fd, NULL, NULL);
}

int main(int argc, char **argv)
{
    int sending = argc > 1 && !strcmp(argv[1], "send"), fd;
    uint64_t sum = 0, theirs, noise = now_ns(), start;
    long chunks = argc > 3 ? atol(argv[3]) * (1048576 / CHUNK) : 0;

    if (argc < 4 || chunks <= 0 || (!sending && strcmp(argv[1], "receive"))) {
        fprintf(stderr, "usage: stream send|receive PORT MIB [ADDRESS]\n");
        return 2;
    }
    fd = connection(argv[4], atoi(argv[2]));
    if (fd < 0) {
        perror("stream");
        return 1;
    }
    start = now_ns();
    for (long c = 0; c < chunks; c++) {
        if (sending)
            for (unsigned i = 0; i < CHUNK / 8; i++)
                buffer[i] = noise = noise * 6364136223846793005ull + 1;
        if (transfer_all(fd, sending, buffer, CHUNK)) {
            perror("stream");
            return 1;
        }
        sum = sum_up(sum, CHUNK / 8);
    }
    theirs = sum;
    if (transfer_all(fd, !sending, &theirs, sizeof(theirs))) {
        perror("stream");
        return 1;
    }
    printf("bytes=%ld sum=%016llx ms=%llu\n", chunks * CHUNK,
           (unsigned long long)sum,
           (unsigned long long)(now_ns() - start) / 1000000);
    return theirs != sum;
}
