/* SPDX-License-Identifier: MIT */
/* Opening and closing connections. */
#include "internal.h"
#include "reconnect.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static int connect_socket(const char *path, int flags)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    int fd, saved;

    if (strlen(path) >= sizeof(a.sun_path)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    strcpy(a.sun_path, path);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);
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

/* A descriptor of the daemon's socket or the kernel's device at @path.
 * @flags: SOCK_NONBLOCK for a socket that is connected at once or not at all.
 */
static int open_path(const char *path, int flags)
{
    struct stat st;

    if (!path || stat(path, &st))
        return -1;
    return S_ISSOCK(st.st_mode) ? connect_socket(path, flags)
                                : open(path, O_RDWR | O_CLOEXEC);
}

struct xs_handle *xs_unconnected(void)
{
    struct xs_handle *h = calloc(1, sizeof(*h));

    if (!h)
        return NULL;
    h->fd = -1;
    h->error = ENOTCONN;
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

/* The daemon's socket, or else the kernel's device. Without either, errno is
 * the socket's: ECONNREFUSED, a daemon was there. @flags as for open_path(). */
static int connect_anywhere(bool socket_only, int flags)
{
    int fd = open_path(xs_daemon_socket(), flags), saved = errno;

    if (fd < 0 && !socket_only && !store_belongs_here())
        fd = open_path(xs_kernel_device(), flags);
    errno = saved;
    return fd;
}

struct xs_handle *xs_open(unsigned long flags)
{
    struct xs_handle *h;
    int fd = connect_anywhere(flags & XS_OPEN_SOCKETONLY, 0);

    if (fd < 0)
        return NULL;
    h = xs_unconnected();
    if (!h) {
        close(fd);
        errno = ENOMEM;
        return NULL;
    }
    xs_attach(h, fd);
    h->filter_unwatched = flags & XS_UNWATCH_FILTER;
    return h;
}

int xs_connect(void)
{
    int fd = connect_anywhere(false, SOCK_NONBLOCK);

    if (fd >= 0)
        fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
    return fd;
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

static void forget_events(struct xs_handle *h)
{
    while (h->events) {
        struct event *e = h->events;
        h->events = e->next;
        free(e->vector);
        free(e);
    }
    h->events_tail = &h->events;
    xs_signal_events(h);
}

void xs_close(struct xs_handle *h)
{
    if (!h)
        return;
    xs_detach(h);
    if (h->epoll_fd >= 0)
        close(h->epoll_fd);
    if (h->event_fd >= 0)
        close(h->event_fd);
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
        if (h->epoll_fd >= 0 && h->event_fd >= 0 &&
            (h->fd < 0 || poll_also(h, h->fd)) && poll_also(h, h->event_fd)) {
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

int xs_attach(struct xs_handle *h, int fd)
{
    struct stat st;

    xs_detach(h);
    h->fd = fd;
    h->is_socket = fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode);
    if (h->epoll_fd >= 0 && !poll_also(h, fd)) {
        h->error = errno;
        return -1;
    }
    h->error = 0;
    return 0;
}

void xs_detach(struct xs_handle *h)
{
    if (h->fd >= 0) {
        /* Closing alone does not do it while a child has a copy. */
        if (h->epoll_fd >= 0)
            epoll_ctl(h->epoll_fd, EPOLL_CTL_DEL, h->fd, NULL);
        close(h->fd);
    }
    h->fd = -1;
    h->error = ENOTCONN;
    h->in_used = 0;
    forget_events(h);
}

int xs_error(struct xs_handle *h)
{
    return h->error;
}
