/* SPDX-License-Identifier: MIT */
/*
 * A guest's console; see console.h.
 */
#include "console.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xen/xen.h>
#include <xen/grant_table.h>

#include "errand.h"
#include "terminal.h"

static char *read_node(struct console *c, const char *format)
{
    char path[64];
    unsigned int len;

    snprintf(path, sizeof(path), format, c->domid);
    return xs_read(c->with->store->xs, XBT_NULL, path, &len);
}

/* A number written by the toolstack; 0 if there is none. */
static unsigned long read_number(struct console *c, const char *format)
{
    char *text = read_node(c, format);
    unsigned long n = text ? strtoul(text, NULL, 10) : 0;

    free(text);
    return n;
}

/* Listen to what can be moved: output while there is some, input while the
 * guest has room for it. */
static void update_events(struct console *c)
{
    uint32_t events = 0;

    if (!c->master.added)
        return;
    if (output_waiting(&c->out))
        events |= EPOLLOUT;
    if (c->ring && !c->broken && console_ring_room(c->ring) > 0)
        events |= EPOLLIN;
    event_source_change(c->with->loop, &c->master, events);
}

static void fail(struct console *c)
{
    if (!c->broken)
        log_guest(&c->bucket,
                  "domain %u: the guest claims more text than its console ring "
                  "holds; its output is ignored until it connects again",
                  c->domid);
    c->broken = true;
}

/* Takes what the ring has. True: there was something. */
static bool drain(struct console *c)
{
    ssize_t n;

    if (!c->ring || c->broken)
        return false;
    n = output_take(&c->out, c->ring);
    if (n < 0)
        fail(c);
    if (n > 0 && c->port.local)
        port_notify(&c->port);
    return n > 0;
}

static void read_terminal(struct console *c)
{
    char text[1024];
    ssize_t room = console_ring_room(c->ring), n;

    if (room < 0)
        fail(c);
    if (room <= 0)
        return;
    if ((size_t)room > sizeof(text))
        room = sizeof(text);
    n = read(c->master.fd, text, room);
    if (n <= 0)
        return;
    console_ring_put(c->ring, text, n);
    port_notify(&c->port);
}

static void on_master(struct event_source *s, uint32_t events)
{
    struct console *c = container_of(s, struct console, master);

    if (events & EPOLLOUT)
        output_send(&c->out, c->master.fd);
    if ((events & EPOLLIN) && c->ring && !c->broken)
        read_terminal(c);
    update_events(c);
}

static void on_event(struct port *p)
{
    struct console *c = container_of(p, struct console, port);

    if (drain(c) && c->master.added)
        output_send(&c->out, c->master.fd);
    update_events(c);
    port_used(p); /* there is a bound of its own: */
    if (!c->window.armed) {
        c->drains = 0;
        event_timer_set(c->with->loop, &c->window, CONSOLE_WINDOW_MS);
    }
    if (++c->drains >= CONSOLE_DRAINS)
        c->masked = true; /* until the window ends */
    else
        port_done(&c->port);
}

static void on_window(struct event_timer *t)
{
    struct console *c = container_of(t, struct console, window);

    if (!c->masked)
        return;
    c->masked = false;
    if (c->port.local)
        on_event(&c->port);
}

static void unmap(struct console *c)
{
    port_unbind(&c->port);
    c->remote_port = 0;
    event_timer_cancel(c->with->loop, &c->window);
    event_timer_cancel(c->with->loop, &c->retry);
    c->masked = c->broken = false;
    if (c->ring)
        grants_unmap(&c->grants, c->ring, 1);
    c->ring = NULL;
}

/* The builder grants the page, to this domain and by a reserved reference. */
static int map_ring(struct console *c)
{
    uint32_t ref = GNTTAB_RESERVED_CONSOLE;

    c->ring = grants_map(&c->grants, &ref, 1);
    return c->ring ? 0 : -errno;
}

/* The caller has seen the guest's console node: a store that has forgotten the
 * guest would get a directory which nobody removes. */
static void publish_terminal(struct console *c)
{
    char path[64], *there = read_node(c, "/local/domain/%u/console/tty");
    bool differs = !there || strcmp(there, c->terminal);
    int rc;

    free(there);
    if (!differs || !*c->terminal)
        return;
    snprintf(path, sizeof(path), "/local/domain/%u/console/tty", c->domid);
    rc = errand_show(c->master.fd);
    if (rc)
        log_error("domain %u: cannot show its terminal: %s", c->domid,
                  strerror(-rc));
    else if (!xs_write(c->with->store->xs, XBT_NULL, path, c->terminal,
                       strlen(c->terminal)) &&
             !store_lost(c->with->store))
        log_error("domain %u: cannot write %s: %s", c->domid, path,
                  strerror(errno));
}

void console_keep(struct console *c)
{
    const int fds[] = {
        [KEPT_MASTER] = c->master.fd,     [KEPT_SLAVE] = c->slave,
        [KEPT_PIPE_OUT] = c->out.pipe[0], [KEPT_PIPE_IN] = c->out.pipe[1],
        [KEPT_PROGRESS] = c->progress_fd,
    };
    char name[16];

    snprintf(name, sizeof(name), "%u", c->domid);
    if (c->out.progress)
        keep_put(c->with->keep, name, fds, ARRAY_SIZE(fds));
}

static void close_one(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static void close_terminal(struct console *c)
{
    event_source_remove(c->with->loop, &c->master);
    close_one(&c->master.fd);
    close_one(&c->slave);
    close_one(&c->out.pipe[0]);
    close_one(&c->out.pipe[1]);
    close_one(&c->progress_fd);
    progress_unmap(c->out.progress);
    c->out.progress = NULL;
    log_file_close(&c->out.log);
}

/* The name stays as long as the domain: xl rename does not split a log. A name
 * that is missing because the store has just ended is asked for again. */
static int name_log(struct console *c)
{
    struct progress *r = c->out.progress;
    char *name;

    if (!c->with->options->log_guests || r->log_name[0])
        return 0;
    name = read_node(c, "/local/domain/%u/name");
    if (!name && store_lost(c->with->store))
        return -ENOTCONN;
    if (name && *name)
        snprintf(r->log_name, sizeof(r->log_name), "guest-%s", name);
    else
        snprintf(r->log_name, sizeof(r->log_name), "guest-%u", c->domid);
    free(name);
    return 0;
}

static void open_log(struct console *c)
{
    if (c->with->options->log_guests && !name_log(c))
        log_file_open(&c->out.log, c->domid, c->out.progress->log_name,
                      c->with->options->stamp_guests);
}

/* The progress is there; what else is new or adopted is, too. */
static int begin(struct console *c)
{
    int rc = terminal_name(c->master.fd, c->terminal, sizeof(c->terminal));

    c->master.ready = on_master;
    return rc ? rc : event_source_add(c->with->loop, &c->master, 0);
}

/* Bytes that may wait for the terminal, or -errno: the store has just ended. */
static long waiting_limit(struct console *c)
{
    unsigned long limit = read_number(c, "/local/domain/%u/console/limit");

    if (!limit && store_lost(c->with->store))
        return -ENOTCONN;
    return limit && limit < TERMINAL_WAITING ? limit : TERMINAL_WAITING;
}

static int make_terminal(struct console *c)
{
    int fds[TERMINAL_FDS], rc = name_log(c);
    long limit = waiting_limit(c);

    rc = rc || limit >= 0 ? rc : limit;
    rc = rc ? rc : errand_terminal(c->domid, limit, fds);
    if (rc)
        return rc;
    c->master.fd = fds[TERMINAL_MASTER];
    c->slave = fds[TERMINAL_SLAVE];
    c->out.pipe[0] = fds[TERMINAL_PIPE_OUT];
    c->out.pipe[1] = fds[TERMINAL_PIPE_IN];
    rc = begin(c);
    if (!rc)
        open_log(c);
    return rc;
}

static int open_terminal(struct console *c)
{
    int rc;

    c->out.progress = progress_create(&c->progress_fd);
    if (!c->out.progress)
        return -errno;
    c->out.progress->frame = c->frame;
    rc = make_terminal(c);
    if (rc)
        close_terminal(c);
    else
        console_keep(c);
    return rc;
}

/* Another backend (QEMU) may serve this domain's console. */
static bool is_ours(struct console *c)
{
    char *type = read_node(c, "/local/domain/%u/console/type");
    bool ours = !type || !strcmp(type, "xenconsoled");

    free(type);
    return ours;
}

/* A ring that the progress does not belong to begins where it says itself. */
static void start_output(struct console *c)
{
    struct progress *r = c->out.progress;

    if (r->port != c->remote_port)
        progress_set(r, console_ring_position(c->ring),
                     progress_state(r).flags & PROGRESS_LINE_OPEN);
    r->port = c->remote_port;
    output_start(&c->out, c->ring);
}

static void serve_port(struct console *c, unsigned int port)
{
    int rc;

    unmap(c);
    rc = map_ring(c);
    rc = rc || c->out.progress ? rc : open_terminal(c);
    rc =
        rc ? rc : port_bind(c->with->ports, &c->port, c->domid, port, on_event);
    if (rc) {
        if (!c->failed && rc != -ENOTCONN)
            log_error("domain %u: cannot serve the console yet: %s", c->domid,
                      strerror(-rc));
        c->failed = rc != -ENOTCONN;
        unmap(c);
        event_timer_set(c->with->loop, &c->retry, CONSOLE_RETRY_MS);
        return;
    }
    c->failed = false;
    c->remote_port = port;
    start_output(c);
    port_notify(&c->port); /* a killed daemon may have taken text silently */
    on_event(&c->port);    /* what it printed before we came */
}

void console_refresh(struct console *c)
{
    unsigned int port = read_number(c, "/local/domain/%u/console/port");
    bool ours = port && is_ours(c);

    if (c->gone || !ours || store_lost(c->with->store))
        return;
    if (port != c->remote_port)
        serve_port(c, port);
    if (c->out.progress && !c->out.progress->log_name[0])
        open_log(c); /* an adopted one, when the store was away */
    publish_terminal(c);
}

bool console_is_strange(const struct console *c)
{
    struct domain_state d;

    return !errand_domain(c->domid, &d) && d.frame != c->frame;
}

/* What the store says now may be of a new domain with its number. */
static void on_retry(struct event_timer *t)
{
    struct console *c = container_of(t, struct console, retry);

    if (!console_is_strange(c))
        console_refresh(c);
}

static struct console *allocate(const struct console_services *with,
                                unsigned int domid)
{
    struct console *c = calloc(1, sizeof(*c));

    if (!c)
        return NULL;
    c->with = with;
    c->domid = domid;
    c->slave = c->master.fd = c->progress_fd = c->out.log.fd = -1;
    c->out.pipe[0] = c->out.pipe[1] = -1;
    c->out.keep_oldest = with->options->keep_oldest;
    c->grants = (struct grants){with->grants->handle, domid};
    c->window.fire = on_window;
    c->retry.fire = on_retry;
    return c;
}

struct console *console_new(const struct console_services *with,
                            unsigned int domid, uint64_t frame)
{
    struct console *c = allocate(with, domid);

    if (!c)
        return NULL;
    c->frame = frame;
    console_refresh(c);
    return c;
}

static bool is_pipe(int fd)
{
    struct stat st;

    return !fstat(fd, &st) && S_ISFIFO(st.st_mode);
}

/* What a console of another layout has is closed like that of a strange one. So
 * is what a daemon that was taken over may have left in the pipe's place: this
 * one must not wait for it. */
struct console *console_adopt(const struct console_services *with,
                              unsigned int domid, const int *fds, int n)
{
    bool whole = n == KEPT_PROGRESS + 1 && is_pipe(fds[KEPT_PIPE_OUT]) &&
                 is_pipe(fds[KEPT_PIPE_IN]);
    struct console *c = whole ? allocate(with, domid) : NULL;

    if (!c) {
        for (int i = 0; i < n; i++)
            close(fds[i]);
        return NULL;
    }
    c->master.fd = fds[KEPT_MASTER];
    c->slave = fds[KEPT_SLAVE];
    c->out.pipe[0] = fds[KEPT_PIPE_OUT];
    c->out.pipe[1] = fds[KEPT_PIPE_IN];
    c->progress_fd = fds[KEPT_PROGRESS];
    c->out.progress = progress_map(c->progress_fd);
    if (!c->out.progress || begin(c)) {
        console_free(c);
        return NULL;
    }
    progress_seal(&c->out.progress, &c->progress_fd);
    c->frame = c->out.progress->frame;
    return c;
}

void console_resume(struct console *c)
{
    console_keep(c); /* its progress may be a copy */
    open_log(c);
    if (c->out.progress->port)
        serve_port(c, c->out.progress->port);
}

bool console_domain_gone(struct console *c)
{
    int unread = 0;

    if (!c->gone) {
        c->gone = true;
        drain(c);
        unmap(c);
    }
    if (c->master.fd < 0)
        return true;
    output_send(&c->out, c->master.fd);
    update_events(c);
    ioctl(c->slave, FIONREAD, &unread);
    return !unread && !output_waiting(&c->out);
}

void console_free(struct console *c)
{
    char name[16];

    snprintf(name, sizeof(name), "%u", c->domid);
    unmap(c);
    close_terminal(c);
    keep_drop(c->with->keep, name);
    free(c);
}
