/* SPDX-License-Identifier: MIT */
/* Opening and closing connections. */
#include "internal.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static int connect_socket(const char *path)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    int fd, saved;

    if (strlen(path) >= sizeof(a.sun_path)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    strcpy(a.sun_path, path);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    if (connect(fd, (struct sockaddr *)&a, sizeof(a))) {
        saved = errno;
        close(fd);
        errno = saved;
        return -1;
    }
    return fd;
}

/* A descriptor of the daemon's socket or the kernel's device at @path. */
static int open_path(const char *path, bool *is_socket)
{
    struct stat st;

    if (!path || stat(path, &st))
        return -1;
    *is_socket = S_ISSOCK(st.st_mode);
    return *is_socket ? connect_socket(path) : open(path, O_RDWR | O_CLOEXEC);
}

static struct xs_handle *handle_new(int fd, bool is_socket)
{
    struct xs_handle *h = calloc(1, sizeof(*h));

    if (!h)
        return NULL;
    h->fd = fd;
    h->is_socket = is_socket;
    h->epoll_fd = h->event_fd = -1;
    h->events_tail = &h->events;
    pthread_mutex_init(&h->send_lock, NULL);
    pthread_mutex_init(&h->lock, NULL);
    pthread_cond_init(&h->news, NULL);
    return h;
}

/* In the domain that is to run the daemon the kernel's device would block for
 * as long as no daemon runs. */
static bool store_belongs_here(void)
{
    return access("/proc/xen/xsd_port", F_OK) == 0;
}

struct xs_handle *xs_open(unsigned long flags)
{
    bool is_socket = false;
    struct xs_handle *h;
    int fd = open_path(xs_daemon_socket(), &is_socket);

    if (fd < 0 && !(flags & XS_OPEN_SOCKETONLY) && !store_belongs_here())
        fd = open_path(xs_kernel_device(), &is_socket);
    if (fd < 0)
        return NULL;
    h = handle_new(fd, is_socket);
    if (!h) {
        close(fd);
        errno = ENOMEM;
        return NULL;
    }
    h->filter_unwatched = flags & XS_UNWATCH_FILTER;
    return h;
}

struct xs_handle *xs_daemon_open(void)
{
    return xs_open(0);
}

struct xs_handle *xs_daemon_open_readonly(void)
{
    return xs_open(0);
}

struct xs_handle *xs_domain_open(void)
{
    return xs_open(0);
}

void xs_close(struct xs_handle *h)
{
    if (!h)
        return;
    close(h->fd);
    if (h->epoll_fd >= 0)
        close(h->epoll_fd);
    if (h->event_fd >= 0)
        close(h->event_fd);
    while (h->events) {
        struct event *e = h->events;
        h->events = e->next;
        free(e->vector);
        free(e);
    }
    pthread_mutex_destroy(&h->send_lock);
    pthread_mutex_destroy(&h->lock);
    pthread_cond_destroy(&h->news);
    free(h);
}

void xs_daemon_close(struct xs_handle *h)
{
    xs_close(h);
}

/* In the child of a fork: nothing is shared but the descriptors. */
void xs_daemon_destroy_postfork(struct xs_handle *h)
{
    xs_close(h);
}

static bool poll_also(struct xs_handle *h, int fd)
{
    struct epoll_event e = {.events = EPOLLIN};
    return epoll_ctl(h->epoll_fd, EPOLL_CTL_ADD, fd, &e) == 0;
}

int xs_fileno(struct xs_handle *h)
{
    pthread_mutex_lock(&h->lock);
    if (h->epoll_fd < 0) {
        h->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
        h->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (h->epoll_fd >= 0 && h->event_fd >= 0 && poll_also(h, h->fd) &&
            poll_also(h, h->event_fd)) {
            xs_signal_events(h);
        } else {
            close(h->epoll_fd);
            close(h->event_fd);
            h->epoll_fd = h->event_fd = -1;
        }
    }
    pthread_mutex_unlock(&h->lock);
    return h->epoll_fd;
}
