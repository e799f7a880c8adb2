/* SPDX-License-Identifier: MIT */
/* See errand.h. */
#include <daemon/errand.h>

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <base/macros.h>
#include <daemon/clock.h>
#include <daemon/fd_message.h>

static void close_all(int *fds, int *n)
{
    while (*n)
        close(fds[--*n]);
}

/* --- the child ------------------------------------------------------------ */

static int parent = -1;

void errand_begin(int fd)
{
    parent = fd;
}

/* A text that is too long for any use is cut, and refused there. */
static size_t add(char *to, size_t used, const char *text)
{
    size_t room = ERRAND_TEXT - used, len = text ? strlen(text) + 1 : 0;

    if (len > room)
        len = room;
    memcpy(to + used, text ? text : "", len);
    return used + len;
}

void errand_send(const struct errand_order *o)
{
    static struct errand e;
    size_t used = add(e.text, 0, o->text[0]);

    used = add(e.text, used, o->text[1]);
    e.what = o->what;
    e.number = o->number;
    e.size = o->size;
    if (fd_message_send(parent, &e, offsetof(struct errand, text) + used,
                        &o->fd, o->fd > 0, 0))
        _exit(1);
}

int errand_do(const struct errand_order *o, void *data, size_t *len, int *fds,
              int n)
{
    static struct errand_answer a;
    const int header = offsetof(struct errand_answer, data);
    int came[ERRAND_FDS], n_came = ERRAND_FDS, got;

    errand_send(o);
    got = fd_message_receive(parent, &a, sizeof(a), came, &n_came);
    if (got < header)
        _exit(1);
    if (a.rc || n_came != n || (data && (size_t)(got - header) > *len)) {
        close_all(came, &n_came);
        return a.rc ? a.rc : -EIO;
    }
    if (data) {
        *len = got - header;
        memcpy(data, a.data, *len);
    }
    for (int i = 0; i < n; i++)
        fds[i] = came[i];
    return 0;
}

int errand_descriptor(const struct errand_order *o)
{
    int fd, rc = errand_do(o, NULL, NULL, &fd, 1);

    return rc ? rc : fd;
}

void errand_say(enum log_level level, const char *text)
{
    errand_send(&(struct errand_order){
        .what = ERRAND_SAY, .number = level, .text = {text}});
}

void errand_ready(void)
{
    errand_send(&(struct errand_order){.what = ERRAND_READY});
}

/* --- the parent ----------------------------------------------------------- */

static errand_func *const *own;
static unsigned int n_own;
static void (*tell_ready)(void); /* NULL: has been told */

/* False: one of too many. Or a child that a guest has taken over could fill the
 * disk. What guests do wrong is warned of; errors have a measure of their own,
 * so that guests do not crowd them out. */
static bool may_say(bool error)
{
    static struct {
        unsigned int left, dropped;
        uint64_t since;
    } measures[2] = {{.left = ERRAND_LINES}, {.left = ERRAND_LINES}};
    typeof(*measures) *m = &measures[error];
    uint64_t seconds = (now_ms() - m->since) / 1000;

    m->since += seconds * 1000;
    if (m->left < ERRAND_LINES)
        m->left += seconds < ERRAND_LINES - m->left ? (unsigned int)seconds
                                                    : ERRAND_LINES - m->left;
    if (!m->left) {
        m->dropped++;
        return false;
    }
    m->left--;
    if (m->dropped)
        log_warning("%u lines of the process that serves are dropped",
                    m->dropped);
    m->dropped = 0;
    return true;
}

static void say(const struct errand_call *c)
{
    if (c->text[0] && c->number <= LOG_LVL_DEBUG &&
        may_say(c->number == LOG_LVL_ERROR))
        log_line((enum log_level)c->number, "%s", c->text[0]);
}

static void be_ready(void)
{
    void (*ready)(void) = tell_ready;

    tell_ready = NULL;
    if (ready)
        ready();
}

/* What is not terminated is no text. */
static void find_texts(struct errand_call *c, const char *at, size_t len)
{
    for (size_t i = 0; i < ARRAY_SIZE(c->text); i++) {
        const char *end = memchr(at, '\0', len);

        c->text[i] = end ? at : NULL;
        if (!end)
            continue;
        len -= (size_t)(end + 1 - at);
        at = end + 1;
    }
}

int errand_give(struct errand_call *c, int fd)
{
    if (fd < 0)
        return fd;
    c->fds[c->n++] = fd;
    return 0;
}

int errand_tell(struct errand_call *c, const void *data, size_t len)
{
    c->len = len;
    memcpy(c->data, data, len);
    return 0;
}

/* The child waits for the answer, so there is room for it. */
static bool answer(int end, int rc, struct errand_call *c)
{
    static struct errand_answer a;
    size_t len = rc ? 0 : c->len;
    int sent;

    a.rc = rc;
    memcpy(a.data, c->data, len);
    sent = fd_message_send(end, &a, offsetof(struct errand_answer, data) + len,
                           c->fds, rc ? 0 : c->n, MSG_DONTWAIT);
    close_all(c->fds, &c->n);
    return !sent;
}

static bool do_own(int end, errand_func *row, struct errand_call *c)
{
    int rc = row(c);

    return rc == ERRAND_SILENT || answer(end, rc, c);
}

static bool do_errand(int end, uint32_t what, struct errand_call *c)
{
    switch (what) {
    case ERRAND_SAY:
        say(c);
        return true;
    case ERRAND_READY:
        be_ready();
        return true;
    default:
        return what - ERRAND_OWN < n_own &&
               do_own(end, own[what - ERRAND_OWN], c);
    }
}

/* False: the child has ended, or speaks as none does. */
static bool serve(struct pair *p)
{
    static struct errand e;
    static struct errand_call c;
    int fd = -1, n = 1, len;
    bool good;

    len = fd_message_receive(p->end, &e, sizeof(e), &fd, &n);
    if (len < (int)offsetof(struct errand, text)) {
        close_all(&fd, &n);
        return false;
    }
    c.number = e.number;
    c.size = e.size;
    c.fd = n ? fd : -1;
    c.len = 0;
    c.n = 0;
    find_texts(&c, e.text, (size_t)len - offsetof(struct errand, text));
    good = do_errand(p->end, e.what, &c);
    close_all(&fd, &n);
    return good;
}

int errand_run(struct pair *p, errand_func *const *rows, unsigned int n,
               void (*ready)(void))
{
    own = rows;
    n_own = n;
    tell_ready = ready;
    return pair_run(p, serve);
}
