/* SPDX-License-Identifier: MIT */
/* See keep_wire.h. */
#include "keep_wire.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

union descriptors {
    char bytes[CMSG_SPACE(KEEP_FDS * sizeof(int))];
    struct cmsghdr align;
};

int keep_send(int socket, const struct keep_message *m, const int *fds, int n)
{
    struct iovec iov = {(void *)m, sizeof(*m)};
    union descriptors d = {.bytes = ""};
    struct msghdr h = {.msg_iov = &iov, .msg_iovlen = 1};

    if (n) {
        h.msg_control = d.bytes;
        h.msg_controllen = CMSG_SPACE(n * sizeof(int));
        d.align.cmsg_level = SOL_SOCKET;
        d.align.cmsg_type = SCM_RIGHTS;
        d.align.cmsg_len = CMSG_LEN(n * sizeof(int));
        memcpy(CMSG_DATA(&d.align), fds, n * sizeof(int));
    }
    return sendmsg(socket, &h, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

int keep_receive(int socket, struct keep_message *m, int fds[KEEP_FDS])
{
    struct iovec iov = {m, sizeof(*m)};
    union descriptors d = {.bytes = ""};
    struct msghdr h = {.msg_iov = &iov,
                       .msg_iovlen = 1,
                       .msg_control = d.bytes,
                       .msg_controllen = sizeof(d.bytes)};
    ssize_t r = recvmsg(socket, &h, MSG_CMSG_CLOEXEC);
    struct cmsghdr *c = r > 0 ? CMSG_FIRSTHDR(&h) : NULL;
    int n = 0;

    if (r < 0)
        return -errno;
    if (c && c->cmsg_type == SCM_RIGHTS) {
        n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        memcpy(fds, CMSG_DATA(c), n * sizeof(int));
    }
    if (r != sizeof(*m))
        return -ENOTCONN;
    m->name[sizeof(m->name) - 1] = 0;
    return n;
}
