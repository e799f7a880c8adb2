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
#include <sys/mman.h>
#include <unistd.h>
#include <xen/xen.h>
#include <xen/grant_table.h>
#include <xenforeignmemory.h>

#include "terminal.h"

#define BACKLOG_DEFAULT (1u << 20)
#define BACKLOG_MAX     (1u << 20)

static char *read_node(struct console *c, const char *format)
{
    char path[64];
    unsigned int len;

    snprintf(path, sizeof(path), format, c->domid);
    return xs_read(c->store->xs, XBT_NULL, path, &len);
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
    if (c->backlog.used)
        events |= EPOLLOUT;
    if (c->ring && !c->broken && console_ring_room(c->ring) > 0)
        events |= EPOLLIN;
    event_source_change(c->loop, &c->master, events);
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

/* Ring to log and backlog. True: there was something. */
static bool drain(struct console *c)
{
    char text[CONSOLE_OUT_SIZE];
    ssize_t n;

    if (!c->ring || c->broken)
        return false;
    n = console_ring_take(c->ring, text);
    if (n < 0)
        fail(c);
    if (n <= 0)
        return false;
    log_file_write(&c->log, text, n);
    backlog_add(&c->backlog, text, n);
    if (c->port.local)
        port_notify(&c->port);
    return true;
}

static void write_terminal(struct console *c)
{
    const char *text;
    size_t len;
    ssize_t n;

    while (text = backlog_peek(&c->backlog, &len), len) {
        n = write(c->master.fd, text, len);
        if (n <= 0)
            return;
        backlog_consume(&c->backlog, n);
    }
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
        write_terminal(c);
    if ((events & EPOLLIN) && c->ring && !c->broken)
        read_terminal(c);
    update_events(c);
}

static void on_event(struct port *p)
{
    struct console *c = container_of(p, struct console, port);

    if (drain(c) && c->master.added)
        write_terminal(c);
    update_events(c);
    if (!c->window.armed) {
        c->drains = 0;
        event_timer_set(c->loop, &c->window, CONSOLE_WINDOW_MS);
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
    event_timer_cancel(c->loop, &c->window);
    c->masked = c->broken = false;
    if (c->ring && c->foreign)
        munmap(c->ring, PAGE_SIZE);
    else if (c->ring)
        grants_unmap(&c->grants, c->ring, 1);
    c->ring = NULL;
}

/* The builder grants the page by a reserved reference; a builder that does not
 * leaves only the frame number. */
static int map_ring(struct console *c)
{
    uint32_t ref = GNTTAB_RESERVED_CONSOLE;
    xenforeignmemory_handle *fmem;
    xen_pfn_t frame;

    c->foreign = false;
    c->ring = grants_map(&c->grants, &ref, 1);
    if (c->ring)
        return 0;
    frame = read_number(c, "/local/domain/%u/console/ring-ref");
    fmem = frame ? xenforeignmemory_open(NULL, 0) : NULL;
    if (!fmem)
        return -ENOENT;
    c->ring = xenforeignmemory_map(fmem, c->domid, PROT_READ | PROT_WRITE, 1,
                                   &frame, NULL);
    xenforeignmemory_close(fmem); /* the mapping stays */
    c->foreign = true;
    return c->ring ? 0 : -errno;
}

/* The caller has seen the guest's console node: a store that has forgotten the
 * guest would get a directory which nobody removes. */
static void publish_terminal(struct console *c)
{
    char path[64], *there = read_node(c, "/local/domain/%u/console/tty");
    bool differs = !there || strcmp(there, c->terminal);

    free(there);
    if (!differs || !*c->terminal)
        return;
    snprintf(path, sizeof(path), "/local/domain/%u/console/tty", c->domid);
    if (!xs_write(c->store->xs, XBT_NULL, path, c->terminal,
                  strlen(c->terminal)) &&
        !store_lost(c->store))
        log_error("domain %u: cannot write %s: %s", c->domid, path,
                  strerror(errno));
}

static int open_terminal(struct console *c)
{
    int rc;

    if (c->master.added)
        return 0;
    rc = terminal_open(&c->master.fd, &c->slave, c->terminal,
                       sizeof(c->terminal));
    if (rc)
        return rc;
    c->master.ready = on_master;
    return event_source_add(c->loop, &c->master, 0);
}

/* Another backend (QEMU) may serve this domain's console. */
static bool is_ours(struct console *c)
{
    char *type = read_node(c, "/local/domain/%u/console/type");
    bool ours = !type || !strcmp(type, "xenconsoled");

    free(type);
    return ours;
}

static void serve_port(struct console *c, unsigned int port)
{
    int rc;

    unmap(c);
    c->remote_port = port;
    rc = map_ring(c);
    rc = rc ? rc : open_terminal(c);
    rc = rc ? rc : port_bind(c->ports, &c->port, c->domid, port, on_event);
    if (rc) {
        log_error("domain %u: cannot serve the console: %s", c->domid,
                  strerror(-rc));
        unmap(c);
        return;
    }
    on_event(&c->port); /* what it printed before we came */
}

void console_refresh(struct console *c)
{
    unsigned int port = read_number(c, "/local/domain/%u/console/port");
    bool ours = port && is_ours(c);

    if (c->gone || !ours || store_lost(c->store))
        return;
    if (port != c->remote_port)
        serve_port(c, port);
    publish_terminal(c);
}

static void open_log(struct console *c)
{
    char file[128], *name;

    c->log.fd = -1;
    if (!c->options->log_guests)
        return;
    name = read_node(c, "/local/domain/%u/name");
    if (name && *name)
        snprintf(file, sizeof(file), "guest-%s", name);
    else
        snprintf(file, sizeof(file), "guest-%u", c->domid);
    log_file_open(&c->log, c->options->log_dir, file, c->options->stamp_guests);
    free(name);
}

struct console *console_new(struct event_loop *loop, struct store_client *store,
                            struct ports *ports, unsigned int domid,
                            const struct console_options *options)
{
    struct console *c = calloc(1, sizeof(*c));
    unsigned long limit;

    if (!c)
        return NULL;
    c->loop = loop;
    c->store = store;
    c->ports = ports;
    c->domid = domid;
    c->options = options;
    c->slave = c->master.fd = -1;
    c->window.fire = on_window;
    if (grants_open(&c->grants, domid)) {
        free(c);
        return NULL;
    }
    limit = read_number(c, "/local/domain/%u/console/limit");
    if (!limit)
        limit = BACKLOG_DEFAULT;
    backlog_init(&c->backlog, limit < BACKLOG_MAX ? limit : BACKLOG_MAX,
                 options->keep_oldest);
    open_log(c);
    console_refresh(c);
    return c;
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
    write_terminal(c);
    update_events(c);
    ioctl(c->slave, FIONREAD, &unread);
    return !unread && !c->backlog.used;
}

void console_free(struct console *c)
{
    unmap(c);
    event_source_remove(c->loop, &c->master);
    if (c->master.fd >= 0)
        close(c->master.fd);
    if (c->slave >= 0)
        close(c->slave);
    grants_close(&c->grants);
    backlog_free(&c->backlog);
    log_file_close(&c->log);
    free(c);
}
