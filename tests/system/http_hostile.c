/* SPDX-License-Identifier: MIT */
/*
 * http_hostile ADDRESS KIND COUNT - in dom0, for demo_net.t: a client that
 * misuses a server of HTTP, COUNT times, and says what became of that.
 *
 *     idle    connections that say nothing, all of them kept
 *     half    connections that send half a request, all of them kept
 *     slow    connections that ask for much and read nothing, all of them kept
 *     huge    requests whose headers do not end: answered with 431, or ended
 *     long    requests whose first line does not end: 414, or ended
 *     nonsense  random bytes: answered with an error, or ended
 *
 * Prints "made=N answered=N ended=N open=N". "made" are connections, "open"
 * those that the server has neither answered nor ended when all are made.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define MANY     (1u << 20) /* bytes, for a request that does not end */
#define MOST     20000
#define PATIENCE 10
#define BATCH    32 /* connections that are begun together */

static struct sockaddr_in server = {.sin_family = AF_INET};
static int kept[MOST];
static unsigned int nr_kept, made, answered, ended;

/* Begins one; connected() waits for it. */
static int begin(bool small)
{
    struct timeval limit = {.tv_sec = PATIENCE};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), size = 2048;

    if (fd < 0) {
        perror("socket");
        exit(2);
    }
    if (small)
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    connect(fd, (struct sockaddr *)&server, sizeof(server));
    return fd;
}

static bool connected(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLOUT};
    struct sockaddr_in peer;
    socklen_t size = sizeof(peer);

    if (poll(&p, 1, PATIENCE * 1000) <= 0 ||
        getpeername(fd, (struct sockaddr *)&peer, &size)) {
        close(fd);
        return false;
    }
    fcntl(fd, F_SETFL, 0);
    made++;
    return true;
}

static void say(int fd, const char *text)
{
    if (send(fd, text, strlen(text), MSG_NOSIGNAL) < 0)
        return; /* it has been ended, which is seen at the end */
}

/* Up to many bytes; the server may have enough before. */
static void send_many(int fd, const char *first, bool lines)
{
    static char piece[1024];
    size_t sent = 0;

    say(fd, first);
    for (size_t i = 0; i < sizeof(piece); i++)
        piece[i] = lines && i % 64 == 63 ? '\n' : 'a' + i % 26;
    while (sent < MANY) {
        ssize_t n = send(fd, piece, sizeof(piece), MSG_NOSIGNAL);

        if (n <= 0)
            return;
        sent += n;
    }
}

static void send_nonsense(int fd)
{
    unsigned char text[512];

    for (size_t i = 0; i < sizeof(text); i++)
        text[i] = random() >> 8;
    send(fd, text, 1 + random() % sizeof(text), MSG_NOSIGNAL);
    shutdown(fd, SHUT_WR);
}

/* What there is to be read without waiting, or with that. */
static void look(int fd, int flags, const char *status)
{
    char text[64];
    ssize_t n = recv(fd, text, sizeof(text) - 1, flags);

    if (n > 0) {
        text[n] = '\0';
        answered += !strncmp(text, "HTTP/1.0 ", 9) && strstr(text, status);
    } else if (!n || (errno != EAGAIN && errno != EWOULDBLOCK))
        ended++;
    close(fd);
}

/* Many at once, which are kept. */
static void keep(const char *kind, unsigned int count)
{
    bool slow = !strcmp(kind, "slow"), half = !strcmp(kind, "half");
    int fd[BATCH];

    for (unsigned int i = 0; i < count; i++)
        fd[i] = begin(slow);
    for (unsigned int i = 0; i < count; i++) {
        if (!connected(fd[i]))
            continue;
        if (half)
            say(fd[i], "GET / HTTP/1.0\r\nHost: ");
        if (slow)
            say(fd[i], "GET /?1000 HTTP/1.0\r\n\r\n");
        kept[nr_kept++] = fd[i];
    }
}

/* One, whose end is waited for. */
static void misuse(const char *kind)
{
    bool huge = !strcmp(kind, "huge"), is_long = !strcmp(kind, "long");
    int fd = begin(false);

    if (!connected(fd))
        return;
    if (huge)
        send_many(fd, "GET / HTTP/1.0\r\n", true);
    else if (is_long)
        send_many(fd, "GET /", false);
    else
        send_nonsense(fd);
    look(fd, 0, huge ? " 431 " : is_long ? " 414 " : " 400 ");
}

static bool is_kept(const char *kind)
{
    return !strcmp(kind, "idle") || !strcmp(kind, "half") ||
           !strcmp(kind, "slow");
}

int main(int argc, char **argv)
{
    struct rlimit files = {MOST + 100, MOST + 100};
    unsigned int count, n;

    if (argc != 4 || !inet_aton(argv[1], &server.sin_addr) ||
        (count = atoi(argv[3])) > MOST) {
        fprintf(stderr, "usage: http_hostile ADDRESS KIND COUNT\n");
        return 2;
    }
    server.sin_port = htons(80);
    setrlimit(RLIMIT_NOFILE, &files);
    for (unsigned int i = 0; i < count; i += n) {
        n = is_kept(argv[2]) ? BATCH : 1;
        n = n < count - i ? n : count - i;
        if (is_kept(argv[2]))
            keep(argv[2], n);
        else
            misuse(argv[2]);
    }
    for (unsigned int i = 0; i < nr_kept; i++)
        look(kept[i], MSG_DONTWAIT, "200");
    printf("made=%u answered=%u ended=%u open=%u\n", made, answered, ended,
           made - answered - ended);
    return 0;
}
