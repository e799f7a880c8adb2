/* SPDX-License-Identifier: MIT */
/*
 * One packet asks, one answers: 0 with a descriptor, or the errno of a failure.
 */
#include "handover.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../tools/libxenstore/reconnect.h"

int handover_pair(int end[2])
{
    return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0,
                      end)
               ? -errno
               : 0;
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
        return error ? -error : -EIO;
    memcpy(&fd, CMSG_DATA(c), sizeof(fd));
    return fd;
}

/* fd: below 0 to say why there is none. */
static int answer(int end, int fd, int32_t error)
{
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

int handover_serve(int end)
{
    char asked;
    ssize_t n = recv(end, &asked, sizeof(asked), 0);
    int fd, rc;

    if (n < 0 && errno == EAGAIN)
        return 0;
    if (n <= 0)
        return -ENOTCONN;
    fd = xs_connect();
    rc = answer(end, fd, fd < 0 ? errno : 0);
    if (fd >= 0)
        close(fd);
    return rc;
}
