/* SPDX-License-Identifier: MIT */
/*
 * A client of HTTP/1.0 for demo-net's guests, in dom0:
 *
 *     http_client get ADDRESS PATH             the body, to standard output
 *     http_client wait ADDRESS PATH SECONDS    tries until there is an answer:
 *                                              "at=N", ms of the system's clock
 *     http_client load ADDRESS PATH SECONDS    one request after the other:
 *                                              "requests=N failed=N bytes=N
 * ms=N"
 *
 * An answer is one of status 200 whose body is as long as it says. Exit status
 * 0 if there was one, and none that was wrong.
 */
#include <arpa/inet.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PORT      80
#define PATIENCE  10 /* seconds for one answer */
#define HEAD_MOST 4096

static struct sockaddr_in server = {.sin_family = AF_INET};
static const char *path;
static uint64_t bytes; /* of all bodies */

static uint64_t clock_ms(clockid_t clock)
{
    struct timespec t;

    clock_gettime(clock, &t);
    return t.tv_sec * 1000ull + t.tv_nsec / 1000000;
}

/* A connection that asks; -1: it cannot be made within so many seconds. */
static int ask(unsigned int seconds)
{
    struct timeval limit = {.tv_sec = seconds};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    char text[256];
    int n = snprintf(text, sizeof(text), "GET %s HTTP/1.0\r\n\r\n", path);

    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    if (!connect(fd, (struct sockaddr *)&server, sizeof(server)) &&
        write(fd, text, n) == n)
        return fd;
    close(fd);
    return -1;
}

/* The head, with its NUL; what has come of the body behind it, at *body. The
 * number of those bytes, or -1. */
static ssize_t read_head(int fd, char head[HEAD_MOST + 1], char **body)
{
    size_t have = 0;
    ssize_t n;

    while (have < HEAD_MOST &&
           (n = read(fd, head + have, HEAD_MOST - have)) > 0) {
        have += n;
        head[have] = '\0';
        *body = strstr(head, "\r\n\r\n");
        if (*body) {
            *body += 4;
            (*body)[-1] = '\0';
            return head + have - *body;
        }
    }
    return -1;
}

static bool pass_on(const char *from, size_t n, FILE *to)
{
    return !to || fwrite(from, 1, n, to) == n;
}

static bool read_answer(int fd, FILE *to)
{
    static char head[HEAD_MOST + 1], buffer[262144];
    char *body, *length;
    ssize_t n = read_head(fd, head, &body);
    uint64_t got = 0;

    if (n < 0 || strncmp(head, "HTTP/1.0 200 ", 13) ||
        !(length = strstr(head, "\r\nContent-Length: ")))
        return false;
    if (!pass_on(body, n, to))
        return false;
    for (got = n; (n = read(fd, buffer, sizeof(buffer))) > 0; got += n)
        if (!pass_on(buffer, n, to))
            return false;
    bytes += got;
    return !n && got == strtoull(length + 18, NULL, 10);
}

static bool fetch(unsigned int seconds, FILE *to)
{
    int fd = ask(seconds);
    bool good = fd >= 0 && read_answer(fd, to);

    if (fd >= 0)
        close(fd);
    return good;
}

static int wait_for_it(unsigned int seconds)
{
    uint64_t end = clock_ms(CLOCK_MONOTONIC) + seconds * 1000ull;

    while (!fetch(1, NULL)) {
        if (clock_ms(CLOCK_MONOTONIC) > end)
            return 1;
        usleep(5000);
    }
    printf("at=%lu\n", clock_ms(CLOCK_REALTIME));
    return 0;
}

static int load(unsigned int seconds)
{
    uint64_t start = clock_ms(CLOCK_MONOTONIC), now;
    unsigned int requests = 0, failed = 0;

    do {
        if (fetch(PATIENCE, NULL))
            requests++;
        else
            failed++;
        now = clock_ms(CLOCK_MONOTONIC);
    } while (now < start + seconds * 1000ull);
    printf("requests=%u failed=%u bytes=%lu ms=%lu\n", requests, failed, bytes,
           now - start);
    return !requests || failed;
}

int main(int argc, char **argv)
{
    if (argc < 4 || !inet_aton(argv[2], &server.sin_addr)) {
        fprintf(stderr,
                "usage: http_client get|wait|load ADDRESS PATH [SECONDS]\n");
        return 2;
    }
    server.sin_port = htons(PORT);
    path = argv[3];
    if (!strcmp(argv[1], "wait") && argc == 5)
        return wait_for_it(atoi(argv[4]));
    if (!strcmp(argv[1], "load") && argc == 5)
        return load(atoi(argv[4]));
    return !fetch(PATIENCE, stdout) || fflush(stdout);
}
