/* SPDX-License-Identifier: MIT */
/* Local clients on a Unix socket. */
#include "socket.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <daemon/log.h>

#include "connection.h"
#include "errand.h"

struct socket_client {
    struct event_source source;
    struct connection *c;
};

static struct event_source listener = {.fd = -1};
static struct event_loop *loop;
/* Given up to be able to refuse a client when descriptors have run out. */
static int spare_fd = -1;

static struct socket_client *client_of(struct connection *c)
{
    return c->endpoint;
}

static ssize_t socket_receive(struct connection *c, void *buf, size_t len)
{
    ssize_t n = recv(client_of(c)->source.fd, buf, len, 0);

    if (n > 0)
        return n;
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    return -1;
}

static ssize_t socket_send(struct connection *c, const struct iovec *iov, int n)
{
    struct msghdr m = {.msg_iov = (struct iovec *)(uintptr_t)iov,
                       .msg_iovlen = (size_t)n};
    ssize_t sent = sendmsg(client_of(c)->source.fd, &m, MSG_NOSIGNAL);

    if (sent >= 0)
        return sent;
    return errno == EAGAIN || errno == EINTR ? 0 : -1;
}

static void socket_expect(struct connection *c, bool receive, bool send)
{
    event_source_change(loop, &client_of(c)->source,
                        (receive ? EPOLLIN : 0u) | (send ? EPOLLOUT : 0u));
}

static void socket_flush(struct connection *c)
{
    (void)c; /* every send is on its way already */
}

static void socket_park(struct connection *c, unsigned int error)
{
    (void)c, (void)error; /* local processes are disconnected instead */
}

static void socket_close(struct connection *c)
{
    struct socket_client *client = client_of(c);

    event_source_remove(loop, &client->source);
    close(client->source.fd);
    free(client);
    c->endpoint = NULL;
}

static const struct transport socket_transport = {
    .receive = socket_receive,
    .send = socket_send,
    .expect = socket_expect,
    .flush = socket_flush,
    .park = socket_park,
    .close = socket_close,
};

static void client_ready(struct event_source *s, uint32_t events)
{
    struct connection *c = container_of(s, struct socket_client, source)->c;

    /* A client that has hung up while it may not send shows only here. */
    if (events & (EPOLLHUP | EPOLLERR) && !(events & EPOLLIN))
        connection_kill(c);
    else
        connection_serve(c);
}

struct connection *socket_welcome(int fd)
{
    struct socket_client *client = calloc(1, sizeof(*client));

    if (client) {
        client->source.fd = fd;
        client->source.ready = client_ready;
        if (event_source_add(loop, &client->source, EPOLLIN) == 0) {
            client->c = connection_new(&socket_transport, client, NULL);
            if (client->c)
                return client->c;
            event_source_remove(loop, &client->source);
        }
    }
    free(client);
    close(fd);
    return NULL;
}

int socket_of(const struct connection *c)
{
    return ((const struct socket_client *)c->endpoint)->source.fd;
}

int socket_listener(void)
{
    return listener.fd;
}

static void listener_ready(struct event_source *s, uint32_t events)
{
    int fd = accept4(s->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

    (void)events;
    if (fd >= 0) {
        socket_welcome(fd);
    } else if (errno == EMFILE || errno == ENFILE) {
        close(spare_fd);
        close(accept4(s->fd, NULL, NULL, SOCK_CLOEXEC));
        spare_fd = fcntl(s->fd, F_DUPFD_CLOEXEC, 0);
        log_warning("out of file descriptors: a client was refused");
    }
}

static int listen_on(int fd)
{
    spare_fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    listener.fd = fd;
    listener.ready = listener_ready;
    return -event_source_add(loop, &listener, EPOLLIN);
}

int socket_take_over(struct event_loop *l, int fd)
{
    loop = l;
    return fcntl(fd, F_SETFD, FD_CLOEXEC) ? errno : listen_on(fd);
}

int socket_listen(struct event_loop *l, const char *path)
{
    int fd = errand_listen(path);

    loop = l;
    return fd < 0 ? -fd : listen_on(fd);
}
