/* SPDX-License-Identifier: MIT */
/* See disk_stats.h. */
#include "disk_stats.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <base/macros.h>
#include <daemon/log.h>

#include "device.h"

#define CLIENTS 8

struct stats_client {
    struct stats_client *next; /* that has come before it */
    struct disk_stats *of;
    struct event_source source;
    char asked[256]; /* that is coming in */
    size_t n;
};

struct disk_stats {
    struct disk_stats *next;
    struct devices *all;
    unsigned int domid;
    struct sockaddr_un address;
    struct stat place; /* of our socket: another may take its name */
    struct event_source listener;
    struct stats_client *clients; /* CLIENTS at most */
};

/* --- in the store --- */

/* Of a disk that has that directory anyway, false. */
static bool name_in_store(const char *path, char *node, size_t n)
{
    unsigned int domid, devid;

    if (sscanf(path, "backend/vbd/%u/%u", &domid, &devid) != 2)
        return false;
    snprintf(node, n, "backend/qdisk/%u/%u", domid, devid);
    return true;
}

/* "/vbd/3/51712", which no other disk of the guest has. */
static const char *name_of(const char *path)
{
    return path + strlen("backend");
}

static char *read_in(struct xs_handle *xs, xs_transaction_t t, const char *node,
                     const char *key)
{
    char path[80];
    unsigned int len;

    snprintf(path, sizeof(path), "%s/%s", node, key);
    return xs_read(xs, t, path, &len);
}

/* There, or not. A device that somebody has made there stays as it is. */
static void set_name(struct xs_handle *xs, xs_transaction_t t, const char *node,
                     const char *name, bool there)
{
    char *state = read_in(xs, t, node, "state");
    char *found = read_in(xs, t, node, "params"), path[80];

    snprintf(path, sizeof(path), "%s/params", node);
    if (!state && !found && there)
        xs_write(xs, t, path, name, (unsigned int)strlen(name));
    else if (!state && found && !there && !strcmp(found, name))
        device_node_remove(xs, t, node);
    free(state);
    free(found);
}

static void set_node(struct xs_handle *xs, const char *path, bool there)
{
    xs_transaction_t t;
    char node[64];

    if (!name_in_store(path, node, sizeof(node)))
        return;
    do {
        t = xs_transaction_start(xs);
        if (t == XBT_NULL)
            return;
        set_name(xs, t, node, name_of(path), there);
    } while (!xs_transaction_end(xs, t, false) && errno == EAGAIN);
}

void disk_stats_publish(struct xs_handle *xs, const char *path)
{
    set_node(xs, path, true);
}

void disk_stats_withdraw(struct xs_handle *xs, const char *path)
{
    set_node(xs, path, false);
}

/* --- answers --- */

static bool is_disk_of(const struct device *d, unsigned int domid)
{
    return d->domid == domid && d->kind->disk;
}

static void print_stats(FILE *f, const struct device *d)
{
    struct record_counts c;

    device_counts_load(&c, d->all->run_dir, d->worker.name);
    fprintf(f,
            "\"stats\": {\"rd_operations\": %llu, \"rd_bytes\": %llu, "
            "\"wr_operations\": %llu, \"wr_bytes\": %llu}",
            (unsigned long long)c.to_guest.operations,
            (unsigned long long)c.to_guest.bytes,
            (unsigned long long)c.from_guest.operations,
            (unsigned long long)c.from_guest.bytes);
}

/* The name by which libxenstat finds a disk's number in the store: of what
 * stands there, all from the first '/' on. */
static void print_name(FILE *f, const struct device *d)
{
    char node[DEVICE_PATH + 8], *params = NULL;
    const char *name = name_of(d->path);
    unsigned int len;

    if (!name_in_store(d->path, node, sizeof(node))) {
        snprintf(node, sizeof(node), "%s/params", d->path);
        params = xs_read(d->all->store->xs, XBT_NULL, node, &len);
        name = params ? strchrnul(params, '/') : "";
    }
    fputs("\"inserted\": {\"file\": ", f);
    device_text_print(f, *name || !params ? name : params);
    fputc('}', f);
    free(params);
}

static void print_disks(FILE *f, const struct disk_stats *s,
                        void (*print)(FILE *f, const struct device *d))
{
    const char *between = "";

    fputs("{\"return\": [", f);
    for (const struct device *d = s->all->list; d; d = d->next) {
        if (!is_disk_of(d, s->domid))
            continue;
        fprintf(f, "%s{\"device\": \"%s\", ", between, d->worker.name);
        print(f, d);
        fputc('}', f);
        between = ", ";
    }
    fputs("]}\r\n", f);
}

static void answer(FILE *f, const struct disk_stats *s, const char *command)
{
    if (!strcmp(command, "qmp_capabilities"))
        fputs("{\"return\": {}}\r\n", f);
    else if (!strcmp(command, "query-blockstats"))
        print_disks(f, s, print_stats);
    else if (!strcmp(command, "query-block"))
        print_disks(f, s, print_name);
    else
        fputs("{\"error\": {\"class\": \"CommandNotFound\", \"desc\": "
              "\"there are statistics of disks here\"}}\r\n",
              f);
}

/* --- the clients --- */

static void hang_up(struct stats_client *c)
{
    struct stats_client **place = &c->of->clients;

    while (*place != c)
        place = &(*place)->next;
    *place = c->next;
    event_source_remove(c->of->all->loop, &c->source);
    close(c->source.fd);
    free(c);
}

/* What does not fit into the socket is not waited for. */
static bool say(struct stats_client *c, const char *text, size_t n)
{
    return send(c->source.fd, text, n, MSG_NOSIGNAL) == (ssize_t)n;
}

/* The bytes up to the end of the first object, or 0: it is not whole. */
static size_t length_of_object(const char *text, size_t n)
{
    int depth = 0;

    for (size_t i = 0; i < n; i++) {
        depth += (text[i] == '{') - (text[i] == '}');
        if (text[i] == '}' && depth <= 0)
            return i + 1;
    }
    return 0;
}

static bool serve_command(struct stats_client *c, size_t n)
{
    char text[sizeof(c->asked) + 1], command[32] = "", *execute, *said;
    size_t size;
    FILE *f = open_memstream(&said, &size);
    bool heard;

    memcpy(text, c->asked, n);
    text[n] = 0;
    c->n -= n;
    memmove(c->asked, c->asked + n, c->n);
    execute = strstr(text, "\"execute\"");
    if (execute)
        sscanf(execute, "\"execute\" : \"%31[a-z_-]", command);
    if (!f)
        return false;
    answer(f, c->of, command);
    fclose(f);
    heard = say(c, said, size);
    free(said);
    return heard;
}

static bool serve_all(struct stats_client *c)
{
    size_t n;

    while ((n = length_of_object(c->asked, c->n)))
        if (!serve_command(c, n))
            return false;
    return c->n < sizeof(c->asked);
}

static void client_asks(struct event_source *source, uint32_t events)
{
    struct stats_client *c = container_of(source, struct stats_client, source);
    ssize_t got = recv(source->fd, c->asked + c->n, sizeof(c->asked) - c->n, 0);

    if (got < 0 && errno == EAGAIN)
        return;
    c->n += got > 0 ? (size_t)got : 0;
    if (got <= 0 || !serve_all(c))
        hang_up(c);
}

/* Each asks for some milliseconds: those who sit there must not keep the next
 * one out. Yet one that waits for its answer must get it, for libxenstat does
 * not survive that its socket is closed. */
static void make_room(struct disk_stats *s)
{
    struct stats_client *oldest = NULL;
    unsigned int n = 0;

    for (struct stats_client *c = s->clients; c; c = c->next, n++)
        oldest = c;
    if (n == CLIENTS)
        hang_up(oldest);
}

static void client_comes(struct event_source *source, uint32_t events)
{
    static const char greeting[] =
        "{\"QMP\": {\"version\": {}, \"capabilities\": []}}\r\n";
    struct disk_stats *s = container_of(source, struct disk_stats, listener);
    int fd = accept4(source->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    struct stats_client *c;

    if (fd < 0)
        return;
    make_room(s);
    c = calloc(1, sizeof(*c));
    if (!c) {
        close(fd);
        return;
    }
    *c = (struct stats_client){
        .next = s->clients, .of = s, .source = {fd, .ready = client_asks}};
    s->clients = c;
    if (event_source_add(s->all->loop, &c->source, EPOLLIN) ||
        !say(c, greeting, sizeof(greeting) - 1))
        hang_up(c);
}

/* --- a guest's socket --- */

static int socket_at(const struct sockaddr_un *a,
                     int (*go)(int fd, const struct sockaddr *a, socklen_t n))
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int rc;

    if (fd < 0)
        return -errno;
    fchmod(fd, 0600); /* from its first moment */
    if (!go(fd, (const struct sockaddr *)a, sizeof(*a)))
        return fd;
    rc = -errno;
    close(fd);
    return rc;
}

/* A socket that refuses is what a daemon has left that was killed. One that is
 * busy, or cannot be asked, stays. */
static int listen_at(struct disk_stats *s)
{
    const struct sockaddr_un *a = &s->address;
    int fd = socket_at(a, connect);

    if (fd >= 0) {
        close(fd);
        return -EADDRINUSE;
    }
    if (fd == -ECONNREFUSED)
        unlink(a->sun_path);
    else if (fd != -ENOENT)
        return fd;
    mkdir(s->all->stats_dir, 0755); /* as anybody makes it */
    fd = socket_at(a, bind);
    if (fd >= 0) {
        lstat(a->sun_path, &s->place);
        listen(fd, SOMAXCONN);
    }
    return fd;
}

static void unlink_own(const struct disk_stats *s)
{
    struct stat st;

    if (!lstat(s->address.sun_path, &st) && st.st_dev == s->place.st_dev &&
        st.st_ino == s->place.st_ino)
        unlink(s->address.sun_path);
}

static void open_socket(struct devices *ds, unsigned int domid)
{
    struct disk_stats *s = calloc(1, sizeof(*s));
    int fd;

    if (!s)
        return;
    *s = (struct disk_stats){.next = ds->stats, .all = ds, .domid = domid};
    s->address.sun_family = AF_UNIX;
    snprintf(s->address.sun_path, sizeof(s->address.sun_path),
             "%s/qmp-libxenstat-%u", ds->stats_dir, domid);
    fd = listen_at(s);
    s->listener = (struct event_source){fd, .ready = client_comes};
    if (fd >= 0 && !event_source_add(ds->loop, &s->listener, EPOLLIN)) {
        ds->stats = s;
        return;
    }
    log_debug("%s: %s", s->address.sun_path, strerror(fd < 0 ? -fd : ENOMEM));
    if (fd >= 0)
        close(fd);
    free(s);
}

static void close_socket(struct disk_stats **place)
{
    struct disk_stats *s = *place;

    while (s->clients)
        hang_up(s->clients);
    event_source_remove(s->all->loop, &s->listener);
    close(s->listener.fd);
    unlink_own(s);
    *place = s->next;
    free(s);
}

void disk_stats_check(struct devices *ds, unsigned int domid)
{
    struct disk_stats **s = &ds->stats;
    const struct device *d = ds->list;

    while (*s && (*s)->domid != domid)
        s = &(*s)->next;
    while (d && !is_disk_of(d, domid))
        d = d->next;
    if (d && !*s && ds->stats_dir)
        open_socket(ds, domid);
    else if (!d && *s)
        close_socket(s);
}
