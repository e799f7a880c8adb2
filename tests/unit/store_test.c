/* SPDX-License-Identifier: MIT */
/* The made-up hypervisor and the clients of store_test.h. */
#include "store_test.h"

#include <errno.h>

#include <daemon/clock.h>
#include <daemon/log.h>

#include "../../tools/xenstored/live_update.h"
#include "../../tools/xenstored/state.h"
#include "../../tools/xenstored/trace.h"
#include "../../tools/xenstored/xen.h"

struct fake_domain fake_domain[FAKE_DOMAINS];
int fake_lookups;
static uint8_t last_handle;

void fake_create(unsigned int id)
{
    memset(&fake_domain[id], 0, sizeof(fake_domain[id]));
    fake_domain[id].exists = true;
    fake_domain[id].handle = ++last_handle;
}

void fake_destroy(unsigned int id)
{
    fake_domain[id].exists = false;
}

int fake_port(unsigned int id)
{
    return (int)id + 100;
}

/* Another program in the test's place would be the end of it. */
const char *live_update_command(struct request *r, const char **arg, int n)
{
    return "";
}

int live_update_try(void)
{
    return -1;
}

int xen_domain_info(uint16_t domid, struct xen_domain_info *info)
{
    fake_lookups++;
    if (domid >= FAKE_DOMAINS || !fake_domain[domid].exists)
        return ESRCH;
    if (fake_domain[domid].no_info)
        return EIO;
    memset(info, 0, sizeof(*info));
    info->shutdown = fake_domain[domid].shutdown;
    info->dying = fake_domain[domid].dying;
    info->handle[0] = fake_domain[domid].handle;
    return 0;
}

int xen_bind_interdomain(uint16_t domid, uint32_t remote_port)
{
    if (!remote_port || fake_domain[domid].no_port)
        return -1;
    fake_domain[domid].bound++;
    fake_domain[domid].masked = false;
    return fake_port(domid);
}

void xen_unbind(int port)
{
    fake_domain[port - 100].bound--;
}

void (*fake_notify)(int port);

void xen_notify(int port)
{
    if (fake_notify)
        fake_notify(port);
    fake_domain[port - 100].notified++;
}

void xen_unmask(int port)
{
    fake_domain[port - 100].masked = false;
}

void (*fake_map)(uint16_t domid);

void *xen_map_ring(uint16_t domid)
{
    if (fake_map)
        fake_map(domid);
    if (fake_domain[domid].no_grant)
        return NULL;
    fake_domain[domid].mapped++;
    return &fake_domain[domid].page;
}

void xen_unmap_ring(uint16_t domid, void *ring)
{
    assert_ptr_equal(ring, &fake_domain[domid].page);
    fake_domain[domid].mapped--;
}

uint32_t xen_dom0_port(void)
{
    return 1;
}

/* --- the log -------------------------------------------------------------- */

int fake_log_lines;
bool trace_enabled;

void log_line(enum log_level level, const char *format, ...)
{
    fake_log_lines += level <= LOG_LVL_WARN;
}

int trace_open(const char *path)
{
    return ENOENT;
}

int trace_report(const char *path, const char *text)
{
    return ENOENT;
}

bool trace_is_open(void)
{
    return false;
}

void trace_message(const char *direction, const char *who, const char *type,
                   uint32_t tx_id, const void *data, size_t len)
{
}

void trace_note(const char *format, ...)
{
}

/* --- the daemon ----------------------------------------------------------- */

void fake_start(void)
{
    fake_log_lines = 0;
    quota[QUOTA_CPU] = 0; /* tests ask for more than a guest may */
    memset(fake_domain, 0, sizeof(fake_domain));
    fake_domain[0].exists = true;
    assert_int_equal(domain_init(true), 0);
    assert_int_equal(store_init(), 0);
}

void fake_stop(void)
{
    struct domain *d;

    for (struct connection *c = connections; c; c = c->next)
        connection_end(c);
    connection_reap();
    while ((d = domain_next(domain_next(NULL))))
        domain_forget(d);
    d = domain_known(0);
    node_put(store.root);
    store.root = NULL;
    memset(&d->account, 0, sizeof(d->account));
}

void fake_swamp(void)
{
    tree_allocated += (uint64_t)quota[QUOTA_SNAPSHOT_MEMORY] + 1;
    for (struct connection *c = connections; c; c = c->next)
        transactions_expire(&c->transactions);
}

/* Puts the tree's contents on the owners' accounts once more, or takes them
 * off. */
static void book_tree(int times)
{
    static struct tree_walk w;
    const struct node *n;

    tree_walk_start(&w, store.root, "/");
    while ((n = tree_walk_next(&w))) {
        struct account *a = account_of(n->perms->entry[0].id);

        if (a) {
            a->nodes += times;
            a->node_bytes += times * node_cost(n->name_len, node_value_len(n));
        }
    }
}

void assert_accounts(void)
{
    struct domain *d = NULL;

    book_tree(-1);
    while ((d = domain_next(d))) {
        assert_int_equal(d->account.nodes, 0);
        assert_int_equal(d->account.node_bytes, 0);
    }
    book_tree(1);
}

/* --- clients -------------------------------------------------------------- */

static ssize_t client_receive(struct connection *c, void *buf, size_t len)
{
    struct client *cl = c->endpoint;
    size_t n = cl->in_len - cl->in_pos;

    if (n > len)
        n = len;
    memcpy(buf, cl->in + cl->in_pos, n);
    cl->in_pos += n;
    return (ssize_t)n;
}

static ssize_t client_take(struct connection *c, const struct iovec *iov, int n)
{
    struct client *cl = c->endpoint;
    size_t total = 0;

    for (int i = 0; i < n; i++) {
        size_t l = iov[i].iov_len;
        if (l > cl->room)
            l = cl->room;
        if (l > sizeof(cl->out) - cl->out_len)
            l = sizeof(cl->out) - cl->out_len;
        memcpy(cl->out + cl->out_len, iov[i].iov_base, l);
        cl->out_len += l;
        cl->room -= l;
        total += l;
        if (l < iov[i].iov_len)
            break;
    }
    return (ssize_t)total;
}

static void client_expect(struct connection *c, bool receive, bool send)
{
    (void)c, (void)receive, (void)send;
}

static void client_flush(struct connection *c)
{
    (void)c;
}

static void client_park(struct connection *c, unsigned int error)
{
    struct client *cl = c->endpoint;
    cl->parked = error != 0;
}

static void client_close(struct connection *c)
{
    struct client *cl = c->endpoint;
    cl->closed = true;
    cl->c = NULL;
}

static const struct transport client_transport = {
    .receive = client_receive,
    .send = client_take,
    .expect = client_expect,
    .flush = client_flush,
    .park = client_park,
    .close = client_close,
    .drain = true,
};

struct client *client_new(struct domain *d)
{
    struct client *cl = calloc(1, sizeof(*cl));

    assert_non_null(cl);
    cl->room = SIZE_MAX;
    cl->c = connection_new(&client_transport, cl, d);
    assert_non_null(cl->c);
    if (d)
        d->connection = cl->c;
    return cl;
}

void client_free(struct client *cl)
{
    if (cl->c) {
        connection_end(cl->c);
        connection_reap();
    }
    free(cl);
}

void fake_turns(void)
{
    connection_reap();
    state_commit();
    for (int i = 0; i < 1000 && connection_any_pending(); i++) {
        connection_run_pending();
        connection_reap();
        state_commit();
    }
}

static void work(struct client *cl)
{
    if (cl->c)
        connection_serve(cl->c);
    fake_turns();
}

void client_send(struct client *cl, uint32_t type, uint32_t tx,
                 const void *data, size_t len)
{
    static uint32_t id;
    struct xsd_sockmsg h = {type, ++id, tx, (uint32_t)len};

    memmove(cl->in, cl->in + cl->in_pos, cl->in_len - cl->in_pos);
    cl->in_len -= cl->in_pos;
    cl->in_pos = 0;
    assert_true(cl->in_len + sizeof(h) + len <= sizeof(cl->in));
    memcpy(cl->in + cl->in_len, &h, sizeof(h));
    if (len)
        memcpy(cl->in + cl->in_len + sizeof(h), data, len);
    cl->in_len += sizeof(h) + len;
    work(cl);
}

bool client_next(struct client *cl, struct xsd_sockmsg *h, char *data)
{
    if (cl->out_len - cl->out_pos < sizeof(*h))
        return false;
    memcpy(h, cl->out + cl->out_pos, sizeof(*h));
    assert_true(h->len <= XENSTORE_PAYLOAD_MAX);
    if (cl->out_len - cl->out_pos < sizeof(*h) + h->len)
        return false;
    memcpy(data, cl->out + cl->out_pos + sizeof(*h), h->len);
    cl->out_pos += sizeof(*h) + h->len;
    if (cl->out_pos == cl->out_len)
        cl->out_pos = cl->out_len = 0;
    return true;
}

static int error_number(const char *name)
{
    for (size_t i = 0; i < sizeof(xsd_errors) / sizeof(xsd_errors[0]); i++)
        if (!strcmp(name, xsd_errors[i].errstring))
            return xsd_errors[i].errnum;
    fail_msg("unknown error %s", name);
    return -1;
}

int client_ask(struct client *cl, uint32_t type, uint32_t tx, const void *data,
               size_t len, char *answer, size_t *answer_len)
{
    char payload[XENSTORE_PAYLOAD_MAX];
    struct xsd_sockmsg h;

    client_send(cl, type, tx, data, len);
    do {
        if (!client_next(cl, &h, payload))
            fail_msg("no answer to request %u", type);
    } while (h.type == XS_WATCH_EVENT);
    if (h.type == XS_ERROR)
        return error_number(payload);
    assert_int_equal(h.type, type);
    if (answer) {
        memcpy(answer, payload, h.len);
        *answer_len = h.len;
    }
    return 0;
}

int client_write(struct client *cl, uint32_t tx, const char *path,
                 const char *value)
{
    char data[XENSTORE_PAYLOAD_MAX];
    size_t len = strlen(path) + 1;

    memcpy(data, path, len);
    memcpy(data + len, value, strlen(value));
    return client_ask(cl, XS_WRITE, tx, data, len + strlen(value), NULL, NULL);
}

int client_one(struct client *cl, uint32_t type, uint32_t tx, const char *arg)
{
    return client_ask(cl, type, tx, arg, strlen(arg) + 1, NULL, NULL);
}

int client_two(struct client *cl, uint32_t type, uint32_t tx, const char *a,
               const char *b)
{
    char data[XENSTORE_PAYLOAD_MAX];
    size_t la = strlen(a) + 1, lb = strlen(b) + 1;

    memcpy(data, a, la);
    memcpy(data + la, b, lb);
    return client_ask(cl, type, tx, data, la + lb, NULL, NULL);
}

uint32_t client_begin(struct client *cl)
{
    char answer[XENSTORE_PAYLOAD_MAX];
    size_t len;

    if (client_ask(cl, XS_TRANSACTION_START, 0, "", 1, answer, &len))
        return 0;
    return (uint32_t)strtoul(answer, NULL, 10);
}

int client_end(struct client *cl, uint32_t tx)
{
    return client_one(cl, XS_TRANSACTION_END, tx, "T");
}

const char *client_read(struct client *cl, uint32_t tx, const char *path)
{
    static char value[XENSTORE_PAYLOAD_MAX + 1];
    size_t len;

    if (client_ask(cl, XS_READ, tx, path, strlen(path) + 1, value, &len))
        return NULL;
    value[len] = '\0';
    return value;
}

const char *client_event(struct client *cl)
{
    static char text[XENSTORE_PAYLOAD_MAX + 1];
    struct xsd_sockmsg h;

    if (!client_next(cl, &h, text))
        return NULL;
    assert_int_equal(h.type, XS_WATCH_EVENT);
    text[strlen(text)] = ' ';
    return text;
}
