/* SPDX-License-Identifier: MIT */
/* See live_update.h. */
#include "live_update.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <daemon/clock.h>
#include <daemon/log.h>

#include "errand.h"
#include "journal.h"
#include "record.h"
#include "socket.h"
#include "state.h"
#include "successor.h"
#include "trace.h"

#define DEFAULT_SECONDS 60
#define RETRY_MS        20
#define LEFT_OPEN_MS    60000

/* What the descriptors are for, by their index; then clients'. */
enum { HANDED_STATE, HANDED_LISTENER, HANDED_CLIENTS };

/* What has been asked for. */
static struct {
    struct connection *client; /* by whom; NULL: nothing */
    char name[sizeof(((struct connection *)0)->name)]; /* the client's */
    struct xsd_sockmsg request;
    char *program;
    bool started, force;
    uint64_t deadline;
} update;

/* --- the command ---------------------------------------------------------- */

static void forget(void)
{
    free(update.program);
    memset(&update, 0, sizeof(update));
}

/* Whether it is still there: it is not looked at otherwise, and its memory may
 * be another one's. */
static bool client_lives(void)
{
    struct connection *c = connections;

    while (c && (c != update.client || c->dead))
        c = c->next;
    return c && !strcmp(c->name, update.name);
}

/* The parent looks at the program. */
static const char *choose(const char *arguments)
{
    const char *why = state_on()
                          ? errand_program(update.program, arguments)
                          : "There is no journal, so nothing would be kept.";

    if (why)
        forget();
    return why ? why : "OK";
}

static const char *set_program(struct connection *c, const char *program)
{
    if (update.started && client_lives())
        return "Another live update is under way.";
    forget();
    update.program = strdup(program);
    if (!update.program)
        return "There is no memory.";
    update.client = c;
    strcpy(update.name, c->name);
    return choose(NULL);
}

static int parse_start(const char **arg, int n, long *seconds, bool *force)
{
    char *end = NULL;

    for (int i = 0; i < n; i++) {
        if (!strcmp(arg[i], "-F")) {
            *force = true;
        } else if (!strcmp(arg[i], "-t") && i + 1 < n) {
            *seconds = strtol(arg[++i], &end, 10);
            if (end == arg[i] || *end || *seconds < 0 || *seconds > 86400)
                return EINVAL;
        } else {
            return EINVAL;
        }
    }
    return 0;
}

/* Until it is answered it counts as an answer that waits: no further request of
 * this client is served. */
static const char *start(struct request *r, const char **arg, int n)
{
    long seconds = DEFAULT_SECONDS;
    bool force = false;

    if (parse_start(arg, n, &seconds, &force))
        return "";
    update.force = force;
    update.request = *r->hdr;
    update.deadline = now_ms() + (uint64_t)seconds * 1000;
    update.started = true;
    r->c->replies++;
    return NULL;
}

const char *live_update_command(struct request *r, const char **arg, int n)
{
    bool is_ours = update.client == r->c && client_lives();

    if (r->c->domain) /* nobody could answer it */
        return "By the daemon's socket alone.";
    if (n == 2 && !strcmp(arg[0], "-f"))
        return set_program(r->c, arg[1]);
    if (n < 1 ||
        (strcmp(arg[0], "-a") && strcmp(arg[0], "-c") && strcmp(arg[0], "-s")))
        return "";
    if (!is_ours)
        return "No live update has been prepared by this connection.";
    if (!strcmp(arg[0], "-s"))
        return start(r, arg + 1, n - 1);
    if (!strcmp(arg[0], "-c"))
        return n == 2 ? choose(arg[1]) : "";
    forget();
    return "OK";
}

/* --- what is left to the next program ------------------------------------- */

static void pack_client(struct pack *p, struct connection *c)
{
    uint32_t n = 0;

    pack_blob(p, c->in, c->in_used);
    pack_u32(p, c->watches.count);
    watches_reverse(&c->watches);
    for (const struct watch *w = c->watches.first; w; w = w->next) {
        pack_u16(p, w->relative);
        pack_string(p, w->path);
        pack_string(p, w->token);
    }
    watches_reverse(&c->watches);
    for (const struct message *m = c->out; m; m = m->next)
        n++;
    pack_u32(p, n);
    for (const struct message *m = c->out; m; m = m->next) {
        pack_u8(p, (uint8_t)m->kind);
        pack_blob(p, m->data, m->len);
    }
    pack_u32(p, c->out ? c->out->sent : 0);
}

static bool is_local(const struct connection *c)
{
    return !c->domain && !c->dead;
}

static void pack_all(struct pack *p)
{
    struct xsd_sockmsg h = update.request;
    uint32_t n = 0, at = ERRAND_HANDED + HANDED_CLIENTS;

    h.len = 3;
    for (struct connection *c = connections; c; c = c->next)
        n += is_local(c);
    pack_u32(p, ERRAND_HANDED + HANDED_LISTENER);
    pack_u32(p, n);
    for (struct connection *c = connections; c; c = c->next)
        if (is_local(c)) {
            struct pack one = {.data = NULL};

            pack_u32(&one, at++);
            pack_client(&one, c);
            p->failed |= one.failed;
            pack_u8(p, c == update.client);
            pack_blob(p, one.data, one.used);
            pack_free(&one);
        }
    pack_blob(p, &h, sizeof(h));
    pack_u8(p, trace_enabled);
    pack_string(p, trace_path() ? trace_path() : "");
}

/* A descriptor, or -errno. */
static int write_file(void)
{
    struct pack p = {.data = NULL};
    int fd = memfd_create("xenstored", 0), rc = fd < 0 ? -errno : 0;

    pack_all(&p);
    if (p.failed)
        rc = -ENOMEM;
    for (size_t done = 0; !rc && done < p.used;) {
        ssize_t n = write(fd, p.data + done, p.used - done);

        if (n > 0)
            done += (size_t)n;
        else
            rc = n ? -errno : -EIO;
    }
    pack_free(&p);
    if (rc && fd >= 0)
        close(fd);
    return rc ? rc : fd;
}

/* In the order of their numbers. */
static int hand_over(int state)
{
    unsigned int at = HANDED_CLIENTS;
    int rc = errand_hand(HANDED_STATE, state);

    rc = rc ? rc : errand_hand(HANDED_LISTENER, socket_listener());
    for (struct connection *c = connections; c && !rc; c = c->next)
        if (is_local(c))
            rc = errand_hand(at++, socket_of(c));
    return rc;
}

/* Returns if it fails: an errno value. */
static int replace(void)
{
    int rc = state_rewrite(), fd = rc ? -rc : write_file();

    if (fd < 0)
        return -fd;
    rc = hand_over(fd);
    rc = rc ? rc : errand_go();
    close(fd);
    return rc;
}

/* --- when ----------------------------------------------------------------- */

/* It can still be committed, and is not one that a guest leaves open. */
static bool is_waited_for(const struct transaction *t)
{
    return !t->hopeless &&
           (t->who.privileged || now_ms() - t->started < LEFT_OPEN_MS);
}

static bool has_open(const struct connection *c)
{
    const struct transaction *t = c->transactions.first;

    while (t && !is_waited_for(t))
        t = t->next;
    return t;
}

static bool in_transaction(void)
{
    struct connection *c = connections;

    while (c && (c->dead || !has_open(c)))
        c = c->next;
    return c;
}

/* client_lives(). */
static void answer(const char *text)
{
    struct xsd_sockmsg h = update.request;
    struct connection *c = update.client;

    forget();
    h.len = (uint32_t)strlen(text) + 1;
    c->replies--;
    connection_reply(c, &h, text);
    connection_again(c);
}

int live_update_try(void)
{
    char text[128];
    int rc;

    if (update.client && !client_lives())
        forget();
    if (!update.started)
        return -1;
    if (!update.force && in_transaction()) {
        if (now_ms() < update.deadline)
            return RETRY_MS;
        answer("There are transactions that do not end.");
        return 0;
    }
    rc = replace();
    snprintf(text, sizeof(text), "This program goes on: %s.", strerror(rc));
    log_error("live update to %s: %s", update.program, strerror(rc));
    answer(text);
    return 0;
}

/* --- in the new program --------------------------------------------------- */

static int restore_watches(struct unpack *u, struct connection *c)
{
    uint32_t n = unpack_u32(u);
    int rc = 0;

    for (uint32_t i = 0; i < n && !rc && !u->failed; i++) {
        size_t relative = unpack_u16(u);
        const char *path = unpack_string(u), *token = unpack_string(u);

        if (!u->failed)
            rc = watch_restore(c, path, relative, token);
    }
    return rc;
}

static int restore_messages(struct unpack *u, struct connection *c)
{
    uint32_t n = unpack_u32(u), sent;
    int rc = 0;

    for (uint32_t i = 0; i < n && !rc && !u->failed; i++) {
        unsigned int kind = unpack_u8(u);
        size_t len;
        const void *data = unpack_blob(u, &len);

        if (data)
            rc = connection_restore_message(c, kind, data, len);
    }
    sent = unpack_u32(u);
    if (c->out)
        c->out->sent = sent;
    return rc;
}

/* What cannot be taken is disconnected. NULL: this one. */
static struct connection *restore_client(struct unpack *u)
{
    int fd = (int)unpack_u32(u), rc;
    struct connection *c =
        u->failed || fcntl(fd, F_SETFD, FD_CLOEXEC) ? NULL : socket_welcome(fd);
    size_t len;
    const void *in = unpack_blob(u, &len);

    if (!c)
        return NULL;
    if (in && len <= sizeof(c->in)) {
        memcpy(c->in, in, len);
        c->in_used = len;
    }
    rc = restore_watches(u, c);
    rc = rc ? rc : restore_messages(u, c);
    if (rc || u->failed) {
        connection_kill(c);
        return NULL;
    }
    connection_again(c);
    return c;
}

static void restore_trace(struct unpack *u)
{
    bool enabled = unpack_u8(u);
    const char *path = unpack_string(u);

    if (u->failed)
        return;
    if (!*path || !trace_path() || strcmp(path, trace_path()))
        trace_open(*path ? path : NULL);
    trace_enabled = enabled && trace_is_open();
}

static int restore_all(struct unpack *u, struct event_loop *loop)
{
    struct connection *asked = NULL;
    struct xsd_sockmsg h;
    const void *head;
    size_t len;
    int rc = socket_take_over(loop, (int)unpack_u32(u));

    for (uint32_t n = unpack_u32(u); n && !rc && !u->failed; n--) {
        bool is_asked = unpack_u8(u);
        struct unpack one = {.at = unpack_blob(u, &len)};
        struct connection *c;

        one.end = one.at + (one.at ? len : 0);
        c = restore_client(&one);
        asked = is_asked ? c : asked;
    }
    head = unpack_blob(u, &len);
    restore_trace(u);
    if (rc || u->failed || len != sizeof(h))
        return rc ? rc : EINVAL;
    memcpy(&h, head, sizeof(h));
    if (asked)
        connection_reply(asked, &h, "OK");
    return 0;
}

int live_update_take_over(struct event_loop *loop)
{
    int fd = successor_state(), rc = 0;
    struct stat st;
    struct unpack u = {.at = NULL};
    void *data = MAP_FAILED;

    if (fstat(fd, &st))
        return errno;
    data = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    close(fd);
    if (data == MAP_FAILED)
        return errno;
    u.at = data;
    u.end = u.at + st.st_size;
    rc = restore_all(&u, loop);
    munmap(data, (size_t)st.st_size);
    log_info("going on with the store of the program before");
    return rc;
}
