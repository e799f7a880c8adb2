/* SPDX-License-Identifier: MIT */
/*
 * See nbd.h. The library's functions are never called from its own callbacks,
 * which hold its lock: those only put what has finished into lists.
 */
#include "nbd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <daemon/clock.h>
#include <daemon/log.h>

#include "libnbd.h"
#include "medium.h"
#include "nbd_server.h"

#define ANSWER_MS 60000       /* in which a server must be ready */
#define ENDING_MS 1000        /* in which it ends when it cannot be */
#define TABLES    (64u << 20) /* bytes, of an image without data */
#define MOST      (1u << 30) /* bytes at once: a result is a number below 2^31 */

/* First in, first out. */
struct io_list {
    struct storage_io *first, **tail;
};

struct nbd {
    const struct libnbd *lib;
    struct nbd_handle *handle;
    struct nbd_server server;
    int alive;      /* what medium_open() returns; or -1 */
    bool elsewhere; /* the medium; the server is killed with the device */
    bool direct;    /* past the page cache */
    bool flushing;  /* for those below */
    bool durable;   /* writes are done after a flush alone */
    bool gone, told;
    bool left;       /* by its device */
    uint32_t events; /* of the socket, that are waited for */
    struct storage *storage;
    struct event_loop *loop;
    void (*lost)(struct storage *s, const char *why);
    void (*slow)(struct storage *s, bool is);
    unsigned int slow_ms;
    struct event_timer patience; /* armed while something is in flight */
    bool impatient;              /* which it was told */
    unsigned int in_flight;
    uint64_t moved_ms; /* when something finished last, or was the first */
    struct io_list done;
    struct io_list written;  /* and not flushed, and flushes to come */
    struct io_list in_flush; /* as of when it began */
};

static void list_empty(struct io_list *l)
{
    l->first = NULL;
    l->tail = &l->first;
}

static void list_put(struct io_list *l, struct storage_io *io, int result)
{
    io->result = result;
    io->next_done = NULL;
    *l->tail = io;
    l->tail = &io->next_done;
}

static struct storage_io *list_take(struct io_list *l)
{
    struct storage_io *io = l->first;

    if (io)
        l->first = io->next_done;
    if (!l->first)
        l->tail = &l->first;
    return io;
}

/* --- a server that does not answer --- */

static void on_patience(struct event_timer *t)
{
    struct nbd *n = container_of(t, struct nbd, patience);
    uint64_t waited = now_ms() - n->moved_ms;
    bool is = n->in_flight && waited >= n->slow_ms;

    if (n->in_flight)
        event_timer_set(n->loop, t, is ? n->slow_ms : n->slow_ms - waited);
    if (is && !n->impatient)
        n->slow(n->storage, true);
    n->impatient |= is;
}

static void one_more(struct nbd *n)
{
    if (!n->in_flight++)
        n->moved_ms = now_ms();
    if (!n->patience.armed)
        event_timer_set(n->loop, &n->patience, n->slow_ms);
}

/* Not from a callback of the library. */
static void one_less(struct nbd *n)
{
    n->in_flight--;
    n->moved_ms = now_ms();
    if (n->impatient)
        n->slow(n->storage, false);
    n->impatient = false;
}

/* --- while it works --- */

/* In place of a number the server has these for "not any more". */
static bool says_gone(int error)
{
    return error == ENOTCONN || error == ESHUTDOWN;
}

static int on_done(void *data, int *error)
{
    struct storage_io *io = data;
    struct nbd *n = io->medium;

    if (says_gone(*error))
        n->gone = true; /* whether it was done nobody knows */
    else if (*error)
        list_put(&n->done, io, -*error);
    else
        list_put(n->durable && io->op != STORAGE_READ ? &n->written : &n->done,
                 io, (int)io->len);
    return 1;
}

/* The medium may tell of lost data once: what was written while it did has
 * perhaps been lost, too, and the next flush would not say so. QEMU's own next
 * flushes of a file in the page cache would all fail: for more a new server is
 * needed. */
static int on_flushed(void *data, int *error)
{
    struct nbd *n = data;
    struct storage_io *io;

    n->flushing = false;
    if (says_gone(*error)) {
        n->gone = true;
        return 1;
    }
    while ((io = list_take(&n->in_flush)))
        list_put(&n->done, io, *error ? -*error : io->result);
    while (*error && (io = list_take(&n->written)))
        list_put(&n->done, io, -*error);
    n->gone |= *error && !n->direct && !n->elsewhere;
    return 1;
}

static void flush_written(struct nbd *n)
{
    const nbd_completion_callback then = {.callback = on_flushed,
                                          .user_data = n};
    struct storage_io *io;

    if (n->flushing || !n->written.first || n->gone)
        return;
    while ((io = list_take(&n->written)))
        list_put(&n->in_flush, io, io->result);
    n->flushing = true;
    if (n->lib->flush(n->handle, then, 0) < 0)
        n->gone = true;
}

/* The socket as the library wants to know it. */
static void watch(struct storage *s)
{
    struct nbd *n = s->medium;
    unsigned int direction = n->lib->get_direction(n->handle);
    struct epoll_event e = {0};

    if (direction & LIBNBD_AIO_DIRECTION_READ)
        e.events |= EPOLLIN;
    if (direction & LIBNBD_AIO_DIRECTION_WRITE)
        e.events |= EPOLLOUT;
    if (e.events == n->events)
        return;
    n->events = e.events;
    epoll_ctl(s->wait_fd, EPOLL_CTL_MOD, n->lib->get_fd(n->handle), &e);
}

static bool is_gone(const struct nbd *n)
{
    return n->gone || n->lib->is_dead(n->handle) > 0 ||
           n->lib->is_closed(n->handle) > 0;
}

/* Nothing of what is in flight comes back. */
static void tell_loss(struct storage *s)
{
    struct nbd *n = s->medium;
    char why[256];
    const char *words;

    n->gone = true;
    if (n->told)
        return;
    n->told = true;
    words = nbd_server_words(&n->server, 0);
    snprintf(why, sizeof(why), "the medium's server, qemu-nbd, has gone%s%s",
             n->left  ? " with the device"
             : *words ? ": "
                      : "",
             n->left ? "" : words);
    epoll_ctl(s->wait_fd, EPOLL_CTL_DEL, n->lib->get_fd(n->handle), NULL);
    n->lost(s, why);
}

/* Sends and receives, as far as it goes without waiting. */
static void move(struct storage *s)
{
    struct nbd *n = s->medium;

    while (!is_gone(n) && n->lib->poll(n->handle, 0) > 0)
        ;
    flush_written(n);
    if (is_gone(n))
        tell_loss(s);
    else
        watch(s);
}

static int64_t ask(struct nbd *n, struct storage_io *io)
{
    const nbd_completion_callback then = {.callback = on_done, .user_data = io};

    switch (io->op) {
    case STORAGE_READ:
        return n->lib->pread(n->handle, io->data, io->len, io->offset, then, 0);
    case STORAGE_WRITE:
        return n->lib->pwrite(n->handle, io->data, io->len, io->offset, then,
                              0);
    case STORAGE_DISCARD:
        return n->lib->trim(n->handle, io->len, io->offset, then, 0);
    default:
        return -1;
    }
}

static int refusal(const struct nbd *n, const struct storage_io *io)
{
    bool unknown = io->op == STORAGE_FLUSH || io->op > STORAGE_DISCARD;
    int error = unknown ? EOPNOTSUPP : n->lib->get_errno();

    return error ? -error : -EIO;
}

static void nbd_queue(struct storage *s, struct storage_io *io)
{
    struct nbd *n = s->medium;

    io->medium = n;
    if (io->len > MOST) /* of a discard; the rest is asked for then */
        io->len = MOST;
    one_more(n);
    if (is_gone(n))
        return;
    if (io->op == STORAGE_FLUSH && n->lib->can_flush(n->handle) > 0)
        list_put(&n->written, io, 0);
    else if (ask(n, io) < 0 && !is_gone(n))
        list_put(&n->done, io, refusal(n, io));
}

/* All but flushes is on its way since it was queued; what the socket does not
 * take at once it asks for itself. Answers stay there: nothing else would tell
 * of them. */
static bool nbd_kick(struct storage *s)
{
    flush_written(s->medium);
    if (is_gone(s->medium))
        tell_loss(s);
    else
        watch(s);
    return true;
}

static struct storage_io *nbd_next_done(struct storage *s)
{
    struct nbd *n = s->medium;
    struct storage_io *io;

    if (!n->done.first)
        move(s);
    io = list_take(&n->done); /* also if the server has gone after that */
    if (io)
        one_less(n);
    return io;
}

static void close_one(int fd)
{
    if (fd >= 0)
        close(fd);
}

static void nbd_leave(struct storage *s)
{
    struct nbd *n = s->medium;

    n->left = true;
    close_one(n->alive);
    n->alive = -1;
    if (n->elsewhere)
        nbd_server_leave(&n->server);
}

/* The server ends when it has done all; that of a medium which is elsewhere
 * must have done so soon. */
static void nbd_storage_close(struct storage *s)
{
    struct nbd *n = s->medium;

    event_timer_cancel(n->loop, &n->patience);
    n->lib->close(n->handle);
    if (n->elsewhere && n->server.words >= 0)
        nbd_server_words(&n->server, ENDING_MS);
    nbd_server_leave(&n->server);
    close_one(n->alive);
    close_one(s->wait_fd);
    free(n);
    s->ops = NULL;
    s->medium = NULL;
    s->wait_fd = -1;
}

static const struct storage_ops ops = {
    .queue = nbd_queue,
    .kick = nbd_kick,
    .next_done = nbd_next_done,
    .leave = nbd_leave,
    .close = nbd_storage_close,
};

/* --- until it does --- */

/* What stays open as long as the server works. */
enum { RECORD, MEDIUM };

/* A medium of this host is kept from others by a descriptor that its server
 * does not have: the server itself locks nothing, for what it locks it may also
 * give back. */
static int keep_medium(const struct nbd_ask *a, struct nbd_server_plan *p,
                       struct nbd *n)
{
    const char *name = a->target.name;
    struct stat st;
    int fd, errors = -1;

    if (n->elsewhere)
        return 0;
    fd = p->held[MEDIUM] =
        medium_open(name, a->id, a->mode, &n->alive, &errors);
    close_one(errors);
    if (fd < 0)
        return log_reason(fd, "%s: %s", name, medium_why_not(fd));
    if (fstat(fd, &st))
        memset(&st, 0, sizeof(st));
    p->target.device = S_ISBLK(st.st_mode);
    n->direct = p->direct = fcntl(fd, F_GETFL) & O_DIRECT;
    return 0;
}

static int wait_for_server(struct nbd *n)
{
    uint64_t until = now_ms() + ANSWER_MS, now;

    while (n->lib->is_connecting(n->handle) > 0 && (now = now_ms()) < until)
        if (n->lib->poll(n->handle, until - now) < 0)
            break;
    if (n->lib->is_ready(n->handle) > 0)
        return 0;
    return n->lib->is_connecting(n->handle) > 0 ? -ETIMEDOUT : -EIO;
}

static int why_not(struct nbd *n, const char *name, int rc)
{
    const char *words;

    if (rc == -ETIMEDOUT)
        return log_reason(rc, "%s: no server answers", name);
    words = nbd_server_words(&n->server, ENDING_MS);
    if (strstr(words, "Failed to get") && strstr(words, "lock"))
        rc = -EBUSY;
    if (!*words)
        words = n->lib->get_error();
    return log_reason(rc, "%s", words ? words : "the server has gone");
}

/* No more than a bound for one server: the next one's is of what this one has
 * made of the image.
 *
 * Of an image in which all of the disk is written anew, beside what snapshots
 * keep, with the tables for that: a quarter is for the smallest clusters. */
static uint64_t most_bytes(struct nbd *n, int image)
{
    int64_t size = n->lib->get_size(n->handle);
    uint64_t disk = size < 0 ? 0 : (uint64_t)size;
    struct stat st;

    return (fstat(image, &st) ? 0 : (uint64_t)st.st_size) + disk + disk / 4 +
           TABLES;
}

static int connect_to_server(struct nbd *n, const struct nbd_server_plan *p)
{
    int rc = nbd_server_start(&n->server, p);

    if (rc)
        return log_reason(rc, "cannot start a server: %s", strerror(-rc));
    n->handle = n->lib->create();
    if (!n->handle) {
        close(n->server.socket);
        rc = -ENOMEM;
    } else {
        n->lib->set_structured(n->handle, false);
        n->lib->set_strict_mode(n->handle, 0);
        rc = n->lib->connect_socket(n->handle, n->server.socket) ? -EIO : 0;
    }
    rc = rc ? rc : wait_for_server(n);
    if (!rc && !n->elsewhere)
        nbd_server_unleash(&n->server, most_bytes(n, p->held[MEDIUM]));
    if (!rc)
        return 0;
    rc = why_not(n, p->target.name, rc);
    nbd_server_leave(&n->server);
    return rc;
}

/* The server has opened it by its path, after this process. */
static int check_path(const struct nbd *n, const struct nbd_ask *a)
{
    const char *name = a->target.name;

    if (n->elsewhere || medium_is_at(name, a->id))
        return 0;
    return log_reason(-EMEDIUMTYPE, "%s: %s", name,
                      medium_why_not(-EMEDIUMTYPE));
}

static uint32_t block_size(const struct nbd *n, int which, uint32_t least)
{
    int64_t size = n->lib->get_block_size(n->handle, which);

    return size < least || size > 65536 ? least : size;
}

static int take_properties(struct storage *s, const struct nbd_ask *a)
{
    struct nbd *n = s->medium;
    int64_t bytes = n->lib->get_size(n->handle);

    if (bytes < 512)
        return log_reason(-ENOSPC, "%s has no sector", a->target.name);
    s->limits.readonly = a->mode[0] != 'w';
    if (!s->limits.readonly && n->lib->is_read_only(n->handle) > 0)
        return log_reason(-EROFS, "%s can only be read", a->target.name);
    s->limits.sectors = bytes / 512;
    s->limits.sector_size = block_size(n, LIBNBD_SIZE_MINIMUM, 512);
    s->physical_sector_size =
        block_size(n, LIBNBD_SIZE_PREFERRED, s->limits.sector_size);
    s->discard_granularity = s->physical_sector_size;
    s->limits.discard = a->allow_discard && !s->limits.readonly &&
                        n->lib->can_trim(n->handle) > 0;
    n->durable =
        target_has_cache(&a->target) && n->lib->can_flush(n->handle) > 0;
    s->flush = !n->durable && n->lib->can_flush(n->handle) > 0;
    return 0;
}

static int begin_watch(struct storage *s)
{
    struct nbd *n = s->medium;
    struct epoll_event none = {0};

    s->wait_fd = epoll_create1(EPOLL_CLOEXEC);
    if (s->wait_fd < 0 ||
        epoll_ctl(s->wait_fd, EPOLL_CTL_ADD, n->lib->get_fd(n->handle), &none))
        return -errno;
    watch(s);
    return 0;
}

static int open_with(struct storage *s, const struct nbd_ask *a)
{
    struct nbd *n = s->medium;
    struct nbd_server_plan p = {.target = a->target,
                                .readonly = a->mode[0] != 'w',
                                .held = {[RECORD] = a->hold, [MEDIUM] = -1},
                                .domid = a->domid};
    int rc;

    rc = keep_medium(a, &p, n);
    rc = rc ? rc : connect_to_server(n, &p);
    close_one(p.held[MEDIUM]);
    rc = rc ? rc : check_path(n, a);
    rc = rc ? rc : take_properties(s, a);
    return rc ? rc : begin_watch(s);
}

int nbd_storage_open(struct storage *s, const struct nbd_ask *a)
{
    const struct libnbd *lib = libnbd_load();
    struct nbd *n = lib ? calloc(1, sizeof(*n)) : NULL;
    int rc;

    memset(s, 0, sizeof(*s));
    s->fd = s->alive = s->held = s->wait_fd = -1;
    if (!n)
        return lib ? -ENOMEM : -ENOENT;
    *n = (struct nbd){
        .lib = lib,
        .alive = -1,
        .elsewhere = target_is_uri(a->target.name),
        .server = NBD_NO_SERVER,
        .storage = s,
        .loop = a->loop,
        .lost = a->lost,
        .slow = a->slow,
        .slow_ms = a->slow_ms,
        .patience = {.fire = on_patience},
    };
    list_empty(&n->done);
    list_empty(&n->written);
    list_empty(&n->in_flush);
    s->medium = n;
    s->ops = &ops;
    rc = open_with(s, a);
    if (rc)
        nbd_storage_close(s);
    return rc;
}
