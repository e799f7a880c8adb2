/* SPDX-License-Identifier: MIT */
/* See store.h. */
#include "store.h"

#include <xen/io/xenbus.h>

#define SIZE  XENSTORE_RING_SIZE
#define NODES 96

static struct xenstore_domain_interface ring __attribute__((aligned(4096)));
static uint32_t port, req_cons, rsp_prod, lie;
static volatile enum trick trick;
static volatile unsigned int restarts;
static volatile uint32_t last_tx, open_tx; /* bit id % 32 of each */
static struct node {
    char path[64], value[64];
} nodes[NODES], watches[4]; /* a watch's value is its token */
static const char *front_state, *back_state;
static void (*when_closed)(void);
static volatile bool restless;
static volatile unsigned int fired_again;

static struct node *find(struct node *in, unsigned int nr, const char *path)
{
    for (unsigned int i = 0; i < nr; i++)
        if (!strcmp(in[i].path, path))
            return &in[i];
    return NULL;
}

static void put(const void *from, uint32_t n)
{
    for (const char *c = from; n; n--)
        ring.rsp[MASK_XENSTORE_IDX(rsp_prod++)] = *c++;
}

static void tell(void)
{
    __atomic_store_n(&ring.req_cons, req_cons + lie, __ATOMIC_RELEASE);
    __atomic_store_n(&ring.rsp_prod, rsp_prod, __ATOMIC_RELEASE);
    event_send(port);
}

static void message(uint32_t type, uint32_t id, const void *text, uint32_t len)
{
    struct xsd_sockmsg m = {.type = type, .req_id = id, .len = len};

    put(&m, sizeof(m));
    put(text, len);
}

static void fire(const char *path)
{
    char event[128];

    for (unsigned int i = 0; i < 4; i++)
        if (*watches[i].path && !strcmp(watches[i].path, path)) {
            size_t n = strlen(path) + 1;

            memcpy(event, path, n);
            memcpy(event + n, watches[i].value, strlen(watches[i].value) + 1);
            message(XS_WATCH_EVENT, 0, event, n + strlen(watches[i].value) + 1);
        }
}

static void set(const char *path, const char *value)
{
    struct node *n = find(nodes, NODES, path);

    if (!n)
        n = find(nodes, NODES, "");
    snprintf(n->path, sizeof(n->path), "%s", path);
    snprintf(n->value, sizeof(n->value), "%s", value);
    fire(path);
}

static void follow(const char *path, const char *value)
{
    static const char *const answer[] = {
        [XenbusStateInitialising] = "2", [XenbusStateInitialised] = "4",
        [XenbusStateConnected] = "4",    [XenbusStateClosing] = "6",
        [XenbusStateClosed] = "6",
    };
    unsigned int state = *value - '0';

    if (!front_state || strcmp(path, front_state))
        return;
    if (state == XenbusStateClosed && when_closed)
        when_closed();
    if (state < sizeof(answer) / sizeof(answer[0]) && answer[state])
        set(back_state, answer[state]);
}

/* --- replies -------------------------------------------------------------- */

static void trick_before(uint32_t id)
{
    struct xsd_sockmsg m = {.type = XS_READ, .req_id = id};

    if (trick == LONG_MESSAGE) {
        m.len = XENSTORE_PAYLOAD_MAX + 1;
        put(&m, sizeof(m));
    } else if (trick == BROKEN_EVENT) {
        message(XS_WATCH_EVENT, 0, "path", 5);
    } else if (trick == LONG_EVENT) {
        message(XS_WATCH_EVENT, 0, "path\0001", 6);
    } else if (trick == FAR_INDEX) {
        rsp_prod += SIZE + 1;
    } else if (trick == FAR_CONSUMER) {
        lie = SIZE + 1;
    } else if (trick == STOPPED) {
        ring.error = XENSTORE_ERROR_PROTO;
    }
}

static void reply(const struct xsd_sockmsg *to, uint32_t type, const char *text,
                  uint32_t len)
{
    trick_before(to->req_id);
    if (trick == OTHER_REQUEST)
        message(type, to->req_id + 1, text, len);
    else if (trick == OTHER_TYPE)
        message(XS_MKDIR, to->req_id, text, len);
    else if (trick == HONEST || trick == UNASKED || trick == FAR_CONSUMER)
        message(type, to->req_id, text, len);
    if (trick == UNASKED)
        message(type, to->req_id, text, len);
    trick = HONEST;
}

static void done(const struct xsd_sockmsg *m)
{
    reply(m, m->type, "OK", 3);
}

static void do_read(const struct xsd_sockmsg *m, const char *path)
{
    struct node *n = find(nodes, NODES, path);

    if (n)
        reply(m, XS_READ, n->value, strlen(n->value));
    else
        reply(m, XS_ERROR, "ENOENT", 7);
}

static struct node *find_watch(const char *path, const char *token)
{
    for (unsigned int i = 0; i < 4; i++)
        if (!strcmp(watches[i].path, path) && !strcmp(watches[i].value, token))
            return &watches[i];
    return NULL;
}

static void do_watch(const struct xsd_sockmsg *m, const char *path,
                     const char *token)
{
    struct node *w = find(watches, 4, "");

    if (find_watch(path, token)) {
        reply(m, XS_ERROR, "EEXIST", 7);
        return;
    }
    snprintf(w->path, sizeof(w->path), "%s", path);
    snprintf(w->value, sizeof(w->value), "%s", token);
    done(m);
    fire(path);
}

static void do_unwatch(const struct xsd_sockmsg *m, const char *path,
                       const char *token)
{
    struct node *w = find_watch(path, token);

    if (w)
        w->path[0] = '\0';
    done(m);
}

static void do_transaction_start(const struct xsd_sockmsg *m)
{
    char id[12];

    open_tx |= 1u << ++last_tx % 32;
    reply(m, XS_TRANSACTION_START, id,
          snprintf(id, sizeof(id), "%u", last_tx) + 1);
}

static void do_transaction_end(const struct xsd_sockmsg *m)
{
    open_tx &= ~(1u << m->tx_id % 32);
    done(m);
}

/* And all below it. */
static void do_remove(const struct xsd_sockmsg *m, const char *path)
{
    size_t len = strlen(path);

    for (struct node *n = nodes; n < nodes + NODES; n++)
        if (!strncmp(n->path, path, len) &&
            (!n->path[len] || n->path[len] == '/'))
            n->path[0] = '\0';
    done(m);
}

static void answer(const struct xsd_sockmsg *m, const char *payload)
{
    const char *second = payload + strlen(payload) + 1;

    if (m->tx_id && !(open_tx & 1u << m->tx_id % 32)) {
        reply(m, XS_ERROR, "ENOENT", 7);
        return;
    }
    switch (m->type) {
    case XS_READ:
        do_read(m, payload);
        if (restless && back_state && !strcmp(payload, back_state)) {
            fire(back_state);
            fired_again++;
        }
        break;
    case XS_WRITE:
        done(m);
        set(payload, second);
        follow(payload, second);
        break;
    case XS_RM:
        do_remove(m, payload);
        break;
    case XS_WATCH:
        do_watch(m, payload, second);
        break;
    case XS_UNWATCH:
        do_unwatch(m, payload, second);
        break;
    case XS_TRANSACTION_START:
        do_transaction_start(m);
        break;
    case XS_TRANSACTION_END:
        do_transaction_end(m);
        break;
    default:
        done(m);
    }
}

/* --- the serving vcpu ----------------------------------------------------- */

static void begin_afresh(void)
{
    memset(watches, 0, sizeof(watches));
    req_cons = rsp_prod = lie = 0;
    ring.req_cons = ring.req_prod = ring.rsp_cons = ring.rsp_prod = 0;
    ring.error = 0;
    open_tx = 0;
    restarts++;
    __atomic_store_n(&ring.connection, XENSTORE_CONNECTED, __ATOMIC_RELEASE);
    event_send(port);
}

static bool wants_to_begin(void)
{
    return __atomic_load_n(&ring.connection, __ATOMIC_ACQUIRE) ==
           XENSTORE_RECONNECT;
}

/* False: the client has given up this conversation. */
static bool get(void *to, uint32_t n)
{
    for (char *c = to; n; n--) {
        while (__atomic_load_n(&ring.req_prod, __ATOMIC_ACQUIRE) == req_cons)
            if (wants_to_begin())
                return false;
        *c++ = ring.req[MASK_XENSTORE_IDX(req_cons++)];
    }
    return true;
}

static void serve(void)
{
    static char payload[SIZE + 1];
    struct xsd_sockmsg m;

    for (;;) {
        if (wants_to_begin())
            begin_afresh();
        if (!get(&m, sizeof(m)) || !get(payload, m.len))
            continue;
        payload[m.len] = '\0';
        answer(&m, payload);
        tell();
    }
}

struct xenstore_domain_interface *store_start(uint32_t its_port)
{
    port = its_port;
    start_vcpu(1, serve);
    return &ring;
}

void store_play(enum trick t)
{
    trick = t;
}

unsigned int store_restarts(void)
{
    return restarts;
}

bool store_has_transactions(void)
{
    return open_tx != 0;
}

void store_offer(uint32_t features)
{
    ring.server_features = features;
}

void store_set(const char *path, const char *value)
{
    set(path, value);
    tell();
}

const char *store_get(const char *path)
{
    struct node *n = find(nodes, NODES, path);

    return n ? n->value : "";
}

void store_backend(const char *frontend_state, const char *backend_state)
{
    front_state = frontend_state;
    back_state = backend_state;
}

void store_when_closed(void (*fn)(void))
{
    when_closed = fn;
}

unsigned int store_be_restless(bool on)
{
    unsigned int n = fired_again;

    restless = on;
    fired_again = 0;
    return n;
}
