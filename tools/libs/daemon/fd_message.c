/* SPDX-License-Identifier: MIT */
/* See fd_message.h. */
#include <daemon/fd_message.h>

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

union descriptors {
    char bytes[CMSG_SPACE(FD_MESSAGE_MAX * sizeof(int))];
    struct cmsghdr align;
};

int fd_message_send(int socket, const void *data, size_t len, const int *fds,
                    int n, int flags)
{
    struct iovec iov = {(void *)(uintptr_t)data, len};
    union descriptors d = {.bytes = ""};
    struct msghdr h = {.msg_iov = &iov, .msg_iovlen = 1};
    ssize_t sent;

    if (n) {
        h.msg_control = d.bytes;
        h.msg_controllen = CMSG_SPACE((size_t)n * sizeof(int));
        d.align.cmsg_level = SOL_SOCKET;
        d.align.cmsg_type = SCM_RIGHTS;
        d.align.cmsg_len = CMSG_LEN((size_t)n * sizeof(int));
        memcpy(CMSG_DATA(&d.align), fds, (size_t)n * sizeof(int));
    }
    do
        sent = sendmsg(socket, &h, MSG_NOSIGNAL | flags);
    while (sent < 0 && errno == EINTR);
    return sent < 0 ? -errno : 0;
}

int fd_message_receive(int socket, void *data, size_t size, int *fds, int *n)
{
    struct iovec iov = {data, size};
    union descriptors d = {.bytes = ""};
    /* Not CMSG_SPACE(): the kernel fills what is there for alignment, too. */
    struct msghdr h = {.msg_iov = &iov,
                       .msg_iovlen = 1,
                       .msg_control = d.bytes,
                       .msg_controllen = CMSG_LEN((size_t)*n * sizeof(int))};
    struct cmsghdr *c;
    ssize_t got;

    do
        got = recvmsg(socket, &h, MSG_CMSG_CLOEXEC);
    while (got < 0 && errno == EINTR);
    c = got >= 0 && *n ? CMSG_FIRSTHDR(&h) : NULL;
    *n = 0;
    if (c && c->cmsg_type == SCM_RIGHTS) {
        *n = (int)((c->cmsg_len - CMSG_LEN(0)) / sizeof(int));
        memcpy(fds, CMSG_DATA(c), (size_t)*n * sizeof(int));
    }
    if (got > 0 && !(h.msg_flags & MSG_TRUNC))
        return (int)got;
    while (*n)
        close(fds[--*n]);
    return got < 0 ? -errno : got ? -EMSGSIZE : 0;
}
