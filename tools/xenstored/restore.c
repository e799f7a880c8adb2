/* SPDX-License-Identifier: MIT */
/*
 * Reading the state: each record is applied to the daemon's own structures by
 * the functions that made the change at first, without their limits. A record
 * that makes no sense ends the journal as a wrong checksum does.
 */
#include "state.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <base/macros.h>
#include <daemon/log.h>

#include "connection.h"
#include "domain.h"
#include "record.h"
#include "ring.h"
#include "store.h"

/* All return 0, ENOMEM, or EINVAL for what cannot be. */
typedef int restore_func(struct unpack *u);

/* --- the tree ------------------------------------------------------------- */

static struct edit live_edit(void)
{
    return (struct edit){&store.root, NULL, store_stamp(0)};
}

/* A legal path of a node, or a special name. */
static const char *unpack_path(struct unpack *u, bool special)
{
    static char checked[PATH_BUFFER];
    const char *path = unpack_string(u);

    if (path_resolve(checked, path, strlen(path), "", special) ||
        strcmp(path, checked))
        u->failed = true;
    return path;
}

#define PACKED_PERM (2 + 4 + 1) /* bytes of an entry */

static struct perms *unpack_perms(struct unpack *u)
{
    uint32_t count = unpack_u32(u);
    struct perms *perms;

    if (count == 0 || count > (size_t)(u->end - u->at) / PACKED_PERM) {
        u->failed = true;
        return NULL;
    }
    perms = perms_alloc(count);
    for (uint32_t i = 0; perms && i < count; i++) {
        perms->entry[i].id.domid = unpack_u16(u);
        perms->entry[i].id.incarnation = unpack_u32(u);
        perms->entry[i].bits = unpack_u8(u) & (PERM_READ | PERM_WRITE);
    }
    return perms;
}

/* What to say when an allocation or the record was bad. */
static int why(const struct unpack *u)
{
    return u->failed ? EINVAL : ENOMEM;
}

static int restore_create(struct unpack *u)
{
    const char *path = unpack_path(u, false), *rest, *data;
    size_t existing = unpack_u16(u), len;
    struct perms *perms = unpack_perms(u);
    struct edit e = live_edit();
    int rc;

    data = unpack_blob(u, &len);
    if (u->failed || !perms) {
        rc = why(u);
    } else {
        tree_nearest(store.root, path, &rest);
        rc = *rest && existing == (size_t)(rest - path)
                 ? edit_create(&e, path, rest, data, len, perms)
                 : EINVAL;
    }
    perms_put(perms);
    return rc;
}

static int restore_value(struct unpack *u)
{
    const char *path = unpack_path(u, false), *data;
    struct edit e = live_edit();
    struct node *n;
    size_t len;

    data = unpack_blob(u, &len);
    n = u->failed ? NULL : tree_lookup(store.root, path);
    return n ? edit_set_value(&e, path, n, data, len) : EINVAL;
}

static int restore_perms(struct unpack *u)
{
    const char *path = unpack_path(u, true);
    struct perms *perms = unpack_perms(u);
    struct edit e = live_edit();
    int rc;

    if (u->failed || !perms) {
        rc = why(u);
    } else if (path_is_special(path)) {
        rc = store_restore_special(path, perms);
    } else {
        struct node *n = tree_lookup(store.root, path);
        rc = n ? edit_set_perms(&e, path, n, perms) : EINVAL;
    }
    perms_put(perms);
    return rc;
}

static int restore_remove(struct unpack *u)
{
    const char *path = unpack_path(u, false);
    struct edit e = live_edit();
    struct node *n = u->failed ? NULL : tree_lookup(store.root, path), *removed;
    int rc = n && path[1] ? edit_remove(&e, path, n, &removed) : EINVAL;

    if (!rc)
        node_put(removed);
    return rc;
}

/* --- domains and what they have ------------------------------------------- */

static int restore_domain(struct unpack *u)
{
    struct identity id;
    const void *handle;

    id.domid = unpack_u16(u);
    id.incarnation = unpack_u32(u);
    handle = unpack_bytes(u, sizeof(((struct domain *)0)->handle));
    return handle ? domain_restore(id, handle) : EINVAL;
}

static struct domain *unpack_domain(struct unpack *u)
{
    uint16_t domid = unpack_u16(u);
    return u->failed ? NULL : domain_known(domid);
}

static struct connection *unpack_connection(struct unpack *u)
{
    struct domain *d = unpack_domain(u);
    return d ? d->connection : NULL;
}

static int restore_domain_gone(struct unpack *u)
{
    struct domain *d = unpack_domain(u);

    if (!d || d->id.domid == 0)
        return EINVAL;
    domain_drop(d);
    return 0;
}

static int restore_ring(struct unpack *u)
{
    struct domain *d = unpack_domain(u);
    struct ring r = {0};

    r.gfn = unpack_u64(u);
    r.remote_port = unpack_u32(u);
    r.req_cons = unpack_u32(u);
    r.rsp_prod = unpack_u32(u);
    return d && !u->failed ? ring_restore(d, &r) : EINVAL;
}

static int restore_ring_gone(struct unpack *u)
{
    struct connection *c = unpack_connection(u);

    if (!c)
        return EINVAL;
    connection_end(c);
    return 0;
}

static int restore_watch(struct unpack *u)
{
    struct connection *c = unpack_connection(u);
    size_t relative = unpack_u16(u);
    const char *path = unpack_path(u, true), *token = unpack_string(u);

    return c && !u->failed ? watch_restore(c, path, relative, token) : EINVAL;
}

static int restore_unwatch(struct unpack *u)
{
    struct connection *c = unpack_connection(u);
    const char *path = unpack_path(u, true), *token = unpack_string(u);

    return c && !u->failed && !watch_remove(c, path, token) ? 0 : EINVAL;
}

static int restore_messages(struct unpack *u, struct connection *c)
{
    uint32_t gone = unpack_u32(u), n = unpack_u32(u), sent;
    int rc = connection_restore_gone(c, gone);

    for (uint32_t i = 0; i < n && !rc && !u->failed; i++) {
        unsigned int kind = unpack_u8(u);
        size_t len;
        const void *data = unpack_blob(u, &len);
        rc = data ? connection_restore_message(c, kind, data, len) : EINVAL;
    }
    sent = unpack_u32(u);
    if (rc || u->failed || (c->out ? sent >= c->out->len : sent))
        return rc ? rc : EINVAL;
    if (c->out)
        c->out->sent = sent;
    return 0;
}

/* As many as there are bytes for: the writer knows no other limit. */
static int restore_transactions(struct unpack *u, struct connection *c)
{
    uint32_t last = unpack_u32(u), n = unpack_u32(u);
    int rc = 0;

    transactions_abort(&c->transactions);
    if (n > (size_t)(u->end - u->at) / sizeof(uint32_t))
        return EINVAL;
    for (uint32_t i = 0; i < n && !rc; i++)
        rc = transaction_restore(&c->transactions, &c->who, unpack_u32(u));
    c->transactions.last_id = last;
    return rc;
}

static int restore_conversation(struct unpack *u, struct connection *c)
{
    struct ring *r = c->endpoint;
    size_t len;
    const void *in;
    int rc;

    c->who.target.domid = unpack_u16(u);
    c->who.target.incarnation = unpack_u32(u);
    c->fault = unpack_u32(u);
    c->parked = c->fault != XENSTORE_ERROR_NONE;
    r->req_cons = unpack_u32(u);
    r->rsp_prod = unpack_u32(u);
    in = unpack_blob(u, &len);
    if (u->failed || len > sizeof(c->in))
        return EINVAL;
    memcpy(c->in, in, len);
    c->in_used = len;
    rc = restore_messages(u, c);
    return rc ? rc : restore_transactions(u, c);
}

static int restore_connection(struct unpack *u)
{
    struct domain *d = unpack_domain(u);

    if (!d)
        return EINVAL;
    d->shutdown = unpack_u8(u);
    if (!unpack_u8(u))
        return 0;
    return d->connection ? restore_conversation(u, d->connection) : EINVAL;
}

/* --- the rest ------------------------------------------------------------- */

static int restore_quota(struct unpack *u)
{
    unsigned int q = unpack_u8(u);
    long value = (long)unpack_u64(u);

    if (u->failed || value < 0)
        return EINVAL;
    if (q > QUOTA_COUNT) /* of a younger daemon: the tree is worth more */
        log_warning("a quota that this program does not know is forgotten");
    else
        state_restore_quota(q, value);
    return 0;
}

static int restore_counters(struct unpack *u)
{
    uint64_t generation = unpack_u64(u);
    uint32_t incarnation = unpack_u32(u), life = unpack_u32(u);

    if (u->failed)
        return EINVAL;
    state_restore_life(life);
    if (generation > store.generation)
        store.generation = generation;
    domain_restore_incarnation(incarnation);
    return 0;
}

/* The state at the journal's beginning has been read to its end. */
static bool complete;

static int restore_complete(struct unpack *u)
{
    complete = true;
    return 0;
}

static restore_func *const restore[] = {
    [RECORD_CREATE] = restore_create,
    [RECORD_VALUE] = restore_value,
    [RECORD_PERMS] = restore_perms,
    [RECORD_REMOVE] = restore_remove,
    [RECORD_DOMAIN] = restore_domain,
    [RECORD_DOMAIN_GONE] = restore_domain_gone,
    [RECORD_RING] = restore_ring,
    [RECORD_RING_GONE] = restore_ring_gone,
    [RECORD_WATCH] = restore_watch,
    [RECORD_UNWATCH] = restore_unwatch,
    [RECORD_QUOTA] = restore_quota,
    [RECORD_CONNECTION] = restore_connection,
    [RECORD_COUNTERS] = restore_counters,
    [RECORD_COMPLETE] = restore_complete,
};

int restore_frame(struct unpack *u)
{
    int rc = 0;

    while (!rc && u->at < u->end) {
        unsigned int kind = unpack_u8(u);

        rc = kind < ARRAY_SIZE(restore) && restore[kind] ? restore[kind](u)
                                                         : EINVAL;
        if (!rc && u->failed)
            rc = EINVAL;
    }
    return rc;
}

/* The frames before @end; *good is behind the last good one. */
static int apply_frames(struct journal_scan s, const char *end,
                        const char **good)
{
    struct unpack u;
    int rc = 0;

    complete = false;
    *good = s.at;
    while (!rc && s.at < end && journal_scan_next(&s, &u)) {
        rc = restore_frame(&u);
        if (!rc)
            *good = s.at;
    }
    connection_reap();
    return rc;
}

static int start_afresh(void)
{
    domain_drop_all();
    state_forget_quotas();
    return store_init();
}

/* Once more, now that all domains are known: a record that makes no sense may
 * name the owner of nodes that were on no account. */
static void count_nodes(void)
{
    static struct tree_walk w;
    struct domain *d = NULL;
    const struct node *n;

    while ((d = domain_next(d)))
        d->account.nodes = d->account.node_bytes = 0;
    tree_walk_start(&w, store.root, "/");
    while ((n = tree_walk_next(&w)))
        usage_add(NULL, n->perms->entry[0].id, 1,
                  node_cost(n->name_len, node_value_len(n)));
}

/* A frame with a bad record has been applied half: all is done again without
 * it. Half a state is none. */
static int restore_frames(const struct journal_scan *s, size_t *lost,
                          size_t *size)
{
    const char *good;
    int rc = apply_frames(*s, s->end, &good);

    if (rc == EINVAL) {
        rc = start_afresh();
        rc = rc ? rc : apply_frames(*s, good, &good);
    }
    if (!rc && !complete) {
        good = s->start;
        rc = start_afresh();
    }
    if (!rc) {
        count_nodes();
        /* With these records the numbers of the daemon before began anew; those
         * that clients know of go as far as the counters. */
        tree_stamp(store.root, store_stamp(0));
    }
    *lost = (size_t)(s->end - good);
    *size = complete ? (size_t)(good - s->start) : 0;
    return rc;
}

int restore_journal(const char *path, const char *boot_id, size_t *lost,
                    size_t *good)
{
    struct journal_scan s;
    char *data;
    size_t len;
    int rc = journal_load(path, &data, &len);

    *lost = 0;
    *good = 0;
    if (rc == ENOENT || rc == ENOMEM) /* then it is started again */
        return rc == ENOENT ? 0 : rc;
    if (rc) { /* never to start again would be worse */
        log_error("reading %s: %s; the store is empty", path, strerror(rc));
        return 0;
    }
    rc = journal_scan_start(&s, data, len, boot_id);
    if (rc == ESTALE)
        log_info("%s is of another boot: the store is empty", path);
    else if (rc)
        log_error("%s is no journal of this version: the store is empty", path);
    rc = rc ? 0 : restore_frames(&s, lost, good);
    if (*lost == len)
        log_error("%s is damaged from the beginning: the store is empty", path);
    else if (*lost)
        log_error("%s: the last %zu of %zu bytes are damaged; the store is as "
                  "it was before these changes",
                  path, *lost, len);
    free(data);
    return rc;
}
