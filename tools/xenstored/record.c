/* SPDX-License-Identifier: MIT */
/* Packing the records, see record.h. */
#include "record.h"

#include <string.h>

#include "connection.h"
#include "domain.h"
#include "ring.h"
#include "state.h"
#include "store.h"

static void pack_perms(struct pack *p, const struct perms *perms)
{
    pack_u32(p, perms->count);
    for (unsigned int i = 0; i < perms->count; i++) {
        pack_u16(p, perms->entry[i].id.domid);
        pack_u32(p, perms->entry[i].id.incarnation);
        pack_u8(p, perms->entry[i].bits);
    }
}

void pack_create(struct pack *p, const char *path, size_t existing,
                 const void *data, size_t len, const struct perms *perms)
{
    pack_u8(p, RECORD_CREATE);
    pack_string(p, path);
    pack_u16(p, (uint16_t)existing);
    pack_perms(p, perms);
    pack_blob(p, data, len);
}

void pack_value(struct pack *p, const char *path, const void *data, size_t len)
{
    pack_u8(p, RECORD_VALUE);
    pack_string(p, path);
    pack_blob(p, data, len);
}

void pack_remove(struct pack *p, const char *path)
{
    pack_u8(p, RECORD_REMOVE);
    pack_string(p, path);
}

void pack_node_value(struct pack *p, const char *path, const struct node *n)
{
    pack_value(p, path, n->value ? n->value->data : "", node_value_len(n));
}

void pack_node_perms(struct pack *p, const char *path,
                     const struct perms *perms)
{
    pack_u8(p, RECORD_PERMS);
    pack_string(p, path);
    pack_perms(p, perms);
}

void pack_domain(struct pack *p, const struct domain *d)
{
    pack_u8(p, RECORD_DOMAIN);
    pack_u16(p, d->id.domid);
    pack_u32(p, d->id.incarnation);
    pack_bytes(p, d->handle, sizeof(d->handle));
}

/* A connection that has ended is none, even if it is not yet taken away. */
struct connection *record_connection_of(const struct domain *d)
{
    struct connection *c = d->connection;
    return c && !c->dead && c->transport == &ring_transport ? c : NULL;
}

void pack_ring(struct pack *p, const struct domain *d)
{
    const struct ring *r = record_connection_of(d)->endpoint;

    pack_u8(p, RECORD_RING);
    pack_u16(p, d->id.domid);
    pack_u64(p, r->gfn);
    pack_u32(p, r->remote_port);
    pack_u32(p, r->req_cons);
    pack_u32(p, r->rsp_prod);
}

void pack_watch(struct pack *p, const struct watch *w)
{
    pack_u8(p, RECORD_WATCH);
    pack_u16(p, w->c->domain->id.domid);
    pack_u16(p, w->relative);
    pack_string(p, w->path);
    pack_string(p, w->token);
}

void pack_quota(struct pack *p, unsigned int q, long value)
{
    pack_u8(p, RECORD_QUOTA);
    pack_u8(p, (uint8_t)q);
    pack_u64(p, (uint64_t)value);
}

void pack_counters(struct pack *p)
{
    pack_u8(p, RECORD_COUNTERS);
    pack_u64(p, store.generation);
    pack_u32(p, domain_last_incarnation());
    pack_u32(p, state_life());
}

void pack_complete(struct pack *p)
{
    pack_u8(p, RECORD_COMPLETE);
}

/* Messages that wait for room: those from @m on are not yet in the journal, of
 * those before as many as @gone have been sent since. */
static void pack_messages(struct pack *p, const struct connection *c,
                          const struct message *m, uint32_t gone)
{
    uint32_t n = 0;

    for (const struct message *i = m; i; i = i->next)
        n++;
    pack_u32(p, gone);
    pack_u32(p, n);
    for (; m; m = m->next) {
        pack_u8(p, (uint8_t)m->kind);
        pack_blob(p, m->data, m->len);
    }
    pack_u32(p, c->out ? c->out->sent : 0);
}

static void pack_transactions(struct pack *p, const struct transactions *set)
{
    pack_u32(p, set->last_id);
    pack_u32(p, set->count);
    for (const struct transaction *t = set->first; t; t = t->next)
        pack_u32(p, t->id);
}

void pack_connection(struct pack *p, const struct domain *d, bool all)
{
    struct connection *c = record_connection_of(d);
    const struct ring *r;

    pack_u8(p, RECORD_CONNECTION);
    pack_u16(p, d->id.domid);
    pack_u8(p, d->shutdown);
    pack_u8(p, c != NULL);
    if (!c)
        return;
    pack_u16(p, c->who.target.domid);
    pack_u32(p, c->who.target.incarnation);
    pack_u32(p, c->fault);
    r = c->endpoint;
    pack_u32(p, r->req_cons);
    pack_u32(p, r->rsp_prod);
    pack_blob(p, c->in, c->in_used);
    pack_messages(p, c, all ? c->out : c->unsaved, all ? 0 : c->gone);
    pack_transactions(p, &c->transactions);
}

/* --- what is another in a tree ---------------------------------------------
 */

static char walk_path[PATH_BUFFER];

static size_t append_name(size_t len, const struct node *n)
{
    if (len > 1)
        walk_path[len++] = '/';
    memcpy(walk_path + len, n->name, n->name_len + 1u);
    return len + n->name_len;
}

static void pack_subtree(struct pack *p, const char *path, const struct node *n)
{
    static struct tree_walk w;

    tree_walk_start(&w, n, path);
    while ((n = tree_walk_next(&w)))
        pack_create(p, w.path, (size_t)(strrchr(w.path, '/') + 1 - w.path),
                    n->value ? n->value->data : "", node_value_len(n),
                    n->perms);
}

static void pack_child_change(struct pack *p, size_t len, const struct node *a,
                              const struct node *b);

/* Below 0: child @i of @a comes before child @k of @b. */
static int order_of(const struct node *a, uint32_t i, const struct node *b,
                    uint32_t k)
{
    if (i == a->child_count)
        return 1;
    if (k == b->child_count)
        return -1;
    return a->child[i] == b->child[k] ? 0
                                      : node_compare(a->child[i], b->child[k]);
}

/* Two versions of the node at walk_path. Trees share what has not changed. */
static void pack_change(struct pack *p, size_t len, const struct node *a,
                        const struct node *b)
{
    uint32_t i = 0, k = 0;

    if (a->value != b->value)
        pack_node_value(p, walk_path, b);
    if (a->perms != b->perms)
        pack_node_perms(p, walk_path, b->perms);
    while (i < a->child_count || k < b->child_count) {
        int d = order_of(a, i, b, k);
        pack_child_change(p, len, d <= 0 ? a->child[i] : NULL,
                          d >= 0 ? b->child[k] : NULL);
        i += d <= 0;
        k += d >= 0;
    }
}

/* Recursion is as deep as a path has components. */
static void pack_child_change(struct pack *p, size_t len, const struct node *a,
                              const struct node *b)
{
    size_t child_len;

    if (a == b)
        return;
    child_len = append_name(len, a ? a : b);
    if (!b) {
        pack_remove(p, walk_path);
    } else if (!a) {
        pack_subtree(p, walk_path, b);
    } else {
        pack_change(p, child_len, a, b);
    }
    walk_path[len] = '\0';
}

void pack_tree_change(struct pack *p, const struct node *before,
                      const struct node *after)
{
    strcpy(walk_path, "/");
    pack_change(p, 1, before, after);
}
