/* SPDX-License-Identifier: MIT */
/* See link.h. */
#include "link.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <linux/filter.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <base/macros.h>
#include <daemon/log.h>

uint32_t link_number_in(const void *message, unsigned int bytes,
                        unsigned int attribute)
{
    const struct nlmsghdr *h = message;
    const struct rtattr *a;
    int left = (int)bytes;
    uint32_t number;

    if (!NLMSG_OK(h, bytes) || h->nlmsg_type != RTM_NEWLINK ||
        h->nlmsg_len < NLMSG_LENGTH(sizeof(struct ifinfomsg)))
        return 0;
    a = IFLA_RTA(NLMSG_DATA(h));
    left = (int)IFLA_PAYLOAD(h);
    for (; RTA_OK(a, left); a = RTA_NEXT(a, left))
        if (a->rta_type == attribute && RTA_PAYLOAD(a) == sizeof(number)) {
            memcpy(&number, RTA_DATA(a), sizeof(number));
            return number;
        }
    return 0;
}

static void on_message(struct event_source *s, uint32_t events)
{
    struct link *l = container_of(s, struct link, source);
    uint64_t message[1024];
    ssize_t n = recv(s->fd, message, sizeof(message), MSG_DONTWAIT);
    uint32_t mtu, bridge;

    if (n < 0 && (errno == EAGAIN || errno == EINTR || errno == ENOBUFS))
        return;
    if (n <= 0) {
        log_warning("changes of the interface go unseen: %s", strerror(errno));
        link_close(l);
        return;
    }
    mtu = link_number_in(message, n, IFLA_MTU);
    bridge = link_number_in(message, n, IFLA_MASTER);
    if (!mtu || (mtu == l->mtu && bridge == l->bridge))
        return;
    l->mtu = mtu;
    l->bridge = bridge;
    l->changed(l);
}

/* Numbers of a message as the filter's instructions see them, big-endian. */
#define FIELD16(type, field, value, otherwise)                                 \
    BPF_STMT(BPF_LD | BPF_H | BPF_ABS, offsetof(type, field)),                 \
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(value), 0, otherwise)

/* News of this interface, and no answers to questions: whoever has taken this
 * process over must not learn what else there is in the host's network. */
static int restrict_to(int fd, unsigned int index)
{
    struct sock_filter code[] = {
        FIELD16(struct nlmsghdr, nlmsg_type, RTM_NEWLINK, 5),
        BPF_STMT(BPF_LD | BPF_H | BPF_ABS,
                 offsetof(struct nlmsghdr, nlmsg_flags)),
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, htons(NLM_F_MULTI), 3, 0),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
                 NLMSG_HDRLEN + offsetof(struct ifinfomsg, ifi_index)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htonl(index), 0, 1),
        BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
        BPF_STMT(BPF_RET | BPF_K, 0),
    };
    const struct sock_fprog filter = {ARRAY_SIZE(code), code};
    const int on = 1;

    return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter,
                      sizeof(filter)) ||
                   setsockopt(fd, SOL_SOCKET, SO_LOCK_FILTER, &on, sizeof(on))
               ? -errno
               : 0;
}

static uint32_t bridge_of(const char *name)
{
    char path[64];
    uint32_t index = 0;
    FILE *f;

    snprintf(path, sizeof(path), "/sys/class/net/%s/master/ifindex", name);
    f = fopen(path, "re");
    if (!f)
        return 0;
    if (fscanf(f, "%" SCNu32, &index) != 1)
        index = 0;
    fclose(f);
    return index;
}

/* Deaf first: what comes before the filter is there would stay. */
static int begin(struct link *l, int fd, const char *name)
{
    const struct sockaddr_nl links = {.nl_family = AF_NETLINK,
                                      .nl_groups = RTMGRP_LINK};
    struct ifreq r;
    int rc;

    memset(&r, 0, sizeof(r));
    snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", name);
    if (ioctl(fd, SIOCGIFINDEX, &r))
        return -errno;
    rc = restrict_to(fd, r.ifr_ifindex);
    if (rc)
        return rc;
    if (bind(fd, (const struct sockaddr *)&links, sizeof(links)) ||
        ioctl(fd, SIOCGIFMTU, &r))
        return -errno;
    l->mtu = r.ifr_mtu;
    l->bridge = bridge_of(name);
    return 0;
}

void link_open(struct link *l, struct event_loop *loop, const char *name)
{
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
                    NETLINK_ROUTE);
    int rc = fd < 0 ? -errno : begin(l, fd, name);

    l->loop = loop;
    l->source = (struct event_source){.fd = fd, .ready = on_message};
    rc = rc ? rc : event_source_add(loop, &l->source, EPOLLIN);
    if (!rc)
        return;
    log_warning("interface %s: changes of it go unseen: %s", name,
                strerror(-rc));
    link_close(l);
}

void link_close(struct link *l)
{
    if (!l->loop || l->source.fd < 0)
        return;
    event_source_remove(l->loop, &l->source);
    close(l->source.fd);
    l->source.fd = -1;
}
