/* SPDX-License-Identifier: MIT */
/*
 * A client of the store, by its ring; see pv/xenbus.h. One request is under way
 * at a time. Of a watch event nothing is kept but that the watch has fired, so
 * a store that sends many costs no memory.
 */
#include "resume.h"

#include <pv/xenbus.h>
#include <xen/io/xs_wire.h>

#define SIZE         XENSTORE_RING_SIZE
#define RETELL_NS    SECOND_NS
#define RECONNECT_NS (10 * SECOND_NS)
#define TRIES        2
#define PATH_SIZE    160

static struct xenstore_domain_interface *ring;
static uint32_t port;
static uint32_t req_prod, rsp_cons; /* the guest's; the page has copies */
static uint32_t conversation;       /* counts them */
static uint32_t last_id, last_token;
static bool refused; /* for good */
static struct xenbus_watch *watches;
static char payload[XENSTORE_PAYLOAD_MAX + 1]; /* of the last message */

static uint32_t load(const uint32_t *word)
{
    return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

static void publish(uint32_t *word, uint32_t value)
{
    __atomic_store_n(word, value, __ATOMIC_RELEASE);
}

static long complain(const char *what)
{
    printf("store: %s\n", what);
    return -EPROTO;
}

static bool offers(uint32_t feature)
{
    return load(&ring->server_features) & feature;
}

/* For the store to move something. A daemon that was replaced while an event
 * was under way is told again. False: it has stopped to serve this ring. */
static bool wait_for_store(void)
{
    if (offers(XENSTORE_SERVER_FEATURE_ERROR) && load(&ring->error)) {
        complain("it has stopped to serve this domain");
        return false;
    }
    if (!wait_event(port, RETELL_NS))
        event_send(port);
    event_clear(port);
    return true;
}

/* --- bytes ---------------------------------------------------------------- */

static long put(const void *from, uint32_t n)
{
    const char *c = from;

    while (n) {
        uint32_t at = MASK_XENSTORE_IDX(req_prod), piece = n;
        uint32_t used = req_prod - load(&ring->req_cons);

        if (used > SIZE)
            return complain("it has taken more than there is");
        if (used == SIZE) {
            if (!wait_for_store())
                return -EPROTO;
            continue;
        }
        if (piece > SIZE - used)
            piece = SIZE - used;
        if (piece > SIZE - at)
            piece = SIZE - at;
        memcpy(ring->req + at, c, piece);
        req_prod += piece;
        publish(&ring->req_prod, req_prod);
        event_send(port);
        c += piece;
        n -= piece;
    }
    return 0;
}

static bool has_more(void)
{
    return load(&ring->rsp_prod) != rsp_cons;
}

static long get(void *to, uint32_t n)
{
    char *c = to;

    while (n) {
        uint32_t at = MASK_XENSTORE_IDX(rsp_cons), piece = n;
        uint32_t there = load(&ring->rsp_prod) - rsp_cons;

        if (there > SIZE)
            return complain("it claims to have sent more than the ring holds");
        if (!there) {
            if (!wait_for_store())
                return -EPROTO;
            continue;
        }
        if (piece > there)
            piece = there;
        if (piece > SIZE - at)
            piece = SIZE - at;
        memcpy(c, ring->rsp + at, piece);
        rsp_cons += piece;
        publish(&ring->rsp_cons, rsp_cons);
        event_send(port);
        c += piece;
        n -= piece;
    }
    return 0;
}

/* --- messages ------------------------------------------------------------- */

static long note_watch_event(uint32_t len)
{
    size_t path = strlen(payload) + 1;
    uint32_t token = 0;
    const char *s = payload + path;

    if (path >= len || path + strlen(s) + 1 != len)
        return complain("a watch event is not a path and a token");
    for (; *s >= '0' && *s <= '9'; s++)
        token = token * 10 + *s - '0';
    for (struct xenbus_watch *w = watches; w; w = w->next)
        if (w->token == token)
            w->fired = true;
    return 0;
}

/* The next one that is no watch event, or with only_events the next one. */
static long take_message(struct xsd_sockmsg *m, bool only_events)
{
    long rc;

    do {
        rc = get(m, sizeof(*m));
        if (!rc && m->len > XENSTORE_PAYLOAD_MAX)
            rc = complain("a message is longer than any may be");
        rc = rc ? rc : get(payload, m->len);
        if (rc)
            return rc;
        payload[m->len] = '\0';
        if (m->type != XS_WATCH_EVENT)
            return only_events ? complain("a reply comes without a request")
                               : 0;
        rc = note_watch_event(m->len);
    } while (!rc && !only_events);
    return rc;
}

static long error_of(const char *name)
{
    for (size_t i = 0; i < sizeof(xsd_errors) / sizeof(xsd_errors[0]); i++)
        if (!strcmp(name, xsd_errors[i].errstring))
            return -xsd_errors[i].errnum;
    return -EINVAL;
}

/* What it asks for, in two parts, either of which may be empty. */
struct question {
    uint32_t type, tx_id;
    const void *first, *second;
    size_t first_len, second_len;
};

/* Length of the reply, which is in payload; -EPROTO: this conversation is over;
 * other errors are the store's answer. */
static long ask_once(const struct question *q)
{
    struct xsd_sockmsg m = {.type = q->type,
                            .req_id = ++last_id,
                            .tx_id = q->tx_id,
                            .len = q->first_len + q->second_len};
    long rc = put(&m, sizeof(m));

    rc = rc ? rc : put(q->first, q->first_len);
    rc = rc ? rc : put(q->second, q->second_len);
    rc = rc ? rc : take_message(&m, false);
    if (rc)
        return rc;
    if (m.req_id != last_id)
        return complain("a reply is to a request that was not made");
    if (m.type == XS_ERROR)
        return error_of(payload);
    if (m.type != q->type)
        return complain("a reply has another type than the request");
    return m.len;
}

/* --- conversations -------------------------------------------------------- */

static long set_watch(struct xenbus_watch *w);

static bool wait_until_connected(void)
{
    uint64_t end = system_time() + RECONNECT_NS;

    while (load(&ring->connection) != XENSTORE_CONNECTED) {
        if (system_time() > end)
            return false;
        wait_event(port, RETELL_NS / 10);
        event_clear(port);
    }
    return true;
}

static bool set_all_watches(void)
{
    for (struct xenbus_watch *w = watches; w; w = w->next) {
        w->fired = true; /* what it has missed */
        if (set_watch(w) < 0)
            return false;
    }
    return true;
}

/* The store empties the ring, forgets watches and transactions, and says that
 * it is connected. */
static bool begin_afresh(void)
{
    if (!offers(XENSTORE_SERVER_FEATURE_RECONNECTION))
        return false;
    conversation++;
    publish(&ring->connection, XENSTORE_RECONNECT);
    event_send(port);
    if (!wait_until_connected())
        return false;
    req_prod = load(&ring->req_prod);
    rsp_cons = load(&ring->rsp_cons);
    return set_all_watches();
}

/* Watch events behind the reply have come with the same event: events_serve()
 * gets another one for what they have fired. */
static long note_what_else_came(void)
{
    struct xsd_sockmsg m;
    long rc = 0;

    while (!rc && has_more())
        rc = take_message(&m, true);
    for (struct xenbus_watch *w = watches; w; w = w->next)
        if (w->fired)
            event_raise(port);
    return rc;
}

static void renew_if(bool bad)
{
    if (bad)
        refused = !begin_afresh();
}

/* The reply's length, which may be above that of reply[size]. It counts if all
 * that has come with it is right: what it tells of (a transaction) would be
 * gone with the conversation. */
static long ask(const struct question *q, const struct xenbus_tx *tx,
                char *reply, size_t size)
{
    long rc = -EPROTO;

    if (q->first_len + q->second_len > XENSTORE_PAYLOAD_MAX)
        return -E2BIG;
    if (!ring && xenbus_open())
        return -EIO;
    for (unsigned int i = 0; i < TRIES && rc == -EPROTO && !refused; i++) {
        if (tx && tx->conversation != conversation)
            return -EAGAIN;
        rc = ask_once(q);
        if (rc >= 0)
            memcpy(reply, payload, (size_t)rc < size ? (size_t)rc : size);
        if (rc != -EPROTO && note_what_else_came())
            rc = -EPROTO;
        renew_if(rc == -EPROTO);
    }
    if (rc != -EPROTO)
        return rc;
    refused = true;
    return -EIO;
}

static struct question about(uint32_t type, const struct xenbus_tx *tx,
                             const char *path)
{
    return (struct question){.type = type,
                             .tx_id = tx ? tx->id : 0,
                             .first = path,
                             .first_len = strlen(path) + 1};
}

static long simply(const struct question *q, const struct xenbus_tx *tx)
{
    long rc = ask(q, tx, NULL, 0);

    return rc < 0 ? rc : 0;
}

/* --- requests ------------------------------------------------------------- */

long xenbus_read(const struct xenbus_tx *tx, const char *path, char *value,
                 size_t size)
{
    struct question q = about(XS_READ, tx, path);
    long rc = ask(&q, tx, value, size);

    if (rc < 0)
        return rc;
    if ((size_t)rc >= size)
        return -E2BIG;
    value[rc] = '\0';
    return rc;
}

long xenbus_directory(const struct xenbus_tx *tx, const char *path, char *names,
                      size_t size)
{
    struct question q = about(XS_DIRECTORY, tx, path);
    long rc = ask(&q, tx, names, size);

    if (rc > 0 && ((size_t)rc > size || names[rc - 1]))
        return -E2BIG;
    return rc;
}

long xenbus_write(const struct xenbus_tx *tx, const char *path,
                  const char *value)
{
    struct question q = about(XS_WRITE, tx, path);

    q.second = value;
    q.second_len = strlen(value);
    return simply(&q, tx);
}

long xenbus_rm(const struct xenbus_tx *tx, const char *path)
{
    struct question q = about(XS_RM, tx, path);

    return simply(&q, tx);
}

/* "dir/name"; a path that does not fit is none that the store has. */
static bool join(char path[PATH_SIZE], const char *dir, const char *name)
{
    return snprintf(path, PATH_SIZE, "%s/%s", dir, name) < PATH_SIZE;
}

static bool parse_number(const char *s, uint64_t *value)
{
    uint64_t v = 0;

    if (!*s)
        return false;
    for (; *s; s++)
        if (*s < '0' || *s > '9' || __builtin_mul_overflow(v, 10, &v) ||
            __builtin_add_overflow(v, *s - '0', &v))
            return false;
    *value = v;
    return true;
}

uint64_t xenbus_number(const char *dir, const char *name, uint64_t otherwise)
{
    char path[PATH_SIZE], value[24];
    uint64_t v;

    if (join(path, dir, name) &&
        xenbus_read(NULL, path, value, sizeof(value)) >= 0 &&
        parse_number(value, &v))
        return v;
    return otherwise;
}

long xenbus_printf(const struct xenbus_tx *tx, const char *dir,
                   const char *name, const char *format, ...)
{
    char path[PATH_SIZE], value[128];
    va_list ap;
    int n;

    va_start(ap, format);
    n = vsnprintf(value, sizeof(value), format, ap);
    va_end(ap);
    if (n >= (int)sizeof(value) || !join(path, dir, name))
        return -E2BIG;
    return xenbus_write(tx, path, value);
}

/* --- transactions --------------------------------------------------------- */

static long tx_begin(struct xenbus_tx *tx)
{
    struct question q = about(XS_TRANSACTION_START, NULL, "");
    char id[16] = "";
    uint64_t number;
    long rc = ask(&q, NULL, id, sizeof(id) - 1);

    if (rc < 0)
        return rc;
    if (!parse_number(id, &number) || number > UINT32_MAX)
        return -EINVAL;
    *tx = (struct xenbus_tx){.id = number, .conversation = conversation};
    return 0;
}

static long tx_end(const struct xenbus_tx *tx, bool commit)
{
    struct question q = about(XS_TRANSACTION_END, tx, commit ? "T" : "F");

    return simply(&q, tx);
}

long xenbus_transaction(xenbus_tx_fn fn, void *arg)
{
    struct xenbus_tx tx;
    long rc, ended;

    do {
        rc = tx_begin(&tx);
        if (rc)
            return rc;
        rc = fn(&tx, arg);
        ended = tx_end(&tx, !rc); /* the store keeps one that has expired */
        rc = rc ? rc : ended;
    } while (rc == -EAGAIN);
    return rc;
}

/* --- watches -------------------------------------------------------------- */

struct token {
    char text[12];
};

static struct question about_watch(uint32_t type, const struct xenbus_watch *w,
                                   struct token *t)
{
    struct question q = about(type, NULL, w->path);

    snprintf(t->text, sizeof(t->text), "%u", w->token);
    q.second = t->text;
    q.second_len = strlen(t->text) + 1;
    return q;
}

static long set_watch(struct xenbus_watch *w)
{
    struct token t;
    struct question q = about_watch(XS_WATCH, w, &t);

    return ask_once(&q);
}

long xenbus_watch(struct xenbus_watch *w)
{
    struct token t;
    struct question q;
    long rc;

    w->token = ++last_token;
    w->fired = false;
    q = about_watch(XS_WATCH, w, &t);
    /* Its first event may come with the reply. */
    w->next = watches;
    watches = w;
    rc = simply(&q, NULL);
    /* A conversation that was begun afresh meanwhile has set it. */
    if (rc == -EEXIST)
        rc = 0;
    if (rc)
        xenbus_unwatch(w);
    return rc;
}

/* Events of it that are under way have a token that nobody has. */
void xenbus_unwatch(struct xenbus_watch *w)
{
    struct token t;
    struct question q = about_watch(XS_UNWATCH, w, &t);

    for (struct xenbus_watch **p = &watches; *p; p = &(*p)->next)
        if (*p == w) {
            *p = w->next;
            simply(&q, NULL);
            return;
        }
}

/* One that has not had its turn yet. */
static struct xenbus_watch *next_fired(uint32_t turn)
{
    struct xenbus_watch *w = watches;

    while (w && (!w->fired || w->turn == turn))
        w = w->next;
    return w;
}

/* An event of the store's. Any watch may be gone when a function returns. Who
 * writes a node without end fires its watch again while it is looked at: it has
 * a turn like others, and the program has its own. */
static void serve(void *unused)
{
    static uint32_t turns;
    uint32_t turn = ++turns;
    struct xenbus_watch *w;

    if (!refused)
        renew_if(note_what_else_came());
    /* What is not answered any more would look as if it was gone. */
    while (!refused && (w = next_fired(turn))) {
        w->fired = false;
        w->turn = turn;
        w->changed(w);
    }
    if (!refused && next_fired(0))
        event_raise(port);
}

bool xenbus_answers(void)
{
    return ring && !refused;
}

/* --- connecting ----------------------------------------------------------- */

long xenbus_open_ring(struct xenstore_domain_interface *page, uint32_t its_port)
{
    ring = page;
    port = its_port;
    req_prod = load(&ring->req_prod);
    rsp_cons = load(&ring->rsp_cons);
    refused = !wait_until_connected();
    event_listen(port, serve, NULL);
    return refused ? -EIO : 0;
}

void xenbus_suspend(uint64_t end)
{
    for (struct xenbus_watch *w = watches; w; w = w->next)
        if (w->suspending)
            w->suspending(w, end);
}

/* The page is the old one, the store and its port are others. What has come and
 * was not read is of no use any more. A device's old port may have the new
 * one's number, so nobody listens to that until devices have given up theirs.
 */
void xenbus_resume(void)
{
    publish(&ring->rsp_cons, load(&ring->rsp_prod));
    req_prod = load(&ring->req_prod);
    rsp_cons = load(&ring->rsp_cons);
    port = start_info->store_evtchn;
    conversation++;
    refused = false;
    for (struct xenbus_watch *w = watches; w; w = w->next)
        if (w->resumed)
            w->resumed(w);
    event_listen(port, serve, NULL);
    renew_if(!set_all_watches());
}

long xenbus_open(void)
{
    struct xenstore_domain_interface *page;
    long rc;

    if (ring)
        return refused ? -EIO : 0;
    if (!start_info->store_mfn)
        return -ENODEV;
    page = map_mfn(start_info->store_mfn, PTE_P | PTE_W | PTE_U | PTE_A | PTE_D,
                   &rc);
    return rc ? -EIO : xenbus_open_ring(page, start_info->store_evtchn);
}
