/* SPDX-License-Identifier: MIT */
/*
 * One packet asks, one answers: 0 with a descriptor, or the errno of a failure.
 */
#include "handover.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define AT_ONCE 16 /* packets that one answers */

#define TYPE (SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK)

typedef int at_address(int fd, const struct sockaddr *a, socklen_t size);

/* A socket that is bound or connected to the path. */
static int socket_at(const char *path, at_address *go)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    int fd, rc;

    if (strlen(path) >= sizeof(a.sun_path))
        return -ENAMETOOLONG;
    strcpy(a.sun_path, path);
    fd = socket(AF_UNIX, TYPE, 0);
    if (fd < 0 || !go(fd, (struct sockaddr *)&a, sizeof(a)))
        return fd < 0 ? -errno : fd;
    rc = -errno;
    close(fd);
    return rc;
}

int handover_listen(const char *path)
{
    int fd, rc;

    if (unlink(path) && errno != ENOENT)
        return -errno;
    fd = socket_at(path, bind);
    if (fd < 0 || !listen(fd, SOMAXCONN))
        return fd;
    rc = -errno;
    close(fd);
    return rc;
}

int handover_connect(const char *path)
{
    return socket_at(path, connect);
}

int handover_accept(int listener)
{
    int end = -1, next;

    while ((next = accept4(listener, NULL, NULL, TYPE & ~SOCK_SEQPACKET)) >=
           0) {
        if (end >= 0)
            close(end);
        end = next;
    }
    return end >= 0 ? end : -errno;
}

int handover_ask(int end)
{
    return send(end, "", 1, MSG_NOSIGNAL) == 1 ? 0 : -errno;
}

static struct msghdr message(struct iovec *iov, void *control, size_t size)
{
    memset(control, 0, size);
    return (struct msghdr){.msg_iov = iov,
                           .msg_iovlen = 1,
                           .msg_control = control,
                           .msg_controllen = size};
}

union descriptor {
    char bytes[CMSG_SPACE(sizeof(int))];
    struct cmsghdr align;
};

/* That of a store whose queue is full is neither silence nor the end. */
static int answered(int error)
{
    return error && error != EAGAIN && error != ENOTCONN ? -error : -EIO;
}

int handover_take(int end)
{
    int32_t error = EIO;
    struct iovec iov = {&error, sizeof(error)};
    union descriptor d;
    struct msghdr m = message(&iov, &d, sizeof(d));
    ssize_t n = recvmsg(end, &m, MSG_CMSG_CLOEXEC);
    struct cmsghdr *c;
    int fd;

    if (n <= 0)
        return n < 0 && errno == EAGAIN ? -EAGAIN : -ENOTCONN;
    c = CMSG_FIRSTHDR(&m);
    if (!c || c->cmsg_type != SCM_RIGHTS)
        return answered(error);
    memcpy(&fd, CMSG_DATA(c), sizeof(fd));
    return fd;
}

int handover_answer(int end, int fd)
{
    int32_t error = fd < 0 ? -fd : 0;
    struct iovec iov = {&error, sizeof(error)};
    union descriptor d;
    struct msghdr m = message(&iov, &d, sizeof(d));
    struct cmsghdr *c = CMSG_FIRSTHDR(&m);

    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(sizeof(fd));
    memcpy(CMSG_DATA(c), &fd, sizeof(fd));
    if (fd < 0)
        m.msg_controllen = 0;
    return sendmsg(end, &m, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

int handover_asked(int end)
{
    char asked;
    ssize_t n = recv(end, &asked, sizeof(asked), 0);

    if (n < 0 && errno == EAGAIN)
        return 0;
    if (n <= 0)
        return -ENOTCONN;
    /* It may have asked again while it waited. */
    for (int i = 0; i < AT_ONCE && n > 0; i++)
        n = recv(end, &asked, sizeof(asked), 0);
    return 1;
}
