/* SPDX-License-Identifier: MIT */
/* See keep.h. */
#include "keep.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <daemon/log.h>

#define RETRY_MS 1000

/* One that does not answer is waited for, and all consoles wait meanwhile. */
#define RARELY_MS 30000

/* A keeper that lists takes nothing: what is dropped meanwhile is told when it
 * has done so. Else, when there is more than the kernel lets wait, each of the
 * two would wait for the other. */
struct keep_name {
    struct keep_name *next;
    char name[sizeof(((struct keep_message *)0)->name)];
};

/* Without memory it stays there, for the next daemon to be dropped. */
static void drop_later(struct keep *k, const char *name)
{
    struct keep_name *n = malloc(sizeof(*n));

    if (!n)
        return;
    snprintf(n->name, sizeof(n->name), "%s", name);
    n->next = NULL;
    *k->dropped_end = n;
    k->dropped_end = &n->next;
}

/* In the order in which they were listed, in which the keeper has them. */
static void drop_now(struct keep *k)
{
    struct keep_name *n;

    while ((n = k->dropped)) {
        k->dropped = n->next;
        keep_drop(k, n->name);
        free(n);
    }
}

/* All that the keeper has; *some: it had something. 0 or -errno. */
static int list(int fd, void (*found)(const char *name, const int *fds, int n),
                bool *some)
{
    struct keep_message m = {.op = KEEP_LIST};
    int fds[KEEP_FDS], rc = keep_send(fd, &m, NULL, 0);

    while (!rc) {
        int n = keep_receive(fd, &m, fds);

        if (n < 0)
            return n;
        if (m.op == KEEP_LIST)
            return 0;
        *some = true;
        if (found)
            found(m.name, fds, n);
        for (int i = 0; !found && i < n; i++)
            close(fds[i]);
    }
    return rc;
}

/* A keeper that ends as the daemon comes leaves its socket: hence twice. But
 * the next one has nothing of what the former had told already, so it is
 * reached later, and the owner asked. Meanwhile the owner may drop what it is
 * told: drop_later(). */
static int reach(struct keep *k,
                 void (*found)(const char *name, const int *fds, int n))
{
    int fd = -1, rc = -ENOTCONN;
    bool some = false;

    k->listing = true;
    k->dropped_end = &k->dropped;
    for (int i = 0; i < 2 && rc && !some; i++) {
        fd = k->reach();
        k->source.fd = fd < 0 ? -1 : fd;
        rc = fd < 0 ? fd : list(fd, found, &some);
        if (rc && fd >= 0)
            close(fd);
    }
    k->listing = false;
    if (rc)
        k->source.fd = -1;
    drop_now(k);
    return rc ? rc : fd;
}

static void lose(struct keep *k)
{
    event_source_remove(k->loop, &k->source);
    close(k->source.fd);
    k->source.fd = -1;
    event_timer_set(k->loop, &k->retry, RETRY_MS);
}

/* It says nothing by itself. */
static void on_keeper(struct event_source *s, uint32_t events)
{
    struct keep *k = container_of(s, struct keep, source);

    log_warning("the process that keeps the terminals has ended; starting "
                "another one");
    lose(k);
}

/* 0 or -errno, and then there is none. */
static int connect_source(struct keep *k, int fd)
{
    int rc;

    k->source.fd = fd < 0 ? -1 : fd;
    if (fd < 0)
        return fd;
    rc = event_source_add(k->loop, &k->source, EPOLLIN);
    if (rc) {
        close(fd);
        k->source.fd = -1;
    }
    return rc;
}

static void get(struct keep *k,
                void (*found)(const char *name, const int *fds, int n))
{
    int rc = connect_source(k, reach(k, found));

    if (rc && !k->missing)
        log_error("no process keeps the terminals (%s): sessions will end with "
                  "this daemon",
                  strerror(-rc));
    if (rc)
        event_timer_set(k->loop, &k->retry, k->missing ? RARELY_MS : RETRY_MS);
    k->missing = rc;
}

static void on_retry(struct event_timer *t)
{
    struct keep *k = container_of(t, struct keep, retry);

    get(k, NULL);
    if (k->source.fd >= 0)
        k->renewed(k);
}

void keep_open(struct keep *k, struct event_loop *loop,
               void (*found)(const char *name, const int *fds, int n))
{
    k->loop = loop;
    k->source.ready = on_keeper;
    k->retry.fire = on_retry;
    get(k, found);
}

static void say(struct keep *k, enum keep_op op, const char *name,
                const int *fds, int n)
{
    struct keep_message m = {.op = op};

    snprintf(m.name, sizeof(m.name), "%s", name);
    if (k->source.fd >= 0 && keep_send(k->source.fd, &m, fds, n))
        log_error("the process that keeps the terminals does not take %s: %m",
                  name);
}

void keep_put(struct keep *k, const char *name, const int *fds, int n)
{
    say(k, KEEP_PUT, name, fds, n);
}

void keep_drop(struct keep *k, const char *name)
{
    if (k->listing)
        drop_later(k, name);
    else
        say(k, KEEP_DROP, name, NULL, 0);
}
