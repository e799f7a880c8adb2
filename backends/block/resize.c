/* SPDX-License-Identifier: MIT */
/* See resize.h. */
#include "resize.h"

#include <errno.h>
#include <linux/netlink.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../common/fd_path.h"

#define KERNEL_EVENTS 1 /* the group of uevents that no udev has touched */

/* fd, with what was to be done to it; or -errno, and then it is closed. */
static int opened(int fd, bool done)
{
    int rc = -errno;

    if (done)
        return fd;
    if (fd >= 0)
        close(fd);
    return rc;
}

static int hear_of_devices(void)
{
    struct sockaddr_nl a = {.nl_family = AF_NETLINK,
                            .nl_groups = KERNEL_EVENTS};
    int s = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
                   NETLINK_KOBJECT_UEVENT);

    return opened(s, s >= 0 && !bind(s, (struct sockaddr *)&a, sizeof(a)));
}

static int hear_of_file(int fd)
{
    int n = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);

    return opened(n, n >= 0 && inotify_add_watch(n, fd_path(fd).name,
                                                 IN_CLOSE_WRITE) >= 0);
}

/* What it says does not matter, nor that some of it may be lost. */
static void on_news(struct event_source *s, uint32_t events)
{
    struct resize_watch *w = container_of(s, struct resize_watch, source);
    char news[4096];

    while (read(s->fd, news, sizeof(news)) > 0)
        ;
    w->changed(w);
}

int resize_watch_begin(struct resize_watch *w, struct event_loop *loop, int fd)
{
    struct stat st;
    int rc;

    if (fstat(fd, &st))
        return -errno;
    w->source = (struct event_source){.ready = on_news};
    w->source.fd = S_ISBLK(st.st_mode) ? hear_of_devices() : hear_of_file(fd);
    if (w->source.fd < 0)
        return w->source.fd;
    w->loop = loop;
    rc = event_source_add(loop, &w->source, EPOLLIN);
    if (rc)
        close(w->source.fd);
    return rc;
}

void resize_watch_end(struct resize_watch *w)
{
    if (!w->source.added)
        return;
    event_source_remove(w->loop, &w->source);
    close(w->source.fd);
}
