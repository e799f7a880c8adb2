/* SPDX-License-Identifier: MIT */
/*
 * See store_client.h. A socket can be connected to a store that does not answer
 * yet, or no more; waiting for its answers would stop the data path. So a new
 * connection gets one harmless request first, and is used once the answer is
 * there.
 */
#include "store_client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <xen/io/xs_wire.h>

#include <daemon/log.h>

#include "../../tools/libxenstore/reconnect.h"

#define WAIT_FIRST_MS 100
#define WAIT_MOST_MS  5000

struct store_watch {
    struct store_watch *next;
    char *token; /* in the same block as path */
    char path[];
};

bool store_lost(const struct store_client *c)
{
    return !c->live || xs_error(c->xs);
}

/* --- connecting --- */

static void drop_first(struct store_client *c)
{
    if (c->first.fd < 0)
        return;
    event_source_remove(c->loop, &c->first);
    close(c->first.fd);
    c->first.fd = -1;
}

static void try_later(struct store_client *c)
{
    drop_first(c);
    event_timer_set(c->loop, &c->retry, c->wait_ms);
    c->wait_ms = c->wait_ms * 2 > WAIT_MOST_MS ? WAIT_MOST_MS : c->wait_ms * 2;
}

static void lose(struct store_client *c)
{
    int error = xs_error(c->xs);

    if (!c->told)
        log_warning("the store is away (%s), everything else goes on",
                    strerror(error));
    c->told = true;
    c->live = false;
    xs_detach(c->xs);
    try_later(c);
    if (c->lost)
        c->lost(c);
}

/* False: lost. A watch that the store refuses is none. */
static bool set_again(struct store_client *c)
{
    for (struct store_watch *w = c->watches; w; w = w->next)
        if (!xs_watch(c->xs, w->path, w->token) && !xs_error(c->xs))
            log_error("cannot watch %s: %s", w->path, strerror(errno));
    return !xs_error(c->xs);
}

static void use(struct store_client *c, int fd)
{
    event_timer_cancel(c->loop, &c->retry);
    if (xs_attach(c->xs, fd) || !set_again(c)) {
        lose(c);
        return;
    }
    c->live = true;
    c->wait_ms = WAIT_FIRST_MS;
    if (c->told)
        log_info("the store is back");
    c->told = false;
    if (c->connected)
        c->connected(c);
}

static void first_ready(struct event_source *s, uint32_t events)
{
    struct store_client *c = container_of(s, struct store_client, first);
    int fd = s->fd;
    char byte;

    if (recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) <= 0) {
        drop_first(c);
        return; /* the timer runs */
    }
    event_source_remove(c->loop, s);
    s->fd = -1;
    use(c, fd);
}

/* Its answer is dropped by the library, which numbers its own from 1. */
static bool ask_first(int fd)
{
    struct {
        struct xsd_sockmsg header;
        char domid[2];
    } m = {{.type = XS_GET_DOMAIN_PATH, .len = 2}, "0"};
    size_t size = sizeof(m.header) + sizeof(m.domid);

    return send(fd, &m, size, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)size;
}

void store_client_take(struct store_client *c, int fd)
{
    if (fd < 0)
        return; /* the timer runs */
    if (c->live || c->first.fd >= 0) {
        close(fd);
        return;
    }
    if (!ask_first(fd)) {
        if (errno == ENOTSOCK) { /* the kernel's device */
            use(c, fd);
        } else {
            close(fd);
        }
        return;
    }
    c->first.fd = fd;
    if (event_source_add(c->loop, &c->first, EPOLLIN))
        drop_first(c);
}

static void attempt(struct store_client *c)
{
    try_later(c); /* unless something comes of this one */
    if (c->ask)
        c->ask(c);
    else
        store_client_take(c, xs_connect());
}

static void on_retry(struct event_timer *t)
{
    struct store_client *c = container_of(t, struct store_client, retry);

    if (!c->told)
        log_warning("cannot reach the store yet");
    c->told = true;
    attempt(c);
}

void store_client_hurry(struct store_client *c)
{
    if (!c->xs || c->live || c->first.fd >= 0)
        return;
    c->wait_ms = WAIT_FIRST_MS;
    attempt(c);
}

/* --- events --- */

static void store_ready(struct event_source *s, uint32_t events)
{
    struct store_client *c = container_of(s, struct store_client, source);
    bool any = false;
    char **event;

    if (!c->live)
        return;
    while ((event = xs_check_watch(c->xs))) {
        any = true;
        if (c->event)
            c->event(c, event[XS_WATCH_PATH], event[XS_WATCH_TOKEN]);
        free(event);
    }
    if (xs_error(c->xs))
        lose(c);
    else if (any && c->settled)
        c->settled(c);
}

void store_client_rest(struct store_client *c, bool rest)
{
    event_source_change(c->loop, &c->source, rest ? 0 : EPOLLIN);
}

static struct store_watch **find(struct store_client *c, const char *path,
                                 const char *token)
{
    struct store_watch **p = &c->watches;

    while (*p && (strcmp((*p)->path, path) || strcmp((*p)->token, token)))
        p = &(*p)->next;
    return p;
}

int store_client_watch(struct store_client *c, const char *path,
                       const char *token)
{
    size_t path_size = strlen(path) + 1, token_size = strlen(token) + 1;
    struct store_watch *w = malloc(sizeof(*w) + path_size + token_size);

    if (!w)
        return -ENOMEM;
    memcpy(w->path, path, path_size);
    w->token = w->path + path_size;
    memcpy(w->token, token, token_size);
    if (!xs_watch(c->xs, path, token) && !store_lost(c)) {
        int rc = -errno;

        free(w);
        return rc;
    }
    w->next = c->watches;
    c->watches = w;
    return 0;
}

void store_client_unwatch(struct store_client *c, const char *path,
                          const char *token)
{
    struct store_watch **p = find(c, path, token), *w = *p;

    if (!w)
        return;
    *p = w->next;
    free(w);
    xs_unwatch(c->xs, path, token); /* gone with the connection, if so */
}

int store_client_open(struct store_client *c, struct event_loop *loop)
{
    int rc;

    c->loop = loop;
    c->live = c->told = false;
    c->watches = NULL;
    c->wait_ms = WAIT_FIRST_MS;
    c->retry = (struct event_timer){.fire = on_retry};
    c->first = (struct event_source){.fd = -1, .ready = first_ready};
    c->xs = xs_unconnected();
    if (!c->xs)
        return -ENOMEM;
    c->source =
        (struct event_source){.fd = xs_fileno(c->xs), .ready = store_ready};
    if (c->source.fd < 0)
        return -errno;
    rc = event_source_add(loop, &c->source, EPOLLIN);
    if (!rc)
        attempt(c);
    return rc;
}

void store_client_close(struct store_client *c)
{
    drop_first(c);
    event_timer_cancel(c->loop, &c->retry);
    event_source_remove(c->loop, &c->source);
    while (c->watches) {
        struct store_watch *w = c->watches;

        c->watches = w->next;
        free(w);
    }
    xs_close(c->xs);
    c->xs = NULL;
}
