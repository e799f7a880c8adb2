/* SPDX-License-Identifier: MIT */
/*
 * Messages: sending requests, and the reader's role (see internal.h). What
 * comes in is the daemon's word, but its lengths are checked all the same.
 */
#include "internal.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <base/macros.h>

#define HEADER sizeof(struct xsd_sockmsg)

/* --- receiving ------------------------------------------------------------ */

void xs_signal_events(struct xs_handle *h)
{
    eventfd_t count;

    if (h->event_fd < 0)
        return;
    if (h->events)
        eventfd_write(h->event_fd, 1);
    else
        eventfd_read(h->event_fd, &count);
}

/* Path and token in the same block as the vector that points to them. */
static char **event_vector(const char *data, size_t len)
{
    const char *nul = memchr(data, '\0', len);
    char **v, *text;

    if (!nul || !memchr(nul + 1, '\0', len - (size_t)(nul + 1 - data)))
        return NULL;
    v = malloc(2 * sizeof(v[0]) + len);
    if (!v)
        return NULL;
    text = (char *)(v + 2);
    memcpy(text, data, len);
    v[XS_WATCH_PATH] = text;
    v[XS_WATCH_TOKEN] = text + (nul + 1 - data);
    return v;
}

static void queue_event(struct xs_handle *h, const char *data, size_t len)
{
    struct event *e = malloc(sizeof(*e));
    bool first = !h->events;

    if (!e) {
        h->error = ENOMEM;
        return;
    }
    e->next = NULL;
    e->vector = event_vector(data, len);
    if (!e->vector) {
        free(e);
        h->error = EIO;
        return;
    }
    *h->events_tail = e;
    h->events_tail = &e->next;
    if (first)
        xs_signal_events(h);
}

static void deliver(struct xs_handle *h, const struct xsd_sockmsg *hdr,
                    const char *data)
{
    struct waiter *w = h->waiters;

    if (hdr->type == XS_WATCH_EVENT) {
        queue_event(h, data, hdr->len);
        return;
    }
    while (w && (w->done || w->req_id != hdr->req_id))
        w = w->next;
    if (!w)
        return; /* the thread that waited for it has given up */
    w->hdr = *hdr;
    w->done = true;
    w->body = malloc(hdr->len + 1u);
    if (w->body) {
        memcpy(w->body, data, hdr->len);
        w->body[hdr->len] = '\0';
    }
}

static void deliver_all(struct xs_handle *h)
{
    size_t at = 0;

    while (h->in_used - at >= HEADER) {
        struct xsd_sockmsg hdr;

        memcpy(&hdr, h->in + at, HEADER);
        if (hdr.len > XENSTORE_PAYLOAD_MAX) {
            h->error = EIO;
            return;
        }
        if (h->in_used - at < HEADER + hdr.len)
            break;
        deliver(h, &hdr, h->in + at + HEADER);
        at += HEADER + hdr.len;
    }
    if (at) {
        h->in_used -= at;
        memmove(h->in, h->in + at, h->in_used);
    }
}

/* Called by the reader, without the lock. Bytes, 0 for none, -errno. */
static ssize_t read_some(struct xs_handle *h, bool block)
{
    struct pollfd p = {.fd = h->fd, .events = POLLIN};
    ssize_t n;

    if (!block && poll(&p, 1, 0) <= 0)
        return 0;
    do {
        n = read(h->fd, h->in + h->in_used, sizeof(h->in) - h->in_used);
    } while (n < 0 && errno == EINTR);
    if (n > 0)
        return n;
    if (n < 0 && errno == EAGAIN) /* the socket has a limit (SO_RCVTIMEO) */
        return block ? -ETIMEDOUT : 0;
    return n < 0 ? -errno : -ECONNRESET;
}

/* With the lock held. Whoever polls the handle is to learn that it is of no
 * more use. */
static void give_up(struct xs_handle *h, int error)
{
    h->error = error;
    if (h->is_socket)
        shutdown(h->fd, SHUT_RDWR);
}

bool xs_wait_news(struct xs_handle *h, bool block)
{
    ssize_t n;

    if (h->error)
        return false;
    if (h->reading) {
        if (!block)
            return false;
        h->sleepers++;
        pthread_cond_wait(&h->news, &h->lock);
        h->sleepers--;
        return true;
    }
    h->reading = true;
    pthread_mutex_unlock(&h->lock);
    n = read_some(h, block);
    pthread_mutex_lock(&h->lock);
    h->reading = false;
    if (n < 0) {
        give_up(h, (int)-n);
    } else {
        h->in_used += (size_t)n;
        deliver_all(h);
        if (h->error)
            give_up(h, h->error);
    }
    if (h->sleepers)
        pthread_cond_broadcast(&h->news);
    return n > 0;
}

/* --- sending -------------------------------------------------------------- */

/* By send(), for a process that may not use sendmsg(), which can hand over
 * descriptors. */
static ssize_t send_some(struct xs_handle *h, const struct iovec *iov,
                         unsigned int n)
{
    char message[HEADER + XENSTORE_PAYLOAD_MAX];
    size_t size = 0;

    for (; n && size + iov->iov_len <= sizeof(message); n--, iov++) {
        memcpy(message + size, iov->iov_base, iov->iov_len);
        size += iov->iov_len;
    }
    return send(h->fd, message, size, MSG_NOSIGNAL);
}

static ssize_t write_some(struct xs_handle *h, struct iovec *iov,
                          unsigned int n)
{
    return h->is_socket ? send_some(h, iov, n) : writev(h->fd, iov, (int)n);
}

/* The whole message, or the connection is of no more use. */
static bool write_message(struct xs_handle *h, struct iovec *iov,
                          unsigned int n)
{
    while (n) {
        ssize_t done = write_some(h, iov, n);

        if (done < 0) {
            if (errno == EINTR)
                continue;
            return false;
        }
        while (n && (size_t)done >= iov->iov_len) {
            done -= (ssize_t)iov->iov_len;
            iov++;
            n--;
        }
        if (n) {
            iov->iov_base = (char *)iov->iov_base + done;
            iov->iov_len -= (size_t)done;
        }
    }
    return true;
}

static int send_request(struct xs_handle *h, struct iovec *iov, unsigned int n)
{
    int rc;

    pthread_mutex_lock(&h->send_lock);
    rc = write_message(h, iov, n) ? 0 : errno;
    if (rc == EAGAIN) /* the socket has a limit; no word of the store's */
        rc = ETIMEDOUT;
    pthread_mutex_unlock(&h->send_lock);
    return rc;
}

static void remove_waiter(struct xs_handle *h, struct waiter *w)
{
    struct waiter **p = &h->waiters;
    while (*p != w)
        p = &(*p)->next;
    *p = w->next;
}

static int error_number(const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(xsd_errors); i++)
        if (!strcmp(name, xsd_errors[i].errstring))
            return xsd_errors[i].errnum;
    return EINVAL;
}

/* 0, or the errno value of what went wrong with the connection. */
static int exchange(struct xs_handle *h, struct waiter *w, struct iovec *iov,
                    unsigned int n)
{
    int rc;

    pthread_mutex_lock(&h->lock);
    rc = h->error;
    if (!rc) {
        w->req_id = ++h->last_id;
        ((struct xsd_sockmsg *)iov[0].iov_base)->req_id = w->req_id;
        w->next = h->waiters;
        h->waiters = w;
        pthread_mutex_unlock(&h->lock);
        rc = send_request(h, iov, n);
        pthread_mutex_lock(&h->lock);
        if (rc)
            give_up(h, rc);
        while (!w->done && !h->error)
            xs_wait_news(h, true);
        rc = w->done ? 0 : h->error;
        remove_waiter(h, w);
    }
    pthread_mutex_unlock(&h->lock);
    return rc;
}

char *xs_talk(struct xs_handle *h, uint32_t type, xs_transaction_t t,
              const struct iovec *iov, unsigned int n, unsigned int *len)
{
    struct xsd_sockmsg hdr = {.type = type, .tx_id = t};
    struct iovec all[8] = {{&hdr, HEADER}};
    struct waiter w = {0};
    size_t total = 0;
    int rc;

    for (unsigned int i = 0; i < n; i++) {
        all[i + 1] = iov[i];
        total += iov[i].iov_len;
    }
    hdr.len = (uint32_t)total;
    rc = total > XENSTORE_PAYLOAD_MAX ? E2BIG : exchange(h, &w, all, n + 1);
    if (!rc && !w.body)
        rc = ENOMEM;
    if (!rc && w.hdr.type != type)
        rc = w.hdr.type == XS_ERROR ? error_number(w.body) : EIO;
    if (rc)
        free(w.body);
    if (rc || !h->watched)
        errno = rc;
    if (rc)
        return NULL;
    if (len)
        *len = w.hdr.len;
    return w.body;
}

char *xs_talk_string(struct xs_handle *h, uint32_t type, xs_transaction_t t,
                     const char *s, unsigned int *len)
{
    struct iovec iov = xs_iov(s);
    return xs_talk(h, type, t, &iov, 1, len);
}

bool xs_acknowledged(char *answer)
{
    bool ok = answer != NULL;
    free(answer);
    return ok;
}
